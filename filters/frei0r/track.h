/* What is said of a video, shared by all instances of a process that have the same parameters: a caption for each stretch of `every`, asked of the first
 * frame of it that comes. So threads that take turns at frames show the same caption, and each stretch is asked about once.
 *
 * With several instances, a frame from within a stretch lets the frames before it a moment's time to come first; so a video rendered from its
 * beginning by several threads has the captions that one thread gives it. Where a render begins within a stretch, its first frame stands for it.
 *
 * Nothing is asked before the first track_show. What was said is kept until the process ends, and so is the sidecar: a video whose size changes,
 * for which hosts make new instances, is one video.
 *
 * Threads: any number may show at once.
 */
#ifndef M6_FREI0R_TRACK_H
#define M6_FREI0R_TRACK_H

#include <stddef.h>

#include "caption_options.h"

struct track;

/* The one of these options and this question ("": captions), with one user more; NULL: out of memory. */
struct track *track_get(const struct caption_options *, const char *prompt);
void track_put(struct track *); /* NULL is fine. The last user's writes the sidecar's end, and lets the host go */

struct track_frame {
    int64_t time; /* nanoseconds */
    int width, height;
    const uint32_t *rgba;
    size_t stride; /* pixels */
    int wait;      /* else what is there is shown: this stretch's caption, or the one before */
};
/* What to show; free it. NULL: nothing, and err says why, if something is wrong. */
char *track_show(struct track *, const struct track_frame *, struct m6_error *);

#endif
