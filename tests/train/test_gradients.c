/* Every operation's gradient: against finite differences in double precision, and FP32 and BF16 against double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"

static struct m6_pool *pool;

static struct m6_tape *tape_of(enum m6_tape_precision precision, const char *isa)
{
    struct m6_error err = {{0}};
    struct m6_tape *t = m6_tape_create(precision, pool, isa, &err);
    if (!t)
        print_message("%s\n", err.text);
    return t;
}

/* Element i of a matrix moved by h both ways. */
static double difference(struct m6_tape *t, const struct grad_case *c, struct m6_params *params, struct m6_param *p,
                         int64_t i)
{
    const double h = 1e-5, kept = p->value64[i];
    p->value64[i] = kept + h;
    const double above = case_run(t, c, params, 1, 0);
    p->value64[i] = kept - h;
    const double below = case_run(t, c, params, 1, 0);
    p->value64[i] = kept;
    return (above - below) / (2 * h);
}

static double largest(const double *x, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

static void against_differences(void **state)
{
    struct m6_tape *t = tape_of(M6_TAPE_F64, NULL);
    assert_non_null(t);
    for (int i = 0; i < grad_case_count; i++) {
        const struct grad_case *c = &grad_cases[i];
        if (!c->differences)
            continue;
        struct m6_params *params = case_params(c, 1);
        case_run(t, c, params, 1, 1);
        double worst = 0;
        for (int j = 0; j < m6_params_count(params); j++) {
            struct m6_param *p = m6_params_at(params, j);
            const int64_t n = (int64_t)p->rows * p->cols;
            const double scale = largest(p->grad64, n);
            for (int64_t k = 0; k < n; k++) {
                const double d = difference(t, c, params, p, k);
                worst = fmax(worst, fabs(d - p->grad64[k]) / (fabs(d) + 1e-3 * scale + 1e-12));
            }
        }
        if (!(worst <= 1e-4))
            fail_msg("%s: gradient off by %g of its size", c->name, worst);
        m6_params_destroy(params);
    }
    m6_tape_destroy(t);
}

/* Relative error of one matrix's gradient in the Euclidean norm. */
static double distance(const struct m6_param *p)
{
    double off = 0, size = 0;
    for (int64_t i = 0; i < (int64_t)p->rows * p->cols; i++) {
        off += (p->grad[i] - p->grad64[i]) * (p->grad[i] - p->grad64[i]);
        size += p->grad64[i] * p->grad64[i];
    }
    return size > 0 ? sqrt(off / size) : sqrt(off);
}

static void compare(struct m6_tape *t, struct m6_tape *oracle, const struct grad_case *c, float bound, int size,
                    const char *what)
{
    struct m6_params *params = case_params(c, size);
    const double wanted = case_run(oracle, c, params, size, 1), got = case_run(t, c, params, size, 1);
    if (!(fabs(got - wanted) <= bound * fabs(wanted)))
        fail_msg("%s, %s: loss %.9g, in double %.9g", c->name, what, got, wanted);
    for (int i = 0; i < m6_params_count(params); i++) {
        const double d = distance(m6_params_at(params, i));
        if (!(d <= bound))
            fail_msg("%s, %s: gradient of matrix %d is off by %g, allowed %g", c->name, what, i, d, bound);
        if (getenv("M6_TEST_VERBOSE"))
            print_message("%-18s %-10s matrix %d: %.2g\n", c->name, what, i, d);
    }
    m6_params_destroy(params);
}

static void against_double(void **state)
{
    static const char *const isa[] = {"c", "avx2", "avx512", "avx512bf16"};
    struct m6_tape *oracle = tape_of(M6_TAPE_F64, NULL);
    for (int k = 0; k < 4; k++) {
        struct m6_error err;
        struct m6_tape *f32 = m6_tape_create(M6_TAPE_F32, pool, isa[k], &err);
        struct m6_tape *bf16 = f32 ? m6_tape_create(M6_TAPE_BF16, pool, isa[k], &err) : NULL;
        if (!f32) {
            print_message("skipped: %s\n", err.text);
            continue;
        }
        for (int i = 0; i < grad_case_count; i++) {
            for (int size = 1; size <= 2; size++) {
                char what[32];
                snprintf(what, sizeof what, "F32 %s", isa[k]);
                compare(f32, oracle, &grad_cases[i], grad_cases[i].f32, size, what);
                snprintf(what, sizeof what, "BF16 %s", isa[k]);
                compare(bf16, oracle, &grad_cases[i], grad_cases[i].bf16, size, what);
            }
        }
        m6_tape_destroy(f32);
        m6_tape_destroy(bf16);
    }
    m6_tape_destroy(oracle);
}

/* The same bits on one thread, on two, on three, and on two again. */
static void repeats(void **state)
{
    struct m6_pool *pools[] = {NULL, m6_pool_create(2), m6_pool_create(3)};
    for (int precision = M6_TAPE_F32; precision <= M6_TAPE_BF16; precision++) {
        struct m6_tape *tape[4];
        for (int k = 0; k < 4; k++)
            tape[k] = m6_tape_create((enum m6_tape_precision)precision, pools[k % 3], NULL, NULL);
        for (int i = 0; i < grad_case_count; i++) {
            struct m6_params *first = case_params(&grad_cases[i], 2);
            const double loss = case_run(tape[0], &grad_cases[i], first, 2, 1);
            for (int k = 1; k < 6; k++) {
                struct m6_params *again = case_params(&grad_cases[i], 2);
                const double other = case_run(tape[k % 4], &grad_cases[i], again, 2, 1);
                assert_memory_equal(&loss, &other, sizeof loss);
                for (int j = 0; j < m6_params_count(first); j++) {
                    const struct m6_param *a = m6_params_at(first, j), *b = m6_params_at(again, j);
                    const size_t bytes = (size_t)a->rows * (size_t)a->cols * sizeof *a->grad;
                    if (memcmp(a->grad, b->grad, bytes) != 0)
                        fail_msg("%s: gradient of matrix %d differs on other threads", grad_cases[i].name, j);
                }
                m6_params_destroy(again);
            }
            m6_params_destroy(first);
        }
        for (int k = 0; k < 4; k++)
            m6_tape_destroy(tape[k]);
    }
    m6_pool_destroy(pools[1]);
    m6_pool_destroy(pools[2]);
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
        cmocka_unit_test(against_differences),
        cmocka_unit_test(against_double),
        cmocka_unit_test(repeats),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
