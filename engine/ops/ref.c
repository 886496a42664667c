#include "ops/ref.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double at(struct m6_mat m, int r, int c)
{
    return (double)m.data[(int64_t)r * m.stride + c];
}

static double activation(double x, enum m6_act act)
{
    switch (act) {
    case M6_ACT_GELU:
        return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case M6_ACT_GELU_ERF:
        return 0.5 * x * (1 + erf(x / sqrt(2)));
    case M6_ACT_SILU:
        return x / (1 + exp(-x));
    case M6_ACT_NONE:
        break;
    }
    return x;
}

static double ended(double sum, int r, int c, const struct m6_epilogue *e, int residual_stride)
{
    if (!e)
        return sum;
    if (e->bias)
        sum += (double)e->bias[c];
    sum = activation(sum, e->act);
    if (e->residual)
        sum += (double)e->residual[(int64_t)r * residual_stride + c];
    return sum;
}

void m6_ref_matmul(double *y, double *size, struct m6_mat x, const double *w, int out,
                   const struct m6_epilogue *e, int residual_stride)
{
    for (int r = 0; r < x.rows; r++) {
        for (int o = 0; o < out; o++) {
            double sum = 0, magnitude = 0;
            for (int k = 0; k < x.cols; k++) {
                const double term = at(x, r, k) * w[(int64_t)o * x.cols + k];
                sum += term;
                magnitude += fabs(term);
            }
            const double v = ended(sum, r, o, e, residual_stride);
            y[(int64_t)r * out + o] = v;
            size[(int64_t)r * out + o] = magnitude + fabs(v);
        }
    }
}

void m6_ref_conv3x3(double *y, double *size, struct m6_mat x, const double *w, int out, int n,
                    int h, int width, const struct m6_epilogue *e, int residual_stride)
{
    const int channels = x.cols;
    for (int r = 0; r < n * h * width; r++) {
        const int picture = r / (h * width), py = r / width % h, px = r % width;
        for (int o = 0; o < out; o++) {
            double sum = 0, magnitude = 0;
            for (int k = 0; k < 9 * channels; k++) {
                const int sy = py + k / channels / 3 - 1, sx = px + k / channels % 3 - 1;
                if (sy < 0 || sy >= h || sx < 0 || sx >= width)
                    continue;
                const double pixel = at(x, (picture * h + sy) * width + sx, k % channels);
                const double term = pixel * w[(int64_t)o * 9 * channels + k];
                sum += term;
                magnitude += fabs(term);
            }
            const double v = ended(sum, r, o, e, residual_stride);
            y[(int64_t)r * out + o] = v;
            size[(int64_t)r * out + o] = magnitude + fabs(v);
        }
    }
}

static double dot(struct m6_mat x, int r, const double *w)
{
    double sum = 0;
    for (int k = 0; k < x.cols; k++)
        sum += at(x, r, k) * w[k];
    return sum;
}

void m6_ref_experts(double *y, double *size, struct m6_mat x, const struct m6_ref_expert *experts,
                    enum m6_act act, const int32_t *index, const float *gate, int active)
{
    for (int r = 0; r < x.rows; r++) {
        for (int a = 0; a < active; a++) {
            const struct m6_ref_expert *const e = &experts[index[r * active + a]];
            const double weight = (double)gate[r * active + a];
            for (int i = 0; i < e->inner; i++) {
                double h = dot(x, r, e->up + (int64_t)i * x.cols) +
                           (e->up_bias ? (double)e->up_bias[i] : 0);
                if (e->gate)
                    h *= activation(dot(x, r, e->gate + (int64_t)i * x.cols), act);
                else
                    h = activation(h, act);
                for (int c = 0; c < x.cols; c++) {
                    y[(int64_t)r * x.cols + c] += weight * h * e->down[(int64_t)c * e->inner + i];
                    size[(int64_t)r * x.cols + c] +=
                        fabs(weight * h * e->down[(int64_t)c * e->inner + i]);
                }
            }
            for (int c = 0; c < x.cols && e->down_bias; c++)
                y[(int64_t)r * x.cols + c] += weight * (double)e->down_bias[c];
        }
    }
}

