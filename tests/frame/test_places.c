/* Where pictures lie: rectangles by their picture's shape, pictures cut to the shape of theirs, frames left alone; and what is refused. */
#include "support.h"

static struct m6_frame_layout rgb_layout(int w, int h)
{
    return (struct m6_frame_layout){.format = m6_frame_format_find("rgb24"), .width = w, .height = h};
}

/* A picture of vertical stripes as wide as `step`, each of its own brightness. */
static struct picture stripes(int w, int h, int step)
{
    struct picture p = picture_create(w, h);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w * 3; x++)
            p.rgb[(size_t)y * p.view.stride + (size_t)x] = (uint8_t)(20 + x / 3 / step * 10);
    return p;
}

static struct frame *composed(const struct m6_composite_params *params, const struct picture *p, int w, int h,
                              int *first, int *end)
{
    struct frame *f = frame_create("rgb24", w, h, 0);
    struct m6_composite *c = m6_composite_create();
    const struct m6_frame_layout l = rgb_layout(w, h);
    prepare(c, &l, params, p);
    m6_composite_apply(c, &f->planes, 1);
    m6_composite_rows(c, first, end);
    m6_composite_destroy(c);
    assert_kept(f);
    return f;
}

/* The covered rectangle, found by what is no longer 0xa5. */
static void assert_covers(const struct frame *f, int x0, int y0, int x1, int y1)
{
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++) {
            const int in = x >= x0 && x < x1 && y >= y0 && y < y1;
            if ((get(f, 0, x, y) != 0xa5) != in)
                fail_msg("%d,%d is %scovered", x, y, in ? "not " : "");
        }
}

static void test_shapes(void **state)
{
    static const struct {
        int x, y, w, h, covers[4];
    } cases[] = {
        {0, 0, 0, 0, {0, 0, 40, 30}},      {3, 4, 0, 0, {0, 0, 40, 30}},
        {5, 6, 10, 8, {5, 6, 15, 14}},     {5, 6, 10, 0, {5, 6, 15, 11}},
        {5, 6, 0, 10, {5, 6, 25, 16}},     {-4, -2, 10, 8, {0, 0, 6, 6}},
        {35, 28, 10, 8, {35, 28, 40, 30}}, {-100, -100, 300, 300, {0, 0, 40, 30}},
        {40, 0, 10, 10, {0, 0, 0, 0}},     {0, -10, 10, 10, {0, 0, 0, 0}},
        {7, 7, 1, 1, {7, 7, 8, 8}},
    };
    struct picture p = stripes(20, 10, 4);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int first, end;
        const struct m6_composite_params params = {
            .mode = M6_COMPOSITE_OVERLAY, .x = cases[i].x, .y = cases[i].y, .width = cases[i].w, .height = cases[i].h};
        struct frame *f = composed(&params, &p, 40, 30, &first, &end);
        const int *to = cases[i].covers;
        assert_covers(f, to[0], to[1], to[2], to[3]);
        assert_int_equal(first, to[1]);
        assert_int_equal(end, to[3]);
        frame_destroy(f);
    }
    free(p.rgb);
}

/* A picture twice as wide as the frame's shape loses a quarter at each side, and nothing of its height. */
static void test_crop(void **state)
{
    struct picture p = stripes(80, 20, 5);
    int first, end;
    struct frame *f = composed(&(struct m6_composite_params){.mode = M6_COMPOSITE_REPLACE}, &p, 40, 20, &first, &end);
    for (int x = 0; x < 40; x++)
        assert_int_equal(get(f, 0, x, 7), 20 + (x + 20) / 5 * 10);
    frame_destroy(f);
    /* As a window, the rectangle shows its part of the same. */
    f = composed(
        &(struct m6_composite_params){
            .mode = M6_COMPOSITE_REGION, .x = 10, .y = 3, .width = 12, .height = 9, .windowed = 1},
        &p, 40, 20, &first, &end);
    assert_covers(f, 10, 3, 22, 12);
    for (int x = 10; x < 22; x++)
        assert_int_equal(get(f, 0, x, 7), 20 + (x + 20) / 5 * 10);
    frame_destroy(f);
    free(p.rgb);
}

/* Scaled up, flat parts stay flat, and what is cut at the frame's edge is what would have been there. */
static void test_scaling(void **state)
{
    struct picture p = stripes(8, 8, 4);
    int first, end;
    struct frame *whole =
        composed(&(struct m6_composite_params){.mode = M6_COMPOSITE_OVERLAY, .width = 64, .height = 64}, &p, 64, 64,
                 &first, &end);
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 64; x++) {
            const int v = get(whole, 1, x, y), want = x < 26 ? 20 : x >= 38 ? 30 : -1;
            if (v < 20 || v > 30 || (want >= 0 && v != want))
                fail_msg("%d,%d is %d", x, y, v);
        }
    free(p.rgb);
    p = picture_create(23, 17);
    frame_destroy(whole);
    whole = composed(&(struct m6_composite_params){.mode = M6_COMPOSITE_OVERLAY, .width = 64, .height = 48}, &p, 64, 48,
                     &first, &end);
    struct frame *part = composed(
        &(struct m6_composite_params){.mode = M6_COMPOSITE_OVERLAY, .x = -21, .y = -13, .width = 64, .height = 48}, &p,
        30, 20, &first, &end);
    for (int y = 0; y < 20; y++)
        for (int x = 0; x < 30; x++)
            for (int c = 0; c < 3; c++)
                assert_int_equal(get(part, c, x, y), get(whole, c, x + 21, y + 13));
    frame_destroy(whole);
    frame_destroy(part);
    free(p.rgb);
}

