/* What the files of grad_f64 share. Loops are written for the reader: this is what the others are measured by. */
#ifndef M6_TRAIN_GRAD_F64_H
#define M6_TRAIN_GRAD_F64_H

#include "train/grad_ops.h"

struct m6_grad_f64 {
    struct m6_grad_backend base;
    struct m6_pool *pool;
};

static inline void m6_grad_f64_put(double *to, int add, double value)
{
    *to = add ? *to + value : value;
}

/* The parts of the table, by file. */
void m6_grad_f64_add(struct m6_grad_backend *, void *y, const void *a, const void *b, size_t n);
void m6_grad_f64_gelu(struct m6_grad_backend *, void *y, const void *x, size_t n);
void m6_grad_f64_gelu_back(struct m6_grad_backend *, struct m6_grad_dst, const void *dy, const void *x, size_t n);
void m6_grad_f64_layer_norm(struct m6_grad_backend *, void *y, void *stats, const void *x, const void *gain,
                            const void *bias, float eps, int rows, int cols);
void m6_grad_f64_layer_norm_back(struct m6_grad_backend *, struct m6_grad_dst dx, struct m6_grad_dst dgain,
                                 struct m6_grad_dst dbias, const void *dy, const void *stats, const void *x,
                                 const void *gain, int rows, int cols);
void m6_grad_f64_gather(struct m6_grad_backend *, void *y, const void *x, const int32_t *id, int rows, int cols);
void m6_grad_f64_scatter_add(struct m6_grad_backend *, void *dx, const void *dy, const int32_t *id, int rows,
                             int cols);
void m6_grad_f64_to_blocks(struct m6_grad_backend *, struct m6_grad_dst, const void *x, const struct m6_grad_blocks *);
void m6_grad_f64_from_blocks(struct m6_grad_backend *, struct m6_grad_dst, const void *x,
                             const struct m6_grad_blocks *);
void m6_grad_f64_mean_rows(struct m6_grad_backend *, void *y, const void *x, int rows, int cols, int group);
void m6_grad_f64_mean_rows_back(struct m6_grad_backend *, struct m6_grad_dst, const void *dy, int rows, int cols,
                                int group);

void m6_grad_f64_attention(struct m6_grad_backend *, void *y, void *prob, const void *qkv,
                           const struct m6_grad_attention *);
void m6_grad_f64_attention_back(struct m6_grad_backend *, struct m6_grad_dst, const void *dy, const void *prob,
                                const void *qkv, const struct m6_grad_attention *);

void m6_grad_f64_route(struct m6_grad_backend *, void *prob, void *gate, int32_t *index, const void *logits, int rows,
                       int experts, int groups);
void m6_grad_f64_route_back(struct m6_grad_backend *, void *dlogits, const void *dgate, const void *prob,
                            const struct m6_grad_route *);
void m6_grad_f64_combine(struct m6_grad_backend *, void *y, const void *out, const void *gate,
                         const struct m6_grad_route *);
void m6_grad_f64_combine_back(struct m6_grad_backend *, void *dout, void *dgate, const void *dy, const void *out,
                              const void *gate, const struct m6_grad_route *);

void m6_grad_f64_fsq(struct m6_grad_backend *, void *y, const void *x, const int *level, int32_t *code, int rows,
                     int cols);
void m6_grad_f64_fsq_back(struct m6_grad_backend *, struct m6_grad_dst, const void *dy, const void *x,
                          const int *level, int rows, int cols);
void m6_grad_f64_cross_entropy(struct m6_grad_backend *, void *loss, void *lse, const void *logits,
                               const struct m6_grad_loss *, double *correct);
void m6_grad_f64_cross_entropy_back(struct m6_grad_backend *, struct m6_grad_dst, const void *dloss, const void *lse,
                                    const void *logits, const struct m6_grad_loss *);
void m6_grad_f64_error(struct m6_grad_backend *, void *loss, const void *x, const void *target,
                       const struct m6_grad_loss *);
void m6_grad_f64_error_back(struct m6_grad_backend *, struct m6_grad_dst, const void *dloss, const void *x,
                            const void *target, const struct m6_grad_loss *);

#endif
