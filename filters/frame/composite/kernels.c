#include "exact.h"

#include "kernels.h"

#include <string.h>

#if defined(__clang__)
typedef uint8_t bytes __attribute__((vector_size(16)));
typedef uint16_t words __attribute__((vector_size(32)));
#endif

/* 8-bit samples take 8 bits of a weight: at most half a code value off, in 16-bit arithmetic. */
void mix8(uint8_t *restrict dst, const uint8_t *restrict src, size_t n, uint32_t weight)
{
    const uint16_t w = (uint16_t)((weight + 128) >> 8), rest = (uint16_t)(256 - w);
    if (w == 256) {
        memcpy(dst, src, n);
        return;
    }
    size_t i = 0;
#if defined(__clang__)
    /* Left to itself clang takes 32 bits for each. */
    for (bytes a, b; i + sizeof a <= n; i += sizeof a) {
        memcpy(&a, dst + i, sizeof a);
        memcpy(&b, src + i, sizeof b);
        const words d = __builtin_convertvector(a, words), s = __builtin_convertvector(b, words);
        a = __builtin_convertvector((d * rest + s * w + 128) >> 8, bytes);
        memcpy(dst + i, &a, sizeof a);
    }
#endif
    for (; i < n; i++)
        dst[i] = (uint8_t)((uint16_t)(dst[i] * rest + src[i] * w + 128) >> 8);
}

void mix8_each(uint8_t *restrict dst, const uint8_t *restrict src, size_t n, const uint16_t *restrict weights)
{
    for (size_t i = 0; i < n; i++) {
        const uint16_t w = (uint16_t)((weights[i] >> 8) + (weights[i] >> 7 & 1)), rest = (uint16_t)(256 - w);
        dst[i] = (uint8_t)((uint16_t)((uint16_t)(dst[i] * rest) + (uint16_t)(src[i] * w) + 128) >> 8);
    }
}

/* 65535 · 65536 + 32768 is less than 2^32. */
void mix16(uint16_t *restrict dst, const uint16_t *restrict src, size_t n, uint32_t weight, int shift)
{
    const uint32_t rest = WEIGHT_ONE - weight;
    if (weight == WEIGHT_ONE) {
        memcpy(dst, src, n * sizeof *dst);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const uint32_t d = dst[i] >> shift, s = src[i] >> shift;
        dst[i] = (uint16_t)((d * rest + s * weight + 32768) >> 16 << shift);
    }
}

void mix16_each(uint16_t *restrict dst, const uint16_t *restrict src, size_t n, const uint16_t *restrict weights,
                int shift)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t w = weight_unpack(weights[i]), d = dst[i] >> shift, s = src[i] >> shift;
        dst[i] = (uint16_t)((d * (WEIGHT_ONE - w) + s * w + 32768) >> 16 << shift);
    }
}
