#include "random.h"

uint64_t sw_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

struct sw_random sw_random_start(uint64_t seed, uint64_t stream)
{
    return (struct sw_random){sw_mix(seed + 0x632be59bd9b4e019u) ^
                              sw_mix(stream * 0x9e3779b97f4a7c15u)};
}

uint64_t sw_random_next(struct sw_random *random)
{
    random->counter += 0x9e3779b97f4a7c15u;
    return sw_mix(random->counter);
}

int sw_random_below(struct sw_random *random, int n)
{
    return (int)(((sw_random_next(random) >> 32) * (uint64_t)n) >> 32);
}

int sw_random_chance(struct sw_random *random, int percent)
{
    return sw_random_below(random, 100) < percent;
}

void sw_random_shuffle(struct sw_random *random, int *order, int n)
{
    for (int i = n - 1; i > 0; i--) {
        int j = sw_random_below(random, i + 1);
        int keep = order[i];
        order[i] = order[j];
        order[j] = keep;
    }
}
