/* Expressions, held against libavutil's own: the same numbers, bit for bit, and the same refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include <libavutil/eval.h>
#include <libavutil/log.h>

#include "expr.h"

static const char *const names[] = {"W", "H", "w", "h", "t", "n", NULL};
static const double values[][M6_EXPR_VARIABLES] = {
    {1920, 1080, 256, 144, 0, 0}, {1, 1, 1, 1, 1.0 / 3, 7}, {66, 50, 320, 180, 12.48, 312}, {7680, 4320, 16, 16, -0.04, 1e9},
};

static void same(double a, double b, const char *text)
{
    if (isnan(a) ? !isnan(b) : a != b)
        fail_msg("%s: %.17g, not %.17g", text, a, b);
}

static void test_same_values(void **state)
{
    static const char *const texts[] = {
        "1", "-1", "+1", "1.5e2", "1e-3", ".5", "(W-w)/2", "( W - w ) / 2", "W-w-10", "H-h-10*2", "2^3", "2^3^2", "-2^2", "2^-1", "2*-3", "-W*-w",
        "1/0", "-1/0", "0/0", "mod(7,3)", "mod(-7,3)", "mod(7,0)", "mod(7,-3)", "mod(t,1)", "min(1,2)", "max(W,H)", "if(lt(t,5),0,W-w)", "if(0,1)", "if(1,2)",
        "ifnot(0,1)", "ifnot(1,2,3)", "if(0/0,1,2)", "between(t,0,1)", "between(n,5,9)", "gt(1,2)", "gte(2,2)", "lte(2,2)", "eq(W,1920)", "abs(-3)", "floor(-1.5)",
        "ceil(1.2)", "trunc(-1.7)", "round(2.5)", "sqrt(2)", "sin(t)", "cos(t)", "tan(1)", "exp(1)", "log(2)", "not(0)", "not(3)", "clip(5,0,3)", "clip(-5,0,3)",
        "clip(1,3,0)", "PI", "E", "PI*2", "pow(2,0.5)", "(((1)))", "1-2-3", "1/2/4", "8/2*4", "0.1+0.2", "w+h*t-n/3", "W/2+sin(2*PI*t/4)*100",
        "min(1,0/0)", "max(0/0,1)",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct m6_error err = {""};
        struct m6_expr *e;
        AVExpr *theirs;
        if (m6_expr_create(&e, "x", texts[i], &err))
            fail_msg("%s", err.text);
        if (av_expr_parse(&theirs, texts[i], names, NULL, NULL, NULL, NULL, 0, NULL) < 0)
            fail_msg("libavutil refuses %s", texts[i]);
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            same(m6_expr_value(e, values[k]), av_expr_eval(theirs, values[k], NULL), texts[i]);
        }
        m6_expr_destroy(e);
        av_expr_free(theirs);
    }
}

static void test_refused(void **state)
{
    static const char *const texts[] = {"", " ", "(", ")", "1+", "*2", "(W-w", "W-w)", "min(1)", "min(1,2,3,4)", "foo", "foo(1)", "1..2", "1e", "W w", "if()", "min(,1)", "2x", "'1'", "1,2"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct m6_error err = {""};
        struct m6_expr *e;
        double value;
        assert_int_equal(m6_expr_create(&e, "x", texts[i], &err), M6_ERR_ARGUMENT);
        assert_null(e);
        assert_ptr_equal(strstr(err.text, "x="), err.text);
        if (strcmp(texts[i], "2x") != 0 && av_expr_parse_and_eval(&value, texts[i], names, values[0], NULL, NULL, NULL, NULL, NULL, 0, NULL) >= 0)
            fail_msg("libavutil takes %s", texts[i]);
    }
    /* Deep and long ones end in a sentence, not on the stack. */
    char deep[3000], sum[4090];
    struct m6_error err = {""};
    struct m6_expr *e;
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(m6_expr_create(&e, "x", deep, &err), M6_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "deep"));
    for (size_t i = 0; i < sizeof sum - 1; i++)
        sum[i] = i % 2 ? '+' : '1';
    sum[sizeof sum - 1] = '\0';
    assert_int_equal(m6_expr_create(&e, "x", sum, &err), M6_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "long"));
}

static void test_varies(void **state)
{
    static const struct {
        const char *text;
        int varies, own;
    } cases[] = {{"1", 0, 0}, {"(W-w)/2", 0, 1}, {"t*2", 1, 0}, {"n", 1, 0}, {"overlay_w", 0, 1}, {"main_w", 0, 0}, {"tan(1)", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct m6_expr *e;
        assert_int_equal(m6_expr_create(&e, "x", cases[i].text, NULL), M6_OK);
        assert_int_equal(m6_expr_varies(e), cases[i].varies);
        assert_int_equal(m6_expr_uses(e, M6_EXPR_PICTURE_W), cases[i].own);
        m6_expr_destroy(e);
    }
    m6_expr_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_values),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_varies),
    };
    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
