/* Drawings, as the judge sees them: a network of its own, trained on true frames of the training split alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "eval.h"
#include "train/judge.h"

/* The judge's label groups, found by name. */
struct groups {
    int subject, place, time, weather, shot; /* index of the group's first label */
    int absent;                              /* the class of a kind that is not there */
};

static enum m6_status find_groups(const struct m6_judge_shape *shape, struct groups *groups, struct m6_error *err)
{
    const char *const name[] = {"subject", "place", "time", "weather", "shot"};
    int *const first[] = {&groups->subject, &groups->place, &groups->time, &groups->weather, &groups->shot};
    int label = 0, found = 0;
    for (int g = 0; g < shape->groups; label += shape->group[g++].count) {
        for (int k = 0; k < 5; k++) {
            if (strcmp(shape->group[g].name, name[k]))
                continue;
            *first[k] = label;
            found |= 1 << k;
            if (k == 0)
                groups->absent = shape->group[g].absent;
        }
    }
    if (found != 31 || shape->width != SW_WIDTH || shape->height != SW_HEIGHT)
        return m6_fail(err, M6_ERR_MODEL, "the judge was not trained on storyworld; train it with its recipe");
    return M6_OK;
}

/* Subject: exactly the scene's kinds are found. Colour: each of the scene's kinds is found, in its colour; where the kind
 * itself is missing, some other that has taken its place may carry the colour. */
static void tally(struct eval_tally *t, const struct groups *g, const struct sw_scene *scene, const struct m6_verdict *v)
{
    unsigned kinds = 0, true_kinds = 0;
    int coloured = 1;
    for (int k = 0; k < SW_KINDS; k++)
        kinds |= v->label[g->subject + k] != g->absent ? 1u << k : 0;
    for (int s = 0; s < scene->subjects; s++)
        true_kinds |= 1u << scene->subject[s].kind;
    for (int s = 0; s < scene->subjects; s++) {
        const int colour = (int)scene->subject[s].colour, found = v->label[g->subject + (int)scene->subject[s].kind];
        int in_place = 0;
        for (int k = 0; k < SW_KINDS; k++)
            in_place |= !(true_kinds & 1u << k) && v->label[g->subject + k] == colour;
        coloured = coloured && (found == g->absent ? in_place : found == colour);
    }
    eval_tally_add(t, EVAL_SUBJECT, kinds == true_kinds);
    eval_tally_add(t, EVAL_COLOUR, coloured);
    eval_tally_add(t, EVAL_PLACE, v->label[g->place] == (int)scene->place);
    eval_tally_add(t, EVAL_TIME, v->label[g->time] == (int)scene->time);
    eval_tally_add(t, EVAL_WEATHER, v->label[g->weather] == (int)scene->weather);
    eval_tally_add(t, EVAL_SHOT, v->label[g->shot] == (int)scene->shot);
}

static void add_judged(cJSON *json, const char *name, const struct eval_tally *t)
{
    cJSON *item = eval_tally_json(t);
    cJSON *mean = cJSON_DetachItemFromObject(item, "mean");
    cJSON_AddItemToObject(item, "judged", mean);
    cJSON_AddItemToObject(json, name, item);
}

struct drawn {
    uint8_t *rgb;
    char caption[SW_TEXT_MAX]; /* what the prompt was taken for; "" if it was drawn as it is */
};

static void on_event(void *arg, struct m6_job *job, const struct m6_job_event *event)
{
    struct drawn *drawn = arg;
    if (event->type != M6_JOB_PICTURE)
        return;
    for (int y = 0; y < SW_HEIGHT; y++)
        memcpy(drawn->rgb + (size_t)y * SW_WIDTH * 3, event->picture->rgb + (size_t)y * event->picture->stride,
               (size_t)SW_WIDTH * 3);
    for (const char *const *m = event->metadata; m && m[0]; m += 2)
        if (!strcmp(m[0], "caption"))
            snprintf(drawn->caption, sizeof drawn->caption, "%s", m[1]);
}

