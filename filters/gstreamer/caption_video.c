/* The streaming thread. Here it is decided which frames are sampled; everything that takes time happens elsewhere, and only the
 * policies that say so wait for it. */
#include "caption.h"

/* Where scenes are looked for: this often, in nanoseconds. */
enum { SCAN = 100000000 };
enum { LIVE_DEADLINE_MS = 2000 };

GST_DEBUG_CATEGORY_EXTERN(m6_caption_debug);
#define GST_CAT_DEFAULT m6_caption_debug

/* What one frame needs of the settings; strings are the frame's. */
struct wanted {
    gint mode, trigger, policy;
    gint64 every, window, max_latency, seed;
    guint in_flight, metadata;
    gchar *prompt;
    gchar *languages[M6_CAPTIONS_LANGUAGES_MAX];
    gint language_count;
};

/* ---- settings ---- */

static struct wanted read_settings(M6Caption *self)
{
    struct wanted w;
    GST_OBJECT_LOCK(self);
    w = (struct wanted){
        .mode = self->set.mode,
        .trigger = self->set.trigger,
        .policy = self->set.policy,
        .every = (gint64)MIN(self->set.every, (guint64)G_MAXINT64 / 4),
        .window = (gint64)MIN(self->set.window, (guint64)G_MAXINT64 / 4),
        .max_latency = (gint64)self->set.max_latency,
        .seed = self->set.seed,
        .in_flight = self->set.max_in_flight,
        .metadata = self->set.metadata,
    };
    GST_OBJECT_UNLOCK(self);
    return w;
}

static void add_language(struct wanted *w, gchar *language)
{
    for (gint i = 0; i < w->language_count; i++) {
        if (!g_strcmp0(w->languages[i], language)) {
            g_free(language);
            return;
        }
    }
    if (w->language_count < M6_CAPTIONS_LANGUAGES_MAX)
        w->languages[w->language_count++] = language;
    else
        g_free(language);
}

/* Only for a frame that is sampled. */
static void read_question(M6Caption *self, struct wanted *w)
{
    g_mutex_lock(&self->lock);
    for (GList *at = self->texts; at; at = at->next)
        add_language(w, caption_text_language(at->data));
    g_mutex_unlock(&self->lock);
    GST_OBJECT_LOCK(self);
    w->prompt = g_strdup(self->set.prompt);
    if (!w->language_count)
        add_language(w, g_strdup(self->set.language));
    GST_OBJECT_UNLOCK(self);
}

static void forget_question(struct wanted *w)
{
    g_clear_pointer(&w->prompt, g_free);
    while (w->language_count)
        g_free(w->languages[--w->language_count]);
}

void caption_configure(M6Caption *self)
{
    static const enum m6_captions_policy policies[] = {
        [CAPTION_AUTO] = M6_CAPTIONS_BLOCK,   [CAPTION_DROP_OLDEST] = M6_CAPTIONS_DROP_OLDEST, [CAPTION_DROP_NEWEST] = M6_CAPTIONS_DROP_NEWEST,
        [CAPTION_BLOCK] = M6_CAPTIONS_BLOCK, [CAPTION_SYNC] = M6_CAPTIONS_BLOCK,
    };
    const struct wanted w = read_settings(self);
    g_mutex_lock(&self->lock);
    const gboolean gives_way = self->live && (w.policy == CAPTION_AUTO || w.policy == CAPTION_SYNC);
    if (self->is_open)
        m6_captions_configure(self->captions, gives_way ? M6_CAPTIONS_DROP_OLDEST : policies[w.policy], self->live, (int)w.in_flight);
    g_mutex_unlock(&self->lock);
}

static void set_live(M6Caption *self, gboolean live, GstClockTime latency)
{
    g_mutex_lock(&self->lock);
    const gboolean changed = self->live != live;
    self->live = live;
    self->upstream_latency = latency;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    if (changed)
        caption_configure(self);
}

void caption_look_if_live(M6Caption *self)
{
    GstQuery *query = gst_query_new_latency();
    if (gst_pad_peer_query(self->sink, query)) {
        gboolean live;
        GstClockTime least;
        gst_query_parse_latency(query, &live, &least, NULL);
        set_live(self, live, least);
    }
    gst_query_unref(query);
}

