/* The operations that a model family is written against, and the backends that provide them.
 *
 * Every activation is a matrix of rows × cols, row-major, FP32: a row is a token, a picture's patch or a
 * pixel (pictures are NHWC, so a picture batch of n×h×w positions with c channels is n*h*w rows of c).
 * Weights are opaque, in a backend's own packing. Data pointers belong to the backend's memory; on `cpu`
 * that is ordinary memory.
 *
 * Order of summation: each output element is summed in an order that depends on its inner dimension (or
 * its context length, for attention) alone: never on how many rows are in the batch, which rows they are,
 * how the work is tiled or on how many threads. So a row's result never depends on its neighbours.
 *
 * Callers have checked shapes; operations assert and do not fail, except creation and allocation.
 * Threads: one caller at a time a backend.
 */
#ifndef M6_OPS_H
#define M6_OPS_H

#include <stddef.h>
#include <stdint.h>

#include "m6/status.h"

enum m6_type { M6_F32, M6_BF16, M6_I8, M6_F16, M6_I32, M6_F64, M6_TYPES };
size_t m6_type_size(enum m6_type type);
const char *m6_type_name(enum m6_type type); /* "F32", "BF16", … as safetensors spells them */

/* A matrix that someone else owns. stride is the distance between rows, in elements. */
struct m6_mat {
    float *data;
    int rows, cols, stride;
};

/* A weight matrix of out × in (y = x·Wᵀ), packed by a backend. I8 has one FP32 scale a row of W. A 3×3
 * convolution's weight is out × (9·in), columns ordered (ky, kx, channel). */
struct m6_weight {
    enum m6_type type;
    int out, in;
    void *packed; /* the backend's */
    size_t bytes;
};

enum m6_act { M6_ACT_NONE, M6_ACT_GELU, M6_ACT_GELU_ERF, M6_ACT_SILU }; /* GELU is the tanh form */

/* What a product does with its result before it stores it: y = act(x·Wᵀ + bias) + residual. */
struct m6_epilogue {
    const float *bias;     /* [out] or NULL */
    enum m6_act act;
    const float *residual; /* rows × out with y's stride, may alias y; or NULL */
};

/* Keys and values of one layer's cache: [slots][kv_heads*head_dim] each, FP32. */
struct m6_kv {
    float *k, *v;
    int slots, kv_heads, head_dim;
};

/* One stretch of query rows and the cache slots that it sees. Query i (0 … rows-1) sees the first
 * `context` slots of the list; with causal, only the first context - rows + i + 1. */
struct m6_span {
    int first_row, rows;
    int context;
    const int32_t *slot; /* [context], oldest first */
    int causal;
};

/* Sparse experts: a row's y = Σ_j gate[j] · expert_{index[j]}(x), experts being two-layer FFNs
 * down(act(up(x))), or with `gate` weights SwiGLU-like down(act(gate(x)) * up(x)). */
struct m6_experts {
    int experts;
    struct m6_weight *const *up, *const *gate, *const *down; /* [experts]; gate NULL for plain FFNs */
    const float *const *up_bias, *const *down_bias;          /* [experts] or NULL */
    enum m6_act act;
};

/* How to choose one row's next token. Ids outside [first, last) are never chosen. Logits are divided by
 * temperature, top_k keeps the k largest, top_p then the fewest of the largest whose share of what is
 * left reaches p; equal logits rank by id, lowest first. The draw is Philox4x32-10 of (seed, position). */
struct m6_sample {
    float temperature; /* 0: the most likely, lowest id first among equals */
    int top_k;         /* 0: all */
    float top_p;       /* 1: all */
    int first, last;
    uint64_t seed;
    uint64_t position; /* of the token in its request: with seed, the whole key of the draw */
};

struct m6_backend;

struct m6_ops {
    /* memory */
    void *(*alloc)(struct m6_backend *, size_t bytes); /* 64-byte aligned; NULL when there is none */
    void (*free)(struct m6_backend *, void *);
    void (*upload)(struct m6_backend *, void *to, const void *from, size_t bytes);
    void (*download)(struct m6_backend *, void *to, const void *from, size_t bytes);

    /* weights: data is out × in in the type given (I8 with scale[out]); compute says what it is multiplied as */
    enum m6_status (*weight_create)(struct m6_backend *, struct m6_weight *w, enum m6_type compute, int out, int in,
                                    const void *data, enum m6_type type, const float *scale);
    void (*weight_destroy)(struct m6_backend *, struct m6_weight *w);

