/* What a job tells, as messages. All of this runs on the job's own thread. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/frame.h"
#include "server/internal.h"

cJSON *work_message(const struct work *w, const char *type)
{
    cJSON *json = m6_message_new(type);
    m6_message_add_int64(json, "job", w->id);
    return json;
}

enum m6_status work_prepare(void *arg, struct m6_job *job, struct m6_error *err)
{
    struct work *w = arg;
    enum m6_status status = m6_inputs_take(&w->inputs, err);
    if (status || !w->inputs.count)
        return status;
    cJSON *json = work_message(w, "taken"), *hashes = cJSON_AddArrayToObject(json, "hashes");
    for (int i = 0; i < w->inputs.count; i++)
        cJSON_AddItemToArray(hashes, cJSON_CreateString(w->inputs.one[i].hash));
    conn_send(w->conn, w, json, -1, 0, 0);
    return M6_OK;
}

static void tell_progress(struct work *w, const struct m6_job_event *e)
{
    cJSON *json = work_message(w, "progress");
    cJSON_AddNumberToObject(json, "done", e->done);
    cJSON_AddNumberToObject(json, "total", e->total);
    if (e->total > 0 && e->done >= 0)
        w->permille = e->done < e->total ? (int)(1000 * e->done / e->total) : 1000;
    if (e->text)
        cJSON_AddStringToObject(json, "what", e->text);
    conn_send(w->conn, w, json, -1, 0, w->number);
}

static void tell_text(struct work *w, const char *type, const char *text)
{
    cJSON *json = work_message(w, type);
    cJSON_AddStringToObject(json, "text", text);
    conn_send(w->conn, w, json, -1, 0, 0);
}

static void tell_caption(struct work *w, const struct m6_job_event *e)
{
    const int ns[2] = {1, 1000000000};
    const struct m6_input_one *one = &w->inputs.one[0];
    cJSON *json = work_message(w, "caption");
    m6_message_add_int64(json, "start", m6_inputs_pts(&w->inputs, e->start_ns));
    m6_message_add_int64(json, "end", m6_inputs_pts(&w->inputs, e->end_ns));
    cJSON_AddItemToObject(json, "time_base", cJSON_CreateIntArray(w->inputs.count && !one->path ? one->time_base : ns, 2));
    cJSON_AddStringToObject(json, "text", e->text);
    conn_send(w->conn, w, json, -1, 0, 0);
}

static void tell_picture(struct work *w, const struct m6_job_event *e)
{
    const struct m6_plugin_picture *p = e->picture;
    const int fd = m6_frame_give(p->rgb, p->width, p->height, p->stride);
    if (fd < 0) {
        tell_text(w, "warning", "a picture was lost: there is no memory to share it");
        return;
    }
    cJSON *json = work_message(w, "picture");
    cJSON_AddNumberToObject(json, "width", p->width);
    cJSON_AddNumberToObject(json, "height", p->height);
    m6_message_add_int64(json, "stride", (int64_t)p->width * 3);
    cJSON_AddStringToObject(json, "format", "rgb24");
    cJSON *metadata = cJSON_AddArrayToObject(json, "metadata");
    for (int i = 0; e->metadata && e->metadata[i]; i++)
        cJSON_AddItemToArray(metadata, cJSON_CreateString(e->metadata[i]));
    conn_send(w->conn, w, json, fd, (size_t)p->width * (size_t)p->height * 3, 0);
}

static void note_end(struct work *w, const struct m6_job_event *e)
{
    struct m6_server *s = w->server;
    w->end = e->type;
    w->status = e->status;
    snprintf(w->text, sizeof w->text, "%s", e->type == M6_JOB_FAILED && e->text ? e->text : "");
    pthread_mutex_lock(&s->ended_lock);
    w->ended = s->ended;
    s->ended = w;
    pthread_mutex_unlock(&s->ended_lock);
    server_wake(s);
}

void work_event(void *arg, struct m6_job *job, const struct m6_job_event *e)
{
    struct work *w = arg;
    switch (e->type) {
    case M6_JOB_PROGRESS:
        tell_progress(w, e);
        break;
    case M6_JOB_TEXT:
        tell_text(w, "text", e->text);
        break;
    case M6_JOB_WARNING:
        tell_text(w, "warning", e->text);
        break;
    case M6_JOB_CAPTION:
        tell_caption(w, e);
        break;
    case M6_JOB_PICTURE:
        tell_picture(w, e);
        break;
    case M6_JOB_DONE:
    case M6_JOB_FAILED:
    case M6_JOB_CANCELLED:
        note_end(w, e);
        break;
    }
}