void m6_ref_layer_norm(double *y, struct m6_mat x, const float *gain, const float *bias, double eps)
{
    for (int r = 0; r < x.rows; r++) {
        double mean = 0, variance = 0;
        for (int c = 0; c < x.cols; c++)
            mean += at(x, r, c) / x.cols;
        for (int c = 0; c < x.cols; c++)
            variance += (at(x, r, c) - mean) * (at(x, r, c) - mean) / x.cols;
        for (int c = 0; c < x.cols; c++) {
            const double v = (at(x, r, c) - mean) / sqrt(variance + eps);
            y[(int64_t)r * x.cols + c] =
                v * (gain ? (double)gain[c] : 1) + (bias ? (double)bias[c] : 0);
        }
    }
}

void m6_ref_rms_norm(double *y, struct m6_mat x, const float *gain, double eps)
{
    for (int r = 0; r < x.rows; r++) {
        double squares = 0;
        for (int c = 0; c < x.cols; c++)
            squares += at(x, r, c) * at(x, r, c) / x.cols;
        for (int c = 0; c < x.cols; c++)
            y[(int64_t)r * x.cols + c] =
                at(x, r, c) / sqrt(squares + eps) * (gain ? (double)gain[c] : 1);
    }
}

void m6_ref_group_norm(double *y, struct m6_mat x, int n, int groups, const float *gain,
                       const float *bias, double eps)
{
    const int positions = x.rows / n, width = x.cols / groups;
    for (int p = 0; p < n * groups; p++) {
        const int row = p / groups * positions, col = p % groups * width;
        const double count = (double)positions * width;
        double mean = 0, variance = 0;
        for (int i = 0; i < positions * width; i++)
            mean += at(x, row + i / width, col + i % width) / count;
        for (int i = 0; i < positions * width; i++) {
            const double d = at(x, row + i / width, col + i % width) - mean;
            variance += d * d / count;
        }
        for (int i = 0; i < positions * width; i++) {
            const int r = row + i / width, c = col + i % width;
            const double v = (at(x, r, c) - mean) / sqrt(variance + eps);
            y[(int64_t)r * x.cols + c] =
                v * (gain ? (double)gain[c] : 1) + (bias ? (double)bias[c] : 0);
        }
    }
}

void m6_ref_activate(double *y, struct m6_mat x, enum m6_act act)
{
    for (int r = 0; r < x.rows; r++) {
        for (int c = 0; c < x.cols; c++)
            y[(int64_t)r * x.cols + c] = activation(at(x, r, c), act);
    }
}

void m6_ref_gated(double *y, struct m6_mat gate, struct m6_mat up, enum m6_act act)
{
    for (int r = 0; r < up.rows; r++) {
        for (int c = 0; c < up.cols; c++)
            y[(int64_t)r * up.cols + c] = activation(at(gate, r, c), act) * at(up, r, c);
    }
}

void m6_ref_mix(double *y, double p, struct m6_mat a, double q, struct m6_mat b)
{
    for (int r = 0; r < a.rows; r++) {
        for (int c = 0; c < a.cols; c++)
            y[(int64_t)r * a.cols + c] = p * at(a, r, c) + q * at(b, r, c);
    }
}

void m6_ref_embed(double *y, int rows, int cols, const float *table, const int32_t *id)
{
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols && id[r] >= 0; c++)
            y[(int64_t)r * cols + c] += (double)table[(int64_t)id[r] * cols + c];
    }
}

