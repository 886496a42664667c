/* The keys and values of all sequences: one arena of slots, taken and given back one by one. A slot is a row of every
 * layer; which slots a sequence got never shows in its results. */
#ifndef M6_FAMILIES_CACHE_H
#define M6_FAMILIES_CACHE_H

#include "ops/ops.h"

struct m6_cache {
    struct m6_backend *backend;
    struct m6_kv *layer; /* [layers] */
    float *memory;
    int32_t *free; /* a stack */
    int layers, slots, free_count;
};

enum m6_status m6_cache_init(struct m6_cache *, struct m6_backend *, int layers, int slots, int kv_heads, int head_dim,
                             struct m6_error *err);
void m6_cache_finish(struct m6_cache *);
/* All `count` slots or none. */
int m6_cache_take(struct m6_cache *, int32_t *slot, int count);
void m6_cache_give(struct m6_cache *, const int32_t *slot, int count);

#endif
