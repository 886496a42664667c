/* Routing to experts, and adding up what they give. */
#include "train/grad_cpu.h"

#include <math.h>
#include <string.h>

enum { ROWS = 64 };

struct work {
    const struct m6_grad_kernels *k;
    float *prob, *gates, *y, *dout, *dgate, *dlogits;
    const float *logits, *out, *dy, *gate;
    int32_t *index;
    struct m6_grad_route r;
};

static void over(struct m6_grad_backend *b, struct work w, m6_task_fn fn)
{
    struct m6_grad_cpu *c = m6_grad_cpu_of(b);
    w.k = c->k;
    m6_pool_run(c->pool, m6_grad_chunks(w.r.rows, ROWS), fn, &w);
}

static int last_row(const struct work *w, int task)
{
    return (task + 1) * ROWS < w->r.rows ? (task + 1) * ROWS : w->r.rows;
}

/* The lowest id wins among equals. */
static int best_of(const float *x, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        best = x[i] > x[best] ? i : best;
    return best;
}

static void route_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    const int each = w->r.experts / w->r.groups;
    for (int p = task * ROWS * w->r.groups; p < last_row(w, task) * w->r.groups; p++) {
        const float *x = w->logits + (size_t)p * (size_t)each; /* groups lie side by side in a row */
        float *prob = w->prob + (size_t)p * (size_t)each;
        const int best = best_of(x, each);
        memcpy(prob, x, (size_t)each * sizeof *x);
        w->k->softmax(prob, 1, each, 1.0f, 0);
        w->index[p] = p % w->r.groups * each + best;
        w->gates[p] = prob[best];
    }
}

void m6_grad_cpu_route(struct m6_grad_backend *b, void *prob, void *gate, int32_t *index, const void *logits, int rows,
                       int experts, int groups)
{
    over(b,
         (struct work){.prob = prob,
                       .gates = gate,
                       .index = index,
                       .logits = logits,
                       .r = {.rows = rows, .experts = experts, .groups = groups}},
         route_task);
}

/* d gate / d logit_j = gate · ([j chosen] − p_j) */
static void route_back_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    const int each = w->r.experts / w->r.groups;
    for (int p = task * ROWS * w->r.groups; p < last_row(w, task) * w->r.groups; p++) {
        const float *prob = w->prob + (size_t)p * (size_t)each;
        float *dx = w->dlogits + (size_t)p * (size_t)each;
        const int best = w->r.index[p] - p % w->r.groups * each;
        const float g = w->dgate[p] * prob[best];
        for (int j = 0; j < each; j++)
            dx[j] = g * ((j == best ? 1.0f : 0.0f) - prob[j]);
    }
}

void m6_grad_cpu_route_back(struct m6_grad_backend *b, void *dlogits, const void *dgate, const void *prob,
                            const struct m6_grad_route *r)
{
    over(b, (struct work){.dlogits = dlogits, .dgate = (float *)dgate, .prob = (float *)prob, .r = *r},
         route_back_task);
}

static void combine_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    const size_t cols = (size_t)w->r.cols;
    for (int row = task * ROWS; row < last_row(w, task); row++) {
        float *y = w->y + (size_t)row * cols;
        int written = 0;
        for (int p = row * w->r.groups; p < (row + 1) * w->r.groups; p++) {
            if (w->r.slot[p] < 0)
                continue;
            w->k->scaled(y, w->out + (size_t)w->r.slot[p] * cols, w->gate[p], written, cols);
            written = 1;
        }
        if (!written)
            memset(y, 0, cols * sizeof *y);
    }
}

void m6_grad_cpu_combine(struct m6_grad_backend *b, void *y, const void *out, const void *gate,
                         const struct m6_grad_route *r)
{
    over(b, (struct work){.y = y, .out = out, .gate = gate, .r = *r}, combine_task);
}

static void combine_back_task(void *arg, int task, int thread)
{
    const struct work *w = arg;
    const size_t cols = (size_t)w->r.cols;
    for (int row = task * ROWS; row < last_row(w, task); row++) {
        const float *dy = w->dy + (size_t)row * cols;
        for (int p = row * w->r.groups; p < (row + 1) * w->r.groups; p++) {
            w->dgate[p] = 0;
            if (w->r.slot[p] < 0)
                continue;
            const size_t at = (size_t)w->r.slot[p] * cols;
            w->dgate[p] = w->k->dot(dy, w->out + at, w->r.cols);
            w->k->scaled(w->dout + at, dy, w->gate[p], 0, cols);
        }
    }
}

void m6_grad_cpu_combine_back(struct m6_grad_backend *b, void *dout, void *dgate, const void *dy, const void *out,
                              const void *gate, const struct m6_grad_route *r)
{
    over(b, (struct work){.dout = dout, .dgate = dgate, .dy = dy, .out = out, .gate = gate, .r = *r},
         combine_back_task);
}
