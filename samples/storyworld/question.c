/* Questions with short answers. Kinds of questions whose natural answers are lopsided (most scenes
 * have one subject) refuse some scenes, so that guessing the commoner answer never pays. */
#include <string.h>

#include "phrase.h"

struct asking {
    const struct sw_scene *scene;
    enum sw_lang lang;
    struct sw_random random;
    struct sw_text question, answer;
};

static const char *kind(const struct asking *a, enum sw_kind k)
{
    return sw_kind_name((int)k, a->lang);
}

static const char *colour(const struct asking *a, enum sw_colour c)
{
    return sw_colour_name((int)c, a->lang);
}

/* One of a question's phrasings, with `what` for @. */
static void ask_one(struct asking *a, const char *const phrasings[4], const char *what)
{
    const char *phrasing, *gap;
    int n = 0;

    while (n < 4 && phrasings[n])
        n++;
    phrasing = phrasings[sw_random_below(&a->random, n)];
    gap = strchr(phrasing, '@');
    if (gap)
        sw_text_add(&a->question, "%.*s%s%s", (int)(gap - phrasing), phrasing, what, gap + 1);
    else
        sw_text_add(&a->question, "%s", phrasing);
}

static void ask(struct asking *a, const char *const phrasings[SW_LANGS][4], const char *what)
{
    ask_one(a, phrasings[a->lang], what);
}

static void yes_or_no(struct asking *a, int yes)
{
    static const char *const words[2][SW_LANGS] = {{"no", "不是"}, {"yes", "是"}};

    sw_text_add(&a->answer, "%s", words[yes][a->lang]);
}

static const struct sw_subject *either(struct asking *a)
{
    return &a->scene->subject[sw_random_below(&a->random, a->scene->subjects)];
}

static void ask_subject(struct asking *a)
{
    static const char *const of_one[SW_LANGS][4] = {
        {"What is in the picture?", "What does the picture show?", "What is the subject?",
         "What is the @ thing?"},
        {"画面里有什么？", "图里画的是什么？", "主体是什么？", "@的是什么？"}};
    static const char *const of_two[SW_LANGS][4] = {
        {"What is the @ thing?", "What is @?", "Which subject is @?"},
        {"@的是什么？", "什么是@的？", "哪个东西是@的？"}};
    const struct sw_subject *s = either(a);

    ask(a, a->scene->subjects > 1 ? of_two : of_one, colour(a, s->colour));
    sw_text_add(&a->answer, "%s", kind(a, s->kind));
}

static void ask_colour(struct asking *a)
{
    static const char *const phrasings[SW_LANGS][4] = {
        {"What colour is the @?", "Which colour does the @ have?", "Tell me the colour of the @."},
        {"@是什么颜色的？", "@的颜色是什么？", "@是哪种颜色？"}};
    const struct sw_subject *s = either(a);

    ask(a, phrasings, kind(a, s->kind));
    sw_text_add(&a->answer, "%s", colour(a, s->colour));
}

static void ask_place(struct asking *a)
{
    static const char *const phrasings[SW_LANGS][4] = {
        {"Where is this?", "What place is this?", "Where is the @?", "In what place is the @?"},
        {"这是哪里？", "这是什么地方？", "@在哪里？", "@在什么地方？"}};

    ask(a, phrasings, kind(a, a->scene->subject[0].kind));
    sw_text_add(&a->answer, "%s", sw_place_name((int)a->scene->place, a->lang));
}

static void ask_time(struct asking *a)
{
    static const char *const phrasings[SW_LANGS][4] = {
        {"What time of day is it?", "When is this?", "Is it dawn, day, dusk or night?"},
        {"这是什么时候？", "现在是什么时间？", "是黎明、白天、黄昏还是夜晚？"}};

    ask(a, phrasings, "");
    sw_text_add(&a->answer, "%s", sw_time_name((int)a->scene->time, a->lang));
}

static void ask_weather(struct asking *a)
{
    static const char *const phrasings[SW_LANGS][4] = {
        {"What is the weather like?", "How is the weather?", "Is it clear, cloudy, rain or snow?"},
        {"天气怎么样？", "天气如何？", "是晴朗、多云、下雨还是下雪？"}};

    ask(a, phrasings, "");
    sw_text_add(&a->answer, "%s", sw_weather_name((int)a->scene->weather, a->lang));
}

