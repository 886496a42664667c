/* SHA-256 (FIPS 180-4), a piece at a time. */
#ifndef M6_HOST_QUEUE_DIGEST_H
#define M6_HOST_QUEUE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

struct digest {
    uint32_t state[8];
    uint64_t bytes;
    unsigned char block[64];
};

void digest_begin(struct digest *);
void digest_add(struct digest *, const void *data, size_t size);
void digest_end(struct digest *, char hex[65]);

#endif
