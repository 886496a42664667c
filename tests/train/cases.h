/* One case an operation of the tape: a scalar made of it and of a few trained matrices. Every test of gradients runs
 * over all of them. */
#ifndef M6_TEST_TRAIN_CASES_H
#define M6_TEST_TRAIN_CASES_H

#include "train/param.h"
#include "train/tape.h"

enum { CASE_PARAMS = 12 };

struct case_shape {
    int rows, cols; /* 0 ends the list */
};

struct grad_case {
    const char *name;
    /* size 1: small enough for finite differences; 2: large enough to be cut into many tasks */
    void (*shapes)(struct case_shape *, int size);
    m6_var (*build)(struct m6_tape *, const m6_var *p, int size);
    float f32, bf16;  /* relative error allowed against double precision */
    int differences;  /* finite differences apply */
};

extern const struct grad_case grad_cases[];
extern const int grad_case_count;

/* The case's matrices, filled; double copies too. */
struct m6_params *case_params(const struct grad_case *, int size);
/* Records the case, walks back when asked, returns the loss. */
double case_run(struct m6_tape *, const struct grad_case *, struct m6_params *, int size, int backward);

/* Numbers in [-1, 1] that depend on i and the salt only. */
float case_noise(uint64_t i, uint64_t salt);

#endif
