/* Attention and experts in double precision. */
#include "train/grad_f64.h"

#include <math.h>
#include <string.h>

/* ---- attention: for one segment and head at a time ---- */

static int row_of(const struct m6_grad_segment *s, int j)
{
    int r = s->ranges - 1;
    while (s->range[r].context > j)
        r--;
    return s->range[r].first + j - s->range[r].context;
}

static int64_t at(const struct m6_grad_attention *a, int row, int part, int head)
{
    return ((int64_t)row * 3 + part) * a->heads * a->head_dim + (int64_t)head * a->head_dim;
}

static double dot(const double *x, const double *y, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static void attend(const struct m6_grad_attention *a, const struct m6_grad_segment *s, int head, double *y,
                   double *prob, const double *qkv)
{
    const double scale = 1 / sqrt((double)a->head_dim);
    for (int i = 0; i < s->rows; i++) {
        double *p = prob + s->prob + ((int64_t)head * s->rows + i) * s->context, sum = 0, most = -INFINITY;
        double *out = y + ((int64_t)(s->first + i) * a->heads + head) * a->head_dim;
        const int n = s->causal ? s->context - s->rows + i + 1 : s->context;
        for (int j = 0; j < n; j++) {
            p[j] = scale * dot(qkv + at(a, s->first + i, 0, head), qkv + at(a, row_of(s, j), 1, head), a->head_dim);
            most = p[j] > most ? p[j] : most;
        }
        for (int j = 0; j < n; j++)
            sum += p[j] = exp(p[j] - most);
        memset(out, 0, (size_t)a->head_dim * sizeof *out);
        for (int j = 0; j < s->context; j++) {
            p[j] = j < n ? p[j] / sum : 0;
            for (int c = 0; c < a->head_dim; c++)
                out[c] += p[j] * qkv[at(a, row_of(s, j), 2, head) + c];
        }
    }
}

void m6_grad_f64_attention(struct m6_grad_backend *b, void *y, void *prob, const void *qkv,
                           const struct m6_grad_attention *a)
{
    for (int s = 0; s < a->segments; s++) {
        for (int head = 0; head < a->heads; head++)
            attend(a, &a->segment[s], head, y, prob, qkv);
    }
}

static void attend_back(const struct m6_grad_attention *a, const struct m6_grad_segment *s, int head, double *dqkv,
                        const double *dy, const double *prob, const double *qkv)
{
    const double scale = 1 / sqrt((double)a->head_dim);
    for (int i = 0; i < s->rows; i++) {
        const double *p = prob + s->prob + ((int64_t)head * s->rows + i) * s->context;
        const double *d = dy + ((int64_t)(s->first + i) * a->heads + head) * a->head_dim;
        const int64_t q = at(a, s->first + i, 0, head);
        double mean = 0;
        for (int j = 0; j < s->context; j++)
            mean += p[j] * dot(d, qkv + at(a, row_of(s, j), 2, head), a->head_dim);
        for (int j = 0; j < s->context; j++) {
            const int64_t k = at(a, row_of(s, j), 1, head), v = at(a, row_of(s, j), 2, head);
            const double ds = scale * p[j] * (dot(d, qkv + v, a->head_dim) - mean);
            for (int c = 0; c < a->head_dim; c++) {
                dqkv[v + c] += p[j] * d[c];
                dqkv[q + c] += ds * qkv[k + c];
                dqkv[k + c] += ds * qkv[q + c];
            }
        }
    }
}

void m6_grad_f64_attention_back(struct m6_grad_backend *b, struct m6_grad_dst dqkv, const void *dy, const void *prob,
                                const void *qkv, const struct m6_grad_attention *a)
{
    if (!dqkv.add)
        memset(dqkv.data, 0, (size_t)a->rows * 3 * (size_t)a->heads * (size_t)a->head_dim * sizeof(double));
    for (int s = 0; s < a->segments; s++) {
        for (int head = 0; head < a->heads; head++)
            attend_back(a, &a->segment[s], head, dqkv.data, dy, prob, qkv);
    }
}

/* ---- experts ---- */

void m6_grad_f64_route(struct m6_grad_backend *b, void *prob, void *gate, int32_t *index, const void *logits, int rows,
                       int experts, int groups)
{
    const int each = experts / groups;
    for (int64_t p = 0; p < (int64_t)rows * groups; p++) {
        const double *x = (const double *)logits + p * each;
        double *out = (double *)prob + p * each, sum = 0;
        int best = 0;
        for (int i = 1; i < each; i++)
            best = x[i] > x[best] ? i : best;
        for (int i = 0; i < each; i++)
            sum += out[i] = exp(x[i] - x[best]);
        for (int i = 0; i < each; i++)
            out[i] /= sum;
        index[p] = (int32_t)(p % groups) * each + best;
        ((double *)gate)[p] = out[best];
    }
}

void m6_grad_f64_route_back(struct m6_grad_backend *b, void *dlogits, const void *dgate, const void *prob,
                            const struct m6_grad_route *r)
{
    const int each = r->experts / r->groups;
    for (int64_t p = 0; p < (int64_t)r->rows * r->groups; p++) {
        const double *q = (const double *)prob + p * each;
        const int best = r->index[p] - (int)(p % r->groups) * each;
        for (int j = 0; j < each; j++)
            ((double *)dlogits)[p * each + j] = ((const double *)dgate)[p] * q[best] * ((j == best) - q[j]);
    }
}

void m6_grad_f64_combine(struct m6_grad_backend *b, void *y, const void *out, const void *gate,
                         const struct m6_grad_route *r)
{
    memset(y, 0, (size_t)r->rows * (size_t)r->cols * sizeof(double));
    for (int64_t p = 0; p < (int64_t)r->rows * r->groups; p++) {
        for (int64_t c = 0; c < r->cols && r->slot[p] >= 0; c++)
            ((double *)y)[p / r->groups * r->cols + c] +=
                ((const double *)gate)[p] * ((const double *)out)[(int64_t)r->slot[p] * r->cols + c];
    }
}

void m6_grad_f64_combine_back(struct m6_grad_backend *b, void *dout, void *dgate, const void *dy, const void *out,
                              const void *gate, const struct m6_grad_route *r)
{
    for (int64_t p = 0; p < (int64_t)r->rows * r->groups; p++) {
        const double *d = (const double *)dy + p / r->groups * r->cols;
        const int64_t slot = r->slot[p];
        ((double *)dgate)[p] = slot < 0 ? 0 : dot(d, (const double *)out + slot * r->cols, r->cols);
        for (int64_t c = 0; c < r->cols && slot >= 0; c++)
            ((double *)dout)[slot * r->cols + c] = ((const double *)gate)[p] * d[c];
    }
}
