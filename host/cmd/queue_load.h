/* Opens the module of the durable queue once, and this socket's queue in it. */
#ifndef M6_CMD_QUEUE_LOAD_H
#define M6_CMD_QUEUE_LOAD_H

#include "cmd.h"
#include "queue/module.h"

/* Returns 0, or an exit code after reporting. */
int queue_load(struct cmd_context *, const struct queue_module **, struct queue **);
/* Sees that there is a host, starting one if that is allowed; 0, or -1 with a sentence: what waits
 * goes on waiting. */
int queue_host(const char *queue_path, struct m6_error *);

#endif
