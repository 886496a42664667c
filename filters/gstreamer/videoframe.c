#include "videoframe.h"

#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "formats.h"

/* What libswscale can read grows with its version. */
static gboolean offered(const char *name)
{
    const enum AVPixelFormat format = av_get_pix_fmt(name);
    return format != AV_PIX_FMT_NONE && sws_isSupportedInput(format);
}

GstCaps *m6_gst_video_caps(void)
{
    return m6_gst_format_caps(offered, G_MAXINT);
}

/* GStreamer and libav both have ISO's numbers for what these are called. */
static void set_colours(AVFrame *av, const GstVideoColorimetry *colours)
{
    av->color_range = colours->range == GST_VIDEO_COLOR_RANGE_0_255    ? AVCOL_RANGE_JPEG
                      : colours->range == GST_VIDEO_COLOR_RANGE_16_235 ? AVCOL_RANGE_MPEG
                                                                        : AVCOL_RANGE_UNSPECIFIED;
    av->colorspace = (enum AVColorSpace)gst_video_color_matrix_to_iso(colours->matrix);
    av->color_trc = (enum AVColorTransferCharacteristic)gst_video_transfer_function_to_iso(colours->transfer);
    av->color_primaries = (enum AVColorPrimaries)gst_video_color_primaries_to_iso(colours->primaries);
}

/* The first sample of a plane at x, y, which are multiples of the format's subsampling. */
static gsize at(const GstVideoFrame *frame, guint plane, guint x, guint y)
{
    const GstVideoFormatInfo *f = frame->info.finfo;
    for (guint c = 0; c < f->n_components; c++)
        if (f->plane[c] == plane)
            return (gsize)(y >> f->h_sub[c]) * (gsize)GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane) + (gsize)(x >> f->w_sub[c]) * (gsize)f->pixel_stride[c];
    return 0;
}

gboolean m6_gst_video_wrap(AVFrame *av, const GstVideoFrame *frame)
{
    const char *name = m6_gst_format_name(GST_VIDEO_FRAME_FORMAT(frame));
    const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(frame->buffer);
    guint x = 0, y = 0, w = (guint)GST_VIDEO_FRAME_WIDTH(frame), h = (guint)GST_VIDEO_FRAME_HEIGHT(frame);
    if (!name)
        return FALSE;
    if (crop && crop->x < w && crop->y < h && crop->width && crop->height) {
        x = crop->x & ~3U;
        y = crop->y & ~3U;
        w = MIN(crop->width, w - x);
        h = MIN(crop->height, h - y);
    }
    av->format = av_get_pix_fmt(name);
    av->width = (int)w;
    av->height = (int)h;
    for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(frame) && i < 4; i++) {
        const guint plane = m6_gst_format_plane(frame, i);
        av->data[i] = (uint8_t *)GST_VIDEO_FRAME_PLANE_DATA(frame, plane) + at(frame, plane, x, y);
        av->linesize[i] = GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane);
    }
    set_colours(av, &frame->info.colorimetry);
    av->chroma_location = (enum AVChromaLocation)m6_gst_siting(frame->info.chroma_site); /* the values are libav's */
    av->sample_aspect_ratio = (AVRational){frame->info.par_n, frame->info.par_d};
    return TRUE;
}

struct m6_frame_turn m6_gst_video_turn(GstVideoOrientationMethod method)
{
    switch (method) {
    case GST_VIDEO_ORIENTATION_90R:
        return (struct m6_frame_turn){1, 1, 0};
    case GST_VIDEO_ORIENTATION_180:
        return (struct m6_frame_turn){0, 1, 1};
    case GST_VIDEO_ORIENTATION_90L:
        return (struct m6_frame_turn){1, 0, 1};
    case GST_VIDEO_ORIENTATION_HORIZ:
        return (struct m6_frame_turn){0, 1, 0};
    case GST_VIDEO_ORIENTATION_VERT:
        return (struct m6_frame_turn){0, 0, 1};
    case GST_VIDEO_ORIENTATION_UL_LR:
        return (struct m6_frame_turn){1, 0, 0};
    case GST_VIDEO_ORIENTATION_UR_LL:
        return (struct m6_frame_turn){1, 1, 1};
    default:
        return (struct m6_frame_turn){0, 0, 0};
    }
}
