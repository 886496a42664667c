/* Opening and closing, and what needs no job. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "client/client.h"
#include "proto/address.h"

enum { HELLO_MS = 10000, STACK_BYTES = 512 << 10, TRIES = 5 };

int m6_api_version(void)
{
    return M6_API_VERSION;
}

const char *m6_status_text(enum m6_status status)
{
    return m6_status_name(status);
}

/* ---- the greeting ---- */

static cJSON *hello(const struct m6_client *c)
{
    cJSON *json = m6_message_new("hello"), *range = cJSON_AddObjectToObject(json, "protocol");
    cJSON_AddNumberToObject(range, "min", 1);
    cJSON_AddNumberToObject(range, "max", M6_PROTO_VERSION);
    cJSON_AddStringToObject(json, "client", c->name);
    return json;
}

static enum m6_status read_hello(struct m6_client *c, const struct m6_message *m, struct m6_error *err)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(m->json, "text"), *limits = cJSON_GetObjectItemCaseSensitive(m->json, "limits");
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(m->json, "status");
    if (strcmp(m->type, "hello") != 0) {
        const int other = cJSON_IsString(status) && !strcmp(status->valuestring, "unsupported");
        return m6_fail(err, other ? M6_ERR_UNSUPPORTED : M6_ERR_IO, "%.400s", cJSON_IsString(text) ? text->valuestring : "the host did not greet");
    }
    pthread_mutex_lock(&c->lock);
    m6_message_int(limits, "jobs", M6_PROTO_JOBS_MAX, 1, 1 << 20, &c->jobs_max);
    m6_message_int(m->json, "heartbeat_ms", M6_PROTO_HEARTBEAT_MS, 10, 3600000, &c->heartbeat_ms);
    pthread_mutex_unlock(&c->lock);
    return M6_OK;
}

/* *gone: the host closed without a word, as one does that was just going. */
static enum m6_status greet(struct m6_client *c, struct m6_wire *w, const atomic_int *stop, int *gone, struct m6_error *err)
{
    struct m6_message m = {0};
    struct m6_error fault = {""};
    enum m6_status status = M6_OK;
    int got = 0;
    *gone = 0;
    if (m6_wire_send(w, hello(c), -1, 0, 0))
        return m6_fail(err, M6_ERR_MEMORY, "no memory to greet the host");
    m6_wire_flush(w, NULL);
    for (const int64_t until = m6_proto_now_ms() + HELLO_MS; !got && m6_proto_now_ms() < until && !(stop && *stop);) {
        struct pollfd fd = {w->fd, POLLIN, 0};
        if (poll(&fd, 1, 100) <= 0)
            continue;
        const int read = m6_wire_read(w, &fault);
        got = m6_wire_next(w, &m, &status, &fault);
        if (read < 0 && !got) {
            *gone = 1;
            return m6_fail(err, M6_ERR_IO, "the host closed the connection");
        }
    }
    if (got < 0)
        return m6_fail(err, M6_ERR_FORMAT, "the host does not speak the protocol: %.400s", fault.text);
    if (!got)
        return m6_fail(err, M6_ERR_IO, "the host at %.108s does not answer; `m6 stop` ends it", c->path);
    status = read_hello(c, &m, err);
    *gone = status == M6_ERR_IO && strstr(err->text, "going away") != NULL;
    m6_message_finish(&m);
    return status;
}

enum m6_status link_open(struct m6_client *c, struct m6_wire *w, const atomic_int *stop, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    for (int try = 0; try < TRIES; try++) {
        int fd, absent, gone = 0;
        status = m6_address_connect(c->path, &fd, &absent, err);
        if (status && absent && c->autostart)
            status = autostart(c->path, c->timeout_ms, stop, &fd, err);
        if (status)
            return status;
        m6_wire_init(w, fd);
        status = greet(c, w, stop, &gone, err);
        if (!status)
            return M6_OK;
        m6_wire_finish(w);
        if (!gone)
            break;
        poll(NULL, 0, 20);
    }
    return status;
}

void link_use(struct m6_client *c, const struct m6_wire *w)
{
    c->wire = *w;
    if (!w->first)
        c->wire.last = &c->wire.first;
    c->connected = 1;
    c->searching = 0;
    c->why.text[0] = '\0';
    c->last_in_ms = c->last_sent_ms = m6_proto_now_ms();
}

/* ---- opening ---- */

static enum m6_status start_thread(struct m6_client *c, struct m6_error *err)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* the program's signals are the program's */
    const int failed = pthread_create(&c->thread, &attributes, io_run, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed ? m6_fail(err, M6_ERR_MEMORY, "cannot start a thread: %s", strerror(failed)) : M6_OK;
}

