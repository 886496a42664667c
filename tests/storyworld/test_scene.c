/* Scenes: determinism, the split, the spread of every attribute. */
#include "test.h"

static void same_seed_same_scene(void **state)
{
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct sw_scene a, b;
        memset(&a, 0xff, sizeof a);
        memset(&b, 0, sizeof b);
        sw_scene_random(&a, seed & 1 ? SW_HELDOUT : SW_TRAIN, (int)(seed & 2), seed);
        sw_scene_random(&b, seed & 1 ? SW_HELDOUT : SW_TRAIN, (int)(seed & 2), seed);
        assert_memory_equal(&a, &b, sizeof a);
        assert_true(sw_scene_valid(&a));
    }
}

static void a_tenth_is_held_out_and_spread(void **state)
{
    int held = 0, by_kind[SW_KINDS] = {0}, by_colour[SW_COLOURS] = {0}, by_place[SW_PLACES] = {0};

    for (int k = 0; k < SW_KINDS; k++)
        for (int c = 0; c < SW_COLOURS; c++)
            for (int p = 0; p < SW_PLACES; p++)
                if (sw_split_of((enum sw_kind)k, (enum sw_colour)c, (enum sw_place)p) ==
                    SW_HELDOUT) {
                    held++;
                    by_kind[k]++;
                    by_colour[c]++;
                    by_place[p]++;
                }
    assert_in_range(held, SW_KINDS * 64 * 9 / 100, SW_KINDS * 64 * 11 / 100);
    for (int k = 0; k < SW_KINDS; k++)
        assert_in_range(by_kind[k], 3, 12);
    for (int c = 0; c < SW_COLOURS; c++)
        assert_in_range(by_colour[c], 6, 15);
    for (int p = 0; p < SW_PLACES; p++)
        assert_in_range(by_place[p], 6, 15);
}

static void splits_do_not_touch(void **state)
{
    for (uint64_t seed = 0; seed < 5000; seed++) {
        struct sw_scene train, held;
        sw_scene_random(&train, SW_TRAIN, 1, seed);
        sw_scene_random(&held, SW_HELDOUT, 1, seed);
        for (int i = 0; i < train.subjects; i++)
            assert_int_equal(
                sw_split_of(train.subject[i].kind, train.subject[i].colour, train.place), SW_TRAIN);
        assert_int_equal(sw_split_of(held.subject[0].kind, held.subject[0].colour, held.place),
                         SW_HELDOUT);
    }
}

static void check_even(const int *counts, int n, int total)
{
    for (int i = 0; i < n; i++)
        assert_in_range(counts[i], total / n * 85 / 100, total / n * 115 / 100);
}

static void attributes_are_even(void **state)
{
    enum { N = 20000 };
    int kinds[SW_KINDS] = {0}, colours[SW_COLOURS] = {0}, places[SW_PLACES] = {0},
        times[SW_TIMES] = {0};
    int weathers[SW_WEATHERS] = {0}, shots[SW_SHOTS] = {0}, layouts[SW_LAYOUTS] = {0}, pairs = 0;

    for (uint64_t seed = 0; seed < N; seed++) {
        struct sw_scene s;
        sw_scene_random(&s, SW_TRAIN, 0, seed);
        kinds[s.subject[0].kind]++;
        colours[s.subject[0].colour]++;
        places[s.place]++;
        times[s.time]++;
        weathers[s.weather]++;
        shots[s.shot]++;
        layouts[s.layout]++;
        if (s.subjects > 1) {
            pairs++;
            assert_int_not_equal(s.subject[0].kind, s.subject[1].kind);
            assert_int_not_equal(s.subject[0].colour, s.subject[1].colour);
        }
        assert_int_equal(s.motion, SW_STILL);
        assert_int_equal(s.camera, SW_STATIC);
    }
    check_even(kinds, SW_KINDS, N);
    check_even(colours, SW_COLOURS, N);
    check_even(places, SW_PLACES, N);
    check_even(times, SW_TIMES, N);
    check_even(weathers, SW_WEATHERS, N);
    check_even(shots, SW_SHOTS, N);
    check_even(layouts, SW_LAYOUTS, N);
    assert_in_range(pairs, N * 18 / 100, N * 22 / 100);
}

static void clips_move_one_thing_at_a_time(void **state)
{
    enum { N = 20000 };
    int motions[SW_MOTIONS] = {0}, cameras[SW_CAMERAS] = {0}, both = 0;

    for (uint64_t seed = 0; seed < N; seed++) {
        struct sw_scene s;
        sw_scene_random(&s, SW_TRAIN, 1, seed);
        motions[s.motion]++;
        cameras[s.camera]++;
        both += s.motion != SW_STILL && s.camera != SW_STATIC;
        if (!sw_can_move(s.subject[0].kind))
            assert_int_equal(s.motion, SW_STILL);
        if (s.motion == SW_MOVE_LEFT || s.motion == SW_MOVE_RIGHT)
            assert_int_equal(s.subject[0].faces_left, s.motion == SW_MOVE_LEFT);
    }
    for (int i = 0; i < SW_MOTIONS; i++)
        assert_in_range(motions[i], N / 10, N * 60 / 100);
    for (int i = 0; i < SW_CAMERAS; i++)
        assert_in_range(cameras[i], N / 10, N * 55 / 100);
    assert_in_range(both, N * 5 / 100, N * 15 / 100);
}

static void json_names_everything(void **state)
{
    struct sw_scene scene;
    char *json;

    for (uint64_t seed = 0; seed < 200; seed++) {
        sw_scene_random(&scene, SW_TRAIN, 1, seed);
        json = sw_scene_to_json(&scene);
        assert_non_null(json);
        assert_non_null(strstr(json, sw_kind_name((int)scene.subject[0].kind, SW_EN)));
        assert_non_null(strstr(json, sw_place_name((int)scene.place, SW_EN)));
        assert_non_null(strstr(json, "\"layout\": "));
        assert_int_equal(json[strlen(json) - 1], '}');
        free(json);
    }
    scene.place = (enum sw_place) - 1;
    json = sw_scene_to_json(&scene);
    assert_string_equal(json, "{}");
    free(json);
}

static void names_end(void **state)
{
    for (int lang = 0; lang < SW_LANGS; lang++) {
        enum sw_lang l = (enum sw_lang)lang;
        assert_non_null(sw_kind_name(SW_KINDS - 1, l));
        assert_null(sw_kind_name(SW_KINDS, l));
        assert_null(sw_kind_name(-1, l));
        assert_null(sw_colour_name(SW_COLOURS, l));
        assert_null(sw_place_name(SW_PLACES, l));
        assert_null(sw_time_name(SW_TIMES, l));
        assert_null(sw_weather_name(SW_WEATHERS, l));
        assert_null(sw_shot_name(SW_SHOTS, l));
        assert_null(sw_position_name(SW_POSITIONS, l));
        assert_null(sw_relation_name(SW_RELATIONS, l));
        assert_null(sw_motion_name(SW_MOTIONS, l));
        assert_null(sw_camera_name(SW_CAMERAS, l));
    }
    assert_null(sw_question_name(SW_QUESTIONS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_seed_same_scene),
                                       cmocka_unit_test(a_tenth_is_held_out_and_spread),
                                       cmocka_unit_test(splits_do_not_touch),
                                       cmocka_unit_test(attributes_are_even),
                                       cmocka_unit_test(clips_move_one_thing_at_a_time),
                                       cmocka_unit_test(json_names_everything),
                                       cmocka_unit_test(names_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
