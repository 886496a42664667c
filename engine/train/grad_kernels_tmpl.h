/* The text of the kernels: included once a set of instructions, with KERNELS the name of its table. */
#include "cpu/kernels/vec.h"
#include "train/grad_kernels.h"

static inline vf put(float *y, vf v, int add)
{
    return add ? v_add(v_load(y), v) : v;
}

/* Runs over n elements sixteen at a time: BODY(load, store) sees the position i. */
#define EACH(n, BODY)                                                                                                  \
    do {                                                                                                               \
        size_t i = 0;                                                                                                  \
        for (; i + 16 <= (size_t)(n); i += 16) {                                                                       \
            BODY(WHOLE_LOAD, WHOLE_STORE)                                                                              \
        }                                                                                                              \
        const int left = (int)((size_t)(n)-i);                                                                         \
        if (left) {                                                                                                    \
            BODY(PART_LOAD, PART_STORE)                                                                                \
        }                                                                                                              \
    } while (0)
#define WHOLE_LOAD(p) v_load((p) + i)
#define WHOLE_STORE(p, v) v_store((p) + i, v)
#define PART_LOAD(p) v_loadn((p) + i, left)
#define PART_STORE(p, v) v_storen((p) + i, v, left)

static void add(float *y, const float *a, const float *b, size_t n)
{
#define BODY(LOAD, STORE) STORE(y, v_add(LOAD(a), LOAD(b)));
    EACH(n, BODY);
#undef BODY
}

static void scaled(float *y, const float *x, float factor, int adding, size_t n)
{
    const vf f = v_set1(factor);
    if (adding) {
#define BODY(LOAD, STORE) STORE(y, v_fma(f, LOAD(x), LOAD(y)));
        EACH(n, BODY);
#undef BODY
    } else if (factor == 1.0f) {
        memcpy(y, x, n * sizeof *y);
    } else {
#define BODY(LOAD, STORE) STORE(y, v_mul(f, LOAD(x)));
        EACH(n, BODY);
#undef BODY
    }
}

static void gelu(float *y, const float *x, size_t n)
{
#define BODY(LOAD, STORE) STORE(y, v_gelu(LOAD(x)));
    EACH(n, BODY);
#undef BODY
}

/* With σ of twice the tanh form's argument u: gelu = x·σ, so gelu' = σ + x·σ·(1 − σ)·2u'. */
static inline vf gelu_slope(vf x)
{
    const float k = 2 * 0.7978845608f;
    const vf square = v_mul(x, x), one = v_set1(1.0f);
    const vf u = v_mul(x, v_fma(square, v_set1(k * 0.044715f), v_set1(k)));
    const vf du = v_fma(square, v_set1(3 * k * 0.044715f), v_set1(k));
    const vf s = v_div(one, v_add(one, v_exp(v_sub(v_zero(), u))));
    return v_fma(v_mul(v_mul(x, s), v_sub(one, s)), du, s);
}

static void gelu_back(float *dx, int adding, const float *dy, const float *x, size_t n)
{
    if (adding) {
#define BODY(LOAD, STORE) STORE(dx, v_fma(LOAD(dy), gelu_slope(LOAD(x)), LOAD(dx)));
        EACH(n, BODY);
#undef BODY
    } else {
#define BODY(LOAD, STORE) STORE(dx, v_mul(LOAD(dy), gelu_slope(LOAD(x))));
        EACH(n, BODY);
#undef BODY
    }
}

/* ---- layer norm ---- */

static float row_sum(const float *x, int n)
{
    vf a = v_zero();
#define BODY(LOAD, STORE) a = v_add(a, LOAD(x));
    EACH(n, BODY);
#undef BODY
    return v_sum(a);
}

static float row_spread(const float *x, int n, float mean)
{
    const vf m = v_set1(mean);
    vf a = v_zero();
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        const vf d = v_sub(v_load(x + i), m);
        a = v_fma(d, d, a);
    }
    if (i < n) {
        const vf d = v_keep(v_sub(v_loadn(x + i, n - i), m), n - i, 0.0f);
        a = v_fma(d, d, a);
    }
    return v_sum(a);
}

static void layer_norm(float *y, float *stats, const float *x, const float *gain, const float *bias, float eps,
                       int rows, int cols)
{
    for (int r = 0; r < rows; r++, x += cols, y += cols, stats += 2) {
        const float mean = row_sum(x, cols) / (float)cols;
        const float inverse = 1.0f / sqrtf(row_spread(x, cols, mean) / (float)cols + eps);
        const vf m = v_set1(mean), s = v_set1(inverse);
        stats[0] = mean;
        stats[1] = inverse;
#define BODY(LOAD, STORE) STORE(y, v_fma(v_mul(v_sub(LOAD(x), m), s), LOAD(gain), LOAD(bias)));
        EACH(cols, BODY);
#undef BODY
    }
}

