/* The engine: one model resident in memory, answering requests.
 *
 * A request is a list of parts (pictures, text), what is wanted of them, and how to sample. It answers
 * through events, in order, and can be cancelled at any token. The same model, request and seed give the same
 * answer on one backend and instruction set, whatever else is being served and on any number of threads.
 *
 * Threads: every function may be called from any thread. Events are delivered on the engine's own thread; a
 * callback must not block for long and may call only m6_request_cancel.
 */
#ifndef M6_ENGINE_H
#define M6_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "m6/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct m6_engine;
struct m6_request;

struct m6_engine_params {
    size_t size;       /* sizeof(struct m6_engine_params) */
    const char *model; /* a model folder: config.json, tokenizer.json, *.safetensors */
    int threads;       /* 0: one for each CPU this process may use */
    const char *compute; /* "bf16" (NULL: the default) or "f32" */
    const char *isa;     /* the best instruction set to use: "c", "avx2", "avx512", "avx512bf16"; NULL: the best there is */
    void (*log)(void *arg, int level, const char *message); /* level as in syslog(3): 3 error … 7 debug; may be NULL */
    void *log_arg;
    /* Memory for keys and values: what requests in the middle and segments kept for reuse live in. 0: what suits the model. */
    size_t cache_bytes;
    /* Memory for what encoders made of pictures. 0: what suits the model; 1: none is kept. */
    size_t encoder_bytes;
    int step_rows; /* about how many rows a step computes at most; 0: 384 */
    /* Called while the model is loaded, on the caller's thread, each time that another hundredth of the weights' bytes has been
     * read, first with done 0 and last with done equal to total; may be NULL. */
    void (*loading)(void *arg, size_t done, size_t total);
    void *loading_arg;
};

/* Loads a model and starts the engine. Blocks until it is ready. */
enum m6_status m6_engine_create(struct m6_engine **engine, const struct m6_engine_params *params, struct m6_error *err);
/* Cancels what is running, waits for it, frees everything. NULL is fine. */
void m6_engine_destroy(struct m6_engine *engine);

struct m6_model_info {
    char name[64];
    char family[32];           /* "m6" */
    char backend[16], isa[16]; /* "cpu", "avx512bf16" */
    char compute[8];
    int64_t parameters, active_parameters; /* active: those that one text token uses */
    size_t weight_bytes;                   /* resident */
    int picture_width, picture_height;     /* what it sees and draws, pixels */
    int frames_max;                        /* pictures in one request */
    int text_max;                          /* tokens in one text segment */
    int experts, prototypes;
    int draws;                             /* can answer with a picture */
    int rewrites;                          /* can say a prompt in the words of its captions */
};
void m6_engine_info(const struct m6_engine *engine, struct m6_model_info *info);

/* ---- requests ---- */

enum m6_task {
    M6_TASK_CAPTION, /* pictures → text */
    M6_TASK_ASK,     /* pictures, question → text */
    M6_TASK_MATCH,   /* pictures, caption → score: the probability that they belong together */
    M6_TASK_DRAW,    /* prompt → picture */
    M6_TASK_SCRIPT,  /* "N: idea" → text */
    M6_TASK_REWRITE, /* prompt → the caption of a picture that it might mean; what it leaves open is sampled */
};
enum m6_priority { M6_INTERACTIVE, M6_LIVE, M6_BATCH };
enum { M6_PRIORITIES = M6_BATCH + 1 };
enum m6_draw_mode { M6_DRAW_AR, M6_DRAW_PROGRESSIVE };

/* Packed RGB, 8 bits a sample, sRGB; rows `stride` bytes apart. Any size: the engine scales (area-averaging down,
 * bilinear up) and letterboxes to the model's own, so that the aspect ratio is kept. */
struct m6_picture {
    int width, height;
    size_t stride;
    const uint8_t *rgb;
};

struct m6_rect {
    int x, y, w, h;
};

enum m6_event_type {
    M6_EVENT_PROGRESS,  /* done of total: tokens, places or steps */
    M6_EVENT_TEXT,      /* the next piece of a text answer, whole UTF-8 characters */
    M6_EVENT_PICTURE,   /* a finished picture */
    M6_EVENT_SCORE,     /* a matching score, 0 … 1 */
    M6_EVENT_WARNING,   /* one sentence; the request goes on */
    M6_EVENT_DONE,
    M6_EVENT_FAILED,    /* status and one sentence */
    M6_EVENT_CANCELLED,
};

struct m6_event {
    enum m6_event_type type;
    enum m6_status status; /* FAILED */
    const char *text;      /* TEXT, WARNING, FAILED; valid during the call */
    int done, total;       /* PROGRESS */
    double score;          /* SCORE */
    struct m6_picture picture; /* PICTURE; valid during the call */
};

