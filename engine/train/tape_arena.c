#include "train/tape_arena.h"

#include <stdlib.h>

#include "train/grad_ops.h"

enum { ALIGN = 64 };

static void *block_alloc(struct m6_arena *a, size_t bytes)
{
    return a->backend ? a->backend->ops->alloc(a->backend, bytes) : aligned_alloc(ALIGN, bytes);
}

static void block_free(struct m6_arena *a, struct m6_arena_block *b)
{
    if (a->backend)
        a->backend->ops->free(a->backend, b->data, b->size);
    else
        free(b->data);
}

void m6_arena_init(struct m6_arena *a, struct m6_grad_backend *backend, size_t least)
{
    *a = (struct m6_arena){.backend = backend, .least = least};
}

void m6_arena_finish(struct m6_arena *a)
{
    for (int i = 0; i < a->blocks; i++)
        block_free(a, &a->block[i]);
    free(a->block);
    a->block = NULL;
    a->blocks = 0;
}

size_t m6_arena_bytes(const struct m6_arena *a)
{
    size_t total = 0;
    for (int i = 0; i < a->blocks; i++)
        total += a->block[i].size;
    return total;
}

static int grow(struct m6_arena *a, size_t bytes)
{
    size_t size = bytes > a->least ? bytes : a->least;
    const size_t quarter = m6_arena_bytes(a) / 4;
    if (size < quarter)
        size = quarter;
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct m6_arena_block *list = realloc(a->block, ((size_t)a->blocks + 1) * sizeof *list);
    if (!list)
        return 0;
    a->block = list;
    char *data = block_alloc(a, size);
    if (!data)
        return 0;
    list[a->blocks++] = (struct m6_arena_block){.data = data, .size = size};
    return 1;
}

void m6_arena_reset(struct m6_arena *a)
{
    if (a->blocks > 1) {
        const size_t total = m6_arena_bytes(a);
        m6_arena_finish(a);
        grow(a, total); /* a failure shows again, and is reported, at the next allocation */
    }
    if (a->blocks)
        a->block[0].used = 0;
}

void *m6_arena_alloc(struct m6_arena *a, size_t bytes)
{
    bytes = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct m6_arena_block *b = a->blocks ? &a->block[a->blocks - 1] : NULL;
    if (!b || b->size - b->used < bytes) {
        if (!grow(a, bytes))
            return NULL;
        b = &a->block[a->blocks - 1];
    }
    void *p = b->data + b->used;
    b->used += bytes;
    return p;
}