static void ask_shot(struct asking *a)
{
    static const char *const phrasings[SW_LANGS][4] = {
        {"What shot size is this?", "What kind of shot is it?",
         "Is it a close-up, a medium or a wide shot?"},
        {"这是什么景别？", "这是哪种镜头？", "是特写、中景还是远景？"}};

    ask(a, phrasings, "");
    sw_text_add(&a->answer, "%s", sw_shot_name((int)a->scene->shot, a->lang));
}

static void ask_position(struct asking *a)
{
    static const char *const phrasings[SW_LANGS][4] = {
        {"Where in the frame is the @?", "On which side is the @?",
         "Is the @ on the left, in the centre or on the right?"},
        {"@在画面的哪一边？", "@在画面的什么位置？", "@在左边、中间还是右边？"}};
    const struct sw_subject *s = either(a);

    ask(a, phrasings, kind(a, s->kind));
    sw_text_add(&a->answer, "%s", sw_position_name((int)s->position, a->lang));
}

static int ask_count(struct asking *a)
{
    static const char *const phrasings[SW_LANGS][4] = {
        {"How many subjects are there?", "How many subjects does the picture show?",
         "Are there one or two subjects?"},
        {"画面里有几个主体？", "有多少个主体？", "有一个还是两个主体？"}};
    static const char *const numbers[2][SW_LANGS] = {{"one", "一个"}, {"two", "两个"}};

    if (a->scene->subjects < 2 && !sw_random_chance(&a->random, 25))
        return -1;
    ask(a, phrasings, "");
    sw_text_add(&a->answer, "%s", numbers[a->scene->subjects - 1][a->lang]);
    return 0;
}

static void ask_is_colour(struct asking *a)
{
    static const char *const phrasings[SW_LANGS][4] = {
        {"Is the @?", "Would you call the @?", "Is the @, yes or no?"}, {"@的吗？", "@的，对吗？"}};
    const struct sw_subject *s = either(a), *other = &a->scene->subject[s == &a->scene->subject[0]];
    int yes = sw_random_below(&a->random, 2);
    enum sw_colour asked = s->colour;
    char what[SW_TEXT_MAX / 4];
    struct sw_text text = sw_text_start(what, sizeof what);

    /* The other subject's colour is the harder wrong one. */
    if (!yes && a->scene->subjects > 1 && sw_random_chance(&a->random, 50))
        asked = other->colour;
    else if (!yes)
        asked = (enum sw_colour)(((int)asked + 1 + sw_random_below(&a->random, SW_COLOURS - 1)) %
                                 SW_COLOURS);
    sw_text_add(&text, a->lang == SW_ZH ? "%s是%s" : "%s %s", kind(a, s->kind), colour(a, asked));
    ask(a, phrasings, what);
    yes_or_no(a, yes);
}

/* Trees and houses of the background make "Is there a tree?" a matter of opinion. */
static int is_scenery(enum sw_kind kind, enum sw_place place)
{
    return (kind == SW_TREE && (place == SW_FOREST || place == SW_BEACH)) ||
           (kind == SW_HOUSE && place == SW_CITY);
}

static void ask_is_subject(struct asking *a)
{
    static const char *const phrasings[SW_LANGS][4] = {
        {"Is there a @?", "Is a @ in the picture?", "Does the picture show a @?"},
        {"画面里有@，是不是？", "图里的主体有@，对吗？", "主体有没有@，是吗？"}};
    int yes = sw_random_below(&a->random, 2);
    enum sw_kind asked = either(a)->kind;

    while (!yes && (asked == a->scene->subject[0].kind || is_scenery(asked, a->scene->place) ||
                    (a->scene->subjects > 1 && asked == a->scene->subject[1].kind)))
        asked = (enum sw_kind)sw_random_below(&a->random, SW_KINDS);
    ask(a, phrasings, kind(a, asked));
    yes_or_no(a, yes);
}

static int ask_indoors(struct asking *a)
{
    static const char *const indoors[SW_LANGS][4] = {
        {"Is this indoors?", "Is the @ inside?", "Is it an interior?"},
        {"这是在室内吗？", "@是在屋里吗？"}};
    static const char *const outdoors[SW_LANGS][4] = {
        {"Is this outdoors?", "Is the @ outside?", "Is it an exterior?"},
        {"这是在室外吗？", "@是在屋外吗？"}};
    int inside = a->scene->place == SW_ROOM, asks_inside = sw_random_below(&a->random, 2);

    if (!inside && sw_random_below(&a->random, SW_PLACES - 1))
        return -1;
    ask(a, asks_inside ? indoors : outdoors, kind(a, a->scene->subject[0].kind));
    yes_or_no(a, inside == asks_inside);
    return 0;
}

