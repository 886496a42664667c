/* Matrix products on a CPU: C[M×N] (+)= A[M×K] · B[K×N], FP32 in and out.
 *
 * The products themselves are in FP32, or in BF16 with FP32 sums (vdpbf16ps where the processor has
 * it). With 8-bit weights each row of A is scaled to integers of up to 16 bits, as many as K lets
 * an int32 sum hold (|q| <= min(32767, 2^31/(128·K))), and the sums are exact: no order matters,
 * and the rounding of the row is at most that of BF16 for its largest element. Both operands are
 * read through a description, so that transposes, 3×3 convolution windows and gathered rows cost
 * nothing but the packing that is done anyway.
 *
 * One accumulator runs over k = 0 … K-1 in order for every element of C, whatever M, N, tile or
 * thread.
 */
#ifndef M6_CPU_GEMM_H
#define M6_CPU_GEMM_H

#include "core/pool.h"
#include "ops/ops.h"

/* Element (r, c) of an operand. Plain: data[row(r)*row_stride + col(c)*col_stride], where row(r) is
 * r, or row_index[r] when that is given (row_index[r] < 0 reads zeros), and col(c) likewise. Window
 * (conv_c > 0): data is NHWC pictures of conv_h × conv_w × conv_c; r is a position (picture, y, x),
 * c is (ky, kx, channel), and the element is the pixel at (y+ky-1, x+kx-1), or 0 outside the
 * picture; row_stride is then the distance between pixels (0: conv_c) and the other fields are
 * ignored. Fast where either stride is 1 (and that side has no index), and for windows. */
struct m6_operand {
    const float *data;
    int64_t row_stride, col_stride;
    const int32_t *row_index;
    int conv_h, conv_w, conv_c;
    const int32_t *col_index;
};

struct m6_gemm {
    enum m6_type compute; /* M6_F32 or M6_BF16 */
    int m, n, k;
    struct m6_operand a; /* M×K */
    struct m6_operand b; /* K×N, ignored when packed is given */
    const struct m6_weight
        *packed; /* B = Wᵀ, packed ahead (N = out, K = in); compute is then its type */
    float *c;
    int64_t c_stride;
    const int32_t *c_row_index;  /* row r goes to c_row_index[r] (each at most once); NULL: r */
    const float *c_row_scale;    /* with accumulate: c += scale[r] * product; NULL: 1 */
    int accumulate;              /* c += what the epilogue yields, instead of c = */
    struct m6_epilogue epilogue; /* residual has c's stride and row order */
};

struct m6_gemm_kernels; /* one a set of instructions */
const struct m6_gemm_kernels *
m6_gemm_kernels_for(const char *isa); /* "c", "avx2", "avx512", "avx512bf16"; NULL if this
                                         processor lacks it */

/* Runs one product on the pool (NULL: on the caller). Scratch for packing belongs to the kernels'
 * caller: a struct m6_gemm_scratch kept for as long as products run, grown as needed. */
struct m6_gemm_scratch;
struct m6_gemm_scratch *m6_gemm_scratch_create(int threads);
void m6_gemm_scratch_destroy(struct m6_gemm_scratch *);
void m6_gemm_run(const struct m6_gemm_kernels *, struct m6_pool *, struct m6_gemm_scratch *,
                 const struct m6_gemm *);

/* Packs W (out × in) for use as `packed`. */
enum m6_status m6_gemm_pack(const struct m6_gemm_kernels *, struct m6_weight *w,
                            enum m6_type compute, int out, int in, const void *data,
                            enum m6_type type, const float *scale);
void m6_gemm_unpack(struct m6_weight *w); /* frees */

#endif
