/* Stored weights to FP32: I8 with a scale a row, BF16, F32. */
#ifndef M6_FAMILIES_M6_DEQUANTISE_H
#define M6_FAMILIES_M6_DEQUANTISE_H

#include <stdint.h>
#include <string.h>

#include "core/bf16.h"
#include "ops/ops.h"

static inline void m6_dequantise(float *to, const void *from, enum m6_type type, const float *scale, int rows, int cols)
{
    const size_t n = (size_t)rows * (size_t)cols;
    if (type == M6_F32) {
        memcpy(to, from, n * sizeof *to);
    } else if (type == M6_BF16) {
        for (size_t i = 0; i < n; i++)
            to[i] = m6_bf16_to_float(((const uint16_t *)from)[i]);
    } else {
        const int8_t *q = from;
        for (int r = 0; r < rows; r++)
            for (int k = 0; k < cols; k++)
                *to++ = (float)*q++ * scale[r];
    }
}

#endif
