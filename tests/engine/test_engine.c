/* Every task on a tiny model, and what is refused. */
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "text/utf8.h"

static struct m6_engine *engine;
static struct pixels pixels[9];
static struct m6_picture pictures[9];

static int set_up(void **state)
{
    engine = open_engine(tiny_model(), 2, NULL);
    for (unsigned i = 0; i < 9; i++)
        pictures[i] = test_picture(&pixels[i], 80 + (int)i, 60, i + 1);
    return 0;
}

static int tear_down(void **state)
{
    m6_engine_destroy(engine);
    return 0;
}

static struct m6_request_params request(enum m6_task task)
{
    static const char *const text[] = {NULL, "a cat?", "a red cat", "a red cat", "3: a cat in the rain", "a cat, red"};
    struct m6_request_params p;
    m6_request_params_init(&p, task);
    p.text = text[task];
    if (task == M6_TASK_CAPTION || task == M6_TASK_ASK || task == M6_TASK_MATCH) {
        p.pictures = pictures;
        p.picture_count = 1;
    }
    p.seed = 5;
    return p;
}

static void answers_in_words(void **state)
{
    static const enum m6_task tasks[] = {M6_TASK_CAPTION, M6_TASK_ASK, M6_TASK_SCRIPT, M6_TASK_REWRITE};
    for (int i = 0; i < 4; i++)
        for (int chinese = 0; chinese < 2; chinese++) {
            struct outcome o = {0};
            struct m6_request_params p = request(tasks[i]);
            p.lang = chinese ? "zh" : "en";
            p.temperature = 1;
            assert_ok(run_request(engine, &p, &o, &said));
            assert_int_equal(o.last, M6_EVENT_DONE);
            assert_true(o.text[0]);
            assert_int_equal(m6_utf8_valid(o.text, strlen(o.text)), strlen(o.text));
            assert_true(o.progress > 0 && o.progress <= 48 && o.total <= 48 && o.done <= o.total);
            assert_int_equal(o.pictures + o.scores, 0);
        }
}

static void looks_at_all_pictures(void **state)
{
    struct outcome one = {0}, all = {0}, turned = {0};
    struct m6_request_params p = request(M6_TASK_MATCH);
    assert_ok(run_request(engine, &p, &one, &said));
    p.picture_count = 8;
    assert_ok(run_request(engine, &p, &all, &said));
    struct m6_picture order[2] = {pictures[1], pictures[0]};
    p.pictures = order;
    p.picture_count = 2;
    assert_ok(run_request(engine, &p, &turned, &said));
    assert_true(one.scores == 1 && one.score > 0 && one.score < 1);
    assert_true(one.score != all.score && all.score != turned.score);
    assert_int_equal(one.last, M6_EVENT_DONE);
    assert_int_equal(one.texts + one.pictures, 0);
}

static void draws(void **state)
{
    for (int mode = 0; mode < 2; mode++)
        for (int guided = 0; guided < 2; guided++) {
            struct outcome o = {0};
            struct m6_request_params p = request(M6_TASK_DRAW);
            p.mode = mode ? M6_DRAW_PROGRESSIVE : M6_DRAW_AR;
            p.guidance = guided ? 2.5f : 0;
            assert_ok(run_request(engine, &p, &o, &said));
            assert_int_equal(o.last, M6_EVENT_DONE);
            assert_int_equal(o.pictures, 1);
            assert_int_equal(o.width, 64);
            assert_int_equal(o.height, 48);
            assert_int_equal(o.progress, mode ? 10 : 12);
            assert_int_equal(o.done, o.total);
            assert_string_equal(o.warning, "");
            free(o.rgb);
        }
}

static void keeps_to_max_tokens(void **state)
{
    for (int max = 1; max < 60; max += 7) {
        struct outcome o = {0};
        struct m6_request_params p = request(M6_TASK_SCRIPT);
        p.temperature = 2;
        p.max_tokens = max;
        assert_ok(run_request(engine, &p, &o, &said));
        assert_true(o.done <= max && o.total <= max && o.total <= 48);
    }
}

