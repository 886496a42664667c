/* What the files of filters/common share.
 *
 *     captions.c   the door: samples and their policy
 *     worker.c     the thread: converts, asks, answers in order
 *     host.c       what is said to the host and what it says; with the lock held, but asking
 */
#ifndef M6_FILTERS_COMMON_INTERNAL_H
#define M6_FILTERS_COMMON_INTERNAL_H

#include <pthread.h>

#include "captions.h"
#include "clock.h"
#include "m6/m6.h"
#include "m6/scene.h"

enum { LANGUAGE_MAX = 16, TRIES_MAX = 5, SPARE_MAX = 8, REST_MS = 250, GREY = M6_SCENE_WIDTH * M6_SCENE_HEIGHT };

struct picture {
    void *frame; /* NULL: converted */
    int64_t pts_ns, duration_ns;
    int width, height;
    struct m6_buffer *buffer; /* packed RGB */
};

enum answer_state { WAITING, ASKED, ANSWERED, DROPPED, FAILED };

struct answer {
    char language[LANGUAGE_MAX]; /* "": for all */
    enum answer_state state;
    enum m6_status status;
    uint64_t job;
    int tries;
    char *text; /* what was answered, or why not */
    int64_t asked_ns, answered_ns;
    int told; /* its event has come */
};

struct sample {
    struct sample *next;
    uint64_t number; /* or the mark */
    int is_mark;
    uint32_t epoch;
    int64_t start_ns, end_ns;
    char *prompt;
    int64_t seed, every_ns;
    int clip, deadline_ms;
    int undecided; /* a candidate that has not been looked at */
    int scene;     /* was a candidate: its end is the next scene */
    int passed;    /* a candidate that is no scene */
    int admitted;  /* has a place among those that are asked about */
    int in_use;    /* the thread looks at it without the lock */
    int ended;     /* has all its frames */
    int counted;   /* as dropped or failed */
    int dropped;   /* as a whole, and counted so */
    int64_t ended_ns;
    struct picture pictures[M6_CAPTIONS_FRAMES_MAX];
    int picture_count, converted;
    struct answer answers[M6_CAPTIONS_LANGUAGES_MAX];
    int answer_count;
};

struct m6_captions {
    struct m6_captions_params params;
    char *host, *name, *model;
    pthread_t thread;
    int wake; /* eventfd */
    struct m6_client *client;

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    int stopping, interrupted;
    int busy; /* the thread uses a sample without the lock */
    struct sample *first, **last;
    uint64_t last_number;
    struct m6_captions_stats stats;

    int connected, searching;
    int unfit;       /* there is a host with another model */
    int64_t lost_ns; /* since when there is none */
    int64_t rest_until_ns; /* nothing is asked until then */
    int status_asked;
    char model_name[64];
    struct m6_error why;

    /* The thread's own. */
    struct m6_buffer *spare[SPARE_MAX];
    size_t spare_bytes;
    int spare_count;
    uint8_t grey[2][GREY]; /* of the last candidate, and of the last scene */
    int has_grey;
    int64_t scene_ns;
    uint32_t scene_epoch;
};

/* ---- captions.c: with the lock held ---- */
/* Whether nothing can be answered, for now at least. */
int captions_absent(const struct m6_captions *);
int sample_unanswered(const struct sample *);
/* Its frames go; those of its answers that are open end so. */
void sample_end(struct m6_captions *, struct sample *, enum answer_state, enum m6_status, const char *why);
void sample_remove(struct m6_captions *, struct sample *); /* and frees it */
void sample_set_text(struct answer *, const char *text);

/* ---- worker.c ---- */
void *captions_run(void *captions);
void captions_wake(struct m6_captions *);

/* ---- host.c ---- */
/* Takes what the host has said. With the lock held; 1: there was something. *told is set for what the filter has to know. */
int host_take(struct m6_captions *, struct m6_captions_event *told, char *text, size_t size);
/* Asks one answer of a sample; the lock is not held. */
enum m6_status host_ask(struct m6_captions *, const struct sample *, const struct answer *, uint64_t *job, struct m6_error *);

#endif
