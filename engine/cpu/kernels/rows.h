/* Operations on one row (or one row of positions) at a time; one table a set of instructions.
 * Private to engine/cpu. A sum over a row runs in four vectors of sixteen lanes, folded at the end:
 * a layout that depends on n alone. y may be x everywhere. */
#ifndef M6_CPU_KERNELS_ROWS_H
#define M6_CPU_KERNELS_ROWS_H

#include "ops/ops.h"

/* A block of queries that share a key/value head and a list of slots. Query i is row i / group,
 * head i % group; it sees visible + (i / group)·step slots. */
struct m6_attend {
    const float *q; /* row 0, first head of the group */
    float *y;
    int64_t q_stride, y_stride;
    int rows, group, head_dim;
    const float *k, *v; /* slot 0, this head */
    int64_t slot_stride;
    int ahead; /* how far on the keys and values lie that are wanted next; 0: none are */
    const int32_t *slot;
    int visible, step;
    float scale;
};

/* Queries of a block, keys that are taken at a time, the widest head. */
enum { M6_ATTEND_QUERIES = 32, M6_ATTEND_KEYS = 64, M6_ATTEND_HEAD = 512 };

struct m6_row_kernels {
    void (*layer_norm)(float *y, const float *x, int n, const float *gain, const float *bias,
                       float eps);
    void (*rms_norm)(float *y, const float *x, int n, const float *gain, float eps);
    void (*activate)(float *y, const float *x, int n, enum m6_act act);
    void (*gated)(float *y, const float *gate, const float *up, int n, enum m6_act act);
    void (*add)(float *y, const float *a, const float *b, int n);
    void (*mix)(float *y, float p, const float *a, float q, const float *b, int n);
    void (*softmax)(float *y, const float *x, int n);
    /* y = e^((x - most)·scale), where most is the largest */
    void (*exponents)(float *y, const float *x, int n, float most, float scale);
    float (*most)(const float *x, int n);
    /* y = x·multiplier + offset, each [n] */
    void (*scale_shift)(float *y, const float *x, int n, const float *multiplier,
                        const float *offset);
    /* sum[i] += Σ over rows of (x - mean[i])^power, power 1 or 2, n columns; rows is at most 64 */
    void (*column_sums)(double *sum, const float *x, int64_t stride, int rows, int n,
                        const float *mean, int power);
    /* cosine and sine of `turns` whole turns, in [-0.5, 0.5] */
    void (*turns)(float *cosine, float *sine, const float *turns, int n);
    /* rotates pairs (x[i], x[i+n]), i < n */
    void (*rotate)(float *x, int n, const float *cosine, const float *sine);
    /* scratch: M6_ATTEND_QUERIES·(2·head + 2) floats, head rounded up to 16; rows·group is at most
     * M6_ATTEND_QUERIES */
    void (*attend)(const struct m6_attend *a, float *scratch);
};

extern const struct m6_row_kernels m6_rows_c, m6_rows_avx2, m6_rows_avx512;

#endif
