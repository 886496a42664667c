/* Byte-pair merging: a vocabulary of byte strings and an ordered list of merges. */
#ifndef M6_TEXT_BPE_H
#define M6_TEXT_BPE_H

#include <stddef.h>
#include <stdint.h>

#include "m6/status.h"

/* Byte strings to ids. Keys are not copied. */
struct m6_bytemap_entry {
    const char *key;
    uint32_t size;
    int32_t id; /* -1: free */
};
struct m6_bytemap {
    struct m6_bytemap_entry *entry;
    size_t mask;
};
int m6_bytemap_init(struct m6_bytemap *, size_t count); /* room for count keys; 0 when out of memory */
void m6_bytemap_finish(struct m6_bytemap *);
int32_t m6_bytemap_find(const struct m6_bytemap *, const char *key, size_t size); /* -1 if absent */
int m6_bytemap_add(struct m6_bytemap *, const char *key, size_t size, int32_t id); /* 0 if present */

/* Pairs of ids to what they merge into; a lower rank merges first. */
struct m6_merge {
    uint64_t pair; /* left << 32 | right */
    int32_t rank, id; /* id -1: free */
};
struct m6_merges {
    struct m6_merge *entry;
    size_t mask;
};
int m6_merges_init(struct m6_merges *, size_t count);
void m6_merges_finish(struct m6_merges *);
int m6_merges_add(struct m6_merges *, int32_t left, int32_t right, int32_t rank, int32_t id); /* 0 if present */

/* Merges `count` symbols in place, always the lowest rank first and the leftmost among equals, and returns how many are left,
 * or M6_ERR_MEMORY. O(count·log count), whatever the text. */
int m6_bpe(const struct m6_merges *, int32_t *symbol, int count);

#endif
