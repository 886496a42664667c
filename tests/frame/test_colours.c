/* What colours become: against swscale in SDR, and against the standards' formulas in BT.2020, PQ and HLG. */
#include "support.h"

#include <libavutil/opt.h>
#include <libswscale/swscale.h>

/* Waves of several lengths in all colours, and a few hard edges of little contrast. */
static struct picture waves(int w, int h)
{
    struct picture p = picture_create(w, h);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            uint8_t *px = p.rgb + (size_t)y * p.view.stride + 3 * (size_t)x;
            const double step = (x / 40 + y / 30) % 2 * 6;
            px[0] = (uint8_t)lrint(125 + 90 * sin(x / 17.0 + y / 31.0) + step);
            px[1] = (uint8_t)lrint(125 + 90 * cos(x / 29.0 - y / 13.0) + step);
            px[2] = (uint8_t)lrint(125 + 90 * sin(x / 11.0 + 2) * cos(y / 19.0) + step);
        }
    return p;
}

static struct frame *laid(const char *name, struct m6_frame_layout l, const struct picture *p)
{
    struct frame *f = frame_create(name, p->view.width, p->view.height, 0);
    struct m6_composite *c = m6_composite_create();
    l.format = f->format;
    l.width = f->width;
    l.height = f->height;
    prepare(c, &l, &(struct m6_composite_params){.mode = M6_COMPOSITE_REPLACE}, p);
    m6_composite_apply(c, &f->planes, 1);
    m6_composite_destroy(c);
    return f;
}

static struct frame *scaled(const char *name, const struct m6_frame_layout *l, int sws_matrix, const struct picture *p)
{
    struct frame *f = frame_create(name, p->view.width, p->view.height, 0);
    struct SwsContext *sws = sws_alloc_context();
    av_opt_set_int(sws, "srcw", f->width, 0);
    av_opt_set_int(sws, "srch", f->height, 0);
    av_opt_set_int(sws, "src_format", AV_PIX_FMT_RGB24, 0);
    av_opt_set_int(sws, "dstw", f->width, 0);
    av_opt_set_int(sws, "dsth", f->height, 0);
    av_opt_set_int(sws, "dst_format", av_get_pix_fmt(name), 0);
    av_opt_set_int(sws, "src_range", 1, 0);
    av_opt_set_int(sws, "dst_range", l->range == M6_RANGE_FULL, 0);
    av_opt_set_int(sws, "dst_h_chr_pos", l->siting == M6_SITING_CENTER ? 128 : 0, 0);
    av_opt_set_int(sws, "dst_v_chr_pos", l->siting == M6_SITING_TOPLEFT ? 0 : 128, 0);
    av_opt_set_int(sws, "sws_flags",
                   SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_FULL_CHR_H_INT | SWS_BITEXACT, 0);
    assert_true(sws_init_context(sws, NULL, NULL) >= 0);
    sws_setColorspaceDetails(sws, sws_getCoefficients(SWS_CS_DEFAULT), 1, sws_getCoefficients(sws_matrix),
                             l->range == M6_RANGE_FULL, 0, 1 << 16, 1 << 16);
    const uint8_t *from[4] = {p->view.rgb};
    const int from_stride[4] = {(int)p->view.stride};
    int stride[4] = {0};
    for (int i = 0; i < 4; i++)
        stride[i] = (int)f->planes.stride[i];
    assert_true(sws_scale(sws, from, from_stride, 0, f->height, f->planes.data, stride) > 0);
    sws_freeContext(sws);
    return f;
}

static double psnr(const struct frame *a, const struct frame *b)
{
    double sum = 0, n = 0, max = (1 << a->desc->comp[0].depth) - 1;
    for (int c = 0; c < a->desc->nb_components; c++)
        for (int y = 0; y < side(a, c, 1); y++)
            for (int x = 0; x < side(a, c, 0); x++, n++)
                sum += pow(get(a, c, x, y) - get(b, c, x, y), 2);
    return sum > 0 ? 10 * log10(max * max * n / sum) : 99;
}

