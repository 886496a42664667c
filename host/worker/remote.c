#include "worker/remote.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/params.h"
#include "core/worker/pictures.h"

enum { PIECE = 256 << 10 }; /* bytes of one text; six times as many as JSON still fit a message */

struct m6_host remote_host;

/* ---- the line ---- */

int remote_send(cJSON *json, int fd)
{
    struct m6_wire *w = &remote_host.wire;
    if (m6_wire_send(w, json, fd, 0, 0))
        return -1;
    int state;
    while (!(state = m6_wire_flush(w, NULL)))
        poll(&(struct pollfd){w->fd, POLLOUT, 0}, 1, -1);
    if (state < 0)
        _exit(1);
    return 0;
}

void remote_hear(struct m6_message *m)
{
    struct m6_wire *w = &remote_host.wire;
    struct m6_error err;
    enum m6_status status;
    int got;
    while (!(got = m6_wire_next(w, m, &status, &err))) {
        poll(&(struct pollfd){w->fd, POLLIN, 0}, 1, -1);
        if (m6_wire_read(w, &err) < 0)
            _exit(1);
    }
    if (got < 0)
        _exit(1);
}

/* Says something that is not answered. */
static void say(cJSON *json, int fd)
{
    pthread_mutex_lock(&remote_host.lock);
    remote_send(json, fd);
    pthread_mutex_unlock(&remote_host.lock);
}

/* Asks, and waits for the reply, which the caller finishes. Returns -1 when the question is too long to be sent. */
static int ask(cJSON *json, int fd, struct m6_message *reply)
{
    memset(reply, 0, sizeof *reply);
    pthread_mutex_lock(&remote_host.lock);
    const int failed = remote_send(json, fd);
    if (!failed)
        remote_hear(reply);
    pthread_mutex_unlock(&remote_host.lock);
    return failed;
}

static void add_text(cJSON *json, const char *key, const char *text)
{
    const size_t n = text ? strnlen(text, PIECE) : 0;
    char *copy = text ? malloc(n + 1) : NULL;
    if (!copy)
        return;
    memcpy(copy, text, n);
    copy[n] = '\0'; /* half a character at the end becomes a question mark */
    cJSON_AddStringToObject(json, key, copy);
    free(copy);
}

static int int_of(const struct m6_message *m, const char *key, int otherwise)
{
    int value;
    return m6_message_int(m->json, key, otherwise, INT32_MIN, INT32_MAX, &value) ? otherwise : value;
}

static int64_t int64_of(const struct m6_message *m, const char *key)
{
    int64_t value;
    return m6_message_int64(m->json, key, 0, INT64_MIN, INT64_MAX, &value) ? 0 : value;
}

/* ---- parameters ---- */

static const char *param_string(struct m6_job *job, const char *name, const char *otherwise)
{
    return m6_params_string(job->params, name, otherwise);
}

static double param_number(struct m6_job *job, const char *name, double otherwise)
{
    return m6_params_number(job->params, name, otherwise);
}

static int64_t param_integer(struct m6_job *job, const char *name, int64_t otherwise)
{
    return m6_params_integer(job->params, name, otherwise);
}

static int param_list(struct m6_job *job, const char *name, double *value, int max)
{
    return m6_params_list(job->params, name, value, max);
}

static int inputs(struct m6_job *job)
{
    return cJSON_GetArraySize(job->inputs);
}

