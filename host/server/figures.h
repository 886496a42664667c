/* What the host counts, for `m6 status`, `m6 top` and Prometheus. The loop's, all of it. */
#ifndef M6_HOST_SERVER_FIGURES_H
#define M6_HOST_SERVER_FIGURES_H

#include <cjson/cJSON.h>

#include "core/host.h"

struct conn;
struct work;
struct m6_server;

/* A job has ended; it is counted. */
void figures_ended(struct work *);
/* The engine of this host is about to go: its counters stay. */
void figures_engine_goes(struct m6_server *, struct m6_host *);
/* Counters of all engines there were, and the state of those that are. */
void figures_engine(struct m6_server *, struct m6_engine_stats *);
int64_t figures_memory(void); /* resident, bytes */
void figures_add(cJSON *status, struct m6_server *);
int figures_waiting(const struct conn *); /* its jobs that have not begun */

/* ---- exposition.c ---- */
/* All of it as Prometheus text, format 0.0.4; NULL without memory. Caller frees. */
char *figures_exposition(struct m6_server *, size_t *size);

#endif
