/* Finite scalar quantisation and losses in double precision. */
#include "train/grad_f64.h"

#include <math.h>

struct bound {
    double half, offset, shift;
    int zero;
};

static struct bound bound_of(int levels)
{
    struct bound b = {.half = (levels - 1) * 0.999 / 2, .offset = levels % 2 ? 0 : 0.5, .zero = levels / 2};
    b.shift = tan(b.offset / b.half);
    return b;
}

void m6_grad_f64_fsq(struct m6_grad_backend *backend, void *y, const void *x, const int *level, int32_t *code, int rows,
                     int cols)
{
    for (int r = 0; r < rows; r++) {
        int32_t mixed = 0, radix = 1;
        for (int c = 0; c < cols; c++) {
            const struct bound b = bound_of(level[c]);
            const int64_t i = (int64_t)r * cols + c;
            const double q = rint(b.half * tanh(((const double *)x)[i] + b.shift) - b.offset);
            ((double *)y)[i] = q / b.zero;
            mixed += radix * ((int32_t)q + b.zero);
            radix *= level[c];
        }
        if (code)
            code[r] = mixed;
    }
}

void m6_grad_f64_fsq_back(struct m6_grad_backend *backend, struct m6_grad_dst dx, const void *dy, const void *x,
                          const int *level, int rows, int cols)
{
    for (int64_t i = 0; i < (int64_t)rows * cols; i++) {
        const struct bound b = bound_of(level[i % cols]);
        const double t = tanh(((const double *)x)[i] + b.shift);
        m6_grad_f64_put((double *)dx.data + i, dx.add, ((const double *)dy)[i] * b.half * (1 - t * t) / b.zero);
    }
}

static double weight_of(const struct m6_grad_loss *s, int row)
{
    if (s->target && s->target[row] < 0)
        return 0;
    return s->weight ? s->weight[row] : 1;
}

static int best_of(const double *x, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        best = x[i] > x[best] ? i : best;
    return best;
}

void m6_grad_f64_cross_entropy(struct m6_grad_backend *b, void *loss, void *lse, const void *logits,
                               const struct m6_grad_loss *s, double *correct)
{
    double total = 0, right = 0;
    for (int r = 0; r < s->rows; r++) {
        const double *x = (const double *)logits + (int64_t)r * s->cols, weight = weight_of(s, r);
        ((double *)lse)[r] = 0;
        if (weight == 0)
            continue;
        const int best = best_of(x, s->cols);
        double sum = 0, all = 0;
        for (int c = 0; c < s->cols; c++) {
            sum += exp(x[c] - x[best]);
            all += x[c];
        }
        ((double *)lse)[r] = x[best] + log(sum);
        total += weight * (((double *)lse)[r] - (1 - (double)s->smoothing) * x[s->target[r]] -
                           (double)s->smoothing * all / s->cols);
        right += best == s->target[r] ? weight : 0;
    }
    *(double *)loss = total * s->norm;
    if (correct)
        *correct = right;
}

void m6_grad_f64_cross_entropy_back(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dloss,
                                    const void *lse, const void *logits, const struct m6_grad_loss *s)
{
    for (int r = 0; r < s->rows; r++) {
        const double weight = weight_of(s, r), scale = *(const double *)dloss * s->norm * weight;
        for (int c = 0; c < s->cols; c++) {
            const int64_t i = (int64_t)r * s->cols + c;
            const double wanted = (1 - (double)s->smoothing) * (c == s->target[r]) + (double)s->smoothing / s->cols;
            const double p = weight == 0 ? 0 : exp(((const double *)logits)[i] - ((const double *)lse)[r]);
            m6_grad_f64_put((double *)dx.data + i, dx.add, scale * (p - wanted));
        }
    }
}

void m6_grad_f64_error(struct m6_grad_backend *b, void *loss, const void *x, const void *target,
                       const struct m6_grad_loss *s)
{
    double total = 0;
    for (int64_t i = 0; i < (int64_t)s->rows * s->cols; i++) {
        const double d = ((const double *)x)[i] - ((const double *)target)[i];
        total += weight_of(s, (int)(i / s->cols)) * (s->absolute ? fabs(d) : d * d);
    }
    *(double *)loss = total * s->norm;
}

void m6_grad_f64_error_back(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dloss, const void *x,
                            const void *target, const struct m6_grad_loss *s)
{
    for (int64_t i = 0; i < (int64_t)s->rows * s->cols; i++) {
        const double d = ((const double *)x)[i] - ((const double *)target)[i];
        const double slope = s->absolute ? (d > 0) - (d < 0) : 2 * d;
        m6_grad_f64_put((double *)dx.data + i, dx.add,
                        *(const double *)dloss * s->norm * weight_of(s, (int)(i / s->cols)) * slope);
    }
}