/* Deep RGB is left out: swscale makes it by way of 8-bit YUV. */
static void test_swscale(void **state)
{
    static const struct {
        const char *name;
        enum m6_frame_matrix matrix;
        int sws;
        enum m6_frame_range range;
        enum m6_frame_siting siting;
    } cases[] = {
        {"yuv420p", M6_MATRIX_709, SWS_CS_ITU709, M6_RANGE_LIMITED, M6_SITING_LEFT},
        {"yuv420p", M6_MATRIX_601, SWS_CS_ITU601, M6_RANGE_FULL, M6_SITING_CENTER},
        {"yuv420p", M6_MATRIX_2020, SWS_CS_BT2020, M6_RANGE_LIMITED, M6_SITING_TOPLEFT},
        {"yuvj420p", M6_MATRIX_601, SWS_CS_ITU601, M6_RANGE_FULL, M6_SITING_CENTER},
        {"yuv422p", M6_MATRIX_709, SWS_CS_ITU709, M6_RANGE_LIMITED, M6_SITING_LEFT},
        {"yuv444p", M6_MATRIX_240M, SWS_CS_SMPTE240M, M6_RANGE_LIMITED, M6_SITING_LEFT},
        {"yuv444p", M6_MATRIX_FCC, SWS_CS_FCC, M6_RANGE_LIMITED, M6_SITING_LEFT},
        {"nv12", M6_MATRIX_709, SWS_CS_ITU709, M6_RANGE_LIMITED, M6_SITING_LEFT},
        {"yuv420p10le", M6_MATRIX_709, SWS_CS_ITU709, M6_RANGE_LIMITED, M6_SITING_LEFT},
        {"p010le", M6_MATRIX_709, SWS_CS_ITU709, M6_RANGE_LIMITED, M6_SITING_LEFT},
        {"yuv444p16le", M6_MATRIX_601, SWS_CS_ITU601, M6_RANGE_LIMITED, M6_SITING_LEFT},
        {"yuyv422", M6_MATRIX_709, SWS_CS_ITU709, M6_RANGE_LIMITED, M6_SITING_LEFT},
        {"uyvy422", M6_MATRIX_709, SWS_CS_ITU709, M6_RANGE_LIMITED, M6_SITING_LEFT},
        {"yuva420p", M6_MATRIX_709, SWS_CS_ITU709, M6_RANGE_LIMITED, M6_SITING_LEFT},
        {"gray", M6_MATRIX_601, SWS_CS_ITU601, M6_RANGE_FULL, M6_SITING_LEFT},
        {"bgra", M6_MATRIX_RGB, SWS_CS_DEFAULT, M6_RANGE_FULL, M6_SITING_LEFT},
    };
    struct picture p = waves(320, 180);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct m6_frame_layout l = {
            .matrix = cases[i].matrix, .range = cases[i].range, .siting = cases[i].siting};
        struct frame *ours = laid(cases[i].name, l, &p), *theirs = scaled(cases[i].name, &l, cases[i].sws, &p);
        const double db = psnr(ours, theirs);
        if (db < 45)
            fail_msg("%s, matrix %d, range %d: %.1f dB", cases[i].name, cases[i].matrix, cases[i].range, db);
        frame_destroy(ours);
        frame_destroy(theirs);
    }
    free(p.rgb);
}

