/* A worker's calls, answered by the host's own services. Whatever a worker says is checked as if an enemy had said it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/worker/internal.h"

enum { METADATA_MAX = 64, UNHEARD_MAX = 16 };
#define TIME_MAX INT64_C(1000000000000000000) /* 31 years in nanoseconds */

static int lose(struct worker_link *l, const char *what)
{
    if (!l->lost)
        m6_fail(&l->why, M6_ERR_INTERNAL, "the plugin \"%s\" sent what no plugin may send (%.200s); update it, or remove its file", l->worker->name,
                what);
    l->lost = 1;
    return -1;
}

static int reply(struct worker_link *l, cJSON *json, int fd)
{
    /* A plugin hears each answer before it asks again. One that only asks would fill the host's memory with answers. */
    if (l->process.wire.waiting > UNHEARD_MAX) {
        cJSON_Delete(json);
        if (fd >= 0)
            close(fd);
        return lose(l, "questions whose answers it does not hear");
    }
    if (!worker_process_send(&l->process, json, fd))
        return 0;
    m6_services.fail(l->job, "failed", "an answer is too long to be handed to a plugin in a worker");
    return worker_process_send(&l->process, m6_message_new("reply"), -1) ? lose(l, "more than there is memory for") : 0;
}

/* Without what the worker waits for, which tells it that the service failed. */
static int reply_failed(struct worker_link *l)
{
    return reply(l, m6_message_new("reply"), -1);
}

/* A null is a number that JSON has no word for. */
static int read_double(const cJSON *json, const char *key, double *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    *out = cJSON_IsNumber(item) ? item->valuedouble : NAN;
    return item && !cJSON_IsNumber(item) && !cJSON_IsNull(item) ? -1 : 0;
}

static int read_handle(const cJSON *json, const char *key)
{
    int handle;
    return m6_message_int(json, key, -1, 0, WORKER_HANDLES_MAX - 1, &handle) ? -1 : handle;
}

/* ---- frames ---- */

static int frames_open(struct worker_link *l, struct m6_message *m)
{
    struct m6_frames_params p = {.size = sizeof p};
    struct m6_frames_info info = {.size = sizeof info};
    int input, mode, i = 0;
    if (m6_message_int(m->json, "input", 0, INT32_MIN, INT32_MAX, &input) || m6_message_int(m->json, "mode", 0, 0, M6_FRAMES_SPREAD, &mode) ||
        m6_message_int64(m->json, "interval_ns", 0, INT64_MIN, TIME_MAX, &p.interval_ns) ||
        m6_message_int(m->json, "count", 0, INT32_MIN, INT32_MAX, &p.count) ||
        m6_message_int64(m->json, "start_ns", 0, INT64_MIN, TIME_MAX, &p.start_ns) ||
        m6_message_int64(m->json, "end_ns", 0, 0, TIME_MAX, &p.end_ns) ||
        m6_message_int(m->json, "max_width", 0, INT32_MIN, INT32_MAX, &p.max_width) ||
        m6_message_int(m->json, "max_height", 0, INT32_MIN, INT32_MAX, &p.max_height) ||
        read_double(m->json, "scene_threshold", &p.scene_threshold) || !(p.scene_threshold >= 0 && p.scene_threshold <= 1))
        return lose(l, "frames asked for with figures that cannot be");
    p.mode = (enum m6_frames_mode)mode;
    while (i < WORKER_HANDLES_MAX && l->frames[i])
        i++;
    if (i == WORKER_HANDLES_MAX)
        return lose(l, "more inputs opened than closed");
    if (m6_services.frames_open(l->job, input, &p, &l->frames[i]))
        return reply_failed(l);
    m6_services.frames_info(l->frames[i], &info);
    cJSON *json = m6_message_new("reply");
    cJSON_AddNumberToObject(json, "frames", i);
    cJSON_AddNumberToObject(json, "still", info.still);
    cJSON_AddNumberToObject(json, "width", info.width);
    cJSON_AddNumberToObject(json, "height", info.height);
    m6_message_add_int64(json, "duration_ns", info.duration_ns);
    return reply(l, json, -1);
}

/* All pictures of a frame, and which of them is the middle one. */
static int give_frame(cJSON *json, const struct m6_plugin_frame *f)
{
    struct m6_plugin_picture all[WORKER_PICTURES_MAX];
    int count = f->picture_count < M6_FRAMES_COUNT_MAX ? f->picture_count : M6_FRAMES_COUNT_MAX, middle = 0;
    for (int i = 0; i < count; i++)
        all[i] = f->pictures[i];
    while (middle < count && all[middle].rgb != f->picture.rgb)
        middle++;
    cJSON_AddNumberToObject(json, "middle", middle);
    cJSON_AddNumberToObject(json, "count", count);
    if (middle == count)
        all[count++] = f->picture;
    return worker_pictures_give(json, all, count);
}

