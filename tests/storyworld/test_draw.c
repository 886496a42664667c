/* Pictures: determinism, masks, clips, and how far apart attributes look. */
#include <math.h>
#include <pthread.h>

#include "test.h"

enum { PIXELS = SW_WIDTH * SW_HEIGHT, BYTES = PIXELS * 3 };

struct frame {
    uint8_t rgb[BYTES], mask[PIXELS];
};

static double covered(const uint8_t *mask)
{
    int n = 0;

    for (int i = 0; i < PIXELS; i++)
        n += mask[i] != 0;
    return 100.0 * n / PIXELS;
}

/* Mean absolute difference of two pictures in 8-bit steps. */
static double difference(const uint8_t *a, const uint8_t *b)
{
    long sum = 0;

    for (int i = 0; i < BYTES; i++)
        sum += labs((long)a[i] - b[i]);
    return (double)sum / BYTES;
}

static double centre_x(const uint8_t *mask)
{
    double sum = 0;
    int n = 0;

    for (int i = 0; i < PIXELS; i++)
        if (mask[i]) {
            sum += i % SW_WIDTH;
            n++;
        }
    return n ? sum / n : -1;
}

static struct sw_scene a_scene(void)
{
    struct sw_scene scene = {.subjects = 1,
                             .subject = {{SW_DOG, SW_RED, SW_CENTRE, 0}},
                             .place = SW_BEACH,
                             .time = SW_DAY,
                             .shot = SW_MEDIUM};

    return scene;
}

static void same_scene_same_bytes(void **state)
{
    struct frame *a = *state, *b = a + 1;

    for (uint64_t seed = 0; seed < 60; seed++) {
        struct sw_scene scene;
        sw_scene_random(&scene, SW_TRAIN, 1, seed);
        memset(a, 1, sizeof *a);
        memset(b, 2, sizeof *b);
        assert_int_equal(sw_draw(&scene, SW_WIDTH, SW_HEIGHT, a->rgb, a->mask), 0);
        assert_int_equal(sw_draw_at(&scene, 0.5, SW_WIDTH, SW_HEIGHT, b->rgb, b->mask), 0);
        assert_memory_equal(a, b, sizeof *a);
        assert_int_equal(sw_draw(&scene, SW_WIDTH, SW_HEIGHT, b->rgb, NULL), 0);
        assert_memory_equal(a->rgb, b->rgb, BYTES);
    }
}

static void subjects_are_large(void **state)
{
    static const double least[SW_SHOTS] = {11, 5.5, 2.8};
    struct frame *f = *state;

    for (int kind = 0; kind < SW_KINDS; kind++) {
        double before = 100;
        for (int shot = 0; shot < SW_SHOTS; shot++) {
            struct sw_scene scene = a_scene();
            double share;
            scene.subject[0].kind = (enum sw_kind)kind;
            scene.shot = (enum sw_shot)shot;
            assert_int_equal(sw_draw(&scene, SW_WIDTH, SW_HEIGHT, f->rgb, f->mask), 0);
            share = covered(f->mask);
            if (share < least[shot] || share > 60 || share > before / 1.6)
                fail_msg("a %s covers %.1f %% of a %s", sw_kind_name(kind, SW_EN), share,
                         sw_shot_name(shot, SW_EN));
            before = share;
        }
    }
}

static void pairs_are_both_seen(void **state)
{
    struct frame *f = *state;

    for (uint64_t seed = 0; seed < 400; seed++) {
        struct sw_scene scene, alone;
        sw_scene_random(&scene, SW_TRAIN, 0, seed);
        if (scene.subjects < 2)
            continue;
        assert_int_equal(sw_draw(&scene, SW_WIDTH, SW_HEIGHT, f[0].rgb, f[0].mask), 0);
        /* Little of the union is lost to overlap: two subjects cover far more than one. */
        alone = scene;
        alone.subjects = 1;
        alone.relation = SW_ALONE;
        assert_int_equal(sw_draw(&alone, SW_WIDTH, SW_HEIGHT, f[1].rgb, f[1].mask), 0);
        assert_true(covered(f[0].mask) > 0.6 * covered(f[1].mask));
        assert_in_range((int)covered(f[0].mask), 3, 60);
    }
}

