/* What the files of the server share. "The loop" is the thread in m6_server_run. */
#ifndef M6_HOST_SERVER_INTERNAL_H
#define M6_HOST_SERVER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "proto/wire.h"
#include "queue/runner.h"
#include "server/figures.h"
#include "server/inputs.h"
#include "server/metrics.h"
#include "server/replaced.h"
#include "server/server.h"
#include "server/tally.h"

enum { OUT_MESSAGES_MAX = 1024, OUT_BYTES_MAX = 8 << 20, WAITING_MAX = 4096, PIXELS_MAX = 360000000 };

struct conn {
    struct conn *next;
    struct m6_server *server;
    atomic_int refs; /* the loop's, and one for each work */

    /* the loop's own */
    int greeted, pid, jobs;
    char name[64];
    int64_t done, served; /* jobs that ended; when one of its jobs last began */
    int64_t came_ms, last_in_ms, last_sent_ms, moved_ms;
    unsigned events;      /* what epoll waits for */
    int closing;          /* to be closed once all is sent */
    int gone;

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t room;
    struct m6_wire wire;  /* its reading half is the loop's */
    int dead;             /* nothing more is queued */
};

enum work_state { WORK_WAITING, WORK_RUNNING };

struct work {
    struct work *next;  /* in server->works: the loop's */
    struct work *ended; /* in server->ended */
    struct m6_server *server;
    struct conn *conn;
    int64_t id, number; /* the client's, and the server's own */
    enum work_state state;
    char *kind, *params;
    struct m6_inputs inputs;
    enum m6_priority priority;
    int64_t deadline_ms; /* 0: none */
    struct m6_job *job;
    struct m6_host *host; /* that it runs in */
    atomic_int cancelled;

    int64_t came_ms, began_ms, job_first_ns;
    atomic_int permille; /* how much of it is done */

    /* set by the last event */
    enum m6_job_event_type end;
    enum m6_status status;
    char text[512];
};

enum server_state { SERVER_SERVING, SERVER_DRAINING };

struct m6_server {
    struct m6_server_params params;
    char socket[4096];
    int listener, lock, epoll, wake;
    int own_socket; /* to be unlinked at the end */
    atomic_int stop; /* 1: drain, 2: now */

    struct m6_host *host; /* replaced when the model is unloaded */
    pthread_t loader;
    int loader_runs;
    atomic_int loading, load_failed;
    int loading_told;
    atomic_size_t load_done, load_total; /* bytes of the model's weights; total is written first */
    size_t load_done_told;
    int64_t load_noted_ms; /* the loader's, while it runs */
    struct m6_error load_error; /* valid with load_failed */

    struct conn *conns, *buried;
    int conn_count;
    struct work *works;
    int running, batch_running, waiting;
    int64_t pixels; /* of frames that running jobs hold */
    int64_t numbers, started_ms, idle_since_ms, alone_since_ms;
    int64_t drain_until_ms, cancelled_ms; /* 0: not yet */
    int64_t done, failed, cancelled;
    enum server_state state;
    struct runner *runner; /* of the durable queue; NULL: none */

    struct tallies tallies;
    struct m6_engine_stats gone; /* counters of engines that were unloaded */
    struct metrics *metrics;     /* NULL: not served */
    struct replaced replaced;

    pthread_mutex_t ended_lock;
    struct work *ended;
};

/* ---- server.c ---- */
void server_wake(struct m6_server *);
void server_log(struct m6_server *, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
void server_load(struct m6_server *); /* in the background, unless it is loaded or being loaded */
void server_unload(struct m6_server *, const char *why);
void server_join_loader(struct m6_server *);

/* ---- conn.c: the loop's, unless said otherwise ---- */
void conn_accept(struct m6_server *);
void conn_event(struct conn *, unsigned events);
void conn_tick(struct m6_server *, int64_t now); /* heart-beats, silence, slow readers; sends what was queued */
void conn_close(struct conn *);
void conn_release(struct conn *);
void conn_bury(struct m6_server *); /* frees those that are gone and that nobody refers to */
/* Queues a message, taken over. From a job's thread (work not NULL) it waits for room, until the work is cancelled. */
void conn_send(struct conn *, struct work *, cJSON *json, int fd, size_t bytes, int64_t replaces);
void conn_error(struct conn *, enum m6_status, const char *text, int fatal);

/* ---- messages.c ---- */
void message_dispatch(struct conn *, struct m6_message *);

/* ---- work.c ---- */
void work_submit(struct conn *, struct m6_message *);
void work_cancel(struct work *);
struct work *work_find(struct conn *, int64_t id);
void work_abandon(struct conn *);      /* its connection is gone */
void work_pump(struct m6_server *);    /* begins what may begin, ends what has ended */
void work_loading(struct m6_server *); /* tells those who wait for the model */

/* ---- events.c: a job's thread ---- */
void work_event(void *arg, struct m6_job *, const struct m6_job_event *);
enum m6_status work_prepare(void *arg, struct m6_job *, struct m6_error *);
cJSON *work_message(const struct work *, const char *type);

/* ---- report.c ---- */
cJSON *report_hello(struct m6_server *);
cJSON *report_status(struct m6_server *);

#endif
