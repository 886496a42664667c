/* Parts of the m6 command on their own: options, scripts, shots, moves, and the frames of an
 * animatic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "animatic/animatic.h"
#include "animatic/resample.h"
#include "options.h"
#include "shots.h"
#include "text.h"

/* ---- options ---- */

struct values {
    int flag;
    const char *text, *choice;
    int64_t number;
    struct option_rate rate;
    struct option_size size;
    struct option_list list;
};
#define AT(field) offsetof(struct values, field)
static const struct option_spec specs[] = {
    {"flag", 'f', OPTION_FLAG, 0, 0, AT(flag), NULL, ""},
    {"text", 't', OPTION_TEXT, 0, 0, AT(text), "T", ""},
    {"choice", 0, OPTION_CHOICE, 0, 0, AT(choice), "one|two", ""},
    {"number", 'n', OPTION_INTEGER, -5, 50, AT(number), "N", ""},
    {"rate", 0, OPTION_RATE, 1, 120, AT(rate), "R", ""},
    {"size", 0, OPTION_SIZE, 16, 4096, AT(size), "S", ""},
    {"list", 'l', OPTION_LIST, 0, 0, AT(list), "L", ""},
    {0},
};

/* Parses words parted by blanks; returns what options_parse does. */
static int parse(const char *line, struct values *v, struct option_error *err)
{
    static char words[256];
    char *argv[32];
    int argc = 0;
    snprintf(words, sizeof words, "%s", line);
    for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
        argv[argc++] = w;
    memset(v, 0, sizeof *v);
    const struct option_group group = {specs, v};
    return options_parse(&group, 1, argc, argv, 0, NULL, err);
}

static void test_options(void **state)
{
    struct values v;
    struct option_error err;
    assert_int_equal(parse("a --text=x -fn4 b --number -5 --list 1 -l2 -- -f", &v, &err), 3);
    assert_string_equal(v.text, "x");
    assert_int_equal(v.flag, 1);
    assert_int_equal(v.number, -5);
    assert_int_equal(v.list.count, 2);
    assert_string_equal(v.list.value[1], "2");
    assert_int_equal(parse("--choice two --size 1280x720 - --text=", &v, &err), 1);
    assert_int_equal(v.size.height, 720);
    assert_string_equal(v.text, "");
    static const char *const wrong[] = {
        "--nope",      "-z",           "--number",       "--number 51", "--number 4x",
        "--number= 4", "--flag=1",     "--choice three", "--choice on", "--choice=",
        "--size 10x",  "--size 15x20", "--size ax9",     "--rate 0",    "--rate 24/0",
        "--rate x",    "--rate nan",   "--rate 1e9"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(parse(wrong[i], &v, &err), -1);
    assert_int_equal(parse("--nubmer 3", &v, &err), -1);
    assert_non_null(strstr(err.text, "did you mean --number"));
}

static void test_rates(void **state)
{
    static const struct {
        const char *text;
        int num, den;
    } cases[] = {{"--rate 24", 24, 1},          {"--rate 23.976", 24000, 1001},
                 {"--rate 29.97", 30000, 1001}, {"--rate 59.94", 60000, 1001},
                 {"--rate 12.5", 125, 10},      {"--rate 30000/1001", 30000, 1001},
                 {"--rate 25.0", 25, 1}};
    struct values v;
    struct option_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(parse(cases[i].text, &v, &err), 0);
        assert_int_equal(v.rate.num, cases[i].num);
        assert_int_equal(v.rate.den, cases[i].den);
    }
}

/* ---- scripts ---- */

static struct fountain *read_script(const char *text)
{
    struct fountain *f;
    struct m6_error err;
    return fountain_parse(text, &f, &err) ? NULL : f;
}

static void test_fountain(void **state)
{
    struct fountain *f = read_script("\xef\xbb\xbfTitle:\n    _**Two Words**_\nCredit: by\n\nEXT. "
                                     "BEACH - DAY #12A#\n\nOne.\nTwo.\n\n"
                                     "Three \\*stars\\*.\n\nBOB (V.O.)\nHello.\n\nFADE TO:\n\nI/E. "
                                     "CAR – NIGHT #7#\nINT. ROOM\n> centred <\n");
    assert_non_null(f);
    assert_string_equal(f->title, "Two Words");
    assert_int_equal(f->count, 3);
    assert_string_equal(f->scene[0].heading, "EXT. BEACH - DAY");
    assert_int_equal(f->scene[0].number, 1);
    assert_string_equal(f->scene[0].action, "One. Two. Three *stars*.");
    assert_string_equal(f->scene[1].place, "CAR");
    assert_string_equal(f->scene[1].time, "NIGHT");
    assert_int_equal(f->scene[1].number, 7);
    assert_string_equal(f->scene[2].place, "ROOM");
    assert_string_equal(f->scene[2].time, "");
    assert_string_equal(f->scene[2].action, "");
    fountain_destroy(f);
}

