/* Sixteen FP32 lanes, and the exponential family on them.
 *
 * The same sixteen lanes at every instruction set, so that one text of a kernel serves all and a
 * reduction has one layout. A file that includes this is compiled once a set, with VEC_AVX512 or
 * VEC_AVX2 defined, or neither for portable C. `n` in v_loadn and v_storen is 1 … 16 lanes; lanes
 * past it read as zero and are not touched in memory. v_sum and v_largest fold halves: 8+8, 4+4,
 * 2+2, 1+1; v_sums is V_TOGETHER sums at once, in an order of its own.
 */
#ifndef M6_CPU_KERNELS_VEC_H
#define M6_CPU_KERNELS_VEC_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "ops/ops.h"

#if defined(VEC_AVX512)
#include "cpu/kernels/vec_avx512.h"
#elif defined(VEC_AVX2)
#include "cpu/kernels/vec_avx2.h"
#else
#include "cpu/kernels/vec_c.h"
#endif

static inline vf v_zero(void)
{
    return v_set1(0.0f);
}

/* The first n lanes of a, then `rest`. */
static inline vf v_keep(vf a, int n, float rest)
{
    float lane[16];
    v_store(lane, a);
    for (int i = n; i < 16; i++)
        lane[i] = rest;
    return v_load(lane);
}

/* e^x within 2 ulp; exactly 1 at 0, exactly 0 from about -104 down, largest finite or infinite
 * above 88.7. Cody-Waite reduction to |r| <= ln2/2, then the Taylor polynomial of degree 7 (its
 * remainder there is below 2^-27). */
static inline vf v_exp(vf x)
{
    x = v_max(v_set1(-104.0f), v_min(v_set1(88.8f), x));
    const vf n = v_round(v_mul(x, v_set1(0x1.715476p+0f)));
    vf r = v_fma(n, v_set1(-0x1.62e4p-1f), x);
    r = v_fma(n, v_set1(-0x1.7f7d1cp-20f), r);
    vf p = v_set1(1.0f / 5040);
    p = v_fma(p, r, v_set1(1.0f / 720));
    p = v_fma(p, r, v_set1(1.0f / 120));
    p = v_fma(p, r, v_set1(1.0f / 24));
    p = v_fma(p, r, v_set1(1.0f / 6));
    p = v_fma(p, r, v_set1(0.5f));
    p = v_fma(p, r, v_set1(1.0f));
    p = v_fma(p, r, v_set1(1.0f));
    return v_scale2(p, n);
}

/* x·σ(x) */
static inline vf v_silu(vf x)
{
    return v_div(x, v_add(v_set1(1.0f), v_exp(v_sub(v_zero(), x))));
}

/* ½x(1 + tanh(√(2/π)(x + 0.044715x³))), which is x·σ of twice the argument */
static inline vf v_gelu(vf x)
{
    const vf cubic =
        v_fma(v_mul(x, x), v_set1(2 * 0.7978845608f * 0.044715f), v_set1(2 * 0.7978845608f));
    return v_div(x, v_add(v_set1(1.0f), v_exp(v_mul(v_sub(v_zero(), x), cubic))));
}

/* erf within 4e-7 (Abramowitz and Stegun 7.1.26, |error| < 1.5e-7 before rounding) */
static inline vf v_erf(vf x)
{
    const vf z = v_abs(x);
    const vf t = v_div(v_set1(1.0f), v_fma(z, v_set1(0.3275911f), v_set1(1.0f)));
    vf p = v_set1(1.061405429f);
    p = v_fma(p, t, v_set1(-1.453152027f));
    p = v_fma(p, t, v_set1(1.421413741f));
    p = v_fma(p, t, v_set1(-0.284496736f));
    p = v_fma(p, t, v_set1(0.254829592f));
    p = v_mul(p, t);
    return v_copysign(v_sub(v_set1(1.0f), v_mul(p, v_exp(v_sub(v_zero(), v_mul(z, z))))), x);
}

static inline vf v_gelu_erf(vf x)
{
    return v_mul(v_mul(v_set1(0.5f), x),
                 v_add(v_set1(1.0f), v_erf(v_mul(x, v_set1(0.7071067812f)))));
}

static inline vf v_activated(vf x, enum m6_act act)
{
    switch (act) {
    case M6_ACT_GELU:
        return v_gelu(x);
    case M6_ACT_GELU_ERF:
        return v_gelu_erf(x);
    case M6_ACT_SILU:
        return v_silu(x);
    case M6_ACT_NONE:
        break;
    }
    return x;
}

#endif