static void the_mask_is_where_the_subject_is(void **state)
{
    struct frame *f = *state;

    for (int kind = 0; kind < SW_KINDS; kind++) {
        struct sw_scene scene = a_scene();
        int inside = 0, outside = 0, all = 0;
        scene.subject[0].kind = (enum sw_kind)kind;
        scene.weather = SW_CLOUDY;
        scene.subject[0].colour = SW_RED;
        assert_int_equal(sw_draw(&scene, SW_WIDTH, SW_HEIGHT, f[0].rgb, f[0].mask), 0);
        scene.subject[0].colour = SW_BLUE;
        assert_int_equal(sw_draw(&scene, SW_WIDTH, SW_HEIGHT, f[1].rgb, f[1].mask), 0);
        assert_memory_equal(f[0].mask, f[1].mask, PIXELS);
        for (int i = 0; i < PIXELS; i++) {
            int changed = memcmp(f[0].rgb + 3 * i, f[1].rgb + 3 * i, 3) != 0;
            if (f[0].mask[i])
                inside += changed;
            else
                outside += changed;
            all += f[0].mask[i] != 0;
        }
        assert_int_equal(outside, 0);
        if (inside < all / 5)
            fail_msg("only %d of %d pixels of a %s have its colour", inside, all,
                     sw_kind_name(kind, SW_EN));
    }
}

/* Changing any one attribute changes the picture visibly, in every place. */
static void every_attribute_shows(void **state)
{
    struct frame *f = *state;

    for (int place = 0; place < SW_PLACES; place++) {
        struct sw_scene base = a_scene(), other;
        base.place = (enum sw_place)place;
        assert_int_equal(sw_draw(&base, SW_WIDTH, SW_HEIGHT, f[0].rgb, NULL), 0);
#define DIFFERS(change, least)                                                                     \
    other = base;                                                                                  \
    other.change;                                                                                  \
    assert_int_equal(sw_draw(&other, SW_WIDTH, SW_HEIGHT, f[1].rgb, NULL), 0);                     \
    if (difference(f[0].rgb, f[1].rgb) < (least))                                                  \
    fail_msg("%s changes the %s by only %.2f", #change, sw_place_name(place, SW_EN),               \
             difference(f[0].rgb, f[1].rgb))
        DIFFERS(place = (enum sw_place)((place + 1) % SW_PLACES), 8);
        DIFFERS(time = SW_DAWN, 8);
        DIFFERS(time = SW_DUSK, 20);
        DIFFERS(time = SW_NIGHT, 30);
        DIFFERS(weather = SW_CLOUDY, 2);
        DIFFERS(weather = SW_RAIN, 6);
        DIFFERS(weather = SW_SNOW, 3);
        DIFFERS(shot = SW_CLOSE, 8);
        DIFFERS(shot = SW_WIDE, 6);
        DIFFERS(subject[0].position = SW_LEFT, 4);
        DIFFERS(subject[0].colour = SW_GREEN, 1);
        DIFFERS(subject[0].kind = SW_CAR, 2);
#undef DIFFERS
    }
}

static void motion_crosses_the_frame(void **state)
{
    struct frame *f = *state;

    for (int kind = 0; kind <= SW_BICYCLE; kind++)
        for (int position = 0; position < SW_POSITIONS; position++)
            for (int left = 0; left < 2; left++) {
                struct sw_scene scene = a_scene();
                double from, to;
                scene.subject[0].kind = (enum sw_kind)kind;
                scene.subject[0].position = (enum sw_position)position;
                scene.subject[0].faces_left = left;
                scene.motion = left ? SW_MOVE_LEFT : SW_MOVE_RIGHT;
                assert_int_equal(sw_draw_at(&scene, 0, SW_WIDTH, SW_HEIGHT, f->rgb, f->mask), 0);
                from = centre_x(f->mask);
                assert_true(covered(f->mask) > 4);
                assert_int_equal(sw_draw_at(&scene, 1, SW_WIDTH, SW_HEIGHT, f->rgb, f->mask), 0);
                to = centre_x(f->mask);
                assert_true(covered(f->mask) > 4);
                assert_true((left ? from - to : to - from) > 0.25 * SW_WIDTH);
            }
}

static int top(const uint8_t *mask)
{
    int i = 0;

    while (i < PIXELS && !mask[i])
        i++;
    return i / SW_WIDTH;
}

