/* Sparse experts with prototyping on the tape: routing, capacity, and one FFN an expert over the rows it took. */
#include "train/tape_internal.h"

#include <math.h>

struct experts {
    struct m6_grad_route route;
    struct m6_grad_linear router;
    int ffn;
    int *first;         /* [experts + 1] where an expert's rows begin among the sorted pairs */
    int32_t *row;       /* [pairs] the row of x */
    void *prob, *gate;  /* [rows·experts], [rows·groups] */
    void *before, *after; /* [pairs·ffn] around the activation */
    void *out;          /* [pairs·cols] */
    m6_var x, router_w;
    m6_var *up, *up_bias, *down, *down_bias; /* [experts] */
};

/* First come, first served in the order of rows; those that an expert has no room for are dropped. Then sorts by expert. */
static void place(struct experts *e, int32_t *index, int32_t *slot, int capacity, struct m6_expert_report *report)
{
    const int pairs = e->route.rows * e->route.groups, experts = e->route.experts;
    for (int i = 0; i <= experts; i++)
        e->first[i] = 0;
    for (int p = 0; p < pairs; p++) {
        int *taken = &e->first[index[p] + 1];
        slot[p] = capacity > 0 && *taken >= capacity ? -1 : *taken;
        *taken += slot[p] >= 0;
    }
    for (int i = 0; i < experts; i++)
        e->first[i + 1] += e->first[i];
    for (int p = 0; p < pairs; p++) {
        if (slot[p] < 0)
            continue;
        slot[p] += e->first[index[p]];
        e->row[slot[p]] = p / e->route.groups;
    }
    if (report)
        *report = (struct m6_expert_report){.routed = e->first[experts], .dropped = pairs - e->first[experts]};
}

/* Over what the router chose, before capacity cut it. */
static double variation(const int32_t *index, const struct m6_grad_route *r, int *count)
{
    const int each = r->experts / r->groups;
    double sum = 0;
    for (int i = 0; i < r->experts; i++)
        count[i] = 0;
    for (int p = 0; p < r->rows * r->groups; p++)
        count[index[p]]++;
    for (int g = 0; g < r->groups; g++) {
        const double mean = (double)r->rows / each;
        double square = 0;
        for (int i = 0; i < each; i++)
            square += (count[g * each + i] - mean) * (count[g * each + i] - mean);
        sum += mean > 0 ? sqrt(square / each) / mean : 0;
    }
    return sum / r->groups;
}

static const void *value(struct m6_tape *t, const m6_var *list, int i)
{
    return list ? m6_tape_value(t, list[i]) : NULL;
}

static void forward(struct m6_tape *t, struct experts *e)
{
    for (int i = 0; i < e->route.experts; i++) {
        const int rows = e->first[i + 1] - e->first[i];
        if (!rows)
            continue;
        void *before = m6_tape_offset(t, e->before, (int64_t)e->first[i] * e->ffn);
        void *after = m6_tape_offset(t, e->after, (int64_t)e->first[i] * e->ffn);
        void *out = m6_tape_offset(t, e->out, (int64_t)e->first[i] * e->route.cols);
        const struct m6_grad_linear up = {
            .rows = rows, .in = e->route.cols, .out = e->ffn, .row = e->row + e->first[i]};
        const struct m6_grad_linear down = {.rows = rows, .in = e->ffn, .out = e->route.cols};
        t->ops->linear(t->backend, before, m6_tape_value(t, e->x), m6_tape_value(t, e->up[i]), value(t, e->up_bias, i),
                       NULL, &up);
        t->ops->gelu(t->backend, after, before, (size_t)rows * (size_t)e->ffn);
        t->ops->linear(t->backend, out, after, m6_tape_value(t, e->down[i]), value(t, e->down_bias, i), NULL, &down);
        t->flops += 4.0 * rows * e->ffn * e->route.cols;
    }
}

static void column_sums(struct m6_tape *t, const m6_var *list, int i, const void *dy, int rows, int cols)
{
    const struct m6_grad_dst db = list ? m6_tape_dst(t, list[i]) : (struct m6_grad_dst){0};
    if (db.data)
        t->ops->column_sums(t->backend, db, dy, rows, cols);
}