/* ---- frames that are kept ---- */

/* A pool that is bounded, and that did not take the ALLOCATION answer's advice: each frame kept here is one that upstream waits for. */
static gboolean is_tight(M6Caption *self, GstBuffer *frame)
{
    GstBufferPool *pool = frame->pool;
    guint least = 0, most = 0;
    if (!pool || pool == self->judged)
        return pool && self->judged_tight;
    GstStructure *config = gst_buffer_pool_get_config(pool);
    gst_buffer_pool_config_get_params(config, NULL, NULL, &least, &most);
    gst_structure_free(config);
    g_mutex_lock(&self->lock);
    const guint asked = self->asked_buffers;
    g_mutex_unlock(&self->lock);
    self->judged = pool;
    self->judged_tight = most && !(asked && least >= asked);
    GST_DEBUG_OBJECT(self, "%" GST_PTR_FORMAT " has %u to %u buffers, %u were asked for: frames are %s", pool, least, most, asked,
                     self->judged_tight ? "copied" : "kept");
    return self->judged_tight;
}

static void drop_copies(M6Caption *self)
{
    if (self->copies)
        gst_buffer_pool_set_active(self->copies, FALSE);
    gst_clear_object(&self->copies);
    self->judged = NULL;
}

static gboolean make_copies(M6Caption *self, guint most)
{
    const GstVideoInfo *info = &self->format->info;
    GstCaps *caps = gst_video_info_to_caps(info);
    self->copies = gst_video_buffer_pool_new();
    GstStructure *config = gst_buffer_pool_get_config(self->copies);
    gst_buffer_pool_config_set_params(config, caps, (guint)GST_VIDEO_INFO_SIZE(info), 0, most);
    gst_caps_unref(caps);
    if (gst_buffer_pool_set_config(self->copies, config) && gst_buffer_pool_set_active(self->copies, TRUE))
        return TRUE;
    drop_copies(self);
    return FALSE;
}

/* Into memory that is used again and again: fresh memory costs as much as the copy. NULL: all of it is in use. */
static GstBuffer *copy_of(M6Caption *self, GstBuffer *frame, guint most)
{
    GstBufferPoolAcquireParams params = {.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT};
    GstBuffer *copy = NULL;
    GstVideoFrame from, to;
    if ((!self->copies && !make_copies(self, most)) || gst_buffer_pool_acquire_buffer(self->copies, &copy, &params) != GST_FLOW_OK)
        return NULL;
    gboolean copied = FALSE;
    if (gst_video_frame_map(&from, &self->format->info, frame, GST_MAP_READ)) {
        if (gst_video_frame_map(&to, &self->format->info, copy, GST_MAP_WRITE)) {
            copied = gst_video_frame_copy(&to, &from);
            gst_video_frame_unmap(&to);
        }
        gst_video_frame_unmap(&from);
    }
    const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(frame);
    if (crop && copied) {
        GstVideoCropMeta *same = gst_buffer_add_video_crop_meta(copy);
        same->x = crop->x;
        same->y = crop->y;
        same->width = crop->width;
        same->height = crop->height;
    }
    if (!copied)
        gst_clear_buffer(&copy);
    return copy;
}

static void keep_frame(M6Caption *self, const struct wanted *w, gint64 sample, GstBuffer *frame, gint64 start, gint64 end)
{
    GstBuffer *kept = is_tight(self, frame) ? copy_of(self, frame, w->in_flight * M6_CAPTIONS_FRAMES_MAX) : gst_buffer_ref(frame);
    if (kept)
        m6_captions_frame(self->captions, sample, caption_frame_new(kept, self->format), start, end - start);
}

static void *deep_copy(void *arg, void *data)
{
    const struct caption_frame *frame = data;
    GstBuffer *copy = gst_buffer_copy_deep(frame->buffer);
    return copy ? caption_frame_new(copy, frame->format) : NULL;
}

/* ---- samples ---- */