static const char *input_name(struct m6_job *job, int input)
{
    const cJSON *item = input >= 0 ? cJSON_GetArrayItem(job->inputs, input) : NULL;
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* ---- the job ---- */

static void log_line(struct m6_host *host, int level, const char *message)
{
    cJSON *json = m6_message_new("log");
    cJSON_AddNumberToObject(json, "level", level);
    add_text(json, "text", message ? message : "");
    say(json, -1);
}

static void progress(struct m6_job *job, double done, double total, const char *what)
{
    cJSON *json = m6_message_new("progress");
    m6_message_add_double(json, "done", done);
    m6_message_add_double(json, "total", total);
    add_text(json, "what", what);
    say(json, -1);
}

static void warn(struct m6_job *job, const char *sentence)
{
    cJSON *json = m6_message_new("warn");
    add_text(json, "text", sentence ? sentence : "");
    say(json, -1);
}

static int cancelled(struct m6_job *job)
{
    struct m6_message m;
    const int is = ask(m6_message_new("cancelled"), -1, &m) || int_of(&m, "cancelled", 1);
    m6_message_finish(&m);
    return is;
}

static int fail(struct m6_job *job, const char *kind, const char *sentence)
{
    cJSON *json = m6_message_new("fail");
    add_text(json, "kind", kind);
    add_text(json, "text", sentence);
    say(json, -1);
    return -1;
}

static const char *error(struct m6_job *job)
{
    struct m6_message m;
    const char *text;
    if (ask(m6_message_new("error"), -1, &m) || m6_message_text(m.json, "text", &text) || !text)
        text = "";
    snprintf(job->error, sizeof job->error, "%s", text);
    m6_message_finish(&m);
    return job->error;
}

/* ---- frames ---- */

struct m6_frames {
    struct m6_job *job;
    int handle;
    struct m6_frames_info info;
    struct worker_pictures pictures;
};

static int frames_open(struct m6_job *job, int input, const struct m6_frames_params *given, struct m6_frames **out)
{
    struct m6_frames_params p = {0};
    struct m6_message m;
    memcpy(&p, given, given->size < sizeof p ? given->size : sizeof p);
    *out = NULL;
    struct m6_frames *f = calloc(1, sizeof *f);
    if (!f)
        return fail(job, "failed", "there is no memory for frames; raise M6_PLUGIN_MEMORY");
    cJSON *json = m6_message_new("frames_open");
    cJSON_AddNumberToObject(json, "input", input);
    cJSON_AddNumberToObject(json, "mode", p.mode);
    m6_message_add_int64(json, "interval_ns", p.interval_ns);
    m6_message_add_double(json, "scene_threshold", p.scene_threshold);
    cJSON_AddNumberToObject(json, "count", p.count);
    m6_message_add_int64(json, "start_ns", p.start_ns);
    m6_message_add_int64(json, "end_ns", p.end_ns);
    cJSON_AddNumberToObject(json, "max_width", p.max_width);
    cJSON_AddNumberToObject(json, "max_height", p.max_height);
    f->job = job;
    f->handle = ask(json, -1, &m) ? -1 : int_of(&m, "frames", -1);
    f->info = (struct m6_frames_info){
        .still = int_of(&m, "still", 0),
        .width = int_of(&m, "width", 0),
        .height = int_of(&m, "height", 0),
        .duration_ns = int64_of(&m, "duration_ns"),
    };
    m6_message_finish(&m);
    if (f->handle < 0) {
        free(f);
        return -1;
    }
    *out = f;
    return 0;
}

static void frames_info(struct m6_frames *f, struct m6_frames_info *info)
{
    const size_t size = info->size;
    f->info.size = size;
    memcpy(info, &f->info, size < sizeof f->info ? size : sizeof f->info);
}

static int frames_next(struct m6_frames *f, struct m6_plugin_frame *frame)
{
    struct m6_message m;
    struct m6_error err = {""};
    const size_t size = frame->size;
    cJSON *json = m6_message_new("frames_next");
    cJSON_AddNumberToObject(json, "frames", f->handle);
    worker_pictures_free(&f->pictures);
    int got = ask(json, -1, &m) ? -1 : int_of(&m, "got", -1);
    if (got > 0 && worker_pictures_take(&f->pictures, &m, 1, &err))
        got = fail(f->job, "failed", err.text);
    if (got > 0) {
        const struct m6_plugin_frame full = {
            .size = size,
            .picture = f->pictures.one[int_of(&m, "middle", 0)],
            .start_ns = int64_of(&m, "start_ns"),
            .end_ns = int64_of(&m, "end_ns"),
            .scene = int_of(&m, "scene", 0),
            .pictures = f->pictures.one,
            .picture_count = int_of(&m, "count", 0),
        };
        memcpy(frame, &full, size < sizeof full ? size : sizeof full);
    }
    m6_message_finish(&m);
    return got;
}

static void frames_close(struct m6_frames *f)
{
    if (!f)
        return;
    cJSON *json = m6_message_new("frames_close");
    cJSON_AddNumberToObject(json, "frames", f->handle);
    say(json, -1);
    worker_pictures_free(&f->pictures);
    free(f);
}

/* ---- the model ---- */

struct m6_answer {
    struct m6_job *job;
    int handle;
    int (*progress)(void *arg, const char *text, int done, int total);
    void *arg;
    struct m6_message result; /* holds the text */
    struct worker_pictures picture;
};

/* The pictures of a request, and the one to keep parts of behind them. Returns the descriptor, or as worker_pictures_give. */
static int add_pictures(cJSON *json, const struct m6_plugin_request *r)
{
    const int count = r->picture_count > 0 ? r->picture_count : 0;
    if (count > WORKER_PICTURES_MAX - 1)
        return -2;
    struct m6_plugin_picture all[WORKER_PICTURES_MAX];
    for (int i = 0; i < count; i++)
        all[i] = r->pictures[i];
    if (r->image)
        all[count] = *r->image;
    cJSON_AddNumberToObject(json, "image", r->image != NULL);
    return worker_pictures_give(json, all, count + (r->image != NULL));
}

static cJSON *request_message(const struct m6_plugin_request *r)
{
    const struct {
        const char *key, *text;
    } texts[] = {{"text", r->text}, {"lang", r->lang}, {"prefix", r->prefix}, {"stop", r->stop}};
    cJSON *json = m6_message_new("model_start");
    cJSON_AddNumberToObject(json, "task", r->task);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].text)
            cJSON_AddStringToObject(json, texts[i].key, texts[i].text);
    cJSON_AddNumberToObject(json, "max_tokens", r->max_tokens);
    m6_message_add_int64(json, "seed", (int64_t)r->seed);
    m6_message_add_double(json, "temperature", r->temperature);
    cJSON_AddNumberToObject(json, "top_k", r->top_k);
    m6_message_add_double(json, "top_p", r->top_p);
    m6_message_add_double(json, "guidance", r->guidance);
    cJSON_AddNumberToObject(json, "progressive", r->progressive != 0);
    cJSON_AddNumberToObject(json, "steps", r->steps);
    cJSON_AddNumberToObject(json, "tells", r->progress != NULL);
    cJSON *keep = r->keep_count > 0 ? cJSON_AddArrayToObject(json, "keep") : NULL;
    for (int i = 0; keep && i < r->keep_count; i++)
        cJSON_AddItemToArray(keep, cJSON_CreateIntArray((int[]){r->keep[i].x, r->keep[i].y, r->keep[i].w, r->keep[i].h}, 4));
    return json;
}

