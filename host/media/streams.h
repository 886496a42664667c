/* Which stream of a file is the video, and when it starts and ends. */
#ifndef M6_HOST_MEDIA_STREAMS_H
#define M6_HOST_MEDIA_STREAMS_H

#include <libavformat/avformat.h>

#include "m6/frame.h"

/* The best video stream that is no cover picture. On failure the sentence names the streams that there are. */
enum m6_status media_streams_video(AVFormatContext *, const char *path, AVStream **, struct m6_error *);
/* Where time 0 of the file is, in units of the stream's time base. */
int64_t media_streams_origin(const AVFormatContext *, const AVStream *);
/* When the video's last frame ends by what the file says, ns after the origin; 0: it does not say. */
int64_t media_streams_end(const AVFormatContext *, const AVStream *, int64_t origin);
struct m6_frame_turn media_streams_turn(const AVStream *);
/* A picture file rather than a video. */
int media_streams_still(const AVFormatContext *, const char *path);

#endif
