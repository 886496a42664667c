/* Frames are converted whatever becomes of the module and its device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "m6/frame.h"

enum { W = 16, H = 8 };
static const struct m6_frame_turn upright;

static AVFrame *grey(int value)
{
    AVFrame *f = av_frame_alloc();
    f->format = AV_PIX_FMT_GRAY8;
    f->width = W;
    f->height = H;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int y = 0; y < H; y++)
        memset(f->data[0] + (ptrdiff_t)y * f->linesize[0], value, W);
    f->color_range = AVCOL_RANGE_JPEG;
    return f;
}

static int first_byte(struct m6_frame_converter *c, const AVFrame *f)
{
    uint8_t rgb[W * H * 3];
    struct m6_error err = {""};
    if (m6_frame_convert(c, f, &upright, W, H, rgb, &err))
        fail_msg("%s", err.text);
    return rgb[0];
}

/* A module that is not there, is none, or is of another version: silently without, and doctor's sentence says which. */
static void test_absent(void **state)
{
    static const struct {
        const char *path, *said;
    } cases[] = {{"/nonexistent/m6placebo.so", "is not here"}, {"/dev/null", "install libplacebo"}, {M6_FAKE_OTHER, "another version"}};
    char text[700];
    for (int i = 0; i < 3; i++) {
        setenv("M6_PLACEBO", cases[i].path, 1);
        AVFrame *f = grey(100);
        struct m6_frame_converter *c = m6_frame_converter_create();
        assert_int_equal(first_byte(c, f), 100);
        assert_null(m6_frame_converter_note(c));
        m6_frame_converter_path(c, text, sizeof text);
        assert_string_equal(text, "swscale");
        m6_frame_converter_destroy(c);
        av_frame_free(&f);
        m6_frame_describe_path(text, sizeof text);
        if (!strstr(text, cases[i].said))
            fail_msg("%s", text);
    }
}

/* Lost in mid-stream: that frame and all later ones are converted without it, and one sentence says why. Others go on with theirs. */
static void test_lost(void **state)
{
    char text[64];
    setenv("M6_PLACEBO", M6_FAKE, 1);
    AVFrame *f = grey(100);
    struct m6_frame_converter *c = m6_frame_converter_create(), *other = m6_frame_converter_create();
    assert_int_equal(first_byte(c, f), 77);
    m6_frame_converter_path(c, text, sizeof text);
    assert_string_equal(text, "a fake");
    assert_null(m6_frame_converter_note(c));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(first_byte(c, f), 100);
        assert_string_equal(m6_frame_converter_note(c), "the device is gone");
    }
    m6_frame_converter_path(c, text, sizeof text);
    assert_string_equal(text, "swscale");
    assert_int_equal(first_byte(other, f), 77);
    assert_null(m6_frame_converter_note(other));
    m6_frame_converter_destroy(c);
    m6_frame_converter_destroy(other);
    av_frame_free(&f);
}

static void test_none(void **state)
{
    setenv("M6_VULKAN", "none", 1);
    AVFrame *f = grey(100);
    struct m6_frame_converter *c = m6_frame_converter_create();
    assert_int_equal(first_byte(c, f), 100);
    assert_null(m6_frame_converter_note(c));
    m6_frame_converter_destroy(c);
    av_frame_free(&f);
}

int main(void)
{
    setenv("M6_VULKAN", "software", 1);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_absent), cmocka_unit_test(test_lost), cmocka_unit_test(test_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
