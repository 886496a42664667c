/* Requests of plugins to the model. The engine tells its events on its own thread; here they are gathered, and handed on
 * by the job's thread within model_wait, so that a plugin has one thread a job. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/core.h"

enum { ANSWER_BYTES_MAX = 16 << 20, WARNINGS = 4 };

struct m6_answer {
    struct m6_answer *next; /* in job->answers, guarded by job->lock */
    struct m6_job *job;
    struct m6_request *request;
    int (*progress)(void *arg, const char *text, int done, int total);
    int enough; /* the plugin wants no more */
    void *arg;

    pthread_mutex_t lock; /* guards what follows until ended */
    pthread_cond_t changed;
    char *text;
    size_t length, room, told; /* told: how much of the text has been handed on */
    int done, total, moved;
    char warning[WARNINGS][512]; /* not handed on yet */
    int warnings;
    double score;
    int width, height;
    uint8_t *rgb;
    int ended;
    enum m6_status status;
    struct m6_error error;
};

static void fail(struct m6_answer *a, enum m6_status status, const char *sentence)
{
    if (!a->status)
        a->status = m6_fail(&a->error, status, "%s", sentence);
}

static void add_text(struct m6_answer *a, const char *text)
{
    size_t n = strlen(text);
    if (a->length + n + 1 > a->room) {
        size_t room = 2 * (a->length + n) + 256;
        char *more = room <= ANSWER_BYTES_MAX ? realloc(a->text, room) : NULL;
        if (!more) {
            fail(a, M6_ERR_MEMORY, "no memory for the model's answer");
            return;
        }
        a->text = more;
        a->room = room;
    }
    memcpy(a->text + a->length, text, n + 1);
    a->length += n;
}

static void keep_picture(struct m6_answer *a, const struct m6_picture *p)
{
    size_t row = (size_t)p->width * 3;
    free(a->rgb);
    a->rgb = malloc(row * (size_t)p->height);
    if (!a->rgb) {
        fail(a, M6_ERR_MEMORY, "no memory for the model's picture");
        return;
    }
    a->width = p->width;
    a->height = p->height;
    for (int y = 0; y < p->height; y++)
        memcpy(a->rgb + (size_t)y * row, p->rgb + (size_t)y * p->stride, row);
}

static int decides(const struct m6_event *e)
{
    return e->type == M6_EVENT_PROGRESS ? e->done > 0 : e->type == M6_EVENT_TEXT || e->type == M6_EVENT_PICTURE || e->type == M6_EVENT_SCORE;
}

static void note_first(struct m6_job *job, const struct m6_event *event)
{
    struct timespec t;
    int64_t never = 0;
    if (job->first_ns || !decides(event))
        return;
    clock_gettime(CLOCK_MONOTONIC, &t);
    atomic_compare_exchange_strong(&job->first_ns, &never, (int64_t)t.tv_sec * 1000000000 + t.tv_nsec);
}

static void on_event(void *arg, struct m6_request *request, const struct m6_event *event)
{
    struct m6_answer *a = arg;
    note_first(a->job, event);
    pthread_mutex_lock(&a->lock);
    switch (event->type) {
    case M6_EVENT_PROGRESS:
        a->done = event->done;
        a->total = event->total;
        a->moved = 1;
        break;
    case M6_EVENT_TEXT:
        add_text(a, event->text);
        break;
    case M6_EVENT_PICTURE:
        keep_picture(a, &event->picture);
        break;
    case M6_EVENT_SCORE:
        a->score = event->score;
        break;
    case M6_EVENT_WARNING:
        if (a->warnings < WARNINGS)
            snprintf(a->warning[a->warnings++], sizeof a->warning[0], "%s", event->text);
        break;
    case M6_EVENT_FAILED:
        fail(a, event->status ? event->status : M6_ERR_INTERNAL, event->text ? event->text : "the model failed");
        a->ended = 1;
        break;
    case M6_EVENT_CANCELLED:
        fail(a, M6_ERR_CANCELLED, "cancelled");
        a->ended = 1;
        break;
    case M6_EVENT_DONE:
        a->ended = 1;
        break;
    }
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

static struct m6_picture engine_picture(const struct m6_plugin_picture *p)
{
    return (struct m6_picture){p->width, p->height, p->stride, p->rgb};
}

static enum m6_status submit(struct m6_answer *a, const struct m6_plugin_request *request, struct m6_error *err)
{
    int pictures = request->picture_count > 0 ? request->picture_count : 0;
    int keeps = request->keep_count > 0 ? request->keep_count : 0;
    struct m6_picture *picture = calloc((size_t)pictures + 1, sizeof *picture);
    struct m6_rect *keep = calloc((size_t)keeps + 1, sizeof *keep);
    if (!picture || !keep) {
        free(picture);
        free(keep);
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a request");
    }
    for (int i = 0; i < pictures; i++)
        picture[i] = engine_picture(&request->pictures[i]);
    for (int i = 0; i < keeps; i++)
        keep[i] = (struct m6_rect){request->keep[i].x, request->keep[i].y, request->keep[i].w, request->keep[i].h};
    struct m6_picture image = {0};
    if (request->image)
        image = engine_picture(request->image);
    struct m6_request_params params = {
        .size = sizeof params,
        .task = (enum m6_task)request->task,
        .priority = a->job->priority,
        .pictures = picture,
        .picture_count = pictures,
        .text = request->text,
        .lang = request->lang,
        .prefix = request->prefix,
        .stop = request->stop,
        .max_tokens = request->max_tokens,
        .seed = request->seed,
        .temperature = request->temperature,
        .top_k = request->top_k,
        .top_p = request->top_p,
        .guidance = request->guidance,
        .mode = request->progressive ? M6_DRAW_PROGRESSIVE : M6_DRAW_AR,
        .steps = request->steps,
        .image = request->image ? &image : NULL,
        .keep = keep,
        .keep_count = keeps,
        .event = on_event,
        .arg = a,
    };
    enum m6_status status = m6_engine_submit(a->job->host->engine, &params, &a->request, err);
    free(picture);
    free(keep);
    return status;
}

static void destroy(struct m6_answer *a)
{
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->changed);
    free(a->text);
    free(a->rgb);
    free(a);
}

