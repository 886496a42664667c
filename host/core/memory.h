/* Frames that are in memory already, as an input of a job.
 *
 * All frames of one input belong together: a stretch from the first one's start to the last one's end, which a job gives one
 * answer about. Only M6_FRAMES_EVERY with an interval of 0 sees each frame on its own. */
#ifndef M6_HOST_CORE_MEMORY_H
#define M6_HOST_CORE_MEMORY_H

#include "core/host.h"

struct m6_memory_frame {
    struct m6_plugin_picture picture;
    int64_t start_ns, end_ns; /* half-open; a still: equal */
};
struct m6_memory_input {
    int count;
    const struct m6_memory_frame *frames; /* in time order */
};

struct m6_memory; /* being read */

/* start_ns, end_ns and the sizes in params are not looked at: who sends frames has chosen them. */
enum m6_status m6_memory_open(const struct m6_memory_input *, const struct m6_frames_params *, struct m6_memory **, struct m6_error *);
void m6_memory_info(const struct m6_memory *, struct m6_frames_info *);
int m6_memory_next(struct m6_memory *, struct m6_plugin_frame *); /* 1 a frame, 0 the end */
void m6_memory_close(struct m6_memory *);                         /* NULL is fine */

#endif
