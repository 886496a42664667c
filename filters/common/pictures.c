#include "pictures.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub.h"
#include "prompt_file.h"

/* How long an exact feed hopes that a host which went away comes back, and how far apart frames may be that follow each other. */
static const int64_t patience = (int64_t)10 * 1000000000, next_frame = 2000000000, retry_after = 2000000000;

struct m6_feed {
    struct hub *hub; /* NULL: nothing has been asked yet */
    char *name, *host, *model;
    int live, in_order;
    int64_t timeout;
    void (*notice)(void *arg, const struct m6_feed_notice *);
    void *arg;
    atomic_int interrupted;

    struct drawing *present, *next, *under; /* held, or NULL */
    const struct drawing *late;             /* was waited for in vain */

    /* What came last, for fades that follow the order of frames. */
    struct m6_picture *shown, *before;
    int64_t shown_time, since, shown_index;

    /* What has been told. */
    int told_lost;
    uint64_t told_of, told_warning, told_drawn; /* numbers of drawings */
    unsigned told_steps;
};

struct m6_feed *m6_feed_create(const struct m6_feed_params *p)
{
    struct m6_feed *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->name = p->name ? strdup(p->name) : NULL;
    f->host = p->host ? strdup(p->host) : NULL;
    f->model = strdup(p->model ? p->model : "");
    f->live = p->live;
    f->in_order = p->in_order || p->live;
    f->timeout = p->timeout > 0 ? p->timeout : (int64_t)60 * 1000000000;
    f->notice = p->notice;
    f->arg = p->arg;
    if ((p->name && !f->name) || (p->host && !f->host) || !f->model) {
        m6_feed_destroy(f);
        return NULL;
    }
    return f;
}

void m6_feed_destroy(struct m6_feed *f)
{
    if (!f)
        return;
    if (f->hub) {
        pthread_mutex_lock(&f->hub->lock);
        hub_release(f->hub, f->present);
        hub_release(f->hub, f->next);
        hub_release(f->hub, f->under);
        pthread_mutex_unlock(&f->hub->lock);
        hub_put(f->hub);
    }
    m6_picture_unref(f->shown);
    m6_picture_unref(f->before);
    free(f->name);
    free(f->host);
    free(f->model);
    free(f);
}

void m6_feed_set_live(struct m6_feed *f, int live)
{
    f->live = live;
    f->in_order |= live;
}

void m6_shown_finish(struct m6_shown *s)
{
    m6_picture_unref(s->picture);
    m6_picture_unref(s->under);
    *s = (struct m6_shown){.mix = 1};
}

void m6_feed_interrupt(struct m6_feed *f, int on)
{
    f->interrupted = on;
    /* A feed that has asked for nothing waits for nothing; one that has keeps its hub. */
    struct hub *hub = __atomic_load_n(&f->hub, __ATOMIC_ACQUIRE);
    if (!hub)
        return;
    pthread_mutex_lock(&hub->lock);
    pthread_cond_broadcast(&hub->changed);
    pthread_mutex_unlock(&hub->lock);
}

static int open_hub(struct m6_feed *f)
{
    if (f->hub)
        return 0;
    struct hub *hub = hub_get(f->host, f->name);
    __atomic_store_n(&f->hub, hub, __ATOMIC_RELEASE);
    return hub ? 0 : -1;
}

static struct m6_stretch stretch_of(const struct m6_feed_request *r)
{
    static const struct m6_schedule once;
    return m6_schedule_at(r->schedule ? r->schedule : &once, r->time);
}

static struct hub_key key_of(const struct m6_feed *f, const struct m6_feed_request *r, int64_t index)
{
    return (struct hub_key){f->model, r->prompt, r->seed + (uint64_t)index, r->width, r->height, r->input};
}

/* ---- with the hub's lock held ---- */

/* *held becomes the drawing of this key. A failure that may pass is tried again after a while. */
static int hold(struct m6_feed *f, struct drawing **held, const struct hub_key *key)
{
    struct drawing *d = *held;
    if (d && hub_key_is(&d->key, key) && !(d->state == DRAWING_FAILED && d->retries && m6_now_ns() - d->failed_at > retry_after)) {
        d->last_used = ++f->hub->uses;
        return 0;
    }
    struct drawing *now = NULL;
    if (d && hub_key_is(&d->key, key)) { /* failed: anew */
        hub_release(f->hub, d);
        *held = NULL;
        now = hub_hold(f->hub, key, f->live);
    } else {
        now = hub_hold(f->hub, key, f->live);
        hub_release(f->hub, d);
    }
    *held = now;
    f->late = NULL;
    return now ? 0 : -1;
}

static void drop(struct m6_feed *f, struct drawing **held)
{
    hub_release(f->hub, *held);
    *held = NULL;
}

