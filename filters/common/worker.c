/* The thread: one thing at a time, whatever is due. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

void captions_wake(struct m6_captions *c)
{
    const uint64_t one = 1;
    while (write(c->wake, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void rest(struct m6_captions *c)
{
    struct pollfd fds[2] = {{c->wake, POLLIN, 0}, {c->client ? m6_fd(c->client) : -1, POLLIN, 0}};
    uint64_t count;
    /* Nothing wakes it when patience, or a rest, ends. */
    const int timed = c->client && (!c->connected || c->rest_until_ns);
    if (poll(fds, 2, timed ? REST_MS : -1) > 0 && fds[0].revents)
        while (read(c->wake, &count, sizeof count) > 0)
            ;
}

/* With the lock held; it is given up while the filter is called. */
static void tell(struct m6_captions *c, struct sample *s, struct m6_captions_event *e)
{
    e->model = c->model_name; /* this thread writes it */
    if (s) {
        e->sample = s->number;
        e->epoch = s->epoch;
        e->start_ns = s->start_ns;
        e->end_ns = s->end_ns;
        e->prompt = s->prompt;
        e->seed = s->seed;
        s->in_use = 1;
    }
    c->busy = 1;
    pthread_mutex_unlock(&c->lock);
    c->params.event(c->params.arg, e);
    pthread_mutex_lock(&c->lock);
    c->busy = 0;
    if (s)
        s->in_use = 0;
    pthread_cond_broadcast(&c->changed);
}

/* ---- converting ---- */

static int admitted(const struct m6_captions *c)
{
    int n = 0;
    for (const struct sample *s = c->first; s; s = s->next)
        n += s->admitted && sample_unanswered(s);
    return n;
}

/* Where the oldest may give way, one place is kept for it to wait in: else it would always be too late. */
static int may_begin(const struct m6_captions *c, const struct sample *s)
{
    const int room = c->params.in_flight;
    if (s->admitted || s->undecided || c->params.policy == M6_CAPTIONS_BLOCK)
        return 1;
    return c->connected && admitted(c) < (c->params.policy == M6_CAPTIONS_DROP_OLDEST && room > 1 ? room - 1 : room);
}

static struct sample *to_convert(const struct m6_captions *c)
{
    for (struct sample *s = c->first; s; s = s->next)
        if (!s->is_mark && s->picture_count > s->converted && sample_unanswered(s) && may_begin(c, s))
            return s;
    return NULL;
}

static struct m6_buffer *take_buffer(struct m6_captions *c, size_t bytes, struct m6_error *err)
{
    struct m6_buffer *buffer = NULL;
    if (c->spare_bytes != bytes)
        while (c->spare_count)
            m6_buffer_release(c->spare[--c->spare_count]);
    c->spare_bytes = bytes;
    if (c->spare_count)
        return c->spare[--c->spare_count];
    m6_buffer_create(&buffer, bytes, err);
    return buffer;
}

/* What the host no longer reads can be written again. */
static void give_buffer(struct m6_captions *c, struct picture *p)
{
    const size_t bytes = (size_t)p->width * (size_t)p->height * 3;
    if (p->buffer && c->spare_count < SPARE_MAX && bytes == c->spare_bytes && !m6_buffer_users(p->buffer))
        c->spare[c->spare_count++] = p->buffer;
    else
        m6_buffer_release(p->buffer);
    p->buffer = NULL;
}

static enum m6_status convert(struct m6_captions *c, struct picture *p, struct m6_error *err)
{
    c->params.size(c->params.arg, p->frame, &p->width, &p->height);
    p->buffer = take_buffer(c, (size_t)p->width * (size_t)p->height * 3, err);
    return p->buffer ? c->params.convert(c->params.arg, p->frame, p->width, p->height, m6_buffer_data(p->buffer), err) : M6_ERR_MEMORY;
}

/* The scene that is open ends where another begins. */
static int end_scene(struct m6_captions *c, const struct sample *before, int64_t at_ns)
{
    int any = 0;
    for (const struct sample *s = c->first; s != before; s = s->next)
        if (s->undecided) /* it may end here */
            return 0;
    for (struct sample *s = c->first; s != before; s = s->next) {
        if (s->is_mark || !s->scene || s->passed || s->end_ns != M6_CAPTIONS_UNKNOWN)
            continue;
        s->end_ns = at_ns > s->start_ns ? at_ns : s->start_ns;
        any = 1;
    }
    return any;
}