static void layer_norm_back(float *dx, int adding, float *dgain, float *dbias, const float *dy, const float *stats,
                            const float *x, const float *gain, int rows, int cols)
{
    const size_t bytes = (size_t)cols * sizeof *x;
    if (dgain)
        memset(dgain, 0, bytes);
    if (dbias)
        memset(dbias, 0, bytes);
    for (int r = 0; r < rows; r++, x += cols, dy += cols, stats += 2) {
        const vf m = v_set1(stats[0]), s = v_set1(stats[1]);
        vf sum = v_zero(), dot = v_zero();
#define BODY(LOAD, STORE)                                                                                              \
    const vf d = LOAD(dy), h = v_mul(v_sub(LOAD(x), m), s), g = v_mul(d, LOAD(gain));                                  \
    sum = v_add(sum, g);                                                                                               \
    dot = v_fma(g, h, dot);                                                                                            \
    if (dgain)                                                                                                         \
        STORE(dgain, v_fma(d, h, LOAD(dgain)));                                                                        \
    if (dbias)                                                                                                         \
        STORE(dbias, v_add(d, LOAD(dbias)));
        EACH(cols, BODY); /* lanes past the end: dy reads as 0 */
#undef BODY
        if (!dx)
            continue;
        const vf a = v_set1(v_sum(sum) / (float)cols), b = v_set1(v_sum(dot) / (float)cols);
        if (adding) {
#define BODY(LOAD, STORE)                                                                                              \
    const vf h = v_mul(v_sub(LOAD(x), m), s), g = v_sub(v_mul(LOAD(dy), LOAD(gain)), a);                               \
    STORE(dx, v_fma(s, v_sub(g, v_mul(h, b)), LOAD(dx)));
            EACH(cols, BODY);
#undef BODY
        } else {
#define BODY(LOAD, STORE)                                                                                              \
    const vf h = v_mul(v_sub(LOAD(x), m), s), g = v_sub(v_mul(LOAD(dy), LOAD(gain)), a);                               \
    STORE(dx, v_mul(s, v_sub(g, v_mul(h, b))));
            EACH(cols, BODY);
#undef BODY
        }
        dx += cols;
    }
}

static void column_sums(float *sum, const float *x, int rows, int cols, size_t stride)
{
    int c = 0;
    for (; c + 64 <= cols; c += 64) {
        vf a[4] = {v_zero(), v_zero(), v_zero(), v_zero()};
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < 4; j++)
                a[j] = v_add(a[j], v_load(x + (size_t)r * stride + c + 16 * j));
        }
        for (int j = 0; j < 4; j++)
            v_store(sum + c + 16 * j, a[j]);
    }
    for (; c < cols; c += 16) {
        const int n = cols - c < 16 ? cols - c : 16;
        vf a = v_zero();
        for (int r = 0; r < rows; r++)
            a = v_add(a, v_loadn(x + (size_t)r * stride + c, n));
        v_storen(sum + c, a, n);
    }
}

/* ---- softmax ---- */

static float largest_of(const float *x, int n)
{
    vf a = v_set1(-INFINITY);
    int i = 0;
    for (; i + 16 <= n; i += 16)
        a = v_max(a, v_load(x + i));
    if (i < n)
        a = v_max(a, v_keep(v_loadn(x + i, n - i), n - i, -INFINITY));
    return v_largest(a);
}

/* Σ e^(scale·x − shift), storing the terms when y is given. */
static float sum_exp(float *y, const float *x, int n, float scale, float shift)
{
    const vf f = v_set1(scale), m = v_set1(-shift);
    vf a = v_zero();
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        const vf e = v_exp(v_fma(v_load(x + i), f, m));
        a = v_add(a, e);
        if (y)
            v_store(y + i, e);
    }
    if (i < n) {
        const vf e = v_keep(v_exp(v_fma(v_loadn(x + i, n - i), f, m)), n - i, 0.0f);
        a = v_add(a, e);
        if (y)
            v_storen(y + i, e, n - i);
    }
    return v_sum(a);
}

static void softmax(float *s, int rows, int context, float scale, int causal)
{
    for (int r = 0; r < rows; r++, s += context) {
        const int n = causal ? context - rows + r + 1 : context;
        const float sum = sum_exp(s, s, n, scale, scale * largest_of(s, n));
        const vf f = v_set1(1.0f / sum);
#define BODY(LOAD, STORE) STORE(s, v_mul(f, LOAD(s)));
        EACH(n, BODY);
#undef BODY
        if (n < context)
            memset(s + n, 0, (size_t)(context - n) * sizeof *s);
    }
}

static float dot(const float *x, const float *y, int n)
{
    vf a = v_zero();
#define BODY(LOAD, STORE) a = v_fma(LOAD(x), LOAD(y), a);
    EACH(n, BODY);
#undef BODY
    return v_sum(a);
}

static void softmax_back(float *dp, const float *p, int rows, int context, float scale)
{
    const vf f = v_set1(scale);
    for (int r = 0; r < rows; r++, dp += context, p += context) {
        const vf mean = v_set1(dot(dp, p, context));
#define BODY(LOAD, STORE) STORE(dp, v_mul(v_mul(f, LOAD(p)), v_sub(LOAD(dp), mean)));
        EACH(context, BODY);
#undef BODY
    }
}

