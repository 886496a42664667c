/* Memory that only grows until it is all given up at once.
 *
 * It is a list of blocks; a reset replaces several by one that holds as much as all of them, so that a training loop
 * settles after its first step on one block and never asks the system again.
 */
#ifndef M6_TRAIN_TAPE_ARENA_H
#define M6_TRAIN_TAPE_ARENA_H

#include <stddef.h>

struct m6_grad_backend;

struct m6_arena_block {
    char *data;
    size_t size, used;
};

struct m6_arena {
    struct m6_grad_backend *backend; /* NULL: the host's memory */
    struct m6_arena_block *block;
    int blocks;
    size_t least; /* smallest block worth asking for */
};

void m6_arena_init(struct m6_arena *, struct m6_grad_backend *, size_t least);
void m6_arena_finish(struct m6_arena *);
void m6_arena_reset(struct m6_arena *);
void *m6_arena_alloc(struct m6_arena *, size_t bytes); /* 64-byte aligned; NULL when there is none */
size_t m6_arena_bytes(const struct m6_arena *);

#endif
