/* Frames converted on a Vulkan device (Mesa's lavapipe will do) against swscale's, and what happens when there is none, or no more. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/frame.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "m6/frame.h"

static const struct m6_frame_turn upright;

/* ---- pictures ---- */

/* Waves of many lengths in each channel, an edge, and a little grain: 0 to 1. */
static double shade(int c, double x, double y)
{
    const double slow = 0.5 + 0.2 * sin(9 * x + 2 * c + 3 * y) * cos(7 * y - c);
    const double fast = 0.08 * sin(90 * x * (1 + y)) + 0.05 * cos(150 * y + 40 * x * x + c);
    return fmin(fmax(slow + fast + ((x - 0.5) * (x - 0.5) + (y - 0.5) * (y - 0.5) < 0.06 ? 0.15 : 0), 0), 1);
}

/* As 16-bit RGB through swscale, so that every format is filled by something else than what is tested. */
static AVFrame *picture(int format, int w, int h, int matrix, int full)
{
    AVFrame *rgb = av_frame_alloc(), *f = av_frame_alloc();
    rgb->format = AV_PIX_FMT_RGB48;
    f->format = format;
    rgb->width = f->width = w;
    rgb->height = f->height = h;
    assert_int_equal(av_frame_get_buffer(rgb, 0), 0);
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int y = 0; y < h; y++) {
        uint16_t *row = (uint16_t *)(void *)(rgb->data[0] + (ptrdiff_t)y * rgb->linesize[0]);
        for (int i = 0; i < 3 * w; i++)
            row[i] = (uint16_t)lrint(65535 * shade(i % 3, (i / 3 + 0.5) / w, (y + 0.5) / h));
    }
    struct SwsContext *sws = sws_getContext(w, h, AV_PIX_FMT_RGB48, w, h, (enum AVPixelFormat)format, SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, NULL, NULL, NULL);
    assert_non_null(sws);
    sws_setColorspaceDetails(sws, sws_getCoefficients(SWS_CS_DEFAULT), 1, sws_getCoefficients(matrix), full, 0, 1 << 16, 1 << 16);
    assert_true(sws_scale(sws, (const uint8_t *const *)rgb->data, rgb->linesize, 0, h, f->data, f->linesize) > 0);
    sws_freeContext(sws);
    av_frame_free(&rgb);
    f->color_range = full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    f->colorspace = matrix == SWS_CS_ITU709 ? AVCOL_SPC_BT709 : matrix == SWS_CS_BT2020 ? AVCOL_SPC_BT2020_NCL : AVCOL_SPC_SMPTE170M;
    return f;
}

/* Converts by what M6_VULKAN says; `path`, of 400 bytes, receives what did it. */
static uint8_t *convert(const char *vulkan, const AVFrame *f, int w, int h, char *path)
{
    struct m6_error err = {""};
    uint8_t *rgb = malloc((size_t)w * (size_t)h * 3);
    setenv("M6_VULKAN", vulkan, 1);
    struct m6_frame_converter *c = m6_frame_converter_create();
    if (m6_frame_convert(c, f, &upright, w, h, rgb, &err))
        fail_msg("%s", err.text);
    if (path)
        m6_frame_converter_path(c, path, 400);
    m6_frame_converter_destroy(c);
    return rgb;
}

static double psnr(const uint8_t *a, const uint8_t *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum > 0 ? 10 * log10(255.0 * 255 * (double)n / sum) : 99;
}

static AVFrame *hdr_picture(int hlg)
{
    AVFrame *f = picture(AV_PIX_FMT_YUV420P10, 320, 180, SWS_CS_BT2020, 0);
    f->color_trc = hlg ? AVCOL_TRC_ARIB_STD_B67 : AVCOL_TRC_SMPTE2084;
    f->color_primaries = AVCOL_PRI_BT2020;
    return f;
}

/* ---- the tests ---- */

static int have_device(void)
{
    char text[512];
    setenv("M6_VULKAN", "software", 1);
    m6_frame_describe_path(text, sizeof text);
    if (strstr(text, "libplacebo"))
        return 1;
    print_message("%s\n", text);
    return 0;
}

