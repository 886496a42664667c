/* Measures on small grey pictures that scene.c decides by. */
#ifndef M6_FRAME_SCENE_MEASURE_H
#define M6_FRAME_SCENE_MEASURE_H

#include <stdint.h>

#include "m6/scene.h"

enum { SCENE_PIXELS = M6_SCENE_WIDTH * M6_SCENE_HEIGHT };

/* Standard deviation, in levels. */
double scene_deviation(const uint8_t *a);

/* x as a mixture of a and b: a + alpha·(b − a) + rest; rest as the share of |b − a|² that is left over. */
struct scene_mixture {
    double alpha, rest;
};
struct scene_mixture scene_mixture(const uint8_t *a, const uint8_t *b, const uint8_t *x);

#endif
