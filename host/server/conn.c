/* Connections: who may connect, bytes in and out, and when one is over. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/address.h"
#include "server/internal.h"

/* ---- life ---- */

void conn_release(struct conn *c)
{
    if (atomic_fetch_sub(&c->refs, 1) > 1)
        return;
    m6_wire_finish(&c->wire);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->room);
    free(c);
}

/* The socket goes at once; the memory when no work refers to it. */
void conn_close(struct conn *c)
{
    if (c->gone)
        return;
    c->gone = 1;
    pthread_mutex_lock(&c->lock);
    c->dead = 1;
    /* Closing alone would not do while a child of this process has the socket too. */
    epoll_ctl(c->server->epoll, EPOLL_CTL_DEL, c->wire.fd, NULL);
    m6_wire_finish(&c->wire);
    pthread_cond_broadcast(&c->room);
    pthread_mutex_unlock(&c->lock);
    work_abandon(c);
}

void conn_bury(struct m6_server *s)
{
    for (struct conn **at = &s->conns, *c; (c = *at);) {
        if (!c->gone) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        if (!--s->conn_count)
            s->alone_since_ms = m6_proto_now_ms();
        conn_release(c);
    }
}

static struct conn *make(struct m6_server *s, int fd)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return NULL;
    }
    c->server = s;
    c->refs = 1;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->room, NULL);
    m6_wire_init(&c->wire, fd);
    c->came_ms = c->last_in_ms = c->last_sent_ms = c->moved_ms = m6_proto_now_ms();
    c->events = EPOLLIN;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event)) {
        conn_release(c);
        return NULL;
    }
    c->next = s->conns;
    s->conns = c;
    s->conn_count++;
    return c;
}

static void refuse_if_due(struct conn *c, int fd)
{
    struct m6_server *s = c->server;
    if (!m6_address_is_own(fd, &c->pid))
        conn_error(c, M6_ERR_IO, "this host belongs to another user; start one of your own with `m6 serve`", 1);
    else if (s->state == SERVER_DRAINING)
        conn_error(c, M6_ERR_IO, "the host is going away; connect again", 1);
    else if (s->conn_count > M6_PROTO_CONNECTIONS_MAX)
        conn_error(c, M6_ERR_LIMIT, "512 clients are connected already; end one of them", 1);
}

void conn_accept(struct m6_server *s)
{
    int fd;
    while ((fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        struct conn *c = make(s, fd);
        if (c)
            refuse_if_due(c, fd);
    }
    /* Without descriptors to accept with, the loop would spin. */
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
        usleep(10000);
}

/* ---- out ---- */

static int is_full(const struct conn *c)
{
    return c->wire.waiting >= OUT_MESSAGES_MAX || c->wire.waiting_bytes >= OUT_BYTES_MAX;
}

void conn_send(struct conn *c, struct work *w, cJSON *json, int fd, size_t bytes, int64_t replaces)
{
    pthread_mutex_lock(&c->lock);
    while (w && !c->dead && !w->cancelled && is_full(c))
        pthread_cond_wait(&c->room, &c->lock);
    if (c->dead) {
        cJSON_Delete(json);
        if (fd >= 0)
            close(fd);
    } else {
        m6_wire_send(&c->wire, json, fd, bytes, replaces);
    }
    pthread_mutex_unlock(&c->lock);
    if (w)
        server_wake(c->server);
}

void conn_error(struct conn *c, enum m6_status status, const char *text, int fatal)
{
    cJSON *json = m6_message_new("error");
    cJSON_AddStringToObject(json, "status", m6_status_name(status));
    cJSON_AddStringToObject(json, "text", text);
    cJSON_AddBoolToObject(json, "fatal", fatal);
    conn_send(c, NULL, json, -1, 0, 0);
    if (fatal)
        c->closing = 1;
}

/* Sends what it can, and settles what to wait for. */
static void flush(struct conn *c, int64_t now)
{
    size_t sent = 0;
    pthread_mutex_lock(&c->lock);
    const int state = c->dead ? -1 : m6_wire_flush(&c->wire, &sent);
    const int full = is_full(c);
    if (sent && !full)
        pthread_cond_broadcast(&c->room);
    pthread_mutex_unlock(&c->lock);
    if (sent)
        c->last_sent_ms = c->moved_ms = now;
    if (state)
        c->moved_ms = now;
    if (state < 0 || (state && c->closing)) {
        conn_close(c);
        return;
    }
    /* Who does not read is not listened to: its own requests would only fill its queue further. */
    const unsigned events = (state ? 0u : (unsigned)EPOLLOUT) | (full || c->closing ? 0u : (unsigned)EPOLLIN);
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (events != c->events && !epoll_ctl(c->server->epoll, EPOLL_CTL_MOD, c->wire.fd, &event))
        c->events = events;
}

/* ---- in ---- */

static void read_messages(struct conn *c)
{
    struct m6_message m;
    struct m6_error err = {""};
    enum m6_status status = M6_OK;
    int got = 0;
    while (!c->gone && !c->closing && (got = m6_wire_next(&c->wire, &m, &status, &err)) > 0) {
        message_dispatch(c, &m);
        m6_message_finish(&m);
    }
    if (got < 0)
        conn_error(c, status, err.text, 1);
}

void conn_event(struct conn *c, unsigned events)
{
    struct m6_error err = {""};
    if (c->gone)
        return;
    if (events & EPOLLIN) {
        /* One read a turn, so that a flood from one client holds up nobody else. */
        const int got = m6_wire_read(&c->wire, &err);
        if (got > 0) {
            c->last_in_ms = m6_proto_now_ms();
            read_messages(c);
        } else if (got < 0 && err.text[0]) {
            conn_error(c, M6_ERR_FORMAT, err.text, 1);
        } else if (got < 0) {
            conn_close(c);
        }
    } else if (events & (EPOLLERR | EPOLLHUP)) {
        conn_close(c);
    }
}

/* ---- time ---- */

static void check_time(struct conn *c, int64_t now)
{
    const struct m6_server_params *p = &c->server->params;
    pthread_mutex_lock(&c->lock);
    const int waiting = c->wire.waiting, full = is_full(c);
    pthread_mutex_unlock(&c->lock);
    if (waiting && now - c->moved_ms > (c->closing ? 2000 : p->stall_ms)) {
        server_log(c->server, 5, "client %s (%d) reads nothing; cut off", c->name, c->pid);
        conn_close(c);
    } else if (c->closing) {
        return;
    } else if (!c->greeted && now - c->came_ms > p->hello_ms) {
        conn_error(c, M6_ERR_ARGUMENT, "the first message must be \"hello\", and it did not come", 1);
    } else if (!full && now - c->last_in_ms > (int64_t)p->heartbeat_ms * M6_PROTO_SILENCE_FACTOR) {
        server_log(c->server, 5, "client %s (%d) is silent; cut off", c->name, c->pid);
        conn_close(c);
    } else if (c->greeted && !waiting && now - c->last_sent_ms >= p->heartbeat_ms) {
        conn_send(c, NULL, m6_message_new("ping"), -1, 0, 0);
    }
}

void conn_tick(struct m6_server *s, int64_t now)
{
    for (struct conn *c = s->conns; c; c = c->next) {
        if (!c->gone)
            check_time(c, now);
        if (!c->gone)
            flush(c, now);
    }
    conn_bury(s);
}
