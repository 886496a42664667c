/* What is said to the host, and what it says. */
#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* ---- asking ---- */

static char *describe(const struct sample *s, const struct answer *a)
{
    char seed[32];
    cJSON *params = cJSON_CreateObject();
    if (s->prompt) {
        cJSON_AddStringToObject(params, "question", s->prompt);
    } else {
        cJSON_AddStringToObject(params, "lang", a->language);
        cJSON_AddBoolToObject(params, "clip", s->clip);
    }
    snprintf(seed, sizeof seed, "%lld", (long long)s->seed);
    cJSON_AddStringToObject(params, "seed", seed);
    char *text = cJSON_PrintUnformatted(params);
    cJSON_Delete(params);
    return text;
}

enum m6_status host_ask(struct m6_captions *c, const struct sample *s, const struct answer *a, uint64_t *job, struct m6_error *err)
{
    struct m6_client_frame frames[M6_CAPTIONS_FRAMES_MAX];
    for (int i = 0; i < s->picture_count; i++)
        frames[i] = (struct m6_client_frame){
            .size = sizeof *frames,
            .width = s->pictures[i].width,
            .height = s->pictures[i].height,
            .pts = s->pictures[i].pts_ns,
            .duration = s->pictures[i].duration_ns,
            .buffer = s->pictures[i].buffer,
        };
    const struct m6_client_input input = {.size = sizeof input, .frames = frames, .frame_count = s->picture_count};
    char *params = describe(s, a);
    const struct m6_client_job ask = {
        .size = sizeof ask,
        .kind = s->prompt ? "ask" : "caption",
        .params = params,
        .inputs = &input,
        .input_count = 1,
        .priority = c->params.live ? M6_CLIENT_LIVE : M6_CLIENT_INTERACTIVE,
        .deadline_ms = c->params.live ? s->deadline_ms : 0,
    };
    enum m6_status status = params ? m6_submit(c->client, &ask, job, err) : m6_fail(err, M6_ERR_MEMORY, "no memory for a question");
    cJSON_free(params);
    return status;
}

/* ---- hearing: with the lock held ---- */

static struct answer *find(struct m6_captions *c, uint64_t job)
{
    for (struct sample *s = job ? c->first : NULL; s; s = s->next)
        for (int i = 0; i < s->answer_count; i++)
            if (s->answers[i].job == job)
                return &s->answers[i];
    return NULL;
}

/* Pieces add up; captions of one job are lines. */
static void add_text(struct answer *a, const char *text, const char *between)
{
    const size_t before = a->text ? strlen(a->text) : 0;
    const size_t size = before + strlen(text) + strlen(between) + 1;
    char *all = realloc(a->text, size);
    if (!all)
        return;
    snprintf(all + before, size - before, "%s%s", before ? between : "", text);
    a->text = all;
}

static void finish(struct answer *a, enum answer_state state, enum m6_status status, const char *why)
{
    a->job = 0;
    a->state = state;
    a->status = status;
    a->answered_ns = m6_now_ns();
    if (state != ANSWERED)
        sample_set_text(a, why);
}

static void on_done(struct answer *a)
{
    /* Models begin with the space that parts words. */
    const size_t lead = a->text ? strspn(a->text, " \t\r\n") : 0;
    size_t length = a->text ? strlen(a->text) : 0;
    while (length > lead && strchr(" \t\r\n", a->text[length - 1]))
        length--;
    if (a->text) {
        a->text[length] = '\0';
        memmove(a->text, a->text + lead, length - lead + 1);
    }
    if (a->text && *a->text)
        finish(a, ANSWERED, M6_OK, NULL);
    else
        finish(a, FAILED, M6_ERR_MODEL, "the model said nothing about the picture");
}

/* A host that went away says so with M6_ERR_IO, for each job. */
static void on_failed(struct m6_captions *c, struct answer *a, const struct m6_client_event *e)
{
    if (e->status == M6_ERR_LATE) {
        finish(a, DROPPED, e->status, "the host did not come to it in time");
    } else if (e->type == M6_CLIENT_CANCELLED || e->status == M6_ERR_IO) {
        if (c->params.live) {
            finish(a, DROPPED, M6_ERR_IO, e->text ? e->text : "the host went away");
        } else if (!e->refused && ++a->tries >= TRIES_MAX) {
            finish(a, FAILED, M6_ERR_IO, e->text ? e->text : "the host went away each time that it was asked");
        } else {
            a->job = 0;
            a->state = WAITING;
            sample_set_text(a, NULL);
            /* A host that is going away refuses what it is asked, and would again at once. */
            c->rest_until_ns = m6_now_ns() + (int64_t)REST_MS * 1000000;
        }
    } else {
        finish(a, FAILED, e->status, e->text);
    }
}