static void test_fountain_edges(void **state)
{
    static const struct {
        const char *text;
        int scenes;
    } cases[] = {{"", 0},
                 {"prose", 0},
                 {"INTERIOR thoughts", 0},
                 {"..dots", 0},
                 {".", 0},
                 {".X", 1},
                 {"int. x", 1},
                 {"EXT.", 0},
                 {"\n\nEXT. A\r\rEXT. B", 2},
                 {"/* EXT. A\n\n*/", 0},
                 {"/* EXT. A", 0},
                 {"EXT. A\n\n[[ EXT. B ]]", 1},
                 {"EXT. A # 3#", 1},
                 {"EXT. ##", 1},
                 {"EXT. A - #", 1},
                 {"EST. CITY - DAWN", 1},
                 {"Title: x", 0},
                 {"外景", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fountain *f = read_script(cases[i].text);
        assert_int_equal(f ? f->count : 0, cases[i].scenes);
        fountain_destroy(f);
    }
    /* Every beginning of a script is a script or none, and no crash. */
    static const char whole[] =
        "Title: a\n\nEXT. B - C #1#\n\n/* x */ [[y]] *z* 狗。\n\nD\n(e)\nf\n\n.G - H\n\n!I\n";
    for (size_t n = 0; n < sizeof whole; n++) {
        char part[sizeof whole];
        memcpy(part, whole, n);
        part[n] = '\0';
        fountain_destroy(read_script(part));
    }
}

static void test_shots(void **state)
{
    struct shots s;
    struct fountain *f = read_script(
        "EXT. BEACH - DUSK\n\nWide shot. A Red dog runs on the beach. The camera pans left.\n\n"
        "EXT. 海滩 - 黄昏\n\n特写。红色的狗。镜头推近。\n\nEXT. ROOM - DAY\n");
    assert_int_equal(shots_plan(f, 2, 24, &s), 0);
    assert_int_equal(s.count, 3);
    assert_int_equal(s.frames, 144);
    assert_string_equal(s.shot[0].prompt, "wide shot. a red dog runs on the beach, dusk");
    assert_int_equal(s.shot[0].move, MOVE_PAN_LEFT);
    assert_string_equal(s.shot[1].prompt, "特写。红色的狗，海滩，黄昏");
    assert_int_equal(s.shot[1].move, MOVE_ZOOM_IN);
    assert_string_equal(s.shot[2].prompt, "room, day");
    assert_int_equal(s.cue_count, 2);
    assert_int_equal(s.cue[1].start, 48);
    assert_int_equal(s.cue[1].end, 96);
    shots_finish(&s);
    fountain_destroy(f);
}

/* A long action is read in pieces that fill its shot without a gap. */
static void test_long_action(void **state)
{
    char text[4096] = "EXT. A - B\n\n";
    for (int i = 0; i < 12; i++)
        strcat(text, "This sentence is about as long as they usually are. ");
    struct fountain *f = read_script(text);
    struct shots s;
    assert_int_equal(shots_plan(f, 0, 24, &s), 0);
    assert_int_equal(s.frames, 12 * 24);
    assert_true(s.cue_count >= 6);
    for (int i = 0; i < s.cue_count; i++) {
        assert_int_equal(s.cue[i].start, i ? s.cue[i - 1].end : 0);
        assert_true(text_width(s.cue[i].text) <= 84);
    }
    assert_int_equal(s.cue[s.cue_count - 1].end, s.frames);
    shots_finish(&s);
    fountain_destroy(f);
}

/* ---- frames ---- */

static void fill(uint8_t *rgb, int n, int r, int g, int b)
{
    for (int i = 0; i < n; i++) {
        rgb[3 * i] = (uint8_t)r;
        rgb[3 * i + 1] = (uint8_t)g;
        rgb[3 * i + 2] = (uint8_t)b;
    }
}

static void test_resample(void **state)
{
    static const int sizes[][4] = {
        {1, 1, 7, 5}, {5, 3, 40, 24}, {64, 36, 10, 7}, {3, 90, 90, 3}, {16, 9, 16, 9}};
    uint8_t rgb[3 * 64 * 90];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int *s = sizes[i];
        struct raster to;
        fill(rgb, s[0] * s[1], 10, 200, 255);
        const struct m6_plugin_picture p = {s[0], s[1], (size_t)s[0] * 3, rgb};
        assert_int_equal(resample(&p, &to, s[2], s[3]), 0);
        for (int k = 0; k < s[2] * s[3]; k++) {
            assert_int_equal(to.rgb[3 * k], 10);
            assert_int_equal(to.rgb[3 * k + 2], 255);
        }
        raster_finish(&to);
    }
}

/* Half a pixel further along a ramp is half a step brighter: moves are finer than pixels. */
static void test_sub_pixels(void **state)
{
    uint8_t rgb[3 * 64 * 4], row[3 * 32];
    uint16_t scratch[6 * 32];
    for (int i = 0; i < 64 * 4; i++)
        memset(rgb + 3 * i, (i % 64) * 4, 3);
    const struct raster from = {64, 4, rgb};
    struct raster to = {32, 1, row};
    for (int quarter = 0; quarter < 8; quarter++) {
        sample_window(&from, 8 + quarter / 4.0, 1, 32, 1, &to, 0, 0, 32, 1, scratch);
        assert_int_equal(row[3 * 5], (8 + 5) * 4 + quarter);
    }
}