static int ask_other(struct asking *a)
{
    static const char *const en[SW_RELATIONS][4] = {
        {NULL},
        {"What is beside the @?", "What is next to the @?"},
        {"What is behind the @?", "What does the @ stand in front of?"},
        {"What is in front of the @?", "What does the @ stand behind?"}};
    static const char *const zh[SW_RELATIONS][4] = {{NULL},
                                                    {"@旁边是什么？", "@的旁边有什么？"},
                                                    {"@后面是什么？", "@的后面有什么？"},
                                                    {"@前面是什么？", "@的前面有什么？"}};
    enum sw_relation relation = a->scene->relation;

    if (a->scene->subjects < 2) {
        if (!sw_random_chance(&a->random, 25))
            return -1;
        relation = (enum sw_relation)(SW_BESIDE + sw_random_below(&a->random, 3));
    }
    ask_one(a, a->lang == SW_ZH ? zh[relation] : en[relation], kind(a, a->scene->subject[0].kind));
    if (a->scene->subjects < 2)
        sw_text_add(&a->answer, "%s", a->lang == SW_ZH ? "什么都没有" : "nothing");
    else
        sw_text_add(&a->answer, a->lang == SW_ZH ? "%s的%s" : "%s %s",
                    colour(a, a->scene->subject[1].colour), kind(a, a->scene->subject[1].kind));
    return 0;
}

static int ask_motion(struct asking *a, int clip)
{
    static const char *const phrasings[SW_LANGS][4] = {
        {"How does the @ move?", "What does the @ do?", "Which way does the @ move?"},
        {"@怎么动？", "@在做什么？", "@往哪里动？"}};

    if (!clip || (a->scene->motion == SW_STILL && !sw_random_chance(&a->random, 30)))
        return -1;
    ask(a, phrasings, kind(a, a->scene->subject[0].kind));
    sw_text_add(&a->answer, "%s", sw_motion_name((int)a->scene->motion, a->lang));
    return 0;
}

static int ask_camera(struct asking *a, int clip)
{
    static const char *const phrasings[SW_LANGS][4] = {
        {"How does the camera move?", "What does the camera do?", "Which camera move is it?"},
        {"镜头怎么动？", "镜头在做什么？", "这是什么镜头运动？"}};

    if (!clip || (a->scene->camera == SW_STATIC && !sw_random_chance(&a->random, 30)))
        return -1;
    ask(a, phrasings, "");
    sw_text_add(&a->answer, "%s", sw_camera_name((int)a->scene->camera, a->lang));
    return 0;
}

int sw_ask(const struct sw_scene *scene, enum sw_question type, enum sw_lang lang, int clip,
           uint64_t seed, char *question, char *answer, size_t size)
{
    struct asking a = {scene, lang, sw_random_start(seed, 16 + (uint64_t)type),
                       sw_text_start(question, size), sw_text_start(answer, size)};

    switch (type) {
    case SW_Q_SUBJECT:
        ask_subject(&a);
        return 0;
    case SW_Q_COLOUR:
        ask_colour(&a);
        return 0;
    case SW_Q_PLACE:
        ask_place(&a);
        return 0;
    case SW_Q_TIME:
        ask_time(&a);
        return 0;
    case SW_Q_WEATHER:
        ask_weather(&a);
        return 0;
    case SW_Q_SHOT:
        ask_shot(&a);
        return 0;
    case SW_Q_POSITION:
        ask_position(&a);
        return 0;
    case SW_Q_COUNT:
        return ask_count(&a);
    case SW_Q_IS_COLOUR:
        ask_is_colour(&a);
        return 0;
    case SW_Q_IS_SUBJECT:
        ask_is_subject(&a);
        return 0;
    case SW_Q_INDOORS:
        return ask_indoors(&a);
    case SW_Q_OTHER:
        return ask_other(&a);
    case SW_Q_MOTION:
        return ask_motion(&a, clip);
    case SW_Q_CAMERA:
        return ask_camera(&a, clip);
    default:
        return -1;
    }
}
