/* What a model family gives the scheduler: how to load a model, and how a request becomes rows.
 *
 * A sequence is one request being answered. In each step every sequence that takes part appends the rows that it wants
 * forwarded (segments of its prompt, the tokens or places it has just decided), the model forwards all rows at once, heads
 * and choices too, and each sequence takes its results and tells what there is to tell. A row may come from any producer
 * (a table, a picture's stem, codes); guidance is two rows and one sampler inside one sequence, never split. The order is
 *
 *     begin; plan for each sequence; forward; take for each sequence that planned
 *
 * in one lane. A model has several lanes, each with room for a step of its own: forward and take call `pause` wherever the
 * backend is idle, some milliseconds apart at most, and the scheduler may run whole steps of other sequences in another
 * lane there. That is how a large step (a drawing's, or a picture's decoding) gives way to something urgent.
 *
 * What a sequence holds of the cache grows with its rows. `suspend` takes it all back; the sequence then feeds its prompt
 * and everything that it decided again, which gives the same numbers, since each row's sums run in one order.
 *
 * Costs are in rows' worth of computing: a picture's encoding counts as many rows as it takes the time of.
 *
 * Threads: open, info and unknown_words may run on any thread at any time; all else on the engine's thread.
 */
#ifndef M6_FAMILIES_FAMILY_H
#define M6_FAMILIES_FAMILY_H

#include "m6/engine.h"
#include "ops/ops.h"

/* Families put these first in structs of their own. */
struct m6_model {
    const struct m6_family *family;
};
struct m6_sequence {
    struct m6_model *model;
};

enum {
    M6_LANES = 3,           /* steps that may be under way at once, each inside a pause of the one before */
    M6_STEP_SEQUENCES = 64, /* that may share a step */
    M6_PLAN_NO_CACHE = -1,
};

struct m6_load {
    struct m6_backend *backend;
    enum m6_type compute;
    const char *folder;   /* config.json and the rest are here */
    const char *config;   /* the text of config.json */
    size_t cache_bytes;   /* keys and values; 0: what suits the model */
    size_t encoder_bytes; /* encoders' results that are kept; SIZE_MAX: what suits the model */
    void (*loading)(void *arg, size_t done, size_t total); /* as in m6_engine_params; may be NULL */
    void *loading_arg;
};

/* Where a sequence's events go. DONE, FAILED and CANCELLED are the scheduler's to tell. */
struct m6_sink {
    void (*emit)(void *arg, const struct m6_event *);
    void *arg;
};

struct m6_pause {
    void (*fn)(void *arg);
    void *arg;
};

/* Of the model since it was loaded, and of its cache now. */
struct m6_usage {
    uint64_t rows, tokens, places;       /* forwarded; of answers; of drawings */
    uint64_t prefix_hits, prefix_misses; /* segments of sources */
    uint64_t encoder_hits, encoder_misses;
    uint64_t evictions;
    size_t cache_bytes, cache_used, cache_idle; /* idle: kept for those who may ask again, and given up when wanted */
    size_t encoder_bytes, encoder_used;
};

struct m6_family {
    const char *name; /* "model_type" in config.json */

    enum m6_status (*load)(struct m6_model **, const struct m6_load *, struct m6_error *);
    void (*destroy)(struct m6_model *);
    void (*info)(const struct m6_model *, struct m6_model_info *);
    void (*usage)(const struct m6_model *, struct m6_usage *);
    int (*unknown_words)(const struct m6_model *, const char *text, char *out, size_t size, int *known);

    /* Checks a request and copies what it needs: tokens, pictures at the model's size. M6_ERR_LIMIT, with the figures,
     * for one that the whole cache could not hold. */
    enum m6_status (*open)(struct m6_sequence **, struct m6_model *, const struct m6_request_params *, struct m6_error *);
    /* Gives everything back, cache too. NULL is fine. */
    void (*close)(struct m6_sequence *);

    /* Tells what there is to tell before anything is computed. */
    void (*start)(struct m6_sequence *, const struct m6_sink *);
    /* Pages of the cache: those that a sequence which holds none would take for its first rows, and those that can be
     * had now. */
    int (*need)(const struct m6_sequence *);
    int (*room)(const struct m6_model *);
    void (*suspend)(struct m6_sequence *);

    /* What the least that the sequence can do in its next step costs. */
    int (*cost)(struct m6_sequence *);
    void (*begin)(struct m6_model *, int lane);
    /* Plans at least that least, and more of the prompt while it costs no more than `room`. Returns the cost; 0: this step
     * has no place left for its rows; M6_PLAN_NO_CACHE: there are no free pages. In both cases nothing has changed. */
    int (*plan)(struct m6_sequence *, int lane, int room);
    void (*forward)(struct m6_model *, int lane, const struct m6_pause *);
    enum m6_status (*take)(struct m6_sequence *, int lane, const struct m6_pause *, const struct m6_sink *, int *done,
                           struct m6_error *);
};

/* NULL if there is none of that name. */
const struct m6_family *m6_family_find(const char *model_type);

extern const struct m6_family m6_family_m6;

#endif
