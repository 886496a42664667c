/* Row operations, written once on sixteen lanes and compiled for each set of instructions. */
#include "cpu/kernels/rows.h"
#include "cpu/kernels/vec.h"

enum { LANES = 16, STRIDE = 64 };

static inline int lanes_left(int n, int i)
{
    return n - i < LANES ? n - i : LANES;
}

/* For a body that turns lanes i … i+lanes-1 into one vector: whole vectors first, then the rest. */
#define EACH_VECTOR(n)                                                                             \
    for (int i = 0, lanes = lanes_left(n, 0); i < (n); i += LANES, lanes = lanes_left(n, i))

static inline vf load(const float *p, int lanes)
{
    return lanes == LANES ? v_load(p) : v_loadn(p, lanes);
}

static inline void store(float *p, vf x, int lanes)
{
    if (lanes == LANES)
        v_store(p, x);
    else
        v_storen(p, x, lanes);
}

static inline float fold(const vf s[4])
{
    return v_sum(v_add(v_add(s[0], s[2]), v_add(s[1], s[3])));
}

static float row_sum(const float *x, int n)
{
    vf s[4] = {v_zero(), v_zero(), v_zero(), v_zero()};
    int i = 0;
    for (; i + STRIDE <= n; i += STRIDE) {
        for (int j = 0; j < 4; j++)
            s[j] = v_add(s[j], v_load(x + i + LANES * j));
    }
    for (int j = 0; i < n; i += LANES, j++)
        s[j] = v_add(s[j], load(x + i, lanes_left(n, i)));
    return fold(s);
}

/* Σ (x - mean)² */
static float row_squares(const float *x, int n, float mean)
{
    vf s[4] = {v_zero(), v_zero(), v_zero(), v_zero()};
    const vf m = v_set1(mean);
    int i = 0;
    for (; i + STRIDE <= n; i += STRIDE) {
        for (int j = 0; j < 4; j++) {
            const vf d = v_sub(v_load(x + i + LANES * j), m);
            s[j] = v_fma(d, d, s[j]);
        }
    }
    for (int j = 0; i < n; i += LANES, j++) {
        const int lanes = lanes_left(n, i);
        vf d = v_sub(load(x + i, lanes), m);
        if (lanes < LANES)
            d = v_keep(d, lanes, 0);
        s[j] = v_fma(d, d, s[j]);
    }
    return fold(s);
}

static void layer_norm(float *y, const float *x, int n, const float *gain, const float *bias,
                       float eps)
{
    const float mean = row_sum(x, n) / (float)n;
    const float inverse = 1.0f / sqrtf(row_squares(x, n, mean) / (float)n + eps);
    const vf m = v_set1(mean), s = v_set1(inverse);
    EACH_VECTOR(n)
    {
        vf v = v_mul(v_sub(load(x + i, lanes), m), s);
        if (gain)
            v = v_mul(v, load(gain + i, lanes));
        if (bias)
            v = v_add(v, load(bias + i, lanes));
        store(y + i, v, lanes);
    }
}

static void rms_norm(float *y, const float *x, int n, const float *gain, float eps)
{
    const vf s = v_set1(1.0f / sqrtf(row_squares(x, n, 0) / (float)n + eps));
    EACH_VECTOR(n)
    {
        vf v = v_mul(load(x + i, lanes), s);
        if (gain)
            v = v_mul(v, load(gain + i, lanes));
        store(y + i, v, lanes);
    }
}

static void activate(float *y, const float *x, int n, enum m6_act act)
{
    EACH_VECTOR(n)
    {
        store(y + i, v_activated(load(x + i, lanes), act), lanes);
    }
}

static void gated(float *y, const float *gate, const float *up, int n, enum m6_act act)
{
    EACH_VECTOR(n)
    {
        store(y + i, v_mul(v_activated(load(gate + i, lanes), act), load(up + i, lanes)), lanes);
    }
}

static void add(float *y, const float *a, const float *b, int n)
{
    EACH_VECTOR(n)
    {
        store(y + i, v_add(load(a + i, lanes), load(b + i, lanes)), lanes);
    }
}

static void mix(float *y, float p, const float *a, float q, const float *b, int n)
{
    const vf first = v_set1(p), second = v_set1(q);
    EACH_VECTOR(n)
    {
        store(y + i, v_fma(first, load(a + i, lanes), v_mul(second, load(b + i, lanes))), lanes);
    }
}

