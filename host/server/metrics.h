/* GET /metrics for Prometheus, on a Unix socket or a loopback port, served by the loop without ever waiting.
 *
 * Who sends garbage is answered 400, who is slow or hangs is cut off after five seconds, and when all places are taken the
 * oldest makes room, so that a scraper which hangs keeps out nobody. */
#ifndef M6_HOST_SERVER_METRICS_H
#define M6_HOST_SERVER_METRICS_H

#include <stdint.h>

#include "m6/status.h"

struct metrics;
struct m6_server;

/* where: unix:PATH, PORT, or ADDRESS:PORT with an address of this machine's own. M6_ERR_ARGUMENT: it is none of these. */
enum m6_status metrics_check(const char *where, struct m6_error *);
enum m6_status metrics_create(struct metrics **, struct m6_server *, const char *where, struct m6_error *);
void metrics_destroy(struct metrics *); /* NULL is fine */
/* Whether an event of epoll was for it; then it has been seen to. */
int metrics_event(struct metrics *, void *what, unsigned events);
void metrics_tick(struct metrics *, int64_t now_ms);
/* "unix:/…" or "127.0.0.1:9500"; "" for NULL. */
const char *metrics_place(const struct metrics *);

#endif
