/* Rows and elements in double precision. */
#include "train/grad_f64.h"

#include <math.h>
#include <string.h>

void m6_grad_f64_add(struct m6_grad_backend *b, void *y, const void *a, const void *c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((double *)y)[i] = ((const double *)a)[i] + ((const double *)c)[i];
}

static const double root = 0.79788456080286536; /* √(2/π) */

void m6_grad_f64_gelu(struct m6_grad_backend *b, void *y, const void *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double v = ((const double *)x)[i];
        ((double *)y)[i] = 0.5 * v * (1 + tanh(root * (v + 0.044715 * v * v * v)));
    }
}

void m6_grad_f64_gelu_back(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dy, const void *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double v = ((const double *)x)[i], t = tanh(root * (v + 0.044715 * v * v * v));
        const double slope = 0.5 * (1 + t) + 0.5 * v * (1 - t * t) * root * (1 + 3 * 0.044715 * v * v);
        m6_grad_f64_put((double *)dx.data + i, dx.add, ((const double *)dy)[i] * slope);
    }
}

void m6_grad_f64_layer_norm(struct m6_grad_backend *b, void *y, void *stats, const void *x, const void *gain,
                            const void *bias, float eps, int rows, int cols)
{
    for (int r = 0; r < rows; r++) {
        const double *in = (const double *)x + (int64_t)r * cols;
        double *out = (double *)y + (int64_t)r * cols, mean = 0, square = 0;
        for (int c = 0; c < cols; c++)
            mean += in[c] / cols;
        for (int c = 0; c < cols; c++)
            square += (in[c] - mean) * (in[c] - mean) / cols;
        const double inverse = 1 / sqrt(square + eps);
        ((double *)stats)[2 * r] = mean;
        ((double *)stats)[2 * r + 1] = inverse;
        for (int c = 0; c < cols; c++)
            out[c] = (in[c] - mean) * inverse * ((const double *)gain)[c] + ((const double *)bias)[c];
    }
}

void m6_grad_f64_layer_norm_back(struct m6_grad_backend *b, struct m6_grad_dst dx, struct m6_grad_dst dgain,
                                 struct m6_grad_dst dbias, const void *dy, const void *stats, const void *x,
                                 const void *gain, int rows, int cols)
{
    const double *g = gain;
    for (int r = 0; r < rows; r++) {
        const double *in = (const double *)x + (int64_t)r * cols, *d = (const double *)dy + (int64_t)r * cols;
        const double m = ((const double *)stats)[2 * r], s = ((const double *)stats)[2 * r + 1];
        double sum = 0, dot = 0;
        for (int c = 0; c < cols; c++) {
            const double h = (in[c] - m) * s;
            sum += d[c] * g[c] / cols;
            dot += d[c] * g[c] * h / cols;
            if (dgain.data)
                m6_grad_f64_put((double *)dgain.data + c, dgain.add || r, d[c] * h);
            if (dbias.data)
                m6_grad_f64_put((double *)dbias.data + c, dbias.add || r, d[c]);
        }
        for (int c = 0; c < cols && dx.data; c++)
            m6_grad_f64_put((double *)dx.data + (int64_t)r * cols + c, dx.add,
                            s * (d[c] * g[c] - sum - (in[c] - m) * s * dot));
    }
}

void m6_grad_f64_gather(struct m6_grad_backend *b, void *y, const void *x, const int32_t *id, int rows, int cols)
{
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t c = 0; c < cols; c++)
            ((double *)y)[r * cols + c] = id[r] < 0 ? 0 : ((const double *)x)[(int64_t)id[r] * cols + c];
    }
}

void m6_grad_f64_scatter_add(struct m6_grad_backend *b, void *dx, const void *dy, const int32_t *id, int rows,
                             int cols)
{
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t c = 0; c < cols && id[r] >= 0; c++)
            ((double *)dx)[(int64_t)id[r] * cols + c] += ((const double *)dy)[r * cols + c];
    }
}

/* Where element i of the picture lies in the blocked form. */
static int64_t blocked(const struct m6_grad_blocks *s, int64_t i)
{
    const int64_t c = i % s->c, x = i / s->c % s->w, y = i / s->c / s->w % s->h, n = i / s->c / s->w / s->h;
    const int64_t position = (n * (s->h / s->block) + y / s->block) * (s->w / s->block) + x / s->block;
    return ((position * s->block + y % s->block) * s->block + x % s->block) * s->c + c;
}

void m6_grad_f64_to_blocks(struct m6_grad_backend *b, struct m6_grad_dst y, const void *x,
                           const struct m6_grad_blocks *s)
{
    for (int64_t i = 0; i < (int64_t)s->n * s->h * s->w * s->c; i++)
        m6_grad_f64_put((double *)y.data + blocked(s, i), y.add, ((const double *)x)[i]);
}

void m6_grad_f64_from_blocks(struct m6_grad_backend *b, struct m6_grad_dst y, const void *x,
                             const struct m6_grad_blocks *s)
{
    for (int64_t i = 0; i < (int64_t)s->n * s->h * s->w * s->c; i++)
        m6_grad_f64_put((double *)y.data + i, y.add, ((const double *)x)[blocked(s, i)]);
}

void m6_grad_f64_mean_rows(struct m6_grad_backend *b, void *y, const void *x, int rows, int cols, int group)
{
    memset(y, 0, (size_t)rows * (size_t)cols * sizeof(double));
    for (int64_t r = 0; r < (int64_t)rows * group; r++) {
        for (int64_t c = 0; c < cols; c++)
            ((double *)y)[r / group * cols + c] += ((const double *)x)[r * cols + c] / group;
    }
}

void m6_grad_f64_mean_rows_back(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dy, int rows, int cols,
                                int group)
{
    for (int64_t r = 0; r < (int64_t)rows * group; r++) {
        for (int64_t c = 0; c < cols; c++)
            m6_grad_f64_put((double *)dx.data + r * cols + c, dx.add, ((const double *)dy)[r / group * cols + c] / group);
    }
}
