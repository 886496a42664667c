/* From a text to the scene it states. */
#include <string.h>

#include "lexicon.h"

enum { MARKS = 512, REACH = 5 };

struct reading {
    struct sw_mark marks[MARKS];
    int count;
    int at[2]; /* where the two subjects are first named */
    int found;
    struct sw_scene *scene;
};

static void find_subjects(struct reading *r)
{
    for (int i = 0; i < r->count && r->found < 2; i++) {
        if (r->marks[i].class != SW_T_KIND)
            continue;
        if (r->found && (int)r->scene->subject[0].kind == r->marks[i].value)
            continue;
        r->scene->subject[r->found].kind = (enum sw_kind)r->marks[i].value;
        r->at[r->found++] = i;
    }
}

/* Which subject the kind named at mark i is, or -1. */
static int subject_at(const struct reading *r, int i)
{
    for (int s = 0; s < r->found; s++)
        if ((int)r->scene->subject[s].kind == r->marks[i].value)
            return s;
    return -1;
}

static int give_colour(struct reading *r, int i, int colour)
{
    int s = subject_at(r, i);

    if (s < 0 || (int)r->scene->subject[s].colour != -1)
        return 0;
    r->scene->subject[s].colour = (enum sw_colour)colour;
    return 1;
}

static int blocks(enum sw_class class)
{
    return class == SW_T_PLACE || class == SW_T_TIME || class == SW_T_WEATHER || class == SW_T_NOUN;
}

static int bind_backward(struct reading *r, int at)
{
    for (int j = at - 1; j >= 0 && j >= at - REACH && !blocks(r->marks[j].class); j--)
        if (r->marks[j].class == SW_T_KIND)
            return give_colour(r, j, r->marks[at].value);
    return 0;
}

/* A colour belongs to the subject right after it ("a red dog"), else to the one before ("a dog,
 * red"), else to one after a comma ("red, dog"). After "is" or "in" ("a man in red") the one before
 * comes first. */
static void bind_colour(struct reading *r, int at)
{
    enum sw_class before = at ? r->marks[at - 1].class : SW_T_STOP;
    int i;

    if (at + 1 < r->count && blocks(r->marks[at + 1].class))
        return;
    if (before == SW_T_IS && at > 1 && r->marks[at - 2].class == SW_T_IT) {
        for (i = at - 2; i >= 0 && r->marks[i].class != SW_T_KIND; i--)
            ;
        if (i >= 0 && give_colour(r, i, r->marks[at].value))
            return;
    }
    if ((before == SW_T_IS || before == SW_T_AT) && bind_backward(r, at))
        return;
    for (i = at + 1; i < r->count && i <= at + REACH; i++) {
        enum sw_class class = r->marks[i].class;
        if (class == SW_T_KIND) {
            give_colour(r, i, r->marks[at].value);
            return;
        }
        if (class != SW_T_WORD && class != SW_T_IT && !(class == SW_T_COLOUR && i == at + 1))
            break;
    }
    if (bind_backward(r, at))
        return;
    for (; i < r->count && i <= at + REACH; i++) {
        enum sw_class class = r->marks[i].class;
        if (class == SW_T_KIND) {
            give_colour(r, i, r->marks[at].value);
            return;
        }
        if (class != SW_T_COMMA && class != SW_T_WORD)
            return;
    }
}

static enum sw_relation inverse(enum sw_relation relation)
{
    return relation == SW_IN_FRONT_OF ? SW_BEHIND
           : relation == SW_BEHIND    ? SW_IN_FRONT_OF
                                      : relation;
}

static void swap_subjects(struct sw_scene *scene)
{
    struct sw_subject keep = scene->subject[0];

    scene->subject[0] = scene->subject[1];
    scene->subject[1] = keep;
}

static void find_relation(struct reading *r, enum sw_lang lang)
{
    struct sw_scene *scene = r->scene;

    if (r->found < 2) {
        scene->relation = r->found ? SW_ALONE : (enum sw_relation) - 1;
        return;
    }
    for (int i = 0; i < r->count; i++) {
        if (r->marks[i].class != SW_T_RELATION)
            continue;
        scene->relation = (enum sw_relation)r->marks[i].value;
        if (lang == SW_EN && i < r->at[0])
            swap_subjects(scene); /* "Behind a car, a dog" */
        else if (lang == SW_EN && i < r->at[1] && i + 1 < r->count &&
                 r->marks[i + 1].class == SW_T_IT)
            scene->relation = inverse(scene->relation); /* "a car; behind it a dog" */
        else if (lang == SW_ZH && i > r->at[0] && i < r->at[1])
            scene->relation = inverse(scene->relation); /* 汽车后面有一只狗 */
        return;
    }
}

