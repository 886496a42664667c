#include "families/cache.h"

#include <stdlib.h>
#include <string.h>

enum m6_status m6_cache_init(struct m6_cache *cache, struct m6_backend *backend, int layers, int pages, int kv_heads,
                             int head_dim, struct m6_error *err)
{
    const int slots = pages * M6_PAGE;
    const size_t plane = (size_t)slots * (size_t)kv_heads * (size_t)head_dim;
    *cache = (struct m6_cache){.backend = backend, .layers = layers, .pages = pages, .free_count = pages};
    cache->layer = calloc((size_t)layers, sizeof *cache->layer);
    cache->free = malloc((size_t)pages * sizeof *cache->free);
    cache->memory = backend->ops->alloc(backend, 2 * plane * (size_t)layers * sizeof(float));
    if (!cache->layer || !cache->free || !cache->memory) {
        m6_cache_finish(cache);
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a cache of %d rows in %d layers", slots, layers);
    }
    for (int i = 0; i < layers; i++)
        cache->layer[i] = (struct m6_kv){cache->memory + 2 * plane * (size_t)i, cache->memory + 2 * plane * (size_t)i + plane,
                                         slots, kv_heads, head_dim};
    for (int i = 0; i < pages; i++)
        cache->free[i] = pages - 1 - i;
    return M6_OK;
}

void m6_cache_finish(struct m6_cache *cache)
{
    if (cache->memory)
        cache->backend->ops->free(cache->backend, cache->memory);
    free(cache->layer);
    free(cache->free);
    *cache = (struct m6_cache){0};
}

int m6_cache_take(struct m6_cache *cache, int32_t *page, int count)
{
    if (count > cache->free_count)
        return 0;
    cache->free_count -= count;
    for (int i = 0; i < count; i++)
        page[i] = cache->free[cache->free_count + count - 1 - i];
    return 1;
}

void m6_cache_give(struct m6_cache *cache, const int32_t *page, int count)
{
    for (int i = 0; i < count; i++)
        cache->free[cache->free_count++] = page[count - 1 - i];
}
