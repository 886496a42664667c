#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "aside.h"
#include "detach.h"
#include "interrupt.h"
#include "progress.h"
#include "remote.h"

struct run {
    struct session *session;
    const struct session_job *job;
    struct session_result *result;
};

static void note_warning(struct session *s, const char *sentence)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, s->warnings)
    {
        if (!strcmp(each->valuestring, sentence))
            return;
    }
    cJSON_AddItemToArray(s->warnings, cJSON_CreateString(sentence));
    cmd_warn(s->ctx, "%s", sentence);
}

static int add_text(struct session_result *r, const char *text)
{
    const size_t n = strlen(text);
    char *more = realloc(r->text, r->text_length + n + 1);
    if (!more)
        return -1;
    memcpy(more + r->text_length, text, n + 1);
    r->text = more;
    r->text_length += n;
    return 0;
}

static int add_caption(struct session_result *r, const struct m6_job_event *e)
{
    struct session_caption *more =
        realloc(r->captions, (size_t)(r->caption_count + 1) * sizeof *more);
    if (!more)
        return -1;
    r->captions = more;
    more += r->caption_count;
    *more = (struct session_caption){e->start_ns, e->end_ns, strdup(e->text ? e->text : "")};
    if (!more->text)
        return -1;
    r->caption_count++;
    return 0;
}

static char **copy_metadata(const char *const *pairs)
{
    int n = 0;
    while (pairs && pairs[n])
        n++;
    char **copy = calloc((size_t)n + 1, sizeof *copy);
    for (int i = 0; copy && i < n; i++)
        copy[i] = strdup(pairs[i]);
    return copy;
}

static int add_picture(struct session_result *r, const struct m6_job_event *e)
{
    const struct m6_plugin_picture *p = e->picture;
    const size_t row = (size_t)p->width * 3;
    struct session_picture *more =
        realloc(r->pictures, (size_t)(r->picture_count + 1) * sizeof *more);
    if (!more)
        return -1;
    r->pictures = more;
    more += r->picture_count;
    uint8_t *rgb = malloc(row * (size_t)p->height);
    more->metadata = copy_metadata(e->metadata);
    if (!rgb || !more->metadata) {
        free(rgb);
        free(more->metadata);
        return -1;
    }
    for (int y = 0; y < p->height; y++)
        memcpy(rgb + (size_t)y * row, p->rgb + (size_t)y * p->stride, row);
    more->picture = (struct m6_plugin_picture){p->width, p->height, row, rgb};
    r->picture_count++;
    return 0;
}

static void show_progress(const struct session_job *job, const struct m6_job_event *e)
{
    const double share = e->total > 0 ? e->done / e->total : 0;
    if (job->total > 0 && !(e->text && strcmp(e->text, M6_JOB_LOADING) == 0))
        progress_show(job->what, job->done + share, job->total);
    else
        progress_show(e->text && *e->text ? e->text : job->what, e->done, e->total);
}

static void on_event(void *arg, struct m6_job *job, const struct m6_job_event *e)
{
    struct run *run = arg;
    int rc = 0;
    switch (e->type) {
    case M6_JOB_PROGRESS:
        show_progress(run->job, e);
        break;
    case M6_JOB_TEXT:
        rc = add_text(run->result, e->text);
        break;
    case M6_JOB_CAPTION:
        rc = add_caption(run->result, e);
        if (run->job->on_caption)
            run->job->on_caption(run->job->arg, e->start_ns, e->end_ns, e->text);
        break;
    case M6_JOB_PICTURE:
        rc = add_picture(run->result, e);
        break;
    case M6_JOB_WARNING:
        note_warning(run->session, e->text);
        break;
    case M6_JOB_DONE:
    case M6_JOB_FAILED:
    case M6_JOB_CANCELLED:
        break;
    }
    if (rc) {
        run->result->out_of_memory = 1;
        if (job)
            m6_job_cancel(job);
    }
}

static void log_to_stderr(void *arg, int level, const char *message)
{
    progress_clear();
    fprintf(stderr, "m6: %s\n", message);
}

/* Does the work in this process. */
static int open_host(struct session *s)
{
    struct m6_error err;
    const struct m6_host_params params = {.model = s->model,
                                          .threads = (int)s->ctx->threads,
                                          .log = getenv("M6_DEBUG") ? log_to_stderr : NULL};
    return m6_host_create(&s->host, &params, &err) ? cmd_fail(s->ctx, CMD_MODEL, "%s", err.text) : 0;
}

