/* Matrix products with AVX2 and FMA. A tile is worked in slices of 6 × 16: twelve accumulators.
 * BF16 is widened by a shift, so a pair is two FMAs in order. */
#define VEC_AVX2
#include "cpu/kernels/gemm_finish.h"
#include "cpu/kernels/pack_c.h"

#define INLINE static inline __attribute__((always_inline))

INLINE void begin(__m256 sum[][2], int rows, const float *c, size_t c_stride, int load)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < 2; j++)
            sum[i][j] =
                load ? _mm256_loadu_ps(c + (size_t)i * c_stride + 8 * j) : _mm256_setzero_ps();
    }
}

INLINE void end(__m256 sum[][2], int rows, float *c, size_t c_stride)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < 2; j++)
            _mm256_storeu_ps(c + (size_t)i * c_stride + 8 * j, sum[i][j]);
    }
}

INLINE void slice_f32(const int rows, int units, const void *a, size_t a_stride, const void *b,
                      float *c, size_t c_stride, int load)
{
    const float *row = a, *panel = b;
    __m256 sum[M6_TILE_ROWS][2];
    begin(sum, rows, c, c_stride, load);
    for (int u = 0; u < units; u++, row++, panel += M6_PANEL) {
        const __m256 b0 = _mm256_loadu_ps(panel), b1 = _mm256_loadu_ps(panel + 8);
        for (int i = 0; i < rows; i++) {
            const __m256 x = _mm256_broadcast_ss(row + (size_t)i * a_stride);
            sum[i][0] = _mm256_fmadd_ps(x, b0, sum[i][0]);
            sum[i][1] = _mm256_fmadd_ps(x, b1, sum[i][1]);
        }
    }
    end(sum, rows, c, c_stride);
}

INLINE __m256 low_half(__m256i pair)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(pair, 16));
}

INLINE __m256 high_half(__m256i pair)
{
    return _mm256_castsi256_ps(_mm256_and_si256(pair, _mm256_set1_epi32((int)0xffff0000)));
}

INLINE void slice_bf16(const int rows, int units, const void *a, size_t a_stride, const void *b,
                       float *c, size_t c_stride, int load)
{
    const uint32_t *row = a, *panel = b;
    __m256 sum[M6_TILE_ROWS][2];
    begin(sum, rows, c, c_stride, load);
    for (int u = 0; u < units; u++, row++, panel += M6_PANEL) {
        for (int j = 0; j < 2; j++) {
            const __m256i pair = _mm256_loadu_si256((const __m256i *)(const void *)(panel + 8 * j));
            const __m256 low = low_half(pair), high = high_half(pair);
            for (int i = 0; i < rows; i++) {
                const __m256i x = _mm256_set1_epi32((int)row[(size_t)i * a_stride]);
                sum[i][j] = _mm256_fmadd_ps(low_half(x), low, sum[i][j]);
                sum[i][j] = _mm256_fmadd_ps(high_half(x), high, sum[i][j]);
            }
        }
    }
    end(sum, rows, c, c_stride);
}

INLINE void slice_i8(const int rows, int units, const void *a, size_t a_stride, const void *b,
                     float *c, size_t c_stride, int load)
{
    const uint32_t *row = a;
    const int8_t *panel = b;
    __m256 sum[M6_TILE_ROWS][2];
    begin(sum, rows, c, c_stride, load);
    for (int u = 0; u < units; u++, row++, panel += 2 * M6_PANEL) {
        for (int j = 0; j < 2; j++) {
            const __m256i w = _mm256_cvtepi8_epi16(
                _mm_loadu_si128((const __m128i *)(const void *)(panel + 16 * j)));
            for (int i = 0; i < rows; i++) {
                const __m256i x = _mm256_set1_epi32((int)row[(size_t)i * a_stride]);
                sum[i][j] = _mm256_castsi256_ps(
                    _mm256_add_epi32(_mm256_castps_si256(sum[i][j]), _mm256_madd_epi16(x, w)));
            }
        }
    }
    end(sum, rows, c, c_stride);
}

INLINE double burn(long rounds, float *sink, const int pairs)
{
    enum { CHAINS = 12 };
    __m256 sum[CHAINS];
    const __m256 x = _mm256_set1_ps(1e-3f);
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm256_set1_ps((float)i);
    for (long r = 0; r < rounds; r++) {
        for (int i = 0; i < CHAINS; i++)
            sum[i] = _mm256_fmadd_ps(x, x, sum[i]);
        for (int i = 0; i < CHAINS && pairs; i++)
            sum[i] = _mm256_fmadd_ps(x, x, sum[i]);
    }
    for (int i = 1; i < CHAINS; i++)
        sum[0] = _mm256_add_ps(sum[0], sum[i]);
    *sink = _mm256_cvtss_f32(sum[0]);
    return (pairs ? 4.0 : 2.0) * 8 * CHAINS * (double)rounds;
}

static double burn_f32(long rounds, float *sink)
{
    return burn(rounds, sink, 0);
}

static double burn_bf16(long rounds, float *sink)
{
    return burn(rounds, sink, 1);
}

/* A tile is its slices; bytes is what 16 columns of one unit of B take. */
#define TILE(name, slice, bytes)                                                                   \
    static void name(int rows, int vectors, int units, const void *a, size_t a_stride,             \
                     const void *b, float *c, size_t c_stride, int load)                           \
    {                                                                                              \
        for (int j = 0; j < vectors; j++, c += 16) {                                               \
            const void *const part = (const char *)b + (size_t)j * (bytes);                        \
            switch (rows) {                                                                        \
            case 1:                                                                                \
                slice(1, units, a, a_stride, part, c, c_stride, load);                             \
                break;                                                                             \
            case 2:                                                                                \
                slice(2, units, a, a_stride, part, c, c_stride, load);                             \
                break;                                                                             \
            case 3:                                                                                \
                slice(3, units, a, a_stride, part, c, c_stride, load);                             \
                break;                                                                             \
            case 4:                                                                                \
                slice(4, units, a, a_stride, part, c, c_stride, load);                             \
                break;                                                                             \
            case 5:                                                                                \
                slice(5, units, a, a_stride, part, c, c_stride, load);                             \
                break;                                                                             \
            default:                                                                               \
                slice(6, units, a, a_stride, part, c, c_stride, load);                             \
            }                                                                                      \
        }                                                                                          \
    }

TILE(tile_f32, slice_f32, 64)
TILE(tile_bf16, slice_bf16, 64)
TILE(tile_i8, slice_i8, 32)

const struct m6_gemm_kernels m6_gemm_avx2 = {
    .isa = "avx2",
    .tile_f32 = tile_f32,
    .tile_bf16 = tile_bf16,
    .tile_i8 = tile_i8,
    .finish = finish,
    .burn_f32 = burn_f32,
    .burn_bf16 = burn_bf16,
    .to_bf16 = to_bf16,
    .to_i16 = to_i16,
    .largest = largest,
    .units_bf16 = units_bf16,
    .units_f32 = units_f32,
    .transpose = transpose,
};
