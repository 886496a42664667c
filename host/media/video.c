#include "video.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include "cues.h"
#include "encoder.h"
#include "log.h"

struct m6_media_video {
    char *path;
    int width, height; /* as promised; what is encoded is even */
    AVFormatContext *format;
    AVStream *picture_stream, *text_stream;
    AVCodecContext *codec;
    struct SwsContext *sws;
    AVFrame *frame;
    AVPacket *packet;
    uint8_t *padded; /* RGB with its odd last row and column twice */
    int64_t frames;
    int cues;
};

static enum m6_status cannot_write(const struct m6_media_video *v, int error, struct m6_error *err)
{
    return m6_fail(err, M6_ERR_IO, "cannot write %.300s: %.150s", v->path, media_log_why(error));
}

static enum AVCodecID text_codec(const AVOutputFormat *format)
{
    static const enum AVCodecID codecs[] = {AV_CODEC_ID_MOV_TEXT, AV_CODEC_ID_SUBRIP, AV_CODEC_ID_WEBVTT};
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (avformat_query_codec(format, codecs[i], FF_COMPLIANCE_NORMAL) == 1)
            return codecs[i];
    return AV_CODEC_ID_NONE;
}

static enum m6_status add_text(struct m6_media_video *v, const struct m6_media_video_params *params, struct m6_error *err)
{
    enum AVCodecID codec = text_codec(v->format->oformat);
    if (codec == AV_CODEC_ID_NONE)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%.300s cannot hold a text track; use .mp4, .mkv or .webm", params->path);
    v->text_stream = avformat_new_stream(v->format, NULL);
    if (!v->text_stream)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to encode a video");
    struct m6_media_captions_params text = {.lang = params->lang, .width = params->width, .height = params->height};
    return media_cues_stream(v->text_stream, codec, &text, err);
}

static enum m6_status add_streams(struct m6_media_video *v, const struct m6_media_video_params *params, struct m6_error *err)
{
    const AVCodec *codec = media_encoder_find(v->format->oformat);
    if (!codec)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "libavcodec here has no encoder for %.300s; use .mp4, .mkv or .webm", params->path);
    enum m6_status status = media_encoder_open(codec, params, v->format->oformat->flags & AVFMT_GLOBALHEADER, &v->codec, err);
    if (!status)
        status = media_encoder_scaler(params, &v->sws, err);
    v->picture_stream = status ? NULL : avformat_new_stream(v->format, codec);
    if (!status && (!v->picture_stream || avcodec_parameters_from_context(v->picture_stream->codecpar, v->codec) < 0))
        status = m6_fail(err, M6_ERR_MEMORY, "no memory to encode a video");
    if (status)
        return status;
    v->picture_stream->time_base = v->codec->time_base;
    v->picture_stream->avg_frame_rate = v->codec->framerate;
    return params->captions ? add_text(v, params, err) : M6_OK;
}

static enum m6_status allocate(struct m6_media_video *v, struct m6_error *err)
{
    v->packet = av_packet_alloc();
    v->frame = av_frame_alloc();
    v->padded = malloc((size_t)v->codec->width * (size_t)v->codec->height * 3);
    if (!v->packet || !v->frame || !v->padded)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to encode a video");
    v->frame->format = v->codec->pix_fmt;
    v->frame->width = v->codec->width;
    v->frame->height = v->codec->height;
    return av_frame_get_buffer(v->frame, 0) < 0 ? m6_fail(err, M6_ERR_MEMORY, "no memory to encode a video") : M6_OK;
}

static enum m6_status begin(struct m6_media_video *v, const struct m6_media_video_params *params, struct m6_error *err)
{
    AVDictionary *options = NULL;
    if (params->title)
        av_dict_set(&v->format->metadata, "title", params->title, 0);
    if (params->comment)
        av_dict_set(&v->format->metadata, "comment", params->comment, 0);
    av_dict_set(&options, "movflags", "+faststart", 0);
    media_log_clear();
    int error = avformat_write_header(v->format, &options);
    av_dict_free(&options);
    return error < 0 ? cannot_write(v, error, err) : M6_OK;
}

static enum m6_status check(const struct m6_media_video_params *params, const AVOutputFormat **format, struct m6_error *err)
{
    media_log_start();
    *format = av_guess_format(NULL, params->path, NULL);
    if (!*format || (*format)->flags & AVFMT_NOFILE)
        return m6_fail(err, M6_ERR_ARGUMENT, "%.300s does not end like a video; use .mp4, .mkv or .webm", params->path);
    if (params->width < 1 || params->height < 1 || params->width > 8192 || params->height > 8192)
        return m6_fail(err, M6_ERR_LIMIT, "a video of %dx%d cannot be written; 1 to 8192 a side can", params->width, params->height);
    if (params->rate_num < 1 || params->rate_den < 1 || params->rate_num / params->rate_den > 1000)
        return m6_fail(err, M6_ERR_ARGUMENT, "%d/%d frames a second cannot be written; up to 1000 can", params->rate_num, params->rate_den);
    return M6_OK;
}

