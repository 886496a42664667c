/* One host for the time of a command, and jobs run in it with everything they yield collected.
 *
 * Progress, warnings and ^C are seen to here, so that a command only says which job it wants.
 */
#ifndef M6_CMD_SESSION_H
#define M6_CMD_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "cmd.h"
#include "core/host.h"

struct session {
    struct cmd_context *ctx;
    struct m6_client *remote; /* a host that runs; NULL: host is this process's own */
    struct m6_host *host;
    char model[4096]; /* folder */
    cJSON *warnings;  /* every sentence once, an array */
};

struct session_caption {
    int64_t start_ns, end_ns;
    char *text;
};
struct session_picture {
    struct m6_plugin_picture picture; /* owns its samples */
    char **metadata;                  /* pairs, ended by NULL; NULL if none */
};
struct session_result {
    char *text; /* "" if none */
    size_t text_length;
    struct session_caption *captions;
    int caption_count;
    struct session_picture *pictures;
    int picture_count;
    int out_of_memory;
};

struct session_job {
    const char *kind;
    cJSON *params;             /* taken over, also on failure */
    const char *const *inputs; /* ended by NULL; may be NULL */
    const char *what;          /* for the progress line */
    double done, total; /* this job's stretch of a longer work; total 0: it is all the work */
    /* Called as each caption comes, on another thread; may be NULL. */
    void (*on_caption)(void *arg, int64_t start_ns, int64_t end_ns, const char *text);
    void *arg;
};

/* Starts signal handling and creates the host. Returns 0, or an exit code after reporting; with --detach it queues the command
 * instead, and returns CMD_QUEUED. */
int session_open(struct session *, struct cmd_context *);
void session_close(struct session *); /* a zeroed one is fine */
/* Runs a job to its end. Returns 0, or an exit code after reporting. Free the result with
 * session_result_free always. */
int session_run(struct session *, const struct session_job *, struct session_result *);
void session_result_free(struct session_result *);
/* Adds a seed as the plugins take it: a number if every reader keeps it exactly, else a decimal
 * string. */
void session_add_seed(cJSON *params, uint64_t seed);
/* CMD_INTERRUPTED (or 128 + another signal) after saying so, or 0. */
int session_interrupted(struct cmd_context *);

#endif
