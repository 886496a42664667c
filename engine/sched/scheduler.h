/* One thread that answers requests on one model, a step at a time. Each step takes rows of all that are being answered,
 * the most urgent first, up to a budget. docs/architecture.md, "The scheduler", says how. */
#ifndef M6_SCHED_SCHEDULER_H
#define M6_SCHED_SCHEDULER_H

#include "families/family.h"

enum { M6_QUEUE_MAX = 4096 }; /* of one priority */

struct m6_scheduler;

/* step_rows: as in m6_engine_params. */
enum m6_status m6_scheduler_create(struct m6_scheduler **, struct m6_model *, int step_rows, struct m6_error *err);
/* Cancels all requests, tells them so, and joins the thread. NULL is fine. */
void m6_scheduler_destroy(struct m6_scheduler *);
/* params have been checked. */
enum m6_status m6_scheduler_submit(struct m6_scheduler *, const struct m6_request_params *params,
                                   struct m6_request **request, struct m6_error *err);
void m6_scheduler_stats(struct m6_scheduler *, struct m6_engine_stats *);

#endif
