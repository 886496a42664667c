#include "captions.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "internal.h"

enum { PATIENCE_MS = 5000, IN_FLIGHT = 4 };

/* ---- samples: with the lock held ---- */

int sample_unanswered(const struct sample *s)
{
    if (s->is_mark)
        return 0;
    for (int i = 0; i < s->answer_count; i++)
        if (s->answers[i].state == WAITING || s->answers[i].state == ASKED)
            return 1;
    return 0;
}

void sample_set_text(struct answer *a, const char *text)
{
    free(a->text);
    a->text = text ? strdup(text) : NULL;
}

static void release_pictures(struct m6_captions *c, struct sample *s)
{
    for (int i = 0; i < s->picture_count; i++) {
        if (s->pictures[i].frame)
            c->params.release(c->params.arg, s->pictures[i].frame);
        m6_buffer_release(s->pictures[i].buffer);
        s->pictures[i].frame = NULL;
        s->pictures[i].buffer = NULL;
    }
    s->picture_count = s->converted = 0;
}

void sample_end(struct m6_captions *c, struct sample *s, enum answer_state state, enum m6_status status, const char *why)
{
    for (int i = 0; i < s->answer_count; i++) {
        struct answer *a = &s->answers[i];
        if (a->state != WAITING && a->state != ASKED)
            continue;
        if (a->job && c->client)
            m6_cancel(c->client, a->job);
        a->job = 0;
        a->state = state;
        a->status = status;
        a->answered_ns = m6_now_ns();
        sample_set_text(a, why);
    }
    /* Counted now, though what was before it may have to be told first. */
    c->stats.dropped += state == DROPPED && !s->passed && !s->dropped;
    s->dropped |= state == DROPPED;
    s->undecided = 0;
    release_pictures(c, s);
}

static void free_sample(struct m6_captions *c, struct sample *s)
{
    for (int i = 0; i < s->answer_count; i++) {
        if (s->answers[i].job && c->client)
            m6_cancel(c->client, s->answers[i].job);
        free(s->answers[i].text);
    }
    release_pictures(c, s);
    free(s->prompt);
    free(s);
}

void sample_remove(struct m6_captions *c, struct sample *s)
{
    struct sample **at = &c->first;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    if (c->last == &s->next)
        c->last = at;
    free_sample(c, s);
    pthread_cond_broadcast(&c->changed);
}

static void append(struct m6_captions *c, struct sample *s)
{
    *c->last = s;
    c->last = &s->next;
}

static struct sample *find(const struct m6_captions *c, uint64_t number)
{
    struct sample *s = c->first;
    while (s && (s->is_mark || s->number != number))
        s = s->next;
    return s;
}

/* ---- the policy: with the lock held ---- */

int captions_absent(const struct m6_captions *c)
{
    if (c->unfit || !c->client)
        return 1;
    if (c->connected || c->searching)
        return 0;
    return c->params.live || m6_now_ns() - c->lost_ns > (int64_t)c->params.patience_ms * 1000000;
}

static int unanswered(const struct m6_captions *c)
{
    int n = 0;
    for (const struct sample *s = c->first; s; s = s->next)
        n += sample_unanswered(s);
    return n;
}

/* The oldest that nobody has begun with. */
static int drop_oldest(struct m6_captions *c)
{
    for (struct sample *s = c->first; s; s = s->next) {
        if (s->in_use || s->admitted || !sample_unanswered(s))
            continue;
        sample_end(c, s, DROPPED, M6_OK, "a newer picture takes its place, since the host is busy");
        captions_wake(c);
        return 1;
    }
    return 0;
}

/* 1: there is room; 0: there is none; -1: interrupted. */
static int make_room(struct m6_captions *c)
{
    for (;;) {
        if (c->interrupted || c->stopping)
            return -1;
        if (captions_absent(c))
            return 0;
        if (unanswered(c) < c->params.in_flight)
            return 1;
        if (c->params.policy == M6_CAPTIONS_DROP_NEWEST || (c->params.policy == M6_CAPTIONS_DROP_OLDEST && !drop_oldest(c)))
            return 0;
        if (c->params.policy == M6_CAPTIONS_BLOCK)
            pthread_cond_wait(&c->changed, &c->lock);
    }
}

