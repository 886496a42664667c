#include "m6/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "engine_check.h"
#include "families/family.h"
#include "io/file.h"
#include "io/json.h"
#include "sched/request.h"
#include "sched/scheduler.h"

struct m6_engine {
    struct m6_backend *backend;
    struct m6_model *model;
    struct m6_scheduler *scheduler;
    enum m6_type compute;
    void (*log)(void *arg, int level, const char *message);
    void *log_arg;
};

__attribute__((format(printf, 3, 4))) static void say(const struct m6_engine *e, int level, const char *format, ...)
{
    char message[1024];
    va_list args;
    if (!e->log)
        return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    e->log(e->log_arg, level, message);
}

static enum m6_status choose_compute(struct m6_engine *e, const char *compute, struct m6_error *err)
{
    if (!compute || strcmp(compute, "bf16") == 0)
        e->compute = M6_BF16;
    else if (strcmp(compute, "f32") == 0)
        e->compute = M6_F32;
    else
        return m6_fail(err, M6_ERR_ARGUMENT, "compute is \"%s\"; it can be \"bf16\" or \"f32\"", compute);
    return M6_OK;
}

/* The text of config.json, terminated. Caller frees. */
static enum m6_status read_config(char **text, const char *folder, struct m6_error *err)
{
    char *path = NULL;
    struct m6_file file;
    *text = NULL;
    if (asprintf(&path, "%s/config.json", folder) < 0)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to load %s", folder);
    enum m6_status status = m6_file_copy(&file, path, err);
    if (!status) {
        *text = memchr(file.data, 0, file.size) ? NULL : strndup(file.data, file.size);
        if (!*text)
            status = m6_fail(err, M6_ERR_FORMAT, "%s is no text", path);
        m6_file_unmap(&file);
    }
    free(path);
    return status;
}

static enum m6_status find_family(const struct m6_family **family, const char *config, const char *folder,
                                  struct m6_error *err)
{
    cJSON *root;
    char path[512];
    snprintf(path, sizeof path, "%.490s/config.json", folder);
    const enum m6_status status = m6_json_parse(&root, config, strlen(config), path, err);
    if (status)
        return status;
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "model_type"));
    *family = m6_family_find(type ? type : "");
    if (!*family)
        m6_fail(err, M6_ERR_UNSUPPORTED, "%s/config.json: models of the type \"%.60s\" are not supported; this M6 runs \"m6\"", folder,
                type ? type : "");
    cJSON_Delete(root);
    return *family ? M6_OK : M6_ERR_UNSUPPORTED;
}

static enum m6_status load_model(struct m6_engine *e, const struct m6_engine_params *params, struct m6_error *err)
{
    const char *folder = params->model;
    char *config;
    const struct m6_family *family = NULL;
    enum m6_status status = read_config(&config, folder, err);
    if (!status)
        status = find_family(&family, config, folder, err);
    if (!status) {
        const struct m6_load load = {.backend = e->backend, .compute = e->compute, .folder = folder, .config = config,
                                     .cache_bytes = params->cache_bytes,
                                     .encoder_bytes = params->encoder_bytes ? params->encoder_bytes : SIZE_MAX,
                                     .loading = params->loading,
                                     .loading_arg = params->loading_arg};
        status = family->load(&e->model, &load, err);
    }
    free(config);
    return status;
}

static enum m6_status create(struct m6_engine *e, const struct m6_engine_params *params, struct m6_error *err)
{
    e->log = params->log;
    e->log_arg = params->log_arg;
    if (!params->model)
        return m6_fail(err, M6_ERR_ARGUMENT, "no model folder was given");
    if (params->threads < 0 || params->threads > 4096)
        return m6_fail(err, M6_ERR_ARGUMENT, "%d threads were asked for; 0 means one for each CPU", params->threads);
    if (params->step_rows < 0)
        return m6_fail(err, M6_ERR_ARGUMENT, "steps of %d rows were asked for; 0 means 384", params->step_rows);
    enum m6_status status = choose_compute(e, params->compute, err);
    if (status)
        return status;
    struct m6_error why = {""};
    e->backend = m6_cpu_create(params->threads, params->isa, &why);
    if (!e->backend)
        return m6_fail(err, M6_ERR_ARGUMENT, "cannot compute on this CPU: %s", why.text);
    status = load_model(e, params, err);
    return status ? status : m6_scheduler_create(&e->scheduler, e->model, params->step_rows, err);
}

