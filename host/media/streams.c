#include "streams.h"

#include <stdio.h>
#include <string.h>

#include <libavutil/display.h>

static const AVRational nanoseconds = {1, 1000000000};

/* "mp3 audio and a cover picture": what there is instead of video. */
static void describe(const AVFormatContext *format, char *out, size_t size)
{
    int named = 0, total = (int)format->nb_streams;
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < total && named < 4 && used < size; i++) {
        const AVStream *st = format->streams[i];
        const char *join = !named ? "" : i == total - 1 ? " and " : ", ";
        const char *kind = av_get_media_type_string(st->codecpar->codec_type);
        if (st->disposition & AV_DISPOSITION_ATTACHED_PIC)
            used += (size_t)snprintf(out + used, size - used, "%sa cover picture", join);
        else
            used += (size_t)snprintf(out + used, size - used, "%s%s %s", join, avcodec_get_name(st->codecpar->codec_id), kind ? kind : "data");
        named++;
    }
}

enum m6_status media_streams_video(AVFormatContext *format, const char *path, AVStream **out, struct m6_error *err)
{
    int best = -1, best_rank = -1;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *st = format->streams[i];
        if (st->codecpar->codec_type != AVMEDIA_TYPE_VIDEO || (st->disposition & AV_DISPOSITION_ATTACHED_PIC))
            continue;
        int rank = (st->disposition & AV_DISPOSITION_DEFAULT ? 2 : 0) + (st->codecpar->width > 0);
        if (rank > best_rank) {
            best = (int)i;
            best_rank = rank;
        }
    }
    if (best < 0) {
        char streams[256];
        describe(format, streams, sizeof streams);
        if (!streams[0])
            return m6_fail(err, M6_ERR_FORMAT, "%.300s has a beginning but no streams, so it may be cut off; get a whole copy of it", path);
        return m6_fail(err, M6_ERR_FORMAT, "%.250s has no video stream, only %s; name a file with pictures in it", path, streams);
    }
    *out = format->streams[best];
    return M6_OK;
}

int64_t media_streams_origin(const AVFormatContext *format, const AVStream *st)
{
    if (format->start_time == AV_NOPTS_VALUE)
        return st->start_time != AV_NOPTS_VALUE ? st->start_time : 0;
    /* The container's start is one of its streams', rounded to microseconds: take that stream's own, which is exact. */
    for (unsigned i = 0; i <= format->nb_streams; i++) {
        const AVStream *each = i ? format->streams[i - 1] : st;
        if (each->start_time == AV_NOPTS_VALUE)
            continue;
        int64_t rounded = av_rescale_q(each->start_time, each->time_base, AV_TIME_BASE_Q);
        if (rounded - format->start_time <= 1 && format->start_time - rounded <= 1)
            return av_rescale_q(each->start_time, each->time_base, st->time_base);
    }
    return av_rescale_q(format->start_time, AV_TIME_BASE_Q, st->time_base);
}

/* Matroska notes each stream's duration as "00:00:05.000000000". */
static int64_t tagged_duration(const AVStream *st)
{
    const AVDictionaryEntry *tag = av_dict_get(st->metadata, "DURATION", NULL, AV_DICT_IGNORE_SUFFIX);
    int hours, minutes;
    double seconds;
    if (!tag || sscanf(tag->value, "%d:%d:%lf", &hours, &minutes, &seconds) != 3 || hours < 0 || hours > 99999 || minutes < 0 || seconds < 0)
        return 0;
    return ((int64_t)hours * 3600 + minutes * 60) * 1000000000 + (int64_t)(seconds * 1e9);
}

int64_t media_streams_end(const AVFormatContext *format, const AVStream *st, int64_t origin)
{
    if (format->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE)
        return 0;
    int64_t start = st->start_time != AV_NOPTS_VALUE ? st->start_time - origin : 0;
    if (st->duration > 0)
        return av_rescale_q(start + st->duration, st->time_base, nanoseconds);
    if (tagged_duration(st))
        return tagged_duration(st);
    return format->nb_streams == 1 && format->duration > 0 ? av_rescale_q(format->duration, AV_TIME_BASE_Q, nanoseconds) : 0;
}

struct m6_frame_turn media_streams_turn(const AVStream *st)
{
    const uint8_t *matrix = NULL;
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
    const AVPacketSideData *side = av_packet_side_data_get(st->codecpar->coded_side_data, st->codecpar->nb_coded_side_data,
                                                           AV_PKT_DATA_DISPLAYMATRIX);
    matrix = side && side->size >= 9 * sizeof(int32_t) ? side->data : NULL;
#else
    size_t size = 0;
    matrix = av_stream_get_side_data(st, AV_PKT_DATA_DISPLAYMATRIX, &size);
    matrix = size >= 9 * sizeof(int32_t) ? matrix : NULL;
#endif
    return m6_frame_turn_of((const int32_t *)(const void *)matrix);
}

int media_streams_still(const AVFormatContext *format, const char *path)
{
    const char *name = format->iformat->name;
    size_t n = strlen(name);
    return (n > 5 && !strcmp(name + n - 5, "_pipe")) || (!strcmp(name, "image2") && !strchr(path, '%'));
}
