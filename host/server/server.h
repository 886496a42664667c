/* The server: connections and jobs of many clients over one resident host.
 *
 *     sockets → connections → messages → queue of work → host core → events → connections → sockets
 *
 * One thread (m6_server_run's) owns the connections and the queue. Each running job has a thread of the host core's, which only
 * adds messages to its connection's outgoing queue, and waits there when the client reads slowly.
 */
#ifndef M6_HOST_SERVER_SERVER_H
#define M6_HOST_SERVER_SERVER_H

#include "core/host.h"

struct m6_server;

struct m6_server_params {
    struct m6_host_params host; /* its texts must stay until m6_server_destroy */
    const char *socket;         /* path; required */
    int listener;               /* a socket that listens on it, from whoever started us (taken over); negative: make one, under the lock */
    int lazy;                   /* load the model with the first job rather than at once */
    int running_max;            /* jobs at once; 0: 32 */
    const char *metrics;        /* where Prometheus may ask, as in server/metrics.h; NULL: as M6_METRICS says, if it says */
    /* Milliseconds; 0: the default of docs/protocol.md, or for the first two: never. */
    int idle_unload_ms, idle_exit_ms, heartbeat_ms, stall_ms, hello_ms, drain_ms;
    const char *queue_program; /* the m6 command, which runs the jobs of the durable queue; NULL: they are left alone */
    int queue_workers;         /* of them at once; 0: 2 */
    void (*ready)(void *arg); /* called once clients can connect; may be NULL */
    void *arg;
};

/* M6_ERR_LIMIT: another host serves this socket already. */
enum m6_status m6_server_create(struct m6_server **, const struct m6_server_params *, struct m6_error *);
/* Serves until m6_server_stop, an idle exit, or a client's "stop". */
void m6_server_run(struct m6_server *);
/* Begins to drain, or cancels what runs (now). From any thread, and from a signal handler. */
void m6_server_stop(struct m6_server *, int now);
void m6_server_destroy(struct m6_server *); /* after m6_server_run has returned; NULL is fine */

#endif
