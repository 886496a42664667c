/* Prompts in English as people type them, and the choice between the languages. */
#include "phrase.h"

static const char *const side_phrases[SW_POSITIONS][3] = {
    {"on the left", "on the left side", "at the left"},
    {"in the centre", "in the middle", "in the center"},
    {"on the right", "on the right side", "at the right"}};
static const char *const side_words[SW_POSITIONS][2] = {
    {"left", "on the left"}, {"centre", "in the middle"}, {"right", "on the right"}};
static const char *const shot_starts[SW_SHOTS][3] = {
    {"a close-up of", "a close shot of", "a close view of"},
    {"a medium shot of", "a mid shot of", "a medium view of"},
    {"a wide shot of", "a wide view of", "a long shot of"}};
static const char *const shot_words[SW_SHOTS][3] = {{"close-up", "close shot", "close view"},
                                                    {"medium shot", "mid shot", "medium"},
                                                    {"wide shot", "wide view", "long shot"}};
static const char *const relations[SW_RELATIONS][3] = {
    {"", "", ""},
    {"beside", "next to", "near"},
    {"in front of", "in front of", "in front of"},
    {"behind", "behind", "behind"}};

/* "a red dog", "one red dog", "a dog in red", "red dog" */
static void add_noun(struct sw_text *text, const struct sw_subject *subject,
                     const struct sw_told *told, int bare, struct sw_random *random)
{
    const char *noun = sw_noun(subject->kind, SW_EN, random),
               *tint = sw_tint(subject->colour, SW_EN, random);

    if (!told->colour) {
        if (bare)
            sw_text_add(text, "%s", noun);
        else
            sw_text_add(text, "%s %s", sw_article(noun), noun);
        return;
    }
    if (bare) {
        sw_text_add(text, "%s %s", tint, noun);
        return;
    }
    switch (sw_random_below(random, 12)) {
    case 0:
        sw_text_add(text, "the %s %s", tint, noun);
        break;
    case 1:
        sw_text_add(text, "one %s %s", tint, noun);
        break;
    case 2:
        if (subject->kind == SW_PERSON)
            sw_text_add(text, "%s %s in %s", sw_article(noun), noun, tint);
        else
            sw_text_add(text, "%s %s that is %s", sw_article(noun), noun, tint);
        break;
    default:
        sw_text_add(text, "%s %s %s", sw_article(tint), tint, noun);
    }
}

static void add_subjects(struct sw_text *text, const struct sw_scene *scene,
                         const struct sw_told *told, int bare, struct sw_random *random)
{
    add_noun(text, &scene->subject[0], told, bare, random);
    if (scene->subjects < 2)
        return;
    sw_text_add(text, " %s ",
                told->relation ? SW_PICK_ANY(random, relations[scene->relation]) : "and");
    add_noun(text, &scene->subject[1], told, bare, random);
}

/* Up to four phrases (place, time, weather, position) in a random order, each after a space or
 * comma. */
static void add_tail(struct sw_text *text, const struct sw_scene *scene, const struct sw_told *told,
                     struct sw_random *random)
{
    int order[4] = {0, 1, 2, 3};

    if (told->position)
        sw_text_add(text, " %s", SW_PICK_ANY(random, side_phrases[scene->subject[0].position]));
    sw_random_shuffle(random, order, 4);
    for (int i = 0; i < 4; i++) {
        const char *comma = sw_random_chance(random, 25) ? "," : "";
        if (order[i] == 0 && told->place)
            sw_text_add(text, "%s %s", comma, sw_where(scene->place, SW_EN, random));
        else if (order[i] == 1 && told->time)
            sw_text_add(text, "%s %s", comma, sw_when(scene->time, SW_EN, random));
        else if (order[i] == 2 && told->weather)
            sw_text_add(text, "%s %s", comma, sw_under(scene, SW_EN, random));
    }
}

static void finish(struct sw_text *text, size_t from, struct sw_random *random)
{
    if (sw_random_chance(random, 60))
        sw_text_capital(text, from);
    if (sw_random_chance(random, 60))
        sw_text_add(text, ".");
}

static void sentence(struct sw_text *text, const struct sw_scene *scene, const struct sw_told *told,
                     struct sw_random *random)
{
    static const char *const starts[] = {
        "draw ",         "paint ",       "a picture of ",      "an image of ",
        "please draw ",  "show me ",     "make a picture of ", "I want to see ",
        "a drawing of ", "a frame with "};
    int prefix = sw_random_chance(random, 45),
        shot_first = told->shot && !prefix && sw_random_chance(random, 70);

    if (prefix)
        sw_text_add(text, "%s", SW_PICK_ANY(random, starts));
    if (shot_first)
        sw_text_add(text, "%s ", SW_PICK_ANY(random, shot_starts[scene->shot]));
    add_subjects(text, scene, told, 0, random);
    add_tail(text, scene, told, random);
    if (told->shot && !shot_first)
        sw_text_add(text, ", %s", SW_PICK_ANY(random, shot_words[scene->shot]));
    finish(text, 0, random);
}