static void test_sdr(void **state)
{
    static const struct {
        int from_w, from_h, w, h;
    } sizes[] = {{320, 180, 96, 54}, {240, 180, 224, 101}, {128, 72, 128, 72}, {64, 36, 128, 72}, {641, 361, 224, 126}};
    static const struct {
        int format, matrix, full;
    } formats[] = {
        {AV_PIX_FMT_YUV420P, SWS_CS_ITU709, 0},   {AV_PIX_FMT_NV12, SWS_CS_ITU601, 0},       {AV_PIX_FMT_YUV420P10, SWS_CS_ITU709, 0},
        {AV_PIX_FMT_P010, SWS_CS_BT2020, 0},      {AV_PIX_FMT_YUV422P, SWS_CS_ITU709, 1},    {AV_PIX_FMT_YUV444P, SWS_CS_ITU601, 1},
        {AV_PIX_FMT_YUV444P12, SWS_CS_ITU709, 0}, {AV_PIX_FMT_RGB24, SWS_CS_DEFAULT, 1},     {AV_PIX_FMT_GBRP, SWS_CS_DEFAULT, 1},
        {AV_PIX_FMT_BGR0, SWS_CS_DEFAULT, 1},     {AV_PIX_FMT_GRAY8, SWS_CS_ITU709, 1},
    };
    static const enum AVChromaLocation sites[] = {AVCHROMA_LOC_LEFT, AVCHROMA_LOC_CENTER, AVCHROMA_LOC_UNSPECIFIED, AVCHROMA_LOC_TOPLEFT};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t i = s % 2; i < sizeof formats / sizeof *formats; i += 2) {
            char path[400];
            const int w = sizes[s].w, h = sizes[s].h;
            AVFrame *f = picture(formats[i].format, sizes[s].from_w, sizes[s].from_h, formats[i].matrix, formats[i].full);
            f->chroma_location = sites[(s + i) % 4];
            uint8_t *a = convert("none", f, w, h, NULL), *b = convert("software", f, w, h, path);
            assert_non_null(strstr(path, "libplacebo"));
            const double db = psnr(a, b, (size_t)w * (size_t)h * 3);
            /* Of an odd width swscale stretches the half column of chroma to a whole one. */
            if (db < (f->width % 2 ? 40 : 45))
                fail_msg("%s %dx%d to %dx%d: %.1f dB", av_get_pix_fmt_name((enum AVPixelFormat)f->format), f->width, f->height, w, h, db);
            free(a);
            free(b);
            av_frame_free(&f);
        }
}

/* What the device cannot take goes by swscale, to the byte, and the device stays. */
static void test_others(void **state)
{
    static const int formats[] = {AV_PIX_FMT_YUYV422, AV_PIX_FMT_RGBA, AV_PIX_FMT_YUV420P};
    for (int i = 0; i < 3; i++) {
        AVFrame *f = picture(formats[i], 64, 36, SWS_CS_ITU709, 0);
        if (formats[i] == AV_PIX_FMT_YUV420P)
            for (int p = 0; p < 3; p++) { /* bottom up */
                f->data[p] += (ptrdiff_t)((p ? 18 : 36) - 1) * f->linesize[p];
                f->linesize[p] = -f->linesize[p];
            }
        uint8_t *a = convert("none", f, 40, 20, NULL), *b = convert("software", f, 40, 20, NULL);
        assert_memory_equal(a, b, 40 * 20 * 3);
        free(a);
        free(b);
        av_frame_free(&f);
    }
}

static double mean(const uint8_t *rgb, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += rgb[i];
    return sum / (double)n;
}

/* Two ways to bring HDR to SDR that need not agree about highlights: as bright on the whole, and the same shapes. */
static void test_hdr(void **state)
{
    enum { W = 96, H = 54, N = W * H * 3 };
    for (int hlg = 0; hlg < 2; hlg++) {
        char path[400];
        AVFrame *f = hdr_picture(hlg);
        uint8_t *own = convert("none", f, W, H, NULL), *mapped = convert("software", f, W, H, path);
        assert_non_null(strstr(path, "libplacebo"));
        double difference = 0;
        for (int i = 0; i < N; i++)
            difference += abs(own[i] - mapped[i]);
        print_message("%s: mean difference from tone.c %.1f, means %.1f %.1f\n", hlg ? "HLG" : "PQ", difference / N, mean(own, N), mean(mapped, N));
        assert_true(difference / N <= 24);
        free(own);
        free(mapped);
        av_frame_free(&f);
    }
}

static void add_mastering(AVFrame *f, int peak)
{
    AVMasteringDisplayMetadata *m = av_mastering_display_metadata_create_side_data(f);
    m->has_luminance = 1;
    m->max_luminance = (AVRational){peak, 1};
    m->min_luminance = (AVRational){1, 10000};
}

/* The dimmer the content says that it gets, the less is given up for its highlights. Nonsense is not believed. */
static void test_metadata(void **state)
{
    enum { W = 64, H = 36, N = W * H * 3 };
    static const struct {
        int mastering, content;
    } cases[] = {{4000, 0}, {1000, 0}, {0, 0}, {4000, 400}, {0, 400}, {400, 0}, {4000, 1}};
    double means[7];
    for (int i = 0; i < 7; i++) {
        AVFrame *f = hdr_picture(0);
        if (cases[i].mastering)
            add_mastering(f, cases[i].mastering);
        if (cases[i].content)
            av_content_light_metadata_create_side_data(f)->MaxCLL = (unsigned)cases[i].content;
        uint8_t *rgb = convert("software", f, W, H, NULL);
        means[i] = mean(rgb, N);
        free(rgb);
        av_frame_free(&f);
    }
    assert_true(means[1] > means[0] + 1);                    /* the mastering display's peak counts */
    assert_true(fabs(means[2] - means[1]) < 0.1);            /* 1000 where nothing is said */
    assert_true(means[3] > means[1] + 1);                    /* the content's counts more */
    assert_true(fabs(means[4] - means[3]) < 0.5);
    assert_true(fabs(means[5] - means[3]) < 0.5);
    assert_true(means[6] >= means[3] && means[6] < 250);
}