static void post_skipped(M6Caption *self, const GstSegment *segment, gint64 start, gint64 end)
{
    struct m6_captions_stats stats;
    m6_captions_stats(self->captions, &stats);
    g_mutex_lock(&self->lock);
    const gboolean live = self->live;
    g_mutex_unlock(&self->lock);
    GstMessage *message = gst_message_new_qos(GST_OBJECT(self), live, gst_segment_to_running_time(segment, GST_FORMAT_TIME, (guint64)start),
                                              gst_segment_to_stream_time(segment, GST_FORMAT_TIME, (guint64)start), (GstClockTime)start,
                                              (GstClockTime)(end - start));
    gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, stats.texts, stats.dropped);
    gst_element_post_message(GST_ELEMENT_CAST(self), message);
}

static gint64 begin(M6Caption *self, struct wanted *w, gint64 start, gint64 end)
{
    read_question(self, w);
    const gint64 deadline = MAX(w->max_latency, 2 * w->every) / 1000000;
    const struct m6_captions_sample sample = {
        .epoch = self->epoch,
        .start_ns = start,
        .prompt = w->prompt,
        .languages = (const char *const *)w->languages,
        .language_count = w->language_count,
        .seed = w->seed,
        .clip = w->mode == CAPTION_WINDOW,
        .deadline_ms = (int)CLAMP(deadline, LIVE_DEADLINE_MS, G_MAXINT),
        .candidate = w->trigger == CAPTION_SCENE,
        .every_ns = w->every,
    };
    const gint64 number = m6_captions_begin(self->captions, &sample);
    forget_question(w);
    if (!number)
        post_skipped(self, &self->segment, start, end);
    if (number > 0) {
        self->recent[self->recent_at % CAPTION_RECENT] = number;
        self->recent_at++;
    }
    return number;
}

static void close_window(M6Caption *self, gint64 end)
{
    if (self->open > 0)
        m6_captions_end(self->captions, self->open, end);
    self->open = 0;
    self->open_end = -1;
}

/* The next place of the grid, which begins where the stream's time does, so that the same frames are taken wherever playing began. */
static gint64 grid_after(const GstSegment *segment, gint64 pts, gint64 step)
{
    const gint64 zero = (gint64)segment->start - (gint64)(GST_CLOCK_TIME_IS_VALID(segment->time) ? segment->time : segment->start);
    gint64 k = (pts - zero) / step;
    if ((pts - zero) % step < 0)
        k--;
    return zero + (k + 1) * step;
}

static gint64 until_stop(const GstSegment *segment, gint64 end)
{
    return GST_CLOCK_TIME_IS_VALID(segment->stop) && end > (gint64)segment->stop ? (gint64)segment->stop : end;
}

/* A picture at a time, or a candidate for a scene. Gives the sample. */
static gint64 take_picture(M6Caption *self, struct wanted *w, GstBuffer *frame, gint64 start, gint64 end)
{
    const gboolean scene = w->trigger == CAPTION_SCENE, manual = w->trigger == CAPTION_MANUAL;
    const gint64 step = scene ? SCAN : w->every;
    gint64 holds = end;
    if (manual) {
        g_mutex_lock(&self->lock);
        const gboolean asked = self->asked_manually;
        self->asked_manually = FALSE;
        g_mutex_unlock(&self->lock);
        if (!asked)
            return 0;
        holds = start + w->every;
    } else if (self->begun && start < self->next && self->next - start <= step) {
        return 0;
    } else if (step > 0) {
        holds = self->next = grid_after(&self->segment, start, step);
    }
    const gint64 sample = begin(self, w, start, holds);
    if (sample > 0) {
        keep_frame(self, w, sample, frame, start, end);
        m6_captions_end(self->captions, sample, MAX(until_stop(&self->segment, holds), start));
    }
    return sample;
}

