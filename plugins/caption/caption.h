/* The two kinds of job that look at pictures. */
#ifndef M6_PLUGIN_CAPTION_H
#define M6_PLUGIN_CAPTION_H

#include "m6/plugin.h"

/* How many frames tell a motion: what the model was trained on. */
enum { CLIP_FRAMES = 4 };

int caption_run(const struct m6_host_services *, struct m6_host *, struct m6_job *);
int ask_run(const struct m6_host_services *, struct m6_host *, struct m6_job *);

/* How many pictures a request may hold, at most CLIP_FRAMES; at least 1. */
int caption_frames_max(const struct m6_host_services *, struct m6_job *);
/* Parameters "start" and "end", seconds, into the stretch that is looked at. */
void caption_stretch(const struct m6_host_services *, struct m6_job *, struct m6_frames_params *);

#endif