static int frames_next(struct worker_link *l, struct m6_message *m)
{
    struct m6_plugin_frame f = {.size = sizeof f};
    const int i = read_handle(m->json, "frames");
    if (i < 0 || !l->frames[i])
        return lose(l, "frames of no open input");
    const int got = m6_services.frames_next(l->frames[i], &f);
    if (got < 0)
        return reply_failed(l);
    cJSON *json = m6_message_new("reply");
    cJSON_AddNumberToObject(json, "got", got);
    if (!got)
        return reply(l, json, -1);
    m6_message_add_int64(json, "start_ns", f.start_ns);
    m6_message_add_int64(json, "end_ns", f.end_ns);
    cJSON_AddNumberToObject(json, "scene", f.scene);
    const int fd = give_frame(json, &f);
    if (fd >= 0)
        return reply(l, json, fd);
    cJSON_Delete(json);
    m6_services.fail(l->job, "failed", "there is no memory to hand a frame to a plugin; close other programs");
    return reply_failed(l);
}

static int frames_close(struct worker_link *l, struct m6_message *m)
{
    const int i = read_handle(m->json, "frames");
    if (i < 0 || !l->frames[i])
        return lose(l, "the end of an input that is not open");
    m6_services.frames_close(l->frames[i]);
    l->frames[i] = NULL;
    return 0;
}

/* ---- the model ---- */

struct waiting {
    struct worker_link *link;
    int tells;
};

/* From within model_wait: the plugin's own progress function is asked. */
static int on_progress(void *arg, const char *text, int done, int total)
{
    struct waiting *w = arg;
    struct m6_message m = {0};
    int enough = 1;
    if (w->link->lost || worker_process_is_over(&w->link->process))
        return 1;
    if (!w->tells)
        return 0;
    cJSON *json = m6_message_new("progress");
    if (text)
        cJSON_AddStringToObject(json, "text", text);
    cJSON_AddNumberToObject(json, "done", done);
    cJSON_AddNumberToObject(json, "total", total);
    if (worker_process_send(&w->link->process, json, -1))
        lose(w->link, "less than it was asked");
    else if (!worker_serve(w->link, "go", &m) && m6_message_int(m.json, "enough", 0, 0, 1, &enough))
        lose(w->link, "an \"enough\" that is neither 0 nor 1");
    m6_message_finish(&m);
    return enough || w->link->lost;
}

static int read_keep(const cJSON *list, struct m6_plugin_rect **out)
{
    const int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    const cJSON *each;
    if (list && (!cJSON_IsArray(list) || n > 4096))
        return -1;
    *out = calloc((size_t)n + 1, sizeof **out);
    int i = 0;
    cJSON_ArrayForEach(each, (*out ? list : NULL))
    {
        int *const to[4] = {&(*out)[i].x, &(*out)[i].y, &(*out)[i].w, &(*out)[i].h};
        for (int k = 0; k < 4; k++) {
            const cJSON *value = cJSON_GetArrayItem(each, k);
            if (!cJSON_IsNumber(value) || fabs(value->valuedouble) > INT32_MAX)
                return -1;
            *to[k] = (int)value->valuedouble;
        }
        i++;
    }
    return *out ? n : -1;
}

static int read_request(const cJSON *json, struct m6_plugin_request *r, int *has_image, int *tells)
{
    int64_t seed;
    int task;
    double temperature, top_p, guidance;
    if (m6_message_int(json, "task", 0, M6_PLUGIN_CAPTION, M6_PLUGIN_REWRITE, &task) || m6_message_text(json, "text", &r->text) ||
        m6_message_text(json, "lang", &r->lang) || m6_message_text(json, "prefix", &r->prefix) || m6_message_text(json, "stop", &r->stop) ||
        m6_message_int(json, "max_tokens", 0, INT32_MIN, INT32_MAX, &r->max_tokens) || m6_message_int64(json, "seed", 0, INT64_MIN, INT64_MAX, &seed) ||
        m6_message_int(json, "top_k", 0, INT32_MIN, INT32_MAX, &r->top_k) || m6_message_int(json, "progressive", 0, 0, 1, &r->progressive) ||
        m6_message_int(json, "steps", 0, INT32_MIN, INT32_MAX, &r->steps) || m6_message_int(json, "image", 0, 0, 1, has_image) ||
        m6_message_int(json, "tells", 0, 0, 1, tells) || read_double(json, "temperature", &temperature) || read_double(json, "top_p", &top_p) ||
        read_double(json, "guidance", &guidance))
        return -1;
    r->task = (enum m6_plugin_task)task;
    r->seed = (uint64_t)seed;
    r->temperature = (float)temperature;
    r->top_p = (float)top_p;
    r->guidance = (float)guidance;
    return 0;
}

