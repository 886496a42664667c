/* The training loop: what all recipes share. A job says what one step and one evaluation are.
 *
 * A run lives in a folder: step-N.safetensors (the two newest checkpoints), log.jsonl, and what its job draws. It
 * resumes from the newest checkpoint bit by bit: example indices follow from the step alone.
 */
#ifndef M6_TRAIN_TRAINER_H
#define M6_TRAIN_TRAINER_H

#include <signal.h>

#include "train/data.h"
#include "train/recipe.h"

struct m6_metric {
    char name[40];
    double value;
};
/* Named figures of a step or an evaluation, in the order in which they were first set. */
enum { M6_METRICS_MAX = 64 };
struct m6_metrics {
    int count;
    struct m6_metric metric[M6_METRICS_MAX];
};
void m6_metrics_set(struct m6_metrics *, const char *name, double value);
double m6_metrics_get(const struct m6_metrics *, const char *name); /* NaN if absent */

struct m6_trainer;

struct m6_job {
    /* Adds the model's matrices to the trainer's params. */
    enum m6_status (*create)(struct m6_trainer *, struct m6_error *err);
    /* After loading or on a fresh start: step is what has been done. */
    enum m6_status (*start)(struct m6_trainer *, int64_t step, struct m6_error *err);
    /* Forward and backward for a step (from 1); "loss" is set in the metrics. */
    enum m6_status (*step)(struct m6_trainer *, int64_t step, struct m6_metrics *, struct m6_error *err);
    enum m6_status (*evaluate)(struct m6_trainer *, struct m6_metrics *, struct m6_error *err);
    void (*destroy)(struct m6_trainer *);
};
extern const struct m6_job m6_job_image, m6_job_judge, m6_job_m6;

struct m6_trainer {
    struct m6_recipe recipe;
    struct m6_source *source;
    struct m6_params *params;
    struct m6_pool *pool;
    struct m6_tape *tape;
    const struct m6_job *job;
    void *self;                      /* the job's own */
    const volatile sig_atomic_t *stop; /* set to end after the current step; may be NULL */
    double data_seconds;               /* spent waiting for examples */
};

/* Makes a trainer for a recipe; the source stays the caller's. */
enum m6_status m6_trainer_create(struct m6_trainer **out, const struct m6_recipe *, struct m6_source *,
                                 struct m6_error *err);
void m6_trainer_destroy(struct m6_trainer *);
/* Trains to the recipe's last step, from the newest checkpoint of its folder; fresh: from nothing, and the folder's
 * checkpoints are removed. M6_ERR_CANCELLED after a stop, with the checkpoint written. */
enum m6_status m6_trainer_run(struct m6_trainer *, int fresh, struct m6_error *err);

/* The newest checkpoint in a folder, or M6_ERR_MODEL. */
enum m6_status m6_trainer_newest(const char *folder, char path[M6_PATH_BYTES], int64_t *step, struct m6_error *err);
/* The averaged values of a run's newest checkpoint, or what an exported model (its folder, or its file) holds. */
enum m6_status m6_trainer_load_average(struct m6_params *, const char *from, struct m6_error *err);
/* Makes a folder and those that it lies in, where they are not there yet. */
enum m6_status m6_make_folders(const char *path, struct m6_error *err);

/* Fetches `count` examples from index `first` on, side by side. rgb and mask of each are set to stretches of the two
 * buffers, of `frames` pictures each (either may be NULL). */
enum m6_status m6_trainer_fetch(struct m6_trainer *, enum m6_split, int clip, uint64_t first, int count,
                                struct m6_example *example, uint8_t *rgb, uint8_t *mask, struct m6_error *err);

/* Reports: a line of the log, and a line for people. */
struct m6_report {
    int64_t step, steps;
    double lr, norm, seconds, gflops, examples, data; /* data: share of the time spent on making examples */
};
struct m6_jsonl;
enum m6_status m6_report_log(struct m6_jsonl *, const char *event, const struct m6_report *, const struct m6_metrics *,
                             struct m6_error *err);
void m6_report_line(const char *event, const struct m6_report *, const struct m6_metrics *);

#endif