static struct sample *new_sample(const struct m6_captions_sample *given)
{
    struct sample *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    const int asks = given->prompt && *given->prompt;
    s->epoch = given->epoch;
    s->start_ns = given->start_ns;
    s->end_ns = M6_CAPTIONS_UNKNOWN;
    s->seed = given->seed;
    s->clip = given->clip;
    s->deadline_ms = given->deadline_ms;
    s->undecided = s->scene = given->candidate;
    s->every_ns = given->every_ns;
    s->prompt = asks ? strdup(given->prompt) : NULL;
    s->answer_count = given->language_count < M6_CAPTIONS_LANGUAGES_MAX ? given->language_count : M6_CAPTIONS_LANGUAGES_MAX;
    if (asks)
        s->answer_count = 1; /* the question's own language is the answer's */
    for (int i = 0; i < s->answer_count && !asks; i++)
        snprintf(s->answers[i].language, sizeof s->answers[i].language, "%s", given->languages[i]);
    return s;
}

int64_t m6_captions_begin(struct m6_captions *c, const struct m6_captions_sample *given)
{
    struct sample *s = new_sample(given);
    pthread_mutex_lock(&c->lock);
    int64_t number = s ? make_room(c) : 0;
    if (number > 0) {
        number = (int64_t)(s->number = ++c->last_number);
        append(c, s);
    } else if (s) {
        free_sample(c, s);
    }
    if (!number)
        c->stats.dropped++;
    pthread_mutex_unlock(&c->lock);
    return number;
}

void m6_captions_frame(struct m6_captions *c, int64_t number, void *frame, int64_t pts_ns, int64_t duration_ns)
{
    pthread_mutex_lock(&c->lock);
    struct sample *s = number > 0 ? find(c, (uint64_t)number) : NULL;
    const int taken = s && sample_unanswered(s) && !s->ended && s->picture_count < M6_CAPTIONS_FRAMES_MAX;
    if (taken)
        s->pictures[s->picture_count++] = (struct picture){.frame = frame, .pts_ns = pts_ns, .duration_ns = duration_ns};
    pthread_mutex_unlock(&c->lock);
    if (taken)
        captions_wake(c);
    else
        c->params.release(c->params.arg, frame);
}

void m6_captions_end(struct m6_captions *c, int64_t number, int64_t end_ns)
{
    pthread_mutex_lock(&c->lock);
    struct sample *s = number > 0 ? find(c, (uint64_t)number) : NULL;
    if (s && !s->ended) {
        s->ended = 1;
        s->ended_ns = m6_now_ns();
        if (!s->scene)
            s->end_ns = end_ns;
        if (!s->picture_count)
            sample_end(c, s, DROPPED, M6_OK, "it has no picture");
    }
    pthread_mutex_unlock(&c->lock);
    captions_wake(c);
}

void m6_captions_mark(struct m6_captions *c, uint64_t id, int64_t end_ns)
{
    struct sample *mark = calloc(1, sizeof *mark);
    if (!mark)
        return;
    mark->is_mark = 1;
    mark->number = id;
    mark->end_ns = end_ns;
    pthread_mutex_lock(&c->lock);
    append(c, mark);
    pthread_mutex_unlock(&c->lock);
    captions_wake(c);
}

/* ---- waiting, forgetting ---- */

void m6_captions_configure(struct m6_captions *c, enum m6_captions_policy policy, int live, int in_flight)
{
    pthread_mutex_lock(&c->lock);
    c->params.policy = policy;
    c->params.live = live;
    c->params.in_flight = in_flight < 1 ? IN_FLIGHT : in_flight > M6_CAPTIONS_IN_FLIGHT_MAX ? M6_CAPTIONS_IN_FLIGHT_MAX : in_flight;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    captions_wake(c);
}

