/* Pictures of a video in, what a resident model says about them out, in the order of time. What every filter that captions does,
 * whatever the framework; frames are opaque, and the filter says how they are converted.
 *
 *     m6_captions_create(&c, &params, &err);              never waits for a host
 *     n = m6_captions_begin(c, &sample);                  here the policy decides; only M6_CAPTIONS_BLOCK waits, for room
 *     m6_captions_frame(c, n, frame, pts, duration);      one picture, or up to 4 of a stretch
 *     m6_captions_end(c, n, end_ns);                      now it can be asked about
 *     m6_captions_mark(c, id, end_ns);                    comes back in its place among the answers
 *     m6_captions_destroy(c);
 *
 * One thread of its own converts, asks and answers; all callbacks come from it, one at a time and without locks held. Answers come in the
 * order of the samples, for each language by itself, so that a language never waits for another.
 *
 * When the host goes away: live, what was asked is lost; else it is asked again once there is a host, for which `patience_ms` is waited.
 * Beyond that samples are refused until a host is there.
 *
 * Times are nanoseconds on the filter's own scale, which grows within an `epoch` (a segment, say).
 *
 * Threads: any function from any thread, but begin, frame, end and mark by one at a time, and none but known, stats and wake from callbacks.
 */
#ifndef M6_FILTERS_CAPTIONS_H
#define M6_FILTERS_CAPTIONS_H

#include <stdint.h>

#include "m6/status.h"

enum { M6_CAPTIONS_FRAMES_MAX = 4, M6_CAPTIONS_LANGUAGES_MAX = 8, M6_CAPTIONS_IN_FLIGHT_MAX = 16 };
#define M6_CAPTIONS_UNKNOWN INT64_MAX

struct m6_captions;

enum m6_captions_policy {
    M6_CAPTIONS_BLOCK,       /* no room: wait for some. Every sample is answered */
    M6_CAPTIONS_DROP_OLDEST, /* no room: the sample that has waited longest gives way */
    M6_CAPTIONS_DROP_NEWEST, /* no room: the new sample is not taken */
};

enum m6_captions_event_type {
    M6_CAPTIONS_TEXT,         /* an answer */
    M6_CAPTIONS_DROPPED,      /* a sample gave way, or its host is gone: `text` says which */
    M6_CAPTIONS_FAILED,       /* the host could not answer: status, text */
    M6_CAPTIONS_PASSED,       /* a candidate was no new scene */
    M6_CAPTIONS_SETTLED,      /* what came before no longer counts as owed: m6_captions_known has more to say */
    M6_CAPTIONS_MARK,         /* a mark's turn */
    M6_CAPTIONS_PROGRESS,     /* done of total (0: not known): a model is being loaded */
    M6_CAPTIONS_CONNECTED,    /* there is a host; `text`: its model, "" if that is not known yet */
    M6_CAPTIONS_DISCONNECTED, /* there is none; text says why */
};

/* Pointers last until the callback returns. */
struct m6_captions_event {
    enum m6_captions_event_type type;
    uint64_t sample; /* as begin gave it; MARK: the mark */
    uint32_t epoch;
    int64_t start_ns, end_ns; /* end may be M6_CAPTIONS_UNKNOWN */
    const char *language;     /* NULL: concerns all */
    const char *text;
    const char *prompt; /* NULL: a caption was asked for */
    const char *model;  /* "" if not known */
    int64_t seed;
    int64_t latency_ns;   /* TEXT: since the sample was complete */
    int64_t inference_ns; /* TEXT: of that, from asking the host to its answer */
    enum m6_status status;
    double done, total;
    int again; /* DROPPED, FAILED, PASSED: another language of the sample came to it before */
};

struct m6_captions_params {
    const char *host;  /* the socket; NULL: as libm6 finds it */
    const char *name;  /* of this program, for `m6 status` */
    const char *model; /* the only one that will do; NULL: any */
    enum m6_captions_policy policy;
    int live;
    int in_flight;        /* samples that may be unanswered at once; 0: 4 */
    int patience_ms;      /* 0: 5000 */
    double scene_threshold; /* for candidates; 0: m6/scene.h's */

    void *arg;
    /* At what size a frame is to be converted. */
    void (*size)(void *arg, void *frame, int *width, int *height);
    /* To packed RGB, 8 bits, sRGB. */
    enum m6_status (*convert)(void *arg, void *frame, int width, int height, uint8_t *rgb, struct m6_error *err);
    /* As m6/scene.h wants it. NULL: there are no candidates. */
    enum m6_status (*grey)(void *arg, void *frame, uint8_t *grey, struct m6_error *err);
    /* From any thread, within any call. */
    void (*release)(void *arg, void *frame);
    void (*event)(void *arg, const struct m6_captions_event *);
};

enum m6_status m6_captions_create(struct m6_captions **, const struct m6_captions_params *, struct m6_error *);
/* No callback but release comes after it has begun. NULL is fine. */
void m6_captions_destroy(struct m6_captions *);

struct m6_captions_sample {
    uint32_t epoch;
    int64_t start_ns;
    const char *prompt;           /* NULL or "": a caption; else a question */
    const char *const *languages; /* at least one */
    int language_count;
    int64_t seed;
    int clip;         /* its frames tell one motion */
    int deadline_ms;  /* live: the host drops it if it has not begun by then; 0: never */
    int candidate;    /* ask about it only if it begins a new scene, */
    int64_t every_ns; /* or so long after the last that was asked about; 0: only then */
};

/* A number, never 0; 0: it was not taken (there is no room, or no host); -1: interrupted. What is given is copied. A candidate's end
 * is where the next scene begins; live, its start and every_ns. */
int64_t m6_captions_begin(struct m6_captions *, const struct m6_captions_sample *);
/* The frame is taken over, whatever becomes of the sample. At most M6_CAPTIONS_FRAMES_MAX. */
void m6_captions_frame(struct m6_captions *, int64_t sample, void *frame, int64_t pts_ns, int64_t duration_ns);
void m6_captions_end(struct m6_captions *, int64_t sample, int64_t end_ns);
/* end_ns ends the scene that is still open, if one is. */
void m6_captions_mark(struct m6_captions *, uint64_t id, int64_t end_ns);

/* As in the params; what waits is judged anew. */
void m6_captions_configure(struct m6_captions *, enum m6_captions_policy, int live, int in_flight);
/* 1: begin and wait return at once, until 0 is given. */
void m6_captions_interrupt(struct m6_captions *, int on);
/* Forgets all samples and marks. When it has returned, no event comes of them. */
void m6_captions_flush(struct m6_captions *);
/* Waits until all events of a sample have come; at most timeout_ms (negative: any time). 1: they have; 0: not. */
int m6_captions_wait(struct m6_captions *, int64_t sample, int timeout_ms);
/* Waits until all events of all samples and marks have come. 1: they have; 0: interrupted. */
int m6_captions_drain(struct m6_captions *);
/* Frames that are kept unconverted are replaced (by copies that hold nothing of a pool, say). */
void m6_captions_replace(struct m6_captions *, void *(*copy)(void *arg, void *frame));

/* The start of the earliest sample of an epoch, from from_ns on, of which events may still come in a language (NULL: any);
 * M6_CAPTIONS_UNKNOWN: none. */
int64_t m6_captions_known(struct m6_captions *, uint32_t epoch, const char *language, int64_t from_ns);

struct m6_captions_stats {
    uint64_t texts, dropped, failed;
    int64_t last_latency_ns;
    int connected, unanswered;
};
void m6_captions_stats(struct m6_captions *, struct m6_captions_stats *);

#endif