static void a_jump_alternates(void **state)
{
    struct frame *f = *state;

    for (int shot = 0; shot < SW_SHOTS; shot++) {
        struct sw_scene scene = a_scene();
        int tops[SW_CLIP_FRAMES];
        scene.motion = SW_JUMP;
        scene.shot = (enum sw_shot)shot;
        for (int i = 0; i < SW_CLIP_FRAMES; i++) {
            assert_int_equal(sw_draw_at(&scene, i / 3.0, SW_WIDTH, SW_HEIGHT, f->rgb, f->mask), 0);
            tops[i] = top(f->mask);
        }
        assert_true(tops[0] - tops[1] > 15 && tops[2] - tops[1] > 15 && tops[2] - tops[3] > 15);
    }
}

static void weather_stands_still_in_the_four_frames(void **state)
{
    struct frame *f = *state;
    struct sw_scene scene = a_scene();

    scene.weather = SW_RAIN;
    assert_int_equal(sw_draw(&scene, SW_WIDTH, SW_HEIGHT, f[0].rgb, NULL), 0);
    for (int i = 0; i < SW_CLIP_FRAMES; i++) {
        assert_int_equal(sw_draw_at(&scene, i / 3.0, SW_WIDTH, SW_HEIGHT, f[1].rgb, NULL), 0);
        assert_true(difference(f[0].rgb, f[1].rgb) < 0.01);
    }
    assert_int_equal(sw_draw_at(&scene, 0.45, SW_WIDTH, SW_HEIGHT, f[1].rgb, NULL), 0);
    assert_true(difference(f[0].rgb, f[1].rgb) > 1);
}

static void bad_input_is_refused(void **state)
{
    struct frame *f = *state;
    struct sw_scene scene = a_scene();

    assert_int_equal(sw_draw(&scene, 0, 10, f->rgb, NULL), -1);
    assert_int_equal(sw_draw(&scene, 10, 100000, f->rgb, NULL), -1);
    scene.subject[0].kind = (enum sw_kind) - 1;
    assert_int_equal(sw_draw(&scene, 10, 10, f->rgb, NULL), -1);
    sw_parse("nothing here", SW_EN, &scene);
    assert_int_equal(sw_draw(&scene, 10, 10, f->rgb, NULL), -1);
}

static void any_size_works(void **state)
{
    static const int sizes[][2] = {{1, 1}, {64, 36}, {320, 180}, {100, 100}, {37, 91}};
    struct sw_scene scene = a_scene();

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t *rgb = malloc((size_t)(sizes[i][0] * sizes[i][1] * 3)),
                *mask = malloc((size_t)(sizes[i][0] * sizes[i][1]));
        assert_int_equal(sw_draw(&scene, sizes[i][0], sizes[i][1], rgb, mask), 0);
        free(rgb);
        free(mask);
    }
}

static void *draw_many(void *out)
{
    uint8_t *rgb = malloc(BYTES);
    uint64_t *sum = out;

    for (uint64_t seed = 0; rgb && seed < 60; seed++) {
        struct sw_scene scene;
        sw_scene_random(&scene, SW_TRAIN, 0, seed);
        if (sw_draw(&scene, SW_WIDTH, SW_HEIGHT, rgb, NULL))
            break;
        for (int i = 0; i < BYTES; i++)
            *sum = *sum * 1099511628211u + rgb[i];
    }
    free(rgb);
    return NULL;
}

static void threads_draw_the_same(void **state)
{
    pthread_t threads[2];
    uint64_t sums[3] = {0};

    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, draw_many, &sums[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    draw_many(&sums[2]);
    assert_true(sums[0] == sums[1] && sums[1] == sums[2]);
}

static int setup(void **state)
{
    *state = malloc(2 * sizeof(struct frame));
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_scene_same_bytes),
                                       cmocka_unit_test(subjects_are_large),
                                       cmocka_unit_test(pairs_are_both_seen),
                                       cmocka_unit_test(the_mask_is_where_the_subject_is),
                                       cmocka_unit_test(every_attribute_shows),
                                       cmocka_unit_test(motion_crosses_the_frame),
                                       cmocka_unit_test(a_jump_alternates),
                                       cmocka_unit_test(weather_stands_still_in_the_four_frames),
                                       cmocka_unit_test(bad_input_is_refused),
                                       cmocka_unit_test(any_size_works),
                                       cmocka_unit_test(threads_draw_the_same)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
