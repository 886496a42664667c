/* Rows and elements on the tape. */
#include "train/tape_internal.h"

static void copy_all(struct m6_tape *t, struct m6_grad_dst to, const void *from, int rows, int cols, float factor)
{
    if (to.data)
        t->ops->copy(t->backend, to, cols, from, cols, rows, cols, factor);
}

static void add_back(struct m6_tape *t, const struct m6_node *n)
{
    for (int i = 0; i < 2; i++)
        copy_all(t, m6_tape_dst(t, n->in[i]), n->grad, n->rows, n->cols, 1.0f);
}

m6_var m6_tape_add(struct m6_tape *t, m6_var a, m6_var b)
{
    if (!m6_tape_holds(t, a) || !m6_tape_holds(t, b))
        return M6_NONE;
    struct m6_node *n = m6_tape_new(t, t->node[a].rows, t->node[a].cols, add_back);
    if (!n)
        return M6_NONE;
    t->ops->add(t->backend, n->value, m6_tape_value(t, a), m6_tape_value(t, b), m6_tape_size(t, a));
    return m6_tape_finish(t, n, a, b, M6_NONE, M6_NONE);
}

static void scale_back(struct m6_tape *t, const struct m6_node *n)
{
    copy_all(t, m6_tape_dst(t, n->in[0]), n->grad, n->rows, n->cols, *(const float *)n->how);
}

m6_var m6_tape_scale(struct m6_tape *t, m6_var x, float factor)
{
    if (!m6_tape_holds(t, x))
        return M6_NONE;
    const float *how = m6_tape_host_copy(t, &factor, sizeof factor);
    struct m6_node *n = m6_tape_new(t, t->node[x].rows, t->node[x].cols, scale_back);
    if (!n || !how)
        return M6_NONE;
    n->how = how;
    copy_all(t, (struct m6_grad_dst){.data = n->value}, m6_tape_value(t, x), n->rows, n->cols, factor);
    return m6_tape_finish(t, n, x, M6_NONE, M6_NONE, M6_NONE);
}

static void gelu_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct m6_grad_dst dx = m6_tape_dst(t, n->in[0]);
    if (dx.data)
        t->ops->gelu_back(t->backend, dx, n->grad, m6_tape_value(t, n->in[0]), m6_tape_size(t, n->in[0]));
}

m6_var m6_tape_gelu(struct m6_tape *t, m6_var x)
{
    if (!m6_tape_holds(t, x))
        return M6_NONE;
    struct m6_node *n = m6_tape_new(t, t->node[x].rows, t->node[x].cols, gelu_back);
    if (!n)
        return M6_NONE;
    t->ops->gelu(t->backend, n->value, m6_tape_value(t, x), m6_tape_size(t, x));
    return m6_tape_finish(t, n, x, M6_NONE, M6_NONE, M6_NONE);
}

static void layer_norm_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct m6_grad_dst dx = m6_tape_dst(t, n->in[0]);
    const struct m6_grad_dst dgain = m6_tape_dst(t, n->in[1]);
    const struct m6_grad_dst dbias = m6_tape_dst(t, n->in[2]);
    if (!t->failed)
        t->ops->layer_norm_back(t->backend, dx, dgain, dbias, n->grad, n->how, m6_tape_value(t, n->in[0]),
                                m6_tape_value(t, n->in[1]), n->rows, n->cols);
}

m6_var m6_tape_layer_norm(struct m6_tape *t, m6_var x, m6_var gain, m6_var bias, float eps)
{
    if (!m6_tape_holds(t, x) || !m6_tape_holds(t, gain) || !m6_tape_holds(t, bias))
        return M6_NONE;
    void *stats = m6_tape_values(t, 2 * (size_t)t->node[x].rows);
    struct m6_node *n = m6_tape_new(t, t->node[x].rows, t->node[x].cols, layer_norm_back);
    if (!n || !stats)
        return M6_NONE;
    n->how = stats;
    t->ops->layer_norm(t->backend, n->value, stats, m6_tape_value(t, x), m6_tape_value(t, gain),
                       m6_tape_value(t, bias), eps, n->rows, n->cols);
    return m6_tape_finish(t, n, x, gain, bias, M6_NONE);
}

m6_var m6_tape_reshape(struct m6_tape *t, m6_var x, int rows, int cols)
{
    if (!m6_tape_holds(t, x))
        return M6_NONE;
    struct m6_node *n = m6_tape_new_view(t, rows, cols, x);
    return n ? m6_tape_finish(t, n, x, M6_NONE, M6_NONE, M6_NONE) : M6_NONE;
}

static void columns_back(struct m6_tape *t, const struct m6_node *n)
{
    struct m6_grad_dst dx = m6_tape_dst_zeroed(t, n->in[0]);
    if (!dx.data)
        return;
    dx.data = m6_tape_offset(t, dx.data, *(const int *)n->how);
    t->ops->copy(t->backend, dx, t->node[n->in[0]].cols, n->grad, n->cols, n->rows, n->cols, 1.0f);
}

m6_var m6_tape_columns(struct m6_tape *t, m6_var x, int first, int count)
{
    if (!m6_tape_holds(t, x))
        return M6_NONE;
    const int *how = m6_tape_host_copy(t, &first, sizeof first);
    struct m6_node *n = m6_tape_new(t, t->node[x].rows, count, columns_back);
    if (!n || !how)
        return M6_NONE;
    n->how = how;
    t->ops->copy(t->backend, (struct m6_grad_dst){.data = n->value}, count,
                 m6_tape_offset(t, m6_tape_value(t, x), first), t->node[x].cols, n->rows, count, 1.0f);
    return m6_tape_finish(t, n, x, M6_NONE, M6_NONE, M6_NONE);
}

