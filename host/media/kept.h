/* A bounded store of small pictures from a stretch of video whose end is not known yet. While the stretch is short every
 * frame is kept; each time the store is full every second one goes, and from then on only as many come in. So what is kept
 * is spread evenly, and a stretch of any length costs the same memory and few conversions. */
#ifndef M6_HOST_MEDIA_KEPT_H
#define M6_HOST_MEDIA_KEPT_H

#include <stdint.h>

#include "m6/plugin.h"

struct media_kept_picture {
    int64_t time_ns;
    int width, height;
    uint8_t *rgb;
};

struct media_kept {
    struct media_kept_picture *picture; /* in order of time */
    int count, room;
    int stride, skipped; /* one frame in `stride` comes in */
};

/* Returns 0, or -1 when out of memory. */
int media_kept_init(struct media_kept *, int room);
void media_kept_finish(struct media_kept *);
/* A place for the frame shown at time_ns, with width × height × 3 bytes to fill, or NULL: not this one. *failed: no memory. */
struct media_kept_picture *media_kept_offer(struct media_kept *, int64_t time_ns, int width, int height, int *failed);
/* Takes back the last place, when it could not be filled. */
void media_kept_withdraw(struct media_kept *);
/* Chooses count pictures, evenly from the first to the last, out of those in [from_ns, to_ns): count 1 the middle one. Fewer
 * if there are fewer. They stay the store's. Returns how many. */
int media_kept_choose(const struct media_kept *, int64_t from_ns, int64_t to_ns, int count, struct m6_plugin_picture *);
/* Forgets what is before time_ns; the next stretch starts. */
void media_kept_forget(struct media_kept *, int64_t time_ns);

#endif
