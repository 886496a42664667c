/* What the files of the runner share. Everything here is its thread's, but what the lock guards. */
#ifndef M6_HOST_QUEUE_INTERNAL_H
#define M6_HOST_QUEUE_INTERNAL_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "queue/queue.h"
#include "queue/runner.h"

enum { SLOTS_MAX = 16, STRIKES_MAX = 3, TEXT_MAX = 8 << 20, LOG_MAX = 64 << 10 };

struct slot {
    int64_t id; /* 0: free */
    pid_t pid;
    int pidfd;       /* -1: it has ended, and status is valid */
    int status;      /* as waitpid has it */
    int64_t asked_ms; /* told to end; 0: not yet */
    char work[PATH_MAX];
};

struct runner {
    struct runner_params params;
    char socket[256], program[PATH_MAX];
    pthread_t thread;
    int wake; /* eventfd */
    int watch; /* inotify on the queue's folder, or -1 */
    int alone; /* lock: one runner a queue */
    atomic_int stop, busy, ended;
    struct queue *queue;
    int64_t version;
    int dirty;             /* jobs may be there to begin */
    int soon;              /* turns to be taken quickly */
    int reconciled, noted;
    int fault;             /* the last host died of itself */
    struct slot slots[SLOTS_MAX];
    char said[512]; /* the last complaint, not to be repeated */

    pthread_mutex_t lock;
    struct runner_counts counts;
};

void runner_log(struct runner *, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Logs an error, unless it is the same as the last. */
void runner_complain(struct runner *, const struct m6_error *);

/* ---- worker.c: one job ---- */
/* Begins a job just taken. 0: it runs in the slot, or has ended. */
void worker_begin(struct runner *, struct slot *, const struct queue_job *);
/* Looks whether it has ended; asks it to end if that is wanted. */
void worker_look(struct runner *, struct slot *);
/* After its end: decides what becomes of the job. 0: done, and the slot is free; else try again later. */
int worker_settle(struct runner *, struct slot *);

/* ---- ending.c: what becomes of a job; 0, or -1 to try again later ---- */
int ending_of_outputs(struct runner *, const struct queue_job *, const char *work, const struct queue_file *, int count, int check);
int ending_plain(struct runner *, const struct queue_job *, const char *work, enum queue_state, int exit, const char *error);
/* Back into the queue, unless it went wrong too often. */
int ending_again(struct runner *, const struct queue_job *, const char *work, int strike, int death, const char *why);
int ending_paused(struct runner *, const struct queue_job *, const char *work);

/* ---- reconcile.c ---- */
/* Jobs that ran when a host died. 0: all are settled. */
int reconcile(struct runner *);
/* Files of jobs that nobody needs any more. */
void reconcile_tidy(struct runner *);
/* How the last host ended; and the beginning of this one's notes. */
void reconcile_begin_notes(struct runner *);
void reconcile_end_notes(struct runner *);

#endif
