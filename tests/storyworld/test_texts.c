/* Captions and prompts say what the scene is, and the reader understands people too. */
#include "test.h"

static int words(const char *text)
{
    int n = 1;

    for (; *text; text++)
        n += *text == ' ';
    return n;
}

static void captions_read_back(void **state)
{
    for (uint64_t seed = 0; seed < 2000; seed++)
        for (int lang = 0; lang < SW_LANGS; lang++) {
            struct sw_scene scene;
            struct sw_score s;
            char text[SW_TEXT_MAX];
            int clip = seed & 1, length, two, right;
            sw_scene_random(&scene, seed % 5 ? SW_TRAIN : SW_HELDOUT, clip, seed);
            two = scene.subjects > 1;
            length = sw_caption(&scene, (enum sw_lang)lang, clip, text, sizeof text);
            assert_int_equal(length, strlen(text));
            sw_score_text(&scene, text, (enum sw_lang)lang, &s);
            right = s.subject == 1 && s.colour == 1 && s.place == 1 && s.time == 1 &&
                    s.weather == 1 && s.shot == 1;
            right = right && s.relation == (two ? 1 : -1) && s.position == (two ? -1 : 1);
            right = right && s.motion == (clip ? 1 : -1) && s.camera == (clip ? 1 : -1);
            if (!right)
                fail_msg("misread: %s", text);
            if (lang == SW_EN)
                assert_true(words(text) <= (clip ? 25 : 24));
        }
}

/* A composed scene is told whole by its caption: whatever else differs was made the same. */
static void composed_scenes_are_told_by_their_captions(void **state)
{
    for (uint64_t seed = 0; seed < 4000; seed++) {
        struct sw_scene scene, again;
        sw_scene_random(&scene, seed % 2 ? SW_HELDOUT : SW_TRAIN, seed % 4 == 3, seed);
        again = scene;
        again.layout = !again.layout;
        again.subject[0].faces_left = !again.subject[0].faces_left;
        if (again.subjects > 1) {
            const enum sw_position swap = again.subject[0].position;
            again.subject[0].position = again.subject[1].position;
            again.subject[1].position = swap;
            again.subject[1].faces_left = !again.subject[1].faces_left;
        }
        sw_compose(&scene);
        sw_compose(&again);
        assert_true(sw_scene_valid(&scene));
        assert_memory_equal(&scene, &again, sizeof scene);
        for (int i = 0; i < scene.subjects; i++) /* looks into the frame */
            assert_int_equal(scene.subject[i].faces_left, scene.subject[i].position == SW_RIGHT);
        if (scene.motion == SW_MOVE_LEFT || scene.motion == SW_MOVE_RIGHT)
            assert_int_equal(scene.subject[0].faces_left, scene.motion == SW_MOVE_LEFT);
    }
}

static int contradicts(const struct sw_score *s)
{
    return !s->subject || !s->colour || !s->place || !s->time || !s->weather || !s->shot ||
           !s->motion || !s->relation || !s->position || !s->camera;
}

static void prompts_never_contradict(void **state)
{
    for (uint64_t seed = 0; seed < 6000; seed++)
        for (int lang = 0; lang < SW_LANGS; lang++) {
            struct sw_scene scene;
            struct sw_score s;
            char text[SW_TEXT_MAX];
            sw_scene_random(&scene, SW_TRAIN, (int)(seed & 1), seed);
            assert_true(sw_prompt(&scene, (enum sw_lang)lang, 0, seed, text, sizeof text) > 0);
            sw_score_text(&scene, text, (enum sw_lang)lang, &s);
            if (contradicts(&s) || s.subject != 1)
                fail_msg("contradicts: %s", text);
        }
}

static void full_prompts_tell_everything(void **state)
{
    for (uint64_t seed = 0; seed < 6000; seed++)
        for (int lang = 0; lang < SW_LANGS; lang++) {
            struct sw_scene scene;
            struct sw_score s;
            char text[SW_TEXT_MAX];
            int right;
            sw_scene_random(&scene, SW_TRAIN, (int)(seed & 1), seed);
            sw_prompt(&scene, (enum sw_lang)lang, 1, seed, text, sizeof text);
            sw_score_text(&scene, text, (enum sw_lang)lang, &s);
            right = s.subject == 1 && s.colour == 1 && s.place == 1 && s.time == 1 &&
                    s.weather == 1 && s.shot == 1;
            right =
                right && (scene.subjects > 1 ? s.relation : s.position) == 1 && !contradicts(&s);
            if (!right)
                fail_msg("incomplete: %s", text);
        }
}

