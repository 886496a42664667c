/* Adafactor (arXiv 1804.04235, algorithms 4 and 5): the second moment of a matrix as the product of its row and column
 * means, updates clipped by their root mean square, steps relative to the size of the matrix itself. lr is the paper's
 * ρ; beta2 is its 1 − t^−0.8 and not a parameter.
 *
 * state[0] holds the second moment: a matrix's row means, then its column means; of a vector every element's. state[1]
 * holds the first moment, when beta1 > 0.
 */
#include "train/optim_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float tiny = 1e-30f;   /* the paper's ε1 */
static const float smallest = 1e-3f; /* ε2: least size that a step is relative to */

struct work {
    struct m6_param_entry *e;
    const struct m6_grad_kernels *k;
    float *part; /* column sums, a row of cols for each task */
    int each;    /* rows a task */
    float scale, keep, inverse_mean;
    float step, beta1, shrink;
};

static int last_row(const struct work *w, int task)
{
    const int end = (task + 1) * w->each;
    return end < w->e->param.rows ? end : w->e->param.rows;
}

static void factors_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    const struct m6_param *q = &w->e->param;
    const size_t cols = (size_t)q->cols;
    float *sum = w->part + (size_t)task * cols;
    memset(sum, 0, cols * sizeof *sum);
    for (int r = task * w->each; r < last_row(w, task); r++) {
        const float *g = q->grad + (size_t)r * cols;
        for (size_t c = 0; c < cols; c++)
            sum[c] += w->scale * g[c] * (w->scale * g[c]);
        const float mean = w->scale * w->scale * w->k->sum_squares(g, cols) / (float)q->cols + tiny;
        q->state[0][r] = w->keep * q->state[0][r] + (1 - w->keep) * mean;
    }
}

/* The gradient becomes the update, before it is clipped. */
static void scaled_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    const struct m6_param *q = &w->e->param;
    const size_t cols = (size_t)q->cols;
    const float *col = q->state[0] + q->rows;
    for (int r = task * w->each; r < last_row(w, task); r++) {
        float *g = q->grad + (size_t)r * cols;
        const float row = q->state[0][r] * w->inverse_mean;
        for (size_t c = 0; c < cols; c++)
            g[c] = w->scale * g[c] / sqrtf(row * col[c]);
    }
}

static void plain_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    const struct m6_param *q = &w->e->param;
    const size_t cols = (size_t)q->cols, end = (size_t)last_row(w, task) * cols;
    for (size_t i = (size_t)task * (size_t)w->each * cols; i < end; i++) {
        const float g = w->scale * q->grad[i];
        q->state[0][i] = w->keep * q->state[0][i] + (1 - w->keep) * (g * g + tiny);
        q->grad[i] = g / sqrtf(q->state[0][i]);
    }
}

static void apply_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    const struct m6_param *q = &w->e->param;
    const size_t cols = (size_t)q->cols, end = (size_t)last_row(w, task) * cols;
    for (size_t i = (size_t)task * (size_t)w->each * cols; i < end; i++) {
        float u = w->scale * q->grad[i];
        if (w->beta1 > 0)
            u = q->state[1][i] = w->beta1 * q->state[1][i] + (1 - w->beta1) * u;
        q->value[i] = (1 - w->shrink) * q->value[i] - w->step * u;
        q->grad[i] = 0;
    }
}

static int update_factors(struct m6_pool *pool, struct work *w, int tasks)
{
    const struct m6_param *q = &w->e->param;
    const size_t cols = (size_t)q->cols;
    w->part = malloc((size_t)tasks * cols * sizeof *w->part);
    if (!w->part)
        return 0;
    m6_pool_run(pool, tasks, factors_task, w);
    float *col = q->state[0] + q->rows;
    for (size_t c = 0; c < cols; c++) {
        float sum = 0;
        for (int i = 0; i < tasks; i++)
            sum += w->part[(size_t)i * cols + c];
        col[c] = w->keep * col[c] + (1 - w->keep) * (sum / (float)q->rows + tiny);
    }
    double mean = 0;
    for (int r = 0; r < q->rows; r++)
        mean += q->state[0][r];
    w->inverse_mean = (float)(q->rows / mean);
    free(w->part);
    m6_pool_run(pool, tasks, scaled_task, w);
    return 1;
}

int m6_optim_adafactor(struct m6_params *p, struct m6_pool *pool, const struct m6_optim *o, struct m6_param_entry *e,
                       int64_t step, float scale)
{
    const struct m6_param *q = &e->param;
    struct work w = {.e = e,
                     .k = p->k,
                     .each = 1 + M6_OPTIM_CHUNK / q->cols,
                     .scale = scale,
                     .keep = (float)(1 - pow((double)step, -0.8)),
                     .beta1 = o->beta1};
    const int tasks = (q->rows + w.each - 1) / w.each;
    if (q->rows == 1 || q->cols == 1)
        m6_pool_run(pool, tasks, plain_task, &w);
    else if (!update_factors(pool, &w, tasks))
        return 0;
    const double n = (double)e->n;
    const double update = sqrt(m6_optim_squares(p, pool, q->grad, e->n) / n);
    const double size = sqrt(m6_optim_squares(p, pool, q->value, e->n) / n);
    const double lr = (double)o->lr * q->lr_scale;
    w.scale = update > 1 ? (float)(1 / update) : 1.0f;
    w.step = (float)(lr * (size > smallest ? size : smallest));
    w.shrink = q->decay ? (float)(lr * o->weight_decay) : 0.0f;
    m6_pool_run(pool, tasks, apply_task, &w);
    return 1;
}
