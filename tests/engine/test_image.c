/* Scaling, letterboxes, finite scalar quantisation, what a drawing keeps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "families/m6/keep.h"
#include "image/fsq.h"
#include "image/resize.h"
#include "support.h"

static void fits_pictures_into_frames(void **state)
{
    static const struct {
        int w, h, width, height;
        struct m6_rect place;
    } cases[] = {
        {256, 144, 256, 144, {0, 0, 256, 144}}, {1920, 1080, 256, 144, {0, 0, 256, 144}},
        {100, 100, 256, 144, {56, 0, 144, 144}}, {400, 100, 256, 144, {0, 40, 256, 64}},
        {1, 1000, 256, 144, {127, 0, 1, 144}},   {32768, 1, 256, 144, {0, 71, 256, 1}},
        {2, 1, 64, 48, {0, 8, 64, 32}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct m6_rect r = m6_letterbox_place(cases[i].w, cases[i].h, cases[i].width, cases[i].height);
        assert_memory_equal(&r, &cases[i].place, sizeof r);
    }
}

static void keeps_flat_pictures_flat(void **state)
{
    static struct pixels p;
    static uint8_t out[64 * 48 * 3];
    static const int sizes[][2] = {{64, 48}, {128, 96}, {400, 300}, {4, 3}, {63, 47}, {100, 75}, {512, 1}, {1, 512}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct m6_picture picture = test_picture(&p, sizes[i][0], sizes[i][1], 1);
        memset(p.rgb, 200, (size_t)sizes[i][0] * (size_t)sizes[i][1] * 3);
        const struct m6_rect at = m6_letterbox_place(picture.width, picture.height, 64, 48);
        assert_ok(m6_letterbox(out, 64, 48, &picture, &said));
        for (int y = 0; y < 48; y++)
            for (int x = 0; x < 64; x++) {
                const int inside = x >= at.x && x < at.x + at.w && y >= at.y && y < at.y + at.h;
                assert_int_equal(out[(y * 64 + x) * 3 + 1], inside ? 200 : 0);
            }
    }
}

static void averages_areas_and_interpolates(void **state)
{
    /* two columns become one: the mean; halves count halves */
    static const uint8_t four[] = {0, 0, 0, 100, 100, 100, 200, 200, 200, 40, 40, 40};
    const struct m6_picture wide = {4, 1, 12, four};
    uint8_t out[64 * 3];
    assert_ok(m6_letterbox(out, 2, 1, &wide, &said));
    assert_int_equal(out[0], 50);
    assert_int_equal(out[3], 120);
    assert_ok(m6_letterbox(out, 2, 2, &(struct m6_picture){3, 3, 0, four}, &said));
    assert_int_equal(out[0], (uint8_t)((0 + 100 * 0.5) / 1.5 + 0.5));
    /* up: centres keep their values' mix, edges stay */
    const struct m6_picture two = {2, 1, 6, four};
    assert_ok(m6_letterbox(out, 4, 2, &two, &said));
    assert_int_equal(out[0], 0);
    assert_int_equal(out[3], 25);
    assert_int_equal(out[6], 75);
    assert_int_equal(out[9], 100);
}

static void honours_strides(void **state)
{
    static struct pixels p, q;
    static uint8_t a[64 * 48 * 3], b[64 * 48 * 3];
    struct m6_picture packed = test_picture(&p, 100, 60, 3), padded = test_picture(&q, 200, 60, 9);
    for (int y = 0; y < 60; y++)
        memcpy(q.rgb + (size_t)y * 600, p.rgb + (size_t)y * 300, 300);
    padded.width = 100;
    assert_ok(m6_letterbox(a, 64, 48, &packed, &said));
    assert_ok(m6_letterbox(b, 64, 48, &padded, &said));
    assert_memory_equal(a, b, sizeof a);
}

