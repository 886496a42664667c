/* The table that plugins reach the host through. */
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "core/params.h"

static void service_log(struct m6_host *host, int level, const char *message)
{
    if (host->log)
        host->log(host->log_arg, level, message);
}

static const char *service_param_string(struct m6_job *job, const char *name, const char *otherwise)
{
    return m6_params_string(job->params, name, otherwise);
}

static double service_param_number(struct m6_job *job, const char *name, double otherwise)
{
    return m6_params_number(job->params, name, otherwise);
}

static int64_t service_param_integer(struct m6_job *job, const char *name, int64_t otherwise)
{
    return m6_params_integer(job->params, name, otherwise);
}

static int service_param_list(struct m6_job *job, const char *name, double *out, int max)
{
    return m6_params_list(job->params, name, out, max);
}

static int service_inputs(struct m6_job *job)
{
    return job->input_count;
}

static const char *service_input_name(struct m6_job *job, int input)
{
    return input >= 0 && input < job->input_count ? job->inputs[input] : NULL;
}

/* The text lives as long as the thread needs it to look at it. */
static const char *service_model_info(struct m6_job *job, const char *key)
{
    static _Thread_local char text[32];
    struct m6_error err = {""};
    enum m6_status status = m6_job_load(job, &err);
    if (status) {
        m6_job_fail(job, status, err.text);
        return NULL;
    }
    const struct m6_model_info *info = &job->host->info;
    const struct {
        const char *key, *text;
        long long number;
    } known[] = {
        {"name", info->name, 0},
        {"family", info->family, 0},
        {"backend", info->backend, 0},
        {"isa", info->isa, 0},
        {"compute", info->compute, 0},
        {"parameters", NULL, info->parameters},
        {"picture_width", NULL, info->picture_width},
        {"picture_height", NULL, info->picture_height},
        {"frames_max", NULL, info->frames_max},
        {"text_max", NULL, info->text_max},
        {"draws", NULL, info->draws},
        {"rewrites", NULL, info->rewrites},
        {"software", "M6 " M6_VERSION, 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i].key, key)) {
            if (known[i].text)
                return known[i].text;
            snprintf(text, sizeof text, "%lld", known[i].number);
            return text;
        }
    return NULL;
}

static void service_emit_text(struct m6_job *job, const char *text)
{
    if (text && *text)
        m6_job_event(job, &(struct m6_job_event){.type = M6_JOB_TEXT, .text = text});
}

static void service_emit_caption(struct m6_job *job, int64_t start_ns, int64_t end_ns, const char *text)
{
    m6_job_event(job, &(struct m6_job_event){.type = M6_JOB_CAPTION, .text = text ? text : "", .start_ns = start_ns, .end_ns = end_ns});
}

static void service_emit_picture(struct m6_job *job, const struct m6_plugin_picture *picture, const char *const *metadata)
{
    m6_job_event(job, &(struct m6_job_event){.type = M6_JOB_PICTURE, .picture = picture, .metadata = metadata});
}

static void service_progress(struct m6_job *job, double done, double total, const char *what)
{
    m6_job_event(job, &(struct m6_job_event){.type = M6_JOB_PROGRESS, .done = done, .total = total, .text = what});
}

static int service_cancelled(struct m6_job *job)
{
    return job->cancelled;
}

static int service_fail(struct m6_job *job, const char *kind, const char *sentence)
{
    static const struct {
        const char *kind;
        enum m6_status status;
    } kinds[] = {{"argument", M6_ERR_ARGUMENT}, {"input", M6_ERR_FORMAT}, {"model", M6_ERR_MODEL}};
    enum m6_status status = M6_ERR_INTERNAL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kind && !strcmp(kind, kinds[i].kind))
            status = kinds[i].status;
    return m6_job_fail(job, status, sentence ? sentence : "the plugin failed");
}

static const char *service_error(struct m6_job *job)
{
    return job->error.text;
}

const struct m6_host_services m6_services = {
    .size = sizeof(struct m6_host_services),
    .log = service_log,
    .param_string = service_param_string,
    .param_number = service_param_number,
    .param_integer = service_param_integer,
    .param_list = service_param_list,
    .inputs = service_inputs,
    .input_name = service_input_name,
    .frames_open = m6_host_frames_open,
    .frames_info = m6_host_frames_info,
    .frames_next = m6_host_frames_next,
    .frames_close = m6_host_frames_close,
    .model_start = m6_host_answer_start,
    .model_wait = m6_host_answer_wait,
    .model_release = m6_host_answer_release,
    .model_info = service_model_info,
    .emit_text = service_emit_text,
    .emit_caption = service_emit_caption,
    .emit_picture = service_emit_picture,
    .progress = service_progress,
    .warn = m6_job_warn,
    .cancelled = service_cancelled,
    .fail = service_fail,
    .error = service_error,
};
