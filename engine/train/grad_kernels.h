/* The trainer's row and element kernels, one table an instruction set. All run on the caller and on what it is given;
 * grad_cpu cuts the work. Sums run over sixteen lanes (cpu/kernels/vec.h) whatever the set. */
#ifndef M6_TRAIN_GRAD_KERNELS_H
#define M6_TRAIN_GRAD_KERNELS_H

#include <stddef.h>

/* One AdamW step's constants; the bias corrections are in step and the scale of v. */
struct m6_adamw {
    float beta1, beta2, eps;
    float scale;  /* of the gradient: clipping */
    float step;   /* lr / (1 - beta1^t) */
    float root;   /* 1 / √(1 - beta2^t) */
    float shrink; /* lr · weight decay */
};

struct m6_grad_kernels {
    void (*add)(float *y, const float *a, const float *b, size_t n);
    void (*scaled)(float *y, const float *x, float factor, int add, size_t n); /* y (+)= factor · x */
    void (*gelu)(float *y, const float *x, size_t n);
    void (*gelu_back)(float *dx, int add, const float *dy, const float *x, size_t n);
    void (*layer_norm)(float *y, float *stats, const float *x, const float *gain, const float *bias, float eps,
                       int rows, int cols);
    /* dgain and dbias are sums over these rows, stored; any of the three may be NULL */
    void (*layer_norm_back)(float *dx, int add, float *dgain, float *dbias, const float *dy, const float *stats,
                            const float *x, const float *gain, int rows, int cols);
    void (*column_sums)(float *sum, const float *x, int rows, int cols, size_t stride);

    /* In place over [rows][context]; causal: row i sees context - rows + i + 1 and the rest becomes 0. */
    void (*softmax)(float *s, int rows, int context, float scale, int causal);
    /* dp becomes scale · p ∘ (dp − Σ p·dp) */
    void (*softmax_back)(float *dp, const float *p, int rows, int context, float scale);
    /* Of one row. */
    float (*log_sum_exp)(const float *x, int n, float *largest, float *sum);
    void (*exp_minus)(float *dx, int add, const float *x, float lse, float minus, float scale, int n);
    float (*error)(const float *x, const float *target, int absolute, int n);
    void (*error_back)(float *dx, int add, const float *x, const float *target, int absolute, float scale, int n);
    float (*dot)(const float *a, const float *b, int n);

    /* optimizers */
    float (*sum_squares)(const float *x, size_t n);
    void (*adamw)(float *value, float *grad, float *m, float *v, size_t n, const struct m6_adamw *);
    void (*average)(float *mean, const float *x, float decay, size_t n);
};

extern const struct m6_grad_kernels m6_grad_kernels_c, m6_grad_kernels_avx2, m6_grad_kernels_avx512;

/* isa as in core/cpuinfo.h; NULL when that is not a name or this processor lacks it. */
const struct m6_grad_kernels *m6_grad_kernels_for(const char *isa);

#endif