    /* products */
    void (*matmul)(struct m6_backend *, struct m6_mat y, struct m6_mat x, const struct m6_weight *w,
                   const struct m6_epilogue *e);
    void (*conv3x3)(struct m6_backend *, struct m6_mat y, struct m6_mat x, const struct m6_weight *w, int n, int h,
                    int width, const struct m6_epilogue *e); /* stride 1, zero padding 1 */
    void (*experts)(struct m6_backend *, struct m6_mat y, struct m6_mat x, const struct m6_experts *e,
                    const int32_t *index, const float *gate, int active); /* y += ; index, gate: rows × active; a
                                                         row's experts differ; index < 0: none (dropped) */

    /* rows */
    void (*layer_norm)(struct m6_backend *, struct m6_mat y, struct m6_mat x, const float *gain, const float *bias,
                       float eps);
    void (*rms_norm)(struct m6_backend *, struct m6_mat y, struct m6_mat x, const float *gain, float eps);
    void (*group_norm)(struct m6_backend *, struct m6_mat y, struct m6_mat x, int n, int groups, const float *gain,
                       const float *bias, float eps); /* x is n pictures of rows/n positions */
    void (*activate)(struct m6_backend *, struct m6_mat y, struct m6_mat x, enum m6_act act);
    void (*gated)(struct m6_backend *, struct m6_mat y, struct m6_mat gate, struct m6_mat up,
                  enum m6_act act); /* y = act(gate) * up */
    void (*add)(struct m6_backend *, struct m6_mat y, struct m6_mat a, struct m6_mat b);
    void (*mix)(struct m6_backend *, struct m6_mat y, float p, struct m6_mat a, float q,
                struct m6_mat b);                                      /* y = p·a + q·b (guidance) */
    void (*embed)(struct m6_backend *, struct m6_mat y, const float *table, const int32_t *id,
                  int accumulate); /* row r takes table[id[r]*cols …]; an id < 0 adds nothing (or zeros) */
    /* in place; pairs are (i, i + head_dim/2) of a head, turned by position·theta^(-2i/head_dim) */
    void (*rope)(struct m6_backend *, struct m6_mat x, const int32_t *position, int heads, int head_dim, float theta);
    void (*softmax)(struct m6_backend *, struct m6_mat y, struct m6_mat x);

    /* pictures */
    void (*space_to_depth)(struct m6_backend *, struct m6_mat y, struct m6_mat x, int n, int h, int w,
                           int block); /* n*h*w rows of c → n*(h/b)*(w/b) rows of b*b*c, ordered (dy, dx, c) */
    void (*depth_to_space)(struct m6_backend *, struct m6_mat y, struct m6_mat x, int n, int h, int w,
                           int block); /* the inverse; h, w are those of x */
    void (*upsample2)(struct m6_backend *, struct m6_mat y, struct m6_mat x, int n, int h, int w); /* nearest */

    /* attention: scale is applied to q·k; heads may be a multiple of the cache's kv_heads */
    void (*kv_write)(struct m6_backend *, const struct m6_kv *kv, struct m6_mat k, struct m6_mat v,
                     const int32_t *slot);
    void (*attention)(struct m6_backend *, struct m6_mat y, struct m6_mat q, const struct m6_kv *kv, int heads,
                      float scale, const struct m6_span *span, int spans);

    /* choice: top-1 in each of `groups` equal groups of logits; gate is the softmax within its group */
    void (*route_prototypes)(struct m6_backend *, struct m6_mat logits, int groups, int32_t *index, float *gate);
    /* softmax over all, then the `active` best, renormalised if asked */
    void (*route_top_k)(struct m6_backend *, struct m6_mat logits, int active, int renormalise, int32_t *index,
                        float *gate);
    void (*sample)(struct m6_backend *, struct m6_mat logits, const struct m6_sample *how, int32_t *id);
};

struct m6_backend {
    const struct m6_ops *ops;
    const char *name; /* "cpu" */
    const char *isa;  /* what was chosen: "c", "avx2", "avx512", "avx512bf16" */
    int head_max, group_max; /* attend: the widest head, and the most query heads that share a key head */
    void *impl;
};

/* The CPU backend. isa_mask, for tests: the best instruction set allowed ("c", "avx2", "avx512", "avx512bf16"), NULL
 * for the best there is (or what the environment variable M6_ISA allows). threads as in m6_pool_create. */
struct m6_backend *m6_cpu_create(int threads, const char *isa_mask, struct m6_error *err);
void m6_cpu_destroy(struct m6_backend *);
struct m6_pool *m6_cpu_pool(struct m6_backend *);

#endif
