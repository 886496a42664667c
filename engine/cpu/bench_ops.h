/* Times every operation of the CPU backend at the shapes that M6 uses: training, prefill and
 * decode. */
#ifndef M6_CPU_BENCH_OPS_H
#define M6_CPU_BENCH_OPS_H

#include "cpu/ceilings.h"

struct m6_bench_result {
    const char *name;  /* "matmul BF16" */
    const char *shape; /* "4096×256×1024" */
    double seconds;    /* median of a run */
    double rate;
    const char *unit; /* of rate: "GFLOP/s", or "GB/s" of what is read and written */
    double share;     /* of the ceiling of all threads; above 1 where data stays in cache; 0 when
                         unknown */
};

typedef void (*m6_bench_fn)(void *arg, const struct m6_bench_result *result);

/* With one thread it is CPU time that is measured, which a busy machine disturbs little. Takes a
 * few seconds; filter, if given, is a part of the names to run. */
enum m6_status m6_bench_ops(struct m6_backend *cpu, const struct m6_ceilings *c, const char *filter,
                            m6_bench_fn fn, void *arg, struct m6_error *err);

#endif
