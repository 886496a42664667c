/* filters/frame: decoded frames as upright sRGB pictures, and scene changes. */
#include "support.h"

#include <libavutil/display.h>
#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>

#include "m6/frame.h"
#include "m6/scene.h"

static const struct m6_frame_turn upright;

/* A frame of one colour, a value a component (up to its depth). */
static AVFrame *flat(int format, int w, int h, const int *value)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get((enum AVPixelFormat)format);
    AVFrame *f = av_frame_alloc();
    f->format = format;
    f->width = w;
    f->height = h;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int c = 0; c < d->nb_components; c++) {
        const AVComponentDescriptor *comp = &d->comp[c];
        int chroma = (c == 1 || c == 2) && !(d->flags & AV_PIX_FMT_FLAG_RGB);
        int pw = chroma ? -(-w >> d->log2_chroma_w) : w, ph = chroma ? -(-h >> d->log2_chroma_h) : h;
        for (int y = 0; y < ph; y++)
            for (int x = 0; x < pw; x++) {
                uint8_t *p = f->data[comp->plane] + y * f->linesize[comp->plane] + x * comp->step + comp->offset;
                int v = value[c] << comp->shift;
                *p = (uint8_t)v;
                if (comp->depth > 8)
                    p[1] = (uint8_t)(v >> 8);
            }
    }
    return f;
}

/* Converts to w × h and checks that every pixel is that colour. */
static void assert_colour(AVFrame *f, int w, int h, int r, int g, int b)
{
    struct m6_frame_converter *c = m6_frame_converter_create();
    struct m6_error err = {""};
    uint8_t *rgb = malloc((size_t)w * (size_t)h * 3);
    if (m6_frame_convert(c, f, &upright, w, h, rgb, &err))
        fail_msg("%s", err.text);
    for (int i = 0; i < w * h; i++)
        if (abs(rgb[3 * i] - r) > 3 || abs(rgb[3 * i + 1] - g) > 3 || abs(rgb[3 * i + 2] - b) > 3)
            fail_msg("%s %dx%d, pixel %d: %d,%d,%d, not %d,%d,%d", av_get_pix_fmt_name((enum AVPixelFormat)f->format), f->width, f->height, i,
                     rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2], r, g, b);
    free(rgb);
    m6_frame_converter_destroy(c);
    av_frame_free(&f);
}

/* Pure red in each matrix and range; taken for another one it would be far off. */
static void test_matrices(void **state)
{
    static const struct {
        int format, space, range, yuv[3];
    } reds[] = {
        {AV_PIX_FMT_YUV420P, AVCOL_SPC_BT709, AVCOL_RANGE_MPEG, {63, 102, 240}},
        {AV_PIX_FMT_YUV420P, AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG, {81, 90, 240}},
        {AV_PIX_FMT_YUV420P, AVCOL_SPC_BT470BG, AVCOL_RANGE_JPEG, {76, 85, 255}},
        {AV_PIX_FMT_YUV444P, AVCOL_SPC_BT709, AVCOL_RANGE_JPEG, {54, 99, 255}},
        {AV_PIX_FMT_YUVJ420P, AVCOL_SPC_BT470BG, AVCOL_RANGE_UNSPECIFIED, {76, 85, 255}},
        {AV_PIX_FMT_YUV420P10LE, AVCOL_SPC_BT709, AVCOL_RANGE_MPEG, {252, 408, 960}},
        {AV_PIX_FMT_YUV422P10LE, AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG, {324, 360, 960}},
    };
    for (size_t i = 0; i < sizeof reds / sizeof *reds; i++)
        for (int odd = 0; odd < 2; odd++) {
            AVFrame *f = flat(reds[i].format, 64 + odd, 36 + odd, reds[i].yuv);
            f->colorspace = (enum AVColorSpace)reds[i].space;
            f->color_range = (enum AVColorRange)reds[i].range;
            assert_colour(f, odd ? 31 : 64, odd ? 17 : 36, 255, 0, 0);
        }
}

