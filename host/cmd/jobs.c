#include "jobs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int jobs_write(struct session *s, const char *idea, const char *lang, int shots,
               struct session_result *result)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "idea", idea);
    cJSON_AddStringToObject(params, "lang", lang);
    cJSON_AddNumberToObject(params, "shots", shots);
    session_add_seed(params, s->ctx->seed);
    const struct session_job job = {.kind = "script", .params = params, .what = "writing"};
    return session_run(s, &job, result);
}

static cJSON *drawing_params(const struct jobs_drawing *d)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "prompt", d->prompt);
    session_add_seed(params, d->seed);
    if (d->best > 1)
        cJSON_AddNumberToObject(params, "best", d->best);
    if (d->mode)
        cJSON_AddStringToObject(params, "mode", d->mode);
    if (d->steps)
        cJSON_AddNumberToObject(params, "steps", d->steps);
    if (d->verbatim)
        cJSON_AddTrueToObject(params, "verbatim");
    if (d->guidance >= 0)
        cJSON_AddNumberToObject(params, "guidance", d->guidance);
    if (d->size.width) {
        cJSON_AddNumberToObject(params, "width", d->size.width);
        cJSON_AddNumberToObject(params, "height", d->size.height);
    }
    if (d->image) {
        cJSON *keep = cJSON_AddArrayToObject(params, "keep");
        for (int i = 0; i < d->keep_count; i++) {
            const int r[4] = {d->keep[i].x, d->keep[i].y, d->keep[i].w, d->keep[i].h};
            for (int k = 0; k < 4; k++)
                cJSON_AddItemToArray(keep, cJSON_CreateNumber(r[k]));
        }
    }
    return params;
}

int jobs_draw(struct session *s, const struct jobs_drawing *d, struct session_result *result)
{
    const char *const inputs[] = {d->image, NULL};
    char what[48] = "drawing";
    if (d->count > 1)
        snprintf(what, sizeof what, "drawing picture %d of %d", d->index + 1, d->count);
    const struct session_job job = {.kind = "draw",
                                    .params = drawing_params(d),
                                    .inputs = inputs,
                                    .what = what,
                                    .done = d->index,
                                    .total = d->count > 1 ? d->count : 0};
    const int code = session_run(s, &job, result);
    if (!code && !result->picture_count)
        return cmd_fail(s->ctx, CMD_MODEL,
                        "the model drew nothing; 'm6 models info' says whether it can draw");
    return code;
}

int jobs_caption(struct session *s, const struct jobs_captioning *c, struct session_result *result)
{
    const char *const inputs[] = {c->path, NULL};
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "lang", c->lang);
    if (c->every >= 0)
        cJSON_AddNumberToObject(params, "every", c->every);
    if (c->on_scene)
        cJSON_AddStringToObject(params, "on", "scene");
    const struct session_job job = {.kind = "caption",
                                    .params = params,
                                    .inputs = inputs,
                                    .what = "captioning",
                                    .on_caption = c->on_caption,
                                    .arg = c->arg};
    return session_run(s, &job, result);
}

int jobs_ask(struct session *s, const char *path, const char *question,
             struct session_result *result)
{
    const char *const inputs[] = {path, NULL};
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "question", question);
    const struct session_job job = {
        .kind = "ask", .params = params, .inputs = inputs, .what = "looking"};
    return session_run(s, &job, result);
}

const char *jobs_picture_told(const struct session_picture *p, const char *key)
{
    for (char **m = p->metadata; m && m[0] && m[1]; m += 2) {
        if (!strcmp(m[0], key))
            return m[1];
    }
    return NULL;
}

cJSON *jobs_describe_picture(const char *path, const struct session_picture *p)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "path", path);
    cJSON_AddNumberToObject(o, "width", p->picture.width);
    cJSON_AddNumberToObject(o, "height", p->picture.height);
    for (char **m = p->metadata; m && m[0] && m[1]; m += 2)
        cJSON_AddStringToObject(o, m[0], m[1]);
    return o;
}