/* What the answer begins with changes how it goes on, and is not told again. */
static void goes_on_from_a_prefix(void **state)
{
    struct outcome plain = {0}, whole = {0};
    struct m6_request_params p = request(M6_TASK_CAPTION);
    p.max_tokens = 12;
    assert_ok(run_request(engine, &p, &plain, &said));
    char prefix[64] = "";
    strncat(prefix, plain.text, (size_t)m6_utf8_char(plain.text, 4, NULL)); /* what greedy decoding says first anyway */
    p.prefix = prefix;
    assert_ok(run_request(engine, &p, &whole, &said));
    assert_int_equal(whole.last, M6_EVENT_DONE);
    p.prefix = "a cat on the street";
    assert_ok(run_request(engine, &p, &whole, &said));
    assert_null(strstr(whole.text, "a cat on the street"));
    assert_string_not_equal(whole.text, plain.text);
}

static void stops_at_a_string(void **state)
{
    struct outcome plain = {0}, cut = {0};
    struct m6_request_params p = request(M6_TASK_SCRIPT);
    p.temperature = 1;
    assert_ok(run_request(engine, &p, &plain, &said));
    const size_t size = strlen(plain.text);
    assert_true(size > 6);
    char stop[8] = "";
    size_t at = size / 2;
    while ((plain.text[at] & 0xc0) == 0x80)
        at++;
    strncat(stop, plain.text + at, (size_t)m6_utf8_char(plain.text + at, size - at, NULL));
    p.stop = stop;
    assert_ok(run_request(engine, &p, &cut, &said));
    const size_t expected = (size_t)(strstr(plain.text, stop) - plain.text);
    assert_int_equal(strlen(cut.text), expected);
    assert_memory_equal(cut.text, plain.text, expected);
    assert_int_equal(cut.last, M6_EVENT_DONE);
}

static void warns_of_unknown_words(void **state)
{
    struct outcome o = {0};
    struct m6_error err;
    struct m6_request_params p = request(M6_TASK_DRAW);
    p.text = "a red dragon and a spaceship";
    assert_ok(run_request(engine, &p, &o, &said));
    assert_non_null(strstr(o.warning, "dragon, and, spaceship"));
    assert_int_equal(o.last, M6_EVENT_DONE);
    p.text = "dragon spaceship";
    assert_int_equal(run_request(engine, &p, &o, &err), M6_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "dragon, spaceship"));
    assert_non_null(strstr(err.text, "red, blue, cat"));
    p = request(M6_TASK_SCRIPT);
    p.text = "2: \xe7\x8c\xab dragon";
    assert_ok(run_request(engine, &p, &o, &said));
    assert_non_null(strstr(o.warning, "dragon"));
    p = request(M6_TASK_ASK);
    p.text = "dragon?";
    assert_ok(run_request(engine, &p, &o, &said));
    assert_non_null(strstr(o.warning, "dragon"));
    char words[64];
    int known;
    assert_int_equal(m6_engine_unknown_words(engine, "red unicorn", words, sizeof words, &known), 1);
    assert_string_equal(words, "unicorn");
    assert_int_equal(known, 1);
    free(o.rgb);
}

/* ---- what is refused ---- */

static void refused(struct m6_request_params p, enum m6_status status, const char *says)
{
    struct outcome o = {0};
    struct m6_error err = {""};
    const enum m6_status got = run_request(engine, &p, &o, &err);
    if (got != status || !strstr(err.text, says))
        fail_msg("gave %s: %s; not \"%s\"", m6_status_name(got), err.text, says);
    assert_int_equal(o.events, 0);
}

#define REFUSED(task_, status_, says_, ...)                                                                            \
    do {                                                                                                               \
        struct m6_request_params p = request(task_);                                                                   \
        __VA_ARGS__;                                                                                                   \
        refused(p, status_, says_);                                                                                    \
    } while (0)

