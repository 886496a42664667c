#include "cpu/gemm_scratch.h"

#include <stdlib.h>

enum {
    SHARED_UNITS = 1 << 20, /* 4 MiB each for A, B and sums */
    LOCAL_UNITS = 1 << 17,
};

/* One allocation, cut up; the system gives pages only where something is written. */
static char *cut(char **from, size_t bytes)
{
    char *const at = *from;
    *from += (bytes + 63) & ~(size_t)63;
    return at;
}

static void assign(struct m6_gemm_buffers *b, char **from, size_t units, size_t rows)
{
    b->units = units;
    b->a = (uint32_t *)(void *)cut(from, units * sizeof *b->a);
    b->b = (uint32_t *)(void *)cut(from, units * sizeof *b->b);
    b->sums = (float *)(void *)cut(from, units * sizeof *b->sums);
    b->scale = (float *)(void *)cut(from, rows * sizeof *b->scale);
}

struct m6_gemm_scratch *m6_gemm_scratch_create(int threads)
{
    const size_t shared = 3 * (size_t)SHARED_UNITS * 4 + M6_GEMM_SHARED_ROWS * 4;
    const size_t local = 3 * (size_t)LOCAL_UNITS * 4 + M6_GEMM_BLOCK_ROWS * 4;
    struct m6_gemm_scratch *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->threads = threads;
    s->local = calloc((size_t)threads, sizeof *s->local);
    s->memory = aligned_alloc(64, shared + (size_t)threads * local);
    if (!s->local || !s->memory) {
        m6_gemm_scratch_destroy(s);
        return NULL;
    }
    char *at = s->memory;
    assign(&s->shared, &at, SHARED_UNITS, M6_GEMM_SHARED_ROWS);
    for (int i = 0; i < threads; i++)
        assign(&s->local[i], &at, LOCAL_UNITS, M6_GEMM_BLOCK_ROWS);
    return s;
}

void m6_gemm_scratch_destroy(struct m6_gemm_scratch *s)
{
    if (!s)
        return;
    free(s->memory);
    free(s->local);
    free(s);
}
