/* Finite scalar quantisation (arXiv 2309.15505), exactly as the trainer does it (train/tape.h, m6_tape_fsq). */
#ifndef M6_IMAGE_FSQ_H
#define M6_IMAGE_FSQ_H

#include <stdint.h>

/* rows × levels values, unbounded, to the mixed-radix index of each row, level[0] fastest. */
void m6_fsq_encode(int32_t *code, const float *x, int rows, const int *level, int levels);
/* And back, to values in [-1, 1]. A code is below the product of the levels. */
void m6_fsq_decode(float *value, const int32_t *code, int rows, const int *level, int levels);

#endif
