/* Questions: answers are true, short and balanced. */
#include "test.h"

enum { N = 20000 };

static void yes_is_half(void **state)
{
    static const enum sw_question types[] = {SW_Q_IS_COLOUR, SW_Q_IS_SUBJECT, SW_Q_INDOORS};

    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        for (int lang = 0; lang < SW_LANGS; lang++) {
            int yes = 0, asked = 0;
            for (uint64_t seed = 0; seed < N; seed++) {
                struct sw_scene scene;
                char question[SW_TEXT_MAX], answer[SW_TEXT_MAX];
                sw_scene_random(&scene, SW_TRAIN, 0, seed);
                if (sw_ask(&scene, types[t], (enum sw_lang)lang, 0, seed * 31 + 7, question, answer,
                           sizeof question))
                    continue;
                asked++;
                yes += !strcmp(answer, lang == SW_ZH ? "是" : "yes");
            }
            assert_true(asked > N / 10);
            assert_in_range(yes * 100 / asked, 45, 54);
        }
}

/* Two-valued answers of other types are balanced by refusing scenes. */
static void one_and_two_are_half(void **state)
{
    static const enum sw_question types[] = {SW_Q_COUNT, SW_Q_OTHER};
    static const char *const single[] = {"one", "nothing"};

    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        int ones = 0, asked = 0;
        for (uint64_t seed = 0; seed < N; seed++) {
            struct sw_scene scene;
            char question[SW_TEXT_MAX], answer[SW_TEXT_MAX];
            sw_scene_random(&scene, SW_TRAIN, 0, seed);
            if (sw_ask(&scene, types[t], SW_EN, 0, seed, question, answer, sizeof question))
                continue;
            asked++;
            ones += !strcmp(answer, single[t]);
            assert_int_equal(!strcmp(answer, single[t]), scene.subjects == 1);
        }
        assert_in_range(ones * 100 / asked, 45, 54);
    }
}

static void answers_are_true_and_short(void **state)
{
    for (uint64_t seed = 0; seed < 3000; seed++)
        for (int lang = 0; lang < SW_LANGS; lang++)
            for (int type = 0; type < SW_QUESTIONS; type++) {
                struct sw_scene scene;
                char question[SW_TEXT_MAX], answer[SW_TEXT_MAX];
                const char *expected = NULL;
                enum sw_lang l = (enum sw_lang)lang;
                sw_scene_random(&scene, SW_TRAIN, 1, seed);
                if (sw_ask(&scene, (enum sw_question)type, l, 1, seed, question, answer,
                           sizeof question))
                    continue;
                assert_true(strlen(question) > 6 && strlen(answer) > 0 && strlen(answer) < 40);
                if (type == SW_Q_PLACE)
                    expected = sw_place_name((int)scene.place, l);
                else if (type == SW_Q_TIME)
                    expected = sw_time_name((int)scene.time, l);
                else if (type == SW_Q_WEATHER)
                    expected = sw_weather_name((int)scene.weather, l);
                else if (type == SW_Q_SHOT)
                    expected = sw_shot_name((int)scene.shot, l);
                else if (type == SW_Q_MOTION)
                    expected = sw_motion_name((int)scene.motion, l);
                else if (type == SW_Q_CAMERA)
                    expected = sw_camera_name((int)scene.camera, l);
                else if (type == SW_Q_COLOUR && scene.subjects == 1)
                    expected = sw_colour_name((int)scene.subject[0].colour, l);
                else if (type == SW_Q_SUBJECT && scene.subjects == 1)
                    expected = sw_kind_name((int)scene.subject[0].kind, l);
                if (expected)
                    assert_string_equal(answer, expected);
            }
}

static void colours_of_two_are_asked_by_name(void **state)
{
    for (uint64_t seed = 0; seed < 3000; seed++) {
        struct sw_scene scene;
        char question[SW_TEXT_MAX], answer[SW_TEXT_MAX];
        int named = 0;
        sw_scene_random(&scene, SW_TRAIN, 0, seed);
        if (scene.subjects < 2)
            continue;
        assert_int_equal(
            sw_ask(&scene, SW_Q_COLOUR, SW_EN, 0, seed, question, answer, sizeof question), 0);
        for (int i = 0; i < 2; i++)
            if (strstr(question, sw_kind_name((int)scene.subject[i].kind, SW_EN)) &&
                !strcmp(answer, sw_colour_name((int)scene.subject[i].colour, SW_EN)))
                named = 1;
        assert_true(named);
        assert_int_equal(
            sw_ask(&scene, SW_Q_SUBJECT, SW_EN, 0, seed, question, answer, sizeof question), 0);
        named = strstr(question, sw_colour_name((int)scene.subject[0].colour, SW_EN)) ? 0 : 1;
        assert_string_equal(answer, sw_kind_name((int)scene.subject[named].kind, SW_EN));
    }
}

static void clip_questions_need_clips(void **state)
{
    struct sw_scene scene;
    char question[SW_TEXT_MAX], answer[SW_TEXT_MAX];

    for (uint64_t seed = 0; seed < 200; seed++) {
        sw_scene_random(&scene, SW_TRAIN, 1, seed);
        assert_int_equal(
            sw_ask(&scene, SW_Q_MOTION, SW_EN, 0, seed, question, answer, sizeof question), -1);
        assert_int_equal(
            sw_ask(&scene, SW_Q_CAMERA, SW_EN, 0, seed, question, answer, sizeof question), -1);
    }
    assert_int_equal(sw_ask(&scene, SW_QUESTIONS, SW_EN, 0, 1, question, answer, sizeof question),
                     -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(yes_is_half),
                                       cmocka_unit_test(one_and_two_are_half),
                                       cmocka_unit_test(answers_are_true_and_short),
                                       cmocka_unit_test(colours_of_two_are_asked_by_name),
                                       cmocka_unit_test(clip_questions_need_clips)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
