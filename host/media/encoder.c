#include "encoder.h"

#include <string.h>

#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include "log.h"

/* One number of threads on every machine: what some encoders write depends on it. */
enum { THREADS = 4 };

const AVCodec *media_encoder_find(const AVOutputFormat *format)
{
    static const char *const names[] = {"libx264", "libopenh264", "libvpx-vp9", "libvpx", "mpeg4", NULL};
    for (int i = 0; names[i]; i++) {
        const AVCodec *codec = avcodec_find_encoder_by_name(names[i]);
        if (codec && avformat_query_codec(format, codec->id, FF_COMPLIANCE_NORMAL) == 1)
            return codec;
    }
    const AVCodec *codec = format->video_codec != AV_CODEC_ID_NONE ? avcodec_find_encoder(format->video_codec) : NULL;
    for (const enum AVPixelFormat *p = codec ? codec->pix_fmts : NULL; p && *p != AV_PIX_FMT_NONE; p++)
        if (*p == AV_PIX_FMT_YUV420P)
            return codec;
    return NULL;
}

static void set_quality(AVCodecContext *c, const struct m6_media_video_params *params)
{
    int quality = params->quality > 0 ? params->quality : 18;
    const char *name = c->codec->name;
    if (!strcmp(name, "libx264")) {
        av_opt_set_double(c->priv_data, "crf", quality, 0);
        av_opt_set(c->priv_data, "preset", "medium", 0);
        /* Its AVX-512 form (x264 164) reads memory that nobody wrote, so that the same frames give other bytes. */
        av_opt_set_int(c->priv_data, "mbtree", 0, 0);
    } else if (!strncmp(name, "libvpx", 6)) {
        /* VP9's scale is x264's stretched to 63. */
        av_opt_set_double(c->priv_data, "crf", quality * 63 / 51, 0);
        av_opt_set_int(c->priv_data, "cpu-used", 4, 0);
        c->bit_rate = 0;
        if (!strcmp(name, "libvpx"))
            c->bit_rate = (int64_t)c->width * c->height * params->rate_num / params->rate_den / 8;
    } else if (!strcmp(name, "libopenh264")) {
        c->bit_rate = (int64_t)c->width * c->height * params->rate_num / params->rate_den / 8;
    } else {
        c->flags |= AV_CODEC_FLAG_QSCALE;
        c->global_quality = FF_QP2LAMBDA * (quality / 6 > 1 ? quality / 6 : 1);
    }
}

enum m6_status media_encoder_open(const AVCodec *codec, const struct m6_media_video_params *params, int global_header, AVCodecContext **out,
                                  struct m6_error *err)
{
    AVCodecContext *c = *out = avcodec_alloc_context3(codec);
    if (!c)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to encode a video");
    c->width = (params->width + 1) & ~1;
    c->height = (params->height + 1) & ~1;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->time_base = (AVRational){params->rate_den, params->rate_num};
    c->framerate = (AVRational){params->rate_num, params->rate_den};
    c->sample_aspect_ratio = (AVRational){1, 1};
    c->color_primaries = AVCOL_PRI_BT709;
    c->color_trc = AVCOL_TRC_BT709;
    c->colorspace = AVCOL_SPC_BT709;
    c->color_range = AVCOL_RANGE_MPEG;
    c->chroma_sample_location = AVCHROMA_LOC_LEFT;
    c->thread_count = THREADS;
    c->flags |= AV_CODEC_FLAG_BITEXACT | (global_header ? AV_CODEC_FLAG_GLOBAL_HEADER : 0);
    set_quality(c, params);
    media_log_clear();
    int error = avcodec_open2(c, codec, NULL);
    return error < 0 ? m6_fail(err, M6_ERR_UNSUPPORTED, "%s cannot encode %dx%d at %d/%d frames a second: %.150s", codec->name, c->width, c->height,
                               params->rate_num, params->rate_den, media_log_why(error))
                     : M6_OK;
}

enum m6_status media_encoder_scaler(const struct m6_media_video_params *params, struct SwsContext **out, struct m6_error *err)
{
    int w = (params->width + 1) & ~1, h = (params->height + 1) & ~1;
    *out = sws_getContext(w, h, AV_PIX_FMT_RGB24, w, h, AV_PIX_FMT_YUV420P,
                          SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_BITEXACT, NULL, NULL, NULL);
    if (!*out)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to encode a video");
    sws_setColorspaceDetails(*out, sws_getCoefficients(SWS_CS_ITU709), 1, sws_getCoefficients(SWS_CS_ITU709), 0, 0, 1 << 16, 1 << 16);
    return M6_OK;
}
