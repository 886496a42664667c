#include "formats.h"

/* Planes are in the same order in both, but where `components` says that they are to be taken component by component. */
static const struct format {
    GstVideoFormat gst;
    const char *name;
    gboolean components;
} formats[] = {
    {GST_VIDEO_FORMAT_I420, "yuv420p", FALSE},
    {GST_VIDEO_FORMAT_YV12, "yuv420p", TRUE},
    {GST_VIDEO_FORMAT_NV12, "nv12", FALSE},
    {GST_VIDEO_FORMAT_NV21, "nv21", FALSE},
    {GST_VIDEO_FORMAT_NV16, "nv16", FALSE},
    {GST_VIDEO_FORMAT_NV24, "nv24", FALSE},
    {GST_VIDEO_FORMAT_YUY2, "yuyv422", FALSE},
    {GST_VIDEO_FORMAT_UYVY, "uyvy422", FALSE},
    {GST_VIDEO_FORMAT_YVYU, "yvyu422", FALSE},
    {GST_VIDEO_FORMAT_Y41B, "yuv411p", FALSE},
    {GST_VIDEO_FORMAT_YUV9, "yuv410p", FALSE},
    {GST_VIDEO_FORMAT_YVU9, "yuv410p", TRUE},
    {GST_VIDEO_FORMAT_Y42B, "yuv422p", FALSE},
    {GST_VIDEO_FORMAT_Y444, "yuv444p", FALSE},
    {GST_VIDEO_FORMAT_A420, "yuva420p", FALSE},
    {GST_VIDEO_FORMAT_AYUV, "ayuv", FALSE},
    {GST_VIDEO_FORMAT_VUYA, "vuya", FALSE},
    {GST_VIDEO_FORMAT_RGB, "rgb24", FALSE},
    {GST_VIDEO_FORMAT_BGR, "bgr24", FALSE},
    {GST_VIDEO_FORMAT_RGBA, "rgba", FALSE},
    {GST_VIDEO_FORMAT_BGRA, "bgra", FALSE},
    {GST_VIDEO_FORMAT_ARGB, "argb", FALSE},
    {GST_VIDEO_FORMAT_ABGR, "abgr", FALSE},
    {GST_VIDEO_FORMAT_RGBx, "rgb0", FALSE},
    {GST_VIDEO_FORMAT_BGRx, "bgr0", FALSE},
    {GST_VIDEO_FORMAT_xRGB, "0rgb", FALSE},
    {GST_VIDEO_FORMAT_xBGR, "0bgr", FALSE},
    {GST_VIDEO_FORMAT_GBR, "gbrp", FALSE},
    {GST_VIDEO_FORMAT_GBRA, "gbrap", FALSE},
    {GST_VIDEO_FORMAT_GRAY8, "gray", FALSE},
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
    {GST_VIDEO_FORMAT_I420_10LE, "yuv420p10", FALSE},
    {GST_VIDEO_FORMAT_I422_10LE, "yuv422p10", FALSE},
    {GST_VIDEO_FORMAT_Y444_10LE, "yuv444p10", FALSE},
    {GST_VIDEO_FORMAT_A420_10LE, "yuva420p10", FALSE},
    {GST_VIDEO_FORMAT_A422_10LE, "yuva422p10", FALSE},
    {GST_VIDEO_FORMAT_A444_10LE, "yuva444p10", FALSE},
    {GST_VIDEO_FORMAT_I420_12LE, "yuv420p12", FALSE},
    {GST_VIDEO_FORMAT_I422_12LE, "yuv422p12", FALSE},
    {GST_VIDEO_FORMAT_Y444_12LE, "yuv444p12", FALSE},
    {GST_VIDEO_FORMAT_Y444_16LE, "yuv444p16", FALSE},
    {GST_VIDEO_FORMAT_P010_10LE, "p010", FALSE},
    {GST_VIDEO_FORMAT_P012_LE, "p012", FALSE},
    {GST_VIDEO_FORMAT_P016_LE, "p016", FALSE},
    {GST_VIDEO_FORMAT_GBR_10LE, "gbrp10", FALSE},
    {GST_VIDEO_FORMAT_GBR_12LE, "gbrp12", FALSE},
    {GST_VIDEO_FORMAT_GBRA_10LE, "gbrap10", FALSE},
    {GST_VIDEO_FORMAT_GBRA_12LE, "gbrap12", FALSE},
    {GST_VIDEO_FORMAT_GRAY16_LE, "gray16", FALSE},
#else
    {GST_VIDEO_FORMAT_I420_10BE, "yuv420p10", FALSE},
    {GST_VIDEO_FORMAT_I422_10BE, "yuv422p10", FALSE},
    {GST_VIDEO_FORMAT_Y444_10BE, "yuv444p10", FALSE},
    {GST_VIDEO_FORMAT_P010_10BE, "p010", FALSE},
    {GST_VIDEO_FORMAT_P012_BE, "p012", FALSE},
    {GST_VIDEO_FORMAT_P016_BE, "p016", FALSE},
    {GST_VIDEO_FORMAT_GBR_10BE, "gbrp10", FALSE},
    {GST_VIDEO_FORMAT_GBR_12BE, "gbrp12", FALSE},
    {GST_VIDEO_FORMAT_GRAY16_BE, "gray16", FALSE},
#endif
};

static const struct format *find(GstVideoFormat gst)
{
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++)
        if (formats[i].gst == gst)
            return &formats[i];
    return NULL;
}

const char *m6_gst_format_name(GstVideoFormat gst)
{
    const struct format *f = find(gst);
    return f ? f->name : NULL;
}

guint m6_gst_format_plane(const GstVideoFrame *frame, guint i)
{
    const struct format *f = find(GST_VIDEO_FRAME_FORMAT(frame));
    return f && f->components ? (guint)GST_VIDEO_FRAME_COMP_PLANE(frame, i) : i;
}

GstCaps *m6_gst_format_caps(gboolean (*offered)(const char *name), gint side_max)
{
    GValue list = G_VALUE_INIT, name = G_VALUE_INIT;
    GstCaps *caps = gst_caps_new_simple("video/x-raw", "width", GST_TYPE_INT_RANGE, 1, side_max, "height", GST_TYPE_INT_RANGE, 1, side_max, "framerate",
                                        GST_TYPE_FRACTION_RANGE, 0, 1, G_MAXINT, 1, NULL);
    g_value_init(&list, GST_TYPE_LIST);
    g_value_init(&name, G_TYPE_STRING);
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (!offered(formats[i].name))
            continue;
        g_value_set_static_string(&name, gst_video_format_to_string(formats[i].gst));
        gst_value_list_append_value(&list, &name);
    }
    gst_caps_set_value(caps, "format", &list);
    g_value_unset(&name);
    g_value_unset(&list);
    return caps;
}

enum m6_frame_siting m6_gst_siting(GstVideoChromaSite site)
{
    switch ((int)site) {
    case GST_VIDEO_CHROMA_SITE_JPEG: return M6_SITING_CENTER;
    case GST_VIDEO_CHROMA_SITE_MPEG2: return M6_SITING_LEFT;
    case GST_VIDEO_CHROMA_SITE_COSITED: return M6_SITING_TOPLEFT;
    case GST_VIDEO_CHROMA_SITE_V_COSITED: return M6_SITING_TOP;
    default: return M6_SITING_UNKNOWN;
    }
}