void m6_ref_rope(double *y, struct m6_mat x, const int32_t *position, int heads, int head_dim,
                 double theta)
{
    const int half = head_dim / 2;
    for (int r = 0; r < x.rows; r++) {
        for (int c = 0; c < x.cols; c++)
            y[(int64_t)r * x.cols + c] = at(x, r, c);
        for (int i = 0; i < heads * half; i++) {
            const int first = i / half * head_dim + i % half;
            const double angle = position[r] * pow(theta, -2.0 * (i % half) / head_dim);
            const double a = at(x, r, first), b = at(x, r, first + half);
            y[(int64_t)r * x.cols + first] = a * cos(angle) - b * sin(angle);
            y[(int64_t)r * x.cols + first + half] = b * cos(angle) + a * sin(angle);
        }
    }
}

static void shares(double *y, struct m6_mat x, int r, int first, int n)
{
    double most = -INFINITY, sum = 0;
    for (int c = 0; c < n; c++)
        most = fmax(most, at(x, r, first + c));
    for (int c = 0; c < n; c++)
        sum += exp(at(x, r, first + c) - most);
    for (int c = 0; c < n; c++)
        y[c] = exp(at(x, r, first + c) - most) / sum;
}

void m6_ref_softmax(double *y, struct m6_mat x)
{
    for (int r = 0; r < x.rows; r++)
        shares(y + (int64_t)r * x.cols, x, r, 0, x.cols);
}

/* Pixel (n, y, x, c) of pictures with h × w pixels, as a row and a column. */
static double pixel(struct m6_mat m, int n, int h, int w, int y, int x, int c)
{
    return at(m, (n * h + y) * w + x, c);
}

void m6_ref_space_to_depth(double *y, struct m6_mat x, int n, int h, int w, int block)
{
    for (int p = 0; p < n; p++) {
        for (int by = 0; by < h / block; by++) {
            for (int bx = 0; bx < w / block; bx++) {
                for (int dy = 0; dy < block; dy++) {
                    for (int dx = 0; dx < block; dx++) {
                        for (int c = 0; c < x.cols; c++)
                            *y++ = pixel(x, p, h, w, by * block + dy, bx * block + dx, c);
                    }
                }
            }
        }
    }
}

void m6_ref_depth_to_space(double *y, struct m6_mat x, int n, int h, int w, int block)
{
    const int channels = x.cols / (block * block);
    for (int p = 0; p < n; p++) {
        for (int py = 0; py < h * block; py++) {
            for (int px = 0; px < w * block; px++) {
                for (int c = 0; c < channels; c++)
                    *y++ = pixel(x, p, h, w, py / block, px / block,
                                 (py % block * block + px % block) * channels + c);
            }
        }
    }
}

void m6_ref_upsample2(double *y, struct m6_mat x, int n, int h, int w)
{
    for (int p = 0; p < n; p++) {
        for (int py = 0; py < 2 * h; py++) {
            for (int px = 0; px < 2 * w; px++) {
                for (int c = 0; c < x.cols; c++)
                    *y++ = pixel(x, p, h, w, py / 2, px / 2, c);
            }
        }
    }
}

/* One head of one query against the first n slots. weight: room for n. */
static void attend(double *y, const float *q, const struct m6_kv *kv, int head, double scale,
                   const int32_t *slot, int n, double *weight)
{
    const int d = kv->head_dim;
    double most = -INFINITY, sum = 0;
    for (int j = 0; j < n; j++) {
        const float *const k = kv->k + ((int64_t)slot[j] * kv->kv_heads + head) * d;
        weight[j] = 0;
        for (int i = 0; i < d; i++)
            weight[j] += (double)q[i] * (double)k[i] * scale;
        most = fmax(most, weight[j]);
    }
    for (int j = 0; j < n; j++)
        sum += exp(weight[j] - most);
    for (int i = 0; i < d; i++) {
        y[i] = 0;
        for (int j = 0; j < n; j++)
            y[i] += exp(weight[j] - most) / sum *
                    (double)kv->v[((int64_t)slot[j] * kv->kv_heads + head) * d + i];
    }
}

