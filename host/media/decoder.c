#include "decoder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>

#include "log.h"
#include "streams.h"

enum { PIXELS_MAX = 16384 * 8192 };
static const AVRational nanoseconds = {1, 1000000000};

struct media_decoder {
    const struct m6_media_source_params *params;
    struct media_decoder_info info;
    AVFormatContext *format;
    AVStream *stream;
    AVCodecContext *codec;
    AVPacket *packet;
    int64_t origin;      /* time 0, in the stream's time base */
    int64_t promised_ns; /* when the file says that it ends */

    AVFrame *ahead; /* the frame after the one given out: its start is the other's end */
    int has_ahead, draining, finished, sought;
    int64_t ahead_start, last_start, usual_ns;
    int64_t furthest; /* end of the last frame there was */
    int64_t frames, backwards, damaged;
    int read_error;
};

static int interrupted(void *arg)
{
    const struct media_decoder *d = arg;
    return d->params->cancelled && d->params->cancelled(d->params->arg);
}

__attribute__((format(printf, 2, 3))) static void warn(const struct media_decoder *d, const char *format, ...)
{
    char sentence[512];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (d->params->warn)
        d->params->warn(d->params->arg, sentence);
}

static enum m6_status open_format(struct media_decoder *d, struct m6_error *err)
{
    const char *path = d->params->path;
    char url[4096 + 8];
    struct stat st;
    /* A file name may look like a protocol. */
    int n = snprintf(url, sizeof url, "%s%s", stat(path, &st) ? "" : "file:", path);
    d->format = n < (int)sizeof url ? avformat_alloc_context() : NULL;
    if (!d->format)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to open %.300s", path);
    d->format->interrupt_callback = (AVIOInterruptCB){interrupted, d};
    media_log_clear();
    int error = avformat_open_input(&d->format, url, NULL, NULL);
    if (error >= 0)
        error = avformat_find_stream_info(d->format, NULL);
    if (interrupted(d))
        return m6_fail(err, M6_ERR_CANCELLED, "cancelled");
    if (error == AVERROR(ENOENT) || error == AVERROR(EACCES) || error == AVERROR(EIO))
        return m6_fail(err, M6_ERR_IO, "cannot open %.300s: %s", path, media_log_why(error));
    if (error < 0 && !d->format && strstr(path, "://"))
        return m6_fail(err, M6_ERR_IO, "cannot open %.300s: %.150s; check the address, or download the video first", path, media_log_why(error));
    if (error < 0)
        return m6_fail(err, M6_ERR_FORMAT, "%.300s is no video or picture that can be read, or it is cut off (%.150s); get a whole copy of it",
                       path, media_log_why(error));
    return M6_OK;
}

static enum m6_status open_codec(struct media_decoder *d, struct m6_error *err)
{
    const char *path = d->params->path;
    const AVCodecParameters *par = d->stream->codecpar;
    const AVCodec *codec = avcodec_find_decoder(par->codec_id);
    if (!codec)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%.300s holds %s video, which libavcodec here cannot decode; convert it to H.264 first", path,
                       avcodec_get_name(par->codec_id));
    if (par->width > 0 && par->height > 0 && (int64_t)par->width * par->height > PIXELS_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "%.300s is %dx%d; at most %d megapixels a frame are decoded: scale it down first", path, par->width,
                       par->height, PIXELS_MAX / 1000000);
    d->codec = avcodec_alloc_context3(codec);
    if (!d->codec || avcodec_parameters_to_context(d->codec, par) < 0)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to decode %.300s", path);
    d->codec->pkt_timebase = d->stream->time_base;
    d->codec->thread_count = d->params->threads;
    d->codec->max_pixels = PIXELS_MAX;
    media_log_clear();
    int error = avcodec_open2(d->codec, codec, NULL);
    return error < 0 ? m6_fail(err, M6_ERR_UNSUPPORTED, "the %s video of %.300s cannot be decoded: %.150s", codec->name, path, media_log_why(error))
                     : M6_OK;
}

