/* Mixing rows: dst + (src − dst) · weight, rounded. */
#ifndef M6_COMPOSITE_KERNELS_H
#define M6_COMPOSITE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* A weight is a share of 65536. Rows of them are 16-bit, where 65535 stands for the whole. */
enum { WEIGHT_ONE = 65536 };
static inline uint32_t weight_unpack(uint16_t w)
{
    return (uint32_t)w + (w == 65535);
}
static inline uint16_t weight_pack(uint32_t w)
{
    return (uint16_t)(w > 65535 ? 65535 : w);
}
static inline uint32_t weight_product(uint32_t a, uint32_t b)
{
    return (uint32_t)(((uint64_t)a * b + 32768) >> 16);
}

/* n elements of 8 bits, or of 16 whose low `shift` bits are unused. */
void mix8(uint8_t *dst, const uint8_t *src, size_t n, uint32_t weight);
void mix8_each(uint8_t *dst, const uint8_t *src, size_t n, const uint16_t *weights);
void mix16(uint16_t *dst, const uint16_t *src, size_t n, uint32_t weight, int shift);
void mix16_each(uint16_t *dst, const uint16_t *src, size_t n, const uint16_t *weights, int shift);

#endif
