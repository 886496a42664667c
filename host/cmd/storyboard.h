/* m6 storyboard, its work apart from its options. */
#ifndef M6_CMD_STORYBOARD_H
#define M6_CMD_STORYBOARD_H

#include "jobs.h"
#include "media/media.h"
#include "outfile.h"
#include "shots.h"
#include "title/load.h"

enum { STORYBOARD_SHOTS_MAX = FOUNTAIN_SCENES_MAX };

struct storyboard_options {
    const char *script, *output, *lang, *captions, *preset, *mode;
    int64_t shots, best, quality;
    double seconds, guidance;
    struct option_size size;
    struct option_rate fps;
};

struct storyboard {
    struct session session;
    const struct storyboard_options *o;
    const char *idea; /* NULL with --script */
    const char *lang;

    char *text; /* the script as Fountain */
    struct fountain *script;
    struct shots plan;
    struct session_result drawn[STORYBOARD_SHOTS_MAX];

    const struct m6_media *media;
    const struct m6_title *title; /* NULL: nothing is burnt in */

    /* Written beside their places, and all renamed at the end. fountain NULL: it is the user's own
     * file. */
    char *video_path, *captions_path, *script_path, *picture_path[STORYBOARD_SHOTS_MAX];
    struct outfile video, captions, fountain, picture[STORYBOARD_SHOTS_MAX];
};

/* Each returns 0, or an exit code after reporting. */
/* Names every output for that many shots and refuses what may not be written. */
int storyboard_name_outputs(struct storyboard *, const char *video, int shots);
int storyboard_draw(struct storyboard *);    /* script → plan and pictures */
int storyboard_animate(struct storyboard *); /* pictures → video, under its hidden name */
int storyboard_deliver(struct storyboard *); /* everything else, then all names at once */

#endif