enum m6_status media_video_create(const struct m6_media_video_params *params, struct m6_media_video **out, struct m6_error *err)
{
    const AVOutputFormat *format;
    *out = NULL;
    enum m6_status status = check(params, &format, err);
    struct m6_media_video *v = status ? NULL : calloc(1, sizeof *v);
    if (!v)
        return status ? status : m6_fail(err, M6_ERR_MEMORY, "no memory to encode a video");
    v->width = params->width;
    v->height = params->height;
    v->path = strdup(params->path);
    status = v->path ? media_output_open(&v->format, format->name, params->path, err)
                     : m6_fail(err, M6_ERR_MEMORY, "no memory to encode a video");
    if (!status)
        status = add_streams(v, params, err);
    if (!status)
        status = allocate(v, err);
    if (!status)
        status = begin(v, params, err);
    if (status) {
        media_video_destroy(v);
        return status;
    }
    *out = v;
    return M6_OK;
}

void media_video_destroy(struct m6_media_video *v)
{
    if (!v)
        return;
    avcodec_free_context(&v->codec);
    media_output_close(&v->format);
    sws_freeContext(v->sws);
    av_frame_free(&v->frame);
    av_packet_free(&v->packet);
    free(v->path);
    free(v->padded);
    free(v);
}

/* Writes what the encoder has ready. */
static enum m6_status drain(struct m6_media_video *v, struct m6_error *err)
{
    for (;;) {
        media_log_clear();
        int error = avcodec_receive_packet(v->codec, v->packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return M6_OK;
        if (error < 0)
            return m6_fail(err, M6_ERR_INTERNAL, "a frame could not be encoded: %.150s", media_log_why(error));
        v->packet->stream_index = v->picture_stream->index;
        if (!v->packet->duration)
            v->packet->duration = 1;
        av_packet_rescale_ts(v->packet, v->codec->time_base, v->picture_stream->time_base);
        error = av_interleaved_write_frame(v->format, v->packet);
        if (error < 0)
            return cannot_write(v, error, err);
    }
}

static void pad(struct m6_media_video *v, const struct m6_plugin_picture *p)
{
    size_t row = (size_t)v->codec->width * 3, used = (size_t)v->width * 3;
    for (int y = 0; y < v->codec->height; y++) {
        uint8_t *to = v->padded + (size_t)y * row;
        memcpy(to, p->rgb + (size_t)(y < v->height ? y : v->height - 1) * p->stride, used);
        if (row > used)
            memcpy(to + used, to + used - 3, 3);
    }
}

enum m6_status media_video_frame(struct m6_media_video *v, const struct m6_plugin_picture *p, struct m6_error *err)
{
    if (p->width != v->width || p->height != v->height || !p->rgb)
        return m6_fail(err, M6_ERR_ARGUMENT, "a frame of %dx%d does not fit in a video of %dx%d", p->width, p->height, v->width, v->height);
    if (av_frame_make_writable(v->frame) < 0)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to encode a video");
    const uint8_t *rows[4] = {p->rgb, NULL, NULL, NULL};
    int stride[4] = {(int)p->stride, 0, 0, 0};
    if (v->width != v->codec->width || v->height != v->codec->height) {
        pad(v, p);
        rows[0] = v->padded;
        stride[0] = v->codec->width * 3;
    }
    sws_scale(v->sws, rows, stride, 0, v->codec->height, v->frame->data, v->frame->linesize);
    v->frame->pts = v->frames++;
    v->frame->quality = v->codec->global_quality;
    v->frame->pict_type = AV_PICTURE_TYPE_NONE;
    media_log_clear();
    int error = avcodec_send_frame(v->codec, v->frame);
    if (error < 0)
        return m6_fail(err, M6_ERR_INTERNAL, "a frame could not be encoded: %.150s", media_log_why(error));
    return drain(v, err);
}

enum m6_status media_video_cue(struct m6_media_video *v, const struct m6_media_cue *cue, struct m6_error *err)
{
    if (!v->text_stream)
        return m6_fail(err, M6_ERR_ARGUMENT, "this video was created without a text track");
    return media_cues_write(v->format, v->text_stream, cue, v->cues++, err);
}

enum m6_status media_video_finish(struct m6_media_video *v, struct m6_error *err)
{
    if (!v->frames)
        return m6_fail(err, M6_ERR_ARGUMENT, "a video without frames cannot be written");
    avcodec_send_frame(v->codec, NULL);
    enum m6_status status = drain(v, err);
    if (status)
        return status;
    int error = av_write_trailer(v->format);
    if (error >= 0)
        error = avio_closep(&v->format->pb);
    return error < 0 ? cannot_write(v, error, err) : M6_OK;
}
