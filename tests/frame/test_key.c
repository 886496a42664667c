/* Pictures behind a key colour: the formulas of m6/composite.h in double precision, and what they are for. */
#include "reference.h"

struct case_ {
    const char *format;
    enum m6_frame_matrix matrix;
    enum m6_frame_range range;
    struct m6_composite_params params;
    double opacity;
};

static double clamped(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

/* The chroma plane as real numbers, in code values of 8 bits, and the key in it. */
struct plane {
    int w, h, lx, ly, rgb, depth;
    const struct frame *frame;
    double key[2], neutral;
};

static void differences(const double rgb[3], double neutral, double out[2])
{
    const double y = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    out[0] = neutral + (rgb[2] - y) / 1.772;
    out[1] = neutral + (rgb[0] - y) / 1.402;
}

static struct plane plane_of(const struct frame *f, const struct case_ *t)
{
    struct plane p = {.frame = f, .rgb = (f->desc->flags & AV_PIX_FMT_FLAG_RGB) != 0, .depth = f->desc->comp[0].depth};
    p.lx = p.rgb ? 0 : f->desc->log2_chroma_w;
    p.ly = p.rgb ? 0 : f->desc->log2_chroma_h;
    p.w = -(-f->width >> p.lx);
    p.h = -(-f->height >> p.ly);
    p.neutral = 128;
    const double unit = 1 << (p.depth - 8);
    const struct reference r = {.frame = f, .layout = {.matrix = t->matrix, .range = t->range}};
    double rgb[3], code[3];
    for (int c = 0; c < 3; c++)
        rgb[c] = t->params.key[c] / 255.0;
    for (int c = 0; c < 3; c++)
        code[c] = rint(code_of(&r, c, rgb)) / unit;
    if (p.rgb)
        differences(code, 128, p.key);
    else {
        p.key[0] = code[1];
        p.key[1] = code[2];
    }
    return p;
}

static void chroma_at(const struct plane *p, int x, int y, double out[2])
{
    const double unit = 1 << (p->depth - 8);
    double rgb[3];
    x = within(x, 0, p->w - 1);
    y = within(y, 0, p->h - 1);
    for (int c = 0; c < 3; c++)
        rgb[c] = p->rgb || c ? get(p->frame, c, x, y) / unit : 0;
    if (p->rgb)
        differences(rgb, p->neutral, out);
    else {
        out[0] = rgb[1];
        out[1] = rgb[2];
    }
}

static double distance(const struct plane *p, int x, int y)
{
    double c[2];
    chroma_at(p, x, y, c);
    return hypot(c[0] - p->key[0], c[1] - p->key[1]) / (255 * sqrt(2));
}

static double ramp(const struct case_ *t, double d)
{
    return clamped((d - t->params.similarity) / fmax(t->params.blend, 1e-9));
}

/* The picture's share of an opaque pixel. */
static double share(const struct plane *p, const struct case_ *t, int x, int y)
{
    double sum = 0;
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++)
            sum += distance(p, within(x + i, 0, p->frame->width - 1) >> p->lx,
                            within(y + j, 0, p->frame->height - 1) >> p->ly) /
                   9;
    return (1 - ramp(t, sum)) * t->opacity;
}

/* What spill takes from the differences of a chroma sample. */
static void spilt(const struct plane *p, const struct case_ *t, int x, int y, double less[2])
{
    const int r = within(p->h / 100, 1, 64);
    double sum = 0, c[2], k[2] = {p->key[0] - p->neutral, p->key[1] - p->neutral};
    const double length = hypot(k[0], k[1]);
    less[0] = less[1] = 0;
    if (length <= 0 || t->params.spill <= 0)
        return;
    for (int j = -r; j <= r; j++)
        for (int i = -r; i <= r; i++)
            sum += 1 - ramp(t, distance(p, within(x + i, 0, p->w - 1), within(y + j, 0, p->h - 1)));
    const double near = fmin(1, 2 * sum / ((2 * r + 1) * (2 * r + 1)));
    chroma_at(p, x, y, c);
    const double cu = c[0] - p->neutral, cv = c[1] - p->neutral;
    const double along = (cu * k[0] + cv * k[1]) / length, beside = fabs(cu * k[1] - cv * k[0]) / length;
    const double by = t->params.spill * t->opacity * near * fmax(0, along - beside);
    less[0] = by * k[0] / length;
    less[1] = by * k[1] / length;
}

static double cleaned(const struct plane *p, const struct case_ *t, int c, int x, int y)
{
    const double unit = 1 << (p->depth - 8), before = get(p->frame, c, x, y);
    double less[2];
    if (!p->rgb && c == 0)
        return before;
    spilt(p, t, x, y, less);
    const double by = !p->rgb  ? less[c - 1]
                      : c == 0 ? 1.402 * less[1]
                      : c == 2 ? 1.772 * less[0]
                               : -0.344136 * less[0] - 0.714136 * less[1];
    return fmin(fmax(rint(before - by * unit), 0), (1 << p->depth) - 1);
}

