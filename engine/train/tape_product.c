/* Products on the tape: linear layers and 3×3 convolutions. */
#include "train/tape_internal.h"

static void linear_back(struct m6_tape *t, const struct m6_node *n)
{
    const m6_var x = n->in[0], w = n->in[1], b = n->in[2], residual = n->in[3];
    const struct m6_grad_linear shape = {.rows = n->rows, .in = t->node[x].cols, .out = n->cols};
    const double flops = 2.0 * shape.rows * shape.in * shape.out;
    const struct m6_grad_dst dw = m6_tape_dst(t, w);
    if (dw.data) {
        t->ops->linear_dw(t->backend, dw, n->grad, m6_tape_value(t, x), &shape);
        t->flops += flops;
    }
    const struct m6_grad_dst db = m6_tape_dst(t, b);
    if (db.data)
        t->ops->column_sums(t->backend, db, n->grad, n->rows, n->cols);
    const struct m6_grad_dst dr = m6_tape_dst(t, residual);
    if (dr.data)
        t->ops->copy(t->backend, dr, n->cols, n->grad, n->cols, n->rows, n->cols, 1.0f);
    const struct m6_grad_dst dx = m6_tape_dst(t, x);
    if (dx.data) {
        t->ops->linear_dx(t->backend, dx, n->grad, m6_tape_value(t, w), &shape);
        t->flops += flops;
    }
}

m6_var m6_tape_linear_add(struct m6_tape *t, m6_var x, m6_var w, m6_var b, m6_var residual)
{
    if (!m6_tape_holds(t, x) || !m6_tape_holds(t, w))
        return M6_NONE;
    const struct m6_grad_linear shape = {
        .rows = t->node[x].rows, .in = t->node[x].cols, .out = t->node[w].rows};
    struct m6_node *n = m6_tape_new(t, shape.rows, shape.out, linear_back);
    if (!n)
        return M6_NONE;
    t->ops->linear(t->backend, n->value, m6_tape_value(t, x), m6_tape_value(t, w), m6_tape_value(t, b),
                   m6_tape_value(t, residual), &shape);
    t->flops += 2.0 * shape.rows * shape.in * shape.out;
    return m6_tape_finish(t, n, x, w, b, residual);
}

m6_var m6_tape_linear(struct m6_tape *t, m6_var x, m6_var w, m6_var b)
{
    return m6_tape_linear_add(t, x, w, b, M6_NONE);
}

static void conv_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct m6_grad_conv *shape = n->how;
    const m6_var x = n->in[0], w = n->in[1], b = n->in[2], residual = n->in[3];
    const double flops = 18.0 * n->rows * shape->in * shape->out;
    const struct m6_grad_dst dw = m6_tape_dst(t, w);
    if (dw.data) {
        t->ops->conv_dw(t->backend, dw, n->grad, m6_tape_value(t, x), shape);
        t->flops += flops;
    }
    const struct m6_grad_dst db = m6_tape_dst(t, b);
    if (db.data)
        t->ops->column_sums(t->backend, db, n->grad, n->rows, n->cols);
    const struct m6_grad_dst dr = m6_tape_dst(t, residual);
    if (dr.data)
        t->ops->copy(t->backend, dr, n->cols, n->grad, n->cols, n->rows, n->cols, 1.0f);
    const struct m6_grad_dst dx = m6_tape_dst(t, x);
    if (dx.data) {
        t->ops->conv_dx(t->backend, dx, n->grad, m6_tape_value(t, w), shape);
        t->flops += flops;
    }
}

m6_var m6_tape_conv3x3_add(struct m6_tape *t, m6_var x, m6_var w, m6_var b, m6_var residual, int n, int h, int width)
{
    if (!m6_tape_holds(t, x) || !m6_tape_holds(t, w))
        return M6_NONE;
    const struct m6_grad_conv shape = {
        .n = n, .h = h, .w = width, .in = t->node[x].cols, .out = t->node[w].rows};
    const struct m6_grad_conv *how = m6_tape_host_copy(t, &shape, sizeof shape);
    struct m6_node *y = m6_tape_new(t, n * h * width, shape.out, conv_back);
    if (!y || !how)
        return M6_NONE;
    y->how = how;
    t->ops->conv(t->backend, y->value, m6_tape_value(t, x), m6_tape_value(t, w), m6_tape_value(t, b),
                 m6_tape_value(t, residual), how);
    t->flops += 18.0 * y->rows * shape.in * shape.out;
    return m6_tape_finish(t, y, x, w, b, residual);
}

m6_var m6_tape_conv3x3(struct m6_tape *t, m6_var x, m6_var w, m6_var b, int n, int h, int width)
{
    return m6_tape_conv3x3_add(t, x, w, b, M6_NONE, n, h, width);
}
