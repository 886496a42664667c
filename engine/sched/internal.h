/* The scheduler's state, and what its files are to each other:
 *
 *   scheduler.c  the thread, and the door that requests come in by
 *   waiting.c    who waits, and whose turn it is
 *   admit.c      who is being answered: admission by memory, suspending, ending
 *   step.c       what goes into a step, and steps inside the pauses of others
 *   meter.c      the books
 */
#ifndef M6_SCHED_INTERNAL_H
#define M6_SCHED_INTERNAL_H

#include "sched/meter.h"
#include "sched/scheduler.h"
#include "sched/waiting.h"

struct m6_scheduler {
    struct m6_model *model;
    pthread_t thread;
    pthread_mutex_t lock; /* of inbox and stop */
    pthread_cond_t wake;
    struct m6_request *inbox, **inbox_last;
    int stop;
    atomic_uint arrived;               /* a bit for each priority that something in the inbox has */
    atomic_int queued[M6_PRIORITIES];  /* in the inbox and waiting */

    /* the thread's own */
    struct m6_waiting waiting;
    struct m6_request *active[M6_STEP_SEQUENCES];
    int actives;
    uint64_t order;
    int step_rows;
    int lane;    /* of the step under way; -1: none */
    int level;   /* its most urgent priority */
    int64_t own; /* ns of the scheduler's own in the outermost step */
    struct m6_meter meter;
};

/* ---- scheduler.c ---- */
/* What came in goes to those that wait. */
void m6_scheduler_receive(struct m6_scheduler *);

int m6_scheduler_stopping(struct m6_scheduler *);

/* ---- admit.c ---- */
/* Tells the last event of an active request or one that is out of the queue, and forgets it. */
void m6_scheduler_end(struct m6_scheduler *, struct m6_request *, enum m6_event_type, enum m6_status, const char *text);
/* Ends what was cancelled or is late, unless a step that is under way has it. */
void m6_scheduler_drop(struct m6_scheduler *, int64_t now, int all);
/* Lets in requests more urgent than `limit` while there is memory; less urgent ones give theirs. */
void m6_scheduler_admit(struct m6_scheduler *, int limit);
/* Pages for a request that is active: suspends who is less urgent, or as urgent and younger; else the request itself. 0:
 * it cannot go on now. */
int m6_scheduler_make_room(struct m6_scheduler *, struct m6_request *);

/* ---- step.c ---- */
/* One step of requests more urgent than `limit`; 0 if there was nothing to do. */
int m6_scheduler_step(struct m6_scheduler *, int limit);

#endif
