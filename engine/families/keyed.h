/* Things known by a key of 128 bits, kept until room is wanted: the one that lay idle longest goes first. Those that
 * somebody holds stay. */
#ifndef M6_FAMILIES_KEYED_H
#define M6_FAMILIES_KEYED_H

#include "core/hash.h"

/* Put first in structs of the user's. */
struct m6_keyed_item {
    struct m6_key key;
    struct m6_keyed_item *chain;         /* in its bucket */
    struct m6_keyed_item *older, *newer; /* among the idle */
    int held;
    size_t weight; /* in units of the user's */
};

enum { M6_KEYED_BUCKETS = 1024 };

struct m6_keyed {
    struct m6_keyed_item *bucket[M6_KEYED_BUCKETS];
    struct m6_keyed_item *oldest, *newest; /* idle */
    size_t weight, idle_weight;
    int count;
};

/* NULL if it is not there. Nothing changes. */
struct m6_keyed_item *m6_keyed_find(const struct m6_keyed *, struct m6_key);
/* Adds what is not there yet: key and weight are set; held once. */
void m6_keyed_add(struct m6_keyed *, struct m6_keyed_item *);
void m6_keyed_hold(struct m6_keyed *, struct m6_keyed_item *);
/* With the last hold it becomes the youngest of the idle. */
void m6_keyed_release(struct m6_keyed *, struct m6_keyed_item *);
/* Takes out the oldest of the idle; NULL if there is none. */
struct m6_keyed_item *m6_keyed_evict(struct m6_keyed *);

#endif
