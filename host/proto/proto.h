/* What the host and its clients must agree on: docs/protocol.md in numbers. */
#ifndef M6_HOST_PROTO_PROTO_H
#define M6_HOST_PROTO_PROTO_H

#include <stddef.h>
#include <stdint.h>

enum {
    M6_PROTO_VERSION = 1,
    M6_PROTO_MESSAGE_MAX = 2097152, /* bytes of JSON */
    M6_PROTO_DEPTH_MAX = 32,
    M6_PROTO_FDS_MAX = 16,
    M6_PROTO_INPUTS_MAX = 64,
    M6_PROTO_FRAMES_MAX = 64,
    M6_PROTO_SIDE_MAX = 32767,
    M6_PROTO_PIXELS_MAX = 120000000,
    M6_PROTO_JOB_PIXELS_MAX = 240000000, /* all frames of a job */
    M6_PROTO_JOBS_MAX = 64,
    M6_PROTO_CONNECTIONS_MAX = 512,
    M6_PROTO_HEARTBEAT_MS = 10000,
    M6_PROTO_SILENCE_FACTOR = 6, /* heart-beats after which the other side is dead */
};

/* Samples of a frame, 8 bits each, sRGB. */
struct m6_proto_format {
    const char *name;
    int bytes;                     /* of a pixel */
    int red, green, blue, alpha; /* offsets in a pixel; alpha -1: none */
};
/* NULL: unknown. */
const struct m6_proto_format *m6_proto_format(const char *name);
/* i from 0; NULL behind the last. */
const struct m6_proto_format *m6_proto_format_at(int i);

/* Writes all of it to a file; -1 and errno when that fails. */
int m6_proto_write(int fd, const void *from, size_t size);

/* Milliseconds of a clock that never goes back. */
int64_t m6_proto_now_ms(void);

#endif
