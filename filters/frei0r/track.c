#include "track.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "captions.h"
#include "clock.h"
#include "pixels.h"
#include "sidecar.h"

/* How long frames of other threads are let come first, and how long what failed is left alone. */
static const int64_t courtesy = 300000000, retry_after = 2000000000;

enum stretch_state { ASKED, SAID, FAILED };

struct stretch {
    int64_t index, number, failed_at;
    enum stretch_state state;
    char *text; /* the caption, or why not; NULL: neither yet */
};

struct track {
    struct track *next;
    struct caption_options options;
    char *prompt;
    int users; /* guarded by tracks_lock */

    pthread_mutex_t asking; /* one at a time asks; taken before the lock, and never in a callback */
    struct m6_captions *captions;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct stretch **list; /* by index */
    int count, room;
    int64_t seen, end, step; /* the last frame's time, the latest end, and the least from frame to frame */
    int has_seen, is_unwritten;
    char model[128];
    struct m6_error why; /* there is no host */
};

struct frame {
    int width, height;
    uint8_t rgb[];
};

static pthread_mutex_t tracks_lock = PTHREAD_MUTEX_INITIALIZER;
static struct track *tracks;

/* ---- with the lock held ---- */

static struct stretch *find(const struct track *t, int64_t index)
{
    for (int i = t->count; i-- > 0 && t->list[i]->index >= index;)
        if (t->list[i]->index == index)
            return t->list[i];
    return NULL;
}

static struct stretch *insert(struct track *t, int64_t index)
{
    if (t->count == t->room) {
        const int room = t->room ? 2 * t->room : 64;
        struct stretch **list = realloc(t->list, (size_t)room * sizeof *list);
        if (!list)
            return NULL;
        t->list = list;
        t->room = room;
    }
    struct stretch *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    int at = t->count++;
    for (; at > 0 && t->list[at - 1]->index > index; at--)
        t->list[at] = t->list[at - 1];
    t->list[at] = s;
    s->index = index;
    return s;
}

static void settle(struct track *t, struct stretch *s, enum stretch_state state, const char *text)
{
    free(s->text);
    s->text = strdup(text ? text : "");
    s->state = state;
    s->failed_at = state == FAILED ? m6_now_ns() : 0;
    t->is_unwritten |= state == SAID;
    pthread_cond_broadcast(&t->changed);
}

static int wait_until(struct track *t, int64_t at)
{
    const struct timespec until = {at / 1000000000, at % 1000000000};
    return pthread_cond_timedwait(&t->changed, &t->lock, &until) == ETIMEDOUT;
}

/* ends: there are no frames after the last that was seen. */
static enum m6_status write_sidecar(struct track *t, int ends, struct m6_error *err)
{
    const struct sidecar_about about = {t->model, t->prompt, t->options.language, t->options.seed};
    int n = 0;
    if (!t->options.destination || !t->is_unwritten)
        return M6_OK;
    t->is_unwritten = 0;
    struct sidecar_line *lines = calloc((size_t)t->count, sizeof *lines);
    if (!lines)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the captions' file");
    for (int i = 0; i < t->count; i++) {
        const struct stretch *s = t->list[i];
        const int64_t start = s->index * t->options.every, end = start + t->options.every;
        if (s->state == SAID && s->text)
            lines[n++] = (struct sidecar_line){start, !ends || end < t->end || t->end <= start ? end : t->end, s->text};
    }
    const enum m6_status status = sidecar_write(t->options.destination, t->options.format, &about, lines, n, err);
    free(lines);
    return status;
}

/* ---- asking ---- */

static void on_size(void *arg, void *data, int *width, int *height)
{
    *width = ((struct frame *)data)->width;
    *height = ((struct frame *)data)->height;
}

static enum m6_status on_convert(void *arg, void *data, int width, int height, uint8_t *rgb, struct m6_error *err)
{
    memcpy(rgb, ((struct frame *)data)->rgb, (size_t)width * (size_t)height * 3);
    return M6_OK;
}

static void on_release(void *arg, void *data)
{
    free(data);
}

