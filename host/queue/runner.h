/* Runs the queue's jobs in m6d: a thread that starts workers, each an `m6` command that is a client of this very host, and sees to
 * their ends. After a host's death the next one's runner finds out what became of each job, before it begins any.
 */
#ifndef M6_HOST_QUEUE_RUNNER_H
#define M6_HOST_QUEUE_RUNNER_H

#include <stddef.h>

#include "m6/status.h"

struct runner;

struct runner_params {
    const char *socket;  /* the host's; clients can connect */
    const char *program; /* the m6 command */
    int workers;         /* at once */
    void (*log)(void *arg, int level, const char *message);
    void *log_arg;
};

struct runner_counts {
    int queued, running;
    char folder[4096]; /* of the queue */
    char why[512];     /* nothing is run, and this is why; "": it is */
};

struct runner *runner_start(const struct runner_params *); /* NULL: no memory, no thread */
/* No more begins; what runs is broken off, and left to the next host. Returns at once. */
void runner_stop(struct runner *);
int runner_has_ended(struct runner *); /* after runner_stop; NULL is fine: yes */
void runner_destroy(struct runner *); /* stops and waits; NULL is fine */
/* Whether jobs run or wait for their turn. NULL is fine. */
int runner_is_busy(struct runner *);
void runner_count(struct runner *, struct runner_counts *);
/* For the handler of a deadly signal: the host dies of itself, and the next may hold it against what ran. */
void runner_note_fault(void);

#endif
