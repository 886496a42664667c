/* What the optimizers share. */
#ifndef M6_TRAIN_OPTIM_INTERNAL_H
#define M6_TRAIN_OPTIM_INTERNAL_H

#include "train/param_internal.h"

/* Elements a task. Sums are one double a chunk, added in order. */
enum { M6_OPTIM_CHUNK = 1 << 15 };

static inline int m6_optim_chunks(int64_t n)
{
    return (int)((n + M6_OPTIM_CHUNK - 1) / M6_OPTIM_CHUNK);
}

/* Σ x² of an array. */
double m6_optim_squares(struct m6_params *, struct m6_pool *, const float *x, int64_t n);
/* One matrix's step; scale multiplies its gradient. 0 when memory ran out. */
int m6_optim_adafactor(struct m6_params *, struct m6_pool *, const struct m6_optim *, struct m6_param_entry *,
                       int64_t step, float scale);

#endif
