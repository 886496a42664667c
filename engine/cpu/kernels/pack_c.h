/* Packing in plain C, for the sets of instructions that have nothing better. */
#include "core/bf16.h"
#include "cpu/gemm_kernels.h"

#include <math.h>
#include <string.h>

static void to_bf16(uint16_t *to, const float *from, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = m6_bf16_from_float(from[i]);
}

static void to_i16(int16_t *to, const float *from, int n, float scale)
{
    for (int i = 0; i < n; i++)
        to[i] = (int16_t)lrintf(from[i] * scale);
}

static float largest(const float *x, int n)
{
    float most = 0;
    for (int i = 0; i < n; i++)
        most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    return most;
}

static void units_bf16(uint32_t *to, const float *const *row, int units, int lanes)
{
    for (int u = 0; u < units; u++, to += M6_PANEL) {
        const float *const low = row[2 * u], *const high = row[2 * u + 1];
        for (int i = 0; i < lanes; i++)
            to[i] = m6_bf16_from_float(low[i]) | (uint32_t)m6_bf16_from_float(high[i]) << 16;
        memset(to + lanes, 0, (size_t)(M6_PANEL - lanes) * sizeof *to);
    }
}

static void units_f32(uint32_t *to, const float *const *row, int units, int lanes)
{
    for (int u = 0; u < units; u++, to += M6_PANEL) {
        memcpy(to, row[u], (size_t)lanes * sizeof *to);
        memset(to + lanes, 0, (size_t)(M6_PANEL - lanes) * sizeof *to);
    }
}

static void transpose(uint32_t *to, size_t to_stride, const uint32_t *from, size_t from_stride)
{
    for (size_t i = 0; i < 16; i++) {
        for (size_t j = 0; j < 16; j++)
            to[j * to_stride + i] = from[i * from_stride + j];
    }
}
