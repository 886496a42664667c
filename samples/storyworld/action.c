/* The action line of a shot, as scripts have it. */
#include "phrase.h"

struct verbs {
    const char *moves[2], *waits[2];
};

static const struct verbs verbs_en[SW_KINDS] = {
    {{"walks", "runs"}, {"stands", "waits"}},    {{"runs", "walks"}, {"stands", "waits"}},
    {{"runs", "walks"}, {"sits", "waits"}},      {{"flies", "walks"}, {"stands", "rests"}},
    {{"gallops", "trots"}, {"stands", "waits"}}, {{"drives", "rolls"}, {"stands", "waits"}},
    {{"drives", "rolls"}, {"stands", "waits"}},  {{"sails", "glides"}, {"rests", "waits"}},
    {{"rolls", "rides"}, {"stands", "rests"}},   {{NULL, NULL}, {"stands", "stands"}},
    {{NULL, NULL}, {"stands", "stands"}},        {{NULL, NULL}, {"stands", "rests"}},
    {{NULL, NULL}, {"stands", "rests"}}};
static const struct verbs verbs_zh[SW_KINDS] = {
    {{"走", "跑"}, {"站", "坐"}},   {{"跑", "走"}, {"站", "坐"}},   {{"跑", "走"}, {"坐", "站"}},
    {{"飞", "走"}, {"站", "停"}},   {{"奔跑", "跑"}, {"站", "站"}}, {{"行驶", "开"}, {"停", "停"}},
    {{"行驶", "开"}, {"停", "停"}}, {{"航行", "驶"}, {"停", "停"}}, {{"行驶", "骑"}, {"停", "停"}},
    {{NULL, NULL}, {"立", "立"}},   {{NULL, NULL}, {"立", "立"}},   {{NULL, NULL}, {"放", "放"}},
    {{NULL, NULL}, {"放", "放"}}};

static void add_known_en(struct sw_text *text, const struct sw_subject *subject, int known)
{
    const char *colour = sw_colour_name(subject->colour, SW_EN);

    sw_text_add(text, "%s %s %s", known ? "the" : sw_article(colour), colour,
                sw_kind_name(subject->kind, SW_EN));
}

static void action_en(struct sw_text *text, const struct sw_scene *scene, int known, int position,
                      struct sw_random *random)
{
    static const char *const shots[SW_SHOTS] = {"Close-up", "Medium shot", "Wide shot"};
    static const char *const jumps[] = {"jumps", "leaps", "jumps up and down"};
    static const char *const cameras[SW_CAMERAS] = {"", "pans left", "pans right", "zooms in",
                                                    "zooms out"};
    const struct verbs *verbs = &verbs_en[scene->subject[0].kind];
    int variant = sw_random_below(random, 2);
    size_t from;

    sw_text_add(text, "%s. ", shots[scene->shot]);
    from = text->length;
    add_known_en(text, &scene->subject[0], known);
    sw_text_capital(text, from);
    if (scene->subjects < 2 && position && scene->motion != SW_STILL)
        sw_text_add(text, " %s", sw_position_phrase(scene->subject[0].position, SW_EN));
    if (scene->motion == SW_STILL)
        sw_text_add(text, " %s", verbs->waits[variant]);
    else if (scene->motion == SW_JUMP)
        sw_text_add(text, " %s", SW_PICK_ANY(random, jumps));
    else
        sw_text_add(text, " %s to the %s", verbs->moves[variant],
                    sw_motion_name((int)scene->motion, SW_EN));
    if (scene->subjects > 1) {
        sw_text_add(text, " %s ", sw_relation_phrase(scene->relation, SW_EN));
        add_known_en(text, &scene->subject[1], known);
    } else if (position && scene->motion == SW_STILL) {
        sw_text_add(text, " %s", sw_position_phrase(scene->subject[0].position, SW_EN));
    }
    sw_text_add(text, " %s.", sw_under(scene, SW_EN, random));
    if (scene->camera != SW_STATIC)
        sw_text_add(text, " The camera %s.", cameras[scene->camera]);
}

static void action_zh(struct sw_text *text, const struct sw_scene *scene, int position,
                      struct sw_random *random)
{
    static const char *const jumps[] = {"跳跃", "跳来跳去", "跳起来"};
    static const char *const cameras[SW_CAMERAS] = {"", "左摇", "右摇", "推近", "拉远"};
    const struct verbs *verbs = &verbs_zh[scene->subject[0].kind];
    const char *where = sw_position_phrase(scene->subject[0].position, SW_ZH);
    int variant = sw_random_below(random, 2);

    sw_text_add(text, "%s。%s，", sw_shot_name((int)scene->shot, SW_ZH),
                sw_under(scene, SW_ZH, random));
    sw_add_subject(text, &scene->subject[0], SW_ZH);
    if (scene->subjects > 1) {
        sw_text_add(text, "%s在", scene->motion == SW_STILL ? verbs->waits[variant] : "");
        sw_add_subject(text, &scene->subject[1], SW_ZH);
        sw_text_add(text, "%s", sw_relation_phrase(scene->relation, SW_ZH));
        if (scene->motion == SW_JUMP)
            sw_text_add(text, "%s", SW_PICK_ANY(random, jumps));
    } else if (scene->motion == SW_STILL) {
        if (position)
            sw_text_add(text, "%s在%s", verbs->waits[variant], where);
        else
            sw_text_add(text, "静静地%s着", verbs->waits[variant]);
    } else {
        if (position)
            sw_text_add(text, "在%s", where);
        if (scene->motion == SW_JUMP)
            sw_text_add(text, "%s", SW_PICK_ANY(random, jumps));
        else
            sw_text_add(text, "%s%s", sw_motion_name((int)scene->motion, SW_ZH),
                        verbs->moves[variant]);
    }
    sw_text_add(text, "。");
    if (scene->camera != SW_STATIC)
        sw_text_add(text, "镜头%s。", cameras[scene->camera]);
}

void sw_add_action(struct sw_text *text, const struct sw_scene *scene, enum sw_lang lang, int known,
                   int position, struct sw_random *random)
{
    if (lang == SW_ZH)
        action_zh(text, scene, position, random);
    else
        action_en(text, scene, known, position, random);
}
