/* Sixteen FP32 lanes in two AVX registers. See vec.h. */
#include <immintrin.h>

struct vec {
    __m256 lo, hi;
};
typedef struct vec vf;

#define V_BINARY(name, op)                                                                         \
    static inline vf name(vf a, vf b)                                                              \
    {                                                                                              \
        return (vf){op(a.lo, b.lo), op(a.hi, b.hi)};                                               \
    }

V_BINARY(v_add, _mm256_add_ps)
V_BINARY(v_sub, _mm256_sub_ps)
V_BINARY(v_mul, _mm256_mul_ps)
V_BINARY(v_div, _mm256_div_ps)
V_BINARY(v_max, _mm256_max_ps)
V_BINARY(v_min, _mm256_min_ps)

#undef V_BINARY

static inline vf v_set1(float x)
{
    const __m256 v = _mm256_set1_ps(x);
    return (vf){v, v};
}

static inline vf v_load(const float *p)
{
    return (vf){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}

static inline void v_store(float *p, vf a)
{
    _mm256_storeu_ps(p, a.lo);
    _mm256_storeu_ps(p + 8, a.hi);
}

/* A mask of the lanes first … first+7 that lie below n. */
static inline __m256i v_below(int n, int first)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n - first), lane);
}

static inline vf v_loadn(const float *p, int n)
{
    return (vf){_mm256_maskload_ps(p, v_below(n, 0)), _mm256_maskload_ps(p + 8, v_below(n, 8))};
}

static inline void v_storen(float *p, vf a, int n)
{
    _mm256_maskstore_ps(p, v_below(n, 0), a.lo);
    _mm256_maskstore_ps(p + 8, v_below(n, 8), a.hi);
}

static inline vf v_from_i32(const int32_t *p)
{
    return (vf){_mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)p)),
                _mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(p + 8)))};
}

static inline vf v_fma(vf a, vf b, vf c)
{
    return (vf){_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}

static inline vf v_abs(vf a)
{
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return (vf){_mm256_andnot_ps(sign, a.lo), _mm256_andnot_ps(sign, a.hi)};
}

static inline vf v_copysign(vf a, vf b)
{
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return (vf){_mm256_or_ps(_mm256_andnot_ps(sign, a.lo), _mm256_and_ps(sign, b.lo)),
                _mm256_or_ps(_mm256_andnot_ps(sign, a.hi), _mm256_and_ps(sign, b.hi))};
}

static inline vf v_sqrt(vf a)
{
    return (vf){_mm256_sqrt_ps(a.lo), _mm256_sqrt_ps(a.hi)};
}

static inline vf v_round(vf a)
{
    return (vf){_mm256_round_ps(a.lo, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
                _mm256_round_ps(a.hi, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}

static inline vf v_select_lt(vf a, vf b, vf then, vf otherwise)
{
    return (vf){_mm256_blendv_ps(otherwise.lo, then.lo, _mm256_cmp_ps(a.lo, b.lo, _CMP_LT_OQ)),
                _mm256_blendv_ps(otherwise.hi, then.hi, _mm256_cmp_ps(a.hi, b.hi, _CMP_LT_OQ))};
}

/* a·2^n in two factors, so that results below the normal range come out right. */
static inline __m256 v_scale2_half(__m256 a, __m256 n)
{
    const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
    const __m256i bias = _mm256_set1_epi32(127);
    const __m256i one = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    const __m256i two =
        _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(whole, half), bias), 23);
    return _mm256_mul_ps(_mm256_mul_ps(a, _mm256_castsi256_ps(one)), _mm256_castsi256_ps(two));
}

static inline vf v_scale2(vf a, vf n)
{
    return (vf){v_scale2_half(a.lo, n.lo), v_scale2_half(a.hi, n.hi)};
}

static inline float v_sum(vf a)
{
    const __m256 b = _mm256_add_ps(a.lo, a.hi);
    __m128 c = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
    c = _mm_add_ps(c, _mm_movehl_ps(c, c));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}

static inline float v_largest(vf a)
{
    const __m256 b = _mm256_max_ps(a.lo, a.hi);
    __m128 c = _mm_max_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
    c = _mm_max_ps(c, _mm_movehl_ps(c, c));
    return _mm_cvtss_f32(_mm_max_ss(c, _mm_movehdup_ps(c)));
}

enum { V_TOGETHER = 4 };

static inline void v_sums(float *to, const vf a[V_TOGETHER])
{
    for (int i = 0; i < V_TOGETHER; i++)
        to[i] = v_sum(a[i]);
}
