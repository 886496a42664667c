/* Cues as packets for libavformat's muxers. */
#ifndef M6_HOST_MEDIA_CUES_H
#define M6_HOST_MEDIA_CUES_H

#include <libavformat/avformat.h>

#include "media/media.h"

/* Prepares a text stream (AV_CODEC_ID_SUBRIP, _WEBVTT, _ASS or _MOV_TEXT). */
enum m6_status media_cues_stream(AVStream *, enum AVCodecID, const struct m6_media_captions_params *, struct m6_error *);
/* Writes the index-th cue; one without text is left out. */
enum m6_status media_cues_write(AVFormatContext *, AVStream *, const struct m6_media_cue *, int index, struct m6_error *);

/* An output in memory of its own name, to be given the whole file's name by the caller. */
enum m6_status media_output_open(AVFormatContext **, const char *format, const char *path, struct m6_error *);
void media_output_close(AVFormatContext **);

#endif