/* A cut differs from the picture before; what changes slowly, from how the scene began. */
static int is_scene(struct m6_captions *c, const struct sample *s, const uint8_t *grey)
{
    const double threshold = c->params.scene_threshold > 0 ? c->params.scene_threshold : M6_SCENE_THRESHOLD;
    if (!c->has_grey || c->scene_epoch != s->epoch || (s->every_ns && s->start_ns - c->scene_ns >= s->every_ns))
        return 1;
    return m6_scene_difference(c->grey[0], grey) > threshold || m6_scene_difference(c->grey[1], grey) > 2 * threshold;
}

static enum m6_status decide(struct m6_captions *c, struct sample *s, struct m6_error *err)
{
    uint8_t grey[GREY];
    enum m6_status status = c->params.grey(c->params.arg, s->pictures[0].frame, grey, err);
    if (status)
        return status;
    s->passed = !is_scene(c, s, grey);
    memcpy(c->grey[0], grey, GREY);
    if (!s->passed) {
        memcpy(c->grey[1], grey, GREY);
        c->scene_ns = s->start_ns;
        c->scene_epoch = s->epoch;
    }
    c->has_grey = 1;
    return M6_OK;
}

static void decided(struct m6_captions *c, struct sample *s)
{
    s->undecided = 0;
    if (s->passed) {
        sample_end(c, s, DROPPED, M6_OK, NULL);
        return;
    }
    end_scene(c, s, s->start_ns);
    if (c->params.live && s->every_ns)
        s->end_ns = s->start_ns + s->every_ns;
}

static int convert_one(struct m6_captions *c)
{
    struct sample *s = to_convert(c);
    if (!s)
        return 0;
    struct picture *p = &s->pictures[s->converted];
    struct m6_error err = {""};
    const int deciding = s->undecided;
    s->in_use = c->busy = 1;
    if (!deciding)
        s->admitted = 1;
    pthread_mutex_unlock(&c->lock);
    const enum m6_status status = deciding ? decide(c, s, &err) : convert(c, p, &err);
    void *done = deciding ? NULL : p->frame;
    if (done)
        c->params.release(c->params.arg, done);
    pthread_mutex_lock(&c->lock);
    s->in_use = c->busy = 0;
    if (done) {
        p->frame = NULL;
        s->converted++;
    }
    if (status)
        sample_end(c, s, FAILED, status, err.text);
    else if (deciding)
        decided(c, s);
    pthread_cond_broadcast(&c->changed);
    return 1;
}

/* ---- asking ---- */

static int ask_one(struct m6_captions *c, struct sample *s, struct answer *a)
{
    struct m6_error err = {""};
    uint64_t job = 0;
    s->in_use = c->busy = 1;
    pthread_mutex_unlock(&c->lock);
    const int64_t now = m6_now_ns();
    const enum m6_status status = host_ask(c, s, a, &job, &err);
    pthread_mutex_lock(&c->lock);
    s->in_use = c->busy = 0;
    pthread_cond_broadcast(&c->changed);
    if (!status) {
        a->state = ASKED;
        a->job = job;
        a->asked_ns = now;
        return 1;
    }
    /* No host: an event will tell. Too many jobs: one will end. */
    if (status == M6_ERR_IO || status == M6_ERR_LIMIT)
        return 0;
    a->state = FAILED;
    a->status = status;
    a->answered_ns = now;
    sample_set_text(a, err.text);
    return 1;
}

static int ask(struct m6_captions *c)
{
    if (!c->connected || c->unfit || (c->rest_until_ns && m6_now_ns() < c->rest_until_ns))
        return 0;
    c->rest_until_ns = 0;
    for (struct sample *s = c->first; s; s = s->next) {
        if (s->is_mark || s->undecided || !s->ended || s->converted < s->picture_count)
            continue;
        for (int i = 0; i < s->answer_count; i++)
            if (s->answers[i].state == WAITING && s->picture_count)
                return ask_one(c, s, &s->answers[i]);
    }
    return 0;
}

/* ---- answering ---- */

/* Whether an earlier sample's answer in the same language, or a mark, comes first. */
static int must_wait(const struct m6_captions *c, const struct sample *s, const struct answer *a)
{
    for (const struct sample *before = c->first; before != s; before = before->next) {
        if (before->is_mark || before->undecided)
            return 1;
        for (int i = 0; i < before->answer_count; i++)
            if (!before->answers[i].told && (!before->answers[i].language[0] || !a->language[0] || !strcmp(before->answers[i].language, a->language)))
                return 1;
    }
    return 0;
}

