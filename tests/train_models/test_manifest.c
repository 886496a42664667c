#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "toy.h"

static char folder[M6_PATH_BYTES], manifest[M6_PATH_BYTES + 16];

static void write_picture(const char *name, int width, int height, uint8_t red)
{
    char path[M6_PATH_BYTES + 64];
    uint8_t *rgb = calloc((size_t)width * (size_t)height, 3);
    for (int i = 0; i < width * height; i++)
        rgb[3 * i] = red;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(m6_picture_write_png(path, width, height, rgb, NULL), M6_OK);
    free(rgb);
}

static enum m6_status open_text(struct m6_source *s, const char *text, struct m6_error *err)
{
    toy_write(folder, "m.jsonl", text);
    return m6_source_manifest(s, manifest, 1, err);
}

static void reads_pictures_and_texts(void **state)
{
    struct m6_source s;
    struct m6_error err = {""};
    assert_int_equal(open_text(&s,
                               "{\"image\":\"a.png\",\"caption\":{\"en\":\"A.\"},\"questions\":[{\"q\":\"Q\",\"a\":\"R\"}]}\n"
                               "\n"
                               "{\"image\":\"b.png\",\"caption\":{\"en\":\"B.\",\"zh\":\"乙\"}}\n"
                               "{\"script\":\"INT. ROOM\",\"idea\":\"x\",\"shots\":2,\"lang\":\"zh\"}",
                               &err),
                     M6_OK);
    assert_true(s.stills && s.scripts && !s.clips);
    uint8_t rgb[16 * 8 * 3];
    int seen[2] = {0};
    for (uint64_t i = 0; i < 8; i++) {
        struct m6_example e = {.width = 16, .height = 8, .rgb = rgb};
        assert_int_equal(s.example(s.self, M6_SPLIT_TRAIN, 0, i, &e, &err), M6_OK);
        const int b = !strcmp(e.caption[0], "B.");
        seen[b]++;
        assert_int_equal(rgb[0], b ? 200 : 100);
        assert_int_equal(rgb[1], 0);
        assert_string_equal(e.wrong[0], b ? "A." : "B.");
        assert_int_equal(e.questions, !b);
    }
    assert_int_equal(seen[0], 4); /* every epoch has each line once */
    struct m6_script_example script;
    assert_int_equal(s.script(s.self, M6_SPLIT_TRAIN, 5, &script, &err), M6_OK);
    assert_int_equal(script.shots, 2);
    assert_int_equal(script.lang, M6_LANG_ZH);
    m6_source_destroy(&s);
}

static void reports_bad_lines_by_number(void **state)
{
    static const struct {
        const char *line, *says;
    } cases[] = {
        {"{\"image\":\"a.png\"", "line 2 is not valid JSON (at byte"},
        {"[1]", "line 2: not a JSON object"},
        {"{\"image\":\"a.png\"} x", "line 2 has something behind"},
        {"{\"image\":\"a.png\",\"caption\":{\"en\":\"caf\xe9\"}}", "line 2: \"caption\" is not UTF-8 at its byte 3"},
        {"{\"image\":\"gone.png\"}", "line 2: cannot read"},
        {"{\"imag\":\"a.png\"}", "line 2: unknown field \"imag\""},
        {"{\"caption\":{\"en\":\"x\"}}", "line 2: one of \"image\""},
        {"{\"image\":\"a.png\",\"caption\":{\"fr\":\"x\"}}", "language \"fr\""},
        {"{\"image\":\"a.png\",\"caption\":\"x\"}", "\"caption\" must be an object"},
        {"{\"image\":\"a.png\",\"questions\":[{\"q\":\"x\"}]}", "\"a\" must be a text"},
        {"{\"images\":[\"a.png\"]}", "\"images\" must list the 4 frames"},
        {"{\"script\":\"x\",\"shots\":2}", "needs its \"idea\""},
        {"{\"script\":\"x\",\"idea\":\"y\",\"shots\":2,\"lang\":\"fr\"}", "\"lang\" must be"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct m6_source s;
        struct m6_error err = {""};
        char text[512];
        snprintf(text, sizeof text, "{\"image\":\"a.png\"}\n%s\n", cases[i].line);
        assert_int_equal(open_text(&s, text, &err), M6_ERR_FORMAT);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].line, err.text, cases[i].says);
    }
    struct m6_source s;
    struct m6_error err = {""};
    assert_int_equal(open_text(&s, "\n\n", &err), M6_ERR_FORMAT);
    assert_non_null(strstr(err.text, "no examples"));
}

static void reports_broken_pictures(void **state)
{
    struct m6_source s;
    toy_write(folder, "d.png", "\x89PNG\r\n\x1a\nnot really");
    struct m6_example e = {.width = 4, .height = 4, .rgb = (uint8_t[48]){0}};
    struct m6_error late = {""};
    assert_int_equal(open_text(&s, "\n{\"image\":\"d.png\"}\n", &late), M6_OK);
    assert_int_equal(s.example(s.self, M6_SPLIT_TRAIN, 0, 0, &e, &late), M6_ERR_FORMAT);
    assert_non_null(strstr(late.text, "line 2 of the manifest"));
    assert_non_null(strstr(late.text, "d.png"));
    m6_source_destroy(&s);
    struct m6_error err = {""};
    char path[M6_PATH_BYTES + 16];
    uint8_t rgb[4 * 4 * 3];
    toy_write(folder, "c.png", "\x89PNG\r\n\x1a\nnot really");
    snprintf(path, sizeof path, "%s/c.png", folder);
    assert_int_equal(m6_picture_read(path, 4, 4, rgb, &err), M6_ERR_FORMAT);
    toy_write(folder, "c.png", "\xff\xd8\xff neither");
    assert_int_equal(m6_picture_read(path, 4, 4, rgb, &err), M6_ERR_FORMAT);
    toy_write(folder, "c.png", "GIF89a");
    assert_int_equal(m6_picture_read(path, 4, 4, rgb, &err), M6_ERR_UNSUPPORTED);
}

static void blocks_are_space_to_depth(void **state)
{
    uint8_t rgb[2 * 8 * 4 * 3], back[sizeof rgb];
    float row[sizeof rgb];
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)(i * 7);
    m6_picture_blocks(rgb, 2, 8, 4, 4, row);
    /* Picture 1, block (0, 1), in-block (2, 3), blue. */
    assert_float_equal(row[(2 + 1) * 48 + (2 * 4 + 3) * 3 + 2], rgb[(4 * 8 + 2 * 8 + 4 + 3) * 3 + 2] / 127.5f - 1, 1e-6);
    m6_blocks_picture(row, 2, 8, 4, 4, back);
    assert_memory_equal(rgb, back, sizeof rgb);
}

static int setup(void **state)
{
    toy_folder(folder);
    snprintf(manifest, sizeof manifest, "%s/m.jsonl", folder);
    write_picture("a.png", 40, 20, 100);
    write_picture("b.png", 7, 90, 200);
    return 0;
}

static int teardown(void **state)
{
    toy_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_pictures_and_texts), cmocka_unit_test(reports_bad_lines_by_number),
        cmocka_unit_test(reports_broken_pictures), cmocka_unit_test(blocks_are_space_to_depth)};
    return cmocka_run_group_tests_name("manifest", tests, setup, teardown);
}
