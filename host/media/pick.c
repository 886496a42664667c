/* Which frames of a video stand for what. Everything is decided from the times at which frames are really shown, so that
 * variable rates, gaps and odd beginnings come out right. */
#include <stdlib.h>

#include "source.h"

/* Beyond this, a few frames are looked up rather than everything decoded. */
static const int64_t search_beyond_ns = 30000000000;

static int wanted(const struct m6_media_source *s)
{
    return s->params.frames.count > 1 ? s->params.frames.count : 1;
}

static void give(struct m6_media_source *s, struct m6_plugin_frame *frame, int64_t start, int64_t end, int64_t from, int64_t to, int *got)
{
    s->chosen_count = media_kept_choose(&s->kept, from, to, wanted(s), s->chosen);
    frame->start_ns = start;
    frame->end_ns = end;
    *got = s->chosen_count > 0;
}

/* The grid starts at the stretch's start; the first range begins with the first frame. */
static void begin_grid(struct m6_media_source *s, int64_t interval)
{
    int64_t zero = s->params.frames.start_ns;
    s->range_start = s->start;
    s->range_end = interval > 0 ? zero + ((s->start - zero) / interval + 1) * interval : 0;
    s->begun = 1;
}

enum m6_status media_pick_every(struct m6_media_source *s, struct m6_plugin_frame *frame, int *got, struct m6_error *err)
{
    int64_t interval = s->params.frames.interval_ns;
    /* What was given out last is no longer needed. */
    media_kept_forget(&s->kept, INT64_MAX);
    for (;;) {
        enum m6_status status = media_source_advance(s, err);
        if (status)
            return status;
        if (!s->has_frame) {
            if (s->begun && s->range_start < s->shown_until)
                give(s, frame, s->range_start, s->shown_until, s->range_start, s->shown_until, got);
            s->range_start = s->shown_until;
            return M6_OK;
        }
        if (!s->begun)
            begin_grid(s, interval);
        int64_t range_end = interval > 0 ? s->range_end : s->end;
        int64_t shown = s->start > s->range_start ? s->start : s->range_start;
        /* With one picture a range, the one shown at its beginning. */
        if (!s->kept.count || wanted(s) > 1)
            status = media_source_keep(s, shown, err);
        if (status)
            return status;
        if (s->end <= range_end)
            s->has_frame = 0;
        if (s->end >= range_end) {
            give(s, frame, s->range_start, range_end, s->range_start, range_end, got);
            s->range_start = range_end;
            s->range_end = range_end + interval;
            return M6_OK;
        }
    }
}

/* Where scenes mix, neither is seen well; but a short scene has to be taken from what there is. */
static void give_scene(struct m6_media_source *s, struct m6_plugin_frame *frame, const struct m6_scene_boundary *next, int *got)
{
    int64_t start = s->range_start, end = next->time_ns, most = (end - start) / 4;
    int64_t head = s->range_fade < most ? s->range_fade : most, tail = next->fade_ns < most ? next->fade_ns : most;
    give(s, frame, start, end, start + head, end - tail, got);
    s->range_start = end;
    s->range_fade = next->fade_ns;
}

enum m6_status media_pick_on_scene(struct m6_media_source *s, struct m6_plugin_frame *frame, int *got, struct m6_error *err)
{
    struct m6_scene_boundary next;
    if (s->begun)
        media_kept_forget(&s->kept, s->range_start);
    for (;;) {
        if (m6_scene_next(s->scenes, &next)) {
            give_scene(s, frame, &next, got);
            return M6_OK;
        }
        enum m6_status status = media_source_advance(s, err);
        if (status)
            return status;
        if (!s->has_frame) {
            m6_scene_flush(s->scenes);
            if (!m6_scene_next(s->scenes, &next))
                next = (struct m6_scene_boundary){s->shown_until, 0};
            if (s->begun && s->range_start < next.time_ns)
                give_scene(s, frame, &next, got);
            return M6_OK;
        }
        if (!s->begun) {
            s->range_start = s->start;
            s->begun = 1;
        }
        uint8_t grey[M6_SCENE_WIDTH * M6_SCENE_HEIGHT];
        status = m6_frame_grey(s->converter, s->frame, grey, err);
        if (!status)
            status = media_source_keep(s, s->start, err);
        if (status)
            return status;
        m6_scene_push(s->scenes, grey, s->start);
        s->has_frame = 0;
    }
}

/* The frame shown at a time, or the last one. */
static enum m6_status look_up(struct m6_media_source *s, int64_t time, struct m6_error *err)
{
    enum m6_status status = media_decoder_seek(s->decoder, time, err);
    int64_t last = s->kept.count ? s->kept.picture[s->kept.count - 1].time_ns : -1;
    s->has_frame = s->at_end = 0;
    for (int got = 1; !status && got;) {
        status = media_decoder_next(s->decoder, s->frame, &s->start, &s->end, &got, err);
        if (got && s->end > time)
            break;
    }
    if (status || s->start <= last || !s->frame->data[0])
        return status;
    s->shown_until = s->end;
    return media_source_keep(s, s->start, err);
}

static enum m6_status gather_by_search(struct m6_media_source *s, int64_t from, int64_t to, struct m6_error *err)
{
    int n = wanted(s);
    enum m6_status status = M6_OK;
    for (int i = 0; i < n && !status; i++) {
        int64_t time = n == 1 ? from + (to - from) / 2 : from + (int64_t)((double)(to - from) * i / (n - 1));
        status = look_up(s, time < to ? time : to - 1, err);
        s->kept.skipped = s->kept.stride;
    }
    return status;
}

static enum m6_status gather_all(struct m6_media_source *s, struct m6_error *err)
{
    for (;;) {
        enum m6_status status = media_source_advance(s, err);
        if (status || !s->has_frame)
            return status;
        if (!s->begun)
            s->range_start = s->start;
        s->begun = 1;
        status = media_source_keep(s, s->start, err);
        if (status)
            return status;
        s->has_frame = 0;
    }
}

static enum m6_status gather(struct m6_media_source *s, struct m6_error *err)
{
    const struct media_decoder_info *info = media_decoder_info(s->decoder);
    int64_t from = s->params.frames.start_ns, to = s->params.frames.end_ns;
    if (!to || (info->duration_ns && to > info->duration_ns))
        to = info->duration_ns;
    if (!info->seekable || !info->duration_ns || to - from <= search_beyond_ns)
        return gather_all(s, err);
    enum m6_status status = gather_by_search(s, from, to, err);
    s->begun = s->kept.count > 0;
    s->range_start = from;
    if (s->shown_until < to)
        s->shown_until = to;
    return status;
}

enum m6_status media_pick_spread(struct m6_media_source *s, struct m6_plugin_frame *frame, int *got, struct m6_error *err)
{
    if (!s->given && !s->chosen_count) {
        enum m6_status status = gather(s, err);
        if (status)
            return status;
        s->chosen_count = media_kept_choose(&s->kept, INT64_MIN, INT64_MAX, wanted(s), s->chosen);
    }
    if (s->given >= s->chosen_count)
        return M6_OK;
    int64_t length = s->shown_until - s->range_start;
    frame->start_ns = s->range_start + length / s->chosen_count * s->given;
    frame->end_ns = s->given + 1 == s->chosen_count ? s->shown_until : s->range_start + length / s->chosen_count * (s->given + 1);
    frame->scene = s->given;
    frame->picture = s->chosen[s->given++];
    frame->pictures = s->chosen;
    frame->picture_count = s->chosen_count;
    *got = 1;
    return M6_OK;
}
