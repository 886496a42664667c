/* Options as FFmpeg writes them, schedules, places and prompt files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/avstring.h>
#include <libavutil/mem.h>

#include "gen_options.h"
#include "prompt_file.h"
#include "token.h"

static struct m6_error err;

static void parse(struct m6_gen_options *o, const char *text)
{
    m6_gen_options_init(o);
    if (m6_gen_options_parse(o, text, &err) || m6_gen_options_check(o, &err))
        fail_msg("%s: %s", text, err.text);
}

/* ---- escaping ---- */

static void test_tokens(void **state)
{
    static const char *const texts[] = {
        "a", " a ", "a b", " a b  ", "a:b", "a\\:b", "'a:b'", "'a'b:c", "it\\'s", "'it'\\''s'", "a\\", "'open", "'", "\\ a\\ ", "a' '", "' '", "", "   ", "\\\\", "\\n",
        "x=\\=y", "a\tb\t", "\n a\r\n", "猫\\:狗", "'a''b'", "a'b c'd : e", "\\'", "a|b,c;d", "''", "'\\'", "\\'a:b\\'",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *ours = texts[i], *theirs = texts[i];
        char *a = m6_token_value(&ours, ":"), *b = av_get_token(&theirs, ":");
        assert_string_equal(a, b);
        assert_ptr_equal(ours, theirs);
        free(a);
        av_free(b);
    }
}

static void test_options(void **state)
{
    struct m6_gen_options o;
    parse(&o, "");
    assert_null(o.prompt);
    assert_int_equal(o.mode, M6_GEN_REPLACE);
    assert_int_equal(o.live, -1);
    m6_gen_options_finish(&o);

    parse(&o, "a red dog\\: night:seed=18446744073709551615:mode=overlay:x=(W-w)/2:y=H-h-10:w=320:opacity=0.5");
    assert_string_equal(o.prompt, "a red dog: night");
    assert_true(o.seed == UINT64_MAX);
    assert_int_equal(o.mode, M6_GEN_OVERLAY);
    const struct m6_gen_rect r = m6_gen_place(&o, 1920, 1080, 320, 180, 0, 0);
    assert_int_equal(r.x, 800);
    assert_int_equal(r.y, 890);
    assert_int_equal(r.w, 320);
    assert_int_equal(r.h, 180);
    assert_true(m6_gen_opacity(&o, 1920, 1080, &r, 0, 0) == 0.5);
    m6_gen_options_finish(&o);

    parse(&o, "prompt='it'\\''s 4:30 | bar, [ok]; a\\b 猫':every=2.5:fade=500ms:keycolor=0x00FF7f:similarity=0.3:blend=0:live=1:on_error=slate:timeout=1\\:30");
    assert_string_equal(o.prompt, "it's 4:30 | bar, [ok]; a\\b 猫");
    assert_true(o.schedule.every == 2500000000 && o.fade == 500000000);
    assert_int_equal(o.keycolor, 0x00ff7f);
    assert_int_equal(o.live, 1);
    assert_int_equal(o.on_error, M6_GEN_SLATE);
    m6_gen_options_finish(&o);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"prompt=a:juggle=1", "'juggle'"}, {"seed=-1", "seed=-1"},       {"seed=18446744073709551616", "seed="}, {"seed=", "seed="}, {"seed=1e3", "seed=1e3"},
        {"mode=under", "replace, overlay"}, {"x=(", "x=("},              {"every=x", "every=x"},                {"every=-1", "every="}, {"fade=1\\:99", "fade="},
        {"keycolor=greenish", "keycolor"}, {"similarity=0", "similarity"}, {"blend=2", "blend=2"},             {"live=2", "live=2"}, {"on_error=cry", "pass, fail, slate"},
        {"a=b:seed=1", "'a'"},             {"seed=1:a cat", "a cat"},    {"at=1|x", "at=x"},                    {"blend=t", "blend=t"}, {"timeout=99999999999", "timeout"},
        {"every=1\\:1\\:1\\:1", "every"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct m6_gen_options o;
        m6_gen_options_init(&o);
        err.text[0] = '\0';
        if (!m6_gen_options_parse(&o, cases[i].text, &err))
            fail_msg("%s is taken", cases[i].text);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s: %s", cases[i].text, err.text);
        m6_gen_options_finish(&o);
    }
    struct m6_gen_options o;
    m6_gen_options_init(&o);
    assert_int_equal(m6_gen_options_parse(&o, "every=1:at=2", &err), M6_OK);
    assert_int_equal(m6_gen_options_check(&o, &err), M6_ERR_ARGUMENT);
    /* A value that is refused leaves the one before. */
    assert_int_equal(m6_gen_options_set(&o, "at", "nonsense", &err), M6_ERR_ARGUMENT);
    assert_int_equal(o.schedule.at_count, 1);
    char *long_prompt = malloc(M6_GEN_PROMPT_MAX + 2);
    memset(long_prompt, 'a', M6_GEN_PROMPT_MAX + 1);
    long_prompt[M6_GEN_PROMPT_MAX + 1] = '\0';
    assert_int_equal(m6_gen_options_set(&o, "prompt", long_prompt, &err), M6_ERR_LIMIT);
    free(long_prompt);
    m6_gen_options_finish(&o);
}