static void run_case(const struct case_ *t, int w, int h, int tolerance)
{
    struct frame *before = frame_create(t->format, w, h, 0);
    struct plane p = plane_of(before, t);
    /* About the key, and between it and gray. */
    frame_fill(before);
    for (int y = 0; y < h && p.rgb; y++)
        for (int x = 0; x < w; x++) {
            const int way = x * 2 < w ? 0 : any(100);
            for (int c = 0; c < 3; c++) {
                const double at = t->params.key[c] + (128 - t->params.key[c]) * way / 100.0 + any(21) - 10;
                put(before, c, x, y, within((int)(at * (1 << (p.depth - 8))), 0, (1 << p.depth) - 1));
            }
        }
    for (int c = 1; c < 3 && !p.rgb; c++)
        for (int y = 0; y < side(before, c, 1); y++)
            for (int x = 0; x < side(before, c, 0); x++) {
                const double k = p.key[c - 1], at = x * 2 < p.w ? k + any(17) - 8 : k + (128 - k) * any(100) / 100;
                put(before, c, x, y, within((int)(at * (1 << (p.depth - 8))), 0, (1 << p.depth) - 1));
            }
    for (int y = 0; y < h && before->desc->nb_components == 4; y++)
        for (int x = 0; x < w; x++)
            put(before, 3, x, y, (1 << p.depth) - 1);
    struct frame *after = frame_copy(before, t->format, any(2));
    struct picture picture = picture_create(w, h);
    const struct m6_frame_layout l = {.format = before->format,
                                      .width = w,
                                      .height = h,
                                      .matrix = t->matrix,
                                      .range = t->range,
                                      .siting = M6_SITING_CENTER};
    struct m6_frame_layout resolved = l;
    struct m6_composite *c = m6_composite_create();
    prepare(c, &l, &t->params, &picture);
    m6_composite_apply(c, &after->planes, t->opacity);
    if (p.rgb)
        resolved.range = M6_RANGE_FULL;
    const struct reference r = {.frame = before, .layout = resolved, .picture = &picture, .w = w, .h = h, .opacity = 1};
    int mixed = 0;
    for (int k = 0; k < (before->desc->nb_components < 3 ? 1 : 3); k++)
        for (int y = 0; y < side(before, k, 1); y++)
            for (int x = 0; x < side(before, k, 0); x++) {
                const int chroma = is_chroma(before->desc, k), lx = chroma ? p.lx : 0, ly = chroma ? p.ly : 0;
                double weight = 0;
                for (int j = 0; j < 1 << ly; j++)
                    for (int i = 0; i < 1 << lx; i++)
                        weight += share(&p, t, within((x << lx) + i, 0, w - 1), within((y << ly) + j, 0, h - 1)) /
                                  (1 << (lx + ly));
                const double f = cleaned(&p, t, k, x, y), want = f + (converted(&r, k, x, y) - f) * weight;
                mixed += weight > 0.05 && weight < 0.95;
                if (fabs(get(after, k, x, y) - want) > tolerance)
                    fail_msg("%s %dx%d, component %d at %d,%d: %d, not %.2f (was %d, share %.3f)", t->format, w, h, k,
                             x, y, get(after, k, x, y), want, get(before, k, x, y), weight);
            }
    if (w > 3 && !mixed)
        fail_msg("%s: nothing was half covered", t->format);
    assert_kept(after);
    m6_composite_destroy(c);
    frame_destroy(before);
    frame_destroy(after);
    free(picture.rgb);
}

static const char *const formats[] = {"yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p",
                                      "nv12",    "nv21",    "nv24",    "yuyv422", "uyvy422", "rgb24",
                                      "bgra",    "0rgb",    "gbrp",    "yuvj420p"};

#define KEY(...)                                                                                                       \
    {                                                                                                                  \
        .mode = M6_COMPOSITE_KEY, .key = {__VA_ARGS__}, .similarity = 0.08, .blend = 0.12

static void test_formulas(void **state)
{
    static const int sizes[][2] = {{24, 18}, {25, 19}, {3, 2}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        for (size_t s = 0; s < 3; s++)
            for (int spill = 0; spill < 3; spill++) {
                struct case_ t = {formats[i], M6_MATRIX_709, M6_RANGE_LIMITED, KEY(20, 210, 40), .spill = spill / 2.0},
                             spill == 1 ? 0.7 : 1
            };
    if (!strcmp(formats[i], "yuvj420p"))
        t.range = M6_RANGE_FULL;
    if (s == 2)
        t.params.blend = 0.05;
    run_case(&t, sizes[s][0], sizes[s][1], 2);
}
}

/* Deep formats, in their own code values: two of 8 bits at most at the steep ramp, near enough to the exact curve. */
static void test_depths(void **state){
    static const struct case_ cases[] = {{"yuv420p10le", M6_MATRIX_709, M6_RANGE_LIMITED, KEY(0, 60, 230), .spill = 1},
                                         1},
    {"p010le", M6_MATRIX_601, M6_RANGE_LIMITED, KEY(20, 210, 40), .spill = 0.5},
    0.6},
    {"yuv444p12le", M6_MATRIX_601, M6_RANGE_FULL, KEY(20, 210, 40)}, 1
}
, {"yuv422p16le", M6_MATRIX_709, M6_RANGE_LIMITED, KEY(20, 210, 40), .spill = 1}, 1
}
, {"gbrp16le", M6_MATRIX_RGB, M6_RANGE_FULL, KEY(20, 210, 40), .spill = 1}, 1
}
,
}
;
for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    run_case(&cases[i], 25, 19, 2 << (av_pix_fmt_desc_get(av_get_pix_fmt(cases[i].format))->comp[0].depth - 8));
}

