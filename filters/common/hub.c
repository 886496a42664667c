#include "hub.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWINGS_MAX = 256, TRIES = 8 };

static pthread_mutex_t hubs_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list, and each hub's `feeds` */
static struct hub *hubs;
static atomic_size_t bound = (size_t)128 << 20;

static void submit_all(struct hub *);

/* ---- drawings ---- */

static void free_drawing(struct hub *hub, struct drawing *d)
{
    hub->bytes -= picture_bytes(d->picture);
    m6_picture_unref(d->picture);
    m6_picture_input_unref(d->key.input);
    free((char *)d->key.model);
    free((char *)d->key.prompt);
    free(d->warning);
    free(d);
}

static void remove_drawing(struct hub *hub, struct drawing *gone)
{
    for (struct drawing **at = &hub->drawings; *at; at = &(*at)->next) {
        if (*at != gone)
            continue;
        *at = gone->next;
        free_drawing(hub, gone);
        return;
    }
}

/* What nobody shows goes, the longest unused first. */
static void make_room(struct hub *hub)
{
    for (;;) {
        struct drawing *oldest = NULL;
        int count = 0;
        for (struct drawing *d = hub->drawings; d; d = d->next) {
            count++;
            if (!d->users && d->state == DRAWING_READY && (!oldest || d->last_used < oldest->last_used))
                oldest = d;
        }
        if (!oldest || (hub->bytes <= bound && count <= DRAWINGS_MAX))
            return;
        remove_drawing(hub, oldest);
    }
}

int hub_key_is(const struct hub_key *a, const struct hub_key *b)
{
    return a->seed == b->seed && a->width == b->width && a->height == b->height && input_is(a->input, b->input) && !strcmp(a->prompt, b->prompt) &&
           !strcmp(a->model, b->model);
}

struct drawing *hub_find(struct hub *hub, const struct hub_key *key)
{
    for (struct drawing *d = hub->drawings; d; d = d->next)
        if (!d->abandoned && hub_key_is(&d->key, key))
            return d;
    return NULL;
}

static struct drawing *new_drawing(struct hub *hub, const struct hub_key *key)
{
    struct drawing *d = calloc(1, sizeof *d), **last = &hub->drawings;
    if (!d)
        return NULL;
    d->key = *key;
    d->key.input = m6_picture_input_ref(key->input);
    d->key.prompt = strdup(key->prompt);
    d->key.model = strdup(key->model);
    if (!d->key.prompt || !d->key.model) {
        free_drawing(hub, d);
        return NULL;
    }
    while (*last) /* first wanted, first submitted */
        last = &(*last)->next;
    *last = d;
    return d;
}

struct drawing *hub_hold(struct hub *hub, const struct hub_key *key, int live)
{
    struct drawing *d = hub_find(hub, key);
    const int made = !d;
    if (made && !(d = new_drawing(hub, key)))
        return NULL;
    d->last_used = ++hub->uses;
    d->users++;
    if (made) {
        d->number = hub->uses;
        d->live = live;
        d->asked = m6_now_ns();
        submit_all(hub);
    }
    return d;
}

void hub_release(struct hub *hub, struct drawing *d)
{
    if (!d || --d->users)
        return;
    if (d->state == DRAWING_SUBMITTED) {
        d->abandoned = 1;
        m6_cancel(hub->client, d->job);
    } else if (d->state != DRAWING_READY) {
        remove_drawing(hub, d);
    }
    make_room(hub);
}

static void drawing_failed(struct drawing *d, enum m6_status status, const char *text)
{
    d->state = DRAWING_FAILED;
    d->failed_at = m6_now_ns();
    d->retries = status == M6_ERR_MEMORY || status == M6_ERR_LIMIT || status == M6_ERR_IO || status == M6_ERR_LATE || status == M6_ERR_CANCELLED;
    m6_fail(&d->error, status, "%s", text && text[0] ? text : "the host does not say why it did not draw");
}

/* ---- what the host says: on libm6's thread ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* A host with another model: what the one before drew is no answer any more. */
static void forget_others(struct hub *hub, const char *model)
{
    for (struct drawing **at = &hub->drawings; *at;) {
        struct drawing *d = *at;
        if (d->users || d->state != DRAWING_READY || !strcmp(d->picture->model, model)) {
            at = &d->next;
            continue;
        }
        *at = d->next;
        free_drawing(hub, d);
    }
}

