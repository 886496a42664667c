/* What the files of libm6 share.
 *
 *     m6_submit → wire → (socket) → host        io.c: the client's thread, reads, writes, keeps alive, reconnects
 *     m6_next, callback ← events ← io.c         events.c: messages into events, and their queue
 */
#ifndef M6_HOST_CLIENT_CLIENT_H
#define M6_HOST_CLIENT_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>

#include "m6/m6.h"
#include "proto/wire.h"

enum { EVENTS_BYTES_MAX = 64 << 20, EVENTS_MAX = 100000 };

struct m6_buffer {
    atomic_int refs;  /* the caller's, and each job's */
    atomic_int users; /* jobs that the host may read it for */
    int fd;
    size_t size;
    void *data; /* NULL: only the caller has it mapped */
};

/* A job that has not ended. */
struct outstanding {
    struct outstanding *next;
    uint64_t id;
    struct m6_buffer *buffers[M6_PROTO_FDS_MAX];
    int buffer_count;
};

/* An event and what it points to. */
struct queued {
    struct queued *next;
    struct m6_client_event event;
    size_t bytes; /* for the bound on the queue */
    char *text, *hash;
    char **metadata;
    void *map;
    size_t map_size;
};

struct m6_client {
    char path[108], name[64];
    int autostart, timeout_ms, reconnect;
    void (*event)(void *arg, const struct m6_client_event *);
    void *arg;

    pthread_t thread;
    int wake, ready;    /* eventfds: for the thread, and for whoever polls */
    atomic_int closing;

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t came;
    struct m6_wire wire;
    int connected, over; /* over: none will be again */
    int searching;       /* none was found yet, and nothing has been said about it */
    int jobs_max, heartbeat_ms;
    int64_t last_in_ms, last_sent_ms;
    struct outstanding *jobs;
    int job_count;
    uint64_t last_id;
    struct queued *first, **last, *given;
    size_t queued_bytes;
    int queued_count;
    struct m6_error why; /* why the host went, if it said so */
};

/* ---- open.c ---- */
/* Connects, starting a host if need be, and greets. Waits; *stop (may be NULL) ends it early. The lock is not held. */
enum m6_status link_open(struct m6_client *, struct m6_wire *, const atomic_int *stop, struct m6_error *);

/* What was opened becomes the client's. With the lock held, or before there is a thread. */
void link_use(struct m6_client *, const struct m6_wire *);

/* ---- autostart.c ---- */
/* Whether the environment allows it (M6_AUTOSTART). */
int autostart_allowed(void);
/* Starts a host on path, or waits for another's start; gives a connection to it. */
enum m6_status autostart(const char *path, int timeout_ms, const atomic_int *stop, int *fd, struct m6_error *);

/* ---- io.c ---- */
void *io_run(void *client);
void io_wake(struct m6_client *);

/* ---- events.c: with the lock held ---- */
void event_from_message(struct m6_client *, struct m6_message *);
void event_put(struct m6_client *, enum m6_client_event_type, uint64_t job, enum m6_status, const char *text);
struct queued *event_take(struct m6_client *); /* NULL: none */
void event_free(struct queued *);

/* ---- jobs.c: with the lock held ---- */
void job_taken(struct m6_client *, uint64_t id);
void job_ended(struct m6_client *, uint64_t id);

/* ---- buffer.c ---- */
void buffer_use(struct m6_buffer *);
void buffer_done(struct m6_buffer *); /* the host has read it */

#endif
