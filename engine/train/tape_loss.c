/* Quantisation and losses on the tape. */
#include "train/tape_internal.h"

static void fsq_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct m6_grad_dst dx = m6_tape_dst(t, n->in[0]);
    if (dx.data)
        t->ops->fsq_back(t->backend, dx, n->grad, m6_tape_value(t, n->in[0]), n->how, n->rows, n->cols);
}

m6_var m6_tape_fsq(struct m6_tape *t, m6_var x, const int *level, int32_t *code)
{
    if (!m6_tape_holds(t, x))
        return M6_NONE;
    const int *how = m6_tape_host_copy(t, level, (size_t)t->node[x].cols * sizeof *level);
    struct m6_node *n = m6_tape_new(t, t->node[x].rows, t->node[x].cols, fsq_back);
    if (!n || !how)
        return M6_NONE;
    n->how = how;
    t->ops->fsq(t->backend, n->value, m6_tape_value(t, x), how, code, n->rows, n->cols);
    return m6_tape_finish(t, n, x, M6_NONE, M6_NONE, M6_NONE);
}

struct loss {
    struct m6_grad_loss shape;
    void *lse, *target;
};

static struct loss *loss_new(struct m6_tape *t, m6_var x, const float *weight)
{
    const int rows = t->node[x].rows;
    struct loss *how = m6_tape_host(t, sizeof *how);
    const float *kept = weight ? m6_tape_host_copy(t, weight, (size_t)rows * sizeof *weight) : NULL;
    if (t->failed)
        return NULL;
    *how = (struct loss){.shape = {.rows = rows, .cols = t->node[x].cols, .weight = kept}};
    return how;
}

static double inverse(double sum)
{
    return sum > 0 ? 1 / sum : 0;
}

static void cross_entropy_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct loss *how = n->how;
    const struct m6_grad_dst dx = m6_tape_dst(t, n->in[0]);
    if (dx.data)
        t->ops->cross_entropy_back(t->backend, dx, n->grad, how->lse, m6_tape_value(t, n->in[0]), &how->shape);
}

m6_var m6_tape_cross_entropy(struct m6_tape *t, m6_var logits, const int32_t *target, const float *weight,
                             float label_smoothing, double *correct)
{
    if (!m6_tape_holds(t, logits))
        return M6_NONE;
    struct loss *how = loss_new(t, logits, weight);
    if (!how)
        return M6_NONE;
    const int rows = how->shape.rows;
    double sum = 0;
    for (int r = 0; r < rows; r++)
        sum += target[r] >= 0 ? (weight ? weight[r] : 1.0) : 0.0;
    how->shape.target = m6_tape_host_copy(t, target, (size_t)rows * sizeof *target);
    how->shape.smoothing = label_smoothing;
    how->shape.norm = inverse(sum);
    how->lse = m6_tape_values(t, (size_t)rows);
    struct m6_node *n = m6_tape_new(t, 1, 1, cross_entropy_back);
    if (!n || t->failed)
        return M6_NONE;
    n->how = how;
    t->ops->cross_entropy(t->backend, n->value, how->lse, m6_tape_value(t, logits), &how->shape, correct);
    return m6_tape_finish(t, n, logits, M6_NONE, M6_NONE, M6_NONE);
}

static void error_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct loss *how = n->how;
    const struct m6_grad_dst dx = m6_tape_dst(t, n->in[0]);
    if (dx.data)
        t->ops->error_back(t->backend, dx, n->grad, m6_tape_value(t, n->in[0]), how->target, &how->shape);
}

static m6_var error(struct m6_tape *t, m6_var x, const float *target, const float *weight, int absolute)
{
    if (!m6_tape_holds(t, x))
        return M6_NONE;
    struct loss *how = loss_new(t, x, weight);
    if (!how)
        return M6_NONE;
    double sum = 0;
    for (int r = 0; r < how->shape.rows; r++)
        sum += weight ? weight[r] : 1.0;
    how->shape.absolute = absolute;
    how->shape.norm = inverse(sum * how->shape.cols);
    how->target = m6_tape_values(t, m6_tape_size(t, x));
    struct m6_node *n = m6_tape_new(t, 1, 1, error_back);
    if (!n || t->failed)
        return M6_NONE;
    n->how = how;
    t->ops->upload(t->backend, how->target, target, m6_tape_size(t, x));
    t->ops->error(t->backend, n->value, m6_tape_value(t, x), how->target, &how->shape);
    return m6_tape_finish(t, n, x, M6_NONE, M6_NONE, M6_NONE);
}

m6_var m6_tape_squared_error(struct m6_tape *t, m6_var x, const float *target, const float *weight)
{
    return error(t, x, target, weight, 0);
}

m6_var m6_tape_absolute_error(struct m6_tape *t, m6_var x, const float *target, const float *weight)
{
    return error(t, x, target, weight, 1);
}
