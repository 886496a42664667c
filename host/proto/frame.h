/* One frame out of shared memory into packed RGB of our own, and what its contents hash to. */
#ifndef M6_HOST_PROTO_FRAME_H
#define M6_HOST_PROTO_FRAME_H

#include <stdint.h>

#include "m6/status.h"
#include "proto/proto.h"

/* Whether fd is a memfd that cannot shrink and holds so many bytes. */
enum m6_status m6_frame_check(int fd, int64_t bytes, struct m6_error *);

/* *rgb: width × 3 bytes a row, packed; free it. What it cannot read whole is M6_ERR_FORMAT. */
enum m6_status m6_frame_take(int fd, const struct m6_proto_format *, int width, int height, int64_t offset, int64_t stride, uint8_t **rgb,
                             struct m6_error *);

/* 128 bits that differ when contents do. It tells accidents apart, not forgeries. Starts zeroed; frames add up in order. */
struct m6_frame_hash {
    uint64_t a, b;
};
void m6_frame_hash(struct m6_frame_hash *, const uint8_t *rgb, int width, int height);
void m6_frame_hash_text(const struct m6_frame_hash *, char text[33]);

/* A memfd with all seals that holds these bytes; -1 when there is no memory. */
int m6_frame_give(const uint8_t *rgb, int width, int height, size_t stride);

#endif
