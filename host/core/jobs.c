#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "core/schema.h"

enum { PARAMS_BYTES_MAX = 1 << 20, INPUTS_MAX = 1024, WARNINGS_MAX = 256 };

void m6_job_event(struct m6_job *job, const struct m6_job_event *event)
{
    if (job->event)
        job->event(job->arg, job, event);
}

static void tell_loading(void *arg, size_t done, size_t total)
{
    const struct m6_job_event event = {.type = M6_JOB_PROGRESS, .done = (double)done, .total = (double)total, .text = M6_JOB_LOADING};
    m6_job_event(arg, &event);
}

enum m6_status m6_job_load(struct m6_job *job, struct m6_error *err)
{
    return m6_host_load(job->host, tell_loading, job, err);
}

int m6_job_fail(struct m6_job *job, enum m6_status status, const char *sentence)
{
    pthread_mutex_lock(&job->lock);
    if (!job->status)
        job->status = m6_fail(&job->error, status, "%s", sentence);
    pthread_mutex_unlock(&job->lock);
    return -1;
}

void m6_job_warn(struct m6_job *job, const char *sentence)
{
    for (int i = 0; i < job->warning_count; i++)
        if (!strcmp(job->warnings[i], sentence))
            return;
    char **more = job->warning_count < WARNINGS_MAX ? realloc(job->warnings, (size_t)(job->warning_count + 1) * sizeof *more) : NULL;
    if (more) {
        job->warnings = more;
        job->warnings[job->warning_count] = strdup(sentence);
        job->warning_count += job->warnings[job->warning_count] != NULL;
    }
    m6_job_event(job, &(struct m6_job_event){.type = M6_JOB_WARNING, .text = sentence});
}

static void end(struct m6_job *job, int result)
{
    struct m6_job_event last = {.type = M6_JOB_DONE};
    if (job->cancelled) {
        last.type = M6_JOB_CANCELLED;
        job->status = m6_fail(&job->error, M6_ERR_CANCELLED, "cancelled");
    } else if (result < 0) {
        char sentence[128];
        snprintf(sentence, sizeof sentence, "the plugin for \"%.32s\" failed without saying why", job->kind->name);
        m6_job_fail(job, M6_ERR_INTERNAL, sentence);
        last.type = M6_JOB_FAILED;
        last.status = job->status;
        last.text = job->error.text;
    } else {
        /* A failure that the plugin got over, such as one input of several, is none. */
        job->status = M6_OK;
    }
    m6_job_event(job, &last);
    pthread_mutex_lock(&job->lock);
    job->ended = 1;
    pthread_cond_broadcast(&job->ended_cond);
    pthread_mutex_unlock(&job->lock);
}

static int prepare(struct m6_job *job)
{
    struct m6_error err = {""};
    const enum m6_status status = job->prepare ? job->prepare(job->arg, job, &err) : M6_OK;
    return status ? m6_job_fail(job, status, err.text) : 0;
}

static void *run(void *arg)
{
    struct m6_job *job = arg;
    int result = job->cancelled ? 0 : prepare(job);
    if (!result && !job->cancelled)
        result = job->kind->run(&m6_services, job->host, job);
    end(job, result);
    return NULL;
}

static void free_job(struct m6_job *job)
{
    cJSON_Delete(job->params);
    for (int i = 0; i < job->input_count; i++)
        free(job->inputs[i]);
    free(job->inputs);
    for (int i = 0; i < job->warning_count; i++)
        free(job->warnings[i]);
    free(job->warnings);
    pthread_mutex_destroy(&job->lock);
    pthread_cond_destroy(&job->ended_cond);
    free(job);
}

void m6_job_destroy(struct m6_job *job)
{
    pthread_join(job->thread, NULL);
    free_job(job);
}

static enum m6_status read_params(struct m6_job *job, const struct m6_registry_kind *kind, const char *text, struct m6_error *err)
{
    size_t length = text ? strlen(text) : 0;
    if (length > PARAMS_BYTES_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "the parameters are %zu bytes long; at most %d are allowed", length, PARAMS_BYTES_MAX);
    const char *end = text;
    job->params = text ? cJSON_ParseWithOpts(text, &end, 1) : cJSON_CreateObject();
    if (!job->params)
        return text && end ? m6_fail(err, M6_ERR_ARGUMENT, "the parameters are no JSON: look at byte %td", end - text)
                           : m6_fail(err, M6_ERR_MEMORY, "no memory for the parameters");
    if (!cJSON_IsObject(job->params))
        return m6_fail(err, M6_ERR_ARGUMENT, "the parameters must be a JSON object, such as {\"seed\": 1}");
    return m6_schema_apply(kind->schema, job->params, err);
}

