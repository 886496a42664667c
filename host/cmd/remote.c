#include "remote.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <m6/m6.h>

#include "interrupt.h"
#include "progress.h"

enum { STATUS_MS = 5000, INPUTS_MAX = 64 };

static int is_same(const cJSON *json, const char *key, const char *wanted)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    char a[PATH_MAX], b[PATH_MAX];
    if (!cJSON_IsString(item))
        return 0;
    if (realpath(item->valuestring, a) && realpath(wanted, b))
        return !strcmp(a, b);
    return !strcmp(item->valuestring, wanted);
}

/* Whether the host runs the m6d beside this program, as it is now: one that was built since, or
 * elsewhere, may give other bytes. */
static int is_this_build(const cJSON *json)
{
    const cJSON *pid = cJSON_GetObjectItemCaseSensitive(json, "pid");
    char link[64], theirs[PATH_MAX], ours[PATH_MAX];
    if (getenv("M6_HOST"))
        return 1; /* it was named */
    snprintf(link, sizeof link, "/proc/%d/exe", cJSON_IsNumber(pid) ? pid->valueint : 0);
    const ssize_t n = readlink(link, theirs, sizeof theirs - 1),
                  m = readlink("/proc/self/exe", ours, sizeof ours - 8);
    if (n <= 0 || m <= 0)
        return 0;
    theirs[n] = ours[m] = '\0';
    char *slash = strrchr(ours, '/');
    strcpy(slash ? slash + 1 : ours, "m6d");
    return !strcmp(theirs, ours);
}

static int suits(struct m6_client *m6, const char *model)
{
    struct m6_client_event e = {.size = sizeof e};
    char plugins[4096];
    if (m6_ask_status(m6, NULL))
        return 0;
    while (m6_next(m6, STATUS_MS, &e) > 0 && e.type != M6_CLIENT_STATUS)
        ;
    cJSON *json = e.type == M6_CLIENT_STATUS ? cJSON_Parse(e.text) : NULL;
    if (m6_find_plugins(plugins, sizeof plugins))
        plugins[0] = '\0';
    const int same = is_same(cJSON_GetObjectItemCaseSensitive(json, "model"), "path", model) &&
                     is_same(json, "plugin_path", plugins) && is_this_build(json);
    cJSON_Delete(json);
    return same;
}

struct m6_client *remote_open(struct cmd_context *ctx, const char *model)
{
    const struct m6_open_params params = {
        .size = sizeof params, .name = ctx->command->name, .reconnect = -1};
    struct m6_error err = {""};
    struct m6_client *m6;
    char whole[PATH_MAX];
    if (ctx->threads || !strcmp(ctx->command->name, "models"))
        return NULL;
    if (realpath(model, whole))
        setenv("M6_MODEL", whole, 1); /* for the host, should one be started */
    const enum m6_status status = m6_open(&m6, &params, &err);
    if (status) {
        if (status != M6_ERR_UNSUPPORTED && getenv("M6_DEBUG"))
            cmd_warn(ctx, "%s; the work is done here", err.text);
        return NULL;
    }
    if (suits(m6, model))
        return m6;
    m6_close(m6);
    return NULL;
}

void remote_close(struct m6_client *m6)
{
    m6_close(m6);
}

int remote_is_gone(struct m6_client *m6)
{
    return m6_ask_status(m6, NULL) != M6_OK;
}

/* ---- one job ---- */

struct running {
    struct m6_client *m6;
    uint64_t job;
};

static void cancel(void *arg)
{
    struct running *r = arg;
    m6_cancel(r->m6, r->job);
}

/* The same event, as the host core tells it. Returns 0 for one that it has no word for. */
static int translate(const struct m6_client_event *from, struct m6_job_event *to,
                     struct m6_plugin_picture *picture)
{
    static const struct {
        enum m6_client_event_type from;
        enum m6_job_event_type to;
    } types[] = {
        {M6_CLIENT_PROGRESS, M6_JOB_PROGRESS}, {M6_CLIENT_TEXT, M6_JOB_TEXT},
        {M6_CLIENT_CAPTION, M6_JOB_CAPTION},   {M6_CLIENT_PICTURE, M6_JOB_PICTURE},
        {M6_CLIENT_WARNING, M6_JOB_WARNING},   {M6_CLIENT_DONE, M6_JOB_DONE},
        {M6_CLIENT_FAILED, M6_JOB_FAILED},     {M6_CLIENT_CANCELLED, M6_JOB_CANCELLED},
    };
    size_t i = 0;
    while (i < sizeof types / sizeof *types && types[i].from != from->type)
        i++;
    if (i == sizeof types / sizeof *types)
        return 0;
    *picture = (struct m6_plugin_picture){from->picture.width, from->picture.height,
                                          from->picture.stride, from->picture.rgb};
    *to = (struct m6_job_event){
        .type = types[i].to,
        .done = from->done,
        .total = from->total,
        .text = from->text,
        .start_ns = from->start, /* inputs are files, whose times are nanoseconds */
        .end_ns = from->end,
        .picture = picture,
        .metadata = from->picture.metadata,
        .status = from->status,
    };
    return 1;
}

static enum m6_status submit(struct running *r, const struct m6_job_params *p, struct m6_error *err)
{
    struct m6_client_input inputs[INPUTS_MAX];
    struct m6_client_job job = {
        .size = sizeof job, .kind = p->kind, .params = p->params, .inputs = inputs,
        .priority = p->priority == M6_BATCH ? M6_CLIENT_BATCH : M6_CLIENT_INTERACTIVE};
    for (int i = 0; p->inputs && p->inputs[i] && i < INPUTS_MAX; i++) {
        inputs[i] = (struct m6_client_input){.size = sizeof *inputs, .path = p->inputs[i]};
        job.input_count++;
    }
    return m6_submit(r->m6, &job, &r->job, err);
}

enum m6_status remote_run(struct m6_client *m6, const struct m6_job_params *p, int *began,
                          struct m6_error *err)
{
    struct running r = {.m6 = m6};
    struct m6_client_event e = {.size = sizeof e};
    struct m6_job_event event;
    struct m6_plugin_picture picture;
    enum m6_status status = submit(&r, p, err);
    *began = 0;
    if (status)
        return status;
    *began = 1;
    interrupt_watch_call(cancel, &r);
    int ended = 0;
    while (!ended && m6_next(m6, -1, &e) > 0) {
        if (e.job != r.job || !translate(&e, &event, &picture))
            continue;
        p->event(p->arg, NULL, &event);
        ended =
            e.type == M6_CLIENT_DONE || e.type == M6_CLIENT_FAILED || e.type == M6_CLIENT_CANCELLED;
    }
    interrupt_watch_call(NULL, NULL);
    if (!ended)
        return m6_fail(err, M6_ERR_IO, "the host went away");
    if (e.type == M6_CLIENT_CANCELLED)
        return m6_fail(err, M6_ERR_CANCELLED, "cancelled");
    if (e.type == M6_CLIENT_DONE)
        return M6_OK;
    *began = !e.refused;
    return m6_fail(err, e.status, "%s", e.text ? e.text : "the host does not say why");
}