/* What says nothing of itself is BT.709 when it is high definition, else BT.601. */
static void test_unlabelled(void **state)
{
    static const int red709[] = {63, 102, 240}, red601[] = {81, 90, 240};
    assert_colour(flat(AV_PIX_FMT_YUV420P, 1280, 64, red709), 32, 16, 255, 0, 0);
    assert_colour(flat(AV_PIX_FMT_YUV420P, 64, 720, red709), 16, 16, 255, 0, 0);
    assert_colour(flat(AV_PIX_FMT_YUV420P, 720, 576, red601), 32, 16, 255, 0, 0);
}

static void test_other_formats(void **state)
{
    static const int rgb[] = {200, 100, 50}, half[] = {0, 0, 0, 128}, clear[] = {255, 0, 0, 0}, grey[] = {128}, yuva[] = {81, 90, 240, 0};
    assert_colour(flat(AV_PIX_FMT_RGB24, 33, 17, rgb), 33, 17, 200, 100, 50);
    assert_colour(flat(AV_PIX_FMT_BGR0, 8, 8, rgb), 5, 5, 200, 100, 50);
    assert_colour(flat(AV_PIX_FMT_RGBA, 8, 8, half), 8, 8, 127, 127, 127);
    assert_colour(flat(AV_PIX_FMT_BGRA, 8, 8, clear), 8, 8, 255, 255, 255);
    assert_colour(flat(AV_PIX_FMT_YUVA420P, 16, 16, yuva), 16, 16, 255, 255, 255);
    AVFrame *f = flat(AV_PIX_FMT_GRAY8, 16, 16, grey);
    f->color_range = AVCOL_RANGE_JPEG;
    assert_colour(f, 16, 16, 128, 128, 128);
    assert_colour(flat(AV_PIX_FMT_RGB24, 1, 1, rgb), 1, 1, 200, 100, 50);
}

/* Rows far apart, and rows that lie bottom up. */
static void test_strides(void **state)
{
    enum { W = 5, H = 4, STRIDE = 64 };
    uint8_t rows[H * STRIDE], wanted[W * H * 3], got[W * H * 3];
    struct m6_error err;
    memset(rows, 0xee, sizeof rows);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W * 3; x++)
            rows[y * STRIDE + x] = wanted[y * W * 3 + x] = (uint8_t)(y * 40 + x * 3);
    AVFrame *f = av_frame_alloc();
    f->format = AV_PIX_FMT_RGB24;
    f->width = W;
    f->height = H;
    struct m6_frame_converter *c = m6_frame_converter_create();
    for (int up = 0; up < 2; up++) {
        f->data[0] = up ? rows + (H - 1) * STRIDE : rows;
        f->linesize[0] = up ? -STRIDE : STRIDE;
        assert_int_equal(m6_frame_convert(c, f, &upright, W, H, got, &err), M6_OK);
        for (int y = 0; y < H; y++)
            assert_memory_equal(got + y * W * 3, wanted + (up ? H - 1 - y : y) * W * 3, W * 3);
    }
    m6_frame_converter_destroy(c);
    av_frame_free(&f);
}

/* RGB keeps its colours when it is scaled, however large it is and wherever its chroma is said to lie. */
static void test_rgb_scaled(void **state)
{
    static const int red[] = {250, 10, 20};
    for (int large = 0; large < 2; large++) {
        AVFrame *f = flat(AV_PIX_FMT_RGB24, large ? 1280 : 64, large ? 720 : 36, red);
        f->chroma_location = large ? AVCHROMA_LOC_CENTER : AVCHROMA_LOC_UNSPECIFIED;
        assert_colour(f, 32, 18, red[0], red[1], red[2]);
    }
}

/* A column of colour in 4:4:4 stays where it is though chroma is said to lie in the middle, as it does in every picture of full chroma. */
static void test_full_chroma_stays(void **state)
{
    static const int black[] = {0, 128, 128};
    AVFrame *f = flat(AV_PIX_FMT_YUV444P, 16, 16, black);
    struct m6_frame_converter *c = m6_frame_converter_create();
    struct m6_error err;
    uint8_t rgb[16 * 16 * 3];
    for (int y = 0; y < 16; y++) {
        f->data[0][y * f->linesize[0] + 8] = 100;
        f->data[2][y * f->linesize[2] + 8] = 200;
    }
    f->color_range = AVCOL_RANGE_JPEG;
    f->chroma_location = AVCHROMA_LOC_CENTER;
    assert_int_equal(m6_frame_convert(c, f, &upright, 16, 16, rgb, &err), M6_OK);
    for (int x = 0; x < 16; x++)
        if (x == 8)
            assert_in_range(rgb[3 * x], 198, 203);
        else
            assert_in_range(rgb[3 * x], 0, 2);
    m6_frame_converter_destroy(c);
    av_frame_free(&f);
}

