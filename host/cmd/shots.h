/* What a storyboard needs to know of each scene of a script: what to draw, how long it stays, how
 * the camera moves, and what is to be read when.
 */
#ifndef M6_CMD_SHOTS_H
#define M6_CMD_SHOTS_H

#include <stdint.h>

#include "animatic/moves.h"
#include "fountain.h"

struct shot {
    char *prompt; /* action, place and time; "" if the scene has neither */
    enum move move;
    int frames;
};
struct shot_cue {
    int start, end; /* frames */
    char *text;
};
struct shots {
    int count, cue_count, frames;
    struct shot *shot;
    struct shot_cue *cue;
};

/* seconds 0: as long as the action takes to read, within bounds. Returns 0, or -1 when out of
 * memory. */
int shots_plan(const struct fountain *, double seconds, double rate, struct shots *);
void shots_finish(struct shots *); /* a zeroed one is fine */

#endif