/* ---- when ---- */

static void check_stretch(const struct m6_schedule *s, int64_t t, int64_t index, int64_t start, int64_t end)
{
    const struct m6_stretch got = m6_schedule_at(s, t);
    if (got.index != index || got.start != start || got.end != end)
        fail_msg("at %lld: stretch %lld from %lld to %lld", (long long)t, (long long)got.index, (long long)got.start, (long long)got.end);
}

static void test_schedules(void **state)
{
    struct m6_schedule s = {0};
    check_stretch(&s, 0, 0, 0, M6_TIME_NEVER);
    check_stretch(&s, INT64_MAX, 0, 0, M6_TIME_NEVER);
    s.every = 2000000000;
    check_stretch(&s, -5, 0, 0, 2000000000);
    check_stretch(&s, INT64_MIN, 0, 0, 2000000000);
    check_stretch(&s, 1999999999, 1, 2000000000, 4000000000); /* a host's rounding */
    check_stretch(&s, 1999990000, 0, 0, 2000000000);
    check_stretch(&s, 2000000000, 1, 2000000000, 4000000000);
    assert_true(m6_schedule_at(&s, INT64_MAX).end == M6_TIME_NEVER);
    /* Frames of 30000/1001 Hz, each in the stretch that its exact time is in, whichever way its time is rounded. */
    s.every = 1001000000;
    for (int64_t n = 0; n < 100000; n++) {
        const int64_t exact = n * 1001 * 1000000 / 30, down = exact / 1000 * 1000;
        assert_true(m6_schedule_at(&s, exact).index == n / 30);
        assert_true(m6_schedule_at(&s, down).index == n / 30);
    }
    s.every = 0;
    assert_int_equal(m6_schedule_parse_at(&s, " 7|2.5, 1:00|0 |2500ms", &err), M6_OK);
    assert_int_equal(s.at_count, 3);
    check_stretch(&s, 0, 0, 0, 2500000000);
    check_stretch(&s, 2500000000, 1, 2500000000, 7000000000);
    check_stretch(&s, 59999000000, 2, 7000000000, 60000000000);
    check_stretch(&s, 60000000000, 3, 60000000000, M6_TIME_NEVER);
    assert_int_equal(m6_schedule_parse_at(&s, "", &err), M6_OK);
    assert_int_equal(s.at_count, 0);
    m6_schedule_finish(&s);
}

static void test_times(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {{"0", 0}, {"2", 2000000000}, {"2.5s", 2500000000}, {".25", 250000000}, {"500ms", 500000000}, {"1.5ms", 1500000}, {"10us", 10000},
                 {"1:02.5", 62500000000}, {"01:00:02", 3602000000000}, {"90:00", 5400000000000}, {"2.", 2000000000}};
    int64_t ns;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (m6_time_parse(&ns, "t", cases[i].text, &err) || ns != cases[i].ns)
            fail_msg("%s is %lld: %s", cases[i].text, (long long)ns, err.text);
    }
    static const char *const refused[] = {"", ".", "-1", "1m", "1.5:00", "1:60", "1:2:3:4", "1e3", "999999999999999999999", "nan", "1 s", "1:1ms"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(m6_time_parse(&ns, "t", refused[i], &err), M6_ERR_ARGUMENT);
}

/* ---- where ---- */

