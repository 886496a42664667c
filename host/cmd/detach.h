/* --detach: a command that has checked everything it can is put into the durable queue instead of
 * being run.
 *
 * main() keeps the words as they were typed (detach_keep). cmd_parse settles the inputs: paths
 * become absolute, what is no file is copied into the queue's folder (detach_inputs). The command
 * checks its options and outputs as ever; each output is noted as it passes (detach_output). Where
 * the work would begin, session_open queues it (detach_queue).
 */
#ifndef M6_CMD_DETACH_H
#define M6_CMD_DETACH_H

#include "cmd.h"

/* What a command's words mean to the queue. */
struct detach_shape {
    int first, inputs;   /* so many of its arguments are inputs, from this one on */
    const char *options; /* those that name an input, "a|b"; may be NULL */
    int own_seed;        /* it has a use for a seed that nobody gave */
};

struct detach;

/* Returns 0, or an exit code after reporting. */
int detach_keep(struct cmd_context *, int argc, char **argv);
int detach_inputs(struct cmd_context *, void *options);
/* base: what -o says, or the default; the files' names are made from it. */
int detach_output(struct cmd_context *, const char *path, int base);
/* Returns CMD_QUEUED, or an exit code after reporting. */
int detach_queue(struct cmd_context *, const char *model);
void detach_end(struct cmd_context *);

#endif