static int start(struct worker_link *l, const struct m6_plugin_request *r, int tells)
{
    int i = 0;
    while (i < WORKER_HANDLES_MAX && l->answers[i].answer)
        i++;
    if (i == WORKER_HANDLES_MAX)
        return lose(l, "more requests to the model started than released");
    struct waiting *w = malloc(sizeof *w);
    if (!w)
        return lose(l, "more requests than there is memory for");
    *w = (struct waiting){l, tells};
    struct m6_plugin_request request = *r;
    request.progress = on_progress;
    request.arg = l->answers[i].waiting = w;
    if (m6_services.model_start(l->job, &request, &l->answers[i].answer)) {
        free(w);
        l->answers[i] = (struct worker_answer){0};
        return reply_failed(l);
    }
    cJSON *json = m6_message_new("reply");
    cJSON_AddNumberToObject(json, "answer", i);
    return reply(l, json, -1);
}

static int model_start(struct worker_link *l, struct m6_message *m)
{
    struct m6_plugin_request r = {.size = sizeof r};
    struct m6_plugin_rect *keep = NULL;
    struct worker_pictures pictures;
    struct m6_error err = {""};
    int has_image, tells;
    if (read_request(m->json, &r, &has_image, &tells))
        return lose(l, "a request with figures that cannot be");
    if (worker_pictures_take(&pictures, m, 0, &err))
        return lose(l, err.text);
    r.keep_count = read_keep(cJSON_GetObjectItemCaseSensitive(m->json, "keep"), &keep);
    int result;
    if (r.keep_count < 0 || has_image > pictures.count) {
        result = lose(l, "a request with parts that cannot be");
    } else {
        r.keep = keep;
        r.pictures = pictures.one;
        r.picture_count = pictures.count - has_image;
        r.image = has_image ? &pictures.one[pictures.count - 1] : NULL;
        result = start(l, &r, tells);
    }
    free(keep);
    worker_pictures_free(&pictures);
    return result;
}

static int model_wait(struct worker_link *l, struct m6_message *m)
{
    struct m6_plugin_result result = {.size = sizeof result};
    const int i = read_handle(m->json, "answer");
    if (i < 0 || !l->answers[i].answer || l->answers[i].waited_for)
        return lose(l, "a wait for no running request");
    l->answers[i].waited_for = 1;
    const int failed = m6_services.model_wait(l->answers[i].answer, &result);
    l->answers[i].waited_for = 0;
    if (l->lost)
        return -1;
    if (failed)
        return reply_failed(l);
    cJSON *json = m6_message_new("reply");
    cJSON_AddStringToObject(json, "text", result.text);
    m6_message_add_double(json, "score", result.score);
    const int fd = worker_pictures_give(json, &result.picture, result.picture.rgb != NULL);
    if (fd >= -1)
        return reply(l, json, fd);
    cJSON_Delete(json);
    m6_services.fail(l->job, "failed", "there is no memory to hand a picture to a plugin; close other programs");
    return reply_failed(l);
}

static void release(struct worker_answer *a)
{
    m6_services.model_release(a->answer);
    free(a->waiting);
    *a = (struct worker_answer){0};
}

static int model_release(struct worker_link *l, struct m6_message *m)
{
    const int i = read_handle(m->json, "answer");
    if (i < 0 || !l->answers[i].answer || l->answers[i].waited_for)
        return lose(l, "the release of no request");
    release(&l->answers[i]);
    return 0;
}

static int model_info(struct worker_link *l, struct m6_message *m)
{
    const char *key;
    if (m6_message_text(m->json, "key", &key) || !key)
        return lose(l, "a question about the model without a key");
    const char *value = m6_services.model_info(l->job, key);
    cJSON *json = m6_message_new("reply");
    if (value)
        cJSON_AddStringToObject(json, "value", value);
    return reply(l, json, -1);
}

/* ---- output ---- */

static int emit_text(struct worker_link *l, struct m6_message *m)
{
    const char *text;
    if (m6_message_text(m->json, "text", &text) || !text)
        return lose(l, "a text that is none");
    m6_services.emit_text(l->job, text);
    return 0;
}

static int emit_caption(struct worker_link *l, struct m6_message *m)
{
    const char *text;
    int64_t start_ns, end_ns;
    if (m6_message_text(m->json, "text", &text) || m6_message_int64(m->json, "start_ns", 0, INT64_MIN, INT64_MAX, &start_ns) ||
        m6_message_int64(m->json, "end_ns", 0, INT64_MIN, INT64_MAX, &end_ns) || end_ns < start_ns)
        return lose(l, "a caption that ends before it starts");
    m6_services.emit_caption(l->job, start_ns, end_ns, text);
    return 0;
}