static void on_event(void *arg, const struct m6_captions_event *e)
{
    struct track *t = arg;
    struct stretch *s = NULL;
    pthread_mutex_lock(&t->lock);
    if (e->type == M6_CAPTIONS_TEXT && e->model && *e->model)
        snprintf(t->model, sizeof t->model, "%s", e->model);
    if (e->type == M6_CAPTIONS_DISCONNECTED)
        m6_fail(&t->why, M6_ERR_IO, "%s", e->text ? e->text : "");
    for (int i = 0; e->sample && i < t->count && !s; i++)
        s = t->list[i]->number == (int64_t)e->sample ? t->list[i] : NULL;
    if (s && e->type == M6_CAPTIONS_TEXT)
        settle(t, s, SAID, e->text);
    else if (s && s->state == ASKED && (e->type == M6_CAPTIONS_FAILED || e->type == M6_CAPTIONS_DROPPED))
        settle(t, s, FAILED, e->text);
    pthread_mutex_unlock(&t->lock);
}

/* With `asking` held. */
static enum m6_status open_captions(struct track *t, struct m6_error *err)
{
    const struct m6_captions_params params = {.host = t->options.host && *t->options.host ? t->options.host : NULL,
                                              .name = "frei0r m6caption",
                                              .model = t->options.model && *t->options.model ? t->options.model : NULL,
                                              .policy = M6_CAPTIONS_BLOCK,
                                              .arg = t,
                                              .size = on_size,
                                              .convert = on_convert,
                                              .release = on_release,
                                              .event = on_event};
    return t->captions ? M6_OK : m6_captions_create(&t->captions, &params, err);
}

static void ask(struct track *t, struct stretch *s, const struct track_frame *f)
{
    const struct m6_captions_sample sample = {.start_ns = s->index * t->options.every,
                                              .prompt = *t->prompt ? t->prompt : NULL,
                                              .languages = (const char *const *)&t->options.language,
                                              .language_count = 1,
                                              .seed = t->options.seed};
    struct m6_error err = {"no memory for a frame"};
    struct frame *frame = malloc(sizeof *frame + (size_t)f->width * (size_t)f->height * 3);
    int64_t number = 0;
    pthread_mutex_lock(&t->asking);
    if (frame && !open_captions(t, &err)) {
        frame->width = f->width;
        frame->height = f->height;
        pixels_rgb(frame->rgb, f->rgba, f->width, f->height, f->stride);
        err.text[0] = '\0';
        m6_captions_configure(t->captions, f->wait ? M6_CAPTIONS_BLOCK : M6_CAPTIONS_DROP_NEWEST, !f->wait, 0);
        number = m6_captions_begin(t->captions, &sample);
    }
    pthread_mutex_lock(&t->lock);
    s->number = number > 0 ? number : 0;
    if (number <= 0)
        settle(t, s, FAILED, err.text[0] ? err.text : t->why.text[0] ? t->why.text : "no host answers, or it is busy; see with `m6 status`");
    pthread_mutex_unlock(&t->lock);
    if (number > 0) {
        m6_captions_frame(t->captions, number, frame, f->time, 0);
        m6_captions_end(t->captions, number, sample.start_ns + t->options.every);
    } else {
        free(frame);
    }
    pthread_mutex_unlock(&t->asking);
}

/* ---- showing ---- */

static void see(struct track *t, int64_t time)
{
    const int64_t apart = time > t->seen ? time - t->seen : t->seen - time;
    if (t->has_seen && apart > 0 && (!t->step || apart < t->step))
        t->step = apart;
    t->seen = time;
    t->has_seen = 1;
    t->end = time + t->step > t->end ? time + t->step : t->end;
}

static int has_other_users(const struct track *t)
{
    pthread_mutex_lock(&tracks_lock);
    const int users = t->users;
    pthread_mutex_unlock(&tracks_lock);
    return users > 1;
}

static char *shown_text(const struct track *t, const struct stretch *s, int wait)
{
    if (!wait && s->state == ASKED)
        s = find(t, s->index - 1);
    return s && s->state == SAID ? strdup(s->text ? s->text : "") : NULL;
}

