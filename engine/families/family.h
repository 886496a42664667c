/* What a model family gives the scheduler: how to load a model, and how a request becomes rows.
 *
 * A sequence is one request being answered. In each step every sequence that takes part appends the rows that it wants
 * forwarded (segments of its prompt, the tokens or places it has just decided), the model forwards all rows at once,
 * and each sequence takes its results: it picks the output head, samples, tells what there is to tell. A row may come
 * from any producer (a table, a picture's stem, codes); guidance is two rows and one sampler inside one sequence. The
 * order is always
 *
 *     begin; plan for each sequence; forward; take for each sequence that planned
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

struct m6_load {
    struct m6_backend *backend;
    enum m6_type compute;
    const char *folder; /* config.json and the rest are here */
    const char *config; /* the text of config.json */
    int sequences;      /* cache for so many of the longest requests at once */
};

/* Where a sequence's events go. DONE, FAILED and CANCELLED are the scheduler's to tell. */
struct m6_sink {
    void (*emit)(void *arg, const struct m6_event *);
    void *arg;
};

struct m6_family {
    const char *name; /* "model_type" in config.json */

    enum m6_status (*load)(struct m6_model **, const struct m6_load *, struct m6_error *);
    void (*destroy)(struct m6_model *);
    void (*info)(const struct m6_model *, struct m6_model_info *);
    int (*unknown_words)(const struct m6_model *, const char *text, char *out, size_t size, int *known);

    /* Checks a request and copies what it needs: tokens, pictures at the model's size. */
    enum m6_status (*open)(struct m6_sequence **, struct m6_model *, const struct m6_request_params *, struct m6_error *);
    /* Gives everything back, cache too. NULL is fine. */
    void (*close)(struct m6_sequence *);

    /* Takes cache and does what comes before the first rows. M6_ERR_LIMIT when there is not enough free now. */
    enum m6_status (*start)(struct m6_sequence *, const struct m6_sink *, struct m6_error *);
    void (*begin)(struct m6_model *);
    int (*plan)(struct m6_sequence *); /* 0: this step has no room left for its rows */
    void (*forward)(struct m6_model *);
    enum m6_status (*take)(struct m6_sequence *, const struct m6_sink *, int *done, struct m6_error *);
};

/* NULL if there is none of that name. */
const struct m6_family *m6_family_find(const char *model_type);

extern const struct m6_family m6_family_m6;

#endif
