/* Rows and elements over the pool: work is cut by rows or elements, every task owning what it writes. */
#include "train/grad_cpu.h"

#include <string.h>

/* Elements a task: enough to outweigh handing it out, few enough to stay in a core's cache. */
enum { TASK = 32768 };

struct elements {
    const struct m6_grad_kernels *k;
    float *y;
    const float *a, *b;
    size_t n;
    int add;
};

static size_t cut(const struct elements *e, int task, size_t *first)
{
    *first = (size_t)task * TASK;
    return e->n - *first < TASK ? e->n - *first : TASK;
}

static void over(struct m6_grad_backend *b, struct elements e, m6_task_fn fn)
{
    struct m6_grad_cpu *c = m6_grad_cpu_of(b);
    e.k = c->k;
    m6_pool_run(c->pool, m6_grad_chunks((int64_t)e.n, TASK), fn, &e);
}

static void add_task(void *arg, int task, int thread)
{
    const struct elements *e = arg;
    size_t at;
    const size_t n = cut(e, task, &at);
    e->k->add(e->y + at, e->a + at, e->b + at, n);
}

void m6_grad_cpu_add(struct m6_grad_backend *b, void *y, const void *x, const void *z, size_t n)
{
    over(b, (struct elements){.y = y, .a = x, .b = z, .n = n}, add_task);
}

static void gelu_task(void *arg, int task, int thread)
{
    const struct elements *e = arg;
    size_t at;
    const size_t n = cut(e, task, &at);
    e->k->gelu(e->y + at, e->a + at, n);
}

void m6_grad_cpu_gelu(struct m6_grad_backend *b, void *y, const void *x, size_t n)
{
    over(b, (struct elements){.y = y, .a = x, .n = n}, gelu_task);
}

static void gelu_back_task(void *arg, int task, int thread)
{
    const struct elements *e = arg;
    size_t at;
    const size_t n = cut(e, task, &at);
    e->k->gelu_back(e->y + at, e->add, e->a + at, e->b + at, n);
}

void m6_grad_cpu_gelu_back(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dy, const void *x, size_t n)
{
    over(b, (struct elements){.y = dx.data, .add = dx.add, .a = dy, .b = x, .n = n}, gelu_back_task);
}

/* ---- rows ---- */

struct rows {
    const struct m6_grad_kernels *k;
    float *y, *stats;
    const float *x, *gain, *bias, *dy;
    const int32_t *id;
    int64_t y_stride, x_stride;
    int rows, cols, each, add, group;
    float factor, eps;
    struct m6_grad_blocks blocks;
    float *part;
    int want_gain, want_bias;
};

/* Tasks of `each` rows; 0 lets the width decide. */
static void over_rows(struct m6_grad_backend *b, struct rows r, int each, m6_task_fn fn)
{
    struct m6_grad_cpu *c = m6_grad_cpu_of(b);
    r.k = c->k;
    r.each = each ? each : 1 + TASK / (r.cols + 1);
    m6_pool_run(c->pool, m6_grad_chunks(r.rows, r.each), fn, &r);
}

static int last_row(const struct rows *r, int task)
{
    const int end = (task + 1) * r->each;
    return end < r->rows ? end : r->rows;
}

static void copy_task(void *arg, int task, int thread)
{
    const struct rows *r = arg;
    for (int i = task * r->each; i < last_row(r, task); i++)
        r->k->scaled(r->y + i * r->y_stride, r->x + i * r->x_stride, r->factor, r->add, (size_t)r->cols);
}

static void scaled_task(void *arg, int task, int thread)
{
    const struct elements *e = arg;
    size_t at;
    const size_t n = cut(e, task, &at);
    e->k->scaled(e->y + at, e->a + at, *e->b, e->add, n);
}

void m6_grad_cpu_copy(struct m6_grad_backend *b, struct m6_grad_dst to, int64_t to_stride, const void *from,
                      int64_t from_stride, int rows, int cols, float factor)
{
    if (to_stride == cols && from_stride == cols) {
        const size_t n = (size_t)rows * (size_t)cols;
        over(b, (struct elements){.y = to.data, .add = to.add, .a = from, .b = &factor, .n = n}, scaled_task);
        return;
    }
    over_rows(b,
              (struct rows){.y = to.data,
                            .add = to.add,
                            .y_stride = to_stride,
                            .x = from,
                            .x_stride = from_stride,
                            .rows = rows,
                            .cols = cols,
                            .factor = factor},
              0, copy_task);
}

