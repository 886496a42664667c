/* GStreamer's video formats and colours as m6/composite.h has them. */
#ifndef M6_GST_LAYOUT_H
#define M6_GST_LAYOUT_H

#include <gst/video/video.h>

#include "m6/composite.h"

G_BEGIN_DECLS

/* video/x-raw in each format that can be composited, of any size and rate; the caller's. */
GstCaps *m6_gst_layout_caps(void);
/* FALSE if frames of these caps cannot be composited. */
gboolean m6_gst_layout(struct m6_frame_layout *, const GstVideoInfo *);
/* The planes of a mapped frame of that layout. */
struct m6_frame_planes m6_gst_planes(const GstVideoFrame *);

G_END_DECLS

#endif