/* One converter for frames whose size and format change, as in the middle of a stream. */
static void test_changes(void **state)
{
    struct m6_frame_converter *c = m6_frame_converter_create();
    uint8_t rgb[64 * 64 * 3];
    struct m6_error err;
    for (int i = 0; i < 12; i++) {
        const int value[] = {20 * i, 128, 128};
        int side = 8 + 12 * (i % 4), out = 4 + 15 * (i % 5);
        AVFrame *f = flat(i % 3 ? AV_PIX_FMT_YUV444P : AV_PIX_FMT_GRAY8, side, side, value);
        f->color_range = AVCOL_RANGE_JPEG;
        assert_int_equal(m6_frame_convert(c, f, &upright, out, out, rgb, &err), M6_OK);
        for (int k = 0; k < out * out * 3; k++)
            assert_in_range(rgb[k], i ? 20 * i - 1 : 0, 20 * i + 1);
        av_frame_free(&f);
    }
    m6_frame_converter_destroy(c);
}

/* Diffuse white of PQ, 203 of 10,000 cd/m², comes out light but not clipped; black stays black. */
static void test_hdr(void **state)
{
    for (int black = 0; black < 2; black++) {
        const int code[] = {black ? 64 : 64 + (int)(0.58 * 876), 512, 512};
        struct m6_frame_converter *c = m6_frame_converter_create();
        struct m6_error err;
        uint8_t rgb[16 * 16 * 3];
        AVFrame *f = flat(AV_PIX_FMT_YUV420P10LE, 16, 16, code);
        f->color_trc = AVCOL_TRC_SMPTE2084;
        f->color_primaries = AVCOL_PRI_BT2020;
        f->colorspace = AVCOL_SPC_BT2020_NCL;
        assert_string_equal(m6_frame_loss(f), "HDR (PQ)");
        assert_int_equal(m6_frame_convert(c, f, &upright, 16, 16, rgb, &err), M6_OK);
        assert_in_range(rgb[0], black ? 0 : 225, black ? 2 : 254);
        m6_frame_converter_destroy(c);
        av_frame_free(&f);
    }
}

static void test_turns(void **state)
{
    static const struct {
        double degrees; /* clockwise */
        int flip, corner, next; /* where the first pixel and the last of its row are seen, as in test_stills.c */
    } cases[] = {{0, 0, 0, 1}, {90, 0, 1, 3}, {180, 0, 3, 2}, {270, 0, 2, 0}, {0, 1, 1, 0}};
    uint8_t from[2 * 16] = {0}, to[18]; /* 3×2 in rows of 16 bytes */
    memset(from, 1, 3);
    memset(from + 6, 2, 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t matrix[9];
        int w, h;
        av_display_rotation_set(matrix, cases[i].degrees);
        av_display_matrix_flip(matrix, cases[i].flip, 0);
        struct m6_frame_turn turn = m6_frame_turn_of(matrix);
        m6_frame_turn_rgb(&turn, from, 16, 3, 2, to);
        m6_frame_displayed(3, 2, (AVRational){0, 1}, &turn, &w, &h);
        assert_int_equal(w * h, 6);
        for (int k = 0; k < 2; k++) {
            int at = k ? cases[i].next : cases[i].corner;
            assert_int_equal(to[3 * ((at / 2 ? h - 1 : 0) * w + (at % 2 ? w - 1 : 0))], k + 1);
        }
    }
    static const int32_t nothing[9];
    assert_false(m6_frame_turn_of(NULL).transposed);
    assert_false(m6_frame_turn_of(nothing).transposed);
}

