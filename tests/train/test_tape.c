/* What the tape promises beside its gradients: FSQ's digits, dropped rows, memory that settles, gradients that are kept. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"

static struct m6_pool *pool;

static struct m6_tape *tape_of(enum m6_tape_precision precision)
{
    struct m6_tape *t = m6_tape_create(precision, pool, NULL, NULL);
    assert_non_null(t);
    return t;
}

/* Every digit is reached, the extremes at the ends, zero near the middle; the gradient is that of the smooth bound. */
static void fsq_digits(void **state)
{
    enum { N = 401 };
    for (int precision = M6_TAPE_F32; precision <= M6_TAPE_F64; precision++) {
        for (int levels = 2; levels <= 9; levels++) {
            struct m6_tape *t = tape_of((enum m6_tape_precision)precision);
            struct m6_params *params = m6_params_create();
            struct m6_param *p = m6_params_add(params, "x", N, 1, 0, 0, 0);
            for (int i = 0; i < N; i++)
                p->value[i] = -5 + 10 * (float)i / (N - 1);
            m6_params_double(params);
            const m6_var x = m6_tape_param(t, p);
            int32_t code[N];
            const m6_var y = m6_tape_fsq(t, x, &levels, code);
            float out[N], weight[N], zero[N] = {0};
            m6_tape_read(t, y, out);
            unsigned seen = 0;
            for (int i = 0; i < N; i++) {
                assert_in_range(code[i], 0, levels - 1);
                assert_true(out[i] == (float)(code[i] - levels / 2) / (float)(levels / 2));
                assert_true(i == 0 || code[i] >= code[i - 1]);
                seen |= 1u << code[i];
                weight[i] = 1;
            }
            assert_int_equal(seen, (1u << levels) - 1);
            assert_int_equal(code[(N - 1) / 2], levels == 2 ? code[(N - 1) / 2] : levels / 2);

            m6_tape_backward(t, m6_tape_squared_error(t, y, zero, weight));
            float grad[N];
            m6_tape_read_grad(t, x, grad);
            const double half = (levels - 1) * 0.999 / 2, shift = levels % 2 ? 0 : tan(0.5 / half);
            for (int i = 0; i < N; i++) {
                const double slope = half * (1 - pow(tanh(p->value[i] + shift), 2)) / (levels / 2);
                assert_true(fabs(grad[i] - 2.0 * out[i] / N * slope) < 1e-6);
            }
            m6_params_destroy(params);
            m6_tape_destroy(t);
        }
    }
}

static void fsq_mixed_radix(void **state)
{
    static const int level[] = {4, 3, 5};
    struct m6_tape *t = tape_of(M6_TAPE_F32);
    const float x[] = {9, 9, 9, -9, -9, -9, 9, -9, -9, -9, 9, -9};
    int32_t code[4];
    m6_tape_fsq(t, m6_tape_input(t, 4, 3, x), level, code);
    assert_int_equal(code[0], 59);
    assert_int_equal(code[1], 0);
    assert_int_equal(code[2], 3);
    assert_int_equal(code[3], 8);
    m6_tape_destroy(t);
}

/* Ten rows that all want expert 0 of its group, with room for ceil(10/2 · 1) = 5: the last five get nothing. */
static void capacity_drops(void **state)
{
    enum { ROWS = 10, D = 3, FFN = 4 };
    struct m6_tape *t = tape_of(M6_TAPE_F32);
    float x[ROWS * D], router[2 * D] = {5, 5, 5, -5, -5, -5}, up[FFN * D], down[D * FFN], bias[D] = {1, 2, 3};
    for (int i = 0; i < ROWS * D; i++)
        x[i] = 0.5f;
    for (int i = 0; i < FFN * D; i++)
        up[i] = down[i] = 0.3f;
    const m6_var u = m6_tape_input(t, FFN, D, up), d = m6_tape_input(t, D, FFN, down), b = m6_tape_input(t, 1, D, bias);
    const m6_var ups[] = {u, u}, downs[] = {d, d}, biases[] = {b, b};
    struct m6_expert_report report;
    const m6_var y = m6_tape_experts(t, m6_tape_input(t, ROWS, D, x), m6_tape_input(t, 2, D, router), ups, NULL, downs,
                                     biases, 2, 1, 1.0f, &report);
    float out[ROWS * D];
    m6_tape_read(t, y, out);
    assert_int_equal(report.routed, 5);
    assert_int_equal(report.dropped, 5);
    assert_true(fabs(report.variation - 1) < 1e-9); /* 10 and 0 around 5 */
    for (int i = 0; i < ROWS * D; i++)
        assert_true(i < 5 * D ? out[i] > 1 : out[i] == 0);
    m6_tape_experts(t, m6_tape_input(t, ROWS, D, x), m6_tape_input(t, 2, D, router), ups, NULL, downs, biases, 2, 2,
                    1.0f, &report);
    assert_int_equal(report.routed, 20); /* two groups of one expert each, with room for all */
    assert_int_equal(report.dropped, 0);
    assert_true(report.variation == 0);
    m6_tape_destroy(t);
}