/* A gray disc with soft edges before a green screen: the screen goes, the disc stays, nothing green is left between. */
static void test_green_screen(void **state)
{
    enum { W = 160, H = 120 };
    struct frame *f = frame_create("yuv444p", W, H, 0), *was;
    struct case_ t = {"yuv444p",
                      M6_MATRIX_709,
                      M6_RANGE_LIMITED,
                      {.mode = M6_COMPOSITE_KEY, .key = {20, 200, 40}, .similarity = 0.1, .blend = 0.15, .spill = 1},
                      1};
    const struct plane p = plane_of(f, &t);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const double in = clamped((40 - hypot(x - W / 2, y - H / 2)) / 3 + 0.5);
            put(f, 0, x, y, (int)lrint(140 * in + 110 * (1 - in)));
            put(f, 1, x, y, (int)lrint(128 * in + p.key[0] * (1 - in)));
            put(f, 2, x, y, (int)lrint(128 * in + p.key[1] * (1 - in)));
        }
    was = frame_copy(f, "yuv444p", 0);
    struct picture picture = picture_create(W, H);
    memset(picture.rgb, 128, picture.view.stride * H); /* gray: any colour that is left is the screen's */
    const struct m6_frame_layout l = {
        .format = f->format, .width = W, .height = H, .matrix = t.matrix, .range = t.range};
    struct m6_composite *c = m6_composite_create();
    for (int spill = 1; spill >= 0; spill--) {
        struct frame *g = frame_copy(was, "yuv444p", 0);
        int worst = 0;
        t.params.spill = spill;
        prepare(c, &l, &t.params, &picture);
        m6_composite_apply(c, &g->planes, 1);
        assert_int_equal(get(g, 0, 3, 3), 126); /* the picture's gray */
        for (int k = 0; k < 3; k++)
            assert_int_equal(get(g, k, W / 2, H / 2), get(was, k, W / 2, H / 2));
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                for (int k = 1; k < 3; k++)
                    worst = abs(get(g, k, x, y) - 128) > worst ? abs(get(g, k, x, y) - 128) : worst;
        if (spill ? worst > 4 : worst < 8)
            fail_msg("spill %d: %d levels of green are left", spill, worst);
        frame_destroy(g);
    }
    m6_composite_destroy(c);
    frame_destroy(f);
    frame_destroy(was);
    free(picture.rgb);
}

/* Outside the rectangle nothing changes, and inside all is as if the rectangle were the frame, but for what lies at its edges. */
static void test_rectangle(void **state)
{
    struct frame *f = frame_create("yuv420p", 64, 48, 0);
    frame_fill(f);
    struct frame *g = frame_copy(f, "yuv420p", 0);
    struct picture picture = picture_create(21, 17);
    const struct m6_composite_params params = {.mode = M6_COMPOSITE_KEY,
                                               .x = 7,
                                               .y = 5,
                                               .width = 21,
                                               .height = 17,
                                               .key = {0, 255, 0},
                                               .similarity = 0.5,
                                               .blend = 0.3,
                                               .spill = 1};
    const struct m6_frame_layout l = {.format = f->format, .width = 64, .height = 48};
    struct m6_composite *c = m6_composite_create();
    prepare(c, &l, &params, &picture);
    m6_composite_apply(c, &g->planes, 1);
    int changed = 0;
    for (int k = 0; k < 3; k++)
        for (int y = 0; y < side(f, k, 1); y++)
            for (int x = 0; x < side(f, k, 0); x++) {
                const int log = k > 0, in = x >= 7 >> log && x <= 27 >> log && y >= 5 >> log && y <= 21 >> log,
                          same = get(f, k, x, y) == get(g, k, x, y);
                changed += in && !same;
                if (!in && !same)
                    fail_msg("component %d changed at %d,%d", k, x, y);
            }
    assert_true(changed > 100);
    m6_composite_destroy(c);
    frame_destroy(f);
    frame_destroy(g);
    free(picture.rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_formulas), cmocka_unit_test(test_depths),
                                       cmocka_unit_test(test_green_screen), cmocka_unit_test(test_rectangle)};
    return cmocka_run_group_tests_name("composite: key", tests, NULL, NULL);
}
