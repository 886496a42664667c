/* The learning rate's course, the progress line and the log. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "train/progress.h"

static void near_to(float got, float wanted)
{
    assert_true(fabsf(got - wanted) < 1e-6f);
}

static void schedules(void **state)
{
    struct m6_schedule s = {M6_SCHEDULE_COSINE, 1.0f, 0.1f, 10, 110};
    near_to(m6_schedule_rate(&s, 1), 0.1f);
    near_to(m6_schedule_rate(&s, 5), 0.5f);
    near_to(m6_schedule_rate(&s, 10), 1.0f);
    near_to(m6_schedule_rate(&s, 60), 0.55f);
    near_to(m6_schedule_rate(&s, 110), 0.1f);
    near_to(m6_schedule_rate(&s, 1000), 0.1f);
    s.shape = M6_SCHEDULE_LINEAR;
    near_to(m6_schedule_rate(&s, 35), 0.775f);
    s.shape = M6_SCHEDULE_CONSTANT;
    near_to(m6_schedule_rate(&s, 1000), 1.0f);
    s = (struct m6_schedule){M6_SCHEDULE_LINEAR, 1.0f, 0, 0, 10};
    near_to(m6_schedule_rate(&s, 1), 0.9f);
}

static void line(void **state)
{
    char *out = NULL, text[256];
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);
    struct m6_progress p;
    struct m6_progress_step s = {.step = 1, .total = 10, .loss = 2.5, .items = 4000, .unit = "tokens", .flops = 1e9};
    m6_progress_begin(&p, f, 0); /* not a terminal */
    m6_progress_step(&p, &s);
    fflush(f);
    assert_int_equal(size, 0);

    m6_progress_begin(&p, f, 1);
    m6_progress_step(&p, &s);
    p.seconds = 0.5;
    m6_progress_format(&p, &s, text, sizeof text);
    assert_string_equal(text, "[#.........] 1/10  loss 2.5000  8k tokens/s  2 GFLOP/s  0m05s left");
    assert_int_equal(m6_progress_format(&p, &s, text, 8), 7);
    s.step = 10;
    m6_progress_step(&p, &s);
    fclose(f);
    assert_int_equal(out[0], '\r');
    assert_int_equal(out[size - 1], '\n');
    assert_non_null(strstr(out, "[##########] 10/10"));
    free(out);
}

static void log_lines(void **state)
{
    static const char *const path = "test_train_progress.jsonl";
    struct m6_jsonl *j;
    struct m6_error err = {{0}};
    unlink(path);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(m6_jsonl_open(&j, path, &err), M6_OK);
        m6_jsonl_begin(j);
        m6_jsonl_integer(j, "step", 3 + i);
        m6_jsonl_number(j, "loss", i ? NAN : 0.25);
        m6_jsonl_string(j, "note", "a \"b\"\n");
        assert_int_equal(m6_jsonl_end(j, &err), M6_OK);
        assert_int_equal(m6_jsonl_close(j, &err), M6_OK);
    }
    char text[256] = "";
    FILE *f = fopen(path, "r");
    const size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    unlink(path);
    assert_true(n > 0);
    assert_string_equal(text, "{\"step\":3,\"loss\":0.25,\"note\":\"a \\\"b\\\"\\u000a\"}\n"
                              "{\"step\":4,\"loss\":null,\"note\":\"a \\\"b\\\"\\u000a\"}\n");
    assert_int_equal(m6_jsonl_open(&j, "/nonexistent/log", &err), M6_ERR_IO);
    assert_null(j);
    assert_int_equal(m6_jsonl_close(NULL, &err), M6_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules),
        cmocka_unit_test(line),
        cmocka_unit_test(log_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
