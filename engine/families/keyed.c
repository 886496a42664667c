#include "families/keyed.h"

static struct m6_keyed_item **bucket_of(const struct m6_keyed *k, struct m6_key key)
{
    return (struct m6_keyed_item **)&k->bucket[key.a % M6_KEYED_BUCKETS];
}

struct m6_keyed_item *m6_keyed_find(const struct m6_keyed *k, struct m6_key key)
{
    struct m6_keyed_item *item = *bucket_of(k, key);
    while (item && !m6_key_equal(item->key, key))
        item = item->chain;
    return item;
}

void m6_keyed_add(struct m6_keyed *k, struct m6_keyed_item *item)
{
    struct m6_keyed_item **bucket = bucket_of(k, item->key);
    item->chain = *bucket;
    *bucket = item;
    item->older = item->newer = NULL;
    item->held = 1;
    k->weight += item->weight;
    k->count++;
}

static void leave_idle(struct m6_keyed *k, struct m6_keyed_item *item)
{
    *(item->older ? &item->older->newer : &k->oldest) = item->newer;
    *(item->newer ? &item->newer->older : &k->newest) = item->older;
    item->older = item->newer = NULL;
    k->idle_weight -= item->weight;
}

void m6_keyed_hold(struct m6_keyed *k, struct m6_keyed_item *item)
{
    if (!item->held++)
        leave_idle(k, item);
}

void m6_keyed_release(struct m6_keyed *k, struct m6_keyed_item *item)
{
    if (--item->held)
        return;
    item->older = k->newest;
    *(k->newest ? &k->newest->newer : &k->oldest) = item;
    k->newest = item;
    k->idle_weight += item->weight;
}

struct m6_keyed_item *m6_keyed_evict(struct m6_keyed *k)
{
    struct m6_keyed_item *item = k->oldest;
    if (!item)
        return NULL;
    leave_idle(k, item);
    struct m6_keyed_item **at = bucket_of(k, item->key);
    while (*at != item)
        at = &(*at)->chain;
    *at = item->chain;
    k->weight -= item->weight;
    k->count--;
    return item;
}
