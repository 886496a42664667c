/* The loop, the resident host that it owns, and how both come and go. */
#include "server/server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "proto/address.h"
#include "server/internal.h"

enum { EVENTS = 64, CANCEL_MS = 5000, FAREWELL_MS = 2000, LOADING_MS = 50 };

void server_log(struct m6_server *s, int level, const char *format, ...)
{
    char text[512];
    va_list args;
    if (!s->params.host.log)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    s->params.host.log(s->params.host.log_arg, level, text);
}

void server_wake(struct m6_server *s)
{
    const uint64_t one = 1;
    while (write(s->wake, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void m6_server_stop(struct m6_server *s, int now)
{
    const int kept = errno;
    if (now || !s->stop)
        s->stop = now ? 2 : 1;
    server_wake(s);
    errno = kept;
}

/* ---- the model ---- */

/* On the loader's thread. The loop need not hear of every step. */
static void note_loading(void *arg, size_t done, size_t total)
{
    struct m6_server *s = arg;
    const int64_t now = m6_proto_now_ms();
    s->load_total = total;
    s->load_done = done;
    if (now - s->load_noted_ms >= LOADING_MS) {
        s->load_noted_ms = now;
        server_wake(s);
    }
}

static void *load(void *arg)
{
    struct m6_server *s = arg;
    if (m6_host_load(s->host, note_loading, s, &s->load_error))
        s->load_failed = 1;
    s->loading = 0;
    server_wake(s);
    return NULL;
}

/* Once for each host: should it fail, each job tries for itself, and says why. */
void server_load(struct m6_server *s)
{
    if (s->loader_runs || m6_host_engine(s->host))
        return;
    s->loading = 1;
    s->loading_told = 0;
    s->load_done = s->load_done_told = 0;
    s->load_total = 1;
    s->load_noted_ms = m6_proto_now_ms();
    s->loader_runs = !pthread_create(&s->loader, NULL, load, s);
    if (!s->loader_runs)
        s->loading = 0;
}

void server_join_loader(struct m6_server *s)
{
    if (s->loader_runs)
        pthread_join(s->loader, NULL);
    s->loader_runs = 0;
}

static void tell_loading(struct m6_server *s)
{
    const int loading = s->loading;
    const size_t done = s->load_done;
    if (s->loader_runs && (loading != s->loading_told || (loading && done != s->load_done_told))) {
        s->loading_told = loading;
        s->load_done_told = done;
        work_loading(s);
        if (!loading && s->load_failed)
            server_log(s, 3, "%s", s->load_error.text);
        else if (!loading)
            server_log(s, 6, "the model is loaded");
    }
}

/* The core has no way to forget its engine but to go; plugins are reloaded with it, which takes little. */
void server_unload(struct m6_server *s, const char *why)
{
    struct m6_error err = {""};
    struct m6_host *fresh;
    server_join_loader(s);
    if (m6_host_create(&fresh, &s->params.host, &err)) {
        server_log(s, 3, "%s", err.text);
        return;
    }
    figures_engine_goes(s, s->host);
    m6_host_destroy(s->host);
    s->host = fresh;
    s->load_failed = 0;
    replaced_forget(s);
    server_log(s, 6, "%s", why);
}

static void check_idle(struct m6_server *s, int64_t now)
{
    const struct m6_server_params *p = &s->params;
    const int64_t idle = now - s->idle_since_ms;
    if (s->running || s->waiting || runner_is_busy(s->runner))
        return;
    if (p->idle_exit_ms && !s->conn_count && idle >= p->idle_exit_ms && now - s->alone_since_ms >= p->idle_exit_ms) {
        server_log(s, 6, "idle: goes");
        m6_server_stop(s, 0);
    } else if (p->idle_unload_ms && idle >= p->idle_unload_ms && !s->loading && !s->replaced.runs && m6_host_engine(s->host)) {
        server_unload(s, "idle: the model is unloaded");
    }
}

/* ---- coming ---- */

static void set_defaults(struct m6_server_params *p)
{
    const struct {
        int *value, otherwise;
    } all[] = {
        {&p->running_max, 32}, {&p->heartbeat_ms, M6_PROTO_HEARTBEAT_MS}, {&p->stall_ms, 60000}, {&p->hello_ms, 10000}, {&p->drain_ms, 30000},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (*all[i].value <= 0)
            *all[i].value = all[i].otherwise;
}

static enum m6_status watch(struct m6_server *s, struct m6_error *err)
{
    struct epoll_event wake = {.events = EPOLLIN, .data.ptr = &s->wake}, listener = {.events = EPOLLIN, .data.ptr = &s->listener};
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->epoll < 0 || s->wake < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->wake, &wake) ||
        epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &listener))
        return m6_fail(err, M6_ERR_IO, "cannot watch sockets: %s", strerror(errno));
    return M6_OK;
}

/* Asked for by the environment, they are no reason not to serve: hosts on several sockets share it, and one port. */
static enum m6_status serve_metrics(struct m6_server *s, struct m6_error *err)
{
    const char *given = s->params.metrics, *from_env = getenv("M6_METRICS"), *where = given ? given : from_env;
    struct m6_error why = {""};
    if (!where || !*where)
        return M6_OK;
    const enum m6_status status = metrics_create(&s->metrics, s, where, &why);
    if (!status)
        server_log(s, 6, "metrics at %s", metrics_place(s->metrics));
    else if (given)
        return m6_fail(err, status, "%s", why.text);
    else
        server_log(s, 4, "%s (M6_METRICS)", why.text);
    return M6_OK;
}

static void note_pid(int lock)
{
    char text[32];
    const int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(lock, 0) || pwrite(lock, text, (size_t)n, 0) != n)
        return; /* only for people who look */
}

