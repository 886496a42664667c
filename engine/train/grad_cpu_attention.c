/* Attention over trees of segments.
 *
 * A task is one tree and one head: it alone writes those keys' and values' gradients, in the order of the segments.
 * Within it everything is a product over a stretch of rows, small enough to stay in the core's cache. Probabilities are
 * kept for the way back: at these context lengths a read costs less than computing them again.
 */
#include "train/grad_cpu.h"

#include <math.h>
#include <string.h>

struct work {
    struct m6_grad_cpu *c;
    const struct m6_grad_attention *s;
    const float *qkv, *dy;
    float *y, *prob, *dqkv;
    int add;
};

/* One segment and head of it: where its matrices begin. d is heads · head_dim, the stride of qkv 3·d. */
struct piece {
    const struct m6_grad_segment *segment;
    int d, head_dim;
    size_t column; /* of the head */
    float *prob;
};

static struct piece piece_at(const struct work *w, int segment, int head)
{
    const struct m6_grad_segment *s = &w->s->segment[segment];
    return (struct piece){.segment = s,
                          .d = w->s->heads * w->s->head_dim,
                          .head_dim = w->s->head_dim,
                          .column = (size_t)head * (size_t)w->s->head_dim,
                          .prob = w->prob + s->prob + (int64_t)head * s->rows * s->context};
}

static void product(const struct work *w, int thread, struct m6_gemm g)
{
    g.compute = w->c->compute;
    m6_gemm_run(w->c->gemm, NULL, w->c->own[thread], &g);
}

/* part: 0 queries, 1 keys, 2 values */
static size_t at(const struct piece *p, int part, int row)
{
    return (size_t)row * 3 * (size_t)p->d + (size_t)part * (size_t)p->d + p->column;
}

/* to[rows × context] = x · kvᵀ over all that the segment sees */
static void against(const struct work *w, int thread, const struct piece *p, float *to, const float *x, int x_stride,
                    int part)
{
    const struct m6_grad_segment *s = p->segment;
    for (int r = 0; r < s->ranges; r++)
        product(w, thread,
                (struct m6_gemm){
                    .m = s->rows,
                    .n = s->range[r].rows,
                    .k = p->head_dim,
                    .a = {.data = x, .row_stride = x_stride, .col_stride = 1},
                    .b = {.data = w->qkv + at(p, part, s->range[r].first), .row_stride = 1, .col_stride = 3 * p->d},
                    .c = to + s->range[r].context,
                    .c_stride = s->context,
                });
}

/* to[rows × head_dim] (+)= weights[rows × context] · kv */
static void mixed(const struct work *w, int thread, const struct piece *p, float *to, int to_stride, int add,
                  const float *weights, int part)
{
    const struct m6_grad_segment *s = p->segment;
    for (int r = 0; r < s->ranges; r++)
        product(w, thread,
                (struct m6_gemm){
                    .m = s->rows,
                    .n = p->head_dim,
                    .k = s->range[r].rows,
                    .a = {.data = weights + s->range[r].context, .row_stride = s->context, .col_stride = 1},
                    .b = {.data = w->qkv + at(p, part, s->range[r].first), .row_stride = 3 * p->d, .col_stride = 1},
                    .c = to,
                    .c_stride = to_stride,
                    .accumulate = add || r > 0,
                });
}

/* d kv += weightsᵀ · x */
static void spread(const struct work *w, int thread, const struct piece *p, int part, const float *weights,
                   const float *x, int x_stride)
{
    const struct m6_grad_segment *s = p->segment;
    for (int r = 0; r < s->ranges; r++)
        product(w, thread,
                (struct m6_gemm){
                    .m = s->range[r].rows,
                    .n = p->head_dim,
                    .k = s->rows,
                    .a = {.data = weights + s->range[r].context, .row_stride = 1, .col_stride = s->context},
                    .b = {.data = x, .row_stride = x_stride, .col_stride = 1},
                    .c = w->dqkv + at(p, part, s->range[r].first),
                    .c_stride = 3 * p->d,
                    .accumulate = 1,
                });
}

static float scale_of(const struct work *w)
{
    return 1.0f / sqrtf((float)w->s->head_dim);
}

static void forward_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    const int tree = task / w->s->heads, head = task % w->s->heads;
    for (int i = w->s->tree[tree]; i < w->s->tree[tree + 1]; i++) {
        const struct piece p = piece_at(w, i, head);
        const struct m6_grad_segment *s = p.segment;
        if (!s->rows)
            continue;
        against(w, thread, &p, p.prob, w->qkv + at(&p, 0, s->first), 3 * p.d, 1);
        w->c->k->softmax(p.prob, s->rows, s->context, scale_of(w), s->causal);
        mixed(w, thread, &p, w->y + (size_t)s->first * (size_t)p.d + p.column, p.d, 0, p.prob, 2);
    }
}

void m6_grad_cpu_attention(struct m6_grad_backend *b, void *y, void *prob, const void *qkv,
                           const struct m6_grad_attention *s)
{
    struct work w = {.c = m6_grad_cpu_of(b), .s = s, .qkv = qkv, .y = y, .prob = prob};
    m6_pool_run(w.c->pool, s->trees * s->heads, forward_task, &w);
}

static void clear_keys(const struct work *w, const struct piece *p)
{
    for (int r = p->segment->first; r < p->segment->first + p->segment->rows; r++) {
        memset(w->dqkv + at(p, 1, r), 0, (size_t)p->head_dim * sizeof *w->dqkv);
        memset(w->dqkv + at(p, 2, r), 0, (size_t)p->head_dim * sizeof *w->dqkv);
    }
}

static void backward_piece(const struct work *w, int thread, const struct piece *p)
{
    const struct m6_grad_segment *s = p->segment;
    const float *dy = w->dy + (size_t)s->first * (size_t)p->d + p->column;
    float *ds = m6_grad_cpu_local(w->c, thread, (size_t)s->rows * (size_t)s->context * sizeof *ds);
    if (!ds)
        return;
    spread(w, thread, p, 2, p->prob, dy, p->d);
    against(w, thread, p, ds, dy, p->d, 2);
    w->c->k->softmax_back(ds, p->prob, s->rows, s->context, scale_of(w));
    mixed(w, thread, p, w->dqkv + at(p, 0, s->first), 3 * p->d, w->add, ds, 1);
    spread(w, thread, p, 1, ds, w->qkv + at(p, 0, s->first), 3 * p->d);
}

static void backward_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    const int tree = task / w->s->heads, head = task % w->s->heads;
    for (int i = w->s->tree[tree]; i < w->s->tree[tree + 1]; i++) {
        const struct piece p = piece_at(w, i, head);
        if (!w->add)
            clear_keys(w, &p);
        if (p.segment->rows) /* its ancestors were cleared before it */
            backward_piece(w, thread, &p);
    }
}

void m6_grad_cpu_attention_back(struct m6_grad_backend *b, struct m6_grad_dst dqkv, const void *dy, const void *prob,
                                const void *qkv, const struct m6_grad_attention *s)
{
    struct work w = {.c = m6_grad_cpu_of(b),
                     .s = s,
                     .qkv = qkv,
                     .dy = dy,
                     .prob = (float *)prob,
                     .dqkv = dqkv.data,
                     .add = dqkv.add};
    m6_pool_run(w.c->pool, s->trees * s->heads, backward_task, &w);
}
