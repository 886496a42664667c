/* Ideas for stories, as people type them, and titles. */
#include <string.h>

#include "phrase.h"

static void add_subject_en(struct sw_text *text, const struct sw_subject *subject,
                           const struct sw_told *told, struct sw_random *random)
{
    static const char *const moods[] = {"little", "lost", "lonely", "brave", "small", "happy"};
    const char *noun = sw_noun(subject->kind, SW_EN, random),
               *tint = sw_tint(subject->colour, SW_EN, random);
    const char *mood = sw_random_chance(random, 25) ? SW_PICK_ANY(random, moods) : NULL;

    sw_text_add(text, "%s ", mood ? "a" : sw_article(told->colour ? tint : noun));
    if (mood)
        sw_text_add(text, "%s ", mood);
    if (told->colour)
        sw_text_add(text, "%s ", tint);
    sw_text_add(text, "%s", noun);
}

static void add_subjects_en(struct sw_text *text, const struct sw_scene *scene,
                            const struct sw_told *told, struct sw_random *random)
{
    for (int i = 0; i < scene->subjects; i++) {
        if (i)
            sw_text_add(text, " and ");
        add_subject_en(text, &scene->subject[i], told, random);
    }
}

static void add_setting_en(struct sw_text *text, const struct sw_scene *scene,
                           const struct sw_told *told, struct sw_random *random)
{
    if (told->place)
        sw_text_add(text, " %s", sw_where(scene->place, SW_EN, random));
    if (told->time)
        sw_text_add(text, " %s", sw_when(scene->time, SW_EN, random));
    if (told->weather)
        sw_text_add(text, " %s", sw_under(scene, SW_EN, random));
}

static void list_en(struct sw_text *text, const struct sw_scene *scene, const struct sw_told *told,
                    struct sw_random *random)
{
    add_subjects_en(text, scene, told, random);
    if (told->place)
        sw_text_add(text, ", %s", sw_where_short(scene->place, SW_EN, random));
    if (told->time)
        sw_text_add(text, ", %s", sw_when_short(scene->time, SW_EN, random));
    if (told->weather)
        sw_text_add(text, ", %s", sw_under_short(scene->weather, SW_EN, random));
}

static void idea_en(struct sw_text *text, const struct sw_scene *scene, const struct sw_told *told,
                    struct sw_random *random)
{
    static const char *const starts[] = {
        "a story about ",     "a short film about ", "make a film about ",  "the story of ",
        "the adventures of ", "a storyboard with ",  "tell a story about ", "I want a film about "};
    static const char *const plots[] = {"looks for a friend",   "finds a way",
                                        "has an adventure",     "waits for a friend",
                                        "makes a long journey", "has a dream"};
    const char *who = scene->subject[0].kind == SW_PERSON ? "who" : "that";
    struct sw_told rest = *told;
    int form = sw_random_below(random, 100);

    if (form < 22) {
        add_subjects_en(text, scene, told, random);
        add_setting_en(text, scene, told, random);
    } else if (form < 55) {
        sw_text_add(text, "%s", SW_PICK_ANY(random, starts));
        add_subjects_en(text, scene, told, random);
        add_setting_en(text, scene, told, random);
    } else if (form < 70) {
        list_en(text, scene, told, random);
    } else if (form < 85 && scene->subjects < 2) {
        sw_text_add(text, "%s", sw_random_chance(random, 60) ? "a story about " : "");
        if (sw_random_chance(random, 30) && told->colour)
            sw_text_add(text, "a lost %s, %s,", sw_noun(scene->subject[0].kind, SW_EN, random),
                        sw_tint(scene->subject[0].colour, SW_EN, random));
        else
            add_subject_en(text, &scene->subject[0], told, random);
        if (told->weather && (scene->weather == SW_RAIN || scene->weather == SW_SNOW)) {
            sw_text_add(text, " %s waits for the %s to stop", who,
                        scene->weather == SW_RAIN ? "rain" : "snow");
            rest.weather = 0;
        } else {
            sw_text_add(text, " %s %s", who, SW_PICK_ANY(random, plots));
        }
        add_setting_en(text, scene, &rest, random);
    } else {
        add_subjects_en(text, scene, told, random);
        if (scene->subjects < 2)
            sw_text_add(text, " %s", SW_PICK_ANY(random, plots));
        else
            sw_text_add(text, " meet");
        add_setting_en(text, scene, told, random);
    }
    if (sw_random_chance(random, 40))
        sw_text_capital(text, 0);
    if (sw_random_chance(random, 30))
        sw_text_add(text, ".");
}

