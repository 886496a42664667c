/* What the files of the host core share. */
#ifndef M6_HOST_CORE_CORE_H
#define M6_HOST_CORE_CORE_H

#include <pthread.h>
#include <stdatomic.h>

#include <cjson/cJSON.h>

#include "core/host.h"
#include "core/registry.h"

struct m6_host {
    char *model, *compute, *isa; /* as given; NULL: the default */
    int threads;
    void (*log)(void *arg, int level, const char *message);
    void *log_arg;

    pthread_mutex_t engine_lock;
    _Atomic(struct m6_engine *) engine;
    struct m6_model_info info; /* once there is an engine, as are these two: */
    char folder[4096];
    uint64_t print;

    struct m6_registry registry;
    char plugin_path[4096];

    pthread_mutex_t jobs_lock;
    struct m6_job *jobs;
};

struct m6_job {
    struct m6_job *next; /* in host->jobs; guarded by jobs_lock, as is released */
    int released;

    struct m6_host *host;
    const struct m6_plugin_kind *kind;
    cJSON *params;
    char **inputs;
    int input_count;
    enum m6_priority priority;
    const struct m6_memory_input *const *memory;
    enum m6_status (*prepare)(void *arg, struct m6_job *, struct m6_error *);
    void (*event)(void *arg, struct m6_job *, const struct m6_job_event *);
    void *arg;

    pthread_t thread;
    atomic_int cancelled;
    _Atomic int64_t first_ns; /* when the model decided its first token or place; 0: not yet */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t ended_cond;
    int ended;
    enum m6_status status; /* once it has failed; the first failure counts */
    struct m6_error error;
    struct m6_answer *answers; /* running requests, to be cancelled with the job */
    char **warnings;           /* each is said once */
    int warning_count;
};

extern const struct m6_host_services m6_services;

/* ---- host.c, jobs.c ---- */
/* Joins and frees jobs that have ended and that nobody holds. */
void m6_host_reap(struct m6_host *);
void m6_job_destroy(struct m6_job *);
void m6_job_event(struct m6_job *, const struct m6_job_event *);
enum m6_status m6_job_load(struct m6_job *, struct m6_error *); /* the engine, with progress, unless it is loaded */
void m6_job_warn(struct m6_job *, const char *sentence);
/* Notes why the job fails, unless that is known already. Returns -1. */
int m6_job_fail(struct m6_job *, enum m6_status, const char *sentence);

/* ---- frames.c, answers.c: parts of the services ---- */
int m6_host_frames_open(struct m6_job *, int input, const struct m6_frames_params *, struct m6_frames **);
void m6_host_frames_info(struct m6_frames *, struct m6_frames_info *);
int m6_host_frames_next(struct m6_frames *, struct m6_plugin_frame *);
void m6_host_frames_close(struct m6_frames *);

int m6_host_answer_start(struct m6_job *, const struct m6_plugin_request *, struct m6_answer **);
int m6_host_answer_wait(struct m6_answer *, struct m6_plugin_result *);
void m6_host_answer_release(struct m6_answer *);
/* Cancels every running request of a job. */
void m6_host_answers_cancel(struct m6_job *);

#endif