char *track_show(struct track *t, const struct track_frame *f, struct m6_error *err)
{
    /* Hosts round times: one that is a microsecond early has arrived, as in schedule.h. */
    const int64_t index = f->time > 0 ? (f->time + 1000) / t->options.every : 0, into = f->time - index * t->options.every;
    const int others = has_other_users(t);
    int asks = 0;
    pthread_mutex_lock(&t->lock);
    see(t, f->time);
    struct stretch *s = find(t, index);
    const int may_be_first = t->step && into < t->step;
    for (const int64_t until = m6_now_ns() + courtesy; !s && others && into > 1000 && !may_be_first && !wait_until(t, until);)
        s = find(t, index);
    s = s ? s : find(t, index);
    if (!s || (s->state == FAILED && m6_now_ns() - s->failed_at > retry_after)) {
        asks = 1;
        s = s ? s : insert(t, index);
        if (s) {
            s->state = ASKED;
            pthread_cond_broadcast(&t->changed);
        }
    }
    pthread_mutex_unlock(&t->lock);
    if (!s) {
        m6_fail(err, M6_ERR_MEMORY, "no memory for a caption");
        return NULL;
    }
    if (asks)
        ask(t, s, f);
    pthread_mutex_lock(&t->lock);
    for (const int64_t until = m6_now_ns() + t->options.timeout; f->wait && s->state == ASKED;) {
        if (wait_until(t, until) && s->state == ASKED)
            settle(t, s, FAILED, "no caption came in time; give it longer with timeout, or see with `m6 top` what the host does");
    }
    if (s->state == FAILED)
        m6_fail(err, M6_ERR_MODEL, "%s", s->text ? s->text : "no memory for a caption");
    char *text = shown_text(t, s, f->wait);
    struct m6_error trouble;
    if (write_sidecar(t, 0, &trouble) && !err->text[0])
        *err = trouble;
    pthread_mutex_unlock(&t->lock);
    return text;
}

/* ---- coming and going ---- */

static int is_same(const char *a, const char *b)
{
    return !strcmp(a ? a : "", b ? b : "");
}

static int is_of(const struct track *t, const struct caption_options *o, const char *prompt)
{
    const struct caption_options *own = &t->options;
    return own->every == o->every && own->seed == o->seed && own->format == o->format && is_same(t->prompt, prompt) && is_same(own->language, o->language) &&
           is_same(own->model, o->model) && is_same(own->host, o->host) && is_same(own->destination, o->destination) && is_same(own->track, o->track);
}

static int copy_text(char **to, const char *from)
{
    *to = from ? strdup(from) : NULL;
    return from && !*to;
}

static struct track *create(const struct caption_options *o, const char *prompt)
{
    pthread_condattr_t attributes;
    struct track *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    struct caption_options *own = &t->options;
    *own = *o;
    if (copy_text(&own->language, o->language) | copy_text(&own->model, o->model) | copy_text(&own->host, o->host) | copy_text(&own->destination, o->destination) |
        copy_text(&own->track, o->track) | copy_text(&t->prompt, prompt)) {
        caption_options_finish(own);
        free(t->prompt);
        free(t);
        return NULL;
    }
    pthread_mutex_init(&t->asking, NULL);
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&t->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return t;
}

struct track *track_get(const struct caption_options *o, const char *prompt)
{
    pthread_mutex_lock(&tracks_lock);
    struct track *t = tracks;
    while (t && !is_of(t, o, prompt))
        t = t->next;
    if (!t && (t = create(o, prompt))) {
        t->next = tracks;
        tracks = t;
    }
    if (t)
        t->users++;
    pthread_mutex_unlock(&tracks_lock);
    return t;
}

void track_put(struct track *t)
{
    if (!t)
        return;
    struct m6_error unused;
    pthread_mutex_lock(&t->asking);
    pthread_mutex_lock(&tracks_lock);
    const int last = !--t->users;
    pthread_mutex_unlock(&tracks_lock);
    if (last) {
        m6_captions_destroy(t->captions);
        t->captions = NULL;
        pthread_mutex_lock(&t->lock);
        for (int i = 0; i < t->count; i++) {
            t->list[i]->number = 0;
            if (t->list[i]->state == ASKED)
                settle(t, t->list[i], FAILED, "the video ended first");
        }
        t->is_unwritten = t->count > 0 && t->model[0]; /* the end may have come since */
        write_sidecar(t, 1, &unused);
        pthread_mutex_unlock(&t->lock);
    }
    pthread_mutex_unlock(&t->asking);
}