enum m6_status m6_server_create(struct m6_server **out, const struct m6_server_params *params, struct m6_error *err)
{
    *out = NULL;
    struct m6_server *s = calloc(1, sizeof *s);
    if (!s)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a server");
    s->params = *params;
    set_defaults(&s->params);
    snprintf(s->socket, sizeof s->socket, "%s", params->socket);
    s->listener = params->listener;
    s->lock = s->epoll = s->wake = -1;
    pthread_mutex_init(&s->ended_lock, NULL);
    s->tallies.turned_ms = s->started_ms = s->idle_since_ms = s->alone_since_ms = m6_proto_now_ms();
    enum m6_status status = m6_address_lock(s->socket, ".lock", 0, &s->lock, err);
    if (!status)
        note_pid(s->lock);
    if (!status)
        status = m6_host_create(&s->host, &params->host, err);
    if (!status && s->listener < 0) {
        status = m6_address_listen(s->socket, &s->listener, err);
        s->own_socket = !status;
    }
    if (!status)
        status = watch(s, err);
    if (!status)
        status = serve_metrics(s, err);
    if (status) {
        m6_server_destroy(s);
        return status;
    }
    *out = s;
    return M6_OK;
}

/* ---- going ---- */

/* Closes the door: who comes now finds no host, and may start the next one. */
static void close_door(struct m6_server *s)
{
    if (s->own_socket && s->lock >= 0)
        unlink(s->socket);
    if (s->listener >= 0)
        close(s->listener);
    if (s->lock >= 0)
        close(s->lock);
    s->listener = s->lock = -1;
}

static void drain(struct m6_server *s)
{
    const int now = s->stop > 1;
    if (s->state == SERVER_SERVING) {
        server_log(s, 6, "drains: %d jobs run, %d wait", s->running, s->waiting);
        runner_stop(s->runner); /* first: its workers are not to hear that the host is going */
        s->state = SERVER_DRAINING;
        s->drain_until_ms = m6_proto_now_ms() + s->params.drain_ms;
        close_door(s);
    }
    if (now && !s->cancelled_ms) {
        s->cancelled_ms = m6_proto_now_ms();
        for (struct work *w = s->works, *next; w; w = next) {
            next = w->next;
            work_cancel(w);
        }
    }
}