static void checks_pictures(void **state)
{
    static const uint8_t byte[3];
    static const struct {
        struct m6_picture picture;
        enum m6_status status;
    } cases[] = {
        {{1, 1, 3, byte}, M6_OK},
        {{0, 1, 3, byte}, M6_ERR_ARGUMENT},
        {{1, -1, 3, byte}, M6_ERR_ARGUMENT},
        {{1, 1, 2, byte}, M6_ERR_ARGUMENT},
        {{1, 1, 3, NULL}, M6_ERR_ARGUMENT},
        {{40000, 1, 120000, byte}, M6_ERR_LIMIT},
        {{1, 40000, 3, byte}, M6_ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(m6_picture_check(&cases[i].picture, "it", NULL), cases[i].status);
}

static void converts_bytes_and_back(void **state)
{
    uint8_t byte[256], back[256];
    float value[256];
    for (int i = 0; i < 256; i++)
        byte[i] = (uint8_t)i;
    m6_bytes_to_values(value, byte, 256);
    assert_true(value[0] == -1 && value[255] == 1);
    m6_values_to_bytes(back, value, 256);
    assert_memory_equal(byte, back, 256);
    const float odd[] = {-7, 7, (float)NAN, (float)INFINITY, -(float)INFINITY};
    static const uint8_t expected[] = {0, 255, 0, 255, 0};
    m6_values_to_bytes(back, odd, 5);
    assert_memory_equal(back, expected, 5);
}

static void quantises(void **state)
{
    static const int level[] = {8, 5, 5, 5};
    for (int32_t code = 0; code < 1000; code++) {
        float value[4], unbounded[4];
        int32_t back;
        m6_fsq_decode(value, &code, 1, level, 4);
        for (int i = 0; i < 4; i++) {
            assert_true(value[i] >= -1 && value[i] <= 1);
            /* the middle of the level's stretch before tanh */
            const double half = (level[i] - 1) * 0.999 / 2, offset = level[i] % 2 ? 0 : 0.5;
            const double bounded = ((double)value[i] * (level[i] / 2) + offset) / half;
            unbounded[i] = (float)(atanh(fmax(fmin(bounded, 0.9999), -0.9999)) - tan(offset / half));
        }
        m6_fsq_encode(&back, unbounded, 1, level, 4);
        assert_int_equal(back, code);
    }
    const float odd[4] = {(float)NAN, (float)INFINITY, -(float)INFINITY, 0};
    int32_t code;
    m6_fsq_encode(&code, odd, 1, level, 4);
    assert_int_equal(code, 4 + 8 * (4 + 5 * (0 + 5 * 2)));
    m6_fsq_encode(&code, (const float[]){0, 0, 0, 0}, 1, level, 4);
    assert_int_equal(code, 4 + 8 * (2 + 5 * (2 + 5 * 2)));
}

static void keeps_places_wholly_inside(void **state)
{
    struct m6_config c;
    uint8_t known[12], byte[3] = {0};
    m6_config_tiny(&c); /* 64 × 48, 4 × 3 places of 16 × 16 */
    static const struct {
        int w, h;
        struct m6_rect keep;
        int kept;
        const char *map;
    } cases[] = {
        {64, 48, {0, 0, 64, 48}, 12, "111111111111"},   {64, 48, {0, 0, 16, 16}, 1, "100000000000"},
        {64, 48, {1, 0, 32, 16}, 1, "010000000000"},    {64, 48, {0, 0, 15, 48}, 0, "000000000000"},
        {64, 48, {16, 16, 32, 32}, 4, "000001100110"},  {64, 48, {-100, -100, 1000, 1000}, 12, "111111111111"},
        {64, 48, {2000000000, 0, 2000000000, 48}, 0, "000000000000"}, {64, 48, {0, 0, 0, 0}, 0, "000000000000"},
        {640, 480, {160, 160, 160, 160}, 1, "000001000000"}, {640, 480, {161, 160, 160, 160}, 0, "000000000000"},
        {32, 24, {8, 8, 16, 16}, 4, "000001100110"},
        {48, 48, {0, 0, 48, 48}, 6, "011001100110"}, /* 8 columns of black either side: the outer places are half black */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct m6_picture p = {cases[i].w, cases[i].h, (size_t)cases[i].w * 3, byte};
        char map[13] = "";
        assert_int_equal(m6_keep_places(known, &c, &p, &cases[i].keep, 1), cases[i].kept);
        for (int k = 0; k < 12; k++)
            map[k] = known[k] ? '1' : '0';
        assert_string_equal(map, cases[i].map);
    }
    const struct m6_picture p = {64, 48, 192, byte};
    const struct m6_rect two[] = {{0, 0, 16, 16}, {48, 32, 16, 16}};
    assert_int_equal(m6_keep_places(known, &c, &p, two, 2), 2);
    assert_true(known[0] && known[11]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_pictures_into_frames), cmocka_unit_test(keeps_flat_pictures_flat),
        cmocka_unit_test(averages_areas_and_interpolates), cmocka_unit_test(honours_strides),
        cmocka_unit_test(checks_pictures), cmocka_unit_test(converts_bytes_and_back), cmocka_unit_test(quantises),
        cmocka_unit_test(keeps_places_wholly_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