static int is_answered(const struct m6_captions *c, const struct sample *s, const struct answer *a)
{
    if (a->told || a->state == WAITING || a->state == ASKED)
        return 0;
    return a->state != ANSWERED || c->params.live || s->end_ns != M6_CAPTIONS_UNKNOWN;
}

static void tell_answer(struct m6_captions *c, struct sample *s, struct answer *a)
{
    struct m6_captions_event e = {
        .type = s->passed                ? M6_CAPTIONS_PASSED
                : a->state == ANSWERED ? M6_CAPTIONS_TEXT
                : a->state == DROPPED  ? M6_CAPTIONS_DROPPED
                                       : M6_CAPTIONS_FAILED,
        .language = a->language[0] ? a->language : NULL,
        .text = a->text ? a->text : "",
        .status = a->status,
        .latency_ns = a->answered_ns - s->ended_ns,
        .inference_ns = a->asked_ns ? a->answered_ns - a->asked_ns : 0,
    };
    e.again = s->counted && e.type != M6_CAPTIONS_TEXT;
    s->counted |= e.type != M6_CAPTIONS_TEXT;
    c->stats.texts += e.type == M6_CAPTIONS_TEXT;
    c->stats.failed += e.type == M6_CAPTIONS_FAILED && !e.again;
    c->stats.dropped += e.type == M6_CAPTIONS_DROPPED && !e.again && !s->dropped;
    if (e.type == M6_CAPTIONS_TEXT)
        c->stats.last_latency_ns = e.latency_ns;
    tell(c, s, &e);
    a->told = 1;
}

static void finish(struct m6_captions *c, struct sample *s)
{
    struct m6_captions_event settled = {.type = M6_CAPTIONS_SETTLED};
    tell(c, s, &settled);
    for (int i = 0; i < s->answer_count; i++)
        if (!s->answers[i].told)
            return;
    for (int i = 0; i < s->picture_count; i++)
        give_buffer(c, &s->pictures[i]);
    sample_remove(c, s);
}

static int answer_one(struct m6_captions *c)
{
    /* A model that has just been loaded says its name in a moment. */
    if (c->connected && c->status_asked && !c->model_name[0])
        return 0;
    for (struct sample *s = c->first; s; s = s->next) {
        if (s->is_mark) {
            if (end_scene(c, s, s->end_ns))
                return 1; /* it may be answered now */
            if (s != c->first)
                continue;
            struct m6_captions_event e = {.type = M6_CAPTIONS_MARK};
            tell(c, s, &e);
            sample_remove(c, s);
            return 1;
        }
        for (int i = 0; i < s->answer_count; i++) {
            if (!is_answered(c, s, &s->answers[i]) || must_wait(c, s, &s->answers[i]))
                continue;
            tell_answer(c, s, &s->answers[i]);
            finish(c, s);
            return 1;
        }
    }
    return 0;
}

/* ---- no host ---- */

static int give_up(struct m6_captions *c)
{
    int any = 0;
    if (!captions_absent(c))
        return 0;
    for (struct sample *s = c->first; s; s = s->next) {
        if (!sample_unanswered(s))
            continue;
        sample_end(c, s, DROPPED, M6_ERR_IO, c->why.text);
        any = 1;
    }
    if (any)
        pthread_cond_broadcast(&c->changed);
    return any;
}

static int hear(struct m6_captions *c)
{
    struct m6_captions_event e = {0};
    char text[512];
    const int heard = host_take(c, &e, text, sizeof text);
    if (heard) /* an answer makes room */
        pthread_cond_broadcast(&c->changed);
    if (heard > 1) {
        e.text = text;
        tell(c, NULL, &e);
    }
    return heard;
}

void *captions_run(void *arg)
{
    struct m6_captions *c = arg;
    pthread_mutex_lock(&c->lock);
    if (!c->client) {
        struct m6_captions_event e = {.type = M6_CAPTIONS_DISCONNECTED, .status = M6_ERR_IO, .text = c->why.text};
        tell(c, NULL, &e);
    }
    while (!c->stopping) {
        if (hear(c) || answer_one(c) || ask(c) || give_up(c) || convert_one(c))
            continue;
        pthread_mutex_unlock(&c->lock);
        rest(c);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}
