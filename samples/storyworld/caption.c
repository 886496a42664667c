/* The canonical caption: one template, every attribute in one order. */
#include <string.h>

#include "text.h"

static const char *const motions[SW_MOTIONS][SW_LANGS] = {{"standing still", "静止不动"},
                                                          {"moving left", "向左移动"},
                                                          {"moving right", "向右移动"},
                                                          {"jumping", "跳跃"}};
static const char *const cameras[SW_CAMERAS][SW_LANGS] = {{"static camera", "镜头固定"},
                                                          {"panning left", "镜头左摇"},
                                                          {"panning right", "镜头右摇"},
                                                          {"zooming in", "镜头推近"},
                                                          {"zooming out", "镜头拉远"}};

static void caption_en(struct sw_text *text, const struct sw_scene *scene, int clip)
{
    static const char *const shots[SW_SHOTS] = {"A close-up of ", "A medium shot of ",
                                                "A wide shot of "};

    sw_text_add(text, "%s", shots[scene->shot]);
    sw_add_subject(text, &scene->subject[0], SW_EN);
    if (scene->subjects > 1) {
        sw_text_add(text, " %s ", sw_relation_phrase(scene->relation, SW_EN));
        sw_add_subject(text, &scene->subject[1], SW_EN);
    } else {
        sw_text_add(text, " %s", sw_position_phrase(scene->subject[0].position, SW_EN));
    }
    if (clip)
        sw_text_add(text, " %s", motions[scene->motion][SW_EN]);
    sw_text_add(text, ", %s %s %s", sw_place_phrase(scene->place, SW_EN),
                sw_time_phrase(scene->time, SW_EN), sw_weather_phrase(scene->weather, SW_EN));
    if (clip)
        sw_text_add(text, ", %s", cameras[scene->camera][SW_EN]);
    sw_text_add(text, ".");
}

static void caption_zh(struct sw_text *text, const struct sw_scene *scene, int clip)
{
    sw_text_add(text, "%s：%s，%s%s，", sw_shot_name(scene->shot, SW_ZH),
                sw_time_phrase(scene->time, SW_ZH), sw_weather_phrase(scene->weather, SW_ZH),
                sw_place_phrase(scene->place, SW_ZH));
    if (scene->subjects > 1) {
        sw_add_subject(text, &scene->subject[0], SW_ZH);
        sw_text_add(text, "在");
        sw_add_subject(text, &scene->subject[1], SW_ZH);
        sw_text_add(text, "%s", sw_relation_phrase(scene->relation, SW_ZH));
    } else {
        sw_text_add(text, "%s有", sw_position_phrase(scene->subject[0].position, SW_ZH));
        sw_add_subject(text, &scene->subject[0], SW_ZH);
    }
    if (clip)
        sw_text_add(text, "%s，%s", motions[scene->motion][SW_ZH], cameras[scene->camera][SW_ZH]);
    sw_text_add(text, "。");
}

int sw_caption(const struct sw_scene *scene, enum sw_lang lang, int clip, char *out, size_t size)
{
    struct sw_text text = sw_text_start(out, size);

    if (lang == SW_ZH)
        caption_zh(&text, scene, clip);
    else
        caption_en(&text, scene, clip);
    return sw_text_end(&text);
}
