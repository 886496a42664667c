/* One job in a process of its own. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/worker/internal.h"

enum { END_MS = 1000, PAUSE_MS = 100, PAUSE_MAX_MS = 10000 };

cJSON *worker_start_message(const struct m6_worker *w, const struct m6_job *job)
{
    cJSON *json = m6_message_new("start");
    cJSON_AddStringToObject(json, "path", w->path);
    cJSON_AddNumberToObject(json, "memory", w->memory_mib);
    if (!job)
        return json;
    cJSON_AddStringToObject(json, "kind", job->kind->name);
    cJSON_AddItemToObject(json, "params", cJSON_Duplicate(job->params, 1));
    cJSON *inputs = cJSON_AddArrayToObject(json, "inputs");
    for (int i = 0; i < job->input_count; i++)
        cJSON_AddItemToArray(inputs, cJSON_CreateString(job->inputs[i]));
    return json;
}

/* A plugin that fails one job after another gets the processor less and less often. */
static void pause_first(struct m6_worker *w, struct m6_job *job)
{
    pthread_mutex_lock(&w->lock);
    const int64_t until = w->not_before_ms;
    const int faults = w->in_a_row;
    pthread_mutex_unlock(&w->lock);
    char text[96];
    snprintf(text, sizeof text, "waiting: the plugin failed %d times in a row", faults);
    for (int told = 0; m6_proto_now_ms() < until && !job->cancelled; told = 1) {
        if (!told)
            m6_services.progress(job, 0, 1, text);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

static void note_fault(struct m6_worker *w, const char *why)
{
    pthread_mutex_lock(&w->lock);
    w->faults++;
    const int shift = w->in_a_row < 8 ? w->in_a_row : 8;
    const int pause = PAUSE_MS << shift < PAUSE_MAX_MS ? PAUSE_MS << shift : PAUSE_MAX_MS;
    w->in_a_row++;
    w->not_before_ms = m6_proto_now_ms() + pause;
    snprintf(w->last, sizeof w->last, "%s", why);
    pthread_mutex_unlock(&w->lock);
    if (w->host->log)
        w->host->log(w->host->log_arg, 4, why);
}

static void note_success(struct m6_worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->in_a_row = 0;
    w->not_before_ms = 0;
    pthread_mutex_unlock(&w->lock);
}

/* This is why the job failed, whatever failed in it before. */
static int lose(struct m6_job *job, const struct m6_error *why)
{
    pthread_mutex_lock(&job->lock);
    job->error = *why;
    job->status = M6_ERR_INTERNAL;
    pthread_mutex_unlock(&job->lock);
    return -1;
}

static int refused(struct worker_link *l, const cJSON *json)
{
    const char *why;
    struct m6_error err;
    if (m6_message_text(json, "why", &why) || !why)
        why = "it does not say why";
    m6_fail(&err, M6_ERR_MODEL, "the plugin \"%s\" cannot be used: %.350s; see `m6 doctor`", l->worker->name, why);
    return m6_job_fail(l->job, M6_ERR_MODEL, err.text);
}

/* Its process runs. */
static int attend(struct worker_link *l)
{
    struct m6_message m = {0};
    int result = -1;
    if (worker_process_send(&l->process, worker_start_message(l->worker, l->job), -1))
        return m6_job_fail(l->job, M6_ERR_LIMIT, "the job's parameters are too long to be handed to a plugin");
    if (worker_serve(l, "end", &m))
        return -1;
    const cJSON *why = cJSON_GetObjectItemCaseSensitive(m.json, "why");
    if (why)
        result = refused(l, m.json);
    else if (m6_message_int(m.json, "result", -1, -1, 0, &result))
        result = -1;
    m6_message_finish(&m);
    return result;
}

int worker_run(const struct m6_host_services *services, struct m6_host *host, struct m6_job *job)
{
    struct m6_worker *w = ((const struct worker_kind *)(const void *)job->kind)->worker;
    struct worker_link link = {.worker = w, .job = job};
    struct m6_error err = {""};
    pause_first(w, job);
    if (job->cancelled)
        return -1;
    link.process = (struct worker_process){.name = w->name, .log = host->log, .log_arg = host->log_arg};
    const enum m6_status status = worker_process_start(&link.process, &err);
    if (status)
        return m6_job_fail(job, status, err.text);
    int result = attend(&link);
    worker_serve_finish(&link);
    worker_process_finish(&link.process, link.lost ? 0 : END_MS);
    if (!link.lost)
        note_success(w);
    else if (!job->cancelled)
        note_fault(w, link.why.text);
    return link.lost ? lose(job, &link.why) : result;
}
