/* Writing videos. */
#ifndef M6_HOST_MEDIA_VIDEO_H
#define M6_HOST_MEDIA_VIDEO_H

#include "media/media.h"

enum m6_status media_video_create(const struct m6_media_video_params *, struct m6_media_video **, struct m6_error *);
enum m6_status media_video_frame(struct m6_media_video *, const struct m6_plugin_picture *, struct m6_error *);
enum m6_status media_video_cue(struct m6_media_video *, const struct m6_media_cue *, struct m6_error *);
enum m6_status media_video_finish(struct m6_media_video *, struct m6_error *);
void media_video_destroy(struct m6_media_video *);

#endif
