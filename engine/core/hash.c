#include "core/hash.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

struct m6_key m6_hash_secret(void)
{
    struct m6_key secret;
    if (getrandom(&secret, sizeof secret, GRND_NONBLOCK) != (ssize_t)sizeof secret) {
        struct timespec t; /* early in a boot: better than nothing */
        clock_gettime(CLOCK_REALTIME, &t);
        secret = (struct m6_key){(uint64_t)t.tv_nsec * 0x9e3779b97f4a7c15u, (uint64_t)t.tv_sec ^ (uint64_t)(uintptr_t)&t};
    }
    return secret;
}

static inline uint64_t turn(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static inline void rounds(uint64_t v[4], int count)
{
    for (int i = 0; i < count; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = turn(v[1], 13) ^ v[0];
        v[3] = turn(v[3], 16) ^ v[2];
        v[0] = turn(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = turn(v[1], 17) ^ v[2];
        v[3] = turn(v[3], 21) ^ v[0];
        v[2] = turn(v[2], 32);
    }
}

static inline void take(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

struct m6_key m6_hash(struct m6_key secret, const void *data, size_t size)
{
    uint64_t v[4] = {secret.a ^ 0x736f6d6570736575u, secret.b ^ 0x646f72616e646f6du ^ 0xee,
                     secret.a ^ 0x6c7967656e657261u, secret.b ^ 0x7465646279746573u};
    const unsigned char *p = data;
    uint64_t word, last = (uint64_t)size << 56;
    for (size_t left = size; left >= 8; left -= 8, p += 8) {
        memcpy(&word, p, 8);
        take(v, word);
    }
    for (size_t i = 0; i < size % 8; i++)
        last |= (uint64_t)p[i] << (8 * i);
    take(v, last);
    struct m6_key out;
    v[2] ^= 0xee;
    rounds(v, 4);
    out.a = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= 0xdd;
    rounds(v, 4);
    out.b = v[0] ^ v[1] ^ v[2] ^ v[3];
    return out;
}