static void refuses_bad_texts(void **state)
{
    static char long_text[70000], many[400];
    memset(long_text, 'a', sizeof long_text - 1);
    memset(many, '?', 60);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "the prompt is empty", p.text = NULL);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "the prompt is empty", p.text = " \n\t");
    REFUSED(M6_TASK_ASK, M6_ERR_ARGUMENT, "the question is empty", p.text = "");
    REFUSED(M6_TASK_MATCH, M6_ERR_ARGUMENT, "the caption is empty", p.text = "");
    REFUSED(M6_TASK_REWRITE, M6_ERR_ARGUMENT, "the prompt is empty", p.text = "");
    REFUSED(M6_TASK_REWRITE, M6_ERR_ARGUMENT, "never shown any of these words: zorblax", p.text = "zorblax");
    REFUSED(M6_TASK_SCRIPT, M6_ERR_ARGUMENT, "the idea is empty", p.text = "");
    REFUSED(M6_TASK_CAPTION, M6_ERR_ARGUMENT, "takes no text", p.text = "why?");
    REFUSED(M6_TASK_DRAW, M6_ERR_FORMAT, "not UTF-8 at byte 4", p.text = "cat \xff");
    REFUSED(M6_TASK_CAPTION, M6_ERR_FORMAT, "prefix is not UTF-8 at byte 0", p.prefix = "\x80");
    REFUSED(M6_TASK_CAPTION, M6_ERR_FORMAT, "stop string is not UTF-8", p.stop = "\xc3");
    REFUSED(M6_TASK_ASK, M6_ERR_LIMIT, "69999 bytes; the limit is 65536", p.text = long_text);
    REFUSED(M6_TASK_ASK, M6_ERR_LIMIT, "the question has 60 tokens; this model takes at most 46", p.text = many);
    REFUSED(M6_TASK_CAPTION, M6_ERR_LIMIT, "prefix has 60 tokens; this model takes at most 46", p.prefix = many);
    REFUSED(M6_TASK_CAPTION, M6_ERR_ARGUMENT, "\"fr\"", p.lang = "fr");
    static const char *const ideas[] = {"a cat", "0: a cat", "100: a cat", ": a cat", "3:", "3:  ", "-1: cat", "3 a cat"};
    for (size_t i = 0; i < sizeof ideas / sizeof *ideas; i++)
        REFUSED(M6_TASK_SCRIPT, M6_ERR_ARGUMENT, "N: idea", p.text = ideas[i]);
}

static void refuses_bad_pictures(void **state)
{
    struct m6_picture bad = {0, 5, 15, pixels[0].rgb};
    REFUSED(M6_TASK_CAPTION, M6_ERR_ARGUMENT, "no picture", p.picture_count = 0);
    REFUSED(M6_TASK_CAPTION, M6_ERR_ARGUMENT, "none is given", p.pictures = NULL);
    REFUSED(M6_TASK_CAPTION, M6_ERR_ARGUMENT, "-1 pictures", p.picture_count = -1);
    REFUSED(M6_TASK_CAPTION, M6_ERR_LIMIT, "9 pictures; this model takes at most 8", p.picture_count = 9);
    REFUSED(M6_TASK_CAPTION, M6_ERR_ARGUMENT, "0 x 5", p.pictures = &bad);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "takes no pictures", p.pictures = pictures, p.picture_count = 1);
    REFUSED(M6_TASK_SCRIPT, M6_ERR_ARGUMENT, "takes no pictures", p.pictures = pictures, p.picture_count = 1);
    REFUSED(M6_TASK_REWRITE, M6_ERR_ARGUMENT, "takes no pictures", p.pictures = pictures, p.picture_count = 1);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "0 x 5", p.image = &bad);
}

static void refuses_bad_numbers(void **state)
{
    static const struct m6_rect odd = {0, 0, -1, 5};
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "task 9", p.task = (enum m6_task)9);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "priority 3", p.priority = (enum m6_priority)3);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "mode -1", p.mode = (enum m6_draw_mode)-1);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "temperature", p.temperature = -1);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "temperature", p.temperature = __builtin_nanf(""));
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "top_p", p.top_p = 1.5f);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "guidance", p.guidance = __builtin_inff());
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "top_k", p.top_k = -1);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "max_tokens", p.max_tokens = -1);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "1001 steps", p.steps = 1001);
    REFUSED(M6_TASK_DRAW, M6_ERR_LIMIT, "-1 parts", p.keep_count = -1);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "the picture is missing", p.keep = &odd, p.keep_count = 1);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "which is missing", p.image = pictures, p.keep_count = 1);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "-1 x 5", p.image = pictures, p.keep = &odd, p.keep_count = 1);
    REFUSED(M6_TASK_DRAW, M6_ERR_ARGUMENT, "size 3", p.size = 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_in_words),      cmocka_unit_test(looks_at_all_pictures),
        cmocka_unit_test(draws),                 cmocka_unit_test(keeps_to_max_tokens),
        cmocka_unit_test(goes_on_from_a_prefix), cmocka_unit_test(stops_at_a_string),
        cmocka_unit_test(warns_of_unknown_words), cmocka_unit_test(refuses_bad_texts),
        cmocka_unit_test(refuses_bad_pictures),  cmocka_unit_test(refuses_bad_numbers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
