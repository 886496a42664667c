/* Sixteen FP32 lanes in one AVX-512 register. See vec.h. */
#include <immintrin.h>

typedef __m512 vf;

#define v_add _mm512_add_ps
#define v_sub _mm512_sub_ps
#define v_mul _mm512_mul_ps
#define v_div _mm512_div_ps
#define v_max _mm512_max_ps
#define v_min _mm512_min_ps
#define v_abs _mm512_abs_ps
#define v_sqrt _mm512_sqrt_ps
#define v_set1 _mm512_set1_ps
#define v_load _mm512_loadu_ps
#define v_store _mm512_storeu_ps
#define v_fma _mm512_fmadd_ps
#define v_scale2 _mm512_scalef_ps

static inline vf v_round(vf a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline __mmask16 v_first(int n)
{
    return (__mmask16)((1u << n) - 1);
}

static inline vf v_loadn(const float *p, int n)
{
    return _mm512_maskz_loadu_ps(v_first(n), p);
}

static inline void v_storen(float *p, vf a, int n)
{
    _mm512_mask_storeu_ps(p, v_first(n), a);
}

static inline vf v_from_i32(const int32_t *p)
{
    return _mm512_cvtepi32_ps(_mm512_loadu_si512(p));
}

static inline vf v_copysign(vf a, vf b)
{
    return _mm512_or_ps(_mm512_abs_ps(a), _mm512_and_ps(b, _mm512_set1_ps(-0.0f)));
}

static inline vf v_select_lt(vf a, vf b, vf then, vf otherwise)
{
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), otherwise, then);
}

static inline float v_sum(vf a)
{
    const __m256 b = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 c = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
    c = _mm_add_ps(c, _mm_movehl_ps(c, c));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}

static inline float v_largest(vf a)
{
    const __m256 b = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 c = _mm_max_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
    c = _mm_max_ps(c, _mm_movehl_ps(c, c));
    return _mm_cvtss_f32(_mm_max_ss(c, _mm_movehdup_ps(c)));
}

enum { V_TOGETHER = 8 };

/* to[i] = the sum of a[i]: pairs of registers are folded into one until one holds all eight. */
static inline void v_sums(float *to, const vf a[V_TOGETHER])
{
    const __m512i order = _mm512_setr_epi32(0, 1, 8, 9, 4, 5, 12, 13, 0, 0, 0, 0, 0, 0, 0, 0);
    vf b[4], c[2];
    for (int i = 0; i < 4; i++)
        b[i] = _mm512_add_ps(_mm512_shuffle_f32x4(a[i], a[i + 4], 0x44),
                             _mm512_shuffle_f32x4(a[i], a[i + 4], 0xee));
    for (int i = 0; i < 2; i++)
        c[i] = _mm512_add_ps(_mm512_shuffle_f32x4(b[i], b[i + 2], 0x88),
                             _mm512_shuffle_f32x4(b[i], b[i + 2], 0xdd));
    /* each 128-bit lane of c[i] holds four parts of one sum: i, i+4, i+2, i+6 */
    const vf d = _mm512_add_ps(_mm512_unpacklo_ps(c[0], c[1]), _mm512_unpackhi_ps(c[0], c[1]));
    const vf e = _mm512_add_ps(d, _mm512_permute_ps(d, 0x4e));
    _mm256_storeu_ps(to, _mm512_castps512_ps256(_mm512_permutexvar_ps(order, e)));
}