static void test_places(void **state)
{
    static const struct {
        const char *options;
        int frame_w, frame_h, picture_w, picture_h;
        struct m6_gen_rect rect;
        int draw_w, draw_h;
    } cases[] = {
        {"", 1920, 1080, 0, 0, {0, 0, 1920, 1080}, 1920, 1080},
        {"mode=key", 66, 50, 0, 0, {0, 0, 66, 50}, 66, 50},
        {"", 1, 1, 0, 0, {0, 0, 1, 1}, 16, 16},
        {"", 8, 4, 0, 0, {0, 0, 8, 4}, 32, 16},
        {"", 16384, 8192, 0, 0, {0, 0, 16384, 8192}, 8192, 4096},
        {"mode=overlay", 1920, 1080, 256, 144, {0, 0, 256, 144}, 0, 0},
        {"mode=overlay:w=W/4", 1920, 1080, 480, 270, {0, 0, 480, 270}, 480, 0},
        {"mode=overlay:h=90:x=W-w", 1920, 1080, 160, 90, {1760, 0, 160, 90}, 0, 90},
        {"mode=overlay:w=100:h=50:x=-20:y=0/0", 1920, 1080, 100, 50, {-20, 0, 100, 50}, 100, 50},
        {"mode=overlay:w=w*2", 1920, 1080, 256, 144, {0, 0, 512, 288}, 0, 0},
        {"mode=overlay:w=100+t*10:h=50", 1920, 1080, 256, 144, {0, 0, 120, 50}, 0, 0},
        {"mode=region", 1920, 1080, 0, 0, {640, 360, 640, 360}, 640, 360},
        {"mode=overlay:w=0:h=-5:x=1e30", 100, 100, 256, 144, {1 << 20, 0, 1, 1}, 16, 16},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct m6_gen_options o;
        int w, h;
        parse(&o, cases[i].options);
        const struct m6_gen_rect r = m6_gen_place(&o, cases[i].frame_w, cases[i].frame_h, cases[i].picture_w, cases[i].picture_h, 2000000000, 50);
        m6_gen_draw_size(&o, &r, &w, &h);
        if (memcmp(&r, &cases[i].rect, sizeof r) || w != cases[i].draw_w || h != cases[i].draw_h)
            fail_msg("%s: %d,%d %dx%d, drawn at %dx%d", cases[i].options, r.x, r.y, r.w, r.h, w, h);
        m6_gen_options_finish(&o);
    }
}

/* ---- prompts in files ---- */

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(text, 1, strlen(text), f);
    fclose(f);
}

static void test_prompt_files(void **state)
{
    char folder[] = "/tmp/m6-prompt-XXXXXX", path[64], other[64];
    struct m6_prompt_file f = {0};
    int changed;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/prompt.txt", folder);
    snprintf(other, sizeof other, "%s/other.txt", folder);
    assert_int_equal(m6_prompt_file_read(&f, path, &changed, &err), M6_ERR_IO);
    put(path, "a red dog\n");
    assert_int_equal(m6_prompt_file_read(&f, path, &changed, &err), M6_OK);
    assert_true(changed);
    assert_string_equal(f.text, "a red dog");
    assert_int_equal(m6_prompt_file_read(&f, path, &changed, &err), M6_OK);
    assert_false(changed);
    put(other, "一只猫\r\n");
    assert_int_equal(rename(other, path), 0);
    assert_int_equal(m6_prompt_file_read(&f, path, &changed, &err), M6_OK);
    assert_true(changed);
    assert_string_equal(f.text, "一只猫");
    /* What cannot be used leaves what was. */
    put(other, " \n");
    rename(other, path);
    assert_int_equal(m6_prompt_file_read(&f, path, &changed, &err), M6_ERR_FORMAT);
    put(other, "\xff\xfe");
    rename(other, path);
    assert_int_equal(m6_prompt_file_read(&f, path, &changed, &err), M6_ERR_FORMAT);
    char *big = malloc(1 << 20);
    memset(big, 'a', 1 << 20);
    big[(1 << 20) - 1] = '\0';
    put(other, big);
    free(big);
    rename(other, path);
    assert_int_equal(m6_prompt_file_read(&f, path, &changed, &err), M6_ERR_LIMIT);
    assert_int_equal(m6_prompt_file_read(&f, folder, &changed, &err), M6_ERR_IO);
    assert_string_equal(f.text, "一只猫");
    m6_prompt_file_finish(&f);
    unlink(path);
    rmdir(folder);
    static const char *const bad[] = {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe4\xb8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(m6_prompt_is_text(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens), cmocka_unit_test(test_options), cmocka_unit_test(test_refused),      cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_times),  cmocka_unit_test(test_places),  cmocka_unit_test(test_prompt_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
