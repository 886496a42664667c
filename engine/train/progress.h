/* How a run tells how it goes: a line that a terminal rewrites, a log of JSON lines for plots, and the learning rate. */
#ifndef M6_TRAIN_PROGRESS_H
#define M6_TRAIN_PROGRESS_H

#include <stdint.h>
#include <stdio.h>

#include "m6/status.h"

enum m6_schedule_shape { M6_SCHEDULE_CONSTANT, M6_SCHEDULE_LINEAR, M6_SCHEDULE_COSINE };

/* Rises linearly over `warmup` steps, then falls to `floor` at step `total` and stays there. Steps count from 1. */
struct m6_schedule {
    enum m6_schedule_shape shape;
    float peak, floor;
    int64_t warmup, total;
};
float m6_schedule_rate(const struct m6_schedule *, int64_t step);

/* What one step did. */
struct m6_progress_step {
    int64_t step, total;
    double loss;
    double items;     /* in this step */
    const char *unit; /* what they are: "tokens" */
    double flops;     /* in this step */
};

/* Rates and the time left are averages that forget over about 20 steps; the loss over about 50. */
struct m6_progress {
    FILE *terminal;  /* NULL: no line */
    double shown;    /* when the line was last written */
    double last;     /* when the last step ended */
    double seconds, items, flops, loss; /* averages a step */
    int64_t steps;
    int wide; /* characters of the line that is there */
};

/* Seconds of a clock that never goes back. */
double m6_progress_now(void);
/* The line is only written where `terminal` is one, or when `force` says so. Time runs from here. */
void m6_progress_begin(struct m6_progress *, FILE *terminal, int force);
/* Counts a step, and rewrites the line when 0.2 s have passed, or at the last step. */
void m6_progress_step(struct m6_progress *, const struct m6_progress_step *);
/* Clears the line, so that something else can be printed; it comes back with the next step. */
void m6_progress_clear(struct m6_progress *);
/* The line's text. Returns its length, cut to what fits. */
int m6_progress_format(const struct m6_progress *, const struct m6_progress_step *, char *text, size_t size);

/* A log of JSON objects, one a line, appended to so that a resumed run goes on in the same file. A null or infinite
 * number is written as null. */
struct m6_jsonl;
enum m6_status m6_jsonl_open(struct m6_jsonl **out, const char *path, struct m6_error *err);
void m6_jsonl_begin(struct m6_jsonl *);
void m6_jsonl_number(struct m6_jsonl *, const char *key, double value);
void m6_jsonl_integer(struct m6_jsonl *, const char *key, int64_t value);
void m6_jsonl_string(struct m6_jsonl *, const char *key, const char *value);
enum m6_status m6_jsonl_end(struct m6_jsonl *, struct m6_error *err); /* flushes the line */
enum m6_status m6_jsonl_close(struct m6_jsonl *, struct m6_error *err); /* NULL-safe */

#endif
