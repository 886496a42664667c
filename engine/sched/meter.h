/* What the scheduler counts, for whoever asks from any thread. */
#ifndef M6_SCHED_METER_H
#define M6_SCHED_METER_H

#include <pthread.h>

#include "families/family.h"

int64_t m6_clock(void); /* CLOCK_MONOTONIC, ns */

struct m6_meter {
    pthread_mutex_t lock;
    struct m6_engine_stats seen; /* under the lock; the rest is the scheduler's thread's */
    struct m6_engine_stats now;
    int64_t since, last;         /* start of the stretch that rates are of; end of the last step */
    uint64_t steps, rows, tokens; /* when it began */
};

void m6_meter_init(struct m6_meter *);
void m6_meter_finish(struct m6_meter *);
/* After a step: what `now` says becomes seen. */
void m6_meter_publish(struct m6_meter *, const struct m6_model *, int64_t time);
void m6_meter_read(struct m6_meter *, struct m6_engine_stats *);

#endif