/* ---- losses ---- */

static float log_sum_exp(const float *x, int n, float *largest, float *sum)
{
    *largest = largest_of(x, n);
    if (sum)
        *sum = row_sum(x, n);
    return *largest + logf(sum_exp(NULL, x, n, 1.0f, *largest));
}

static void exp_minus(float *dx, int adding, const float *x, float lse, float minus, float scale, int n)
{
    const vf l = v_set1(lse), m = v_set1(minus), f = v_set1(scale);
    if (adding) {
#define BODY(LOAD, STORE) STORE(dx, v_fma(f, v_sub(v_exp(v_sub(LOAD(x), l)), m), LOAD(dx)));
        EACH(n, BODY);
#undef BODY
    } else {
#define BODY(LOAD, STORE) STORE(dx, v_mul(f, v_sub(v_exp(v_sub(LOAD(x), l)), m)));
        EACH(n, BODY);
#undef BODY
    }
}

static float error(const float *x, const float *target, int absolute, int n)
{
    vf a = v_zero();
    if (absolute) {
#define BODY(LOAD, STORE) a = v_add(a, v_abs(v_sub(LOAD(x), LOAD(target))));
        EACH(n, BODY);
#undef BODY
    } else {
#define BODY(LOAD, STORE)                                                                                              \
    const vf d = v_sub(LOAD(x), LOAD(target));                                                                         \
    a = v_fma(d, d, a);
        EACH(n, BODY);
#undef BODY
    }
    return v_sum(a);
}

/* The slope of |d| is its sign, and 0 at 0. */
static inline vf error_slope(vf d, int absolute, vf scale)
{
    if (!absolute)
        return v_mul(scale, v_add(d, d));
    return v_select_lt(v_zero(), v_abs(d), v_copysign(scale, d), v_zero());
}

static void error_back(float *dx, int adding, const float *x, const float *target, int absolute, float scale, int n)
{
    const vf f = v_set1(absolute ? fabsf(scale) : scale), flip = v_set1(absolute && scale < 0 ? -1.0f : 1.0f);
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        const vf g = v_mul(flip, error_slope(v_sub(v_load(x + i), v_load(target + i)), absolute, f));
        v_store(dx + i, put(dx + i, g, adding));
    }
    for (; i < n; i++) {
        const float d = x[i] - target[i];
        const float g = scale * (absolute ? (float)((d > 0) - (d < 0)) : 2 * d);
        dx[i] = adding ? dx[i] + g : g;
    }
}

/* ---- optimizers ---- */

static float sum_squares(const float *x, size_t n)
{
    vf a = v_zero();
#define BODY(LOAD, STORE) a = v_fma(LOAD(x), LOAD(x), a);
    EACH(n, BODY);
#undef BODY
    return v_sum(a);
}

static void adamw(float *value, float *grad, float *m, float *v, size_t n, const struct m6_adamw *k)
{
    const vf b1 = v_set1(k->beta1), b2 = v_set1(k->beta2), c1 = v_set1(1 - k->beta1), c2 = v_set1(1 - k->beta2);
    const vf scale = v_set1(k->scale), step = v_set1(k->step), root = v_set1(k->root), eps = v_set1(k->eps);
    const vf keep = v_set1(1 - k->shrink);
#define BODY(LOAD, STORE)                                                                                              \
    const vf g = v_mul(scale, LOAD(grad));                                                                             \
    const vf first = v_fma(b1, LOAD(m), v_mul(c1, g)), second = v_fma(b2, LOAD(v), v_mul(c2, v_mul(g, g)));            \
    const vf down = v_add(v_mul(v_sqrt(second), root), eps);                                                           \
    STORE(m, first);                                                                                                   \
    STORE(v, second);                                                                                                  \
    STORE(value, v_sub(v_mul(keep, LOAD(value)), v_mul(step, v_div(first, down))));                                    \
    STORE(grad, v_zero());
    EACH(n, BODY);
#undef BODY
}

static void average(float *mean, const float *x, float decay, size_t n)
{
    const vf f = v_set1(1 - decay);
#define BODY(LOAD, STORE)                                                                                              \
    const vf a = LOAD(mean);                                                                                           \
    STORE(mean, v_fma(f, v_sub(LOAD(x), a), a));
    EACH(n, BODY);
#undef BODY
}

const struct m6_grad_kernels KERNELS = {
    .add = add,
    .scaled = scaled,
    .gelu = gelu,
    .gelu_back = gelu_back,
    .layer_norm = layer_norm,
    .layer_norm_back = layer_norm_back,
    .column_sums = column_sums,
    .softmax = softmax,
    .softmax_back = softmax_back,
    .log_sum_exp = log_sum_exp,
    .exp_minus = exp_minus,
    .error = error,
    .error_back = error_back,
    .dot = dot,
    .sum_squares = sum_squares,
    .adamw = adamw,
    .average = average,
};