static void gather_task(void *arg, int task, int thread)
{
    const struct rows *r = arg;
    const size_t cols = (size_t)r->cols;
    for (int i = task * r->each; i < last_row(r, task); i++) {
        if (r->id[i] >= 0)
            memcpy(r->y + (size_t)i * cols, r->x + (size_t)r->id[i] * cols, cols * sizeof *r->y);
        else
            memset(r->y + (size_t)i * cols, 0, cols * sizeof *r->y);
    }
}

void m6_grad_cpu_gather(struct m6_grad_backend *b, void *y, const void *x, const int32_t *id, int rows, int cols)
{
    over_rows(b, (struct rows){.y = y, .x = x, .id = id, .rows = rows, .cols = cols}, 0, gather_task);
}

/* Rows may repeat, so tasks are stripes of columns, each over all rows in order. */
enum { STRIPE = 64 };

static void scatter_task(void *arg, int task, int thread)
{
    const struct rows *r = arg;
    const size_t cols = (size_t)r->group, at = (size_t)task * STRIPE;
    const size_t n = cols - at < STRIPE ? cols - at : STRIPE;
    for (int i = 0; i < r->cols; i++) {
        if (r->id[i] >= 0)
            r->k->scaled(r->y + (size_t)r->id[i] * cols + at, r->x + (size_t)i * cols + at, 1.0f, 1, n);
    }
}

void m6_grad_cpu_scatter_add(struct m6_grad_backend *b, void *dx, const void *dy, const int32_t *id, int rows,
                             int cols)
{
    const int stripes = m6_grad_chunks(cols, STRIPE);
    over_rows(b, (struct rows){.y = dx, .x = dy, .id = id, .rows = stripes, .cols = rows, .group = cols}, 1,
              scatter_task);
}

/* ---- layer norm ---- */

static void layer_norm_task(void *arg, int task, int thread)
{
    const struct rows *r = arg;
    const size_t first = (size_t)task * (size_t)r->each, at = first * (size_t)r->cols;
    r->k->layer_norm(r->y + at, r->stats + 2 * first, r->x + at, r->gain, r->bias, r->eps,
                     last_row(r, task) - (int)first, r->cols);
}

void m6_grad_cpu_layer_norm(struct m6_grad_backend *b, void *y, void *stats, const void *x, const void *gain,
                            const void *bias, float eps, int rows, int cols)
{
    over_rows(b,
              (struct rows){.y = y,
                            .stats = stats,
                            .x = x,
                            .gain = gain,
                            .bias = bias,
                            .eps = eps,
                            .rows = rows,
                            .cols = cols},
              0, layer_norm_task);
}

static void layer_norm_back_task(void *arg, int task, int thread)
{
    const struct rows *r = arg;
    const size_t first = (size_t)task * (size_t)r->each, cols = (size_t)r->cols, at = first * cols;
    float *part = r->part + (size_t)task * 2 * cols;
    r->k->layer_norm_back(r->y ? r->y + at : NULL, r->add, r->want_gain ? part : NULL,
                          r->want_bias ? part + cols : NULL, r->dy + at, r->stats + 2 * first, r->x + at, r->gain,
                          last_row(r, task) - (int)first, r->cols);
}

void m6_grad_cpu_layer_norm_back(struct m6_grad_backend *b, struct m6_grad_dst dx, struct m6_grad_dst dgain,
                                 struct m6_grad_dst dbias, const void *dy, const void *stats, const void *x,
                                 const void *gain, int rows, int cols)
{
    struct m6_grad_cpu *c = m6_grad_cpu_of(b);
    const int chunks = m6_grad_chunks(rows, M6_GRAD_CHUNK);
    const size_t wide = 2 * (size_t)cols;
    float *part = m6_grad_cpu_scratch(c, ((size_t)chunks + 1) * wide * sizeof *part);
    if (!part)
        return;
    over_rows(b,
              (struct rows){.y = dx.data,
                            .add = dx.add,
                            .stats = (float *)stats,
                            .x = x,
                            .dy = dy,
                            .gain = gain,
                            .part = part,
                            .want_gain = dgain.data != NULL,
                            .want_bias = dbias.data != NULL,
                            .rows = rows,
                            .cols = cols},
              M6_GRAD_CHUNK, layer_norm_back_task);
    float *total = part + (size_t)chunks * wide;
    if (dgain.data) {
        c->k->column_sums(total, part, chunks, cols, wide);
        c->k->scaled(dgain.data, total, 1.0f, dgain.add, (size_t)cols);
    }
    if (dbias.data) {
        c->k->column_sums(total, part + cols, chunks, cols, wide);
        c->k->scaled(dbias.data, total, 1.0f, dbias.add, (size_t)cols);
    }
}

