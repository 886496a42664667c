/* Sixteen FP32 lanes in portable C. See vec.h. */
struct vec {
    float x[16];
};
typedef struct vec vf;

#define V_EACH for (int i_ = 0; i_ < 16; i_++)
#define V_UNARY(name, expression)                                                                  \
    static inline vf name(vf a)                                                                    \
    {                                                                                              \
        vf r;                                                                                      \
        V_EACH r.x[i_] = expression;                                                               \
        return r;                                                                                  \
    }
#define V_BINARY(name, expression)                                                                 \
    static inline vf name(vf a, vf b)                                                              \
    {                                                                                              \
        vf r;                                                                                      \
        V_EACH r.x[i_] = expression;                                                               \
        return r;                                                                                  \
    }

V_BINARY(v_add, a.x[i_] + b.x[i_])
V_BINARY(v_sub, a.x[i_] - b.x[i_])
V_BINARY(v_mul, a.x[i_] * b.x[i_])
V_BINARY(v_div, a.x[i_] / b.x[i_])
V_BINARY(v_max, a.x[i_] > b.x[i_] ? a.x[i_] : b.x[i_])
V_BINARY(v_min, a.x[i_] < b.x[i_] ? a.x[i_] : b.x[i_])
V_BINARY(v_copysign, copysignf(a.x[i_], b.x[i_]))
V_UNARY(v_abs, fabsf(a.x[i_]))
V_UNARY(v_sqrt, sqrtf(a.x[i_]))
V_UNARY(v_round, (a.x[i_] + 0x1.8p23f) - 0x1.8p23f)

#undef V_UNARY
#undef V_BINARY

static inline vf v_set1(float x)
{
    vf r;
    V_EACH r.x[i_] = x;
    return r;
}

static inline vf v_load(const float *p)
{
    vf r;
    memcpy(r.x, p, sizeof r.x);
    return r;
}

static inline vf v_loadn(const float *p, int n)
{
    vf r = {{0}};
    memcpy(r.x, p, (size_t)n * sizeof *p);
    return r;
}

static inline void v_store(float *p, vf a)
{
    memcpy(p, a.x, sizeof a.x);
}

static inline void v_storen(float *p, vf a, int n)
{
    memcpy(p, a.x, (size_t)n * sizeof *p);
}

static inline vf v_from_i32(const int32_t *p)
{
    vf r;
    V_EACH r.x[i_] = (float)p[i_];
    return r;
}

static inline vf v_fma(vf a, vf b, vf c)
{
    vf r;
    V_EACH r.x[i_] = a.x[i_] * b.x[i_] + c.x[i_];
    return r;
}

static inline vf v_select_lt(vf a, vf b, vf then, vf otherwise)
{
    vf r;
    V_EACH r.x[i_] = a.x[i_] < b.x[i_] ? then.x[i_] : otherwise.x[i_];
    return r;
}

static inline float v_exponent(int n)
{
    const uint32_t u = (uint32_t)(n + 127) << 23;
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static inline vf v_scale2(vf a, vf n)
{
    vf r;
    V_EACH
    {
        const int whole = (int)n.x[i_], half = whole >> 1;
        r.x[i_] = a.x[i_] * v_exponent(half) * v_exponent(whole - half);
    }
    return r;
}

static inline float v_sum(vf a)
{
    for (int step = 8; step; step >>= 1) {
        for (int i = 0; i < step; i++)
            a.x[i] += a.x[i + step];
    }
    return a.x[0];
}

static inline float v_largest(vf a)
{
    for (int step = 8; step; step >>= 1) {
        for (int i = 0; i < step; i++)
            a.x[i] = a.x[i] > a.x[i + step] ? a.x[i] : a.x[i + step];
    }
    return a.x[0];
}

enum { V_TOGETHER = 4 };

static inline void v_sums(float *to, const vf a[V_TOGETHER])
{
    for (int i = 0; i < V_TOGETHER; i++)
        to[i] = v_sum(a[i]);
}

#undef V_EACH