static int model_start(struct m6_job *job, const struct m6_plugin_request *given, struct m6_answer **out)
{
    struct m6_plugin_request r = {0};
    struct m6_message m;
    memcpy(&r, given, given->size < sizeof r ? given->size : sizeof r);
    *out = NULL;
    struct m6_answer *a = calloc(1, sizeof *a);
    if (!a)
        return fail(job, "failed", "there is no memory for a request; raise M6_PLUGIN_MEMORY");
    cJSON *json = request_message(&r);
    const int fd = add_pictures(json, &r);
    if (fd == -2) {
        cJSON_Delete(json);
        free(a);
        return fail(job, "failed", "a request has a picture of an impossible size, or there is no memory for it");
    }
    *a = (struct m6_answer){.job = job, .progress = r.progress, .arg = r.arg, .handle = -1};
    if (ask(json, fd, &m))
        fail(job, "argument", "a request to the model is too long; give it less text");
    else
        a->handle = int_of(&m, "answer", -1);
    m6_message_finish(&m);
    if (a->handle < 0) {
        free(a);
        return -1;
    }
    *out = a;
    return 0;
}

/* Until the reply comes, the host may ask the request's progress function. */
static void wait_for_reply(struct m6_answer *a)
{
    for (;;) {
        const char *text;
        remote_hear(&a->result);
        if (strcmp(a->result.type, "progress") != 0)
            return;
        m6_message_text(a->result.json, "text", &text);
        const int enough = a->progress ? a->progress(a->arg, text, int_of(&a->result, "done", 0), int_of(&a->result, "total", 0)) : 0;
        m6_message_finish(&a->result);
        cJSON *go = m6_message_new("go");
        cJSON_AddNumberToObject(go, "enough", enough != 0);
        remote_send(go, -1);
    }
}