static void prompts_vary(void **state)
{
    struct sw_scene scene;
    char text[400][SW_TEXT_MAX];
    int distinct = 0;

    sw_scene_random(&scene, SW_TRAIN, 0, 3);
    for (uint64_t seed = 0; seed < 400; seed++) {
        int seen = 0;
        sw_prompt(&scene, SW_EN, 0, seed, text[seed], sizeof text[seed]);
        for (uint64_t i = 0; i < seed && !seen; i++)
            seen = !strcmp(text[i], text[seed]);
        distinct += !seen;
    }
    assert_true(distinct > 340);
}

static void short_buffers_are_kept_whole(void **state)
{
    struct sw_scene scene;
    char text[40];

    sw_scene_random(&scene, SW_TRAIN, 1, 9);
    for (size_t size = 0; size < sizeof text; size++) {
        memset(text, 'x', sizeof text);
        sw_caption(&scene, SW_ZH, 1, text, size);
        for (size_t i = size; i < sizeof text; i++)
            assert_int_equal(text[i], 'x');
        if (size)
            assert_int_equal(strlen(text) % 3, 0); /* whole characters only */
    }
}

struct expectation {
    const char *text;
    enum sw_lang lang;
    int subjects, kind, colour, place, time, weather, shot, motion, camera;
};

enum { NO = -1 };

static const struct expectation people[] = {
    {"a story about a lost puppy, red, who waits for the rain to stop at the seaside", SW_EN, 1,
     SW_DOG, SW_RED, SW_BEACH, NO, SW_RAIN, NO, SW_STILL, NO},
    {"black dog under a blue sky", SW_EN, 1, SW_DOG, SW_BLACK, NO, NO, SW_CLEAR, NO, NO, NO},
    {"a white horse in white snow", SW_EN, 1, SW_HORSE, SW_WHITE, NO, NO, SW_SNOW, NO, NO, NO},
    {"a kitten runs from left to right", SW_EN, 1, SW_CAT, NO, NO, NO, NO, NO, SW_MOVE_RIGHT, NO},
    {"A dog walks in the snow to the right; the camera pans slowly to the left", SW_EN, 1, SW_DOG,
     NO, NO, NO, SW_SNOW, NO, SW_MOVE_RIGHT, SW_PAN_LEFT},
    {"The dog is on the left of the frame. It is black. Sunset at the beach.", SW_EN, 1, SW_DOG,
     SW_BLACK, SW_BEACH, SW_DUSK, NO, NO, NO, NO},
    {"CLOSE-UP: three birds over green fields at noon", SW_EN, 1, SW_BIRD, NO, SW_FIELD, SW_DAY, NO,
     SW_CLOSE, NO, NO},
    {"an orange school bus, downtown, midnight, overcast, wide", SW_EN, 1, SW_BUS, SW_ORANGE,
     SW_CITY, SW_NIGHT, SW_CLOUDY, SW_WIDE, NO, NO},
    {"One day a man in purple rides his bike", SW_EN, 2, SW_PERSON, SW_PURPLE, NO, NO, NO, NO, NO,
     NO},
    {"Behind a blue car, a white cat sits in the middle of the night", SW_EN, 2, SW_CAT, SW_WHITE,
     NO, SW_NIGHT, NO, NO, SW_STILL, NO},
    {"the camera zooms in on a cup in a bedroom, morning, snow falling outside", SW_EN, 1, SW_CUP,
     NO, SW_ROOM, SW_DAWN, SW_SNOW, NO, NO, SW_ZOOM_IN},
    {"nothing in particular", SW_EN, 0, NO, NO, NO, NO, NO, NO, NO, NO},
    {"一辆红车从左边开到右边", SW_ZH, 1, SW_CAR, SW_RED, NO, NO, NO, NO, SW_MOVE_RIGHT, NO},
    {"雪白的小马在草地上奔跑，傍晚，镜头慢慢向左摇", SW_ZH, 1, SW_HORSE, SW_WHITE, SW_FIELD,
     SW_DUSK, NO, NO, NO, SW_PAN_LEFT},
    {"雨夜，街头，一个穿黄衣服的女孩", SW_ZH, 1, SW_PERSON, SW_YELLOW, SW_CITY, SW_NIGHT, SW_RAIN,
     NO, NO, NO},
    {"清晨的海边，白色的狗向右跑，晴空万里", SW_ZH, 1, SW_DOG, SW_WHITE, SW_BEACH, SW_DAWN,
     SW_CLEAR, NO, SW_MOVE_RIGHT, NO},
    {"白天，公共汽车，沙漠", SW_ZH, 1, SW_BUS, NO, SW_DESERT, SW_DAY, NO, NO, NO, NO},
};