static enum m6_status read_inputs(struct m6_job *job, const char *const *inputs, struct m6_error *err)
{
    int n = 0;
    while (inputs && inputs[n])
        if (++n > INPUTS_MAX)
            return m6_fail(err, M6_ERR_LIMIT, "a job takes at most %d inputs", INPUTS_MAX);
    job->inputs = calloc((size_t)n + 1, sizeof *job->inputs);
    for (int i = 0; job->inputs && i < n; i++, job->input_count++)
        if (!(job->inputs[i] = strdup(inputs[i])))
            break;
    return job->input_count == n && job->inputs ? M6_OK : m6_fail(err, M6_ERR_MEMORY, "no memory for a job");
}

static enum m6_status unknown_kind(const struct m6_host *host, const char *kind, struct m6_error *err)
{
    for (int i = 0; i < host->registry.count; i++) {
        const struct m6_plugin_report *report = &host->registry.entries[i]->report;
        if (!report->usable)
            return m6_fail(err, M6_ERR_MODEL, "no plugin here does \"%.64s\", but %.64s could not be used: %.250s; see `m6 doctor`", kind,
                           report->name, report->why);
    }
    return m6_fail(err, host->registry.count ? M6_ERR_ARGUMENT : M6_ERR_MODEL,
                   "no plugin here does \"%.64s\"; plugins are looked for in %.300s (M6_PLUGIN_PATH)", kind,
                   host->plugin_path[0] ? host->plugin_path : "lib/m6/plugins beside the program");
}

enum m6_status m6_host_submit(struct m6_host *host, const struct m6_job_params *params, struct m6_job **out, struct m6_error *err)
{
    *out = NULL;
    m6_host_reap(host);
    const struct m6_registry_kind *kind = params->kind ? m6_registry_find(&host->registry, params->kind) : NULL;
    if (!kind)
        return unknown_kind(host, params->kind ? params->kind : "", err);
    struct m6_job *job = calloc(1, sizeof *job);
    if (!job)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a job");
    job->host = host;
    job->kind = kind->kind;
    job->priority = params->priority;
    job->memory = params->memory;
    job->prepare = params->prepare;
    job->event = params->event;
    job->arg = params->arg;
    pthread_mutex_init(&job->lock, NULL);
    pthread_cond_init(&job->ended_cond, NULL);
    enum m6_status status = read_params(job, kind, params->params, err);
    if (!status)
        status = read_inputs(job, params->inputs, err);
    if (!status) {
        /* Before it runs: an event must find a job that the host knows. */
        pthread_mutex_lock(&host->jobs_lock);
        *out = job;
        if (pthread_create(&job->thread, NULL, run, job)) {
            status = m6_fail(err, M6_ERR_MEMORY, "cannot start a thread for a job");
        } else {
            job->next = host->jobs;
            host->jobs = job;
        }
        pthread_mutex_unlock(&host->jobs_lock);
    }
    if (status) {
        *out = NULL;
        free_job(job);
    }
    return status;
}

void m6_job_cancel(struct m6_job *job)
{
    job->cancelled = 1;
    m6_host_answers_cancel(job);
}

int64_t m6_job_first_ns(const struct m6_job *job)
{
    return job->first_ns;
}

enum m6_status m6_job_wait(struct m6_job *job, struct m6_error *err)
{
    pthread_mutex_lock(&job->lock);
    while (!job->ended)
        pthread_cond_wait(&job->ended_cond, &job->lock);
    enum m6_status status = job->status;
    if (status && err)
        *err = job->error;
    pthread_mutex_unlock(&job->lock);
    return status;
}

void m6_job_release(struct m6_job *job)
{
    if (!job)
        return;
    struct m6_host *host = job->host;
    /* A job's own thread cannot join itself; the next submit or the host's end does. Looked at before the job is let go,
     * since another thread may free it from then on. */
    pthread_mutex_lock(&host->jobs_lock);
    int own = pthread_equal(pthread_self(), job->thread);
    job->released = 1;
    pthread_mutex_unlock(&host->jobs_lock);
    if (!own)
        m6_host_reap(host);
}
