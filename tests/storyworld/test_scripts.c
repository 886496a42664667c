/* Scripts: valid, various, and the checker refuses what it should. */
#include "test.h"

static char why[SW_TEXT_MAX];

static void scripts_are_valid(void **state)
{
    struct sw_script *script = malloc(sizeof *script);

    assert_non_null(script);
    for (uint64_t seed = 0; seed < 500; seed++)
        for (int lang = 0; lang < SW_LANGS; lang++) {
            struct sw_score s;
            sw_script_random(script, seed % 4 ? SW_TRAIN : SW_HELDOUT, (enum sw_lang)lang, seed);
            if (!sw_script_valid(script->fountain, script->idea, script->shots, (enum sw_lang)lang,
                                 why, sizeof why))
                fail_msg("%s\n%s\n%s", why, script->idea, script->fountain);
            sw_score_text(&script->shot[0], script->idea, (enum sw_lang)lang, &s);
            if (!s.subject || !s.colour || !s.place || !s.time || !s.weather)
                fail_msg("The first shot contradicts the idea: %s\n%s", script->idea,
                         script->fountain);
        }
    free(script);
}

static int agree(int stated, int truth)
{
    return stated == -1 || stated == truth;
}

static void scripts_read_back(void **state)
{
    struct sw_script *script = malloc(sizeof *script);

    assert_non_null(script);
    for (uint64_t seed = 0; seed < 500; seed++)
        for (int lang = 0; lang < SW_LANGS; lang++) {
            struct sw_scene read[SW_SHOTS_MAX];
            int numbers[SW_SHOTS_MAX];
            sw_script_random(script, SW_TRAIN, (enum sw_lang)lang, seed);
            assert_int_equal(sw_script_read(script->fountain, (enum sw_lang)lang, read, numbers,
                                            SW_SHOTS_MAX, why, sizeof why),
                             script->shots);
            for (int i = 0; i < script->shots; i++) {
                const struct sw_scene *a = &script->shot[i], *b = &read[i];
                int same = numbers[i] == i + 1 && a->subjects == b->subjects &&
                           a->place == b->place && a->time == b->time;
                same = same && a->weather == b->weather && a->shot == b->shot &&
                       a->motion == b->motion && a->relation == b->relation;
                same = same && agree((int)b->camera, (int)a->camera) &&
                       agree((int)b->subject[0].position, (int)a->subject[0].position);
                for (int s = 0; same && s < a->subjects; s++)
                    same = a->subject[s].kind == b->subject[s].kind &&
                           a->subject[s].colour == b->subject[s].colour;
                if (!same)
                    fail_msg("shot %d is misread:\n%s", i + 1, script->fountain);
                assert_int_equal(a->subject[0].kind, script->shot[0].subject[0].kind);
                assert_int_equal(a->place, script->shot[0].place);
                assert_true(i == 0 || a->time >= script->shot[i - 1].time);
            }
        }
    free(script);
}

static void scripts_differ(void **state)
{
    enum { N = 500 };
    struct sw_script *script = malloc(sizeof *script);

    assert_non_null(script);
    for (int lang = 0; lang < SW_LANGS; lang++) {
        char *all[N];
        int distinct = 0;
        for (int i = 0; i < N; i++) {
            int seen = 0;
            sw_script_random(script, SW_TRAIN, (enum sw_lang)lang, (uint64_t)i);
            all[i] = strdup(script->fountain);
            for (int j = 0; j < i && !seen; j++)
                seen = !strcmp(all[i], all[j]);
            distinct += !seen;
        }
        assert_true(distinct >= N * 98 / 100);
        for (int i = 0; i < N; i++)
            free(all[i]);
    }
    free(script);
}

static void fountain_is_tolerated(void **state)
{
    static const char script[] =
        "Title:\n    The Dog\nAuthor: Nobody\n\n"
        "/* a boneyard with\n\nEXT. CITY - DAY #9#\n\n*/\n"
        "# Act one\n\n= The dog comes in.\n\n"
        "EXT. BEACH - DUSK #1#\r\n\r\n"
        "Wide shot. A red [[or blue?]] dog runs to the left in the rain.\n\n"
        "NOBODY\n(a blue cat)\nGood evening.\n\n"
        "CUT TO:\n\n"
        ".ON THE BEACH - NIGHT #2#\n\nClose-up. The red dog waits.\n";
    struct sw_scene shots[4];
    int numbers[4];

    assert_int_equal(sw_script_read(script, SW_EN, shots, numbers, 4, why, sizeof why), 2);
    assert_true(numbers[0] == 1 && numbers[1] == 2);
    assert_true(shots[0].subjects == 1 && shots[0].subject[0].colour == SW_RED &&
                shots[0].time == SW_DUSK && shots[0].motion == SW_MOVE_LEFT);
    assert_true(shots[1].place == SW_BEACH && shots[1].time == SW_NIGHT &&
                shots[1].shot == SW_CLOSE);
    assert_int_equal(sw_script_valid(script, "a red dog on the beach", 2, SW_EN, why, sizeof why),
                     1);
}

static void check_refused(const char *script, const char *idea, int shots, const char *reason)
{
    assert_int_equal(sw_script_valid(script, idea, shots, SW_EN, why, sizeof why), 0);
    if (!strstr(why, reason))
        fail_msg("\"%s\" does not mention \"%s\"", why, reason);
}

static void faults_are_named(void **state)
{
    static const char good[] = "Title: X\n\nEXT. BEACH - DUSK #1#\n\nA red dog runs.\n\nEXT. BEACH "
                               "- NIGHT #2#\n\nThe red dog waits.\n";

    assert_int_equal(sw_script_valid(good, "a red dog at the beach", 2, SW_EN, why, sizeof why), 1);
    assert_int_equal(sw_script_valid(good, "", 2, SW_EN, why, sizeof why), 1);
    check_refused(good, "a red dog", 3, "2 shots");
    check_refused(good, "a blue dog", 2, "blue dog");
    check_refused(good, "a red cat", 2, "red cat");
    check_refused(good, "a red dog in the city", 2, "city");
    check_refused("just words", "a red dog", 1, "no scene heading");
    check_refused("", "", 1, "no scene heading");
    check_refused("EXT. BEACH - DUSK\n\nA red dog.\n", "", 1, "#1#");
    check_refused("EXT. BEACH - DUSK #2#\n\nA red dog.\n", "", 1, "#1#");
    check_refused("EXT. BEACH - DUSK #1#\n\nNobody is there.\n", "", 1, "no subject");
    check_refused("EXT. BEACH - DUSK #1#\n\nA red dog. /* and\n", "", 1, "line 3");
    check_refused("EXT. BEACH - DUSK #1#\n\nA dog.\n", "a red dog", 1, "red dog");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_are_valid), cmocka_unit_test(scripts_read_back),
        cmocka_unit_test(scripts_differ), cmocka_unit_test(fountain_is_tolerated),
        cmocka_unit_test(faults_are_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