/* Scaled down, a picture keeps its mean. */
static void test_shrinking(void **state)
{
    struct picture p = picture_create(640, 480);
    double sum = 0, got = 0;
    int first, end;
    for (int y = 0; y < 480; y++)
        for (int x = 0; x < 640; x++)
            sum += pixel(&p, x, y)[1];
    struct frame *f = composed(&(struct m6_composite_params){.mode = M6_COMPOSITE_REPLACE}, &p, 4, 3, &first, &end);
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 4; x++)
            got += get(f, 1, x, y) / 12.0;
    assert_true(fabs(got - sum / (640 * 480)) < 1);
    frame_destroy(f);
    free(p.rgb);
}

static void test_fresh_frames(void **state)
{
    struct picture p = picture_create(31, 17);
    struct m6_composite *c = m6_composite_create();
    struct m6_frame_layout l = {.format = m6_frame_format_find("yuva420p"), .width = 33, .height = 19};
    assert_false(m6_composite_replaces(c, 1));
    struct frame *a = frame_create("yuva420p", 33, 19, 0), *b = frame_create("yuva420p", 33, 19, 1);
    frame_fill(a);
    m6_composite_apply(c, &a->planes, 1); /* not prepared: nothing happens, nothing breaks */
    prepare(c, &l, &(struct m6_composite_params){.mode = M6_COMPOSITE_REPLACE}, &p);
    assert_true(m6_composite_replaces(c, 1));
    assert_false(m6_composite_replaces(c, 0.99));
    m6_composite_apply(c, &a->planes, 1);
    m6_composite_apply(c, &b->planes, 1);
    for (int k = 0; k < 4; k++)
        for (int y = 0; y < side(a, k, 1); y++)
            for (int x = 0; x < side(a, k, 0); x++)
                assert_int_equal(get(a, k, x, y), get(b, k, x, y));
    /* A failed prepare leaves what was. */
    struct m6_error err;
    l.width = 0;
    assert_int_equal(m6_composite_prepare(c, &l, &(struct m6_composite_params){0}, &p.view, &err), M6_ERR_ARGUMENT);
    assert_true(m6_composite_replaces(c, 1));
    l.width = 33;
    prepare(c, &l, &(struct m6_composite_params){.mode = M6_COMPOSITE_OVERLAY, .width = 33, .height = 18}, &p);
    assert_false(m6_composite_replaces(c, 1));
    prepare(c, &l, &(struct m6_composite_params){.mode = M6_COMPOSITE_KEY, .similarity = 0.1}, &p);
    assert_false(m6_composite_replaces(c, 1));
    frame_destroy(a);
    frame_destroy(b);
    m6_composite_destroy(c);
    m6_composite_destroy(NULL);
    free(p.rgb);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *format, *says;
        struct m6_composite_params params;
        enum m6_frame_matrix matrix;
        enum m6_status status;
    } cases[] = {
        {"nonsense", "convert the video", {0}, 0, M6_ERR_UNSUPPORTED},
        {"gray", "no colour to key", {.mode = M6_COMPOSITE_KEY}, 0, M6_ERR_UNSUPPORTED},
        {"yuv444p", "cannot be keyed", {.mode = M6_COMPOSITE_KEY}, M6_MATRIX_RGB, M6_ERR_UNSUPPORTED},
        {"yuv420p", "cannot hold RGB", {0}, M6_MATRIX_RGB, M6_ERR_UNSUPPORTED},
        {"yuv420p", "similarity 2", {.mode = M6_COMPOSITE_KEY, .similarity = 2}, 0, M6_ERR_ARGUMENT},
        {"yuv420p", "spill -1", {.mode = M6_COMPOSITE_KEY, .spill = -1}, 0, M6_ERR_ARGUMENT},
        {"yuv420p", "rectangle of -1x5", {.mode = M6_COMPOSITE_OVERLAY, .width = -1, .height = 5}, 0, M6_ERR_ARGUMENT},
        {"yuv420p", "by the picture's shape", {.mode = M6_COMPOSITE_OVERLAY, .height = 30000}, 0, M6_ERR_ARGUMENT},
        {"yuv420p", "rectangle at", {.mode = M6_COMPOSITE_OVERLAY, .x = INT32_MIN, .width = 5}, 0, M6_ERR_ARGUMENT},
        {"yuv420p", "composite mode 4", {.mode = (enum m6_composite_mode)4}, 0, M6_ERR_ARGUMENT},
        {"yuv420p", "feather", {.mode = M6_COMPOSITE_REGION, .feather = NAN}, 0, M6_ERR_ARGUMENT},
    };
    struct picture p = picture_create(16, 8);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct m6_composite *c = m6_composite_create();
        struct m6_error err = {""};
        const struct m6_frame_layout l = {
            .format = m6_frame_format_find(cases[i].format), .width = 64, .height = 36, .matrix = cases[i].matrix};
        assert_int_equal(m6_composite_prepare(c, &l, &cases[i].params, &p.view, &err), cases[i].status);
        if (!strstr(err.text, cases[i].says))
            fail_msg("'%s' does not say '%s'", err.text, cases[i].says);
        m6_composite_destroy(c);
    }
    free(p.rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes),       cmocka_unit_test(test_crop),
                                       cmocka_unit_test(test_scaling),      cmocka_unit_test(test_shrinking),
                                       cmocka_unit_test(test_fresh_frames), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests_name("composite: places", tests, NULL, NULL);
}
