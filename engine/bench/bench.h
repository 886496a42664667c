/* m6-bench: the ceilings of this machine, then what M6 reaches of them. */
#ifndef M6_BENCH_H
#define M6_BENCH_H

#include <cjson/cJSON.h>

#include "cpu/ceilings.h"
#include "m6/engine.h"

/* A stack of decoder layers as most open models have them: RMS norm, rotary positions, SwiGLU; grouped keys and values,
 * or sparse experts, if the shape says so. */
struct m6_shape {
    char name[64];
    int layers, d_model, ffn, heads, kv_heads, head_dim;
    int experts, active; /* experts 0: dense */
};

/* name: one of the built-in shapes, or a JSON file with the fields above. */
enum m6_status m6_shape_read(struct m6_shape *, const char *name, struct m6_error *err);

/* Builds random weights of the shape and times a decode step and a prefill of 512 rows. */
enum m6_status m6_bench_shape(struct m6_backend *, const struct m6_ceilings *, const struct m6_shape *, enum m6_type compute,
                              cJSON *report, struct m6_error *err);

/* Times captions and drawings of a model, on a picture made up here. */
enum m6_status m6_bench_model(const char *folder, int threads, const struct m6_ceilings *, cJSON *report,
                              struct m6_error *err);

/* Times many requests at once. folder NULL: random weights in the shape of the model in the package. */
enum m6_status m6_bench_serving(const char *folder, int threads, cJSON *report, struct m6_error *err);

/* ---- main.c: seconds of a clock that never goes back; for qsort, doubles from the least up ---- */
double m6_bench_now(void);
int m6_bench_ascending(const void *a, const void *b);

#endif