static void hold_next(struct m6_feed *f, const struct m6_feed_request *r, const struct m6_stretch *s)
{
    if (r->input || s->end == M6_TIME_NEVER || (r->until && s->end >= r->until)) {
        drop(f, &f->next);
        return;
    }
    const struct hub_key key = key_of(f, r, s->index + 1);
    hold(f, &f->next, &key);
}

/* Tells what is new of a drawing. The lock is given up while telling. */
static void tell(struct m6_feed *f, const struct drawing *d)
{
    struct m6_feed_notice told[4];
    char what[64] = "", warning[512] = "", why[512] = "";
    struct m6_picture *picture = NULL;
    int n = 0;
    if (!f->notice)
        return;
    if (f->hub->lost != f->told_lost) {
        f->told_lost = f->hub->lost;
        snprintf(why, sizeof why, "%s", f->hub->why.text);
        told[n++] = (struct m6_feed_notice){.type = f->told_lost ? M6_FEED_LOST : M6_FEED_FOUND, .text = why};
    }
    if (d && d->state == DRAWING_SUBMITTED && d->steps && (d->number != f->told_of || d->steps != f->told_steps)) {
        f->told_of = d->number;
        f->told_steps = d->steps;
        snprintf(what, sizeof what, "%s", d->what);
        told[n++] = (struct m6_feed_notice){.type = M6_FEED_DRAWING, .done = d->done, .total = d->total, .text = what};
    }
    if (d && d->warning && d->number != f->told_warning) {
        f->told_warning = d->number;
        snprintf(warning, sizeof warning, "%s", d->warning);
        told[n++] = (struct m6_feed_notice){.type = M6_FEED_WARNING, .text = warning};
    }
    if (d && d->state == DRAWING_READY && d->number != f->told_drawn) {
        f->told_drawn = d->number;
        picture = m6_picture_ref(d->picture);
        told[n++] = (struct m6_feed_notice){.type = M6_FEED_DRAWN, .picture = picture};
    }
    if (!n)
        return;
    pthread_mutex_unlock(&f->hub->lock);
    for (int i = 0; i < n; i++)
        f->notice(f->arg, &told[i]);
    m6_picture_unref(picture);
    pthread_mutex_lock(&f->hub->lock);
}

/* What to say of a drawing that is not there. */
static void explain(const struct m6_feed *f, const struct drawing *d, struct m6_error *err)
{
    if (d->state == DRAWING_FAILED)
        m6_fail(err, M6_ERR_MODEL, "%s", d->error.text);
    else if (f->hub->lost)
        m6_fail(err, M6_ERR_IO, "%s", f->hub->why.text);
    else
        m6_fail(err, M6_ERR_LATE, "no picture came within %g s; give it longer with timeout, or see with `m6 top` what the host does", (double)f->timeout / 1e9);
}

/* Waits for a held drawing. */
static enum m6_feed_state await(struct m6_feed *f, struct drawing *d, struct m6_error *err)
{
    struct hub *hub = f->hub;
    const int64_t until = m6_now_ns() + f->timeout;
    while (d->state != DRAWING_READY) {
        const int64_t hope = f->timeout < patience ? f->timeout : patience;
        const int64_t last = hub->lost && hub->lost_at + hope < until ? hub->lost_at + hope : until;
        tell(f, d);
        if (d->state == DRAWING_READY)
            break;
        if (f->interrupted)
            return M6_FEED_INTERRUPTED;
        if (d->state == DRAWING_FAILED || d == f->late || (hub->lost && !hub->met) || m6_now_ns() >= last) {
            f->late = d->state == DRAWING_FAILED || hub->lost ? f->late : d;
            explain(f, d, err);
            return M6_FEED_FAILED;
        }
        const struct timespec at = {last / 1000000000, last % 1000000000};
        pthread_cond_timedwait(&hub->changed, &hub->lock, &at);
    }
    f->late = f->late == d ? NULL : f->late;
    tell(f, d);
    return M6_FEED_SHOWN;
}

/* ---- fades in the order of frames ---- */

static void remember(struct m6_feed *f, const struct m6_feed_request *r, struct m6_shown *s)
{
    const int follows = f->shown && r->time >= f->shown_time && r->time - f->shown_time < next_frame;
    if (!follows) {
        m6_picture_unref(f->before);
        f->before = NULL;
    }
    if (s->picture != f->shown) {
        m6_picture_unref(f->before);
        /* An exact feed's stretches fade by the clock, not by what was seen. */
        f->before = follows && (f->live || s->stretch.index == f->shown_index) ? m6_picture_ref(f->shown) : NULL;
        f->since = r->time;
        m6_picture_unref(f->shown);
        f->shown = m6_picture_ref(s->picture);
    }
    f->shown_time = r->time;
    f->shown_index = s->stretch.index;
    if (f->before && r->time - f->since < r->fade && !s->under) {
        s->under = m6_picture_ref(f->before);
        s->mix = (double)(r->time - f->since) / (double)r->fade;
    }
}