static int all_sent(struct m6_server *s)
{
    int waiting = 0;
    for (struct conn *c = s->conns; c; c = c->next) {
        pthread_mutex_lock(&c->lock);
        waiting += c->wire.waiting;
        pthread_mutex_unlock(&c->lock);
    }
    return !waiting;
}

/* Whether nothing is left to do, or has been for too long. */
static int is_over(struct m6_server *s, int64_t now)
{
    if (s->state == SERVER_SERVING)
        return 0;
    const int64_t until = s->cancelled_ms ? s->cancelled_ms : s->drain_until_ms;
    if (!runner_has_ended(s->runner) && now < until + CANCEL_MS)
        return 0;
    if (!s->works)
        return all_sent(s) || now >= until + FAREWELL_MS;
    if (!s->cancelled_ms && now >= until) {
        server_log(s, 4, "jobs did not end in time; they are cancelled");
        m6_server_stop(s, 1);
    }
    return s->cancelled_ms && now >= until + CANCEL_MS;
}

/* ---- the loop ---- */

static int tick_ms(const struct m6_server *s)
{
    const int beat = s->params.heartbeat_ms / 2;
    if (s->waiting || s->state == SERVER_DRAINING)
        return 50;
    return beat < 10 ? 10 : beat > 1000 ? 1000 : beat;
}

static void turn(struct m6_server *s, int timeout)
{
    struct epoll_event events[EVENTS];
    const int n = epoll_wait(s->epoll, events, EVENTS, timeout);
    uint64_t count;
    for (int i = 0; i < n; i++) {
        void *what = events[i].data.ptr;
        if (what == &s->wake) {
            while (read(s->wake, &count, sizeof count) > 0)
                ;
        } else if (what == &s->listener) {
            if (s->listener >= 0)
                conn_accept(s);
        } else if (!metrics_event(s->metrics, what, events[i].events)) {
            conn_event(what, events[i].events);
        }
    }
}

static void start_runner(struct m6_server *s)
{
    const struct runner_params params = {
        .socket = s->socket,
        .program = s->params.queue_program,
        .workers = s->params.queue_workers,
        .log = s->params.host.log,
        .log_arg = s->params.host.log_arg,
    };
    if (!params.program)
        return;
    s->runner = runner_start(&params);
    if (!s->runner)
        server_log(s, 3, "no memory for the runner of queued jobs; they wait for the next host");
}

void m6_server_run(struct m6_server *s)
{
    if (!s->params.lazy)
        server_load(s);
    if (s->params.ready)
        s->params.ready(s->params.arg);
    start_runner(s);
    for (int64_t now = 0; !is_over(s, now);) {
        turn(s, tick_ms(s));
        if (s->stop)
            drain(s);
        tell_loading(s);
        work_pump(s);
        now = m6_proto_now_ms();
        conn_tick(s, now);
        replaced_tick(s, now);
        tally_turn(&s->tallies, now);
        metrics_tick(s->metrics, now);
        check_idle(s, now);
    }
    for (struct conn *c = s->conns; c; c = c->next)
        conn_close(c);
    conn_bury(s);
}

void m6_server_destroy(struct m6_server *s)
{
    if (!s)
        return;
    close_door(s);
    runner_destroy(s->runner);
    server_join_loader(s);
    metrics_destroy(s->metrics);
    replaced_finish(s);
    m6_host_destroy(s->host);
    tallies_free(&s->tallies);
    if (s->epoll >= 0)
        close(s->epoll);
    if (s->wake >= 0)
        close(s->wake);
    pthread_mutex_destroy(&s->ended_lock);
    free(s);
}
