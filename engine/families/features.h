/* What encoders made of pictures, by the pictures' content: rows of numbers in the backend's memory, within a budget. The
 * longest unused gives way. */
#ifndef M6_FAMILIES_FEATURES_H
#define M6_FAMILIES_FEATURES_H

#include "families/keyed.h"
#include "ops/ops.h"

struct m6_features {
    struct m6_backend *backend;
    size_t budget; /* bytes */
    struct m6_keyed known;
    uint64_t hits, misses, evictions;
};

void m6_features_init(struct m6_features *, struct m6_backend *, size_t budget);
void m6_features_finish(struct m6_features *);
/* Whether it is there; nothing changes. */
int m6_features_has(const struct m6_features *, struct m6_key);
/* Valid until the next make; NULL if it is not there. */
float *m6_features_find(struct m6_features *, struct m6_key);
/* Room for what is not there, which the caller fills in at once. NULL: more than the budget, or no memory. */
float *m6_features_make(struct m6_features *, struct m6_key, size_t floats);

#endif