static void on_picture(struct hub *hub, struct drawing *d, const struct m6_client_event *e)
{
    struct m6_picture *p = picture_of_event(e, &d->key, m6_now_ns() - d->asked);
    d->job = 0; /* what else is said of it does not matter */
    if (!p) {
        drawing_failed(d, M6_ERR_MEMORY, "no memory for a picture");
        return;
    }
    if (d->key.model[0] && strcmp(base_name(d->key.model), p->model) != 0) {
        char text[256];
        snprintf(text, sizeof text, "the host serves the model %.60s, not %.60s; end it with `m6 stop` and start one with that, or leave model out", p->model,
                 base_name(d->key.model));
        drawing_failed(d, M6_ERR_MODEL, text);
        m6_picture_unref(p);
        return;
    }
    if (strcmp(hub->model, p->model) != 0) {
        forget_others(hub, p->model);
        snprintf(hub->model, sizeof hub->model, "%s", p->model);
    }
    d->picture = p;
    d->state = DRAWING_READY;
    hub->bytes += picture_bytes(p);
    make_room(hub);
}

static void on_job(struct hub *hub, struct drawing *d, const struct m6_client_event *e)
{
    switch (e->type) {
    case M6_CLIENT_PROGRESS:
        d->done = e->done;
        d->total = e->total;
        snprintf(d->what, sizeof d->what, "%s", e->text ? e->text : "");
        d->steps++;
        break;
    case M6_CLIENT_WARNING:
        if (!d->warning && e->text)
            d->warning = strdup(e->text);
        break;
    case M6_CLIENT_PICTURE: on_picture(hub, d, e); break;
    case M6_CLIENT_DONE: drawing_failed(d, M6_ERR_MODEL, "the model drew nothing; choose a model that draws"); break;
    case M6_CLIENT_CANCELLED: drawing_failed(d, M6_ERR_CANCELLED, "the drawing was cancelled"); break;
    case M6_CLIENT_FAILED:
        /* Jobs are told as failed before it is told that the host went. */
        if (e->status == M6_ERR_IO && d->tries++ < TRIES) {
            d->state = DRAWING_WANTED;
            d->job = 0;
        } else {
            drawing_failed(d, e->status, e->text);
        }
        break;
    default: break;
    }
    const int ended = e->type == M6_CLIENT_DONE || e->type == M6_CLIENT_FAILED || e->type == M6_CLIENT_CANCELLED;
    if (d->abandoned && (ended || !d->job))
        remove_drawing(hub, d);
}

static void on_event(void *arg, const struct m6_client_event *e)
{
    struct hub *hub = arg;
    pthread_mutex_lock(&hub->lock);
    if (e->type == M6_CLIENT_DISCONNECTED) {
        hub->lost_at = hub->lost ? hub->lost_at : m6_now_ns();
        hub->lost = 1;
        m6_fail(&hub->why, M6_ERR_IO, "%s", e->text ? e->text : "the host went away");
        hub->found = 0;
    } else if (e->type == M6_CLIENT_CONNECTED) {
        hub->found = hub->met = 1;
        hub->lost = 0;
    } else if (e->job) {
        for (struct drawing *d = hub->drawings; d; d = d->next) {
            if (d->job != e->job)
                continue;
            on_job(hub, d, e);
            break;
        }
    }
    submit_all(hub);
    pthread_cond_broadcast(&hub->changed);
    pthread_mutex_unlock(&hub->lock);
}

/* ---- what is said to the host: on the thread that wants something, and on libm6's when it is there ---- */

/* JSON of a prompt: at most six bytes for one. */
static size_t print_string(char *to, const char *text)
{
    char *p = to;
    *p++ = '"';
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            *p++ = '\\';
            *p++ = (char)c;
        } else if (c < 0x20) {
            p += sprintf(p, "\\u%04x", c);
        } else {
            *p++ = (char)c;
        }
    }
    *p++ = '"';
    *p = '\0';
    return (size_t)(p - to);
}

static char *print_params(const struct hub_key *key)
{
    enum { REST = 8192 };
    char *json = malloc(strlen(key->prompt) * 6 + REST);
    if (!json)
        return NULL;
    size_t n = (size_t)sprintf(json, "{\"prompt\": ");
    n += print_string(json + n, key->prompt);
    n += (size_t)sprintf(json + n, ", \"seed\": \"%llu\"", (unsigned long long)key->seed);
    if (key->width)
        n += (size_t)sprintf(json + n, ", \"width\": %d", key->width);
    if (key->height)
        n += (size_t)sprintf(json + n, ", \"height\": %d", key->height);
    if (key->input)
        input_print_keep(key->input, json + n, REST - 256);
    strcat(json + n, "}");
    return json;
}

