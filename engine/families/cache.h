/* The keys and values of all sequences: one arena of pages, taken and given back one by one. A page is M6_PAGE slots, a
 * slot a row of every layer; which ones a sequence got never shows in its results. */
#ifndef M6_FAMILIES_CACHE_H
#define M6_FAMILIES_CACHE_H

#include "ops/ops.h"

enum { M6_PAGE = 8 };

struct m6_cache {
    struct m6_backend *backend;
    struct m6_kv *layer; /* [layers] */
    float *memory;
    int32_t *free; /* a stack */
    int layers, pages, free_count;
};

enum m6_status m6_cache_init(struct m6_cache *, struct m6_backend *, int layers, int pages, int kv_heads, int head_dim,
                             struct m6_error *err);
void m6_cache_finish(struct m6_cache *);
/* All `count` pages or none. */
int m6_cache_take(struct m6_cache *, int32_t *page, int count);
void m6_cache_give(struct m6_cache *, const int32_t *page, int count);

static inline size_t m6_cache_page_bytes(int layers, int kv_heads, int head_dim)
{
    return 2 * sizeof(float) * M6_PAGE * (size_t)layers * (size_t)kv_heads * (size_t)head_dim;
}
static inline int m6_cache_pages(int rows)
{
    return (rows + M6_PAGE - 1) / M6_PAGE;
}

#endif
