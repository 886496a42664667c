/* Jobs of a command in a host that runs, or is started for it, instead of in this process. */
#ifndef M6_CMD_REMOTE_H
#define M6_CMD_REMOTE_H

#include "cmd.h"
#include "core/host.h"

struct m6_client;

/* A host with this model and the same plugins; NULL when the command should do the work itself:
 * M6_HOST is "none", --threads was given, the host cannot be had or holds something else, or the
 * command is one that looks into the engine. */
struct m6_client *remote_open(struct cmd_context *, const char *model);
void remote_close(struct m6_client *); /* NULL is fine */
/* Runs a job to its end; params->event is called on this thread, with no job. *began: whether it
 * got further than being refused. */
enum m6_status remote_run(struct m6_client *, const struct m6_job_params *, int *began,
                          struct m6_error *);
/* Whether the host went away. */
int remote_is_gone(struct m6_client *);

#endif
