/* Segments of sources that stay in the cache: a picture or a text that was forwarded once serves every later request that
 * begins alike. A segment goes by a key of its content and of all that it sees (the segments before it, so a picture is
 * found only behind the same pictures), and lives in pages of its own. What nobody holds gives way when pages are wanted,
 * the longest unused first. */
#ifndef M6_FAMILIES_PREFIX_H
#define M6_FAMILIES_PREFIX_H

#include "families/cache.h"
#include "families/keyed.h"

struct m6_prefix_segment {
    struct m6_keyed_item item; /* weight: pages */
    int32_t page[];
};

struct m6_prefix {
    struct m6_cache *cache;
    struct m6_keyed known;
    uint64_t hits, evictions;
};

void m6_prefix_init(struct m6_prefix *, struct m6_cache *);
void m6_prefix_finish(struct m6_prefix *);

/* Held for the caller; NULL if it is not there. */
struct m6_prefix_segment *m6_prefix_find(struct m6_prefix *, struct m6_key);
/* Gives the pages to a new segment, held for the caller. NULL, and they stay the caller's: someone was faster, or there
 * is no memory. */
struct m6_prefix_segment *m6_prefix_publish(struct m6_prefix *, struct m6_key, const int32_t *page, int pages);
void m6_prefix_release(struct m6_prefix *, struct m6_prefix_segment *);

/* Pages for a caller's own use, all or none; segments that lie idle give way. */
int m6_prefix_take(struct m6_prefix *, int32_t *page, int pages);
/* How many could be taken. */
int m6_prefix_room(const struct m6_prefix *);
/* How many of them a request would use up by holding the segment: none if others hold it anyway. */
int m6_prefix_pages(const struct m6_prefix *, struct m6_key, int pages);

#endif
