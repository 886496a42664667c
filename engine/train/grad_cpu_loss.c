/* Finite scalar quantisation and losses. A loss is one double a row (or stretch), added up in order. */
#include "train/grad_cpu.h"

#include <math.h>
#include <string.h>

enum { ROWS = 32 };

struct work {
    const struct m6_grad_kernels *k;
    float *y, *lse;
    const float *x, *dy, *target;
    const int *level;
    int32_t *code;
    double *loss, *correct;
    float scale; /* of the gradient, over norm */
    int add, rows, cols, each;
    struct m6_grad_loss s;
};

static void over(struct m6_grad_backend *b, struct work w, int each, m6_task_fn fn)
{
    struct m6_grad_cpu *c = m6_grad_cpu_of(b);
    w.k = c->k;
    w.each = each;
    m6_pool_run(c->pool, m6_grad_chunks(w.rows, each), fn, &w);
}

static int last_row(const struct work *w, int task)
{
    return (task + 1) * w->each < w->rows ? (task + 1) * w->each : w->rows;
}

/* ---- FSQ ---- */

/* See tape.h. */
struct bound {
    float half, offset, shift;
    int zero;
};

static struct bound bound_of(int levels)
{
    struct bound b = {.half = (float)(levels - 1) * 0.999f / 2, .offset = levels % 2 ? 0.0f : 0.5f, .zero = levels / 2};
    b.shift = tanf(b.offset / b.half);
    return b;
}

static void fsq_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    for (int c = 0, radix = 1; c < w->cols; radix *= w->level[c], c++) {
        const struct bound b = bound_of(w->level[c]);
        for (int r = task * w->each; r < last_row(w, task); r++) {
            const size_t i = (size_t)r * (size_t)w->cols + (size_t)c;
            const float q = rintf(b.half * tanhf(w->x[i] + b.shift) - b.offset);
            w->y[i] = q / (float)b.zero;
            if (w->code)
                w->code[r] = (c ? w->code[r] : 0) + radix * ((int)q + b.zero);
        }
    }
}

void m6_grad_cpu_fsq(struct m6_grad_backend *b, void *y, const void *x, const int *level, int32_t *code, int rows,
                     int cols)
{
    over(b, (struct work){.y = y, .x = x, .level = level, .code = code, .rows = rows, .cols = cols}, 512, fsq_task);
}

static void fsq_back_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    for (int c = 0; c < w->cols; c++) {
        const struct bound b = bound_of(w->level[c]);
        for (int r = task * w->each; r < last_row(w, task); r++) {
            const size_t i = (size_t)r * (size_t)w->cols + (size_t)c;
            const float t = tanhf(w->x[i] + b.shift);
            const float g = w->dy[i] * b.half * (1 - t * t) / (float)b.zero;
            w->y[i] = w->add ? w->y[i] + g : g;
        }
    }
}

void m6_grad_cpu_fsq_back(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dy, const void *x,
                          const int *level, int rows, int cols)
{
    over(b,
         (struct work){.y = dx.data, .add = dx.add, .dy = dy, .x = x, .level = level, .rows = rows, .cols = cols}, 512,
         fsq_back_task);
}

/* ---- losses ---- */

static float weight_of(const struct m6_grad_loss *s, int row)
{
    if (s->target && s->target[row] < 0)
        return 0.0f;
    return s->weight ? s->weight[row] : 1.0f;
}

static void sum_up(const struct m6_grad_loss *s, const double *part, int parts, void *loss)
{
    double sum = 0;
    for (int i = 0; i < parts; i++)
        sum += part[i];
    *(float *)loss = (float)(sum * s->norm);
}

static int is_best(const float *x, int target, float largest)
{
    for (int i = 0; i < target; i++) {
        if (x[i] == largest)
            return 0;
    }
    return x[target] == largest;
}

static void cross_entropy_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    for (int r = task * w->each; r < last_row(w, task); r++) {
        const float *x = w->x + (size_t)r * (size_t)w->cols, weight = weight_of(&w->s, r);
        w->loss[r] = w->lse[r] = 0;
        w->correct[r] = 0;
        if (weight == 0.0f)
            continue;
        float largest, sum = 0;
        const int target = w->s.target[r];
        w->lse[r] = w->k->log_sum_exp(x, w->cols, &largest, w->s.smoothing > 0 ? &sum : NULL);
        const double smooth = w->s.smoothing;
        w->loss[r] = weight * ((double)w->lse[r] - (1 - smooth) * x[target] - smooth * sum / w->cols);
        w->correct[r] = is_best(x, target, largest) ? weight : 0;
    }
}