static enum m6_status draw(const struct eval_run *run, int i, const char *prompt, const char *mode, struct drawn *drawn,
                           struct m6_error *err)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "prompt", prompt);
    cJSON_AddNumberToObject(params, "seed", i + 1);
    cJSON_AddStringToObject(params, "mode", mode);
    if (run->guidance >= 0)
        cJSON_AddNumberToObject(params, "guidance", (double)run->guidance);
    if (run->temperature >= 0)
        cJSON_AddNumberToObject(params, "temperature", (double)run->temperature);
    if (run->top_p >= 0)
        cJSON_AddNumberToObject(params, "top_p", (double)run->top_p);
    if (run->best)
        cJSON_AddNumberToObject(params, "best", run->best);
    if (run->steps && !strcmp(mode, "progressive"))
        cJSON_AddNumberToObject(params, "steps", run->steps);
    cJSON_AddBoolToObject(params, "verbatim", run->verbatim);
    memset(drawn->rgb, 0, (size_t)SW_WIDTH * SW_HEIGHT * 3);
    drawn->caption[0] = '\0';
    return eval_job(run, "draw", params, on_event, drawn, err);
}

enum m6_status eval_drawings(const struct eval_run *run, cJSON *report, struct m6_error *err)
{
    enum { TRUE_FRAME, AR, PROGRESSIVE, WAYS };
    static const char *const way_name[WAYS] = {"judge_on_true", "ar", "progressive"};
    struct m6_judge *judge = NULL;
    struct groups groups = {0};
    struct drawn drawn = {.rgb = malloc((size_t)SW_WIDTH * SW_HEIGHT * 3)};
    enum m6_status status = drawn.rgb ? m6_judge_load(&judge, run->judge, run->threads, err)
                                  : m6_fail(err, M6_ERR_MEMORY, "no memory for a frame");
    if (!status)
        status = find_groups(m6_judge_shape(judge), &groups, err);
    struct eval_tally tallies[WAYS] = {0};
    for (int i = 0; i < run->count && !status; i++) {
        struct sw_scene scene;
        eval_scene(run, i, 0, &scene);
        uint8_t *frame = eval_frames(&scene, 0, NULL);
        if (!frame) {
            status = m6_fail(err, M6_ERR_MEMORY, "no memory for a frame");
            break;
        }
        char prompt[SW_TEXT_MAX];
        sw_prompt(&scene, i % 2 ? SW_ZH : SW_EN, 1, run->seed + (uint64_t)i, prompt, sizeof prompt);
        status = eval_dump_text(run, i, "prompt.txt", prompt, err);
        for (int way = 0; way < WAYS && !status; way++) {
            struct m6_verdict verdict;
            const uint8_t *look = frame;
            if (way != TRUE_FRAME) {
                status = draw(run, i, prompt, way_name[way], &drawn, err);
                look = drawn.rgb;
                char name[64];
                snprintf(name, sizeof name, "drawn-%s.png", way_name[way]);
                if (!status)
                    status = eval_dump_picture(run, i, name, look, err);
                if (!status && way == PROGRESSIVE && drawn.caption[0])
                    status = eval_dump_text(run, i, "prompt-caption.txt", drawn.caption, err);
            }
            if (!status)
                status = m6_judge_score(judge, look, 1, &verdict, err);
            if (!status)
                tally(&tallies[way], &groups, &scene, &verdict);
        }
        free(frame);
        eval_progress(run, "drawings", i + 1, run->count);
    }
    m6_judge_destroy(judge);
    free(drawn.rgb);
    if (status)
        return status;
    cJSON *json = cJSON_AddObjectToObject(report, "draw");
    for (int way = AR; way < WAYS; way++)
        add_judged(json, way_name[way], &tallies[way]);
    add_judged(json, way_name[TRUE_FRAME], &tallies[TRUE_FRAME]);
    return M6_OK;
}
