/* Packing with AVX-512; GEMM_BF16 says whether the processor rounds to BF16 itself. (Its
 * instruction takes subnormal inputs for zero; the portable rounding does not.) */
#include "cpu/gemm_kernels.h"

#include <immintrin.h>

static inline __m256i round_bf16(__m512 x)
{
#ifdef GEMM_BF16
    return (__m256i)_mm512_cvtneps_pbh(x);
#else
    const __m512i u = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
    const __m512i up = _mm512_add_epi32(_mm512_add_epi32(u, _mm512_set1_epi32(0x7fff)), odd);
    const __m512i quiet = _mm512_or_si512(u, _mm512_set1_epi32(0x400000));
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_mask_blend_epi32(nan, up, quiet), 16));
#endif
}

static void to_bf16(uint16_t *to, const float *from, int n)
{
    int i = 0;
#ifdef GEMM_BF16
    for (; i + 32 <= n; i += 32) {
        const __m512bh v =
            _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + i + 16), _mm512_loadu_ps(from + i));
        _mm512_storeu_si512(to + i, (__m512i)v);
    }
#endif
    for (; i + 16 <= n; i += 16)
        _mm256_storeu_si256((__m256i *)(void *)(to + i), round_bf16(_mm512_loadu_ps(from + i)));
    if (i < n) {
        const __mmask16 rest = (__mmask16)((1u << (n - i)) - 1);
        _mm256_mask_storeu_epi16(to + i, rest, round_bf16(_mm512_maskz_loadu_ps(rest, from + i)));
    }
}

static void to_i16(int16_t *to, const float *from, int n, float scale)
{
    const __m512 s = _mm512_set1_ps(scale);
    for (int i = 0; i < n; i += 16) {
        const __mmask16 lanes = (__mmask16)(n - i < 16 ? (1u << (n - i)) - 1 : 0xffffu);
        const __m512 x = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, from + i), s);
        _mm256_mask_storeu_epi16(to + i, lanes, _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(x)));
    }
}

static float largest(const float *x, int n)
{
    __m512 most = _mm512_setzero_ps();
    for (int i = 0; i < n; i += 16) {
        const __mmask16 lanes = (__mmask16)(n - i < 16 ? (1u << (n - i)) - 1 : 0xffffu);
        most = _mm512_max_ps(most, _mm512_abs_ps(_mm512_maskz_loadu_ps(lanes, x + i)));
    }
    return _mm512_reduce_max_ps(most);
}

/* Sixteen units: low and high side by side. */
static inline __m512i pair16(__m512 low, __m512 high)
{
#ifdef GEMM_BF16
    const __m512i both = (__m512i)_mm512_cvtne2ps_pbh(high, low);
    const __m512i order =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, both);
#else
    const __m512i l = _mm512_cvtepu16_epi32(round_bf16(low)),
                  h = _mm512_cvtepu16_epi32(round_bf16(high));
    return _mm512_or_si512(l, _mm512_slli_epi32(h, 16));
#endif
}

static inline __mmask16 lanes_from(int lanes, int i)
{
    return (__mmask16)(lanes >= i + 16 ? 0xffffu : lanes <= i ? 0u : (1u << (lanes - i)) - 1);
}

static void units_bf16(uint32_t *to, const float *const *row, int units, int lanes)
{
    for (int u = 0; u < units; u++, to += M6_PANEL) {
        const float *const low = row[2 * u], *const high = row[2 * u + 1];
        for (int i = 0; i < M6_PANEL && lanes == M6_PANEL; i += 16)
            _mm512_storeu_si512(to + i,
                                pair16(_mm512_loadu_ps(low + i), _mm512_loadu_ps(high + i)));
        for (int i = 0; i < M6_PANEL && lanes < M6_PANEL; i += 16) {
            const __mmask16 m = lanes_from(lanes, i);
            _mm512_storeu_si512(to + i, pair16(_mm512_maskz_loadu_ps(m, low + i),
                                               _mm512_maskz_loadu_ps(m, high + i)));
        }
    }
}

static void units_f32(uint32_t *to, const float *const *row, int units, int lanes)
{
    for (int u = 0; u < units; u++, to += M6_PANEL) {
        for (int i = 0; i < M6_PANEL; i += 16)
            _mm512_storeu_ps(to + i, _mm512_maskz_loadu_ps(lanes_from(lanes, i), row[u] + i));
    }
}

/* Four rounds, each of which swaps one bit of the row number with one bit of the column number. */
static void transpose(uint32_t *to, size_t to_stride, const uint32_t *from, size_t from_stride)
{
    __m512i r[16], t[16];
    for (size_t i = 0; i < 16; i++)
        r[i] = _mm512_loadu_si512(from + i * from_stride);
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
    for (int i = 0; i < 8; i++) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    }
    for (size_t i = 0; i < 16; i++)
        _mm512_storeu_si512(to + i * to_stride, r[i]);
}
