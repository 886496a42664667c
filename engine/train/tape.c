#include "train/tape_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_VALUES = 1 << 20, LEAST_HOST = 1 << 16 };

struct m6_tape *m6_tape_create(enum m6_tape_precision precision, struct m6_pool *pool, const char *isa,
                               struct m6_error *err)
{
    struct m6_tape *t = calloc(1, sizeof *t);
    if (!t) {
        m6_fail(err, M6_ERR_MEMORY, "no memory for a tape");
        return NULL;
    }
    if (precision == M6_TAPE_F64) {
        t->backend = m6_grad_f64_create(pool);
        if (!t->backend)
            m6_fail(err, M6_ERR_MEMORY, "no memory for a tape");
    } else {
        t->backend = m6_grad_cpu_create(precision == M6_TAPE_BF16, pool, isa, err);
    }
    if (!t->backend) {
        free(t);
        return NULL;
    }
    t->ops = t->backend->ops;
    m6_arena_init(&t->values, t->backend, LEAST_VALUES);
    m6_arena_init(&t->host, NULL, LEAST_HOST);
    return t;
}

void m6_tape_destroy(struct m6_tape *t)
{
    if (!t)
        return;
    m6_arena_finish(&t->values);
    m6_arena_finish(&t->host);
    t->ops->destroy(t->backend);
    free(t->node);
    free(t->param_slot);
    free(t->spare);
    free(t);
}

void m6_tape_reset(struct m6_tape *t)
{
    m6_arena_reset(&t->values);
    m6_arena_reset(&t->host);
    t->nodes = 0;
    t->spares = 0;
    t->params = 0;
    for (int i = 0; i < t->param_slots; i++)
        t->param_slot[i] = M6_NONE;
    t->failed = 0;
    t->backend->failed = 0;
}

enum m6_status m6_tape_status(const struct m6_tape *t)
{
    return t->failed || t->backend->failed ? M6_ERR_MEMORY : M6_OK;
}

size_t m6_tape_bytes(const struct m6_tape *t)
{
    return m6_arena_bytes(&t->values) + m6_arena_bytes(&t->host);
}

double m6_tape_flops(const struct m6_tape *t)
{
    return t->flops;
}

int m6_tape_rows(const struct m6_tape *t, m6_var v)
{
    return m6_tape_holds(t, v) ? t->node[v].rows : 0;
}

int m6_tape_cols(const struct m6_tape *t, m6_var v)
{
    return m6_tape_holds(t, v) ? t->node[v].cols : 0;
}

void m6_tape_read(const struct m6_tape *t, m6_var v, float *out)
{
    if (m6_tape_holds(t, v))
        t->ops->download(t->backend, out, t->node[v].value, m6_tape_size(t, v));
}

void m6_tape_keep_grad(struct m6_tape *t, m6_var v)
{
    if (m6_tape_holds(t, v))
        t->node[t->node[v].owner].keep = 1;
}

void m6_tape_read_grad(const struct m6_tape *t, m6_var v, float *out)
{
    if (!m6_tape_holds(t, v))
        return;
    const struct m6_node *n = &t->node[t->node[v].owner];
    if (n->ready && (n->keep || n->param))
        t->ops->download(t->backend, out, n->grad, m6_tape_size(t, v));
    else
        memset(out, 0, m6_tape_size(t, v) * sizeof *out);
}

const float *m6_tape_data(const struct m6_tape *t, m6_var v)
{
    return m6_tape_holds(t, v) && t->ops->element == sizeof(float) ? t->node[v].value : NULL;
}

double m6_tape_scalar(const struct m6_tape *t, m6_var v)
{
    if (!m6_tape_holds(t, v))
        return NAN;
    if (t->ops->element == sizeof(double)) /* not through a float */
        return *(const double *)t->node[v].value;
    float x;
    t->ops->download(t->backend, &x, t->node[v].value, 1);
    return x;
}

/* ---- recording ---- */

void *m6_tape_values(struct m6_tape *t, size_t n)
{
    void *p = m6_arena_alloc(&t->values, n * t->ops->element);
    t->failed |= !p;
    return p;
}

void *m6_tape_host(struct m6_tape *t, size_t bytes)
{
    void *p = m6_arena_alloc(&t->host, bytes);
    t->failed |= !p;
    return p;
}

void *m6_tape_host_copy(struct m6_tape *t, const void *from, size_t bytes)
{
    void *p = m6_tape_host(t, bytes);
    t->failed |= !from; /* the caller had no memory for it */
    if (p && from)
        memcpy(p, from, bytes);
    return from ? p : NULL;
}

