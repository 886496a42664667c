#include "layout.h"

#include "formats.h"

static gboolean offered(const char *name)
{
    return m6_frame_format_find(name) != NULL;
}

GstCaps *m6_gst_layout_caps(void)
{
    return m6_gst_format_caps(offered, M6_FRAME_SIDE_MAX);
}

static enum m6_frame_matrix matrix_of(GstVideoColorMatrix m)
{
    switch (m) {
    case GST_VIDEO_COLOR_MATRIX_RGB: return M6_MATRIX_RGB;
    case GST_VIDEO_COLOR_MATRIX_FCC: return M6_MATRIX_FCC;
    case GST_VIDEO_COLOR_MATRIX_BT709: return M6_MATRIX_709;
    case GST_VIDEO_COLOR_MATRIX_BT601: return M6_MATRIX_601;
    case GST_VIDEO_COLOR_MATRIX_SMPTE240M: return M6_MATRIX_240M;
    case GST_VIDEO_COLOR_MATRIX_BT2020: return M6_MATRIX_2020;
    default: return M6_MATRIX_UNKNOWN;
    }
}

gboolean m6_gst_layout(struct m6_frame_layout *layout, const GstVideoInfo *info)
{
    const GstVideoColorimetry *c = &info->colorimetry;
    const char *name = m6_gst_format_name(GST_VIDEO_INFO_FORMAT(info));
    *layout = (struct m6_frame_layout){.format = name ? m6_frame_format_find(name) : NULL, .width = GST_VIDEO_INFO_WIDTH(info), .height = GST_VIDEO_INFO_HEIGHT(info)};
    layout->matrix = matrix_of(c->matrix);
    layout->range = c->range == GST_VIDEO_COLOR_RANGE_0_255 ? M6_RANGE_FULL : c->range == GST_VIDEO_COLOR_RANGE_16_235 ? M6_RANGE_LIMITED : M6_RANGE_UNKNOWN;
    layout->siting = m6_gst_siting(info->chroma_site);
    layout->transfer = c->transfer == GST_VIDEO_TRANSFER_SMPTE2084        ? M6_TRANSFER_PQ
                       : c->transfer == GST_VIDEO_TRANSFER_ARIB_STD_B67   ? M6_TRANSFER_HLG
                       : c->transfer == GST_VIDEO_TRANSFER_UNKNOWN        ? M6_TRANSFER_UNKNOWN
                                                                          : M6_TRANSFER_SDR;
    layout->primaries = c->primaries == GST_VIDEO_COLOR_PRIMARIES_BT2020    ? M6_PRIMARIES_2020
                        : c->primaries == GST_VIDEO_COLOR_PRIMARIES_UNKNOWN ? M6_PRIMARIES_UNKNOWN
                                                                            : M6_PRIMARIES_709;
    layout->alpha = GST_VIDEO_INFO_FLAGS(info) & GST_VIDEO_FLAG_PREMULTIPLIED_ALPHA ? M6_ALPHA_PREMULTIPLIED : M6_ALPHA_STRAIGHT;
    return layout->format != NULL;
}

struct m6_frame_planes m6_gst_planes(const GstVideoFrame *frame)
{
    struct m6_frame_planes planes = {{NULL}, {0}};
    for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(frame); i++) {
        const guint from = m6_gst_format_plane(frame, i);
        planes.data[i] = GST_VIDEO_FRAME_PLANE_DATA(frame, from);
        planes.stride[i] = GST_VIDEO_FRAME_PLANE_STRIDE(frame, from);
    }
    return planes;
}
