/* Matrix products with AVX-512, compiled twice: with GEMM_BF16 for processors that multiply BF16
 * pairs (vdpbf16ps) and 16-bit pairs (vpdpwssd) in one instruction, and without.
 *
 * The tile is 6 × 64: 24 accumulators, 4 registers of B, one of A. */
#define VEC_AVX512
#include "cpu/kernels/gemm_finish.h"

#define INLINE static inline __attribute__((always_inline))

INLINE __m512 f32_step(__m512 sum, const float *a, __m512 b)
{
    return _mm512_fmadd_ps(_mm512_set1_ps(*a), b, sum);
}

#ifdef GEMM_BF16
INLINE __m512 bf16_step(__m512 sum, const float *a, __m512 b)
{
    return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_ps(*a), (__m512bh)b);
}
#else
INLINE __m512 low_half(__m512 pair)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(pair), 16));
}

INLINE __m512 high_half(__m512 pair)
{
    return _mm512_castsi512_ps(
        _mm512_and_si512(_mm512_castps_si512(pair), _mm512_set1_epi32((int)0xffff0000)));
}

INLINE __m512 bf16_step(__m512 sum, const float *a, __m512 b)
{
    const __m512 x = _mm512_set1_ps(*a);
    sum = _mm512_fmadd_ps(low_half(x), low_half(b), sum);
    return _mm512_fmadd_ps(high_half(x), high_half(b), sum);
}
#endif

typedef __m512 (*step_fn)(__m512, const float *, __m512);

/* The panel is asked for some units ahead: it streams from the second cache while A stays in the
 * first. */
INLINE void prefetch(const char *b, const int bytes)
{
    for (int i = 0; i < bytes; i += 64)
        _mm_prefetch(b + i + 16 * bytes, _MM_HINT_T0);
}

/* A's rows are reached from two pointers and a stride, which fits the addressing modes. */
INLINE void tile(const int rows, const int vectors, int units, const float *a, size_t a_stride,
                 const float *b, float *c, size_t c_stride, int load, step_fn step)
{
    __m512 sum[M6_TILE_ROWS][4];
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < vectors; j++) {
            sum[i][j] =
                load ? _mm512_loadu_ps(c + (size_t)i * c_stride + 16 * j) : _mm512_setzero_ps();
            __builtin_prefetch(c + (size_t)i * c_stride + 16 * j, 1);
        }
    }
    const float *a3 = a + 3 * a_stride;
    for (int u = 0; u < units; u++, a++, a3++, b += M6_PANEL) {
        __m512 w[4];
        for (int j = 0; j < vectors; j++)
            w[j] = _mm512_loadu_ps(b + 16 * j);
        prefetch((const char *)b, 4 * M6_PANEL);
        for (int i = 0; i < rows; i++) {
            const float *x = i < 3 ? a + (size_t)i * a_stride : a3 + (size_t)(i - 3) * a_stride;
            for (int j = 0; j < vectors; j++)
                sum[i][j] = step(sum[i][j], x, w[j]);
        }
    }
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < vectors; j++)
            _mm512_storeu_ps(c + (size_t)i * c_stride + 16 * j, sum[i][j]);
    }
}

/* (Named in assembly because gcc 12 moves every accumulator of the intrinsic through memory.) */
INLINE __m512i i8_step(__m512i sum, int pair, __m512i w)
{
#ifdef GEMM_BF16
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(_mm512_set1_epi32(pair)), "v"(w));
    return sum;
#else
    return _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_set1_epi32(pair), w));
#endif
}

/* The same in integers. */
INLINE void tile_of_i8(const int rows, const int vectors, int units, const int *a, size_t a_stride,
                       const char *b, float *c, size_t c_stride, int load)
{
    __m512i sum[M6_TILE_ROWS][4];
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < vectors; j++)
            sum[i][j] = load ? _mm512_loadu_si512(c + (size_t)i * c_stride + 16 * j)
                             : _mm512_setzero_si512();
    }
    const int *a3 = a + 3 * a_stride;
    for (int u = 0; u < units; u++, a++, a3++, b += 2 * M6_PANEL) {
        __m512i w[4];
        for (int j = 0; j < vectors; j++)
            w[j] = _mm512_cvtepi8_epi16(
                _mm256_loadu_si256((const __m256i *)(const void *)(b + 32 * j)));
        prefetch(b, 2 * M6_PANEL);
        for (int i = 0; i < rows; i++) {
            const int pair = i < 3 ? a[(size_t)i * a_stride] : a3[(size_t)(i - 3) * a_stride];
            for (int j = 0; j < vectors; j++)
                sum[i][j] = i8_step(sum[i][j], pair, w[j]);
        }
    }
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < vectors; j++)
            _mm512_storeu_si512(c + (size_t)i * c_stride + 16 * j, sum[i][j]);
    }
}

INLINE double burn(long rounds, float *sink, step_fn step, double operations)
{
    enum { CHAINS = 16 };
    __m512 sum[CHAINS];
    const float x = 1e-3f;
    const __m512 y = _mm512_set1_ps(1e-3f);
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (long r = 0; r < rounds; r++) {
        for (int i = 0; i < CHAINS; i++)
            sum[i] = step(sum[i], &x, y);
    }
    for (int i = 1; i < CHAINS; i++)
        sum[0] = _mm512_add_ps(sum[0], sum[i]);
    *sink = _mm512_cvtss_f32(sum[0]);
    return operations * 16 * CHAINS * (double)rounds;
}

static double burn_f32(long rounds, float *sink)
{
    return burn(rounds, sink, f32_step, 2);
}

static double burn_bf16(long rounds, float *sink)
{
    return burn(rounds, sink, bf16_step, 4);
}

#define CASE(rows, vectors, body, ...)                                                             \
    case (rows)*8 + (vectors):                                                                     \
        body(rows, vectors, units, a, a_stride, b, c, c_stride, load __VA_OPT__(, ) __VA_ARGS__);  \
        break;
#define CASES(vectors, ...)                                                                        \
    CASE(1, vectors, __VA_ARGS__)                                                                  \
    CASE(2, vectors, __VA_ARGS__)                                                                  \
    CASE(3, vectors, __VA_ARGS__)                                                                  \
    CASE(4, vectors, __VA_ARGS__)                                                                  \
    CASE(5, vectors, __VA_ARGS__)                                                                  \
    CASE(6, vectors, __VA_ARGS__)
#define TILE(name, ...)                                                                            \
    static void name(int rows, int vectors, int units, const void *a, size_t a_stride,             \
                     const void *b, float *c, size_t c_stride, int load)                           \
    {                                                                                              \
        switch (rows * 8 + vectors) {                                                              \
            CASES(1, __VA_ARGS__)                                                                  \
            CASES(2, __VA_ARGS__)                                                                  \
            CASES(3, __VA_ARGS__)                                                                  \
            CASES(4, __VA_ARGS__)                                                                  \
        }                                                                                          \
    }

TILE(tile_f32, tile, f32_step)
TILE(tile_bf16, tile, bf16_step)
TILE(tile_i8, tile_of_i8)