int m6_host_answer_start(struct m6_job *job, const struct m6_plugin_request *given, struct m6_answer **out)
{
    struct m6_error err = {""};
    struct m6_plugin_request request = {0};
    memcpy(&request, given, given->size < sizeof request ? given->size : sizeof request);
    *out = NULL;
    if (job->cancelled)
        return m6_job_fail(job, M6_ERR_CANCELLED, "cancelled");
    enum m6_status status = m6_job_load(job, &err);
    if (status)
        return m6_job_fail(job, status, err.text);
    struct m6_answer *a = calloc(1, sizeof *a);
    if (!a)
        return m6_job_fail(job, M6_ERR_MEMORY, "no memory for a request");
    a->job = job;
    a->progress = request.progress;
    a->arg = request.arg;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    status = submit(a, &request, &err);
    if (status) {
        destroy(a);
        return m6_job_fail(job, status, err.text);
    }
    pthread_mutex_lock(&job->lock);
    a->next = job->answers;
    job->answers = a;
    pthread_mutex_unlock(&job->lock);
    /* Cancelled between the look above and the list. */
    if (job->cancelled)
        m6_request_cancel(a->request);
    *out = a;
    return 0;
}

/* Hands on what has come since; called with the lock held, which it lets go meanwhile. */
static void hand_on(struct m6_answer *a)
{
    char *text = a->length > a->told ? strdup(a->text + a->told) : NULL;
    char warning[WARNINGS][sizeof a->warning[0]];
    int moved = a->moved, done = a->done, total = a->total, warnings = a->warnings;
    memcpy(warning, a->warning, sizeof warning);
    a->told = a->length;
    a->moved = a->warnings = 0;
    pthread_mutex_unlock(&a->lock);
    for (int i = 0; i < warnings; i++)
        m6_job_warn(a->job, warning[i]);
    int enough = a->enough;
    if (a->progress && text && !enough)
        enough |= a->progress(a->arg, text, done, total);
    if (a->progress && moved && !enough)
        enough |= a->progress(a->arg, NULL, done, total);
    if (enough && !a->enough)
        m6_request_cancel(a->request);
    a->enough = enough;
    free(text);
    pthread_mutex_lock(&a->lock);
}

int m6_host_answer_wait(struct m6_answer *a, struct m6_plugin_result *result)
{
    pthread_mutex_lock(&a->lock);
    for (;;) {
        if (a->length > a->told || a->moved || a->warnings)
            hand_on(a);
        else if (a->ended)
            break;
        else
            pthread_cond_wait(&a->changed, &a->lock);
    }
    enum m6_status status = a->enough && a->status == M6_ERR_CANCELLED && !a->job->cancelled ? M6_OK : a->status;
    pthread_mutex_unlock(&a->lock);
    if (status)
        return m6_job_fail(a->job, status, a->error.text);
    struct m6_plugin_result full = {
        .size = result->size,
        .text = a->text ? a->text : "",
        .picture = {a->width, a->height, (size_t)a->width * 3, a->rgb},
        .score = a->score,
    };
    memcpy(result, &full, result->size < sizeof full ? result->size : sizeof full);
    return 0;
}

void m6_host_answer_release(struct m6_answer *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->job->lock);
    struct m6_answer **at = &a->job->answers;
    while (*at && *at != a)
        at = &(*at)->next;
    if (*at)
        *at = a->next;
    pthread_mutex_unlock(&a->job->lock);
    m6_request_cancel(a->request);
    m6_request_wait(a->request);
    m6_request_release(a->request);
    destroy(a);
}

void m6_host_answers_cancel(struct m6_job *job)
{
    pthread_mutex_lock(&job->lock);
    for (struct m6_answer *a = job->answers; a; a = a->next)
        m6_request_cancel(a->request);
    pthread_mutex_unlock(&job->lock);
}