void m6_grad_cpu_cross_entropy(struct m6_grad_backend *b, void *loss, void *lse, const void *logits,
                               const struct m6_grad_loss *s, double *correct)
{
    double *row = m6_grad_cpu_scratch(m6_grad_cpu_of(b), 2 * (size_t)s->rows * sizeof *row);
    if (!row)
        return;
    over(b,
         (struct work){.x = logits,
                       .lse = lse,
                       .loss = row,
                       .correct = row + s->rows,
                       .rows = s->rows,
                       .cols = s->cols,
                       .s = *s},
         ROWS, cross_entropy_task);
    sum_up(s, row, s->rows, loss);
    if (correct) {
        *correct = 0;
        for (int r = 0; r < s->rows; r++)
            *correct += row[s->rows + r];
    }
}

static void cross_entropy_back_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    for (int r = task * w->each; r < last_row(w, task); r++) {
        const size_t at = (size_t)r * (size_t)w->cols;
        const float weight = weight_of(&w->s, r), scale = w->scale * weight;
        if (weight == 0.0f) {
            if (!w->add)
                memset(w->y + at, 0, (size_t)w->cols * sizeof *w->y);
            continue;
        }
        w->k->exp_minus(w->y + at, w->add, w->x + at, w->lse[r], w->s.smoothing / (float)w->cols, scale, w->cols);
        w->y[at + (size_t)w->s.target[r]] -= scale * (1 - w->s.smoothing);
    }
}

void m6_grad_cpu_cross_entropy_back(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dloss,
                                    const void *lse, const void *logits, const struct m6_grad_loss *s)
{
    over(b,
         (struct work){.y = dx.data,
                       .add = dx.add,
                       .x = logits,
                       .lse = (float *)lse,
                       .scale = (float)(*(const float *)dloss * s->norm),
                       .rows = s->rows,
                       .cols = s->cols,
                       .s = *s},
         ROWS, cross_entropy_back_task);
}

/* Rows without weights are one long run, cut into stretches: a picture's rows are only three long. */
enum { STRETCH = 8192 };

static void error_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    if (!w->s.weight) {
        const size_t at = (size_t)task * STRETCH, all = (size_t)w->s.rows * (size_t)w->s.cols;
        const size_t n = all - at < STRETCH ? all - at : STRETCH;
        if (w->loss)
            w->loss[task] = w->k->error(w->x + at, w->target + at, w->s.absolute, (int)n);
        else
            w->k->error_back(w->y + at, w->add, w->x + at, w->target + at, w->s.absolute, w->scale, (int)n);
        return;
    }
    for (int r = task * w->each; r < last_row(w, task); r++) {
        const size_t at = (size_t)r * (size_t)w->cols;
        const float weight = w->s.weight[r];
        if (w->loss)
            w->loss[r] = (double)weight * w->k->error(w->x + at, w->target + at, w->s.absolute, w->cols);
        else
            w->k->error_back(w->y + at, w->add, w->x + at, w->target + at, w->s.absolute, w->scale * weight, w->cols);
    }
}

static void over_error(struct m6_grad_backend *b, struct work w)
{
    w.rows = w.s.rows;
    w.cols = w.s.cols;
    if (!w.s.weight)
        w.rows = m6_grad_chunks((int64_t)w.s.rows * w.s.cols, STRETCH);
    over(b, w, w.s.weight ? 256 : 1, error_task);
}

void m6_grad_cpu_error(struct m6_grad_backend *b, void *loss, const void *x, const void *target,
                       const struct m6_grad_loss *s)
{
    const int sums = s->weight ? s->rows : m6_grad_chunks((int64_t)s->rows * s->cols, STRETCH);
    double *sum = m6_grad_cpu_scratch(m6_grad_cpu_of(b), (size_t)sums * sizeof *sum);
    if (!sum)
        return;
    over_error(b, (struct work){.x = x, .target = target, .loss = sum, .s = *s});
    sum_up(s, sum, sums, loss);
}

void m6_grad_cpu_error_back(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dloss, const void *x,
                            const void *target, const struct m6_grad_loss *s)
{
    over_error(b, (struct work){.y = dx.data,
                                .add = dx.add,
                                .x = x,
                                .target = target,
                                .scale = (float)(*(const float *)dloss * s->norm),
                                .s = *s});
}