static void fill_info(struct media_decoder *d)
{
    const AVCodecParameters *par = d->stream->codecpar;
    AVRational aspect = av_guess_sample_aspect_ratio(d->format, d->stream, NULL);
    d->origin = media_streams_origin(d->format, d->stream);
    d->promised_ns = media_streams_end(d->format, d->stream, d->origin);
    d->info.still = media_streams_still(d->format, d->params->path);
    d->info.seekable = d->format->pb && (d->format->pb->seekable & AVIO_SEEKABLE_NORMAL);
    d->info.duration_ns = d->promised_ns;
    if (!d->info.duration_ns && d->format->duration > 0)
        d->info.duration_ns = av_rescale_q(d->format->duration, AV_TIME_BASE_Q, nanoseconds);
    if (d->info.still)
        d->info.duration_ns = 0;
    d->info.turn = media_streams_turn(d->stream);
    m6_frame_displayed(par->width, par->height, aspect, &d->info.turn, &d->info.width, &d->info.height);
    AVRational rate = av_guess_frame_rate(d->format, d->stream, NULL);
    d->usual_ns = rate.num > 0 && rate.den > 0 ? av_rescale(1000000000, rate.den, rate.num) : 40000000;
}

enum m6_status media_decoder_open(const struct m6_media_source_params *params, struct media_decoder **out, struct m6_error *err)
{
    *out = NULL;
    media_log_start();
    struct media_decoder *d = calloc(1, sizeof *d);
    if (!d)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to open %.300s", params->path);
    d->params = params;
    d->packet = av_packet_alloc();
    d->ahead = av_frame_alloc();
    d->last_start = -1;
    enum m6_status status = d->packet && d->ahead ? open_format(d, err) : m6_fail(err, M6_ERR_MEMORY, "no memory to open %.300s", params->path);
    if (!status)
        status = media_streams_video(d->format, params->path, &d->stream, err);
    if (!status)
        status = open_codec(d, err);
    if (status) {
        media_decoder_close(d);
        return status;
    }
    for (unsigned i = 0; i < d->format->nb_streams; i++)
        if (d->format->streams[i] != d->stream)
            d->format->streams[i]->discard = AVDISCARD_ALL;
    fill_info(d);
    *out = d;
    return M6_OK;
}

void media_decoder_close(struct media_decoder *d)
{
    if (!d)
        return;
    avcodec_free_context(&d->codec);
    avformat_close_input(&d->format);
    av_packet_free(&d->packet);
    av_frame_free(&d->ahead);
    free(d);
}

const struct media_decoder_info *media_decoder_info(const struct media_decoder *d)
{
    return &d->info;
}

AVRational media_decoder_aspect(const struct media_decoder *d, AVFrame *frame)
{
    return av_guess_sample_aspect_ratio(d->format, d->stream, frame);
}

/* Gives the decoder its next packet, or tells it that there are no more. */
static void feed(struct media_decoder *d)
{
    int error;
    do {
        av_packet_unref(d->packet);
        error = av_read_frame(d->format, d->packet);
    } while (error >= 0 && d->packet->stream_index != d->stream->index);
    if (error < 0) {
        if (error != AVERROR_EOF)
            d->read_error = error;
        d->draining = 1;
        avcodec_send_packet(d->codec, NULL);
        return;
    }
    d->damaged += (d->packet->flags & AV_PKT_FLAG_CORRUPT) != 0;
    if (avcodec_send_packet(d->codec, d->packet) < 0)
        d->damaged++;
    av_packet_unref(d->packet);
}

/* The next frame as it leaves the decoder. Returns 1, or 0 at the end. */
static int decode(struct media_decoder *d, AVFrame *frame)
{
    for (int failures = 0; failures < 1000;) {
        int error = avcodec_receive_frame(d->codec, frame);
        if (error >= 0) {
            d->damaged += frame->decode_error_flags != 0;
            return 1;
        }
        if (error == AVERROR_EOF || interrupted(d))
            return 0;
        if (error != AVERROR(EAGAIN)) {
            d->damaged++;
            failures++;
        } else if (d->draining) {
            return 0;
        } else {
            feed(d);
        }
    }
    return 0;
}

static int64_t duration_of(const struct media_decoder *d, const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    int64_t ticks = frame->duration;
#else
    int64_t ticks = frame->pkt_duration;
#endif
    int64_t ns = ticks > 0 ? av_rescale_q(ticks, d->stream->time_base, nanoseconds) : 0;
    return ns > 0 ? ns : d->usual_ns;
}

