/* GStreamer's pictures as the frame library takes them: AVFrames around memory that stays GStreamer's. */
#ifndef M6_GST_VIDEOFRAME_H
#define M6_GST_VIDEOFRAME_H

#include <gst/video/video.h>
#include <libavutil/frame.h>

#include "m6/frame.h"

G_BEGIN_DECLS

/* video/x-raw in each format that can be wrapped; the caller's. */
GstCaps *m6_gst_video_caps(void);

/* Points an AVFrame (unreferenced, from av_frame_alloc) at a mapped frame, at its crop, with its colours. TRUE if its format can be
 * wrapped. The AVFrame is of use while the frame stays mapped; forget it by av_frame_unref. */
gboolean m6_gst_video_wrap(AVFrame *, const GstVideoFrame *);

/* The display's turn of an orientation tag or property. */
struct m6_frame_turn m6_gst_video_turn(GstVideoOrientationMethod);

G_END_DECLS

#endif