/* Up to four frames of a stretch, from the middle of each quarter. Gives the sample when it is complete. */
static gint64 take_window(M6Caption *self, struct wanted *w, GstBuffer *frame, gint64 start, gint64 end)
{
    gint64 complete = 0;
    const gint64 window = MAX(w->window, 1), step = MAX(w->every, window);
    if (self->open_end >= 0 && (start >= self->open_end || start < self->open_end - 2 * step)) {
        complete = self->open;
        close_window(self, until_stop(&self->segment, self->open_end));
    }
    if (self->open_end < 0 && (!self->begun || start >= self->next || self->next - start > step)) {
        self->next = grid_after(&self->segment, start, step);
        self->open_end = MIN(self->next - step + window, self->next);
        if (self->open_end <= start) { /* begun between two windows */
            self->open_end = -1;
            return complete;
        }
        self->open = begin(self, w, start, self->open_end);
        self->pick_step = (self->open_end - start) / M6_CAPTIONS_FRAMES_MAX;
        self->pick = start;
        self->picked = 0;
    }
    if (self->open > 0 && start >= self->pick && self->picked < M6_CAPTIONS_FRAMES_MAX) {
        keep_frame(self, w, self->open, frame, start, end);
        self->picked++;
        self->pick += self->pick_step;
    }
    return complete;
}

/* ---- what goes with a frame ---- */

/* Not live, what a frame carries does not depend on the host's speed: it is waited for what must have been answered by now. */
static void wait_for_answers(M6Caption *self, const struct wanted *w, gint64 sample)
{
    g_mutex_lock(&self->lock);
    const gboolean live = self->live;
    g_mutex_unlock(&self->lock);
    const gboolean sync = w->policy == CAPTION_SYNC, exact = !live && (sync || w->policy == CAPTION_AUTO || w->policy == CAPTION_BLOCK);
    self->shown = G_MAXINT64;
    if (sample > 0 && sync) {
        m6_captions_wait(self->captions, sample, live ? (int)MIN(w->max_latency / 1000000, G_MAXINT) : w->trigger == CAPTION_SCENE ? 0 : -1);
    } else if (exact && !sync && w->trigger != CAPTION_SCENE) {
        const guint behind = 1 + w->in_flight + (w->mode == CAPTION_WINDOW);
        self->shown = self->recent_at >= behind ? self->recent[(self->recent_at - behind) % CAPTION_RECENT] : 0;
        if (sample > 0 && self->shown)
            m6_captions_wait(self->captions, self->shown, -1);
    }
}

static GstBuffer *attach(M6Caption *self, GstBuffer *frame)
{
    struct caption_news *n = NULL, *tagged = NULL;
    g_mutex_lock(&self->lock);
    for (GList *at = self->news.tail; at && !n; at = at->prev) {
        struct caption_news *each = at->data;
        if ((gint64)each->sample <= self->shown)
            n = caption_news_ref(each);
    }
    tagged = g_steal_pointer(&self->tagged);
    g_mutex_unlock(&self->lock);
    if (n)
        frame = caption_news_attach(n, frame);
    if (tagged)
        gst_pad_push_event(self->src, gst_event_new_tag(caption_news_tags(tagged)));
    caption_news_unref(n);
    caption_news_unref(tagged);
    return frame;
}

/* ---- the way of a frame ---- */

/* From when to when it is shown, in the segment; FALSE: it is not. */
static gboolean times_of(M6Caption *self, GstBuffer *frame, gint64 *start, gint64 *end)
{
    GstClockTime from = GST_BUFFER_PTS(frame), length = GST_BUFFER_DURATION(frame);
    guint64 first, last;
    if (self->segment.format != GST_FORMAT_TIME)
        return FALSE;
    if (!GST_CLOCK_TIME_IS_VALID(from))
        from = GST_CLOCK_TIME_IS_VALID(self->video_end) ? self->video_end : self->segment.start;
    if (!GST_CLOCK_TIME_IS_VALID(length) && self->format && self->format->info.fps_n > 0)
        length = gst_util_uint64_scale_int(GST_SECOND, self->format->info.fps_d, self->format->info.fps_n);
    if (!GST_CLOCK_TIME_IS_VALID(length))
        length = 0;
    if (!gst_segment_clip(&self->segment, GST_FORMAT_TIME, from, from + length, &first, &last))
        return FALSE;
    *start = (gint64)first;
    *end = (gint64)last;
    return TRUE;
}

