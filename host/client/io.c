/* The client's thread: all waiting on the host. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/client.h"

void io_wake(struct m6_client *c)
{
    const uint64_t one = 1;
    while (write(c->wake, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static int is_full(const struct m6_client *c)
{
    return c->queued_bytes > EVENTS_BYTES_MAX || c->queued_count > EVENTS_MAX;
}

/* ---- losing the host, and finding one ---- */

static void lose(struct m6_client *c)
{
    struct m6_error err;
    m6_fail(&err, M6_ERR_IO, "the host went away%s%.400s; submit the job again", c->why.text[0] ? ": " : "", c->why.text);
    c->connected = 0;
    m6_wire_finish(&c->wire);
    while (c->jobs) {
        const uint64_t id = c->jobs->id;
        job_ended(c, id);
        event_put(c, M6_CLIENT_FAILED, id, M6_ERR_IO, err.text);
    }
    event_put(c, M6_CLIENT_DISCONNECTED, 0, M6_ERR_IO, err.text);
    c->over = c->reconnect < 0;
    pthread_cond_broadcast(&c->came);
}

static void rest(struct m6_client *c, int ms)
{
    struct pollfd wake = {c->wake, POLLIN, 0};
    uint64_t count;
    if (poll(&wake, 1, ms) > 0)
        while (read(c->wake, &count, sizeof count) > 0)
            ;
}

/* Growing pauses (none for a first search), up to five seconds. The lock is not held. */
static void find_again(struct m6_client *c, int *pause_ms)
{
    struct m6_wire wire;
    struct m6_error err = {""};
    const int64_t until = m6_proto_now_ms() + *pause_ms;
    for (int64_t now; !c->closing && (now = m6_proto_now_ms()) < until;)
        rest(c, (int)(until - now));
    *pause_ms = *pause_ms < 50 ? 100 : *pause_ms < 2500 ? *pause_ms * 2 : 5000;
    if (c->closing)
        return;
    const enum m6_status status = link_open(c, &wire, &c->closing, &err);
    pthread_mutex_lock(&c->lock);
    c->why = err;
    if (!status) {
        link_use(c, &wire);
        *pause_ms = 100;
        event_put(c, M6_CLIENT_CONNECTED, 0, M6_OK, NULL);
    } else if (c->searching && !c->closing) {
        c->searching = 0;
        c->over = c->reconnect < 0;
        event_put(c, M6_CLIENT_DISCONNECTED, 0, status, err.text);
        pthread_cond_broadcast(&c->came);
    }
    pthread_mutex_unlock(&c->lock);
}

/* ---- a living connection: with the lock held ---- */

static int read_messages(struct m6_client *c)
{
    struct m6_message m;
    struct m6_error err = {""};
    enum m6_status status;
    const int got = m6_wire_read(&c->wire, &err);
    int next = 0;
    if (got > 0)
        c->last_in_ms = m6_proto_now_ms();
    while (got > 0 && (next = m6_wire_next(&c->wire, &m, &status, &err)) > 0) {
        event_from_message(c, &m);
        m6_message_finish(&m);
    }
    if (err.text[0])
        c->why = err;
    return got < 0 || next < 0 ? -1 : 0;
}

static int flush(struct m6_client *c)
{
    size_t sent = 0;
    const int state = m6_wire_flush(&c->wire, &sent);
    if (sent)
        c->last_sent_ms = m6_proto_now_ms();
    return state < 0 ? -1 : 0;
}

static int keep_alive(struct m6_client *c)
{
    const int64_t now = m6_proto_now_ms();
    if (!is_full(c) && now - c->last_in_ms > (int64_t)c->heartbeat_ms * M6_PROTO_SILENCE_FACTOR) {
        m6_fail(&c->why, M6_ERR_IO, "it says nothing");
        return -1;
    }
    if (now - c->last_sent_ms >= c->heartbeat_ms && !c->wire.waiting)
        m6_wire_send(&c->wire, m6_message_new("ping"), -1, 0, 0);
    return 0;
}

/* Without the lock: a callback may call what it likes. */
static void call_back(struct m6_client *c)
{
    struct queued *q;
    for (;;) {
        pthread_mutex_lock(&c->lock);
        q = c->event && !c->closing ? event_take(c) : NULL;
        pthread_mutex_unlock(&c->lock);
        if (!q)
            return;
        q->event.size = sizeof q->event;
        c->event(c->arg, &q->event);
        event_free(q);
    }
}

static void live(struct m6_client *c)
{
    pthread_mutex_lock(&c->lock);
    struct pollfd fds[2] = {{c->wake, POLLIN, 0},
                            {c->wire.fd, (short)((is_full(c) ? 0 : POLLIN) | (c->wire.waiting ? POLLOUT : 0)), 0}};
    const int beat = c->heartbeat_ms;
    pthread_mutex_unlock(&c->lock);
    const int n = poll(fds, 2, beat / 2 + 1);
    uint64_t count;
    if (n > 0 && fds[0].revents)
        while (read(c->wake, &count, sizeof count) > 0)
            ;
    pthread_mutex_lock(&c->lock);
    int lost = 0;
    if (n > 0 && (fds[1].revents & (POLLIN | POLLERR | POLLHUP)))
        lost = read_messages(c);
    if (!lost)
        lost = keep_alive(c);
    if (!lost)
        lost = flush(c) && read_messages(c); /* its last words may still be there */
    if (lost && !c->closing)
        lose(c);
    pthread_mutex_unlock(&c->lock);
}

void *io_run(void *arg)
{
    struct m6_client *c = arg;
    int pause_ms = c->searching ? 0 : 100;
    while (!c->closing) {
        pthread_mutex_lock(&c->lock);
        const int connected = c->connected, over = c->over;
        pthread_mutex_unlock(&c->lock);
        if (connected)
            live(c);
        else if (over)
            rest(c, -1);
        else
            find_again(c, &pause_ms);
        call_back(c);
    }
    return NULL;
}
