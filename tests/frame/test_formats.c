/* Every format that is said to be known, held to a double-precision reference: conversion, mixing, alpha. */
#include "reference.h"

static const struct {
    int frame[2], place[4];
    double opacity, feather;
} cases[] = {
    {{16, 12}, {0, 0, 16, 12}, 1, 0},    {{16, 12}, {0, 0, 16, 12}, 0.37, 0}, {{1, 1}, {0, 0, 1, 1}, 1, 0},
    {{1, 1}, {0, 0, 1, 1}, 0.5, 0},      {{17, 13}, {0, 0, 17, 13}, 1, 0},    {{17, 13}, {0, 0, 17, 13}, 0.8, 0},
    {{19, 15}, {3, 5, 7, 6}, 1, 0},      {{19, 15}, {3, 5, 7, 6}, 0.25, 0},   {{20, 18}, {-5, -3, 11, 10}, 1, 0},
    {{20, 18}, {13, 11, 20, 20}, 0.6, 0}, {{33, 27}, {3, 2, 23, 19}, 1, 4.5},  {{33, 27}, {-3, 7, 50, 30}, 0.9, 9},
    {{2, 9}, {1, 1, 1, 7}, 1, 0},        {{9, 2}, {1, 0, 7, 1}, 0.1, 0},      {{5, 5}, {2, 2, 1, 1}, 1, 0},
};

static void run_case(const char *name, size_t i, const struct m6_frame_layout *said, int opaque)
{
    const int *place = cases[i].place, up = any(2);
    struct frame *before = frame_create(name, cases[i].frame[0], cases[i].frame[1], 0);
    frame_fill(before);
    for (int c = before->desc->nb_components - 1, y = 0; opaque && y < before->height; y++)
        for (int x = 0; x < before->width; x++)
            put(before, c, x, y, (1 << before->desc->comp[c].depth) - 1);
    struct frame *after = frame_copy(before, name, up);
    struct picture picture = picture_create(place[2], place[3]);
    struct m6_frame_layout layout = *said;
    layout.format = before->format;
    layout.width = before->width;
    layout.height = before->height;
    const struct m6_composite_params params = {.mode = M6_COMPOSITE_REGION, .x = place[0], .y = place[1], .width = place[2], .height = place[3], .feather = cases[i].feather};
    struct m6_composite *c = m6_composite_create();
    prepare(c, &layout, &params, &picture);
    m6_composite_apply(c, &after->planes, cases[i].opacity);
    const struct reference r = {before, layout, &picture, place[0], place[1], place[2], place[3], cases[i].opacity, cases[i].feather};
    assert_as_expected(&r, after);
    m6_composite_destroy(c);
    frame_destroy(before);
    frame_destroy(after);
    free(picture.rgb);
}

static void test_every_format(void **state)
{
    int known = 0, i;
    for (i = 0; m6_frame_format_at(i); i++) {
        const char *name = m6_frame_format_name(m6_frame_format_at(i));
        if (av_get_pix_fmt(name) == AV_PIX_FMT_NONE)
            continue;
        known++;
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
            for (int alpha = 0; alpha < 2; alpha++) {
                struct m6_frame_layout l = {.matrix = (enum m6_frame_matrix)(1 + any(5)), .range = (enum m6_frame_range)(1 + any(2)),
                                            .siting = (enum m6_frame_siting)(1 + any(6)), .alpha = (enum m6_frame_alpha)alpha};
                if (!strncmp(name, "yuvj", 4))
                    l.range = M6_RANGE_FULL;
                run_case(name, k, &l, m6_frame_format_has_alpha(m6_frame_format_at(i)) && any(3) == 0);
            }
    }
    assert_true(known > 80 && i - known < 10);
}

static void test_every_matrix(void **state)
{
    static const enum m6_frame_matrix matrices[] = {M6_MATRIX_709, M6_MATRIX_601, M6_MATRIX_2020, M6_MATRIX_FCC, M6_MATRIX_240M, M6_MATRIX_YCGCO};
    static const char *const names[] = {"yuv420p", "yuv444p16le", "nv12", "p010le", "yuyv422", "gray"};
    for (size_t m = 0; m < sizeof matrices / sizeof *matrices; m++)
        for (size_t n = 0; n < sizeof names / sizeof *names; n++)
            for (int range = 1; range <= 2; range++)
                for (int siting = 1; siting <= 6; siting++)
                    run_case(names[n], 0, &(struct m6_frame_layout){.matrix = matrices[m], .range = (enum m6_frame_range)range, .siting = (enum m6_frame_siting)siting}, 0);
}

/* What our table says of a format is what libavutil says. */
static void test_tables(void **state)
{
    for (int i = 0; m6_frame_format_at(i); i++) {
        const struct m6_frame_format *f = m6_frame_format_at(i);
        const char *name = m6_frame_format_name(f);
        const enum AVPixelFormat format = av_get_pix_fmt(name);
        int across, down;
        assert_ptr_equal(m6_frame_format_find(name), f);
        if (format == AV_PIX_FMT_NONE)
            continue;
        const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
        m6_frame_format_subsampling(f, &across, &down);
        assert_int_equal(across, d->log2_chroma_w);
        assert_int_equal(down, d->log2_chroma_h);
        assert_int_equal(m6_frame_format_planes(f), av_pix_fmt_count_planes(format));
        assert_int_equal(m6_frame_format_depth(f), d->comp[0].depth);
        assert_int_equal(m6_frame_format_has_alpha(f), (d->flags & AV_PIX_FMT_FLAG_ALPHA) != 0);
    }
    assert_ptr_equal(m6_frame_format_find("yuv420p10"), m6_frame_format_find("yuv420p10le"));
    assert_null(m6_frame_format_find("yuv420p11"));
    assert_null(m6_frame_format_find("yuv420"));
    assert_null(m6_frame_format_find(""));
    assert_null(m6_frame_format_find(NULL));
    assert_null(m6_frame_format_at(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables), cmocka_unit_test(test_every_format), cmocka_unit_test(test_every_matrix)};
    return cmocka_run_group_tests_name("composite: formats", tests, NULL, NULL);
}
