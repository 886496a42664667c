/* The inputs of a job as a client describes them: paths, and frames in memory that it shares.
 *
 * Shared memory is read with pread, once, into the host's own: a client that rewrites, shrinks or unmaps it hurts nobody but
 * its own picture. */
#ifndef M6_HOST_SERVER_INPUTS_H
#define M6_HOST_SERVER_INPUTS_H

#include "core/memory.h"
#include "proto/message.h"

struct m6_input_frame {
    int fd; /* index in m6_inputs.fds */
    const struct m6_proto_format *format;
    int width, height;
    int64_t offset, stride, pts, duration;
};
struct m6_input_one {
    char *path; /* NULL: frames */
    int time_base[2];
    int count;
    struct m6_input_frame *frames;
    struct m6_memory_frame *taken; /* once taken: the host's own samples */
    struct m6_memory_input memory;
    char hash[33];
};
struct m6_inputs {
    int count;
    struct m6_input_one one[M6_PROTO_INPUTS_MAX];
    int fds[M6_PROTO_FDS_MAX], fd_count;
    int64_t pixels; /* of all frames */
    const char *names[M6_PROTO_INPUTS_MAX + 1];                 /* for the host core, as are these */
    const struct m6_memory_input *memory[M6_PROTO_INPUTS_MAX + 1];
};

/* Reads "inputs" of a submit, checks each figure and descriptor, and takes the descriptors out of the message. The sentence names the
 * field. Free in any case. */
enum m6_status m6_inputs_read(struct m6_inputs *, struct m6_message *, struct m6_error *);
/* Copies the shared frames and closes the descriptors. Takes milliseconds a frame. */
enum m6_status m6_inputs_take(struct m6_inputs *, struct m6_error *);
void m6_inputs_free(struct m6_inputs *); /* a zeroed one is fine */

/* A time of an event back in the time base of input 0, exactly where it is one that the client gave. Paths: nanoseconds. */
int64_t m6_inputs_pts(const struct m6_inputs *, int64_t ns);

#endif
