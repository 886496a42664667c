#include "text/bpe.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Tables stay at most half full. */
static size_t table_size(size_t count)
{
    size_t size = 16;
    while (size < 2 * count)
        size *= 2;
    return size;
}

/* ---- byte strings ---- */

static struct m6_bytemap_entry *bytemap_slot(const struct m6_bytemap *map, const char *key, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)key[i]) * 0x100000001b3u;
    for (size_t at = mix(hash) & map->mask;; at = (at + 1) & map->mask) {
        struct m6_bytemap_entry *e = &map->entry[at];
        if (e->id < 0 || (e->size == size && memcmp(e->key, key, size) == 0))
            return e;
    }
}

int m6_bytemap_init(struct m6_bytemap *map, size_t count)
{
    const size_t size = table_size(count);
    *map = (struct m6_bytemap){malloc(size * sizeof *map->entry), size - 1};
    for (size_t i = 0; map->entry && i < size; i++)
        map->entry[i].id = -1;
    return map->entry != NULL;
}

void m6_bytemap_finish(struct m6_bytemap *map)
{
    free(map->entry);
    map->entry = NULL;
}

int32_t m6_bytemap_find(const struct m6_bytemap *map, const char *key, size_t size)
{
    return bytemap_slot(map, key, size)->id;
}

int m6_bytemap_add(struct m6_bytemap *map, const char *key, size_t size, int32_t id)
{
    struct m6_bytemap_entry *e = bytemap_slot(map, key, size);
    if (e->id >= 0)
        return 0;
    *e = (struct m6_bytemap_entry){key, (uint32_t)size, id};
    return 1;
}

/* ---- pairs ---- */

static struct m6_merge *merge_slot(const struct m6_merges *m, uint64_t pair)
{
    for (size_t at = mix(pair) & m->mask;; at = (at + 1) & m->mask)
        if (m->entry[at].id < 0 || m->entry[at].pair == pair)
            return &m->entry[at];
}

static uint64_t pair_of(int32_t left, int32_t right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

int m6_merges_init(struct m6_merges *m, size_t count)
{
    const size_t size = table_size(count);
    *m = (struct m6_merges){malloc(size * sizeof *m->entry), size - 1};
    for (size_t i = 0; m->entry && i < size; i++)
        m->entry[i].id = -1;
    return m->entry != NULL;
}

void m6_merges_finish(struct m6_merges *m)
{
    free(m->entry);
    m->entry = NULL;
}

int m6_merges_add(struct m6_merges *m, int32_t left, int32_t right, int32_t rank, int32_t id)
{
    struct m6_merge *e = merge_slot(m, pair_of(left, right));
    if (e->id >= 0)
        return 0;
    *e = (struct m6_merge){pair_of(left, right), rank, id};
    return 1;
}

/* ---- merging ---- */

enum { SHORT = 64, NO_RANK = INT32_MAX };

static int32_t rank_of(const struct m6_merges *m, int32_t left, int32_t right, int32_t *id)
{
    const struct m6_merge *e = merge_slot(m, pair_of(left, right));
    *id = e->id;
    return e->id < 0 ? NO_RANK : e->rank;
}

/* Words are mostly a few bytes long: a scan beats a heap there. */
static int merge_short(const struct m6_merges *m, int32_t *symbol, int count)
{
    int32_t rank[SHORT], into[SHORT];
    for (int i = 0; i + 1 < count; i++)
        rank[i] = rank_of(m, symbol[i], symbol[i + 1], &into[i]);
    for (;;) {
        int best = -1;
        for (int i = 0; i + 1 < count; i++)
            if (rank[i] != NO_RANK && (best < 0 || rank[i] < rank[best]))
                best = i;
        if (best < 0)
            return count;
        symbol[best] = into[best];
        const int rest = count - best - 2;
        memmove(symbol + best + 1, symbol + best + 2, (size_t)rest * sizeof *symbol);
        memmove(rank + best + 1, rank + best + 2, (size_t)rest * sizeof *rank);
        memmove(into + best + 1, into + best + 2, (size_t)rest * sizeof *into);
        count--;
        if (best > 0)
            rank[best - 1] = rank_of(m, symbol[best - 1], symbol[best], &into[best - 1]);
        if (best + 1 < count)
            rank[best] = rank_of(m, symbol[best], symbol[best + 1], &into[best]);
    }
}

/* A candidate is stale once either of its symbols has changed. */
struct candidate {
    int32_t rank, at, left, right, into;
};

struct heap {
    struct candidate *item;
    int count;
};

static int before(const struct candidate *a, const struct candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void push(struct heap *heap, struct candidate c)
{
    int i = heap->count++;
    for (; i > 0 && before(&c, &heap->item[(i - 1) / 2]); i = (i - 1) / 2)
        heap->item[i] = heap->item[(i - 1) / 2];
    heap->item[i] = c;
}

static struct candidate pop(struct heap *heap)
{
    const struct candidate top = heap->item[0], last = heap->item[--heap->count];
    int i = 0;
    for (int child; (child = 2 * i + 1) < heap->count; i = child) {
        if (child + 1 < heap->count && before(&heap->item[child + 1], &heap->item[child]))
            child++;
        if (!before(&heap->item[child], &last))
            break;
        heap->item[i] = heap->item[child];
    }
    heap->item[i] = last;
    return top;
}

static void consider(const struct m6_merges *m, struct heap *heap, const int32_t *symbol, const int32_t *next,
                     int count, int at)
{
    if (at < 0 || next[at] >= count)
        return;
    int32_t into;
    const int32_t rank = rank_of(m, symbol[at], symbol[next[at]], &into);
    if (rank != NO_RANK)
        push(heap, (struct candidate){rank, at, symbol[at], symbol[next[at]], into});
}

/* Symbols form a list; a merge takes the place of its left symbol and adds at most two candidates. */
static int merge_long(const struct m6_merges *m, int32_t *symbol, int count)
{
    int32_t *next = malloc(2 * (size_t)count * sizeof *next), *previous = next ? next + count : NULL;
    struct heap heap = {malloc(3 * (size_t)count * sizeof *heap.item), 0};
    if (!next || !heap.item) {
        free(next);
        free(heap.item);
        return M6_ERR_MEMORY;
    }
    for (int i = 0; i < count; i++) {
        next[i] = i + 1;
        previous[i] = i - 1;
    }
    for (int i = 0; i < count; i++)
        consider(m, &heap, symbol, next, count, i);
    while (heap.count) {
        const struct candidate c = pop(&heap);
        const int right = next[c.at];
        if (symbol[c.at] != c.left || right >= count || symbol[right] != c.right)
            continue;
        symbol[c.at] = c.into;
        symbol[right] = -1;
        next[c.at] = next[right];
        if (next[c.at] < count)
            previous[next[c.at]] = c.at;
        consider(m, &heap, symbol, next, count, previous[c.at]);
        consider(m, &heap, symbol, next, count, c.at);
    }
    int left = 0;
    for (int i = 0; i < count; i++)
        if (symbol[i] >= 0)
            symbol[left++] = symbol[i];
    free(next);
    free(heap.item);
    return left;
}

int m6_bpe(const struct m6_merges *m, int32_t *symbol, int count)
{
    return count <= SHORT ? merge_short(m, symbol, count) : merge_long(m, symbol, count);
}
