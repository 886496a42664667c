/* What this machine can do at most, measured: the figures that others are a share of. */
#ifndef M6_CPU_CEILINGS_H
#define M6_CPU_CEILINGS_H

#include "ops/ops.h"

struct m6_ceilings {
    double f32_one,
        f32_all; /* GFLOP/s of multiply-adds in registers, on one thread and on all; 0: unknown */
    double bf16_one, bf16_all; /* the same for BF16 pairs with FP32 sums */
    double read_one, read_all; /* GB/s of reading 256 MiB */
};

/* Takes about half a second. Needs 256 MiB; without them the read figures are 0. */
void m6_ceilings_measure(struct m6_backend *cpu, struct m6_ceilings *c);

#endif