static void add_subjects_zh(struct sw_text *text, const struct sw_scene *scene,
                            const struct sw_told *told, struct sw_random *random)
{
    for (int i = 0; i < scene->subjects; i++) {
        const struct sw_subject *s = &scene->subject[i];
        if (i)
            sw_text_add(text, "和");
        if (sw_random_chance(random, 85))
            sw_text_add(text, "一%s", sw_measure(s->kind));
        if (told->colour && s->kind != SW_PERSON && sw_random_chance(random, 35))
            sw_text_add(text, "%.3s", sw_colour_name((int)s->colour, SW_ZH));
        else if (told->colour)
            sw_text_add(text, "%s的", sw_tint(s->colour, SW_ZH, random));
        sw_text_add(text, "%s", sw_noun(s->kind, SW_ZH, random));
    }
}

static void add_setting_zh(struct sw_text *text, const struct sw_scene *scene,
                           const struct sw_told *told, struct sw_random *random)
{
    if (told->place)
        sw_text_add(text, "%s", sw_where(scene->place, SW_ZH, random));
    if (told->time)
        sw_text_add(text, "，%s", sw_when(scene->time, SW_ZH, random));
    if (told->weather)
        sw_text_add(text, "，%s", sw_under(scene, SW_ZH, random));
}

static void list_zh(struct sw_text *text, const struct sw_scene *scene, const struct sw_told *told,
                    struct sw_random *random)
{
    add_subjects_zh(text, scene, told, random);
    if (told->place)
        sw_text_add(text, "，%s", sw_where_short(scene->place, SW_ZH, random));
    if (told->time)
        sw_text_add(text, "，%s", sw_when_short(scene->time, SW_ZH, random));
    if (told->weather)
        sw_text_add(text, "，%s", sw_under_short(scene->weather, SW_ZH, random));
}

static void idea_zh(struct sw_text *text, const struct sw_scene *scene, const struct sw_told *told,
                    struct sw_random *random)
{
    static const char *const starts[] = {"拍一部短片：", "讲一个故事：", "我想拍", "写一个故事：",
                                         "做一个分镜："};
    static const char *const plots[] = {"寻找朋友", "去冒险", "等待朋友", "寻找出路", "做了一个梦"};
    struct sw_told rest = *told;
    int form = sw_random_below(random, 100);

    if (form < 20) {
        add_subjects_zh(text, scene, told, random);
        add_setting_zh(text, scene, told, random);
    } else if (form < 40) {
        sw_text_add(text, "%s", SW_PICK_ANY(random, starts));
        add_subjects_zh(text, scene, told, random);
        add_setting_zh(text, scene, told, random);
    } else if (form < 58) {
        sw_text_add(text, "关于");
        add_subjects_zh(text, scene, told, random);
        sw_text_add(text, "的故事");
        if (told->place || told->time || told->weather)
            sw_text_add(text, "，%s", told->place ? "" : "发生");
        add_setting_zh(text, scene, told, random);
    } else if (form < 75) {
        list_zh(text, scene, told, random);
    } else {
        add_subjects_zh(text, scene, told, random);
        if (told->place)
            sw_text_add(text, "%s", sw_where(scene->place, SW_ZH, random));
        rest.place = 0;
        if (scene->subjects > 1) {
            sw_text_add(text, "相遇");
        } else if (told->weather && (scene->weather == SW_RAIN || scene->weather == SW_SNOW)) {
            sw_text_add(text, "等%s停", scene->weather == SW_RAIN ? "雨" : "雪");
            rest.weather = 0;
        } else {
            sw_text_add(text, "%s", SW_PICK_ANY(random, plots));
        }
        add_setting_zh(text, scene, &rest, random);
    }
    if (sw_random_chance(random, 30))
        sw_text_add(text, "。");
}

void sw_add_idea(struct sw_text *text, const struct sw_scene *scene, const struct sw_told *told,
                 enum sw_lang lang, struct sw_random *random)
{
    if (lang == SW_ZH)
        idea_zh(text, scene, told, random);
    else
        idea_en(text, scene, told, random);
}

