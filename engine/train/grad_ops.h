/* The operations that a tape is made of: every one forwards, and its gradients.
 *
 * Two implementations: grad_cpu (FP32 values; products in FP32 or BF16) and grad_f64 (plain loops in double precision,
 * which the other is tested against). A value is a dense row-major array in the implementation's own element type and
 * memory, so it travels as void *; indices, targets and weights are host arrays that live as long as the tape's record.
 *
 * Order of summation never depends on the number of threads.
 */
#ifndef M6_TRAIN_GRAD_OPS_H
#define M6_TRAIN_GRAD_OPS_H

#include "train/tape.h"

struct m6_grad_ops;

/* The head of every implementation's own state. */
struct m6_grad_backend {
    const struct m6_grad_ops *ops;
    int failed; /* scratch memory ran out: results are void */
};

/* Where a result goes. add: something is there already that it is added to. data NULL: nobody wants it. */
struct m6_grad_dst {
    void *data;
    int add;
};

struct m6_grad_linear {
    int rows, in, out;
    const int32_t *row; /* [rows] or NULL: row r of x is x[row[r]], and its gradient goes there; none occurs twice */
    int exact;          /* never below FP32: a router's choice must not hang on rounding */
};

struct m6_grad_conv {
    int n, h, w, in, out;
};

/* x is n pictures of h × w × c; its blocked form has h/block × w/block positions of block·block·c. */
struct m6_grad_blocks {
    int n, h, w, c, block;
};

/* Rows [first, first + rows) of the keys and values, and where they begin in the context. */
struct m6_grad_range {
    int first, rows, context;
};

struct m6_grad_segment {
    int first, rows, causal;
    int context;                       /* rows seen in all, its own last */
    int ranges;
    const struct m6_grad_range *range; /* neighbouring stretches merged */
    int64_t prob;                      /* where its probabilities begin: [head][rows][context] */
};

/* Segments that share a root write gradients to the same keys, so a tree (and head) is the unit of work. */
struct m6_grad_attention {
    int rows, heads, head_dim; /* qkv: rows × 3·heads·head_dim */
    int segments, trees;
    const struct m6_grad_segment *segment; /* tree by tree, parents first */
    const int *tree;                       /* [trees + 1] first segment of each */
};

/* Rows sorted by expert: pair (row, group) sits at slot[row·groups + group] of the experts' outputs, or is dropped (-1). */
struct m6_grad_route {
    int rows, cols, experts, groups;
    const int32_t *index; /* [rows·groups] expert */
    const int32_t *slot;  /* [rows·groups] */
};

/* norm = 1 / Σ weight over the rows that count (0 when there are none). */
struct m6_grad_loss {
    int rows, cols;
    const int32_t *target; /* [rows], cross entropy only */
    const float *weight;   /* [rows] or NULL */
    float smoothing;
    int absolute;
    double norm;
};

struct m6_grad_ops {
    size_t element; /* bytes of one value */

    /* memory: 64-byte aligned; NULL when there is none. Copies convert from and to FP32. */
    void *(*alloc)(struct m6_grad_backend *, size_t bytes);
    void (*free)(struct m6_grad_backend *, void *, size_t bytes);
    void (*destroy)(struct m6_grad_backend *);
    void (*upload)(struct m6_grad_backend *, void *to, const float *from, size_t n);
    void (*download)(struct m6_grad_backend *, float *to, const void *from, size_t n);
    void (*zero)(struct m6_grad_backend *, void *to, size_t n);
    void (*fill)(struct m6_grad_backend *, void *to, double value); /* one element */
    /* to[r·to_stride + c] (+)= factor · from[r·from_stride + c] */
    void (*copy)(struct m6_grad_backend *, struct m6_grad_dst to, int64_t to_stride, const void *from,
                 int64_t from_stride, int rows, int cols, float factor);

    /* products; residual may be NULL */
    void (*linear)(struct m6_grad_backend *, void *y, const void *x, const void *w, const void *bias,
                   const void *residual, const struct m6_grad_linear *);
    void (*linear_dx)(struct m6_grad_backend *, struct m6_grad_dst dx, const void *dy, const void *w,
                      const struct m6_grad_linear *);
    void (*linear_dw)(struct m6_grad_backend *, struct m6_grad_dst dw, const void *dy, const void *x,
                      const struct m6_grad_linear *);
    void (*conv)(struct m6_grad_backend *, void *y, const void *x, const void *w, const void *bias,
                 const void *residual, const struct m6_grad_conv *);
    void (*conv_dx)(struct m6_grad_backend *, struct m6_grad_dst dx, const void *dy, const void *w,
                    const struct m6_grad_conv *);
    void (*conv_dw)(struct m6_grad_backend *, struct m6_grad_dst dw, const void *dy, const void *x,
                    const struct m6_grad_conv *);
    void (*column_sums)(struct m6_grad_backend *, struct m6_grad_dst sums, const void *x, int rows, int cols);