/* ---- pictures ---- */

/* A row of the picture at a time: its `w` positions go to, or come from, w/block positions of the blocked form. */
static void blocks_row(const struct rows *r, int row, int to_blocks)
{
    const struct m6_grad_blocks *s = &r->blocks;
    const int y = row % s->h;
    const size_t run = (size_t)s->block * (size_t)s->c, deep = run * (size_t)s->block;
    const size_t blocked = ((size_t)(row / s->h) * (size_t)(s->h / s->block) + (size_t)(y / s->block)) *
                               (size_t)(s->w / s->block) * deep +
                           (size_t)(y % s->block) * run;
    const size_t plain = (size_t)row * (size_t)s->w * (size_t)s->c;
    for (int x = 0; x < s->w / s->block; x++) {
        const size_t p = plain + (size_t)x * run, q = blocked + (size_t)x * deep;
        r->k->scaled(r->y + (to_blocks ? q : p), r->x + (to_blocks ? p : q), 1.0f, r->add, run);
    }
}

static void to_blocks_task(void *arg, int task, int thread)
{
    const struct rows *r = arg;
    for (int i = task * r->each; i < last_row(r, task); i++)
        blocks_row(r, i, 1);
}

static void from_blocks_task(void *arg, int task, int thread)
{
    const struct rows *r = arg;
    for (int i = task * r->each; i < last_row(r, task); i++)
        blocks_row(r, i, 0);
}

void m6_grad_cpu_to_blocks(struct m6_grad_backend *b, struct m6_grad_dst y, const void *x,
                           const struct m6_grad_blocks *s)
{
    over_rows(b,
              (struct rows){.y = y.data, .add = y.add, .x = x, .blocks = *s, .rows = s->n * s->h, .cols = s->w * s->c},
              0, to_blocks_task);
}

void m6_grad_cpu_from_blocks(struct m6_grad_backend *b, struct m6_grad_dst y, const void *x,
                             const struct m6_grad_blocks *s)
{
    over_rows(b,
              (struct rows){.y = y.data, .add = y.add, .x = x, .blocks = *s, .rows = s->n * s->h, .cols = s->w * s->c},
              0, from_blocks_task);
}

static void mean_task(void *arg, int task, int thread)
{
    const struct rows *r = arg;
    const size_t cols = (size_t)r->cols, group = (size_t)r->group;
    for (int i = task * r->each; i < last_row(r, task); i++) {
        float *y = r->y + (size_t)i * cols;
        r->k->column_sums(y, r->x + (size_t)i * group * cols, r->group, r->cols, cols);
        for (size_t j = 0; j < cols; j++)
            y[j] *= r->factor;
    }
}

void m6_grad_cpu_mean_rows(struct m6_grad_backend *b, void *y, const void *x, int rows, int cols, int group)
{
    over_rows(b,
              (struct rows){.y = y, .x = x, .rows = rows, .cols = cols, .group = group, .factor = 1.0f / (float)group},
              0, mean_task);
}

static void mean_back_task(void *arg, int task, int thread)
{
    const struct rows *r = arg;
    const size_t cols = (size_t)r->cols;
    for (int i = task * r->each; i < last_row(r, task); i++) {
        for (int j = 0; j < r->group; j++)
            r->k->scaled(r->y + ((size_t)i * (size_t)r->group + (size_t)j) * cols, r->x + (size_t)i * cols, r->factor,
                         r->add, cols);
    }
}

void m6_grad_cpu_mean_rows_back(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dy, int rows, int cols,
                                int group)
{
    over_rows(b,
              (struct rows){.y = dx.data,
                            .add = dx.add,
                            .x = dy,
                            .rows = rows,
                            .cols = cols,
                            .group = group,
                            .factor = 1.0f / (float)group},
              0, mean_back_task);
}