/* The next frame that is later than all before it. */
static int decode_in_order(struct media_decoder *d, AVFrame *frame, int64_t *start)
{
    while (decode(d, frame)) {
        int64_t at = frame->best_effort_timestamp;
        if (at == AV_NOPTS_VALUE)
            *start = d->last_start < 0 ? 0 : d->last_start + d->usual_ns;
        else
            *start = av_rescale_q_rnd(at - d->origin, d->stream->time_base, nanoseconds, AV_ROUND_NEAR_INF);
        /* A first frame a little early is there from the start on. */
        if (*start < 0 && d->last_start < 0 && *start + duration_of(d, frame) > 0)
            *start = 0;
        if (*start > d->last_start) {
            d->last_start = *start;
            d->frames++;
            return 1;
        }
        d->backwards += d->last_start >= 0;
        av_frame_unref(frame);
    }
    return 0;
}

/* Says what was wrong with the file, once it has been read to its end. */
static enum m6_status finish(struct media_decoder *d, struct m6_error *err)
{
    int64_t end = d->furthest;
    const char *path = d->params->path;
    int64_t slack = 250000000 + 2 * d->usual_ns;
    int cut = d->read_error || (d->promised_ns && end < d->promised_ns - slack);
    if (interrupted(d))
        return m6_fail(err, M6_ERR_CANCELLED, "cancelled");
    if (!d->frames)
        return m6_fail(err, M6_ERR_FORMAT, "%.300s has a %s video stream but no frame that can be decoded; %s", path,
                       avcodec_get_name(d->stream->codecpar->codec_id), d->damaged || cut ? "get a whole copy of it" : "name a video with pictures in it");
    if (cut && d->promised_ns > end && !d->info.still)
        warn(d, "%.300s breaks off at %.2f of %.2f s; what comes after is not covered", path, (double)end / 1e9, (double)d->promised_ns / 1e9);
    else if (cut && !d->info.still)
        warn(d, "%.300s breaks off at %.2f s; what comes after is not covered", path, (double)end / 1e9);
    if (d->damaged)
        warn(d, "%.300s is damaged in %lld place%s", path, (long long)d->damaged, d->damaged > 1 ? "s" : "");
    if (d->backwards)
        warn(d, "%.300s has %lld frame%s out of order in time, left out", path, (long long)d->backwards, d->backwards > 1 ? "s" : "");
    return M6_OK;
}

enum m6_status media_decoder_next(struct media_decoder *d, AVFrame *frame, int64_t *start, int64_t *end, int *got, struct m6_error *err)
{
    *got = 0;
    if (!d->has_ahead) {
        if (d->finished)
            return M6_OK;
        if (!decode_in_order(d, d->ahead, &d->ahead_start)) {
            d->finished = 1;
            return finish(d, err);
        }
        d->has_ahead = 1;
    }
    av_frame_unref(frame);
    av_frame_move_ref(frame, d->ahead);
    *start = d->ahead_start;
    *got = 1;
    if (decode_in_order(d, d->ahead, &d->ahead_start)) {
        *end = d->ahead_start;
        d->usual_ns = *end - *start;
        return M6_OK;
    }
    *end = *start + duration_of(d, frame);
    d->furthest = *end > d->furthest ? *end : d->furthest;
    d->has_ahead = 0;
    d->finished = 1;
    return finish(d, err);
}

enum m6_status media_decoder_seek(struct media_decoder *d, int64_t time_ns, struct m6_error *err)
{
    int64_t to = d->origin + av_rescale_q_rnd(time_ns, nanoseconds, d->stream->time_base, AV_ROUND_DOWN);
    if (avformat_seek_file(d->format, d->stream->index, INT64_MIN, to, to, 0) < 0)
        return m6_fail(err, M6_ERR_IO, "cannot look at %.2f s of %.300s; the file cannot be searched", (double)time_ns / 1e9, d->params->path);
    avcodec_flush_buffers(d->codec);
    av_frame_unref(d->ahead);
    d->has_ahead = d->draining = d->finished = 0;
    d->last_start = -1;
    d->sought = 1;
    return M6_OK;
}
