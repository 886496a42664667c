/* What the files of the parameters share. */
#ifndef M6_TRAIN_PARAM_INTERNAL_H
#define M6_TRAIN_PARAM_INTERNAL_H

#include "train/grad_kernels.h"
#include "train/param.h"

struct m6_param_entry {
    struct m6_param param;
    int64_t n;              /* rows · cols */
    int64_t state_n[2];     /* lengths of the optimizer's arrays, 0 until its first step */
    float *average;         /* NULL until it is first asked for */
};

struct m6_params {
    struct m6_param_entry **entry;
    int count, room;
    const struct m6_grad_kernels *k;
    double *part; /* sums of squares, a chunk each */
    int64_t parts;
};

/* Whether a tensor of a file has the matrix's shape. */
int m6_param_shape_fits(const struct m6_param *, const struct m6_stensor *);
/* Zeroed and 64-byte aligned; NULL when there is none. */
float *m6_param_array(int64_t n);
/* Makes sure that state[i] holds n elements, zero when new. */
int m6_param_state(struct m6_param_entry *, int i, int64_t n);

#endif
