/* What the files of the host's side of workers share. */
#ifndef M6_HOST_CORE_WORKER_INTERNAL_H
#define M6_HOST_CORE_WORKER_INTERNAL_H

#include <pthread.h>

#include "core/core.h"
#include "core/worker/pictures.h"
#include "core/worker/process.h"
#include "core/worker/worker.h"

struct worker_kind {
    struct m6_plugin_kind kind; /* first: a job knows its kind only */
    struct m6_worker *worker;
};

struct m6_worker {
    struct m6_host *host;
    char *path, name[64];
    int silence_ms, memory_mib;
    struct worker_process process; /* while it is asked what it is */

    cJSON *said; /* its own description, which the descriptor points into */
    struct m6_plugin plugin;
    struct worker_kind *kinds;

    pthread_mutex_t lock; /* guards what follows */
    int faults, in_a_row; /* in_a_row: since a job went well */
    int64_t not_before_ms; /* when the next may start */
    char last[512];
};

/* ---- job.c ---- */
int worker_run(const struct m6_host_services *, struct m6_host *, struct m6_job *);
/* The first message to a process. job NULL: it is asked what it is. */
cJSON *worker_start_message(const struct m6_worker *, const struct m6_job *);

/* ---- serve.c: the services of one job, as messages ---- */
enum { WORKER_HANDLES_MAX = 64 };
struct worker_answer {
    struct m6_answer *answer;
    int waited_for;
    void *waiting; /* what its progress needs */
};
struct worker_link {
    struct m6_worker *worker;
    struct m6_job *job;
    struct worker_process process;
    struct m6_frames *frames[WORKER_HANDLES_MAX];
    struct worker_answer answers[WORKER_HANDLES_MAX];
    int lost; /* the worker can no longer be talked to: why says it */
    struct m6_error why;
};
/* Serves until a message of this type comes, which the caller finishes. Returns 0, or -1 when the worker is lost. */
int worker_serve(struct worker_link *, const char *until, struct m6_message *);
/* A plugin's line for the host's log. Returns -1 when it is none. */
int worker_log(const struct m6_worker *, const cJSON *json);
/* Gives back what the job did not. */
void worker_serve_finish(struct worker_link *);

#endif