/* Many converters at once, over one device; each gives what it gives alone. lavapipe crashes in its own threads then (22.3). */
struct worker {
    pthread_t thread;
    const AVFrame *frame;
    const uint8_t *wanted;
    int wrong;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct m6_error err;
    uint8_t rgb[64 * 36 * 3];
    for (int turn = 0; turn < 3; turn++) {
        struct m6_frame_converter *c = m6_frame_converter_create();
        for (int i = 0; i < 4; i++)
            w->wrong += m6_frame_convert(c, w->frame, &upright, 64, 36, rgb, &err) != M6_OK || memcmp(rgb, w->wanted, sizeof rgb) != 0;
        m6_frame_converter_destroy(c);
    }
    return NULL;
}

static void test_threads(void **state)
{
    char device[512];
    m6_frame_describe_path(device, sizeof device);
    if (strstr(device, "llvmpipe"))
        skip();
    AVFrame *frames[2] = {hdr_picture(0), picture(AV_PIX_FMT_YUV420P, 128, 72, SWS_CS_ITU709, 0)};
    uint8_t *wanted[2] = {convert("software", frames[0], 64, 36, NULL), convert("software", frames[1], 64, 36, NULL)};
    struct worker workers[4] = {{0}};
    for (int i = 0; i < 4; i++) {
        workers[i].frame = frames[i % 2];
        workers[i].wanted = wanted[i % 2];
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].wrong, 0);
    }
    for (int i = 0; i < 2; i++) {
        free(wanted[i]);
        av_frame_free(&frames[i]);
    }
}

/* Software Vulkan is never used unless it is asked for, whatever the frame. */
static void test_choice(void **state)
{
    char path[400];
    AVFrame *frames[] = {picture(AV_PIX_FMT_YUV420P, 64, 36, SWS_CS_ITU709, 0), hdr_picture(0)};
    for (int i = 0; i < 2; i++) {
        free(convert("none", frames[i], 32, 18, path));
        assert_string_equal(path, "swscale");
        free(convert("auto", frames[i], 32, 18, path));
        assert_null(strstr(path, "llvmpipe"));
        free(convert("software", frames[i], 32, 18, path));
        assert_non_null(strstr(path, "libplacebo"));
        av_frame_free(&frames[i]);
    }
}

/* ---- where there is no device that will do; each in a process of its own ---- */

static void test_no_device(void **state)
{
    char path[400], text[700];
    AVFrame *f = hdr_picture(0);
    uint8_t *a = convert("none", f, 32, 18, NULL), *b = convert("software", f, 32, 18, path), *c = convert("auto", f, 32, 18, NULL);
    if (strstr(path, "libplacebo") && !strstr(path, "llvmpipe"))
        skip(); /* a GPU: there is a device */
    assert_string_equal(path, "swscale");
    assert_memory_equal(a, b, 32 * 18 * 3);
    assert_memory_equal(a, c, 32 * 18 * 3);
    setenv("M6_VULKAN", "software", 1);
    m6_frame_describe_path(text, sizeof text);
    if (!strstr(text, *(const char *const *)*state))
        fail_msg("%s", text);
    free(a);
    free(b);
    free(c);
    av_frame_free(&f);
}

/* lavapipe would wait for ever: this test would end by its time limit. */
static int run_on_one_processor(void)
{
    static const char *said = "LP_NUM_THREADS=1";
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_no_device, &said)};
    cpu_set_t all, one;
    int first = 0;
    if (sched_getaffinity(0, sizeof all, &all))
        return 77;
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    unsetenv("LP_NUM_THREADS");
    return sched_setaffinity(0, sizeof one, &one) ? 77 : cmocka_run_group_tests(tests, NULL, NULL);
}

static int run_without_driver(void)
{
    static const char *said = "install the GPU's Vulkan driver";
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_no_device, &said)};
    setenv("VK_ICD_FILENAMES", "/nonexistent/driver.json", 1);
    setenv("VK_DRIVER_FILES", "/nonexistent/driver.json", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sdr),      cmocka_unit_test(test_others),  cmocka_unit_test(test_hdr),
        cmocka_unit_test(test_metadata), cmocka_unit_test(test_threads), cmocka_unit_test(test_choice),
    };
    if (argc > 1 && !strcmp(argv[1], "--one-processor"))
        return run_on_one_processor();
    if (argc > 1 && !strcmp(argv[1], "--no-driver"))
        return run_without_driver();
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return have_device() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