struct m6_request_params {
    size_t size; /* sizeof(struct m6_request_params) */
    enum m6_task task;
    enum m6_priority priority;
    const struct m6_picture *pictures; /* copied; at most frames_max, in time order */
    int picture_count;
    const char *text;   /* question, caption, prompt, or "N: idea" (1 to 99 shots); UTF-8; copied. None for CAPTION. */
    const char *lang;   /* "en" or "zh": language of a caption or script; NULL: "en" */
    const char *prefix; /* text answers: what they start with, already decided; NULL: none. Not repeated in the answer. */
    const char *stop;   /* text answers: they end before this string; NULL: at the model's own end */
    int max_tokens;     /* 0: what the model allows */

    uint64_t seed;
    float temperature; /* 0: the most likely token. Drawing: usual 1 */
    int top_k;         /* 0: all */
    float top_p;       /* 0 or 1: all */
    float guidance;    /* drawing: logits = u + g·(c − u); 0 or 1: none; usual 2.5 */

    enum m6_draw_mode mode;
    int steps;                        /* progressive: 0 for the default, 10; never more than there are places to draw */
    const struct m6_picture *image;   /* drawing: keep what `keep` covers of this picture; NULL: draw all. Copied. */
    const struct m6_rect *keep;       /* in pixels of `image`; places of the code grid wholly inside stay as they
                                       * are. Copied. */
    int keep_count;

    /* Called with each event. The last one is DONE, FAILED or CANCELLED. */
    void (*event)(void *arg, struct m6_request *request, const struct m6_event *event);
    void *arg;

    uint64_t client;     /* whose request it is: clients of one priority are served alike, however many requests each has */
    int64_t deadline_ns; /* on CLOCK_MONOTONIC: a request that has not ended by then is dropped (FAILED, M6_ERR_LATE), before
                          * it costs anything if it has not begun. 0: none */
};

/* Fills in size and what suits a task: greedy captions and answers, drawings at temperature 1 with guidance 2.5, English,
 * interactive, everything else 0. */
void m6_request_params_init(struct m6_request_params *params, enum m6_task task);

/* Checks and queues a request. What is refused at once: no or white text where one is needed (M6_ERR_ARGUMENT), text that
 * is not UTF-8 (M6_ERR_FORMAT, with the byte), longer than 64 KiB, more tokens or pictures than the model takes
 * (M6_ERR_LIMIT, with the figures), what the whole cache could not hold (M6_ERR_LIMIT, with the figures), a prompt or idea
 * of which the model knows no word (M6_ERR_ARGUMENT). One that there is no memory for now waits. The handle stays valid until m6_request_release, which may be called before the end
 * (the request then goes on, and its events still come) but not from within its own callback. */
enum m6_status m6_engine_submit(struct m6_engine *engine, const struct m6_request_params *params,
                                struct m6_request **request, struct m6_error *err);
void m6_request_cancel(struct m6_request *request);
/* Waits until the request has ended and its last event has been delivered. */
void m6_request_wait(struct m6_request *request);
void m6_request_release(struct m6_request *request);

/* ---- how it is doing ---- */

struct m6_engine_stats {
    size_t size;                                  /* sizeof(struct m6_engine_stats), set by the caller */
    int queued[M6_PRIORITIES];                    /* requests that wait, suspended ones too */
    int active[M6_PRIORITIES];                    /* requests that are being answered */
    uint64_t done, failed, cancelled, late;       /* requests that ended */
    uint64_t suspended;                           /* times that one gave its memory to a more urgent one */
    uint64_t interrupted;                         /* times that a step was interrupted for more urgent ones */
    uint64_t steps, rows, tokens, places;         /* steps; rows forwarded in them; tokens and places decided */
    double tokens_per_s;                          /* tokens and places, lately */
    double rows_per_step;                         /* lately */
    uint64_t prefix_hits, prefix_misses;          /* segments of sources found in the cache, and computed */
    uint64_t encoder_hits, encoder_misses;        /* pictures whose encoding was known, and computed */
    uint64_t evictions;                           /* of both */
    size_t cache_bytes, cache_used, cache_idle;   /* idle: kept in case it is asked for again */
    size_t encoder_bytes, encoder_used;
    int64_t busy_ns, own_ns; /* spent in steps; of that, deciding what goes into them and keeping the books */
};
void m6_engine_stats(const struct m6_engine *engine, struct m6_engine_stats *stats);

/* Words of a prompt that the model was never shown, as a list separated by ", " in out. Returns how many words are
 * unknown; *known receives how many are known. */
int m6_engine_unknown_words(const struct m6_engine *engine, const char *text, char *out, size_t size, int *known);

#ifdef __cplusplus
}
#endif
#endif