static void destroy(struct m6_client *c)
{
    m6_wire_finish(&c->wire);
    while (c->jobs)
        job_ended(c, c->jobs->id);
    for (struct queued *q; (q = event_take(c));)
        event_free(q);
    event_free(c->given);
    if (c->wake >= 0)
        close(c->wake);
    if (c->ready >= 0)
        close(c->ready);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->came);
    free(c);
}

static struct m6_client *make(const struct m6_open_params *p)
{
    pthread_condattr_t attributes;
    struct m6_client *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->autostart = p->autostart > 0 || (!p->autostart && autostart_allowed());
    c->timeout_ms = p->timeout_ms > 0 ? p->timeout_ms : 20000;
    c->reconnect = p->reconnect;
    c->event = p->event;
    c->arg = p->arg;
    c->searching = p->background > 0;
    snprintf(c->name, sizeof c->name, "%s", p->name ? p->name : "");
    c->last = &c->first;
    m6_wire_init(&c->wire, -1);
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&c->came, &attributes);
    pthread_condattr_destroy(&attributes);
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->wake < 0 || c->ready < 0) {
        destroy(c);
        return NULL;
    }
    return c;
}

enum m6_status m6_open(struct m6_client **out, const struct m6_open_params *given, struct m6_error *err)
{
    struct m6_open_params p = {0};
    *out = NULL;
    if (given)
        memcpy(&p, given, given->size < sizeof p ? given->size : sizeof p);
    struct m6_client *c = make(&p);
    if (!c)
        return m6_fail(err, M6_ERR_MEMORY, "no memory or descriptors for a client");
    enum m6_status status = m6_address_find(p.host, c->path, sizeof c->path, err);
    struct m6_wire wire;
    if (!status && !c->searching) {
        status = link_open(c, &wire, NULL, err);
        if (!status)
            link_use(c, &wire);
    }
    if (!status)
        status = start_thread(c, err);
    if (status) {
        destroy(c);
        return status;
    }
    *out = c;
    return M6_OK;
}

void m6_close(struct m6_client *c)
{
    if (!c)
        return;
    c->closing = 1;
    io_wake(c);
    pthread_join(c->thread, NULL);
    destroy(c);
}

/* ---- small messages ---- */

static enum m6_status send_json(struct m6_client *c, cJSON *json, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    pthread_mutex_lock(&c->lock);
    if (!c->connected) {
        cJSON_Delete(json);
        status = m6_fail(err, M6_ERR_IO, "there is no host just now");
    } else if (m6_wire_send(&c->wire, json, -1, 0, 0)) {
        status = m6_fail(err, M6_ERR_MEMORY, "no memory for a message");
    } else {
        m6_wire_flush(&c->wire, NULL);
        c->last_sent_ms = m6_proto_now_ms();
        if (c->wire.waiting)
            io_wake(c);
    }
    pthread_mutex_unlock(&c->lock);
    return status;
}

void m6_cancel(struct m6_client *c, uint64_t job)
{
    if (!job || job > INT64_MAX)
        return;
    cJSON *json = m6_message_new("cancel");
    m6_message_add_int64(json, "job", (int64_t)job);
    send_json(c, json, NULL);
}

enum m6_status m6_ask_status(struct m6_client *c, struct m6_error *err)
{
    return send_json(c, m6_message_new("status"), err);
}

enum m6_status m6_ask_stop(struct m6_client *c, int now, struct m6_error *err)
{
    cJSON *json = m6_message_new("stop");
    cJSON_AddBoolToObject(json, "now", now);
    return send_json(c, json, err);
}

/* ---- events ---- */

int m6_fd(struct m6_client *c)
{
    return c->ready;
}

int m6_next(struct m6_client *c, int timeout_ms, struct m6_client_event *event)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    if (timeout_ms > 0) {
        until.tv_sec += timeout_ms / 1000;
        until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
    }
    pthread_mutex_lock(&c->lock);
    event_free(c->given);
    c->given = NULL;
    int timed_out = 0;
    while (!(c->given = c->event ? NULL : event_take(c)) && !c->over && timeout_ms && !timed_out) {
        if (timeout_ms < 0)
            pthread_cond_wait(&c->came, &c->lock);
        else
            timed_out = pthread_cond_timedwait(&c->came, &c->lock, &until) == ETIMEDOUT;
    }
    const int over = c->over;
    struct queued *q = c->given;
    pthread_mutex_unlock(&c->lock);
    const size_t size = event->size;
    struct m6_client_event none = {.type = M6_CLIENT_NONE};
    memcpy(event, q ? &q->event : &none, size < sizeof none ? size : sizeof none);
    event->size = size;
    return q ? 1 : over ? M6_ERR_IO : 0;
}
