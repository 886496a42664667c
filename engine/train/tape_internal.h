/* What the files of the tape share. */
#ifndef M6_TRAIN_TAPE_INTERNAL_H
#define M6_TRAIN_TAPE_INTERNAL_H

#include "train/grad_ops.h"
#include "train/tape_arena.h"

struct m6_node;
typedef void (*m6_back_fn)(struct m6_tape *, const struct m6_node *);

struct m6_node {
    int rows, cols;
    void *value, *grad;
    m6_back_fn back; /* NULL: a leaf, or a view */
    struct m6_param *param;
    const void *how; /* what the operation keeps for its way back */
    m6_var in[4];
    m6_var owner;    /* whose gradient this is: another's for a view */
    char needs;      /* depends on a trained matrix */
    char ready;      /* the gradient has been written to */
    char keep;       /* the gradient outlives the walk */
};

struct m6_grad_spare {
    void *data;
    size_t bytes;
};

struct m6_tape {
    struct m6_grad_backend *backend;
    const struct m6_grad_ops *ops;
    struct m6_arena values, host; /* in the backend's memory; in ours */
    struct m6_node *node;
    int nodes, node_room;
    m6_var *param_slot; /* open addressing by the param's address; M6_NONE is empty */
    int param_slots, params;
    struct m6_grad_spare *spare; /* gradients that the walk is done with */
    int spares, spare_room;
    double flops;
    int failed; /* out of memory: every call from here on gives M6_NONE */
};

/* A new node of rows × cols with memory for its value; NULL when there is none. Pointers to nodes hold until the next. */
struct m6_node *m6_tape_new(struct m6_tape *, int rows, int cols, m6_back_fn back);
struct m6_node *m6_tape_new_view(struct m6_tape *, int rows, int cols, m6_var of);
/* Records inputs and whether a gradient has to flow; returns the node's var. */
m6_var m6_tape_finish(struct m6_tape *, struct m6_node *, m6_var a, m6_var b, m6_var c, m6_var d);
void *m6_tape_values(struct m6_tape *, size_t n); /* n elements of the backend's */
void *m6_tape_host(struct m6_tape *, size_t bytes);
void *m6_tape_host_copy(struct m6_tape *, const void *from, size_t bytes);

/* The gradient of v as a destination; taking it promises to write it. */
struct m6_grad_dst m6_tape_dst(struct m6_tape *, m6_var v);
/* The same for operations that write only some of it: what is not there yet becomes zero. */
struct m6_grad_dst m6_tape_dst_zeroed(struct m6_tape *, m6_var v);
/* A gradient-like buffer for the walk, given back by m6_tape_release. */
void *m6_tape_borrow(struct m6_tape *, size_t bytes);
void m6_tape_release(struct m6_tape *, void *data, size_t bytes);

static inline int m6_tape_holds(const struct m6_tape *t, m6_var v)
{
    return !t->failed && v >= 0 && v < t->nodes;
}

static inline const struct m6_node *m6_tape_at(const struct m6_tape *t, m6_var v)
{
    return &t->node[v];
}

static inline void *m6_tape_value(const struct m6_tape *t, m6_var v)
{
    return v >= 0 ? t->node[v].value : NULL;
}

static inline size_t m6_tape_size(const struct m6_tape *t, m6_var v)
{
    return (size_t)t->node[v].rows * (size_t)t->node[v].cols;
}

/* Element i of an array of the backend's. */
static inline void *m6_tape_offset(const struct m6_tape *t, const void *data, int64_t i)
{
    return (char *)data + i * (int64_t)t->ops->element;
}

#endif