static void test_sizes(void **state)
{
    int w, h;
    m6_frame_displayed(720, 576, (AVRational){16, 11}, NULL, &w, &h);
    assert_int_equal(w, 1047);
    assert_int_equal(h, 576);
    m6_frame_displayed(100, 100, (AVRational){1000, 1}, NULL, &w, &h); /* a mistake in the file */
    assert_int_equal(w, 100);
    m6_frame_fit(1920, 1080, 256, 144, &w, &h);
    assert_int_equal(w, 256);
    assert_int_equal(h, 144);
    m6_frame_fit(100, 50, 256, 144, &w, &h); /* never larger */
    assert_int_equal(w, 100);
    m6_frame_fit(10000, 1, 100, 100, &w, &h);
    assert_int_equal(h, 1);
    m6_frame_fit(1000, 10, 0, 5, &w, &h);
    assert_int_equal(w, 500);
}

static void test_grey(void **state)
{
    static const int yuv[] = {100, 128, 128}, ten[] = {400, 512, 512}, rgb[] = {1, 100, 3};
    static const struct {
        int format, w, h;
        const int *value;
    } cases[] = {{AV_PIX_FMT_YUV420P, 320, 180, yuv}, {AV_PIX_FMT_YUV420P10LE, 321, 181, ten}, {AV_PIX_FMT_RGB24, 17, 3, rgb}, {AV_PIX_FMT_NV12, 1, 1, yuv}};
    struct m6_frame_converter *c = m6_frame_converter_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t grey[M6_SCENE_WIDTH * M6_SCENE_HEIGHT];
        struct m6_error err;
        AVFrame *f = flat(cases[i].format, cases[i].w, cases[i].h, cases[i].value);
        assert_int_equal(m6_frame_grey(c, f, grey, &err), M6_OK);
        for (size_t k = 0; k < sizeof grey; k++)
            assert_int_equal(grey[k], 100);
        av_frame_free(&f);
    }
    m6_frame_converter_destroy(c);
}

/* ---- scenes ---- */

/* A picture of blocks, moved sideways, brightened. */
static void blocks(uint8_t *grey, unsigned which, int shift)
{
    for (int y = 0; y < M6_SCENE_HEIGHT; y++)
        for (int x = 0; x < M6_SCENE_WIDTH; x++) {
            unsigned cell = (unsigned)((x + shift) / 8 * 31 + y / 9 * 17) + which * 101;
            grey[y * M6_SCENE_WIDTH + x] = (uint8_t)((cell * 2654435761u >> 24) / 2 + (which % 2 ? 100 : 10));
        }
}

static int scenes(const int *which, int count, int64_t *first)
{
    struct m6_scene_detector *d = m6_scene_detector_create(0);
    struct m6_scene_boundary b;
    uint8_t grey[M6_SCENE_WIDTH * M6_SCENE_HEIGHT];
    int found = 0;
    for (int i = 0; i < count; i++) {
        blocks(grey, (unsigned)which[i], i / 4);
        m6_scene_push(d, grey, (int64_t)i * 40000000);
        while (m6_scene_next(d, &b))
            *first = found++ ? *first : b.time_ns;
    }
    m6_scene_flush(d);
    while (m6_scene_next(d, &b))
        *first = found++ ? *first : b.time_ns;
    m6_scene_detector_destroy(d);
    return found;
}

static void test_scenes(void **state)
{
    int which[100] = {0};
    int64_t first = -1;
    assert_int_equal(scenes(which, 100, &first), 0); /* a slow pan is one scene */
    for (int i = 50; i < 100; i++)
        which[i] = 1;
    assert_int_equal(scenes(which, 100, &first), 1);
    assert_int_equal(first, 50 * INT64_C(40000000));
    for (int i = 51; i < 100; i++)
        which[i] = 0;
    assert_int_equal(scenes(which, 100, &first), 0); /* a flash is none */
    assert_int_equal(scenes(which, 0, &first), 0);
}

int main(void)
{
    av_log_set_level(AV_LOG_QUIET);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrices), cmocka_unit_test(test_unlabelled), cmocka_unit_test(test_other_formats),
        cmocka_unit_test(test_strides),  cmocka_unit_test(test_changes),
        cmocka_unit_test(test_hdr), cmocka_unit_test(test_rgb_scaled), cmocka_unit_test(test_full_chroma_stays),      cmocka_unit_test(test_turns),      cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_grey),     cmocka_unit_test(test_scenes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