static int model_wait(struct m6_answer *a, struct m6_plugin_result *result)
{
    struct m6_error err = {""};
    const char *text = NULL;
    cJSON *json = m6_message_new("model_wait");
    cJSON_AddNumberToObject(json, "answer", a->handle);
    worker_pictures_free(&a->picture);
    m6_message_finish(&a->result);
    pthread_mutex_lock(&remote_host.lock);
    remote_send(json, -1);
    wait_for_reply(a);
    pthread_mutex_unlock(&remote_host.lock);
    if (m6_message_text(a->result.json, "text", &text) || !text)
        return -1;
    if (worker_pictures_take(&a->picture, &a->result, 1, &err))
        return fail(a->job, "failed", err.text);
    const cJSON *score = cJSON_GetObjectItemCaseSensitive(a->result.json, "score");
    const struct m6_plugin_result full = {
        .size = result->size,
        .text = text,
        .picture = a->picture.one[0],
        .score = cJSON_IsNumber(score) ? score->valuedouble : NAN,
    };
    memcpy(result, &full, result->size < sizeof full ? result->size : sizeof full);
    return 0;
}

static void model_release(struct m6_answer *a)
{
    if (!a)
        return;
    cJSON *json = m6_message_new("model_release");
    cJSON_AddNumberToObject(json, "answer", a->handle);
    say(json, -1);
    worker_pictures_free(&a->picture);
    m6_message_finish(&a->result);
    free(a);
}

/* What was found stays, so that the text does. */
static const char *model_info(struct m6_job *job, const char *key)
{
    struct m6_message m;
    const char *value = NULL;
    for (struct remote_info *i = job->infos; i; i = i->next)
        if (!strcmp(i->key, key))
            return i->value;
    cJSON *json = m6_message_new("model_info");
    add_text(json, "key", key);
    if (ask(json, -1, &m) || m6_message_text(m.json, "value", &value) || !value) {
        m6_message_finish(&m);
        return NULL;
    }
    struct remote_info *info = calloc(1, sizeof *info + strlen(key) + 1);
    if (info && (info->value = strdup(value))) {
        strcpy(info->key, key);
        info->next = job->infos;
        job->infos = info;
        value = info->value;
    } else {
        value = NULL;
    }
    m6_message_finish(&m);
    return value;
}

/* ---- output ---- */

static void emit_text(struct m6_job *job, const char *text)
{
    /* Pieces add up. */
    for (size_t left = text ? strlen(text) : 0; left;) {
        size_t n = left < PIECE ? left : PIECE;
        while (n < left && n > PIECE - 4 && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--;
        char *piece = strndup(text, n);
        if (!piece)
            return;
        cJSON *json = m6_message_new("emit_text");
        cJSON_AddStringToObject(json, "text", piece);
        free(piece);
        say(json, -1);
        text += n;
        left -= n;
    }
}

static void emit_caption(struct m6_job *job, int64_t start_ns, int64_t end_ns, const char *text)
{
    cJSON *json = m6_message_new("emit_caption");
    m6_message_add_int64(json, "start_ns", start_ns);
    m6_message_add_int64(json, "end_ns", end_ns);
    add_text(json, "text", text ? text : "");
    say(json, -1);
}

static void emit_picture(struct m6_job *job, const struct m6_plugin_picture *picture, const char *const *metadata)
{
    cJSON *json = m6_message_new("emit_picture"), *list = cJSON_AddArrayToObject(json, "metadata");
    for (int i = 0; metadata && metadata[i]; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(metadata[i]));
    const int fd = worker_pictures_give(json, picture, 1);
    if (fd >= 0) {
        say(json, fd);
        return;
    }
    cJSON_Delete(json);
    warn(job, "a picture was lost: its size is impossible, or there is no memory for it");
}

const struct m6_host_services remote_services = {
    .size = sizeof(struct m6_host_services),
    .log = log_line,
    .param_string = param_string,
    .param_number = param_number,
    .param_integer = param_integer,
    .param_list = param_list,
    .inputs = inputs,
    .input_name = input_name,
    .frames_open = frames_open,
    .frames_info = frames_info,
    .frames_next = frames_next,
    .frames_close = frames_close,
    .model_start = model_start,
    .model_wait = model_wait,
    .model_release = model_release,
    .model_info = model_info,
    .emit_text = emit_text,
    .emit_caption = emit_caption,
    .emit_picture = emit_picture,
    .progress = progress,
    .warn = warn,
    .cancelled = cancelled,
    .fail = fail,
    .error = error,
};