static enum m6_status submit(struct hub *hub, struct drawing *d, struct m6_error *err)
{
    char *params = print_params(&d->key);
    if (!params)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a prompt");
    struct m6_client_frame frame = {0};
    struct m6_client_input input = {.size = sizeof input, .frames = &frame, .frame_count = 1};
    struct m6_client_job job = {
        .size = sizeof job, .kind = "draw", .params = params, .inputs = &input, .priority = d->live ? M6_CLIENT_LIVE : M6_CLIENT_INTERACTIVE};
    if (d->key.input) {
        frame = input_frame(d->key.input);
        job.input_count = 1;
    }
    const enum m6_status status = m6_submit(hub->client, &job, &d->job, err);
    free(params);
    return status;
}

/* The first wanted first. What cannot be sent now is sent when a host comes, or a drawing has ended. */
static void submit_all(struct hub *hub)
{
    for (struct drawing *d = hub->drawings; d && hub->found; d = d->next) {
        struct m6_error err = {""};
        if (d->state != DRAWING_WANTED)
            continue;
        const enum m6_status status = submit(hub, d, &err);
        if (!status)
            d->state = DRAWING_SUBMITTED;
        else if (status == M6_ERR_IO)
            hub->found = 0; /* and that it is gone will be told */
        else if (status == M6_ERR_LIMIT)
            return;
        else
            drawing_failed(d, status, err.text);
    }
}

static void hub_free(struct hub *hub)
{
    m6_close(hub->client); /* may still call back: the lock is not held */
    while (hub->drawings) {
        struct drawing *d = hub->drawings;
        hub->drawings = d->next;
        free_drawing(hub, d);
    }
    pthread_mutex_destroy(&hub->lock);
    pthread_cond_destroy(&hub->changed);
    free(hub->host);
    free(hub);
}

/* ---- hubs ---- */

static int same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static struct hub *hub_create(const char *host, const char *name)
{
    pthread_condattr_t attributes;
    struct hub *hub = calloc(1, sizeof *hub);
    if (!hub)
        return NULL;
    pthread_mutex_init(&hub->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&hub->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    const struct m6_open_params params = {.size = sizeof params, .host = host, .name = name, .event = on_event, .arg = hub, .background = 1};
    hub->host = host ? strdup(host) : NULL;
    if (host && !hub->host) {
        hub_free(hub);
        return NULL;
    }
    /* A client that cannot be made (the address is wrong, M6_HOST is "none") is a host that is not there. */
    pthread_mutex_lock(&hub->lock);
    hub->lost = m6_open(&hub->client, &params, &hub->why) != M6_OK;
    hub->lost_at = m6_now_ns();
    pthread_mutex_unlock(&hub->lock);
    return hub;
}

struct hub *hub_get(const char *host, const char *name)
{
    pthread_mutex_lock(&hubs_lock);
    struct hub *hub = hubs;
    while (hub && !same(hub->host, host))
        hub = hub->next;
    if (!hub && (hub = hub_create(host, name))) {
        hub->next = hubs;
        hubs = hub;
    }
    if (hub)
        hub->feeds++;
    pthread_mutex_unlock(&hubs_lock);
    return hub;
}

void hub_put(struct hub *hub)
{
    pthread_mutex_lock(&hubs_lock);
    const int last = !--hub->feeds;
    for (struct hub **at = &hubs; last && *at; at = &(*at)->next) {
        if (*at == hub) {
            *at = hub->next;
            break;
        }
    }
    pthread_mutex_unlock(&hubs_lock);
    if (last)
        hub_free(hub);
}

void m6_pictures_set_bound(size_t bytes)
{
    bound = bytes;
    pthread_mutex_lock(&hubs_lock);
    for (struct hub *hub = hubs; hub; hub = hub->next) {
        pthread_mutex_lock(&hub->lock);
        make_room(hub);
        pthread_mutex_unlock(&hub->lock);
    }
    pthread_mutex_unlock(&hubs_lock);
}

size_t m6_pictures_cached(void)
{
    size_t bytes = 0;
    pthread_mutex_lock(&hubs_lock);
    for (struct hub *hub = hubs; hub; hub = hub->next) {
        pthread_mutex_lock(&hub->lock);
        bytes += hub->bytes;
        pthread_mutex_unlock(&hub->lock);
    }
    pthread_mutex_unlock(&hubs_lock);
    return bytes;
}
