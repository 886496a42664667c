/* Matrix products in portable C: the reference for the vector kernels. BF16 operands are rounded to
 * nearest even and summed in FP32, pair by pair in order. */
#include "cpu/kernels/gemm_finish.h"
#include "cpu/kernels/pack_c.h"

static void tile_f32(int rows, int vectors, int units, const void *a, size_t a_stride,
                     const void *b, float *c, size_t c_stride, int load)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < vectors * 16; j += 16) {
            const float *row = (const float *)a + (size_t)i * a_stride,
                        *panel = (const float *)b + j;
            float *const out = c + (size_t)i * c_stride + j, sum[16] = {0};
            if (load)
                memcpy(sum, out, sizeof sum);
            for (int u = 0; u < units; u++, panel += M6_PANEL) {
                for (int l = 0; l < 16; l++)
                    sum[l] += row[u] * panel[l];
            }
            memcpy(out, sum, sizeof sum);
        }
    }
}

static void tile_bf16(int rows, int vectors, int units, const void *a, size_t a_stride,
                      const void *b, float *c, size_t c_stride, int load)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < vectors * 16; j += 16) {
            const uint32_t *row = (const uint32_t *)a + (size_t)i * a_stride,
                           *panel = (const uint32_t *)b + j;
            float *const out = c + (size_t)i * c_stride + j, sum[16] = {0};
            if (load)
                memcpy(sum, out, sizeof sum);
            for (int u = 0; u < units; u++, panel += M6_PANEL) {
                const float low = m6_bits_float(row[u] << 16),
                            high = m6_bits_float(row[u] & 0xffff0000u);
                for (int l = 0; l < 16; l++) {
                    sum[l] += low * m6_bits_float(panel[l] << 16);
                    sum[l] += high * m6_bits_float(panel[l] & 0xffff0000u);
                }
            }
            memcpy(out, sum, sizeof sum);
        }
    }
}

static void tile_i8(int rows, int vectors, int units, const void *a, size_t a_stride, const void *b,
                    float *c, size_t c_stride, int load)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < vectors * 16; j += 16) {
            const int16_t *row = (const int16_t *)a + (size_t)i * a_stride * 2;
            const int8_t *panel = (const int8_t *)b + (size_t)j * 2;
            int32_t sum[16] = {0};
            float *const out = c + (size_t)i * c_stride + j;
            if (load)
                memcpy(sum, out, sizeof sum);
            for (int u = 0; u < units; u++, panel += M6_PANEL * 2) {
                for (int l = 0; l < 16; l++)
                    sum[l] += row[2 * u] * panel[2 * l] + row[2 * u + 1] * panel[2 * l + 1];
            }
            memcpy(out, sum, sizeof sum);
        }
    }
}

const struct m6_gemm_kernels m6_gemm_c = {
    .isa = "c",
    .tile_f32 = tile_f32,
    .tile_bf16 = tile_bf16,
    .tile_i8 = tile_i8,
    .finish = finish,
    .to_bf16 = to_bf16,
    .to_i16 = to_i16,
    .largest = largest,
    .units_bf16 = units_bf16,
    .units_f32 = units_f32,
    .transpose = transpose,
};
