/* One thread that answers requests on one model, a step at a time: the most urgent first, and in order of arrival among
 * equals. A request that is less urgent stays where it is between two steps while others are served. */
#ifndef M6_SCHED_SCHEDULER_H
#define M6_SCHED_SCHEDULER_H

#include "families/family.h"

enum { M6_PRIORITIES = M6_BATCH + 1, M6_QUEUE_MAX = 4096 };

struct m6_scheduler;

/* Requests that may be in the middle at once, one a priority: what the model's cache must hold. */
enum { M6_SCHEDULER_SEQUENCES = M6_PRIORITIES };

enum m6_status m6_scheduler_create(struct m6_scheduler **, struct m6_model *, struct m6_error *err);
/* Cancels all requests, tells them so, and joins the thread. NULL is fine. */
void m6_scheduler_destroy(struct m6_scheduler *);
/* params have been checked. */
enum m6_status m6_scheduler_submit(struct m6_scheduler *, const struct m6_request_params *params,
                                   struct m6_request **request, struct m6_error *err);

#endif