void m6_ref_attention(double *y, struct m6_mat q, const struct m6_kv *kv, int heads, double scale,
                      const struct m6_span *span, int spans)
{
    for (int s = 0; s < spans; s++) {
        double *const weight = malloc((size_t)(span[s].context + 1) * sizeof *weight);
        for (int i = 0; i < span[s].rows && weight; i++) {
            const int r = span[s].first_row + i;
            const int seen =
                span[s].causal ? span[s].context - span[s].rows + i + 1 : span[s].context;
            for (int h = 0; h < heads; h++)
                attend(y + ((int64_t)r * heads + h) * kv->head_dim,
                       q.data + (int64_t)r * q.stride + h * kv->head_dim, kv,
                       h / (heads / kv->kv_heads), scale, span[s].slot, seen, weight);
        }
        free(weight);
    }
}

void m6_ref_route_prototypes(struct m6_mat logits, int groups, int32_t *index, double *gate)
{
    const int n = logits.cols / groups;
    double *const share = malloc((size_t)n * sizeof *share);
    for (int i = 0; i < logits.rows * groups && share; i++) {
        const int r = i / groups, first = i % groups * n;
        shares(share, logits, r, first, n);
        index[i] = first;
        for (int c = 1; c < n; c++) {
            if (at(logits, r, first + c) > at(logits, r, index[i]))
                index[i] = first + c;
        }
        gate[i] = share[index[i] - first];
    }
    free(share);
}

void m6_ref_route_top_k(struct m6_mat logits, int active, int renormalise, int32_t *index,
                        double *gate)
{
    double *const share = malloc((size_t)logits.cols * sizeof *share);
    for (int r = 0; r < logits.rows && share; r++) {
        double sum = 0;
        shares(share, logits, r, 0, logits.cols);
        for (int a = 0; a < active; a++) {
            int best = 0;
            for (int c = 1; c < logits.cols; c++)
                best = share[c] > share[best] ? c : best;
            index[r * active + a] = best;
            gate[r * active + a] = share[best];
            sum += share[best];
            share[best] = -1;
        }
        for (int a = 0; a < active && renormalise; a++)
            gate[r * active + a] /= sum;
    }
    free(share);
}

/* Ranks before id i: larger, or equal and lower. */
static int rank(const float *logits, int first, int last, int i)
{
    int before = 0;
    for (int j = first; j < last; j++)
        before += logits[j] > logits[i] || (logits[j] == logits[i] && j < i);
    return before;
}

void m6_ref_sample_shares(double *share, const float *logits, int n, const struct m6_sample *how)
{
    const int first = how->first > 0 ? how->first : 0, last = how->last < n ? how->last : n;
    int32_t *const by_rank = malloc((size_t)n * sizeof *by_rank);
    memset(share, 0, (size_t)n * sizeof *share);
    if (!by_rank)
        return;
    for (int i = first; i < last; i++)
        by_rank[rank(logits, first, last, i)] = i;
    if (!(how->temperature >= FLT_MIN)) {
        share[by_rank[0]] = 1;
        free(by_rank);
        return;
    }
    int kept = last - first;
    if (how->top_k > 0 && how->top_k < kept)
        kept = how->top_k;
    double sum = 0;
    const double most = (double)logits[by_rank[0]];
    for (int i = 0; i < kept; i++) {
        share[by_rank[i]] = exp(((double)logits[by_rank[i]] - most) / (double)how->temperature);
        sum += share[by_rank[i]];
    }
    double left = 0;
    int taken = 0;
    for (; taken < kept && (taken == 0 || left < (double)how->top_p * sum || how->top_p >= 1);
         taken++)
        left += share[by_rank[taken]];
    for (int i = 0; i < kept; i++)
        share[by_rank[i]] = i < taken ? share[by_rank[i]] / left : 0;
    free(by_rank);
}