static void add_remedy(struct m6_error *why, enum m6_status status, const char *folder)
{
    char path[512];
    const size_t used = strlen(why->text);
    const char *remedy = NULL;
    snprintf(path, sizeof path, "%.490s/config.json", folder ? folder : "");
    if (status == M6_ERR_FORMAT || status == M6_ERR_MODEL)
        remedy = "; fetch or export the model again";
    else if (status == M6_ERR_IO && folder && access(path, F_OK))
        remedy = "; a model is a folder with config.json, tokenizer.json and *.safetensors";
    if (remedy)
        snprintf(why->text + used, sizeof why->text - used, "%s", remedy);
}

enum m6_status m6_engine_create(struct m6_engine **engine, const struct m6_engine_params *params, struct m6_error *err)
{
    *engine = NULL;
    struct m6_engine_params full = {0};
    if (params->size < offsetof(struct m6_engine_params, threads) || params->size > sizeof full)
        return m6_fail(err, M6_ERR_ARGUMENT, "the engine's parameters have the size %zu; this M6 knows %zu", params->size,
                       sizeof full);
    memcpy(&full, params, params->size);
    struct m6_engine *e = calloc(1, sizeof *e);
    if (!e)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the engine");
    struct m6_error why = {""};
    const enum m6_status status = create(e, &full, &why);
    if (status) {
        add_remedy(&why, status, params->model);
        say(e, LOG_ERR, "%s", why.text);
        m6_engine_destroy(e);
        return m6_fail(err, status, "%s", why.text);
    }
    struct m6_model_info info;
    m6_engine_info(e, &info);
    say(e, LOG_INFO, "loaded %s (%s): %.1f million parameters, %.1f MiB on %s/%s as %s", info.name, info.family,
        (double)info.parameters / 1e6, (double)info.weight_bytes / 1048576, info.backend, info.isa, info.compute);
    *engine = e;
    return M6_OK;
}

void m6_engine_destroy(struct m6_engine *e)
{
    if (!e)
        return;
    m6_scheduler_destroy(e->scheduler);
    if (e->model)
        e->model->family->destroy(e->model);
    m6_cpu_destroy(e->backend);
    free(e);
}

void m6_engine_info(const struct m6_engine *e, struct m6_model_info *info)
{
    memset(info, 0, sizeof *info);
    snprintf(info->family, sizeof info->family, "%s", e->model->family->name);
    snprintf(info->backend, sizeof info->backend, "%s", e->backend->name);
    snprintf(info->isa, sizeof info->isa, "%s", e->backend->isa);
    snprintf(info->compute, sizeof info->compute, "%s", e->compute == M6_F32 ? "f32" : "bf16");
    e->model->family->info(e->model, info);
}

void m6_engine_stats(const struct m6_engine *e, struct m6_engine_stats *stats)
{
    struct m6_engine_stats all;
    const size_t size = stats->size < sizeof all ? stats->size : sizeof all;
    m6_scheduler_stats(e->scheduler, &all);
    all.size = size;
    memcpy(stats, &all, size);
}

int m6_engine_unknown_words(const struct m6_engine *e, const char *text, char *out, size_t size, int *known)
{
    return e->model->family->unknown_words(e->model, text, out, size, known);
}

enum m6_status m6_engine_submit(struct m6_engine *e, const struct m6_request_params *params,
                                struct m6_request **request, struct m6_error *err)
{
    struct m6_request_params full = {0};
    struct m6_request *r = NULL;
    if (request)
        *request = NULL;
    if (params->size < offsetof(struct m6_request_params, seed) || params->size > sizeof full)
        return m6_fail(err, M6_ERR_ARGUMENT, "the request's parameters have the size %zu; this M6 knows %zu",
                       params->size, sizeof full);
    memcpy(&full, params, params->size);
    enum m6_status status = m6_request_check(&full, err);
    if (!status)
        status = m6_scheduler_submit(e->scheduler, &full, request ? request : &r, err);
    m6_request_release(r); /* a caller that wants no handle */
    return status;
}