/* One expert's share. hidden takes the gradient behind the activation, then in its place the one before it. */
static void expert_back(struct m6_tape *t, const struct experts *e, int i, const void *dout, void *hidden)
{
    const int rows = e->first[i + 1] - e->first[i];
    const void *x = m6_tape_value(t, e->x);
    const void *before = m6_tape_offset(t, e->before, (int64_t)e->first[i] * e->ffn);
    const void *after = m6_tape_offset(t, e->after, (int64_t)e->first[i] * e->ffn);
    const struct m6_grad_linear up = {.rows = rows, .in = e->route.cols, .out = e->ffn, .row = e->row + e->first[i]};
    const struct m6_grad_linear down = {.rows = rows, .in = e->ffn, .out = e->route.cols};
    const double flops = 2.0 * rows * e->ffn * e->route.cols;

    const struct m6_grad_dst ddown = m6_tape_dst(t, e->down[i]);
    if (ddown.data) {
        t->ops->linear_dw(t->backend, ddown, dout, after, &down);
        t->flops += flops;
    }
    column_sums(t, e->down_bias, i, dout, rows, e->route.cols);
    t->ops->linear_dx(t->backend, (struct m6_grad_dst){.data = hidden}, dout, m6_tape_value(t, e->down[i]), &down);
    t->ops->gelu_back(t->backend, (struct m6_grad_dst){.data = hidden}, hidden, before, (size_t)rows * (size_t)e->ffn);
    t->flops += flops;

    const struct m6_grad_dst dup = m6_tape_dst(t, e->up[i]);
    if (dup.data) {
        t->ops->linear_dw(t->backend, dup, hidden, x, &up);
        t->flops += flops;
    }
    column_sums(t, e->up_bias, i, hidden, rows, e->ffn);
    const struct m6_grad_dst dx = m6_tape_dst_zeroed(t, e->x);
    if (dx.data) {
        t->ops->linear_dx(t->backend, dx, hidden, m6_tape_value(t, e->up[i]), &up);
        t->flops += flops;
    }
}

static void router_back(struct m6_tape *t, const struct experts *e, const void *dgate)
{
    const size_t bytes = (size_t)e->route.rows * (size_t)e->route.experts * t->ops->element;
    void *dlogits = m6_tape_borrow(t, bytes);
    if (!dlogits)
        return;
    t->ops->route_back(t->backend, dlogits, dgate, e->prob, &e->route);
    const struct m6_grad_dst dw = m6_tape_dst(t, e->router_w), dx = m6_tape_dst(t, e->x);
    if (dw.data)
        t->ops->linear_dw(t->backend, dw, dlogits, m6_tape_value(t, e->x), &e->router);
    if (dx.data)
        t->ops->linear_dx(t->backend, dx, dlogits, m6_tape_value(t, e->router_w), &e->router);
    m6_tape_release(t, dlogits, bytes);
}

static void experts_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct experts *e = n->how;
    const size_t element = t->ops->element;
    const size_t gates = (size_t)e->route.rows * (size_t)e->route.groups;
    int most = 0;
    for (int i = 0; i < e->route.experts; i++)
        most = e->first[i + 1] - e->first[i] > most ? e->first[i + 1] - e->first[i] : most;
    const size_t out_bytes = gates * (size_t)e->route.cols * element, gate_bytes = gates * element;
    const size_t ffn_bytes = (size_t)most * (size_t)e->ffn * element;
    void *dout = m6_tape_borrow(t, out_bytes), *dgate = m6_tape_borrow(t, gate_bytes);
    void *hidden = m6_tape_borrow(t, ffn_bytes);
    if (!t->failed) {
        t->ops->combine_back(t->backend, dout, dgate, n->grad, e->out, e->gate, &e->route);
        router_back(t, e, dgate);
        for (int i = 0; i < e->route.experts; i++) {
            if (e->first[i + 1] > e->first[i])
                expert_back(t, e, i, m6_tape_offset(t, dout, (int64_t)e->first[i] * e->route.cols), hidden);
        }
    }
    m6_tape_release(t, hidden, ffn_bytes);
    m6_tape_release(t, dgate, gate_bytes);
    m6_tape_release(t, dout, out_bytes);
}