static int emit_picture(struct worker_link *l, struct m6_message *m)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(m->json, "metadata"), *each;
    const char *metadata[2 * METADATA_MAX + 1] = {NULL};
    struct worker_pictures pictures;
    struct m6_error err = {""};
    int n = 0;
    cJSON_ArrayForEach(each, list)
    {
        if (!cJSON_IsString(each) || n == 2 * METADATA_MAX)
            return lose(l, "metadata that are no texts, or too many");
        metadata[n++] = each->valuestring;
    }
    if (n % 2)
        return lose(l, "metadata that are no pairs");
    if (worker_pictures_take(&pictures, m, 0, &err))
        return lose(l, err.text);
    if (pictures.count != 1) {
        worker_pictures_free(&pictures);
        return lose(l, "a picture that is not one");
    }
    m6_services.emit_picture(l->job, &pictures.one[0], n ? metadata : NULL);
    worker_pictures_free(&pictures);
    return 0;
}

/* ---- the job ---- */

static int progress(struct worker_link *l, struct m6_message *m)
{
    double done, total;
    const char *what;
    if (read_double(m->json, "done", &done) || read_double(m->json, "total", &total) || !isfinite(done) || !isfinite(total) ||
        m6_message_text(m->json, "what", &what))
        return lose(l, "a progress that is no number");
    m6_services.progress(l->job, done, total, what);
    return 0;
}

static int warn(struct worker_link *l, struct m6_message *m)
{
    const char *text;
    if (m6_message_text(m->json, "text", &text) || !text)
        return lose(l, "a warning without a text");
    m6_services.warn(l->job, text);
    return 0;
}

static int fail(struct worker_link *l, struct m6_message *m)
{
    const char *kind, *text;
    if (m6_message_text(m->json, "kind", &kind) || m6_message_text(m->json, "text", &text))
        return lose(l, "a failure without a text");
    m6_services.fail(l->job, kind, text);
    return 0;
}

int worker_log(const struct m6_worker *w, const cJSON *json)
{
    struct m6_error line;
    const char *text;
    int level;
    if (m6_message_int(json, "level", 6, INT32_MIN, INT32_MAX, &level) || m6_message_text(json, "text", &text) || !text)
        return -1;
    m6_fail(&line, M6_OK, "plugin %s: %.400s", w->name, text); /* which takes control characters out */
    m6_services.log(w->host, level < 3 ? 3 : level > 7 ? 7 : level, line.text);
    return 0;
}

static int log_line(struct worker_link *l, struct m6_message *m)
{
    return worker_log(l->worker, m->json) ? lose(l, "a line for the log without a text") : 0;
}

static int cancelled(struct worker_link *l, struct m6_message *m)
{
    cJSON *json = m6_message_new("reply");
    cJSON_AddNumberToObject(json, "cancelled", m6_services.cancelled(l->job) != 0);
    return reply(l, json, -1);
}

static int error(struct worker_link *l, struct m6_message *m)
{
    cJSON *json = m6_message_new("reply");
    cJSON_AddStringToObject(json, "text", m6_services.error(l->job));
    return reply(l, json, -1);
}

int worker_serve(struct worker_link *l, const char *until, struct m6_message *last)
{
    static const struct {
        const char *type;
        int (*serve)(struct worker_link *, struct m6_message *);
    } services[] = {
        {"frames_open", frames_open}, {"frames_next", frames_next}, {"frames_close", frames_close}, {"model_start", model_start},
        {"model_wait", model_wait},   {"model_release", model_release}, {"model_info", model_info}, {"emit_text", emit_text},
        {"emit_caption", emit_caption}, {"emit_picture", emit_picture}, {"progress", progress},     {"warn", warn},
        {"cancelled", cancelled},     {"fail", fail},               {"error", error},               {"log", log_line},
    };
    struct m6_message m;
    memset(last, 0, sizeof *last);
    while (!l->lost) {
        if (worker_process_next(&l->process, &m, l->worker->silence_ms, &l->job->cancelled, &l->why) < 0) {
            l->lost = 1;
            break;
        }
        if (!strcmp(m.type, until)) {
            *last = m;
            return 0;
        }
        size_t i = 0;
        while (i < sizeof services / sizeof *services && strcmp(services[i].type, m.type) != 0)
            i++;
        if (i < sizeof services / sizeof *services)
            services[i].serve(l, &m);
        else
            lose(l, "a message of an unknown type");
        m6_message_finish(&m);
    }
    return -1;
}

void worker_serve_finish(struct worker_link *l)
{
    for (int i = 0; i < WORKER_HANDLES_MAX; i++) {
        if (l->frames[i])
            m6_services.frames_close(l->frames[i]);
        if (l->answers[i].answer)
            release(&l->answers[i]);
    }
}