/* ---- showing ---- */

static enum m6_feed_state show_exact(struct m6_feed *f, const struct m6_feed_request *r, struct m6_shown *s, struct m6_error *err)
{
    const struct hub_key key = key_of(f, r, s->stretch.index), key_under = key_of(f, r, s->stretch.index - 1);
    const int64_t into = r->time - s->stretch.start;
    const int fades = r->fade > 0 && s->stretch.index > 0 && into < r->fade && !r->input;
    if (fades ? hold(f, &f->under, &key_under) : (drop(f, &f->under), 0)) {
        m6_fail(err, M6_ERR_MEMORY, "no memory for a drawing");
        return M6_FEED_FAILED;
    }
    /* Becoming the present is cheap for what was drawn as the next. */
    if (hold(f, &f->present, &key)) {
        m6_fail(err, M6_ERR_MEMORY, "no memory for a drawing");
        return M6_FEED_FAILED;
    }
    enum m6_feed_state state = fades ? await(f, f->under, err) : M6_FEED_SHOWN;
    if (state == M6_FEED_SHOWN)
        state = await(f, f->present, err);
    if (state != M6_FEED_SHOWN)
        return state;
    s->picture = m6_picture_ref(f->present->picture);
    if (fades) {
        s->under = m6_picture_ref(f->under->picture);
        s->mix = into > 0 ? (double)into / (double)r->fade : 0;
    }
    hold_next(f, r, &s->stretch);
    return M6_FEED_SHOWN;
}

/* One drawing for the present at a time, and it is finished and shown even if another is wanted meanwhile: a prompt that changes faster than the
 * host draws still gives pictures. */
static enum m6_feed_state show_live(struct m6_feed *f, const struct m6_feed_request *r, struct m6_shown *s, struct m6_error *err)
{
    const struct hub_key key = key_of(f, r, s->stretch.index);
    const struct drawing *ready = hub_find(f->hub, &key);
    struct m6_picture *latest = NULL;
    if (f->present && f->present->state == DRAWING_READY)
        latest = m6_picture_ref(f->present->picture);
    const int busy = f->present && (f->present->state == DRAWING_WANTED || f->present->state == DRAWING_SUBMITTED) && !hub_key_is(&f->present->key, &key);
    if (!busy || f->hub->lost || (ready && ready->state == DRAWING_READY))
        hold(f, &f->present, &key);
    enum m6_feed_state state = M6_FEED_WAITING;
    if (f->present && f->present->state == DRAWING_READY && hub_key_is(&f->present->key, &key)) {
        m6_picture_unref(latest);
        latest = m6_picture_ref(f->present->picture);
        state = M6_FEED_SHOWN;
        hold_next(f, r, &s->stretch);
    } else if (f->present && (f->present->state == DRAWING_FAILED || f->hub->lost)) {
        explain(f, f->present, err);
        state = M6_FEED_FAILED;
    }
    if (f->present)
        tell(f, f->present);
    s->picture = latest ? latest : m6_picture_ref(f->shown);
    return s->picture && state != M6_FEED_SHOWN ? M6_FEED_STALE : state;
}

static int is_asking(struct m6_feed *f, const struct m6_feed_request *r, struct m6_error *err)
{
    if (!r->prompt || !r->prompt[0])
        m6_fail(err, M6_ERR_ARGUMENT, "there is no prompt; say what to draw with prompt=");
    else if (!m6_prompt_is_text(r->prompt))
        m6_fail(err, M6_ERR_ARGUMENT, "the prompt is no UTF-8 text; write it in UTF-8");
    else if (open_hub(f))
        m6_fail(err, M6_ERR_MEMORY, "no memory or threads for a connection to the host");
    else
        return 1;
    return 0;
}

enum m6_feed_state m6_feed_show(struct m6_feed *f, const struct m6_feed_request *r, struct m6_shown *s, struct m6_error *err)
{
    struct m6_error unused;
    err = err ? err : &unused;
    err->text[0] = '\0';
    *s = (struct m6_shown){.mix = 1, .stretch = stretch_of(r)};
    if (!is_asking(f, r, err))
        return M6_FEED_FAILED;
    pthread_mutex_lock(&f->hub->lock);
    const enum m6_feed_state state = f->live ? show_live(f, r, s, err) : show_exact(f, r, s, err);
    pthread_mutex_unlock(&f->hub->lock);
    if (f->in_order && s->picture)
        remember(f, r, s);
    return state;
}

void m6_feed_ask(struct m6_feed *f, const struct m6_feed_request *r)
{
    if (!is_asking(f, r, NULL))
        return;
    const struct hub_key key = key_of(f, r, stretch_of(r).index);
    pthread_mutex_lock(&f->hub->lock);
    hold(f, &f->present, &key);
    pthread_mutex_unlock(&f->hub->lock);
}
