#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_BYTES = 96 << 20, KEPT_MOST = 64, KEPT_LEAST = 8 };

static int pictures_wanted(const struct m6_media_source *s)
{
    return s->params.frames.count > 1 ? s->params.frames.count : 1;
}

/* Enough for an even choice, within reason for large pictures. */
static int room_for(const struct m6_media_source *s)
{
    int w, h;
    const struct media_decoder_info *info = media_decoder_info(s->decoder);
    m6_frame_fit(info->width > 0 ? info->width : 1, info->height > 0 ? info->height : 1, s->params.frames.max_width,
                 s->params.frames.max_height, &w, &h);
    int64_t room = KEPT_BYTES / ((int64_t)w * h * 3);
    room = room > KEPT_MOST ? KEPT_MOST : room < KEPT_LEAST ? KEPT_LEAST : room;
    int least = 2 * pictures_wanted(s);
    return room > least ? (int)room : least;
}

static enum m6_status start(struct m6_media_source *s, struct m6_error *err)
{
    const struct m6_frames_params *frames = &s->params.frames;
    enum m6_status status = media_decoder_open(&s->params, &s->decoder, err);
    if (status)
        return status;
    s->frame = av_frame_alloc();
    s->converter = m6_frame_converter_create();
    s->scenes = m6_scene_detector_create(frames->scene_threshold);
    if (!s->frame || !s->converter || !s->scenes || media_kept_init(&s->kept, room_for(s)))
        return m6_fail(err, M6_ERR_MEMORY, "no memory to read %.300s", s->params.path);
    const struct media_decoder_info *info = media_decoder_info(s->decoder);
    if (frames->end_ns && frames->end_ns <= frames->start_ns)
        return m6_fail(err, M6_ERR_ARGUMENT, "the stretch ends before it starts");
    if (info->duration_ns && frames->start_ns >= info->duration_ns)
        return m6_fail(err, M6_ERR_ARGUMENT, "%.300s is %.2f s long; nothing starts at %.2f s", s->params.path, (double)info->duration_ns / 1e9,
                       (double)frames->start_ns / 1e9);
    /* Far in, it is cheaper to search than to decode all that comes before. */
    if (frames->start_ns > 10000000000 && info->seekable && frames->mode != M6_FRAMES_SPREAD)
        return media_decoder_seek(s->decoder, frames->start_ns, err);
    return M6_OK;
}

enum m6_status media_source_open(const struct m6_media_source_params *params, struct m6_media_source **out, struct m6_error *err)
{
    *out = NULL;
    struct m6_media_source *s = calloc(1, sizeof *s);
    char *path = strdup(params->path);
    if (!s || !path) {
        free(s);
        free(path);
        return m6_fail(err, M6_ERR_MEMORY, "no memory to open %.300s", params->path);
    }
    s->params = *params;
    s->params.path = path;
    if (s->params.frames.count > M6_FRAMES_COUNT_MAX)
        s->params.frames.count = M6_FRAMES_COUNT_MAX;
    enum m6_status status = start(s, err);
    if (status) {
        media_source_close(s);
        return status;
    }
    *out = s;
    return M6_OK;
}

void media_source_close(struct m6_media_source *s)
{
    if (!s)
        return;
    media_decoder_close(s->decoder);
    m6_frame_converter_destroy(s->converter);
    m6_scene_detector_destroy(s->scenes);
    media_kept_finish(&s->kept);
    av_frame_free(&s->frame);
    free((char *)s->params.path);
    free(s);
}

void media_source_info(const struct m6_media_source *s, struct m6_frames_info *info)
{
    const struct media_decoder_info *d = media_decoder_info(s->decoder);
    *info = (struct m6_frames_info){.size = sizeof *info, .still = d->still, .width = d->width, .height = d->height, .duration_ns = d->duration_ns};
}

enum m6_status media_source_advance(struct m6_media_source *s, struct m6_error *err)
{
    const struct m6_frames_params *frames = &s->params.frames;
    while (!s->has_frame && !s->at_end) {
        int got;
        enum m6_status status = media_decoder_next(s->decoder, s->frame, &s->start, &s->end, &got, err);
        if (status)
            return status;
        if (!got || (frames->end_ns && s->start >= frames->end_ns)) {
            s->at_end = 1;
            break;
        }
        if (frames->end_ns && s->end > frames->end_ns)
            s->end = frames->end_ns;
        s->has_frame = s->end > frames->start_ns;
        if (s->has_frame && s->start < frames->start_ns)
            s->start = frames->start_ns;
        if (s->has_frame)
            s->shown_until = s->end;
    }
    return M6_OK;
}

enum m6_status media_source_keep(struct m6_media_source *s, int64_t time_ns, struct m6_error *err)
{
    const struct media_decoder_info *info = media_decoder_info(s->decoder);
    int w, h, failed;
    const char *loss = s->warned_of_loss ? NULL : m6_frame_loss(s->frame);
    if (loss && s->params.warn) {
        char sentence[512];
        snprintf(sentence, sizeof sentence, "%.300s is %s; the model sees its colours brought to sRGB, which is approximate", s->params.path, loss);
        s->params.warn(s->params.arg, sentence);
    }
    s->warned_of_loss |= loss != NULL;
    m6_frame_displayed(s->frame->width, s->frame->height, media_decoder_aspect(s->decoder, s->frame), &info->turn, &w, &h);
    m6_frame_fit(w, h, s->params.frames.max_width, s->params.frames.max_height, &w, &h);
    struct media_kept_picture *p = media_kept_offer(&s->kept, time_ns, w, h, &failed);
    if (failed)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the frames of %.300s", s->params.path);
    if (!p)
        return M6_OK;
    enum m6_status status = m6_frame_convert(s->converter, s->frame, &info->turn, w, h, p->rgb, err);
    const char *note = s->warned_of_device ? NULL : m6_frame_converter_note(s->converter);
    if (note && s->params.warn)
        s->params.warn(s->params.arg, note);
    s->warned_of_device |= note != NULL;
    if (status)
        media_kept_withdraw(&s->kept);
    return status;
}

enum m6_status media_source_next(struct m6_media_source *s, struct m6_plugin_frame *frame, int *got, struct m6_error *err)
{
    memset(frame, 0, sizeof *frame);
    frame->size = sizeof *frame;
    *got = 0;
    enum m6_status status;
    if (s->params.frames.mode == M6_FRAMES_ON_SCENE)
        status = media_pick_on_scene(s, frame, got, err);
    else if (s->params.frames.mode == M6_FRAMES_SPREAD)
        status = media_pick_spread(s, frame, got, err);
    else
        status = media_pick_every(s, frame, got, err);
    if (status || !*got)
        return status;
    if (s->params.frames.mode != M6_FRAMES_SPREAD) {
        frame->pictures = s->chosen;
        frame->picture_count = s->chosen_count;
        frame->picture = s->chosen[s->chosen_count / 2];
        frame->scene = s->index++;
    }
    if (media_decoder_info(s->decoder)->still)
        frame->start_ns = frame->end_ns = 0;
    return M6_OK;
}