void m6_captions_interrupt(struct m6_captions *c, int on)
{
    pthread_mutex_lock(&c->lock);
    c->interrupted = on;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

void m6_captions_flush(struct m6_captions *c)
{
    pthread_mutex_lock(&c->lock);
    while (c->busy)
        pthread_cond_wait(&c->changed, &c->lock);
    while (c->first)
        sample_remove(c, c->first);
    c->has_grey = 0;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

int m6_captions_wait(struct m6_captions *c, int64_t number, int timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    int late = 0, there;
    pthread_mutex_lock(&c->lock);
    while ((there = number > 0 && find(c, (uint64_t)number)) && !c->interrupted && !c->stopping && !late) {
        if (timeout_ms < 0)
            pthread_cond_wait(&c->changed, &c->lock);
        else
            late = pthread_cond_timedwait(&c->changed, &c->lock, &until) == ETIMEDOUT;
    }
    pthread_mutex_unlock(&c->lock);
    return !there;
}

int m6_captions_drain(struct m6_captions *c)
{
    pthread_mutex_lock(&c->lock);
    while (c->first && !c->interrupted && !c->stopping)
        pthread_cond_wait(&c->changed, &c->lock);
    const int drained = !c->first;
    pthread_mutex_unlock(&c->lock);
    return drained;
}

void m6_captions_replace(struct m6_captions *c, void *(*copy)(void *arg, void *frame))
{
    pthread_mutex_lock(&c->lock);
    while (c->busy)
        pthread_cond_wait(&c->changed, &c->lock);
    for (struct sample *s = c->first; s; s = s->next) {
        for (int i = 0; i < s->picture_count; i++) {
            void *frame = s->pictures[i].frame, *copied = frame ? copy(c->params.arg, frame) : NULL;
            if (copied) {
                s->pictures[i].frame = copied;
                c->params.release(c->params.arg, frame);
            }
        }
    }
    pthread_mutex_unlock(&c->lock);
}

static int is_open(const struct sample *s, const char *language)
{
    if (s->undecided || !language)
        return 1;
    for (int i = 0; i < s->answer_count; i++)
        if (!s->answers[i].told && (!s->answers[i].language[0] || !strcmp(s->answers[i].language, language)))
            return 1;
    return 0;
}

int64_t m6_captions_known(struct m6_captions *c, uint32_t epoch, const char *language, int64_t from_ns)
{
    int64_t start = M6_CAPTIONS_UNKNOWN;
    pthread_mutex_lock(&c->lock);
    for (const struct sample *s = c->first; s; s = s->next)
        if (!s->is_mark && s->epoch == epoch && s->start_ns >= from_ns && s->start_ns < start && is_open(s, language))
            start = s->start_ns;
    pthread_mutex_unlock(&c->lock);
    return start;
}

void m6_captions_stats(struct m6_captions *c, struct m6_captions_stats *stats)
{
    pthread_mutex_lock(&c->lock);
    *stats = c->stats;
    stats->connected = c->connected && !c->unfit;
    stats->unanswered = unanswered(c);
    pthread_mutex_unlock(&c->lock);
}

/* ---- coming and going ---- */

static void free_all(struct m6_captions *c)
{
    m6_close(c->client);
    c->client = NULL;
    while (c->first)
        sample_remove(c, c->first);
    while (c->spare_count)
        m6_buffer_release(c->spare[--c->spare_count]);
    if (c->wake >= 0)
        close(c->wake);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->changed);
    free(c->host);
    free(c->name);
    free(c->model);
    free(c);
}

static struct m6_captions *make(const struct m6_captions_params *params)
{
    pthread_condattr_t attributes;
    struct m6_captions *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->params = *params;
    if (!c->params.patience_ms)
        c->params.patience_ms = PATIENCE_MS;
    c->host = params->host ? strdup(params->host) : NULL;
    c->name = strdup(params->name ? params->name : "");
    c->model = params->model ? strdup(params->model) : NULL;
    c->last = &c->first;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&c->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    m6_captions_configure(c, params->policy, params->live, params->in_flight);
    if (c->wake >= 0 && c->name)
        return c;
    free_all(c);
    return NULL;
}

/* A name that can never lead to a host is no failure here: the filter is told, as if none were there. */
static void open_client(struct m6_captions *c)
{
    const struct m6_open_params open = {.size = sizeof open, .host = c->host, .name = c->name, .background = 1};
    c->searching = !m6_open(&c->client, &open, &c->why);
    c->lost_ns = m6_now_ns();
}

enum m6_status m6_captions_create(struct m6_captions **out, const struct m6_captions_params *params, struct m6_error *err)
{
    sigset_t all, before;
    struct m6_captions *c = *out = make(params);
    if (!c)
        return m6_fail(err, M6_ERR_MEMORY, "no memory or descriptors for captions");
    open_client(c);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* the program's signals are the program's */
    const int failed = pthread_create(&c->thread, NULL, captions_run, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        free_all(c);
        *out = NULL;
        return m6_fail(err, M6_ERR_MEMORY, "cannot start a thread: %s", strerror(failed));
    }
    return M6_OK;
}

void m6_captions_destroy(struct m6_captions *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = 1;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    captions_wake(c);
    pthread_join(c->thread, NULL);
    free_all(c);
}