static void memory_settles(void **state)
{
    struct m6_tape *t = tape_of(M6_TAPE_BF16);
    size_t settled = 0;
    for (int step = 0; step < 5; step++) {
        for (int i = 0; i < grad_case_count; i++) {
            struct m6_params *p = case_params(&grad_cases[i], 2);
            case_run(t, &grad_cases[i], p, 2, 1);
            m6_params_destroy(p);
        }
        if (step == 1)
            settled = m6_tape_bytes(t);
        if (step > 1)
            assert_int_equal(m6_tape_bytes(t), settled);
    }
    assert_true(m6_tape_flops(t) > 1e8);
    m6_tape_destroy(t);
}

static void gradients_are_kept(void **state)
{
    struct m6_tape *t = tape_of(M6_TAPE_F32);
    struct m6_params *params = m6_params_create();
    struct m6_param *p = m6_params_add(params, "p", 4, 4, 0, 1, 1);
    const float zero[16] = {0};
    const m6_var x = m6_tape_param(t, p), y = m6_tape_scale(t, x, 2), z = m6_tape_scale(t, y, 3);
    const m6_var loss = m6_tape_squared_error(t, z, zero, NULL);
    float got[16];
    m6_tape_keep_grad(t, y);
    m6_tape_backward(t, loss);
    m6_tape_read_grad(t, y, got);
    for (int i = 0; i < 16; i++)
        assert_true(fabsf(got[i] - 2.0f / 16 * 6 * p->value[i] * 3) < 1e-5f);
    m6_tape_read_grad(t, z, got);
    for (int i = 0; i < 16; i++)
        assert_true(got[i] == 0);
    const float once = p->grad[3];
    m6_tape_backward(t, loss); /* again: adds up in the matrix, starts afresh in between */
    assert_true(fabsf(p->grad[3] - 2 * once) < 1e-5f);
    m6_params_destroy(params);
    m6_tape_destroy(t);
}

static void detached_values_pass_no_gradient(void **state)
{
    for (int precision = M6_TAPE_F32; precision <= M6_TAPE_F64; precision++) {
        struct m6_tape *t = tape_of((enum m6_tape_precision)precision);
        struct m6_params *params = m6_params_create();
        struct m6_param *p = m6_params_add(params, "p", 4, 4, 0, 1, 1), *q = m6_params_add(params, "q", 4, 4, 0, 1, 1);
        const float zero[16] = {0};
        m6_params_double(params);
        const m6_var x = m6_tape_detach(t, m6_tape_gelu(t, m6_tape_param(t, p)));
        m6_tape_backward(t, m6_tape_squared_error(t, m6_tape_add(t, x, m6_tape_param(t, q)), zero, NULL));
        for (int i = 0; i < 16; i++) {
            assert_true(precision == M6_TAPE_F64 ? p->grad64[i] == 0 : p->grad[i] == 0);
            assert_true(precision == M6_TAPE_F64 ? q->grad64[i] != 0 : q->grad[i] != 0);
        }
        m6_params_destroy(params);
        m6_tape_destroy(t);
    }
}

static void nothing_from_nothing(void **state)
{
    struct m6_tape *t = tape_of(M6_TAPE_F32);
    const m6_var x = m6_tape_gelu(t, M6_NONE);
    assert_int_equal(x, M6_NONE);
    assert_int_equal(m6_tape_linear(t, x, x, x), M6_NONE);
    assert_true(isnan(m6_tape_scalar(t, x)));
    m6_tape_backward(t, x);
    assert_int_equal(m6_tape_status(t), M6_OK);
    struct m6_error err = {{0}};
    assert_null(m6_tape_create(M6_TAPE_F32, NULL, "z80", &err));
    assert_non_null(strstr(err.text, "z80"));
    m6_tape_destroy(t);
}

static int setup(void **state)
{
    pool = m6_pool_create(2);
    return pool ? 0 : -1;
}

static int teardown(void **state)
{
    m6_pool_destroy(pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fsq_digits),         cmocka_unit_test(fsq_mixed_radix),
        cmocka_unit_test(capacity_drops),     cmocka_unit_test(memory_settles),
        cmocka_unit_test(gradients_are_kept), cmocka_unit_test(nothing_from_nothing),
        cmocka_unit_test(detached_values_pass_no_gradient),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
