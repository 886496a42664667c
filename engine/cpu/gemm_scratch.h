/* The memory that products pack into. Private to engine/cpu. */
#ifndef M6_CPU_GEMM_SCRATCH_H
#define M6_CPU_GEMM_SCRATCH_H

#include "cpu/gemm.h"

enum {
    M6_GEMM_BLOCK_ROWS = 48,    /* rows that a task packs and runs against each panel */
    M6_GEMM_SHARED_ROWS = 4096, /* rows with a scale each, for 8-bit weights */
};

struct m6_gemm_buffers {
    uint32_t *a, *b;
    float *sums, *scale;
    size_t units; /* capacity of a, b and sums each */
};

/* What all threads work on together, and what each has for itself. */
struct m6_gemm_scratch {
    int threads;
    struct m6_gemm_buffers shared, *local; /* local: [threads] */
    char *memory;
};

#endif