static m6_var *copy_vars(struct m6_tape *t, const m6_var *list, int n)
{
    return list ? m6_tape_host_copy(t, list, (size_t)n * sizeof *list) : NULL;
}

static char any_needs(const struct m6_tape *t, const m6_var *list, int n)
{
    char needs = 0;
    for (int i = 0; list && i < n; i++)
        needs |= list[i] >= 0 && t->node[list[i]].needs;
    return needs;
}

m6_var m6_tape_experts(struct m6_tape *t, m6_var x, m6_var router, const m6_var *up, const m6_var *up_bias,
                       const m6_var *down, const m6_var *down_bias, int experts, int groups, float capacity_factor,
                       struct m6_expert_report *report)
{
    if (!m6_tape_holds(t, x) || !m6_tape_holds(t, router))
        return M6_NONE;
    for (int i = 0; i < experts; i++) {
        if (!m6_tape_holds(t, up[i]) || !m6_tape_holds(t, down[i]))
            return M6_NONE;
    }
    const int rows = t->node[x].rows, cols = t->node[x].cols, each = experts / groups;
    const size_t pairs = (size_t)rows * (size_t)groups;
    struct experts *e = m6_tape_host(t, sizeof *e);
    int32_t *index = m6_tape_host(t, pairs * sizeof *index), *slot = m6_tape_host(t, pairs * sizeof *slot);
    int *first = m6_tape_host(t, ((size_t)experts + 1) * sizeof *first);
    int *count = m6_tape_host(t, (size_t)experts * sizeof *count);
    int32_t *row = m6_tape_host(t, pairs * sizeof *row);
    void *logits = m6_tape_values(t, (size_t)rows * (size_t)experts);
    if (t->failed)
        return M6_NONE;
    *e = (struct experts){
        .route = {.rows = rows, .cols = cols, .experts = experts, .groups = groups, .index = index, .slot = slot},
        .router = {.rows = rows, .in = cols, .out = experts, .exact = 1},
        .ffn = t->node[up[0]].rows,
        .first = first,
        .row = row,
        .prob = m6_tape_values(t, (size_t)rows * (size_t)experts),
        .gate = m6_tape_values(t, pairs),
        .x = x,
        .router_w = router,
        .up = copy_vars(t, up, experts),
        .up_bias = copy_vars(t, up_bias, experts),
        .down = copy_vars(t, down, experts),
        .down_bias = copy_vars(t, down_bias, experts),
    };
    if (t->failed)
        return M6_NONE;
    t->ops->linear(t->backend, logits, m6_tape_value(t, x), m6_tape_value(t, router), NULL, NULL, &e->router);
    t->ops->route(t->backend, e->prob, e->gate, index, logits, rows, experts, groups);
    const int capacity = capacity_factor > 0 ? (int)ceilf((float)rows / (float)each * capacity_factor) : 0;
    place(e, index, slot, capacity, report);
    if (report)
        report->variation = variation(index, &e->route, count);

    const size_t kept = (size_t)first[experts];
    e->before = m6_tape_values(t, kept * (size_t)e->ffn);
    e->after = m6_tape_values(t, kept * (size_t)e->ffn);
    e->out = m6_tape_values(t, kept * (size_t)cols);
    struct m6_node *n = m6_tape_new(t, rows, cols, experts_back);
    if (!n || t->failed)
        return M6_NONE;
    forward(t, e);
    t->ops->combine(t->backend, n->value, e->out, e->gate, &e->route);
    n->how = e;
    n->needs = any_needs(t, up, experts) | any_needs(t, down, experts) | any_needs(t, up_bias, experts) |
               any_needs(t, down_bias, experts);
    return m6_tape_finish(t, n, x, router, M6_NONE, M6_NONE);
}
