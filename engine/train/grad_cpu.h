/* What the files of grad_cpu share. */
#ifndef M6_TRAIN_GRAD_CPU_H
#define M6_TRAIN_GRAD_CPU_H

#include "cpu/gemm.h"
#include "train/grad_kernels.h"
#include "train/grad_ops.h"

struct m6_grad_buffer {
    void *data;
    size_t bytes;
};

struct m6_grad_cpu {
    struct m6_grad_backend base;
    struct m6_pool *pool;
    int threads;
    enum m6_type compute;
    const struct m6_gemm_kernels *gemm;
    const struct m6_grad_kernels *k;
    struct m6_gemm_scratch *shared; /* products that use the whole pool */
    struct m6_gemm_scratch **own;   /* [threads] products inside a task */
    struct m6_grad_buffer scratch;  /* one operation's */
    struct m6_grad_buffer *local;   /* [threads] one task's */
};

/* Sums over rows are taken in chunks of so many, then over chunks in order: on any number of threads the same. */
enum { M6_GRAD_CHUNK = 128 };

static inline struct m6_grad_cpu *m6_grad_cpu_of(struct m6_grad_backend *b)
{
    return (struct m6_grad_cpu *)b;
}

static inline int m6_grad_chunks(int64_t n, int64_t chunk)
{
    return (int)((n + chunk - 1) / chunk);
}

/* Memory that holds until the next call; NULL when there is none, which the backend remembers. */
void *m6_grad_cpu_scratch(struct m6_grad_cpu *, size_t bytes);
void *m6_grad_cpu_local(struct m6_grad_cpu *, int thread, size_t bytes);

/* The parts of the table, by file. */
void m6_grad_cpu_linear(struct m6_grad_backend *, void *y, const void *x, const void *w, const void *bias,
                        const void *residual, const struct m6_grad_linear *);
void m6_grad_cpu_linear_dx(struct m6_grad_backend *, struct m6_grad_dst, const void *dy, const void *w,
                           const struct m6_grad_linear *);
void m6_grad_cpu_linear_dw(struct m6_grad_backend *, struct m6_grad_dst, const void *dy, const void *x,
                           const struct m6_grad_linear *);
void m6_grad_cpu_conv(struct m6_grad_backend *, void *y, const void *x, const void *w, const void *bias,
                      const void *residual, const struct m6_grad_conv *);
void m6_grad_cpu_conv_dx(struct m6_grad_backend *, struct m6_grad_dst, const void *dy, const void *w,
                         const struct m6_grad_conv *);
void m6_grad_cpu_conv_dw(struct m6_grad_backend *, struct m6_grad_dst, const void *dy, const void *x,
                         const struct m6_grad_conv *);
void m6_grad_cpu_column_sums(struct m6_grad_backend *, struct m6_grad_dst, const void *x, int rows, int cols);

void m6_grad_cpu_copy(struct m6_grad_backend *, struct m6_grad_dst, int64_t to_stride, const void *from,
                      int64_t from_stride, int rows, int cols, float factor);
void m6_grad_cpu_add(struct m6_grad_backend *, void *y, const void *a, const void *b, size_t n);
void m6_grad_cpu_gelu(struct m6_grad_backend *, void *y, const void *x, size_t n);
void m6_grad_cpu_gelu_back(struct m6_grad_backend *, struct m6_grad_dst, const void *dy, const void *x, size_t n);
void m6_grad_cpu_layer_norm(struct m6_grad_backend *, void *y, void *stats, const void *x, const void *gain,
                            const void *bias, float eps, int rows, int cols);
void m6_grad_cpu_layer_norm_back(struct m6_grad_backend *, struct m6_grad_dst dx, struct m6_grad_dst dgain,
                                 struct m6_grad_dst dbias, const void *dy, const void *stats, const void *x,
                                 const void *gain, int rows, int cols);
void m6_grad_cpu_gather(struct m6_grad_backend *, void *y, const void *x, const int32_t *id, int rows, int cols);
void m6_grad_cpu_scatter_add(struct m6_grad_backend *, void *dx, const void *dy, const int32_t *id, int rows,
                             int cols);
void m6_grad_cpu_to_blocks(struct m6_grad_backend *, struct m6_grad_dst, const void *x, const struct m6_grad_blocks *);
void m6_grad_cpu_from_blocks(struct m6_grad_backend *, struct m6_grad_dst, const void *x,
                             const struct m6_grad_blocks *);
void m6_grad_cpu_mean_rows(struct m6_grad_backend *, void *y, const void *x, int rows, int cols, int group);
void m6_grad_cpu_mean_rows_back(struct m6_grad_backend *, struct m6_grad_dst, const void *dy, int rows, int cols,
                                int group);

void m6_grad_cpu_attention(struct m6_grad_backend *, void *y, void *prob, const void *qkv,
                           const struct m6_grad_attention *);
void m6_grad_cpu_attention_back(struct m6_grad_backend *, struct m6_grad_dst, const void *dy, const void *prob,
                                const void *qkv, const struct m6_grad_attention *);

void m6_grad_cpu_route(struct m6_grad_backend *, void *prob, void *gate, int32_t *index, const void *logits, int rows,
                       int experts, int groups);
void m6_grad_cpu_route_back(struct m6_grad_backend *, void *dlogits, const void *dgate, const void *prob,
                            const struct m6_grad_route *);
void m6_grad_cpu_combine(struct m6_grad_backend *, void *y, const void *out, const void *gate,
                         const struct m6_grad_route *);
void m6_grad_cpu_combine_back(struct m6_grad_backend *, void *dout, void *dgate, const void *dy, const void *out,
                              const void *gate, const struct m6_grad_route *);

void m6_grad_cpu_fsq(struct m6_grad_backend *, void *y, const void *x, const int *level, int32_t *code, int rows,
                     int cols);
void m6_grad_cpu_fsq_back(struct m6_grad_backend *, struct m6_grad_dst, const void *dy, const void *x,
                          const int *level, int rows, int cols);
void m6_grad_cpu_cross_entropy(struct m6_grad_backend *, void *loss, void *lse, const void *logits,
                               const struct m6_grad_loss *, double *correct);
void m6_grad_cpu_cross_entropy_back(struct m6_grad_backend *, struct m6_grad_dst, const void *dloss, const void *lse,
                                    const void *logits, const struct m6_grad_loss *);
void m6_grad_cpu_error(struct m6_grad_backend *, void *loss, const void *x, const void *target,
                       const struct m6_grad_loss *);
void m6_grad_cpu_error_back(struct m6_grad_backend *, struct m6_grad_dst, const void *dloss, const void *x,
                            const void *target, const struct m6_grad_loss *);

#endif
