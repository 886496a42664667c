/* Prompts in Chinese as people type them. */
#include <string.h>

#include "phrase.h"

static const char *const sides[SW_POSITIONS][3] = {
    {"左边", "左侧", "画面左边"}, {"中间", "正中", "画面中间"}, {"右边", "右侧", "画面右边"}};
static const char *const shots[SW_SHOTS][3] = {
    {"特写", "近景", "特写镜头"}, {"中景", "中景", "中景镜头"}, {"远景", "全景", "远景镜头"}};
static const char *const relations[SW_RELATIONS][2] = {
    {"", ""}, {"旁边", "身边"}, {"前面", "前方"}, {"后面", "后方"}};

/* 一只红色的狗, 一只红狗, 红色的狗, 红狗 */
static void add_noun(struct sw_text *text, const struct sw_subject *subject,
                     const struct sw_told *told, int bare, struct sw_random *random)
{
    const char *noun = sw_noun(subject->kind, SW_ZH, random),
               *tint = sw_tint(subject->colour, SW_ZH, random);
    int brief = sw_random_chance(random, 30);

    if (!bare && sw_random_chance(random, 85))
        sw_text_add(text, "一%s", sw_measure(subject->kind));
    if (!told->colour)
        sw_text_add(text, "%s", noun);
    else if (subject->kind == SW_PERSON && sw_random_chance(random, 40))
        sw_text_add(text, "穿%s衣服的%s", tint, noun);
    else if (brief && subject->kind != SW_PERSON)
        sw_text_add(text, "%.3s%s", sw_colour_name((int)subject->colour, SW_ZH), noun);
    else
        sw_text_add(text, "%s的%s", tint, noun);
}

static void add_subjects(struct sw_text *text, const struct sw_scene *scene,
                         const struct sw_told *told, int bare, struct sw_random *random)
{
    add_noun(text, &scene->subject[0], told, bare, random);
    if (scene->subjects < 2)
        return;
    sw_text_add(text, "%s", told->relation ? "在" : "和");
    add_noun(text, &scene->subject[1], told, bare, random);
    if (told->relation)
        sw_text_add(text, "%s", SW_PICK_ANY(random, relations[scene->relation]));
}

static void add_part(struct sw_text *text, const char *part)
{
    sw_text_add(text, "%s%s", text->length ? "，" : "", part);
}

/* 黄昏，下着雨，海滩上有一只红色的狗，远景。 */
static void scene_first(struct sw_text *text, const struct sw_scene *scene,
                        const struct sw_told *told, struct sw_random *random)
{
    int shot_first = sw_random_chance(random, 50);

    if (told->shot && shot_first)
        add_part(text, SW_PICK_ANY(random, shots[scene->shot]));
    if (told->time)
        add_part(text, sw_when(scene->time, SW_ZH, random));
    if (told->weather)
        add_part(text, sw_under(scene, SW_ZH, random));
    if (told->place) {
        /* 在海滩上有 would be clumsy: the place leads without its 在. */
        add_part(text, sw_where(scene->place, SW_ZH, random) + strlen("在"));
        if (scene->subjects < 2 || !told->relation)
            sw_text_add(text, "有");
        else
            sw_text_add(text, "，");
    } else if (text->length) {
        sw_text_add(text, "，");
    }
    add_subjects(text, scene, told, 0, random);
    if (told->position)
        sw_text_add(text, "，在%s", SW_PICK_ANY(random, sides[scene->subject[0].position]));
    if (told->shot && !shot_first)
        add_part(text, SW_PICK_ANY(random, shots[scene->shot]));
    if (sw_random_chance(random, 60))
        sw_text_add(text, "。");
}

static void request(struct sw_text *text, const struct sw_scene *scene, const struct sw_told *told,
                    struct sw_random *random)
{
    static const char *const starts[] = {"画",     "请画",       "画一张图：",    "给我画",
                                         "我想看", "画一幅画：", "生成一张图片："};
    int order[5] = {0, 1, 2, 3, 4};

    sw_text_add(text, "%s", SW_PICK_ANY(random, starts));
    add_subjects(text, scene, told, 0, random);
    sw_random_shuffle(random, order, 5);
    for (int i = 0; i < 5; i++) {
        if (order[i] == 0 && told->place)
            add_part(text, sw_where(scene->place, SW_ZH, random));
        else if (order[i] == 1 && told->time)
            add_part(text, sw_when(scene->time, SW_ZH, random));
        else if (order[i] == 2 && told->weather)
            add_part(text, sw_under(scene, SW_ZH, random));
        else if (order[i] == 3 && told->shot)
            add_part(text, SW_PICK_ANY(random, shots[scene->shot]));
        else if (order[i] == 4 && told->position)
            sw_text_add(text, "，在%s", SW_PICK_ANY(random, sides[scene->subject[0].position]));
    }
    if (sw_random_chance(random, 60))
        sw_text_add(text, "。");
}

static void telegram(struct sw_text *text, const struct sw_scene *scene, const struct sw_told *told,
                     struct sw_random *random)
{
    int order[6] = {0, 1, 2, 3, 4, 5};
    const char *separator = sw_random_chance(random, 25) ? "、" : "，";

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
        } else if (order[i] == 1 && told->place) {
            item = sw_where_short(scene->place, SW_ZH, random);
        } else if (order[i] == 2 && told->time) {
            item = sw_when_short(scene->time, SW_ZH, random);
        } else if (order[i] == 3 && told->weather) {
            item = sw_under_short(scene->weather, SW_ZH, random);
        } else if (order[i] == 4 && told->shot) {
            item = SW_PICK_ANY(random, shots[scene->shot]);
        } else if (order[i] == 5 && told->position) {
            item = SW_PICK_ANY(random, sides[scene->subject[0].position]);
        }
        if (item)
            sw_text_add(text, "%s%s", text->length ? separator : "", item);
    }
}

int sw_prompt_zh(const struct sw_scene *scene, int full, struct sw_random *random, char *out,
                 size_t size)
{
    struct sw_told told = sw_choose_told(scene, full, random);
    struct sw_text text = sw_text_start(out, size);
    int draw = sw_random_below(random, 100);

    if (draw < 28) {
        scene_first(&text, scene, &told, random);
    } else if (draw < 52) {
        request(&text, scene, &told, random);
    } else if (draw < 77) {
        telegram(&text, scene, &told, random);
    } else {
        sw_add_action(&text, scene, SW_ZH, 0, told.position, random);
        if (told.place || full)
            sw_text_add(&text, "%s，%s", sw_where_short(scene->place, SW_ZH, random),
                        sw_when_short(scene->time, SW_ZH, random));
    }
    return sw_text_end(&text);
}
