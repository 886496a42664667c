#include "families/prefix.h"

#include <stdlib.h>
#include <string.h>

void m6_prefix_init(struct m6_prefix *p, struct m6_cache *cache)
{
    *p = (struct m6_prefix){.cache = cache};
}

static int evict(struct m6_prefix *p)
{
    struct m6_prefix_segment *s = (struct m6_prefix_segment *)m6_keyed_evict(&p->known);
    if (!s)
        return 0;
    m6_cache_give(p->cache, s->page, (int)s->item.weight);
    free(s);
    return 1;
}

void m6_prefix_finish(struct m6_prefix *p)
{
    while (evict(p))
        ;
}

struct m6_prefix_segment *m6_prefix_find(struct m6_prefix *p, struct m6_key key)
{
    struct m6_keyed_item *item = m6_keyed_find(&p->known, key);
    if (item)
        m6_keyed_hold(&p->known, item);
    p->hits += item != NULL;
    return (struct m6_prefix_segment *)item;
}

struct m6_prefix_segment *m6_prefix_publish(struct m6_prefix *p, struct m6_key key, const int32_t *page, int pages)
{
    struct m6_prefix_segment *s;
    if (m6_keyed_find(&p->known, key) || !(s = malloc(sizeof *s + (size_t)pages * sizeof *page)))
        return NULL;
    s->item = (struct m6_keyed_item){.key = key, .weight = (size_t)pages};
    memcpy(s->page, page, (size_t)pages * sizeof *page);
    m6_keyed_add(&p->known, &s->item);
    return s;
}

void m6_prefix_release(struct m6_prefix *p, struct m6_prefix_segment *s)
{
    m6_keyed_release(&p->known, &s->item);
}

int m6_prefix_room(const struct m6_prefix *p)
{
    return p->cache->free_count + (int)p->known.idle_weight;
}

int m6_prefix_take(struct m6_prefix *p, int32_t *page, int pages)
{
    if (pages > m6_prefix_room(p))
        return 0;
    for (; p->cache->free_count < pages; p->evictions++)
        evict(p);
    return m6_cache_take(p->cache, page, pages);
}

int m6_prefix_pages(const struct m6_prefix *p, struct m6_key key, int pages)
{
    const struct m6_keyed_item *item = m6_keyed_find(&p->known, key);
    return item && item->held ? 0 : pages;
}
