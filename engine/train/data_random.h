/* Random numbers for training: every draw is a pure function of a key, so that example i of a stream is
 * the same whoever asks for it, on any thread, in any order. */
#ifndef M6_TRAIN_DATA_RANDOM_H
#define M6_TRAIN_DATA_RANDOM_H

#include <math.h>
#include <stdint.h>

struct m6_rng {
    uint64_t state;
};

static inline uint64_t m6_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* A stream of its own for each (seed, stream, index). */
static inline struct m6_rng m6_rng_make(uint64_t seed, uint64_t stream, uint64_t index)
{
    return (struct m6_rng){m6_mix(m6_mix(m6_mix(seed) ^ stream) ^ index)};
}

static inline uint64_t m6_rng_next(struct m6_rng *r)
{
    r->state += 0x9e3779b97f4a7c15u;
    return m6_mix(r->state);
}

/* 0 ≤ x < 1 */
static inline double m6_rng_unit(struct m6_rng *r)
{
    return (double)(m6_rng_next(r) >> 11) * 0x1p-53;
}

/* 0 … n-1 */
static inline int m6_rng_below(struct m6_rng *r, int n)
{
    return (int)(m6_rng_unit(r) * n);
}

static inline double m6_rng_normal(struct m6_rng *r)
{
    const double u = 1.0 - m6_rng_unit(r), v = m6_rng_unit(r);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

#endif
