/* What a set of instructions provides for matrix products. Private to engine/cpu.
 *
 * Packed operands are made of 32-bit units along k: one FP32 value, or a pair of BF16 values (2u,
 * 2u+1), or for 8-bit weights a pair of 16-bit activations against a pair of 8-bit weights. An odd
 * k is padded with zero. A  rows of units, each row contiguous. B  panels of 64 columns: unit u of
 * a panel is 64 units side by side (64 byte pairs for 8-bit weights); columns past the last are
 * zero. So the same tile serves one row and thousands, and every element of C gets the same chain
 * of sums.
 */
#ifndef M6_CPU_GEMM_KERNELS_H
#define M6_CPU_GEMM_KERNELS_H

#include "cpu/gemm.h"

enum { M6_TILE_ROWS = 6, M6_PANEL = 64 };

/* C[rows × 16·vectors] = (load ? C : 0) + A·B over `units` units. rows is 1 … 6, vectors 1 … 4. A's
 * row stride is in units. C is FP32, or int32 for 8-bit weights. */
typedef void (*m6_tile_fn)(int rows, int vectors, int units, const void *a, size_t a_stride,
                           const void *b, float *c, size_t c_stride, int load);

/* One row's n sums, and what becomes of them on their way to c. Pointers are at the first column.
 */
struct m6_finish {
    const float *bias, *residual;
    const float *weight_scale; /* 8-bit weights: the sums are int32, times input_scale times this */
    float input_scale;
    float row_scale; /* with accumulate */
    int accumulate;
    enum m6_act act;
};

struct m6_gemm_kernels {
    const char *isa;
    m6_tile_fn tile_f32, tile_bf16, tile_i8;
    void (*finish)(float *c, const float *sums, int n, const struct m6_finish *f);

    /* Multiplies and adds in registers alone, `rounds` times over; returns the operations done, and
     * leaves something that depends on them in *sink. What a core can do at most. NULL where nobody
     * asks. */
    double (*burn_f32)(long rounds, float *sink);
    double (*burn_bf16)(long rounds, float *sink);

    /* packing */
    void (*to_bf16)(uint16_t *to, const float *from, int n);
    void (*to_i16)(int16_t *to, const float *from, int n, float scale); /* round(from·scale) */
    float (*largest)(const float *x, int n);                            /* max |x| */
    /* Unit u of 64 lanes from rows 2u and 2u+1 (BF16) or row u (F32); lanes past `lanes` are zero.
     */
    void (*units_bf16)(uint32_t *to, const float *const *row, int units, int lanes);
    void (*units_f32)(uint32_t *to, const float *const *row, int units, int lanes);
    void (*transpose)(uint32_t *to, size_t to_stride, const uint32_t *from,
                      size_t from_stride); /* 16×16 */
};

/* A packed weight: for 8-bit ones the scales (out rounded up to whole panels), then the panels. */
static inline size_t m6_weight_scale_bytes(const struct m6_weight *w)
{
    return w->type == M6_I8 ? (size_t)(w->out + M6_PANEL - 1) / M6_PANEL * M6_PANEL * sizeof(float)
                            : 0;
}

static inline const void *m6_weight_panels(const struct m6_weight *w)
{
    return (const char *)w->packed + m6_weight_scale_bytes(w);
}

extern const struct m6_gemm_kernels m6_gemm_c, m6_gemm_avx2, m6_gemm_avx512, m6_gemm_avx512bf16;

#endif
