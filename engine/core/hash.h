/* Content as a name: SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, "SipHash: a fast short-input PRF",
 * 2012) under a key that nobody outside the process knows, so that nobody can make two contents of one name. */
#ifndef M6_CORE_HASH_H
#define M6_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct m6_key {
    uint64_t a, b;
};

/* A key to hash under; random. */
struct m6_key m6_hash_secret(void);
struct m6_key m6_hash(struct m6_key secret, const void *data, size_t size);

static inline int m6_key_equal(struct m6_key x, struct m6_key y)
{
    return x.a == y.a && x.b == y.b;
}

#endif