static double to_linear(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double to_code(enum m6_frame_transfer transfer, double v)
{
    if (transfer == M6_TRANSFER_PQ) {
        const double p = pow(v * 203 / 10000, 2610.0 / 16384);
        return pow((3424.0 / 4096 + 2413.0 / 128 * p) / (1 + 2392.0 / 128 * p), 2523.0 / 32);
    }
    if (transfer == M6_TRANSFER_HLG)
        return v <= 1.0 / 12 ? sqrt(3 * v) : 0.17883277 * log(12 * v - 0.28466892) + 0.55991073;
    return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

/* A pixel of sRGB as R'G'B' of wide frames. */
static void wide_code(enum m6_frame_transfer transfer, const uint8_t *px, double out[3])
{
    static const double m[3][3] = {
        {0.6274039, 0.3292830, 0.0433131}, {0.0690973, 0.9195404, 0.0113623}, {0.0163914, 0.0880133, 0.8955953}};
    double gain = 1;
    for (int c = 0; c < 3; c++)
        out[c] = m[c][0] * to_linear(px[0] / 255.0) + m[c][1] * to_linear(px[1] / 255.0) +
                 m[c][2] * to_linear(px[2] / 255.0);
    if (transfer == M6_TRANSFER_HLG) {
        const double y = 0.203 * (0.2627 * out[0] + 0.6780 * out[1] + 0.0593 * out[2]);
        gain = y > 0 ? 0.203 * pow(y, 1 / 1.2 - 1) : 0;
    }
    for (int c = 0; c < 3; c++)
        out[c] = to_code(transfer, out[c] * gain);
}

static void test_wide(void **state)
{
    static const struct {
        const char *name;
        enum m6_frame_transfer transfer;
    } cases[] = {
        {"yuv444p10le", M6_TRANSFER_PQ}, {"yuv444p10le", M6_TRANSFER_HLG}, {"yuv444p10le", M6_TRANSFER_SDR},
        {"yuv444p12le", M6_TRANSFER_PQ}, {"yuv444p12le", M6_TRANSFER_HLG}, {"gbrp12le", M6_TRANSFER_SDR},
        {"gbrp10le", M6_TRANSFER_PQ},    {"rgb24", M6_TRANSFER_SDR},
    };
    struct picture p = picture_create(64, 64);
    memset(p.rgb, 255, 3); /* white */
    memset(p.rgb + 3, 0, 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame *f = laid(
            cases[i].name, (struct m6_frame_layout){.transfer = cases[i].transfer, .primaries = M6_PRIMARIES_2020}, &p);
        const int depth = f->desc->comp[0].depth, rgb = (f->desc->flags & AV_PIX_FMT_FLAG_RGB) != 0;
        const double unit = 1 << (depth - 8);
        for (int y = 0; y < 64; y++)
            for (int x = 0; x < 64; x++) {
                double v[3], want[3];
                wide_code(cases[i].transfer, pixel(&p, x, y), v);
                const double luma = 0.2627 * v[0] + 0.6780 * v[1] + 0.0593 * v[2];
                for (int c = 0; c < 3; c++)
                    want[c] = rgb ? v[c] * ((1 << depth) - 1)
                              : c == 0
                                  ? (16 + 219 * luma) * unit
                                  : (128 + 224 * (c == 1 ? (v[2] - luma) / 1.8814 : (v[0] - luma) / 1.4746)) * unit;
                for (int c = 0; c < 3; c++)
                    if (fabs(get(f, c, x, y) - want[c]) > 1)
                        fail_msg("%s, transfer %d, component %d at %d,%d: %d, not %.2f", cases[i].name,
                                 cases[i].transfer, c, x, y, get(f, c, x, y), want[c]);
            }
        frame_destroy(f);
    }
    free(p.rgb);
}

/* Diffuse white by the book: 203 cd/m² is 58 % of PQ and 75 % of HLG (ITU-R BT.2408). */
static void test_white(void **state)
{
    struct picture p = picture_create(2, 2);
    memset(p.rgb, 255, p.view.stride * 2);
    struct frame *pq = laid("gbrp12le", (struct m6_frame_layout){.transfer = M6_TRANSFER_PQ}, &p);
    struct frame *hlg = laid("gbrp12le", (struct m6_frame_layout){.transfer = M6_TRANSFER_HLG}, &p);
    assert_true(fabs(get(pq, 0, 0, 0) / 4095.0 - 0.58) < 0.002);
    assert_true(fabs(get(hlg, 1, 0, 0) / 4095.0 - 0.75) < 0.002);
    frame_destroy(pq);
    frame_destroy(hlg);
    free(p.rgb);
}

/* Red tells matrices and ranges apart. */
static void test_defaults(void **state)
{
    static const struct {
        const char *name;
        int w, h;
        struct m6_frame_layout said;
        int red[3];
    } cases[] = {
        {"yuv420p", 1280, 64, {0}, {63, 102, 240}},
        {"yuv420p", 64, 720, {0}, {63, 102, 240}},
        {"yuv420p", 720, 576, {0}, {81, 90, 240}},
        {"yuvj420p", 64, 36, {0}, {76, 85, 255}},
        {"yuv420p", 64, 36, {.range = M6_RANGE_FULL, .matrix = M6_MATRIX_709}, {54, 99, 255}},
        {"yuv444p", 64, 36, {.matrix = M6_MATRIX_RGB, .range = M6_RANGE_FULL}, {0, 0, 255}},
        {"gray", 64, 36, {0}, {76, 0, 0}},
        {"gray", 64, 36, {.range = M6_RANGE_LIMITED}, {81, 0, 0}},
        {"rgb24", 64, 36, {.range = M6_RANGE_LIMITED, .matrix = M6_MATRIX_709}, {255, 0, 0}},
        {"gbrp", 64, 36, {0}, {255, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct picture p = picture_create(cases[i].w, cases[i].h);
        for (int y = 0; y < cases[i].h; y++)
            for (int x = 0; x < cases[i].w; x++)
                memcpy(p.rgb + (size_t)y * p.view.stride + 3 * (size_t)x, (const uint8_t[]){255, 0, 0}, 3);
        struct frame *f = laid(cases[i].name, cases[i].said, &p);
        for (int c = 0; c < f->desc->nb_components; c++)
            if (abs(get(f, c, 3, 3) - cases[i].red[c]) > 1)
                fail_msg("%s %dx%d: component %d is %d, not %d", cases[i].name, cases[i].w, cases[i].h, c,
                         get(f, c, 3, 3), cases[i].red[c]);
        frame_destroy(f);
        free(p.rgb);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_swscale), cmocka_unit_test(test_wide),
                                       cmocka_unit_test(test_white), cmocka_unit_test(test_defaults)};
    return cmocka_run_group_tests_name("composite: colours", tests, NULL, NULL);
}
