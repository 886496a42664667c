/* The video encoder of a container: which one, how it is set, and RGB into what it takes. */
#ifndef M6_HOST_MEDIA_ENCODER_H
#define M6_HOST_MEDIA_ENCODER_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "media/media.h"

/* The best one for yuv420p in a container, or NULL. */
const AVCodec *media_encoder_find(const AVOutputFormat *);
enum m6_status media_encoder_open(const AVCodec *, const struct m6_media_video_params *, int global_header, AVCodecContext **, struct m6_error *);

struct SwsContext;
/* For packed RGB of the video's size; free with sws_freeContext. */
enum m6_status media_encoder_scaler(const struct m6_media_video_params *, struct SwsContext **, struct m6_error *);

#endif
