/* The host core: plugins, jobs and the engine, in one process.
 *
 * A job is a kind ("caption"), parameters (JSON), and input media. It runs on a thread of its own, tells what happens through
 * events, and can be cancelled. The engine is loaded by the first job that asks the model something.
 *
 * Threads: every function may be called from any thread, events come on the job's thread.
 */
#ifndef M6_HOST_CORE_HOST_H
#define M6_HOST_CORE_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "m6/engine.h"
#include "m6/plugin.h"
#include "m6/status.h"

struct m6_host_params {
    const char *model;        /* model folder; NULL: found by m6_find_model */
    const char *plugin_path;  /* ':' separated folders; NULL: as m6_find_plugins says */
    int threads;
    void (*log)(void *arg, int level, const char *message);
    void *log_arg;
    const char *compute, *isa; /* as in engine.h; NULL: the defaults */
};

enum m6_status m6_host_create(struct m6_host **, const struct m6_host_params *, struct m6_error *);
void m6_host_destroy(struct m6_host *); /* cancels and joins jobs; NULL is fine */
/* Loads the engine now rather than at the first request. `loading`, which may be NULL, is called as in engine.h, if it is this call that
 * loads it. */
enum m6_status m6_host_load(struct m6_host *, void (*loading)(void *arg, size_t done, size_t total), void *arg, struct m6_error *);
struct m6_engine *m6_host_engine(struct m6_host *); /* NULL before it is loaded */
/* What the files of the loaded model looked like, and look like now (core/files.h: 0 when they are gone). -1: none is loaded. The
 * engine goes on as it was: it reads nothing of them any more. */
int m6_host_model_files(struct m6_host *, uint64_t *then, uint64_t *now);

/* ---- plugins: found by name, or reported with the reason why not ---- */
struct m6_plugin_report {
    char path[4096];
    char name[64], version[32], description[256];
    int usable;
    char why[512]; /* when not usable */
    int apart;     /* its jobs run in worker processes */
};
int m6_host_plugins(const struct m6_host *);
const struct m6_plugin_report *m6_host_plugin(const struct m6_host *, int i);
/* How many of its jobs were lost because it crashed, hung or sent nonsense, and the sentence about the last one. */
int m6_host_plugin_faults(const struct m6_host *, int i, char *last, size_t size);
/* The kind's schema, or NULL if no usable plugin has it. */
const char *m6_host_schema(const struct m6_host *, const char *kind);

/* ---- jobs ---- */
enum m6_job_event_type {
    M6_JOB_PROGRESS, M6_JOB_TEXT, M6_JOB_CAPTION, M6_JOB_PICTURE, M6_JOB_WARNING,
    M6_JOB_DONE, M6_JOB_FAILED, M6_JOB_CANCELLED, /* one of these comes last */
};
/* What PROGRESS says while a job waits for the model, in bytes of its weights. */
#define M6_JOB_LOADING "loading the model"
struct m6_job_event {
    enum m6_job_event_type type;
    double done, total;                  /* PROGRESS */
    const char *text;                    /* TEXT, CAPTION, WARNING, FAILED; PROGRESS: what is being done, or NULL */
    int64_t start_ns, end_ns;            /* CAPTION, half-open */
    const struct m6_plugin_picture *picture; /* PICTURE */
    const char *const *metadata;         /* PICTURE: pairs, ended by NULL */
    enum m6_status status;               /* FAILED */
};
struct m6_job_params {
    const char *kind;
    const char *params;        /* a JSON object, checked against the kind's schema; NULL: {} */
    const char *const *inputs; /* paths or URLs, ended by NULL; NULL: none */
    void (*event)(void *arg, struct m6_job *, const struct m6_job_event *);
    void *arg;
    enum m6_priority priority; /* of its requests to the model; 0: interactive */
    /* For input i, frames in memory instead of what its path names; NULL, or as many as inputs. They stay until the last event. */
    const struct m6_memory_input *const *memory;
    /* Called on the job's thread before the plugin runs; a failure is the job's; may be NULL. */
    enum m6_status (*prepare)(void *arg, struct m6_job *, struct m6_error *);
};
/* Refuses unknown kinds and parameters that the schema does not allow (M6_ERR_ARGUMENT). Everything given is copied. */
enum m6_status m6_host_submit(struct m6_host *, const struct m6_job_params *, struct m6_job **, struct m6_error *);
/* Cancels soon: requests to the model at once, decoding between two packets. May be called from an event. */
void m6_job_cancel(struct m6_job *);
/* On CLOCK_MONOTONIC: when the model decided the first token or place of the job's first answer. 0: not yet. */
int64_t m6_job_first_ns(const struct m6_job *);
/* Waits for the last event to have been delivered, so not from an event. M6_OK, or why the job failed: M6_ERR_ARGUMENT
 * (what was asked), M6_ERR_IO, _FORMAT, _UNSUPPORTED or _LIMIT (an input), M6_ERR_MODEL, M6_ERR_CANCELLED, others. */
enum m6_status m6_job_wait(struct m6_job *, struct m6_error *);
/* Gives the handle back; a job that still runs goes on, and its events still come. NULL is fine. */
void m6_job_release(struct m6_job *);

/* ---- libav*: opened by the first caller, never closed. host/media/media.h has the table. ---- */
struct m6_media;
enum m6_status m6_media_load(const struct m6_media **, struct m6_error *);

/* ---- where things are: beside the program in a build tree, under the prefix when installed; the environment comes first
 * (M6_MODEL, M6_PLUGIN_PATH, M6_PRESET_PATH, M6_LIBEXEC). Each writes a path and returns 0, or -1 if there is none. ---- */
/* NULL: M6_MODEL, else m6-mini. A folder (anything with a '/', or one that holds config.json), or a name looked for in
 * $XDG_DATA_HOME/m6/models and beside the program. */
int m6_find_model(const char *name, char *path, size_t size);
/* The folders that names of models are looked for in, i from 0 on; they need not exist. */
enum { M6_MODEL_FOLDERS = 2 };
int m6_find_models(int i, char *path, size_t size);
int m6_find_plugins(char *path, size_t size); /* M6_PLUGIN_PATH as it is, else the program's own folder and the user's */
int m6_find_own_plugins(char *path, size_t size);
int m6_find_media(char *path, size_t size);   /* the module with libav*; M6_MEDIA comes first */
int m6_find_module(const char *file, char *path, size_t size); /* another module in lib/m6 */
int m6_find_libexec(const char *program, char *path, size_t size);
int m6_find_preset(const char *name, char *path, size_t size);
int m6_find_shared(const char *rest, char *path, size_t size); /* a file in share/m6, such as m6-eval's judge */

#endif
