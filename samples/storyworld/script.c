/* Whole scripts: one subject and one place, a few shots, time and weather that move as they do
 * outside. */
#include <string.h>

#include "phrase.h"

static int choose_shots(struct sw_random *random)
{
    int draw = sw_random_below(random, 100);

    if (draw < 78)
        return 3 + sw_random_below(random, 4);
    if (draw < 90)
        return 1 + sw_random_below(random, 2);
    return 7 + sw_random_below(random, SW_SHOTS_MAX - 6);
}

static enum sw_weather next_weather(enum sw_weather weather, struct sw_random *random)
{
    static const enum sw_weather from_clouds[] = {SW_CLEAR, SW_RAIN, SW_SNOW};

    /* Clouds come between any two other weathers. */
    return weather == SW_CLOUDY ? SW_PICK_ANY(random, from_clouds) : SW_CLOUDY;
}

static void next_shot(struct sw_scene *shot, const struct sw_scene *before,
                      struct sw_random *random)
{
    *shot = *before;
    shot->motion = SW_STILL;
    shot->camera = SW_STATIC;
    if (shot->time < SW_NIGHT && sw_random_chance(random, 14))
        shot->time = (enum sw_time)(shot->time + 1);
    if (sw_random_chance(random, 16))
        shot->weather = next_weather(shot->weather, random);
    if (sw_random_chance(random, 85))
        shot->shot = (enum sw_shot)(((int)shot->shot + 1 + sw_random_below(random, 2)) % SW_SHOTS);
    if (shot->subjects < 2) {
        shot->subject[0].position = (enum sw_position)sw_random_below(random, SW_POSITIONS);
        shot->subject[0].faces_left = sw_random_below(random, 2);
    }
    sw_choose_movement(shot, random);
}

static struct sw_told choose_told(struct sw_random *random)
{
    struct sw_told told = {0};

    told.colour = sw_random_chance(random, 80);
    told.place = sw_random_chance(random, 75);
    told.time = sw_random_chance(random, 35);
    told.weather = sw_random_chance(random, 40);
    return told;
}

static void add_heading(struct sw_text *text, const struct sw_scene *scene, enum sw_lang lang,
                        int number)
{
    size_t from;

    sw_text_add(text, "%s ", scene->place == SW_ROOM ? "INT." : "EXT.");
    from = text->length;
    sw_text_add(text, "%s - %s", sw_place_name((int)scene->place, lang),
                sw_time_name((int)scene->time, lang));
    for (size_t i = from; i < text->length; i++)
        sw_text_capital(text, i);
    sw_text_add(text, " #%d#\n\n", number);
}

void sw_script_random(struct sw_script *script, enum sw_split split, enum sw_lang lang,
                      uint64_t seed)
{
    struct sw_random random = sw_random_start(seed, 64 + (uint64_t)lang);
    struct sw_text text = sw_text_start(script->idea, sizeof script->idea);
    struct sw_scene *first = &script->shot[0];
    struct sw_told told;

    memset(script->shot, 0, sizeof script->shot);
    sw_scene_random(first, split, 1, sw_random_next(&random));
    if (sw_random_chance(&random, 75))
        first->shot = SW_WIDE;
    told = choose_told(&random);
    sw_add_idea(&text, first, &told, lang, &random);
    script->shots = choose_shots(&random);
    for (int i = 1; i < script->shots; i++)
        next_shot(&script->shot[i], &script->shot[i - 1], &random);

    text = sw_text_start(script->fountain, sizeof script->fountain);
    sw_text_add(&text, "Title: ");
    sw_add_title(&text, first, lang, &random);
    sw_text_add(&text, "\n");
    for (int i = 0; i < script->shots; i++) {
        sw_text_add(&text, "\n");
        add_heading(&text, &script->shot[i], lang, i + 1);
        sw_add_action(&text, &script->shot[i], lang, i > 0, sw_random_chance(&random, 60), &random);
        sw_text_add(&text, "\n");
    }
}
