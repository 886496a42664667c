#include <stdlib.h>
#include <string.h>

#include "phrase.h"

/* Chosen among hashes so that no kind, colour or place, and no two of them together, is held out
 * much more often than another. Changing it makes every trained model's held-out figures
 * meaningless. */
static const uint64_t split_salt = (uint64_t)1436 << 32;

enum sw_split sw_split_of(enum sw_kind kind, enum sw_colour colour, enum sw_place place)
{
    uint64_t index = ((uint64_t)kind * SW_COLOURS + (uint64_t)colour) * SW_PLACES + (uint64_t)place;

    return sw_mix(split_salt + index * 0x9e3779b97f4a7c15u) % 10 == 0 ? SW_HELDOUT : SW_TRAIN;
}

static int within(int value, int count)
{
    return value >= 0 && value < count;
}

int sw_scene_valid(const struct sw_scene *scene)
{
    if (scene->subjects < 1 || scene->subjects > 2)
        return 0;
    for (int i = 0; i < scene->subjects; i++)
        if (!within((int)scene->subject[i].kind, SW_KINDS) ||
            !within((int)scene->subject[i].colour, SW_COLOURS) ||
            !within((int)scene->subject[i].position, SW_POSITIONS))
            return 0;
    if ((scene->subjects == 1) != (scene->relation == SW_ALONE))
        return 0;
    return within((int)scene->relation, SW_RELATIONS) && within((int)scene->place, SW_PLACES) &&
           within((int)scene->time, SW_TIMES) && within((int)scene->weather, SW_WEATHERS) &&
           within((int)scene->shot, SW_SHOTS) && within((int)scene->motion, SW_MOTIONS) &&
           within((int)scene->camera, SW_CAMERAS) && within(scene->layout, SW_LAYOUTS);
}

int sw_can_move(enum sw_kind kind)
{
    return kind <= SW_BICYCLE;
}

/* Either the subject or the camera moves, seldom both: a clip should be easy to tell in one
 * sentence. */
void sw_choose_movement(struct sw_scene *scene, struct sw_random *random)
{
    int movable = sw_can_move(scene->subject[0].kind), draw = sw_random_below(random, 100);
    int moves = movable && draw < 70, pans = movable ? draw >= 55 && draw < 90 : draw < 85;

    if (moves && scene->subjects > 1)
        scene->motion = SW_JUMP; /* going sideways it would run through its companion */
    else if (moves)
        scene->motion = (enum sw_motion)(SW_MOVE_LEFT + sw_random_below(random, 3));
    if (pans)
        scene->camera = (enum sw_camera)(SW_PAN_LEFT + sw_random_below(random, 4));
    if (scene->motion == SW_MOVE_LEFT || scene->motion == SW_MOVE_RIGHT)
        scene->subject[0].faces_left = scene->motion == SW_MOVE_LEFT;
}

static void choose_subject(struct sw_subject *subject, struct sw_random *random)
{
    subject->kind = (enum sw_kind)sw_random_below(random, SW_KINDS);
    subject->colour = (enum sw_colour)sw_random_below(random, SW_COLOURS);
}

static void choose_companion(struct sw_scene *scene, enum sw_split split, struct sw_random *random)
{
    struct sw_subject *first = &scene->subject[0], *second = &scene->subject[1];

    do
        choose_subject(second, random);
    while (second->kind == first->kind || second->colour == first->colour ||
           (split == SW_TRAIN &&
            sw_split_of(second->kind, second->colour, scene->place) == SW_HELDOUT));
    scene->subjects = 2;
    scene->relation = (enum sw_relation)(SW_BESIDE + sw_random_below(random, 3));
    first->position = sw_random_below(random, 2) ? SW_RIGHT : SW_LEFT;
    second->position = first->position == SW_LEFT ? SW_RIGHT : SW_LEFT;
    first->faces_left = first->position == SW_RIGHT;
    second->faces_left = !first->faces_left;
}

void sw_scene_random(struct sw_scene *scene, enum sw_split split, int clip, uint64_t seed)
{
    struct sw_random random = sw_random_start(seed, 1);

    memset(scene, 0, sizeof *scene);
    scene->subjects = 1;
    do {
        choose_subject(&scene->subject[0], &random);
        scene->place = (enum sw_place)sw_random_below(&random, SW_PLACES);
    } while (sw_split_of(scene->subject[0].kind, scene->subject[0].colour, scene->place) != split);
    scene->subject[0].position = (enum sw_position)sw_random_below(&random, SW_POSITIONS);
    scene->subject[0].faces_left = sw_random_below(&random, 2);
    scene->time = (enum sw_time)sw_random_below(&random, SW_TIMES);
    scene->weather = (enum sw_weather)sw_random_below(&random, SW_WEATHERS);
    scene->shot = (enum sw_shot)sw_random_below(&random, SW_SHOTS);
    scene->layout = sw_random_below(&random, SW_LAYOUTS);
    if (sw_random_chance(&random, 20))
        choose_companion(scene, split, &random);
    if (clip)
        sw_choose_movement(scene, &random);
}

void sw_compose(struct sw_scene *scene)
{
    struct sw_subject *first = &scene->subject[0], *second = &scene->subject[1];

    scene->layout = 0;
    if (scene->subjects > 1) {
        first->position = SW_LEFT;
        second->position = SW_RIGHT;
        second->faces_left = 1;
    } else if (scene->motion == SW_MOVE_LEFT) {
        first->position = SW_RIGHT;
    } else if (scene->motion == SW_MOVE_RIGHT) {
        first->position = SW_LEFT;
    }
    first->faces_left = first->position == SW_RIGHT;
}

char *sw_scene_to_json(const struct sw_scene *scene)
{
    enum { SIZE = 1024 };
    char *out = malloc(SIZE);
    struct sw_text text;

    if (!out)
        return NULL;
    if (!sw_scene_valid(scene)) {
        memcpy(out, "{}", 3);
        return out;
    }
    text = sw_text_start(out, SIZE);
    sw_text_add(&text, "{\"subjects\": [");
    for (int i = 0; i < scene->subjects; i++) {
        const struct sw_subject *s = &scene->subject[i];
        sw_text_add(
            &text,
            "%s{\"subject\": \"%s\", \"colour\": \"%s\", \"position\": \"%s\", \"faces_left\": %s}",
            i ? ", " : "", sw_kind_name(s->kind, SW_EN), sw_colour_name(s->colour, SW_EN),
            sw_position_name(s->position, SW_EN), s->faces_left ? "true" : "false");
    }
    sw_text_add(&text,
                "], \"relation\": \"%s\", \"place\": \"%s\", \"time\": \"%s\", \"weather\": "
                "\"%s\", \"shot\": \"%s\"",
                sw_relation_name(scene->relation, SW_EN), sw_place_name(scene->place, SW_EN),
                sw_time_name(scene->time, SW_EN), sw_weather_name(scene->weather, SW_EN),
                sw_shot_name(scene->shot, SW_EN));
    sw_text_add(&text, ", \"motion\": \"%s\", \"camera\": \"%s\", \"layout\": %d}",
                sw_motion_name(scene->motion, SW_EN), sw_camera_name(scene->camera, SW_EN),
                scene->layout);
    return out;
}