static void sample(M6Caption *self, GstBuffer *frame, gint64 start, gint64 end)
{
    struct wanted w = read_settings(self);
    if (!self->begun)
        caption_look_if_live(self);
    const gint64 number = w.mode == CAPTION_WINDOW && w.trigger == CAPTION_INTERVAL ? take_window(self, &w, frame, start, end)
                                                                                   : take_picture(self, &w, frame, start, end);
    self->begun = TRUE;
    wait_for_answers(self, &w, number);
}

GstFlowReturn caption_chain(GstPad *pad, GstObject *parent, GstBuffer *frame)
{
    M6Caption *self = M6_CAPTION(parent);
    gint64 start, end;
    if (times_of(self, frame, &start, &end)) {
        if (self->format && self->segment.rate > 0)
            sample(self, frame, start, end);
        g_mutex_lock(&self->lock);
        self->video_end = (GstClockTime)(self->segment.rate > 0 ? end : start);
        g_cond_broadcast(&self->changed);
        g_mutex_unlock(&self->lock);
    }
    frame = attach(self, frame);
    const GstFlowReturn flow = gst_pad_push(self->src, frame);
    if (flow != GST_FLOW_NOT_LINKED)
        return flow;
    /* Somebody who wants the text alone need not link the video. */
    g_mutex_lock(&self->lock);
    gboolean any = FALSE;
    for (GList *at = self->texts; at && !any; at = at->next)
        any = gst_pad_is_linked(at->data);
    g_mutex_unlock(&self->lock);
    return any ? GST_FLOW_OK : flow;
}

/* ---- events ---- */

static GList *texts_of(M6Caption *self)
{
    g_mutex_lock(&self->lock);
    GList *texts = g_list_copy_deep(self->texts, (GCopyFunc)(GCallback)gst_object_ref, NULL);
    g_mutex_unlock(&self->lock);
    return texts;
}

static void forget_news(M6Caption *self)
{
    caption_marks_clear(self);
    g_queue_clear_full(&self->news, (GDestroyNotify)(GCallback)caption_news_unref);
    g_clear_pointer(&self->tagged, caption_news_unref);
}

/* Between two stretches of frames. */
static void begin_anew(M6Caption *self)
{
    self->begun = FALSE;
    self->open = 0;
    self->open_end = -1;
    self->next = 0;
    self->recent_at = 0;
    self->shown = 0;
}

void caption_reset(M6Caption *self)
{
    g_mutex_lock(&self->lock);
    forget_news(self);
    self->epoch++;
    self->video_end = GST_CLOCK_TIME_NONE;
    self->eos = self->live = FALSE;
    self->upstream_latency = 0;
    gst_segment_init(&self->segment, GST_FORMAT_UNDEFINED);
    gst_clear_event(&self->stream_start);
    gst_clear_event(&self->text_segment);
    self->asked_manually = FALSE;
    self->asked_buffers = 0;
    self->seek_seqnum = 0;
    self->warned_delay = 0;
    g_clear_pointer(&self->warned, g_free);
    g_mutex_unlock(&self->lock);
    begin_anew(self);
    drop_copies(self);
    caption_format_unref(self->format);
    self->format = NULL;
}

static gboolean on_flush_start(M6Caption *self, GstEvent *event)
{
    GList *texts = texts_of(self);
    m6_captions_interrupt(self->captions, 1);
    const gboolean done = gst_pad_push_event(self->src, gst_event_ref(event));
    for (GList *at = texts; at; at = at->next)
        caption_text_flush_start(at->data, gst_event_ref(event));
    g_list_free_full(texts, gst_object_unref);
    gst_event_unref(event);
    return done;
}

static gboolean on_flush_stop(M6Caption *self, GstEvent *event)
{
    GList *texts = texts_of(self);
    m6_captions_flush(self->captions);
    g_mutex_lock(&self->lock);
    forget_news(self);
    gst_clear_event(&self->text_segment);
    self->epoch++;
    self->video_end = GST_CLOCK_TIME_NONE;
    self->eos = FALSE;
    gst_segment_init(&self->segment, GST_FORMAT_UNDEFINED);
    g_mutex_unlock(&self->lock);
    begin_anew(self);
    m6_captions_interrupt(self->captions, 0);
    const gboolean done = gst_pad_push_event(self->src, gst_event_ref(event));
    for (GList *at = texts; at; at = at->next)
        caption_text_flush_stop(at->data, gst_event_ref(event));
    g_list_free_full(texts, gst_object_unref);
    gst_event_unref(event);
    return done;
}

