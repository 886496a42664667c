#include "cues.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/intreadwrite.h>
#include <libavutil/mem.h>

#include "caption_text.h"
#include "log.h"

static const AVRational nanoseconds = {1, 1000000000};

static enum m6_status set_extradata(AVStream *st, const void *data, size_t size, struct m6_error *err)
{
    st->codecpar->extradata = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!st->codecpar->extradata)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for captions");
    memcpy(st->codecpar->extradata, data, size);
    st->codecpar->extradata_size = (int)size;
    return M6_OK;
}

static enum m6_status ass_header(AVStream *st, const struct m6_media_captions_params *params, struct m6_error *err)
{
    char header[2048], *title = params->title ? media_caption_text(params->title, MEDIA_CAPTION_PLAIN) : NULL;
    int w = params->width > 0 ? params->width : 1280, h = params->height > 0 ? params->height : 720;
    for (char *p = title; p && *p; p++)
        *p = *p == '\n' ? ' ' : *p;
    int n = snprintf(header, sizeof header,
                     "[Script Info]\r\n"
                     "%s%.500s%s"
                     "ScriptType: v4.00+\r\nPlayResX: %d\r\nPlayResY: %d\r\nScaledBorderAndShadow: yes\r\nWrapStyle: 0\r\n\r\n"
                     "[V4+ Styles]\r\n"
                     "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
                     "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, "
                     "MarginV, Encoding\r\n"
                     "Style: Default,Sans,%d,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,%d,0,2,%d,%d,%d,1\r\n\r\n"
                     "[Events]\r\n"
                     "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n",
                     title ? "Title: " : "", title ? title : "", title ? "\r\n" : "", w, h, h / 18, h / 360 > 1 ? h / 360 : 1, w / 16, w / 16, h / 20);
    free(title);
    return set_extradata(st, header, (size_t)n < sizeof header ? (size_t)n : sizeof header - 1, err);
}

/* A sample description of 3GPP TS 26.245: white, centred, at the bottom. */
static const uint8_t tx3g[] = {
    0, 0, 0, 0,             /* display flags */
    1, 0xff,                /* centred, bottom */
    0, 0, 0, 0,             /* background */
    0, 0, 0, 0, 0, 0, 0, 0, /* box: the whole track */
    0, 0, 0, 0, 0, 1, 0, 18, 255, 255, 255, 255, /* style: all text, font 1, 18 points, white */
    0, 0, 0, 18, 'f', 't', 'a', 'b', 0, 1, 0, 1, 5, 'S', 'e', 'r', 'i', 'f',
};

enum m6_status media_cues_stream(AVStream *st, enum AVCodecID codec, const struct m6_media_captions_params *params, struct m6_error *err)
{
    st->codecpar->codec_type = AVMEDIA_TYPE_SUBTITLE;
    st->codecpar->codec_id = codec;
    st->time_base = codec == AV_CODEC_ID_ASS ? (AVRational){1, 100} : (AVRational){1, 1000};
    st->disposition = AV_DISPOSITION_DEFAULT;
    if (params->lang) {
        /* Containers want ISO 639-2. */
        const char *code = !strncmp(params->lang, "zh", 2) ? "zho" : !strncmp(params->lang, "en", 2) ? "eng" : params->lang;
        av_dict_set(&st->metadata, "language", code, 0);
    }
    if (codec == AV_CODEC_ID_ASS)
        return ass_header(st, params, err);
    return codec == AV_CODEC_ID_MOV_TEXT ? set_extradata(st, tx3g, sizeof tx3g, err) : M6_OK;
}

/* The packet's bytes; NULL when out of memory, "" (size 0) for nothing to say. */
static char *payload(enum AVCodecID codec, const char *text, int index, size_t *size)
{
    enum media_caption_kind kind = codec == AV_CODEC_ID_ASS      ? MEDIA_CAPTION_ASS
                                   : codec == AV_CODEC_ID_WEBVTT ? MEDIA_CAPTION_VTT
                                   : codec == AV_CODEC_ID_SUBRIP ? MEDIA_CAPTION_SRT
                                                                 : MEDIA_CAPTION_PLAIN;
    char *body = media_caption_text(text, kind), *out = NULL;
    if (!body)
        return NULL;
    size_t n = strlen(body);
    *size = 0;
    if (!n)
        return body;
    if (codec == AV_CODEC_ID_ASS) {
        int length = asprintf(&out, "%d,0,Default,,0,0,0,,%s", index, body);
        *size = length < 0 ? 0 : (size_t)length;
        out = length < 0 ? NULL : out;
    } else if (codec == AV_CODEC_ID_MOV_TEXT) {
        n = n > 0xffff ? 0xffff : n;
        out = malloc(n + 2);
        if (out) {
            AV_WB16(out, n);
            memcpy(out + 2, body, n);
            *size = n + 2;
        }
    } else {
        *size = n;
        return body;
    }
    free(body);
    return out;
}

enum m6_status media_cues_write(AVFormatContext *format, AVStream *st, const struct m6_media_cue *cue, int index, struct m6_error *err)
{
    size_t size;
    char *data = payload(st->codecpar->codec_id, cue->text ? cue->text : "", index, &size);
    AVPacket *packet = av_packet_alloc();
    enum m6_status status = M6_OK;
    if (!data || !packet || (size && av_new_packet(packet, (int)size) < 0)) {
        status = m6_fail(err, M6_ERR_MEMORY, "no memory for captions");
    } else if (size) {
        memcpy(packet->data, data, size);
        packet->stream_index = st->index;
        packet->pts = packet->dts = av_rescale_q_rnd(cue->start_ns, nanoseconds, st->time_base, AV_ROUND_NEAR_INF);
        int64_t end = av_rescale_q_rnd(cue->end_ns, nanoseconds, st->time_base, AV_ROUND_NEAR_INF);
        /* A cue must last one tick for a player to see it. */
        packet->duration = end > packet->pts ? end - packet->pts : 1;
        packet->flags |= AV_PKT_FLAG_KEY;
        media_log_clear();
        int error = av_interleaved_write_frame(format, packet);
        if (error < 0)
            status = m6_fail(err, M6_ERR_IO, "a caption could not be written: %.200s", media_log_why(error));
    }
    av_packet_free(&packet);
    free(data);
    return status;
}

enum m6_status media_output_open(AVFormatContext **out, const char *name, const char *path, struct m6_error *err)
{
    char url[4200];
    media_log_start();
    media_log_clear();
    snprintf(url, sizeof url, "file:%s", path);
    int error = avformat_alloc_output_context2(out, NULL, name, url);
    if (error >= 0)
        error = avio_open(&(*out)->pb, url, AVIO_FLAG_WRITE);
    if (error < 0) {
        media_output_close(out);
        return m6_fail(err, M6_ERR_IO, "cannot write %.300s: %.150s", path, media_log_why(error));
    }
    (*out)->flags |= AVFMT_FLAG_BITEXACT;
    return M6_OK;
}

void media_output_close(AVFormatContext **out)
{
    if (*out)
        avio_closep(&(*out)->pb);
    avformat_free_context(*out);
    *out = NULL;
}