/* Pipes and devices: they can be read once, by whom they were meant for, and may never end. */
static int has_stream(const char *const *inputs)
{
    struct stat st;
    for (int i = 0; inputs && inputs[i]; i++)
        if (!stat(inputs[i], &st) && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode) || S_ISSOCK(st.st_mode)))
            return 1;
    return 0;
}

int session_open(struct session *s, struct cmd_context *ctx)
{
    memset(s, 0, sizeof *s);
    s->ctx = ctx;
    if (m6_find_model(ctx->model, s->model, sizeof s->model)) {
        if (ctx->model)
            return cmd_fail(
                ctx, CMD_MODEL,
                "there is no model '%.256s'; 'm6 models list' shows those that are here",
                ctx->model);
        return cmd_fail(ctx, CMD_MODEL,
                        "no model was found; name its folder with --model, or see 'm6 doctor'");
    }
    if (ctx->detach)
        return detach_queue(ctx, s->model);
    interrupt_init();
    s->remote = remote_open(ctx, s->model);
    s->warnings = cJSON_CreateArray();
    return s->remote ? 0 : open_host(s);
}

void session_close(struct session *s)
{
    remote_close(s->remote);
    m6_host_destroy(s->host);
    cJSON_Delete(s->warnings);
    memset(s, 0, sizeof *s);
}

int session_interrupted(struct cmd_context *ctx)
{
    const int sig = interrupt_signal();
    return sig ? cmd_fail(ctx, 128 + sig, "interrupted; unfinished files were removed") : 0;
}

int session_run(struct session *s, const struct session_job *job, struct session_result *result)
{
    struct run run = {s, job, result};
    struct m6_error err = {""};
    struct m6_job *handle;
    memset(result, 0, sizeof *result);
    if (s->remote && has_stream(job->inputs)) {
        remote_close(s->remote);
        s->remote = NULL;
        int code = open_host(s);
        if (code) {
            cJSON_Delete(job->params);
            return code;
        }
    }
    result->text = strdup("");
    char *params = cJSON_PrintUnformatted(job->params);
    cJSON_Delete(job->params);
    if (!params || !result->text) {
        cJSON_free(params);
        return cmd_fail(s->ctx, CMD_FAILED, "out of memory");
    }
    const struct m6_job_params p = {
        .kind = job->kind, .params = params, .inputs = job->inputs, .event = on_event, .arg = &run,
        .priority = aside_is_on() ? M6_BATCH : M6_INTERACTIVE};
    progress_show(job->what, job->done, job->total);
    int accepted = 1;
    enum m6_status status = s->remote ? remote_run(s->remote, &p, &accepted, &err)
                                      : m6_host_submit(s->host, &p, &handle, &err);
    if (!s->remote)
        accepted = status == M6_OK;
    if (accepted && !s->remote) {
        interrupt_watch(handle);
        status = m6_job_wait(handle, &err);
        interrupt_watch(NULL);
        m6_job_release(handle);
    }
    cJSON_free(params);
    if (result->out_of_memory)
        return cmd_fail(s->ctx, CMD_FAILED, "out of memory");
    const int interrupted = session_interrupted(s->ctx);
    if (interrupted)
        return interrupted;
    progress_clear();
    if (!status)
        return 0;
    int code = cmd_exit_of(status);
    if (s->remote ? remote_is_gone(s->remote) : !m6_host_schema(s->host, job->kind))
        code = CMD_MODEL; /* what no plugin offers is the installation's fault, not the caller's */
    else if (accepted && status == M6_ERR_ARGUMENT)
        code = CMD_INPUT; /* the options were right, but not what they were said of */
    return cmd_fail(s->ctx, code, "%s", err.text);
}

void session_result_free(struct session_result *r)
{
    free(r->text);
    for (int i = 0; i < r->caption_count; i++)
        free(r->captions[i].text);
    free(r->captions);
    for (int i = 0; i < r->picture_count; i++) {
        free((void *)r->pictures[i].picture.rgb);
        for (char **m = r->pictures[i].metadata; m && *m; m++)
            free(*m);
        free(r->pictures[i].metadata);
    }
    free(r->pictures);
    memset(r, 0, sizeof *r);
}

void session_add_seed(cJSON *params, uint64_t seed)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)seed);
    if (seed < (UINT64_C(1) << 53))
        cJSON_AddItemToObject(params, "seed", cJSON_CreateRaw(digits));
    else
        cJSON_AddStringToObject(params, "seed", digits);
}
