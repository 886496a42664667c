/* A request's life: queued, active, perhaps suspended and active again, ended; held by its submitter and by the scheduler. */
#ifndef M6_SCHED_REQUEST_H
#define M6_SCHED_REQUEST_H

#include <pthread.h>
#include <stdatomic.h>

#include "families/family.h"

struct m6_client;

struct m6_request {
    struct m6_sequence *sequence; /* the scheduler's; NULL once ended */
    enum m6_priority priority;
    uint64_t client_id;
    int64_t deadline; /* INT64_MAX: none */
    void (*event)(void *arg, struct m6_request *request, const struct m6_event *event);
    void *arg;
    atomic_int cancelled;
    atomic_int holders;

    /* the scheduler's thread's */
    struct m6_client *client;
    struct m6_request *next; /* in its queue */
    uint64_t order;          /* of arrival */
    int started;
    int in_step; /* planned in a step that has not ended */
    int cost;    /* in that step */
    int passed;  /* steps that had no room for it, since its last */

    pthread_mutex_t lock; /* of ended: a request outlives its engine */
    pthread_cond_t change;
    int ended;
};

struct m6_request *m6_request_create(struct m6_sequence *, const struct m6_request_params *); /* two holders */
void m6_request_tell(struct m6_request *, const struct m6_event *);
/* Gives everything back that answering took. */
void m6_request_close(struct m6_request *);
/* Closes it, tells the last event, wakes who waits, and gives up the scheduler's hold. */
void m6_request_end(struct m6_request *, const struct m6_event *last);
/* How often a request of this process was cancelled: what was looked through need not be again while it stays the same. */
unsigned m6_request_cancellations(void);

#endif
