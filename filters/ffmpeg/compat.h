/* What our two filters share, and what differs between FFmpeg 5.1 and 9.0 for filters of video, so that theirs are written once. */
#ifndef M6_FFMPEG_COMPAT_H
#define M6_FFMPEG_COMPAT_H

#include <string.h>

#include "libavfilter/avfilter.h"
#include "libavfilter/filters.h"
#include "libavfilter/formats.h"
#include "libavfilter/version.h"
#include "libavfilter/video.h"
#include "libavutil/frame.h"
#include "libavutil/log.h"
#include "libavutil/mem.h"
#include "libavutil/pixdesc.h"
#include "libavutil/version.h"
#if LIBAVFILTER_VERSION_INT < AV_VERSION_INT(10, 4, 100)
#include "libavfilter/internal.h"
#endif

/* The object that describes a filter, and its public fields. */
#if LIBAVFILTER_VERSION_MAJOR >= 11
#define M6_FILTER FFFilter
#define M6_PUBLIC(field) .p.field
#else
#define M6_FILTER AVFilter
#define M6_PUBLIC(field) .field
#endif

/* What left AVFilterLink: frame_rate. */
#if LIBAVFILTER_VERSION_INT >= AV_VERSION_INT(10, 4, 100)
#define M6_LINK(link) ff_filter_link(link)
#else
#define M6_LINK(link) (link)
#endif

/* Whether links negotiate matrix and range. */
#define M6_LINKS_HAVE_COLOUR (LIBAVFILTER_VERSION_MAJOR >= 10)

static inline int64_t *m6_frame_duration(AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    return &frame->duration;
#else
    return &frame->pkt_duration;
#endif
}

static inline int m6_frame_is_premultiplied(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(60, 11, 100)
    return frame->alpha_mode == AVALPHA_MODE_PREMULTIPLIED;
#else
    return 0;
#endif
}

/* A link that can only bring frames of a device fails here, with a remedy, rather than in the negotiation. */
static inline int m6_refuse_hardware(AVFilterContext *ctx)
{
    const AVFilterFormats *from = ctx->nb_inputs ? ctx->inputs[0]->incfg.formats : NULL;
    const AVPixFmtDescriptor *desc = NULL;
    for (unsigned i = 0; from && i < from->nb_formats; i++) {
        desc = av_pix_fmt_desc_get(from->formats[i]);
        if (!desc || !(desc->flags & AV_PIX_FMT_FLAG_HWACCEL))
            return 0;
    }
    if (!desc)
        return 0;
    av_log(ctx, AV_LOG_ERROR, "%s works on frames in memory, and these (%s) are a device's; put hwdownload,format=nv12 before it, and hwupload behind it if need be\n",
           ctx->filter->name, desc->name);
    return AVERROR(EINVAL);
}

/* Says a sentence, unless it is what was said last; *told is the filter's, to be freed with av_freep. */
static inline void m6_tell(AVFilterContext *ctx, char **told, int level, const char *text)
{
    if (*told && !strcmp(*told, text))
        return;
    av_freep(told);
    *told = av_strdup(text);
    av_log(ctx, level, "%s\n", text);
}

#endif