static void gather_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct m6_grad_dst dx = m6_tape_dst_zeroed(t, n->in[0]);
    if (dx.data)
        t->ops->scatter_add(t->backend, dx.data, n->grad, n->how, n->rows, n->cols);
}

m6_var m6_tape_gather(struct m6_tape *t, m6_var x, const int32_t *id, int rows)
{
    if (!m6_tape_holds(t, x))
        return M6_NONE;
    const int32_t *how = m6_tape_host_copy(t, id, (size_t)rows * sizeof *id);
    struct m6_node *n = m6_tape_new(t, rows, t->node[x].cols, gather_back);
    if (!n || !how)
        return M6_NONE;
    n->how = how;
    t->ops->gather(t->backend, n->value, m6_tape_value(t, x), how, rows, n->cols);
    return m6_tape_finish(t, n, x, M6_NONE, M6_NONE, M6_NONE);
}

struct concat {
    int count;
    m6_var x[];
};

static void concat_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct concat *how = n->how;
    int64_t row = 0;
    for (int i = 0; i < how->count; i++) {
        const int rows = t->node[how->x[i]].rows;
        copy_all(t, m6_tape_dst(t, how->x[i]), m6_tape_offset(t, n->grad, row * n->cols), rows, n->cols, 1.0f);
        row += rows;
    }
}

m6_var m6_tape_concat(struct m6_tape *t, const m6_var *x, int count)
{
    int rows = 0;
    char needs = 0;
    for (int i = 0; i < count; i++) {
        if (!m6_tape_holds(t, x[i]))
            return M6_NONE;
        rows += t->node[x[i]].rows;
        needs |= t->node[x[i]].needs;
    }
    struct concat *how = m6_tape_host(t, sizeof *how + (size_t)count * sizeof *x);
    struct m6_node *n = count > 0 ? m6_tape_new(t, rows, t->node[x[0]].cols, concat_back) : NULL;
    if (!n || !how)
        return M6_NONE;
    n->how = how;
    n->needs = needs;
    how->count = count;
    int64_t row = 0;
    for (int i = 0; i < count; i++) {
        how->x[i] = x[i];
        copy_all(t, (struct m6_grad_dst){.data = m6_tape_offset(t, n->value, row * n->cols)},
                 m6_tape_value(t, x[i]), t->node[x[i]].rows, n->cols, 1.0f);
        row += t->node[x[i]].rows;
    }
    return m6_tape_finish(t, n, M6_NONE, M6_NONE, M6_NONE, M6_NONE);
}

static void to_blocks_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct m6_grad_dst dx = m6_tape_dst(t, n->in[0]);
    if (dx.data)
        t->ops->from_blocks(t->backend, dx, n->grad, n->how);
}

m6_var m6_tape_space_to_depth(struct m6_tape *t, m6_var x, int n, int h, int w, int block)
{
    if (!m6_tape_holds(t, x))
        return M6_NONE;
    const struct m6_grad_blocks shape = {.n = n, .h = h, .w = w, .c = t->node[x].cols, .block = block};
    const struct m6_grad_blocks *how = m6_tape_host_copy(t, &shape, sizeof shape);
    struct m6_node *y = m6_tape_new(t, n * (h / block) * (w / block), block * block * shape.c, to_blocks_back);
    if (!y || !how)
        return M6_NONE;
    y->how = how;
    t->ops->to_blocks(t->backend, (struct m6_grad_dst){.data = y->value}, m6_tape_value(t, x), how);
    return m6_tape_finish(t, y, x, M6_NONE, M6_NONE, M6_NONE);
}

static void from_blocks_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct m6_grad_dst dx = m6_tape_dst(t, n->in[0]);
    if (dx.data)
        t->ops->to_blocks(t->backend, dx, n->grad, n->how);
}

m6_var m6_tape_depth_to_space(struct m6_tape *t, m6_var x, int n, int h, int w, int block)
{
    if (!m6_tape_holds(t, x))
        return M6_NONE;
    const struct m6_grad_blocks shape = {
        .n = n, .h = h * block, .w = w * block, .c = t->node[x].cols / (block * block), .block = block};
    const struct m6_grad_blocks *how = m6_tape_host_copy(t, &shape, sizeof shape);
    struct m6_node *y = m6_tape_new(t, n * shape.h * shape.w, shape.c, from_blocks_back);
    if (!y || !how)
        return M6_NONE;
    y->how = how;
    t->ops->from_blocks(t->backend, (struct m6_grad_dst){.data = y->value}, m6_tape_value(t, x), how);
    return m6_tape_finish(t, y, x, M6_NONE, M6_NONE, M6_NONE);
}

static void mean_rows_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct m6_grad_dst dx = m6_tape_dst(t, n->in[0]);
    if (dx.data)
        t->ops->mean_rows_back(t->backend, dx, n->grad, n->rows, n->cols, *(const int *)n->how);
}

m6_var m6_tape_mean_rows(struct m6_tape *t, m6_var x, int group)
{
    if (!m6_tape_holds(t, x))
        return M6_NONE;
    const int *how = m6_tape_host_copy(t, &group, sizeof group);
    struct m6_node *n = m6_tape_new(t, t->node[x].rows / group, t->node[x].cols, mean_rows_back);
    if (!n || !how)
        return M6_NONE;
    n->how = how;
    t->ops->mean_rows(t->backend, n->value, m6_tape_value(t, x), n->rows, n->cols, group);
    return m6_tape_finish(t, n, x, M6_NONE, M6_NONE, M6_NONE);
}
