/* Pictures between a host and a worker: packed RGB, one behind the other, in one sealed memfd; a message says their sizes. */
#ifndef M6_HOST_CORE_WORKER_PICTURES_H
#define M6_HOST_CORE_WORKER_PICTURES_H

#include "m6/plugin.h"
#include "proto/message.h"

enum { WORKER_PICTURES_MAX = M6_FRAMES_COUNT_MAX + 1 };

struct worker_pictures {
    struct m6_plugin_picture one[WORKER_PICTURES_MAX];
    int count;
    void *bytes;
    size_t size;
    int mapped;
};

/* Adds "pictures" to a message and returns the descriptor to send with it; -1: none is needed (no pictures); -2: a picture is
 * impossible, or there is no memory. */
int worker_pictures_give(cJSON *json, const struct m6_plugin_picture *, int count);
/* Reads "pictures" and descriptor 0 of a message. In the host they are copied, so that a worker cannot change them any more; a
 * worker, which trusts its host, maps them. Whatever does not fit together is refused, with nothing held. */
enum m6_status worker_pictures_take(struct worker_pictures *, struct m6_message *, int map, struct m6_error *);
void worker_pictures_free(struct worker_pictures *); /* a zeroed one is fine */

#endif
