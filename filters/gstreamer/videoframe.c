#include "videoframe.h"

#include <libavutil/pixfmt.h>
#include <libswscale/swscale.h>

/* Planes are in the same order in both, but where `components` says that libav's planes are the components. */
static const struct format {
    GstVideoFormat gst;
    enum AVPixelFormat av;
    gboolean components;
} formats[] = {
    {GST_VIDEO_FORMAT_I420, AV_PIX_FMT_YUV420P, TRUE},
    {GST_VIDEO_FORMAT_YV12, AV_PIX_FMT_YUV420P, TRUE},
    {GST_VIDEO_FORMAT_NV12, AV_PIX_FMT_NV12, FALSE},
    {GST_VIDEO_FORMAT_NV21, AV_PIX_FMT_NV21, FALSE},
    {GST_VIDEO_FORMAT_NV16, AV_PIX_FMT_NV16, FALSE},
    {GST_VIDEO_FORMAT_NV24, AV_PIX_FMT_NV24, FALSE},
    {GST_VIDEO_FORMAT_YUY2, AV_PIX_FMT_YUYV422, FALSE},
    {GST_VIDEO_FORMAT_UYVY, AV_PIX_FMT_UYVY422, FALSE},
    {GST_VIDEO_FORMAT_YVYU, AV_PIX_FMT_YVYU422, FALSE},
    {GST_VIDEO_FORMAT_Y41B, AV_PIX_FMT_YUV411P, TRUE},
    {GST_VIDEO_FORMAT_Y42B, AV_PIX_FMT_YUV422P, TRUE},
    {GST_VIDEO_FORMAT_Y444, AV_PIX_FMT_YUV444P, TRUE},
    {GST_VIDEO_FORMAT_A420, AV_PIX_FMT_YUVA420P, TRUE},
    {GST_VIDEO_FORMAT_I420_10LE, AV_PIX_FMT_YUV420P10LE, TRUE},
    {GST_VIDEO_FORMAT_I422_10LE, AV_PIX_FMT_YUV422P10LE, TRUE},
    {GST_VIDEO_FORMAT_Y444_10LE, AV_PIX_FMT_YUV444P10LE, TRUE},
    {GST_VIDEO_FORMAT_I420_12LE, AV_PIX_FMT_YUV420P12LE, TRUE},
    {GST_VIDEO_FORMAT_I422_12LE, AV_PIX_FMT_YUV422P12LE, TRUE},
    {GST_VIDEO_FORMAT_Y444_12LE, AV_PIX_FMT_YUV444P12LE, TRUE},
    {GST_VIDEO_FORMAT_P010_10LE, AV_PIX_FMT_P010LE, FALSE},
    {GST_VIDEO_FORMAT_P016_LE, AV_PIX_FMT_P016LE, FALSE},
    {GST_VIDEO_FORMAT_RGB, AV_PIX_FMT_RGB24, FALSE},
    {GST_VIDEO_FORMAT_BGR, AV_PIX_FMT_BGR24, FALSE},
    {GST_VIDEO_FORMAT_RGBA, AV_PIX_FMT_RGBA, FALSE},
    {GST_VIDEO_FORMAT_BGRA, AV_PIX_FMT_BGRA, FALSE},
    {GST_VIDEO_FORMAT_ARGB, AV_PIX_FMT_ARGB, FALSE},
    {GST_VIDEO_FORMAT_ABGR, AV_PIX_FMT_ABGR, FALSE},
    {GST_VIDEO_FORMAT_RGBx, AV_PIX_FMT_RGB0, FALSE},
    {GST_VIDEO_FORMAT_BGRx, AV_PIX_FMT_BGR0, FALSE},
    {GST_VIDEO_FORMAT_xRGB, AV_PIX_FMT_0RGB, FALSE},
    {GST_VIDEO_FORMAT_xBGR, AV_PIX_FMT_0BGR, FALSE},
    {GST_VIDEO_FORMAT_GBR, AV_PIX_FMT_GBRP, FALSE},
    {GST_VIDEO_FORMAT_GBR_10LE, AV_PIX_FMT_GBRP10LE, FALSE},
    {GST_VIDEO_FORMAT_GBR_12LE, AV_PIX_FMT_GBRP12LE, FALSE},
    {GST_VIDEO_FORMAT_GRAY8, AV_PIX_FMT_GRAY8, FALSE},
    {GST_VIDEO_FORMAT_GRAY16_LE, AV_PIX_FMT_GRAY16LE, FALSE},
};

static const struct format *find(GstVideoFormat gst)
{
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++)
        if (formats[i].gst == gst)
            return &formats[i];
    return NULL;
}

GstCaps *m6_gst_video_caps(void)
{
    GValue list = G_VALUE_INIT, name = G_VALUE_INIT;
    GstCaps *caps = gst_caps_new_simple("video/x-raw", "width", GST_TYPE_INT_RANGE, 1, G_MAXINT, "height", GST_TYPE_INT_RANGE, 1, G_MAXINT, "framerate",
                                        GST_TYPE_FRACTION_RANGE, 0, 1, G_MAXINT, 1, NULL);
    g_value_init(&list, GST_TYPE_LIST);
    g_value_init(&name, G_TYPE_STRING);
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (!sws_isSupportedInput(formats[i].av)) /* which ones grows with libswscale */
            continue;
        g_value_set_static_string(&name, gst_video_format_to_string(formats[i].gst));
        gst_value_list_append_value(&list, &name);
    }
    gst_caps_set_value(caps, "format", &list);
    g_value_unset(&name);
    g_value_unset(&list);
    return caps;
}

static enum AVChromaLocation chroma_of(GstVideoChromaSite site)
{
    if (site == GST_VIDEO_CHROMA_SITE_COSITED)
        return AVCHROMA_LOC_TOPLEFT;
    if (site == GST_VIDEO_CHROMA_SITE_JPEG)
        return AVCHROMA_LOC_CENTER;
    return AVCHROMA_LOC_UNSPECIFIED;
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
    const struct format *format = find(GST_VIDEO_FRAME_FORMAT(frame));
    const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(frame->buffer);
    guint x = 0, y = 0, w = (guint)GST_VIDEO_FRAME_WIDTH(frame), h = (guint)GST_VIDEO_FRAME_HEIGHT(frame);
    if (!format)
        return FALSE;
    if (crop && crop->x < w && crop->y < h && crop->width && crop->height) {
        x = crop->x & ~3U;
        y = crop->y & ~3U;
        w = MIN(crop->width, w - x);
        h = MIN(crop->height, h - y);
    }
    av->format = format->av;
    av->width = (int)w;
    av->height = (int)h;
    for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(frame) && i < 4; i++) {
        const guint plane = format->components ? frame->info.finfo->plane[i] : i;
        av->data[i] = (uint8_t *)GST_VIDEO_FRAME_PLANE_DATA(frame, plane) + at(frame, plane, x, y);
        av->linesize[i] = GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane);
    }
    set_colours(av, &frame->info.colorimetry);
    av->chroma_location = chroma_of(frame->info.chroma_site);
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