static void on_lost(struct m6_captions *c, const struct m6_client_event *e)
{
    const int first = c->searching;
    c->connected = c->searching = c->unfit = c->status_asked = 0;
    c->model_name[0] = '\0';
    c->lost_ns = m6_now_ns();
    /* None was there from the start: that is no moment's absence. */
    if (first)
        c->lost_ns -= (int64_t)c->params.patience_ms * 1000000 + 1;
    snprintf(c->why.text, sizeof c->why.text, "%s", e->text ? e->text : "there is no host");
    pthread_cond_broadcast(&c->changed);
}

static void ask_status(struct m6_captions *c)
{
    if (!c->model_name[0] && !c->status_asked)
        c->status_asked = !m6_ask_status(c->client, NULL);
}

static void read_model(struct m6_captions *c, const char *status)
{
    cJSON *json = cJSON_Parse(status);
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(json, "model");
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(model, "name"), *path = cJSON_GetObjectItemCaseSensitive(model, "path");
    const char *found = cJSON_IsString(name) ? name->valuestring : NULL;
    c->status_asked = 0;
    if (found)
        snprintf(c->model_name, sizeof c->model_name, "%s", found);
    /* Not loaded yet: its folder is named as it is. */
    if (!found && cJSON_IsString(path))
        found = strrchr(path->valuestring, '/') ? strrchr(path->valuestring, '/') + 1 : path->valuestring;
    c->unfit = c->model && (!found || strcmp(found, c->model) != 0);
    if (c->unfit)
        m6_fail(&c->why, M6_ERR_MODEL, "the host has the model \"%.64s\", not \"%.64s\"; start one with it, or leave the model open",
                found ? found : "", c->model);
    cJSON_Delete(json);
}

int host_take(struct m6_captions *c, struct m6_captions_event *told, char *text, size_t size)
{
    struct m6_client_event e = {.size = sizeof e};
    if (!c->client || m6_next(c->client, 0, &e) <= 0)
        return 0;
    struct answer *a = find(c, e.job);
    int tell = 0;
    snprintf(text, size, "%s", e.text ? e.text : "");
    switch (e.type) {
    case M6_CLIENT_CONNECTED:
        /* With a model of one's own choice, what the host has decides whether there is one. */
        c->connected = !c->model;
        c->rest_until_ns = 0;
        c->searching = c->model != NULL;
        ask_status(c);
        tell = c->connected;
        told->type = M6_CAPTIONS_CONNECTED;
        text[0] = '\0';
        break;
    case M6_CLIENT_DISCONNECTED:
        on_lost(c, &e);
        tell = 1;
        told->type = M6_CAPTIONS_DISCONNECTED;
        break;
    case M6_CLIENT_STATUS: {
        read_model(c, e.text ? e.text : "");
        tell = c->searching;
        c->connected = 1;
        c->searching = 0;
        pthread_cond_broadcast(&c->changed);
        told->type = c->unfit ? M6_CAPTIONS_DISCONNECTED : M6_CAPTIONS_CONNECTED;
        snprintf(text, size, "%s", c->unfit ? c->why.text : c->model_name);
        break;
    }
    case M6_CLIENT_PROGRESS:
        tell = !strcmp(text, "loading the model");
        told->type = M6_CAPTIONS_PROGRESS;
        told->done = e.done;
        told->total = e.total;
        break;
    case M6_CLIENT_TEXT:
        if (a && e.text)
            add_text(a, e.text, "");
        break;
    case M6_CLIENT_CAPTION:
        if (a && e.text)
            add_text(a, e.text, "\n");
        break;
    case M6_CLIENT_DONE:
        if (a)
            on_done(a);
        ask_status(c);
        break;
    case M6_CLIENT_FAILED:
    case M6_CLIENT_CANCELLED:
        if (a)
            on_failed(c, a, &e);
        break;
    default:
        break;
    }
    return tell ? 2 : 1;
}