static void people_are_understood(void **state)
{
    for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
        const struct expectation *e = &people[i];
        struct sw_scene s;
        int right = sw_parse(e->text, e->lang, &s) == e->subjects;
        right = right && (int)s.subject[0].kind == e->kind &&
                (int)s.subject[0].colour == e->colour && (int)s.place == e->place;
        right = right && (int)s.time == e->time && (int)s.weather == e->weather &&
                (int)s.shot == e->shot;
        right = right && (int)s.motion == e->motion && (int)s.camera == e->camera;
        if (!right)
            fail_msg("misread: %s", e->text);
    }
}

static void relations_turn_round(void **state)
{
    static const struct {
        const char *text;
        enum sw_lang lang;
        int right;
    } cases[] = {{"a red dog in front of a blue car", SW_EN, 1},
                 {"a blue car behind a red dog", SW_EN, 1},
                 {"In front of the blue car, a red dog", SW_EN, 1},
                 {"a red dog behind a blue car", SW_EN, 0},
                 {"a red dog and behind it a blue car", SW_EN, 1},
                 {"一只红狗在一辆蓝车前面", SW_ZH, 1},
                 {"一辆蓝车前面有一只红狗", SW_ZH, 1},
                 {"一辆蓝车后面有一只红狗", SW_ZH, 0},
                 {"a red dog and a blue car", SW_EN, -1}};
    struct sw_scene truth = {
        .subjects = 2,
        .subject = {{SW_DOG, SW_RED, SW_LEFT, 0}, {SW_CAR, SW_BLUE, SW_RIGHT, 1}},
        .relation = SW_IN_FRONT_OF};
    struct sw_score s;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sw_score_text(&truth, cases[i].text, cases[i].lang, &s);
        if (s.subject != 1 || s.colour != 1 || s.relation != cases[i].right)
            fail_msg("misread: %s", cases[i].text);
    }
    sw_score_text(&truth, "a red dog", SW_EN, &s);
    assert_int_equal(s.subject, 0);
    sw_score_text(&truth, "a blue dog beside a red car", SW_EN, &s);
    assert_int_equal(s.colour, 0);
}

static void wrong_texts_score_wrong(void **state)
{
    struct sw_scene truth = {
        .subjects = 1, .subject = {{SW_DOG, SW_RED, SW_LEFT, 0}}, .place = SW_SEA, .time = SW_DAWN};
    struct sw_score s;

    sw_score_text(&truth,
                  "A close-up of a blue cat on the right, on the beach at night in the rain.",
                  SW_EN, &s);
    assert_true(s.subject == 0 && s.colour == 0 && s.place == 0 && s.time == 0 && s.weather == 0 &&
                s.position == 0 && s.shot == 1);
    sw_score_text(&truth, "", SW_EN, &s);
    assert_true(s.subject == -1 && s.colour == -1 && s.place == -1 && s.position == -1 &&
                s.relation == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captions_read_back), cmocka_unit_test(composed_scenes_are_told_by_their_captions),
        cmocka_unit_test(prompts_never_contradict),
        cmocka_unit_test(full_prompts_tell_everything), cmocka_unit_test(prompts_vary),
        cmocka_unit_test(short_buffers_are_kept_whole), cmocka_unit_test(people_are_understood),
        cmocka_unit_test(relations_turn_round),         cmocka_unit_test(wrong_texts_score_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
