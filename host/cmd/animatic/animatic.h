/* An animatic: stills under camera moves, cross-faded, with captions burnt in; frame by frame. */
#ifndef M6_CMD_ANIMATIC_H
#define M6_CMD_ANIMATIC_H

#include "animatic/moves.h"
#include "m6/plugin.h"
#include "m6/status.h"
#include "title/title.h"

struct animatic_shot {
    struct m6_plugin_picture picture;
    enum move move;
    int frames;
};
struct animatic_cue {
    int start, end; /* frames, half-open; in order, not overlapping */
    const char *text;
};
struct animatic {
    int width, height;
    double rate; /* frames a second */
    const struct animatic_shot *shots;
    int shot_count;
    const struct animatic_cue *cues;
    int cue_count;
    const struct m6_title *title; /* sets captions; NULL: none are burnt in */
    const char *lang;
    /* Takes each frame; anything but M6_OK ends the work. */
    enum m6_status (*frame)(void *arg, int index, int total, const struct m6_plugin_picture *,
                            struct m6_error *);
    void *arg;
};

enum m6_status animatic_render(const struct animatic *, struct m6_error *);

#endif