static void time_first(struct sw_text *text, const struct sw_scene *scene, struct sw_told told,
                       struct sw_random *random)
{
    static const char *const skies[SW_WEATHERS][2] = {
        {"the sky is clear", "the weather is clear"},
        {"the sky is cloudy", "the weather is cloudy"},
        {"it is raining", "it rains"},
        {"it is snowing", "it snows"}};
    int weather_after = told.weather && sw_random_chance(random, 60);

    if (told.time)
        sw_text_add(text, "%s, ", sw_when(scene->time, SW_EN, random));
    if (told.weather && !weather_after)
        sw_text_add(text, "%s, ", sw_under(scene, SW_EN, random));
    if (sw_random_chance(random, 50))
        sw_text_add(text, "there is ");
    add_subjects(text, scene, &told, 0, random);
    if (told.place)
        sw_text_add(text, " %s", sw_where(scene->place, SW_EN, random));
    if (told.position)
        sw_text_add(text, " %s", SW_PICK_ANY(random, side_phrases[scene->subject[0].position]));
    sw_text_capital(text, 0);
    if (weather_after) {
        size_t from = text->length + 2;
        sw_text_add(text, ". %s", SW_PICK_ANY(random, skies[scene->weather]));
        sw_text_capital(text, from);
    }
    if (told.shot) {
        size_t from = text->length + 2;
        sw_text_add(text, ". %s", SW_PICK_ANY(random, shot_words[scene->shot]));
        sw_text_capital(text, from);
    }
    finish(text, 0, random);
}

static void telegram(struct sw_text *text, const struct sw_scene *scene, const struct sw_told *told,
                     struct sw_random *random)
{
    int order[6] = {0, 1, 2, 3, 4, 5}, spaced = sw_random_chance(random, 25);
    const char *separator = spaced ? " " : ", ";

    if (sw_random_chance(random, 40))
        sw_random_shuffle(random, order, 6);
    else
        sw_random_shuffle(random, order + 1, 5);
    for (int i = 0; i < 6; i++) {
        const char *item = NULL;
        if (order[i] == 0) {
            if (text->length)
                sw_text_add(text, "%s", separator);
            add_subjects(text, scene, told, 1, random);
            continue;
        }
        /* Without commas a bare word joins its neighbour: "city" and "centre", "snow" and "white".
         */
        if (order[i] == 1 && told->place)
            item = sw_where_short(scene->place, SW_EN, random);
        else if (order[i] == 2 && told->time)
            item = sw_when_short(scene->time, SW_EN, random);
        else if (order[i] == 3 && told->weather)
            item = spaced ? sw_under(scene, SW_EN, random)
                          : sw_under_short(scene->weather, SW_EN, random);
        else if (order[i] == 4 && told->shot)
            item = SW_PICK_ANY(random, shot_words[scene->shot]);
        else if (order[i] == 5 && told->position)
            item = side_words[scene->subject[0].position][spaced || sw_random_chance(random, 50)];
        if (item)
            sw_text_add(text, "%s%s", text->length ? separator : "", item);
    }
}

static void form(struct sw_text *text, const struct sw_scene *scene, const struct sw_told *told,
                 struct sw_random *random)
{
    sw_text_add(text, "subject: ");
    add_subjects(text, scene, told, 1, random);
    if (told->place)
        sw_text_add(text, "; place: %s", sw_where_short(scene->place, SW_EN, random));
    if (told->time)
        sw_text_add(text, "; time: %s", sw_when_short(scene->time, SW_EN, random));
    if (told->weather)
        sw_text_add(text, "; weather: %s", sw_under_short(scene->weather, SW_EN, random));
    if (told->shot)
        sw_text_add(text, "; shot: %s", SW_PICK_ANY(random, shot_words[scene->shot]));
    if (told->position)
        sw_text_add(text, "; position: %s",
                    sw_position_name((int)scene->subject[0].position, SW_EN));
}

static void script_line(struct sw_text *text, const struct sw_scene *scene,
                        const struct sw_told *told, int full, struct sw_random *random)
{
    sw_add_action(text, scene, SW_EN, sw_random_chance(random, 30), told->position, random);
    if (told->place || full)
        sw_text_add(text, " %s, %s", sw_where_short(scene->place, SW_EN, random),
                    sw_when_short(scene->time, SW_EN, random));
}

int sw_prompt_en(const struct sw_scene *scene, int full, struct sw_random *random, char *out,
                 size_t size)
{
    struct sw_told told = sw_choose_told(scene, full, random);
    struct sw_text text = sw_text_start(out, size);
    int draw = sw_random_below(random, 100);

    if (draw < 32)
        sentence(&text, scene, &told, random);
    else if (draw < 47)
        time_first(&text, scene, told, random);
    else if (draw < 72)
        telegram(&text, scene, &told, random);
    else if (draw < 77)
        form(&text, scene, &told, random);
    else
        script_line(&text, scene, &told, full, random);
    return sw_text_end(&text);
}

int sw_prompt(const struct sw_scene *scene, enum sw_lang lang, int full, uint64_t seed, char *out,
              size_t size)
{
    struct sw_random random = sw_random_start(seed, 2 + (uint64_t)lang);

    return lang == SW_ZH ? sw_prompt_zh(scene, full, &random, out, size)
                         : sw_prompt_en(scene, full, &random, out, size);
}
