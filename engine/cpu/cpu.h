/* The CPU backend's parts. Private to engine/cpu. */
#ifndef M6_CPU_CPU_H
#define M6_CPU_CPU_H

#include "cpu/gemm.h"
#include "cpu/kernels/rows.h"

enum {
    M6_CPU_ALONE = 16 * 1024,     /* elements below which a row operation stays on the caller */
    M6_CPU_CANDIDATES = 1 << 19,  /* widest row that `sample` takes */
    M6_CPU_HIDDEN = 1 << 20,      /* floats of the experts' hidden activations, and of results that wait */
    M6_CPU_ASSIGNMENTS = 1 << 16, /* (row, expert) pairs that are sorted at a time */
    M6_CPU_GROUP_SUMS = 1 << 16,  /* partial sums of group_norm */
};

/* One thread's scratch; its pages come into being when they are used. */
struct m6_cpu_local {
    float *attend;
    float *weight; /* [M6_CPU_CANDIDATES] */
    int32_t *id;   /* [M6_CPU_CANDIDATES] */
};

struct m6_cpu {
    struct m6_backend base;
    struct m6_pool *pool;
    int threads;
    const struct m6_gemm_kernels *gemm;
    const struct m6_row_kernels *rows;
    struct m6_gemm_scratch *scratch;
    struct m6_cpu_local *local; /* [threads] */
    char *memory;
    float *hidden;       /* [M6_CPU_HIDDEN] */
    int32_t *row_list;   /* [M6_CPU_ASSIGNMENTS] */
    int32_t *place_list; /* [M6_CPU_ASSIGNMENTS]: where each is in the others */
    float *gate_list;    /* [M6_CPU_ASSIGNMENTS] */
    double *group_sums;  /* [M6_CPU_GROUP_SUMS] */
    struct {
        float theta;
        int head_dim;
        double turns[M6_ATTEND_HEAD / 2]; /* a position's turn of pair i */
    } rope;
};

static inline struct m6_cpu *m6_cpu_of(struct m6_backend *b)
{
    return b->impl;
}

static inline float *m6_row(struct m6_mat m, int r)
{
    return m.data + (int64_t)r * m.stride;
}

/* Calls fn for stretches of rows that together make 0 … rows-1, on the pool when the whole is worth
 * it. row_work is about how many elements a row touches. */
typedef void (*m6_rows_fn)(void *arg, int first, int end, int thread);
void m6_cpu_each(struct m6_cpu *cpu, int rows, int64_t row_work, m6_rows_fn fn, void *arg);

/* The operations, one file a subject. */
enum m6_status m6_cpu_weight_create(struct m6_backend *, struct m6_weight *w, enum m6_type compute,
                                    int out, int in, const void *data, enum m6_type type,
                                    const float *scale);
void m6_cpu_weight_destroy(struct m6_backend *, struct m6_weight *w);
void m6_cpu_matmul(struct m6_backend *, struct m6_mat y, struct m6_mat x, const struct m6_weight *w,
                   const struct m6_epilogue *e);
void m6_cpu_conv3x3(struct m6_backend *, struct m6_mat y, struct m6_mat x,
                    const struct m6_weight *w, int n, int h, int width,
                    const struct m6_epilogue *e);
void m6_cpu_experts(struct m6_backend *, struct m6_mat y, struct m6_mat x,
                    const struct m6_experts *e, const int32_t *index, const float *gate,
                    int active);

void m6_cpu_layer_norm(struct m6_backend *, struct m6_mat y, struct m6_mat x, const float *gain,
                       const float *bias, float eps);
void m6_cpu_rms_norm(struct m6_backend *, struct m6_mat y, struct m6_mat x, const float *gain,
                     float eps);
void m6_cpu_group_norm(struct m6_backend *, struct m6_mat y, struct m6_mat x, int n, int groups,
                       const float *gain, const float *bias, float eps);
void m6_cpu_activate(struct m6_backend *, struct m6_mat y, struct m6_mat x, enum m6_act act);
void m6_cpu_gated(struct m6_backend *, struct m6_mat y, struct m6_mat gate, struct m6_mat up,
                  enum m6_act act);
void m6_cpu_add(struct m6_backend *, struct m6_mat y, struct m6_mat a, struct m6_mat b);
void m6_cpu_mix(struct m6_backend *, struct m6_mat y, float p, struct m6_mat a, float q,
                struct m6_mat b);
void m6_cpu_embed(struct m6_backend *, struct m6_mat y, const float *table, const int32_t *id,
                  int accumulate);
void m6_cpu_rope(struct m6_backend *, struct m6_mat x, const int32_t *position, int heads,
                 int head_dim, float theta);
void m6_cpu_softmax(struct m6_backend *, struct m6_mat y, struct m6_mat x);

void m6_cpu_space_to_depth(struct m6_backend *, struct m6_mat y, struct m6_mat x, int n, int h,
                           int w, int block);
void m6_cpu_depth_to_space(struct m6_backend *, struct m6_mat y, struct m6_mat x, int n, int h,
                           int w, int block);
void m6_cpu_upsample2(struct m6_backend *, struct m6_mat y, struct m6_mat x, int n, int h, int w);

void m6_cpu_kv_write(struct m6_backend *, const struct m6_kv *kv, struct m6_mat k, struct m6_mat v,
                     const int32_t *slot);
void m6_cpu_attention(struct m6_backend *, struct m6_mat y, struct m6_mat q, const struct m6_kv *kv,
                      int heads, float scale, const struct m6_span *span, int spans);

void m6_cpu_route_prototypes(struct m6_backend *, struct m6_mat logits, int groups, int32_t *index,
                             float *gate);
void m6_cpu_route_top_k(struct m6_backend *, struct m6_mat logits, int active, int renormalise,
                        int32_t *index, float *gate);
void m6_cpu_sample(struct m6_backend *, struct m6_mat logits, const struct m6_sample *how,
                   int32_t *id);

#endif
