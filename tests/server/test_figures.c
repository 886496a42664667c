/* Histograms are as right as they say, tallies forget what is old and stay bounded. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/tally.h"

static double draw(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / (1 << 24);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Times over four orders of magnitude, of several shapes. */
static void test_quantiles(void **state)
{
    enum { COUNT = 5000 };
    static double all[COUNT];
    for (int shape = 0; shape < 3; shape++) {
        struct m6_histogram h = {0};
        unsigned seed = 7;
        for (int i = 0; i < COUNT; i++) {
            const double u = draw(&seed);
            all[i] = shape == 0 ? 0.002 * exp(9 * u) : shape == 1 ? 0.01 + u : 0.05 - 0.2 * log(1 - u * 0.999);
            m6_histogram_add(&h, all[i]);
        }
        qsort(all, COUNT, sizeof *all, by_value);
        static const double qs[] = {0.5, 0.95, 0.99, 1};
        for (size_t i = 0; i < sizeof qs / sizeof *qs; i++) {
            const double truth = all[(int)ceil(qs[i] * COUNT) - 1], told = m6_histogram_quantile(&h, qs[i]);
            if (fabs(told / truth - 1) > 0.1)
                fail_msg("shape %d: quantile %g is %g, told as %g", shape, qs[i], truth, told);
        }
        assert_true(m6_histogram_quantile(&h, 0.99) <= h.most);
    }
}

static void test_ends(void **state)
{
    struct m6_histogram h = {0};
    assert_true(m6_histogram_quantile(&h, 0.5) == 0);
    m6_histogram_add(&h, 0);
    assert_true(m6_histogram_quantile(&h, 0.99) == 0);
    m6_histogram_add(&h, 1e9);
    assert_true(m6_histogram_quantile(&h, 0.99) == 1e9);
    m6_histogram_add(&h, NAN);
    assert_int_equal(h.count, 3);
    /* A bound belongs to its own bucket: le means less or equal. */
    for (int i = 0; i < M6_HISTOGRAM_BOUNDS; i += M6_HISTOGRAM_RATIO) {
        struct m6_histogram one = {0};
        m6_histogram_add(&one, m6_histogram_bound(i));
        assert_int_equal(one.bucket[i], 1);
    }
}

static void test_forgetting(void **state)
{
    struct tallies all = {.turned_ms = 1000};
    struct m6_histogram h;
    struct tally *t = tally_of(&all, "draw");
    assert_ptr_equal(t, tally_of(&all, "draw"));
    m6_histogram_add(&t->time[TALLY_WHOLE].all, 1);
    m6_histogram_add(&t->time[TALLY_WHOLE].stretch[0], 1);
    for (int i = 0; i < 3; i++) {
        tally_turn(&all, 1000 + (int64_t)i * TALLY_STRETCH_MS);
        tally_lately(t, TALLY_WHOLE, &h);
        assert_int_equal(h.count, i < 2);
    }
    assert_int_equal(t->time[TALLY_WHOLE].all.count, 1);
    m6_histogram_add(&t->time[TALLY_WHOLE].stretch[0], 1);
    tally_turn(&all, 1000 + (int64_t)100 * TALLY_STRETCH_MS); /* it slept meanwhile */
    tally_lately(t, TALLY_WHOLE, &h);
    assert_int_equal(h.count, 0);
    tallies_free(&all);
}

static void test_bounds(void **state)
{
    struct tallies all = {0};
    char name[32];
    struct tally *last = NULL;
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "kind-%d", i);
        last = tally_of(&all, name);
        assert_non_null(last);
    }
    assert_int_equal(all.count, TALLY_KINDS_MAX);
    assert_string_equal(last->kind, "");
    assert_ptr_equal(tally_of(&all, "another"), last);
    assert_string_equal(tally_of(&all, "kind-3")->kind, "kind-3");
    tallies_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_forgetting),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