struct film {
    int frames, width, height;
    int first[64][3]; /* a sample from the middle of each frame */
};

static enum m6_status take(void *arg, int index, int total, const struct m6_plugin_picture *p,
                           struct m6_error *err)
{
    struct film *film = arg;
    assert_int_equal(index, film->frames);
    film->width = p->width;
    film->height = p->height;
    for (int c = 0; c < 3; c++)
        film->first[index][c] =
            p->rgb[(size_t)(p->height / 2) * p->stride + (size_t)(p->width / 2) * 3 + (size_t)c];
    film->frames++;
    return M6_OK;
}

static void test_animatic(void **state)
{
    uint8_t red[3 * 16 * 9], blue[3 * 16 * 9];
    fill(red, 16 * 9, 200, 0, 0);
    fill(blue, 16 * 9, 0, 0, 200);
    const struct animatic_shot shots[] = {{{16, 9, 48, red}, MOVE_PAN_LEFT, 20},
                                          {{16, 9, 48, blue}, MOVE_ZOOM_OUT, 1},
                                          {{16, 9, 48, red}, MOVE_STATIC, 20}};
    static const int sizes[][2] = {{64, 36}, {36, 64}, {33, 33}};
    for (size_t i = 0; i < 3; i++) {
        struct film film = {0};
        struct m6_error err;
        const struct animatic a = {.width = sizes[i][0],
                                   .height = sizes[i][1],
                                   .rate = 10,
                                   .shots = shots,
                                   .shot_count = 3,
                                   .frame = take,
                                   .arg = &film};
        assert_int_equal(animatic_render(&a, &err), M6_OK);
        assert_int_equal(film.frames, 41);
        assert_int_equal(film.width, sizes[i][0]);
        assert_int_equal(film.first[0][0], 200);
        assert_int_equal(film.first[20][2], 200);
        assert_int_equal(film.first[40][0], 200);
    }
    /* Two long shots fade into each other, evenly about the cut. */
    const struct animatic_shot two[] = {{{16, 9, 48, red}, MOVE_STATIC, 20},
                                        {{16, 9, 48, blue}, MOVE_STATIC, 20}};
    struct film film = {0};
    struct m6_error err;
    const struct animatic a = {.width = 64,
                               .height = 36,
                               .rate = 10,
                               .shots = two,
                               .shot_count = 2,
                               .frame = take,
                               .arg = &film};
    assert_int_equal(animatic_render(&a, &err), M6_OK);
    assert_int_equal(film.first[17][0], 200);
    for (int f = 17; f < 22; f++)
        assert_true(film.first[f + 1][0] <= film.first[f][0] &&
                    film.first[f + 1][2] >= film.first[f][2]);
    assert_int_equal(film.first[19][0], film.first[20][2]);
    assert_int_equal(film.first[22][0], 0);
}

static void test_moves(void **state)
{
    for (int move = MOVE_STATIC; move <= MOVE_ZOOM_OUT; move++) {
        for (int i = 0; i <= 20; i++) {
            const struct move_view v = move_at((enum move)move, i / 20.0, 1);
            assert_true(v.x >= 0 && v.y >= 0 && v.w > 0.5 && v.x + v.w <= 1.0000001 &&
                        v.y + v.h <= 1.0000001);
        }
    }
    assert_true(move_at(MOVE_PAN_LEFT, 0, 1).x > move_at(MOVE_PAN_LEFT, 1, 1).x);
    assert_true(move_at(MOVE_ZOOM_IN, 0, 1).w > move_at(MOVE_ZOOM_IN, 1, 1).w);
    assert_int_equal(move_of_text("A dog. The Camera PULLS BACK.", 0), MOVE_ZOOM_OUT);
    assert_int_equal(move_of_text("镜头固定。", 3), MOVE_STATIC);
}

static void test_text(void **state)
{
    char out[24];
    text_time(3723004500000, out);
    assert_string_equal(out, "01:02:03.005");
    assert_int_equal(text_width("a狗é"), 4);
    assert_string_equal(text_language("a dog"), "en");
    assert_string_equal(text_language("a 狗"), "zh");
    char squeezed[] = "  a \n\t b ";
    text_squeeze(squeezed);
    assert_string_equal(squeezed, "a b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),  cmocka_unit_test(test_rates),
        cmocka_unit_test(test_fountain), cmocka_unit_test(test_fountain_edges),
        cmocka_unit_test(test_shots),    cmocka_unit_test(test_long_action),
        cmocka_unit_test(test_resample), cmocka_unit_test(test_sub_pixels),
        cmocka_unit_test(test_animatic), cmocka_unit_test(test_moves),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