/* To the text pads in its turn, behind the captions of what came before. */
static void mark(M6Caption *self, GstEvent *event)
{
    g_mutex_lock(&self->lock);
    const GstClockTime end = self->video_end;
    const uint64_t id = caption_mark_add(self, gst_event_ref(event));
    g_mutex_unlock(&self->lock);
    m6_captions_mark(self->captions, id, GST_CLOCK_TIME_IS_VALID(end) ? (int64_t)end : 0);
}

static void finish_window(M6Caption *self)
{
    const gint64 end = GST_CLOCK_TIME_IS_VALID(self->video_end) ? (gint64)self->video_end : self->open_end;
    if (self->open_end >= 0)
        close_window(self, MIN(self->open_end, end));
}

static void on_segment(M6Caption *self, GstEvent *event)
{
    GstSegment segment;
    gst_event_copy_segment(event, &segment);
    finish_window(self);
    g_mutex_lock(&self->lock);
    const gboolean same = gst_segment_is_equal(&segment, &self->segment);
    if (!same) {
        self->epoch++;
        self->video_end = GST_CLOCK_TIME_NONE;
        self->segment = segment;
    }
    g_mutex_unlock(&self->lock);
    if (same)
        return;
    const guint recent = self->recent_at;
    begin_anew(self);
    self->recent_at = recent;
    mark(self, event);
}

static void on_caps(M6Caption *self, GstEvent *event)
{
    GstCaps *caps;
    GstVideoInfo info;
    gst_event_parse_caps(event, &caps);
    const struct m6_frame_turn turn = self->format ? self->format->turn : (struct m6_frame_turn){0, 0, 0};
    caption_format_unref(self->format);
    self->format = NULL;
    drop_copies(self);
    if (!gst_video_info_from_caps(&info, caps)) {
        GST_ELEMENT_WARNING(self, STREAM, FORMAT, ("the video is in a format that cannot be captioned; put videoconvert before m6caption"),
                            ("%" GST_PTR_FORMAT, caps));
        return;
    }
    self->format = g_new(struct caption_format, 1);
    *self->format = (struct caption_format){.refs = 1, .info = info, .turn = turn};
}

/* Turned as it will be shown. */
static void on_tags(M6Caption *self, GstEvent *event)
{
    GstTagList *tags;
    GstVideoOrientationMethod method;
    gst_event_parse_tag(event, &tags);
    if (!self->format || !gst_video_orientation_from_tag(tags, &method))
        return;
    struct caption_format *format = g_new(struct caption_format, 1);
    *format = (struct caption_format){.refs = 1, .info = self->format->info, .turn = m6_gst_video_turn(method)};
    caption_format_unref(self->format);
    self->format = format;
}

static void on_gap(M6Caption *self, GstEvent *event)
{
    GstClockTime start, length;
    gst_event_parse_gap(event, &start, &length);
    if (GST_CLOCK_TIME_IS_VALID(length))
        start += length;
    g_mutex_lock(&self->lock);
    if (!GST_CLOCK_TIME_IS_VALID(self->video_end) || start > self->video_end)
        self->video_end = start;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
}

gboolean caption_sink_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    M6Caption *self = M6_CAPTION(parent);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START:
        return on_flush_start(self, event);
    case GST_EVENT_FLUSH_STOP:
        return on_flush_stop(self, event);
    case GST_EVENT_STREAM_START:
        g_mutex_lock(&self->lock);
        self->eos = FALSE;
        g_mutex_unlock(&self->lock);
        mark(self, event);
        break;
    case GST_EVENT_SEGMENT:
        on_segment(self, event);
        break;
    case GST_EVENT_SEGMENT_DONE:
        finish_window(self);
        mark(self, event);
        break;
    case GST_EVENT_CAPS:
        on_caps(self, event);
        break;
    case GST_EVENT_TAG:
        on_tags(self, event);
        break;
    case GST_EVENT_GAP:
        on_gap(self, event);
        break;
    case GST_EVENT_EOS: {
        finish_window(self);
        g_mutex_lock(&self->lock);
        self->eos = TRUE;
        const gboolean live = self->live;
        g_mutex_unlock(&self->lock);
        mark(self, event);
        if (!live) /* an application that stops at EOS has heard of every caption */
            m6_captions_drain(self->captions);
        break;
    }
    default:
        break;
    }
    return gst_pad_event_default(pad, parent, event);
}

