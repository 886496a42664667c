/* The walk back, and where its gradients live.
 *
 * A gradient's memory comes from the spares that the walk has already passed, so a step touches little more memory
 * than its activations take, and much of it while it is still in the cache.
 */
#include "train/tape_internal.h"

#include <stdlib.h>

void m6_tape_release(struct m6_tape *t, void *data, size_t bytes)
{
    if (!data)
        return;
    if (t->spares == t->spare_room) {
        const int room = t->spare_room ? 2 * t->spare_room : 64;
        struct m6_grad_spare *list = realloc(t->spare, (size_t)room * sizeof *list);
        if (!list)
            return; /* the arena has it until the reset */
        t->spare = list;
        t->spare_room = room;
    }
    t->spare[t->spares++] = (struct m6_grad_spare){.data = data, .bytes = bytes};
}

/* The latest that fits without wasting half of it. */
void *m6_tape_borrow(struct m6_tape *t, size_t bytes)
{
    for (int i = t->spares - 1; i >= 0; i--) {
        if (t->spare[i].bytes < bytes || t->spare[i].bytes / 2 > bytes)
            continue;
        void *data = t->spare[i].data;
        for (int j = i + 1; j < t->spares; j++)
            t->spare[j - 1] = t->spare[j];
        t->spares--;
        return data;
    }
    void *data = m6_arena_alloc(&t->values, bytes);
    t->failed |= !data;
    return data;
}

static size_t grad_bytes(const struct m6_tape *t, m6_var owner)
{
    return m6_tape_size(t, owner) * t->ops->element;
}

struct m6_grad_dst m6_tape_dst(struct m6_tape *t, m6_var v)
{
    struct m6_grad_dst none = {0};
    if (v < 0 || !t->node[v].needs || t->failed)
        return none;
    const m6_var owner = t->node[v].owner;
    struct m6_node *n = &t->node[owner];
    if (!n->grad) {
        n->grad = m6_tape_borrow(t, grad_bytes(t, owner));
        if (!n->grad)
            return none;
    }
    const struct m6_grad_dst dst = {.data = n->grad, .add = n->ready};
    n->ready = 1;
    return dst;
}

struct m6_grad_dst m6_tape_dst_zeroed(struct m6_tape *t, m6_var v)
{
    struct m6_grad_dst dst = m6_tape_dst(t, v);
    if (dst.data && !dst.add) {
        t->ops->zero(t->backend, dst.data, m6_tape_size(t, v));
        dst.add = 1;
    }
    return dst;
}

/* Gradients that an earlier walk over the same record kept are its own. */
static void forget(struct m6_tape *t)
{
    for (m6_var v = 0; v < t->nodes; v++) {
        struct m6_node *n = &t->node[v];
        if (n->param)
            continue;
        m6_tape_release(t, n->grad, grad_bytes(t, v));
        n->grad = NULL;
        n->ready = 0;
    }
}

void m6_tape_backward(struct m6_tape *t, m6_var loss)
{
    if (!m6_tape_holds(t, loss) || !t->node[loss].needs)
        return;
    forget(t);
    const struct m6_grad_dst seed = m6_tape_dst(t, loss);
    if (!seed.data)
        return;
    t->ops->fill(t->backend, seed.data, 1.0);
    for (m6_var v = loss; v >= 0 && !t->failed; v--) {
        struct m6_node *n = &t->node[v];
        if (n->param || n->owner != v || !n->ready)
            continue;
        if (n->back)
            n->back(t, n);
        if (!n->keep) {
            m6_tape_release(t, n->grad, grad_bytes(t, v));
            n->grad = NULL;
        }
    }
}
