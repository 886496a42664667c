/* GStreamer's video formats by the names that FFmpeg has for them, which m6/composite.h and libav both know. */
#ifndef M6_GST_FORMATS_H
#define M6_GST_FORMATS_H

#include <gst/video/video.h>

#include "m6/composite.h"

G_BEGIN_DECLS

const char *m6_gst_format_name(GstVideoFormat); /* NULL: FFmpeg has none */
/* Which plane of a mapped frame is the i-th in FFmpeg's order. */
guint m6_gst_format_plane(const GstVideoFrame *, guint i);
/* video/x-raw in each format whose name is offered, of any rate, with sides up to side_max; the caller's. */
GstCaps *m6_gst_format_caps(gboolean (*offered)(const char *name), gint side_max);
enum m6_frame_siting m6_gst_siting(GstVideoChromaSite);

G_END_DECLS

#endif
