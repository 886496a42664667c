#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "core/files.h"
#include "core/worker/worker.h"

static char *copy_or_null(const char *text, int *failed)
{
    char *copy = text ? strdup(text) : NULL;
    *failed |= text && !copy;
    return copy;
}

enum m6_status m6_host_create(struct m6_host **out, const struct m6_host_params *params, struct m6_error *err)
{
    *out = NULL;
    struct m6_host *host = calloc(1, sizeof *host);
    if (!host)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a host");
    int failed = 0;
    host->model = copy_or_null(params->model, &failed);
    host->compute = copy_or_null(params->compute, &failed);
    host->isa = copy_or_null(params->isa, &failed);
    host->threads = params->threads;
    host->log = params->log;
    host->log_arg = params->log_arg;
    pthread_mutex_init(&host->engine_lock, NULL);
    pthread_mutex_init(&host->jobs_lock, NULL);
    if (failed) {
        m6_host_destroy(host);
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a host");
    }
    if (params->plugin_path)
        snprintf(host->plugin_path, sizeof host->plugin_path, "%s", params->plugin_path);
    else if (m6_find_plugins(host->plugin_path, sizeof host->plugin_path))
        host->plugin_path[0] = '\0';
    m6_registry_load(&host->registry, host->plugin_path, &m6_services, host);
    *out = host;
    return M6_OK;
}

/* Joins a job that nobody holds and frees it, or the first such. Returns 0 when there is none. */
static int reap(struct m6_host *host, int all)
{
    pthread_mutex_lock(&host->jobs_lock);
    struct m6_job **at = &host->jobs, *job;
    while ((job = *at)) {
        pthread_mutex_lock(&job->lock);
        int over = all || (job->released && job->ended);
        pthread_mutex_unlock(&job->lock);
        if (over)
            break;
        at = &job->next;
    }
    if (job)
        *at = job->next;
    pthread_mutex_unlock(&host->jobs_lock);
    if (!job)
        return 0;
    m6_job_destroy(job);
    return 1;
}

void m6_host_reap(struct m6_host *host)
{
    while (reap(host, 0))
        ;
}

void m6_host_destroy(struct m6_host *host)
{
    if (!host)
        return;
    pthread_mutex_lock(&host->jobs_lock);
    for (struct m6_job *job = host->jobs; job; job = job->next)
        m6_job_cancel(job);
    pthread_mutex_unlock(&host->jobs_lock);
    while (reap(host, 1))
        ;
    m6_registry_unload(&host->registry, host);
    m6_engine_destroy(host->engine);
    pthread_mutex_destroy(&host->engine_lock);
    pthread_mutex_destroy(&host->jobs_lock);
    free(host->model);
    free(host->compute);
    free(host->isa);
    free(host);
}

struct loading {
    void (*fn)(void *arg, size_t done, size_t total);
    void *arg;
};

static enum m6_status load_once(struct m6_host *host, const struct loading *loading, struct m6_engine **engine, int *moved,
                                struct m6_error *err)
{
    struct m6_engine_params params = {
        .size = sizeof params,
        .model = host->folder,
        .threads = host->threads,
        .compute = host->compute,
        .isa = host->isa,
        .log = host->log,
        .log_arg = host->log_arg,
        .loading = loading->fn,
        .loading_arg = loading->arg,
    };
    struct m6_error why = {""};
    host->print = m6_model_print(host->folder);
    enum m6_status status = m6_engine_create(engine, &params, &why);
    *moved = m6_model_print(host->folder) != host->print;
    if (!status && *moved) {
        m6_engine_destroy(*engine);
        *engine = NULL;
        return m6_fail(err, M6_ERR_MODEL, "%.300s is being changed; load it when its files are whole", host->folder);
    }
    /* A malformed or missing file of the model is a matter of the model, not of the job's input. */
    if (status)
        return m6_fail(err, status == M6_ERR_MEMORY || status == M6_ERR_ARGUMENT ? status : M6_ERR_MODEL, "%s", why.text);
    return M6_OK;
}

/* Files that change while they are read could give half of one model and half of another: then it is read again. */
static enum m6_status load(struct m6_host *host, const struct loading *loading, struct m6_error *err)
{
    struct m6_engine *engine = NULL;
    enum m6_status status;
    int moved = 0, tries = 0;
    if (m6_find_model(host->model, host->folder, sizeof host->folder)) {
        const char *name = host->model ? host->model : getenv("M6_MODEL");
        return m6_fail(err, M6_ERR_MODEL, "there is no model %s%.300s; name a model folder with --model or M6_MODEL, or see `m6 models list`",
                       name ? "" : "m6-mini beside this program", name ? name : "");
    }
    do
        status = load_once(host, loading, &engine, &moved, err);
    while (status && moved && ++tries < 3);
    if (status)
        return status;
    m6_engine_info(engine, &host->info);
    host->engine = engine;
    return M6_OK;
}

int m6_host_model_files(struct m6_host *host, uint64_t *then, uint64_t *now)
{
    if (!host->engine)
        return -1;
    *then = host->print;
    *now = m6_model_print(host->folder);
    return 0;
}

enum m6_status m6_host_load(struct m6_host *host, void (*fn)(void *arg, size_t done, size_t total), void *arg, struct m6_error *err)
{
    const struct loading loading = {fn, arg};
    if (host->engine)
        return M6_OK;
    pthread_mutex_lock(&host->engine_lock);
    enum m6_status status = host->engine ? M6_OK : load(host, &loading, err);
    pthread_mutex_unlock(&host->engine_lock);
    return status;
}

struct m6_engine *m6_host_engine(struct m6_host *host)
{
    return host->engine;
}

int m6_host_plugins(const struct m6_host *host)
{
    return host->registry.count;
}

const struct m6_plugin_report *m6_host_plugin(const struct m6_host *host, int i)
{
    return i >= 0 && i < host->registry.count ? &host->registry.entries[i]->report : NULL;
}

int m6_host_plugin_faults(const struct m6_host *host, int i, char *last, size_t size)
{
    if (size)
        last[0] = '\0';
    struct m6_worker *worker = i >= 0 && i < host->registry.count ? host->registry.entries[i]->worker : NULL;
    return worker ? m6_worker_faults(worker, last, size) : 0;
}

const char *m6_host_schema(const struct m6_host *host, const char *kind)
{
    const struct m6_registry_kind *found = m6_registry_find(&host->registry, kind);
    return found ? found->kind->schema : NULL;
}
