/* A counter generator (splitmix64): the same seed gives the same draws on every machine. */
#ifndef SW_RANDOM_H
#define SW_RANDOM_H

#include <stdint.h>

struct sw_random {
    uint64_t counter;
};

uint64_t sw_mix(uint64_t x);
/* stream keeps the draws of two callers with one seed apart. */
struct sw_random sw_random_start(uint64_t seed, uint64_t stream);
uint64_t sw_random_next(struct sw_random *random);
int sw_random_below(struct sw_random *random, int n);
/* True in `percent` of a hundred draws. */
int sw_random_chance(struct sw_random *random, int percent);
void sw_random_shuffle(struct sw_random *random, int *order, int n);

#endif
