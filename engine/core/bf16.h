/* Conversions between FP32 and the 16-bit formats, round to nearest even. A NaN stays a (quiet)
 * NaN. */
#ifndef M6_CORE_BF16_H
#define M6_CORE_BF16_H

#include <stdint.h>
#include <string.h>

static inline uint32_t m6_float_bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float m6_bits_float(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static inline uint16_t m6_bf16_from_float(float x)
{
    const uint32_t u = m6_float_bits(x);
    if ((u & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(u >> 16 | 0x40u);
    return (uint16_t)((u + 0x7fffu + (u >> 16 & 1u)) >> 16);
}

static inline float m6_bf16_to_float(uint16_t h)
{
    return m6_bits_float((uint32_t)h << 16);
}

static inline uint16_t m6_f16_from_float(float x)
{
    const uint32_t u = m6_float_bits(x), sign = u >> 16 & 0x8000u, magnitude = u & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u | (magnitude >> 13 & 0x3ffu));
    if (magnitude >= 0x477ff000u) /* rounds to 65536 or more */
        return (uint16_t)(sign | 0x7c00u);
    if (magnitude >= 0x38800000u) { /* normal: rebias the exponent and round the mantissa */
        const uint32_t m = magnitude - 0x38000000u;
        return (uint16_t)(sign | (m + 0xfffu + (m >> 13 & 1u)) >> 13);
    }
    if (magnitude < 0x33000000u) /* below half of the least subnormal */
        return (uint16_t)sign;
    const uint32_t mantissa = (magnitude & 0x7fffffu) | 0x800000u, shift = 126u - (magnitude >> 23);
    const uint32_t half = 1u << (shift - 1), low = mantissa & ((half << 1) - 1);
    uint32_t q = mantissa >> shift;
    q += low > half || (low == half && (q & 1u));
    return (uint16_t)(sign | q);
}

static inline float m6_f16_to_float(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = h >> 10 & 0x1fu,
                   mantissa = h & 0x3ffu;
    if (exponent == 31)
        return m6_bits_float(sign | 0x7f800000u | mantissa << 13 | (mantissa ? 0x400000u : 0u));
    if (exponent)
        return m6_bits_float(sign | (exponent + 112u) << 23 | mantissa << 13);
    const float subnormal = (float)mantissa * 0x1p-24f;
    return sign ? -subnormal : subnormal;
}

#endif
