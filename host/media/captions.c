#include "captions.h"

#include <string.h>
#include <strings.h>

#include "cues.h"
#include "log.h"

static const struct {
    const char *format, *muxer;
    enum AVCodecID codec;
} formats[] = {{"srt", "srt", AV_CODEC_ID_SUBRIP}, {"vtt", "webvtt", AV_CODEC_ID_WEBVTT}, {"ass", "ass", AV_CODEC_ID_ASS}};

static enum m6_status write_all(AVFormatContext *format, AVStream *st, const struct m6_media_captions_params *params,
                                const struct m6_media_cue *cue, size_t count, struct m6_error *err)
{
    int error = avformat_write_header(format, NULL);
    if (error < 0)
        return m6_fail(err, M6_ERR_IO, "cannot write %.300s: %.150s", params->path, media_log_why(error));
    for (size_t i = 0; i < count; i++) {
        enum m6_status status = media_cues_write(format, st, &cue[i], (int)i, err);
        if (status)
            return status;
    }
    error = av_write_trailer(format);
    if (error >= 0 && format->pb->error < 0)
        error = format->pb->error;
    return error < 0 ? m6_fail(err, M6_ERR_IO, "cannot write %.300s: %.150s", params->path, media_log_why(error)) : M6_OK;
}

enum m6_status media_captions_write(const struct m6_media_captions_params *params, const struct m6_media_cue *cue, size_t count,
                                    struct m6_error *err)
{
    const char *name = params->format, *dot = strrchr(params->path, '.');
    size_t which = 0, known = sizeof formats / sizeof *formats;
    if (!name)
        name = dot ? dot + 1 : "";
    while (which < known && strcasecmp(name, formats[which].format) != 0)
        which++;
    if (which == known)
        return m6_fail(err, M6_ERR_ARGUMENT, "captions are written as .srt, .vtt or .ass, not as %.300s", params->path);
    AVFormatContext *format = NULL;
    enum m6_status status = media_output_open(&format, formats[which].muxer, params->path, err);
    AVStream *st = status ? NULL : avformat_new_stream(format, NULL);
    if (!status && !st)
        status = m6_fail(err, M6_ERR_MEMORY, "no memory for captions");
    if (!status)
        status = media_cues_stream(st, formats[which].codec, params, err);
    if (!status)
        status = write_all(format, st, params, cue, count, err);
    media_output_close(&format);
    return status;
}