    /* rows and elements */
    void (*add)(struct m6_grad_backend *, void *y, const void *a, const void *b, size_t n);
    void (*gelu)(struct m6_grad_backend *, void *y, const void *x, size_t n);
    void (*gelu_back)(struct m6_grad_backend *, struct m6_grad_dst dx, const void *dy, const void *x,
                      size_t n); /* dx may be dy */
    /* stats: [rows][2], mean and 1/deviation */
    void (*layer_norm)(struct m6_grad_backend *, void *y, void *stats, const void *x, const void *gain,
                       const void *bias, float eps, int rows, int cols);
    void (*layer_norm_back)(struct m6_grad_backend *, struct m6_grad_dst dx, struct m6_grad_dst dgain,
                            struct m6_grad_dst dbias, const void *dy, const void *stats, const void *x,
                            const void *gain, int rows, int cols);
    void (*gather)(struct m6_grad_backend *, void *y, const void *x, const int32_t *id, int rows, int cols);
    void (*scatter_add)(struct m6_grad_backend *, void *dx, const void *dy, const int32_t *id, int rows, int cols);
    void (*to_blocks)(struct m6_grad_backend *, struct m6_grad_dst y, const void *x, const struct m6_grad_blocks *);
    void (*from_blocks)(struct m6_grad_backend *, struct m6_grad_dst y, const void *x, const struct m6_grad_blocks *);
    void (*mean_rows)(struct m6_grad_backend *, void *y, const void *x, int rows, int cols, int group);
    void (*mean_rows_back)(struct m6_grad_backend *, struct m6_grad_dst dx, const void *dy, int rows, int cols,
                           int group); /* rows of dy */

    /* the stack */
    void (*attention)(struct m6_grad_backend *, void *y, void *prob, const void *qkv, const struct m6_grad_attention *);
    void (*attention_back)(struct m6_grad_backend *, struct m6_grad_dst dqkv, const void *dy, const void *prob,
                           const void *qkv, const struct m6_grad_attention *);
    /* prob: softmax of the logits within each group; index and gate: the best of each */
    void (*route)(struct m6_grad_backend *, void *prob, void *gate, int32_t *index, const void *logits, int rows,
                  int experts, int groups);
    void (*route_back)(struct m6_grad_backend *, void *dlogits, const void *dgate, const void *prob,
                       const struct m6_grad_route *);
    /* y[row] = Σ gate · out[slot]; its gradients in out and gate */
    void (*combine)(struct m6_grad_backend *, void *y, const void *out, const void *gate, const struct m6_grad_route *);
    void (*combine_back)(struct m6_grad_backend *, void *dout, void *dgate, const void *dy, const void *out,
                         const void *gate, const struct m6_grad_route *);

    /* quantisation and losses */
    void (*fsq)(struct m6_grad_backend *, void *y, const void *x, const int *level, int32_t *code, int rows, int cols);
    void (*fsq_back)(struct m6_grad_backend *, struct m6_grad_dst dx, const void *dy, const void *x, const int *level,
                     int rows, int cols);
    /* lse: [rows], for the way back; correct may be NULL */
    void (*cross_entropy)(struct m6_grad_backend *, void *loss, void *lse, const void *logits,
                          const struct m6_grad_loss *, double *correct);
    void (*cross_entropy_back)(struct m6_grad_backend *, struct m6_grad_dst dx, const void *dloss, const void *lse,
                               const void *logits, const struct m6_grad_loss *);
    void (*error)(struct m6_grad_backend *, void *loss, const void *x, const void *target, const struct m6_grad_loss *);
    void (*error_back)(struct m6_grad_backend *, struct m6_grad_dst dx, const void *dloss, const void *x,
                       const void *target, const struct m6_grad_loss *);
};

/* isa as in cpu/gemm.h; NULL: the best there is. */
struct m6_grad_backend *m6_grad_cpu_create(int bf16, struct m6_pool *pool, const char *isa, struct m6_error *err);
struct m6_grad_backend *m6_grad_f64_create(struct m6_pool *pool);

#endif