/* A side is a position ("on the left"), a subject's way ("runs to the left") or the camera's ("pans
 * left"). */
static void take_side(struct reading *r, int i, enum sw_class *verb)
{
    struct sw_scene *scene = r->scene;
    enum sw_class before = SW_T_WORD;
    int side = r->marks[i].value, way = side;

    for (int j = i - 1; j >= 0 && j >= i - 2; j--) {
        before = r->marks[j].class;
        if (before != SW_T_WORD)
            break;
    }
    if (before == SW_T_FROM)
        way = SW_RIGHT - side;
    if (before == SW_T_AT || *verb == SW_T_WORD || side == SW_CENTRE) {
        if (before != SW_T_FROM && (int)scene->subject[0].position == -1)
            scene->subject[0].position = (enum sw_position)side;
        return;
    }
    if (*verb == SW_T_PAN) {
        if ((int)scene->camera == -1)
            scene->camera = way == SW_LEFT ? SW_PAN_LEFT : SW_PAN_RIGHT;
    } else if ((int)scene->motion == -1 || scene->motion == SW_STILL) {
        scene->motion = way == SW_LEFT ? SW_MOVE_LEFT : SW_MOVE_RIGHT;
    }
    if (before != SW_T_FROM) /* "from left to right": the second side says nothing new */
        *verb = SW_T_WORD;
}

static void take_marks(struct reading *r)
{
    struct sw_scene *scene = r->scene;
    enum sw_class verb = SW_T_WORD;

#define TAKE(field, type)                                                                          \
    if ((int)scene->field == -1)                                                                   \
    scene->field = (enum type)value
    for (int i = 0; i < r->count; i++) {
        int value = r->marks[i].value;
        switch (r->marks[i].class) {
        case SW_T_COLOUR:
            bind_colour(r, i);
            break;
        case SW_T_PLACE:
            TAKE(place, sw_place);
            break;
        case SW_T_TIME:
            TAKE(time, sw_time);
            break;
        case SW_T_WEATHER:
            TAKE(weather, sw_weather);
            break;
        case SW_T_SHOT:
            TAKE(shot, sw_shot);
            break;
        case SW_T_CAMERA:
            TAKE(camera, sw_camera);
            break;
        case SW_T_MOTION:
            if ((int)scene->motion == -1 || scene->motion == SW_STILL)
                scene->motion = (enum sw_motion)value;
            break;
        case SW_T_TOWARDS:
            if (verb == SW_T_PAN) {
                if ((int)scene->camera == -1)
                    scene->camera = value == SW_LEFT ? SW_PAN_LEFT : SW_PAN_RIGHT;
                verb = SW_T_WORD;
            } else if ((int)scene->motion == -1 || scene->motion == SW_STILL)
                scene->motion = value == SW_LEFT ? SW_MOVE_LEFT : SW_MOVE_RIGHT;
            break;
        case SW_T_MOVE:
        case SW_T_PAN:
            verb = r->marks[i].class;
            break;
        case SW_T_STOP:
            verb = SW_T_WORD;
            break;
        case SW_T_SIDE:
            take_side(r, i, &verb);
            break;
        default:
            break;
        }
    }
#undef TAKE
}

int sw_parse(const char *text, enum sw_lang lang, struct sw_scene *scene)
{
    struct reading r = {.scene = scene};

    memset(scene, 0, sizeof *scene);
    for (int i = 0; i < 2; i++) {
        scene->subject[i].kind = (enum sw_kind) - 1;
        scene->subject[i].colour = (enum sw_colour) - 1;
        scene->subject[i].position = (enum sw_position) - 1;
    }
    scene->relation = (enum sw_relation) - 1;
    scene->place = (enum sw_place) - 1;
    scene->time = (enum sw_time) - 1;
    scene->weather = (enum sw_weather) - 1;
    scene->shot = (enum sw_shot) - 1;
    scene->motion = (enum sw_motion) - 1;
    scene->camera = (enum sw_camera) - 1;
    r.count = sw_read_marks(text, lang, r.marks, MARKS);
    find_subjects(&r);
    take_marks(&r);
    scene->subjects = r.found;
    find_relation(&r, lang);
    return r.found;
}
