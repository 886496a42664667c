/* A request's life: queued, active, ended; held by its submitter and by the scheduler. */
#ifndef M6_SCHED_REQUEST_H
#define M6_SCHED_REQUEST_H

#include <pthread.h>
#include <stdatomic.h>

#include "families/family.h"

struct m6_request {
    struct m6_sequence *sequence; /* the scheduler's; NULL once ended */
    enum m6_priority priority;
    void (*event)(void *arg, struct m6_request *request, const struct m6_event *event);
    void *arg;
    struct m6_request *next; /* in its queue */
    int started;             /* scheduler's thread */
    atomic_int cancelled;
    atomic_int holders;
    pthread_mutex_t lock; /* of ended: a request outlives its engine */
    pthread_cond_t change;
    int ended;
};

struct m6_request *m6_request_create(struct m6_sequence *, const struct m6_request_params *); /* two holders */
void m6_request_tell(struct m6_request *, const struct m6_event *);
/* Tells the last event, closes the sequence, wakes who waits, and gives up the scheduler's hold. */
void m6_request_end(struct m6_request *, const struct m6_event *last);

#endif