static float most(const float *x, int n)
{
    vf m = v_set1(-INFINITY);
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        m = v_max(m, v_load(x + i));
    if (i < n)
        m = v_max(m, v_keep(v_loadn(x + i, n - i), n - i, -INFINITY));
    return v_largest(m);
}

static void exponents(float *y, const float *x, int n, float largest, float scale)
{
    const vf m = v_set1(largest), s = v_set1(scale);
    EACH_VECTOR(n)
    {
        store(y + i, v_exp(v_mul(v_sub(load(x + i, lanes), m), s)), lanes);
    }
}

static void softmax(float *y, const float *x, int n)
{
    exponents(y, x, n, most(x, n), 1.0f);
    const vf s = v_set1(1.0f / row_sum(y, n));
    EACH_VECTOR(n)
    {
        store(y + i, v_mul(load(y + i, lanes), s), lanes);
    }
}

static void scale_shift(float *y, const float *x, int n, const float *multiplier,
                        const float *offset)
{
    EACH_VECTOR(n)
    {
        store(y + i,
              v_fma(load(x + i, lanes), load(multiplier + i, lanes), load(offset + i, lanes)),
              lanes);
    }
}

static void column_sums(double *sum, const float *x, int64_t stride, int rows, int n,
                        const float *mean, int power)
{
    EACH_VECTOR(n)
    {
        float column[LANES];
        vf s = v_zero();
        const vf m = load(mean + i, lanes);
        for (int r = 0; r < rows; r++) {
            const vf d = v_sub(load(x + r * stride + i, lanes), m);
            s = power == 1 ? v_add(s, d) : v_fma(d, d, s);
        }
        v_store(column, s);
        for (int l = 0; l < lanes; l++)
            sum[i + l] += (double)column[l];
    }
}

/* Within 2e-7. The angle is folded to an eighth of a turn around the nearest quarter, where Taylor
 * polynomials of degree 9 and 10 in 2πr end below 2^-28. */
static void turns(float *cosine, float *sine, const float *x, int n)
{
    const vf zero = v_zero(), half = v_set1(0.5f);
    EACH_VECTOR(n)
    {
        const vf t = load(x + i, lanes), quarter = v_round(v_mul(t, v_set1(4.0f)));
        const vf a = v_mul(v_fma(quarter, v_set1(-0.25f), t), v_set1(6.283185307f)),
                 a2 = v_mul(a, a);
        vf s = v_fma(a2, v_set1(1.0f / 362880), v_set1(-1.0f / 5040));
        s = v_fma(s, a2, v_set1(1.0f / 120));
        s = v_fma(s, a2, v_set1(-1.0f / 6));
        s = v_fma(v_mul(s, a2), a, a);
        vf c = v_fma(a2, v_set1(-1.0f / 3628800), v_set1(1.0f / 40320));
        c = v_fma(c, a2, v_set1(-1.0f / 720));
        c = v_fma(c, a2, v_set1(1.0f / 24));
        c = v_fma(c, a2, v_set1(-0.5f));
        c = v_fma(c, a2, v_set1(1.0f));
        /* quarter is -2 … 2: odd swaps sine and cosine */
        const vf size = v_abs(quarter), odd = v_abs(v_sub(size, v_set1(1.0f)));
        const vf turned_s = v_select_lt(odd, half, c, s), turned_c = v_select_lt(odd, half, s, c);
        const vf minus_s = v_sub(zero, turned_s), minus_c = v_sub(zero, turned_c);
        /* sine: 0 s, 1 c, ±2 -s, -1 -c; cosine: 0 c, 1 -s, ±2 -c, -1 s */
        const vf back = v_select_lt(v_set1(1.5f), size, minus_s, turned_s);
        store(sine + i, v_select_lt(odd, half, v_select_lt(quarter, zero, minus_s, turned_s), back),
              lanes);
        const vf flat = v_select_lt(v_set1(1.5f), size, minus_c, turned_c);
        store(cosine + i,
              v_select_lt(odd, half, v_select_lt(quarter, zero, turned_c, minus_c), flat), lanes);
    }
}

static void rotate(float *x, int n, const float *cosine, const float *sine)
{
    EACH_VECTOR(n)
    {
        const vf a = load(x + i, lanes), b = load(x + n + i, lanes);
        const vf c = load(cosine + i, lanes), s = load(sine + i, lanes);
        store(x + i, v_fma(a, c, v_sub(v_zero(), v_mul(b, s))), lanes);
        store(x + n + i, v_fma(b, c, v_mul(a, s)), lanes);
    }
}