static struct m6_node *node_at_end(struct m6_tape *t)
{
    if (t->failed)
        return NULL;
    if (t->nodes == t->node_room) {
        const int room = t->node_room ? 2 * t->node_room : 256;
        struct m6_node *node = realloc(t->node, (size_t)room * sizeof *node);
        if (!node) {
            t->failed = 1;
            return NULL;
        }
        t->node = node;
        t->node_room = room;
    }
    return &t->node[t->nodes];
}

struct m6_node *m6_tape_new(struct m6_tape *t, int rows, int cols, m6_back_fn back)
{
    struct m6_node *n = node_at_end(t);
    if (!n)
        return NULL;
    void *value = m6_tape_values(t, (size_t)rows * (size_t)cols);
    if (!value)
        return NULL;
    *n = (struct m6_node){.rows = rows, .cols = cols, .value = value, .back = back, .owner = t->nodes};
    return n;
}

struct m6_node *m6_tape_new_view(struct m6_tape *t, int rows, int cols, m6_var of)
{
    struct m6_node *n = node_at_end(t);
    if (n)
        *n = (struct m6_node){.rows = rows,
                              .cols = cols,
                              .value = t->node[of].value,
                              .owner = t->node[of].owner};
    return n;
}

m6_var m6_tape_finish(struct m6_tape *t, struct m6_node *n, m6_var a, m6_var b, m6_var c, m6_var d)
{
    t->failed |= t->backend->failed;
    if (t->failed)
        return M6_NONE;
    const m6_var in[4] = {a, b, c, d};
    for (int i = 0; i < 4; i++) {
        n->in[i] = in[i];
        if (in[i] >= 0)
            n->needs |= t->node[in[i]].needs;
    }
    return t->nodes++;
}

/* ---- leaves ---- */

static size_t param_hash(const struct m6_param *p)
{
    return (size_t)((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15u >> 20;
}

static int param_grow(struct m6_tape *t)
{
    const int slots = t->param_slots ? 2 * t->param_slots : 256;
    m6_var *slot = malloc((size_t)slots * sizeof *slot);
    if (!slot)
        return 0;
    for (int i = 0; i < slots; i++)
        slot[i] = M6_NONE;
    for (int i = 0; i < t->param_slots; i++) {
        if (t->param_slot[i] < 0)
            continue;
        size_t h = param_hash(t->node[t->param_slot[i]].param);
        while (slot[h & (size_t)(slots - 1)] >= 0)
            h++;
        slot[h & (size_t)(slots - 1)] = t->param_slot[i];
    }
    free(t->param_slot);
    t->param_slot = slot;
    t->param_slots = slots;
    return 1;
}

m6_var m6_tape_param(struct m6_tape *t, struct m6_param *p)
{
    if (t->failed || !p)
        return M6_NONE;
    if (2 * t->params >= t->param_slots && !param_grow(t)) {
        t->failed = 1;
        return M6_NONE;
    }
    size_t h = param_hash(p);
    for (;; h++) {
        const m6_var v = t->param_slot[h & (size_t)(t->param_slots - 1)];
        if (v < 0)
            break;
        if (t->node[v].param == p)
            return v;
    }
    struct m6_node *n = node_at_end(t);
    if (!n)
        return M6_NONE;
    const int wide = t->ops->element == sizeof(double);
    *n = (struct m6_node){.rows = p->rows,
                          .cols = p->cols,
                          .value = wide ? (void *)p->value64 : (void *)p->value,
                          .grad = wide ? (void *)p->grad64 : (void *)p->grad,
                          .param = p,
                          .in = {M6_NONE, M6_NONE, M6_NONE, M6_NONE},
                          .owner = t->nodes,
                          .needs = p->lr_scale != 0.0f,
                          .ready = 1};
    t->param_slot[h & (size_t)(t->param_slots - 1)] = t->nodes;
    t->params++;
    return t->nodes++;
}

m6_var m6_tape_input(struct m6_tape *t, int rows, int cols, const float *data)
{
    struct m6_node *n = m6_tape_new(t, rows, cols, NULL);
    if (!n)
        return M6_NONE;
    t->ops->upload(t->backend, n->value, data, (size_t)rows * (size_t)cols);
    return m6_tape_finish(t, n, M6_NONE, M6_NONE, M6_NONE, M6_NONE);
}

m6_var m6_tape_detach(struct m6_tape *t, m6_var x)
{
    if (!m6_tape_holds(t, x))
        return M6_NONE;
    struct m6_node *n = m6_tape_new_view(t, t->node[x].rows, t->node[x].cols, x);
    if (!n)
        return M6_NONE;
    n->owner = t->nodes; /* its own, and nothing upstream: no gradient passes */
    return m6_tape_finish(t, n, M6_NONE, M6_NONE, M6_NONE, M6_NONE);
}
