/* What the files behind m6_media's source_ functions share: source.c opens and hands out, pick.c chooses. */
#ifndef M6_HOST_MEDIA_SOURCE_H
#define M6_HOST_MEDIA_SOURCE_H

#include "decoder.h"
#include "kept.h"
#include "m6/scene.h"

struct m6_media_source {
    struct m6_media_source_params params; /* path is a copy */
    struct media_decoder *decoder;
    struct m6_frame_converter *converter;
    struct m6_scene_detector *scenes;
    struct media_kept kept;
    int warned_of_loss, warned_of_device;

    AVFrame *frame; /* the current one, shown in [start, end) */
    int64_t start, end;
    int has_frame, at_end;
    int64_t shown_until; /* of the last frame there was */

    int64_t range_start; /* of what comes next */
    int64_t range_end;   /* M6_FRAMES_EVERY */
    int64_t range_fade;  /* M6_FRAMES_ON_SCENE: how long the scene that comes next is mixed with the one before */
    int begun, index;
    struct m6_plugin_picture chosen[M6_FRAMES_COUNT_MAX];
    int chosen_count, given; /* M6_FRAMES_SPREAD */
};

/* Makes the next frame within the asked stretch current, unless there is one. M6_OK with has_frame 0: the end. */
enum m6_status media_source_advance(struct m6_media_source *, struct m6_error *);
/* Keeps the current frame, as shown from time_ns on, if the store wants it. */
enum m6_status media_source_keep(struct m6_media_source *, int64_t time_ns, struct m6_error *);

enum m6_status media_pick_every(struct m6_media_source *, struct m6_plugin_frame *, int *got, struct m6_error *);
enum m6_status media_pick_on_scene(struct m6_media_source *, struct m6_plugin_frame *, int *got, struct m6_error *);
enum m6_status media_pick_spread(struct m6_media_source *, struct m6_plugin_frame *, int *got, struct m6_error *);

enum m6_status media_source_open(const struct m6_media_source_params *, struct m6_media_source **, struct m6_error *);
void media_source_info(const struct m6_media_source *, struct m6_frames_info *);
enum m6_status media_source_next(struct m6_media_source *, struct m6_plugin_frame *, int *got, struct m6_error *);
void media_source_close(struct m6_media_source *);

#endif