static void title_en(struct sw_text *text, const struct sw_scene *scene, struct sw_random *random)
{
    const char *kind = sw_kind_name((int)scene->subject[0].kind, SW_EN),
               *colour = sw_colour_name((int)scene->subject[0].colour, SW_EN);
    const char *place = sw_place_name((int)scene->place, SW_EN),
               *time = sw_time_name((int)scene->time, SW_EN);
    static const char *const weathers[SW_WEATHERS] = {"clear sky", "clouds", "rain", "snow"};
    const char *weather = weathers[scene->weather];

    switch (sw_random_below(random, 12)) {
    case 0:
        sw_text_add(text, "the %s %s of the %s", colour, kind, place);
        break;
    case 1:
        sw_text_add(text, "the %s at %s", place, time);
        break;
    case 2:
        sw_text_add(text, "%s at %s", weather, time);
        break;
    case 3:
        sw_text_add(text, "the %s and the %s", kind,
                    scene->subjects > 1 ? sw_kind_name((int)scene->subject[1].kind, SW_EN) : place);
        break;
    case 4:
        sw_text_add(text, "alone %s", sw_place_phrase(scene->place, SW_EN));
        break;
    case 5:
        sw_text_add(text, "the last %s %s", colour, kind);
        break;
    case 6:
        sw_text_add(text, "%s %s %s", sw_article(kind), kind, sw_place_phrase(scene->place, SW_EN));
        break;
    case 7:
        sw_text_add(text, "waiting for the %s", scene->weather == SW_CLEAR ? time : weather);
        break;
    case 8:
        sw_text_add(text, "%s in the %s", colour, weather);
        break;
    case 9:
        sw_text_add(text, "a friend %s", sw_place_phrase(scene->place, SW_EN));
        break;
    case 10:
        sw_text_add(text, "the long %s", time);
        break;
    default:
        sw_text_add(text, "%s %s", colour, kind);
    }
}

static void title_zh(struct sw_text *text, const struct sw_scene *scene, struct sw_random *random)
{
    const char *kind = sw_kind_name((int)scene->subject[0].kind, SW_ZH),
               *colour = sw_colour_name((int)scene->subject[0].colour, SW_ZH);
    const char *place = sw_place_name((int)scene->place, SW_ZH),
               *time = sw_time_name((int)scene->time, SW_ZH);
    static const char *const weathers[SW_WEATHERS] = {"晴空", "云", "雨", "雪"};
    const char *weather = weathers[scene->weather];

    switch (sw_random_below(random, 10)) {
    case 0:
        sw_text_add(text, "%s的%s%s", sw_place_phrase(scene->place, SW_ZH), colour, kind);
        break;
    case 1:
        sw_text_add(text, "%s的%s", time, place);
        break;
    case 2:
        sw_text_add(text, "%s的%s", time, weather);
        break;
    case 3:
        sw_text_add(text, "%s与%s", kind,
                    scene->subjects > 1 ? sw_kind_name((int)scene->subject[1].kind, SW_ZH) : place);
        break;
    case 4:
        sw_text_add(text, "独自在%s", sw_place_phrase(scene->place, SW_ZH));
        break;
    case 5:
        sw_text_add(text, "最后的%s", kind);
        break;
    case 6:
        sw_text_add(text, "等待%s", scene->weather == SW_CLEAR ? time : weather);
        break;
    case 7:
        sw_text_add(text, "%s里的%s", weather, kind);
        break;
    case 8:
        sw_text_add(text, "%s物语", place);
        break;
    default:
        sw_text_add(text, "%s的%s", colour, kind);
    }
}

/* Short words that titles leave in lower case. */
static int is_small(const char *word, size_t n)
{
    static const char *const small[] = {"a", "an", "the", "of", "at", "in", "on", "and", "for"};

    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        if (strlen(small[i]) == n && !strncmp(word, small[i], n))
            return 1;
    return 0;
}

void sw_add_title(struct sw_text *text, const struct sw_scene *scene, enum sw_lang lang,
                  struct sw_random *random)
{
    size_t start = text->length;

    if (lang == SW_ZH) {
        title_zh(text, scene, random);
        return;
    }
    title_en(text, scene, random);
    for (size_t i = start; i < text->length;) {
        size_t n = 0;
        while (i + n < text->length && text->out[i + n] != ' ')
            n++;
        if (i == start || !is_small(text->out + i, n))
            sw_text_capital(text, i);
        i += n + 1;
    }
}