gboolean caption_seek(M6Caption *self, GstEvent *event)
{
    const guint32 seqnum = gst_event_get_seqnum(event);
    g_mutex_lock(&self->lock);
    const gboolean again = seqnum == self->seek_seqnum, result = self->seek_result;
    if (!again) {
        self->seek_seqnum = seqnum;
        self->seek_result = TRUE;
    }
    g_mutex_unlock(&self->lock);
    if (again) {
        gst_event_unref(event);
        return result;
    }
    const gboolean done = gst_pad_push_event(self->sink, event);
    g_mutex_lock(&self->lock);
    if (self->seek_seqnum == seqnum)
        self->seek_result = done;
    g_mutex_unlock(&self->lock);
    return done;
}

gboolean caption_src_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEEK)
        return caption_seek(M6_CAPTION(parent), event);
    return gst_pad_event_default(pad, parent, event);
}

/* ---- queries ---- */

static gboolean on_allocation(M6Caption *self, GstQuery *query)
{
    const struct wanted w = read_settings(self);
    const guint more = w.in_flight * (w.mode == CAPTION_WINDOW ? M6_CAPTIONS_FRAMES_MAX : 1);
    GstVideoInfo info;
    GstCaps *caps;
    gst_query_parse_allocation(query, &caps, NULL);
    if (!caps || !gst_video_info_from_caps(&info, caps))
        return FALSE;
    const gboolean answered = gst_pad_peer_query(self->src, query);
    guint asked = more, count = answered ? gst_query_get_n_allocation_pools(query) : 0;
    for (guint i = 0; i < count; i++) {
        GstBufferPool *pool;
        guint size, least, most;
        gst_query_parse_nth_allocation_pool(query, i, &pool, &size, &least, &most);
        least += more;
        gst_query_set_nth_allocation_pool(query, i, pool, size, least, most ? most + more : 0);
        asked = i ? MIN(asked, least) : least;
        gst_clear_object(&pool);
    }
    if (!count)
        gst_query_add_allocation_pool(query, NULL, (guint)GST_VIDEO_INFO_SIZE(&info), more, 0);
    g_mutex_lock(&self->lock);
    self->asked_buffers = asked;
    g_mutex_unlock(&self->lock);
    return TRUE;
}

gboolean caption_sink_query(GstPad *pad, GstObject *parent, GstQuery *query)
{
    M6Caption *self = M6_CAPTION(parent);
    switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_ALLOCATION:
        return on_allocation(self, query);
    case GST_QUERY_DRAIN: /* upstream wants its buffers back */
        m6_captions_replace(self->captions, deep_copy);
        break;
    default:
        break;
    }
    return gst_pad_query_default(pad, parent, query);
}

gboolean caption_src_query(GstPad *pad, GstObject *parent, GstQuery *query)
{
    M6Caption *self = M6_CAPTION(parent);
    gboolean live;
    GstClockTime least, most;
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
        return gst_pad_query_default(pad, parent, query);
    if (!gst_pad_peer_query(self->sink, query))
        return FALSE;
    gst_query_parse_latency(query, &live, &least, &most);
    set_live(self, live, least);
    const struct wanted w = read_settings(self);
    if (live && w.policy == CAPTION_SYNC) {
        least += (GstClockTime)w.max_latency;
        most = GST_CLOCK_TIME_IS_VALID(most) ? most + (GstClockTime)w.max_latency : most;
    }
    gst_query_set_latency(query, live, least, most);
    return TRUE;
}
