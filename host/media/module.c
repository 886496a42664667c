/* The module's one exported symbol. */
#include <stdio.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>

#include "captions.h"
#include "encoder.h"
#include "m6/frame.h"
#include "source.h"
#include "video.h"

#define PARTS(version) AV_VERSION_MAJOR(version), AV_VERSION_MINOR(version), AV_VERSION_MICRO(version)

static void describe(char *out, size_t size)
{
    const AVOutputFormat *mp4 = av_guess_format("mp4", NULL, NULL);
    const AVCodec *encoder = mp4 ? media_encoder_find(mp4) : NULL;
    char frames[700];
    m6_frame_describe_path(frames, sizeof frames);
    snprintf(out, size, "libavformat %d.%d.%d, libavcodec %d.%d.%d, libswscale %d.%d.%d, encoder %s; %s", PARTS(avformat_version()),
             PARTS(avcodec_version()), PARTS(swscale_version()), encoder ? encoder->name : "none", frames);
}

extern const struct m6_media m6_media;
M6_PLUGIN_EXPORT const struct m6_media m6_media = {
    .abi = M6_MEDIA_ABI,
    .size = sizeof(struct m6_media),
    .source_open = media_source_open,
    .source_info = media_source_info,
    .source_next = media_source_next,
    .source_close = media_source_close,
    .captions_write = media_captions_write,
    .video_create = media_video_create,
    .video_frame = media_video_frame,
    .video_cue = media_video_cue,
    .video_finish = media_video_finish,
    .video_destroy = media_video_destroy,
    .describe = describe,
};
