/* Philox4x32-10, a counter-based generator: Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC'11. Any draw is a pure function of a key and a counter, so
 * nothing has a state to keep, and what one request draws never depends on another. */
#ifndef M6_CORE_PHILOX_H
#define M6_CORE_PHILOX_H

#include <stdint.h>

struct m6_philox {
    uint32_t x[4];
};

/* Ten rounds under the key `seed`. The counter is 128 bits: `counter` in words 0 and 1, `stream` in
 * 2 and 3. */
static inline struct m6_philox m6_philox(uint64_t seed, uint64_t counter, uint64_t stream)
{
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    for (int round = 0; round < 10; round++) {
        const uint64_t a = (uint64_t)0xd2511f53u * c0, b = (uint64_t)0xcd9e8d57u * c2;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)b;
        c3 = (uint32_t)a;
        k0 += 0x9e3779b9u;
        k1 += 0xbb67ae85u;
    }
    return (struct m6_philox){{c0, c1, c2, c3}};
}

/* Uniform in [0, 1), in steps of 2^-53. */
static inline double m6_philox_uniform(uint64_t seed, uint64_t counter, uint64_t stream)
{
    const struct m6_philox r = m6_philox(seed, counter, stream);
    return (double)(((uint64_t)r.x[0] << 32 | r.x[1]) >> 11) * 0x1p-53;
}

#endif
