/* The thread of filters/common, as GStreamer knows it: frames are converted, answers go to pads, frames and the bus. */
#include "caption.h"

/* As large as any model looks at whole; the host scales down to what its own does. */
enum { SIDE_MAX = 768, NEWS_MAX = 2 * M6_CAPTIONS_IN_FLIGHT_MAX };
/* How long a host that was lost is waited for, where every sample counts. */
enum { PATIENCE_MS = 5000 };

GST_DEBUG_CATEGORY_EXTERN(m6_caption_debug);
#define GST_CAT_DEFAULT m6_caption_debug

/* ---- frames ---- */

void caption_format_unref(struct caption_format *format)
{
    if (format && g_atomic_int_dec_and_test(&format->refs))
        g_free(format);
}

struct caption_frame *caption_frame_new(GstBuffer *buffer, struct caption_format *format)
{
    struct caption_frame *frame = g_new(struct caption_frame, 1);
    g_atomic_int_inc(&format->refs);
    *frame = (struct caption_frame){buffer, format};
    return frame;
}

void caption_frame_free(struct caption_frame *frame)
{
    gst_buffer_unref(frame->buffer);
    caption_format_unref(frame->format);
    g_free(frame);
}

static void on_release(void *arg, void *frame)
{
    caption_frame_free(frame);
}

static void on_size(void *arg, void *data, int *width, int *height)
{
    const struct caption_frame *frame = data;
    const GstVideoInfo *info = &frame->format->info;
    const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(frame->buffer);
    int w = GST_VIDEO_INFO_WIDTH(info), h = GST_VIDEO_INFO_HEIGHT(info);
    if (crop && crop->width && crop->height) {
        w = MIN(w, (int)crop->width);
        h = MIN(h, (int)crop->height);
    }
    m6_frame_displayed(w, h, (AVRational){info->par_n, info->par_d}, &frame->format->turn, &w, &h);
    m6_frame_fit(w, h, SIDE_MAX, SIDE_MAX, width, height);
}

static gboolean map(M6Caption *self, struct caption_frame *frame, GstVideoFrame *mapped, struct m6_error *err)
{
    if (!gst_video_frame_map(mapped, &frame->format->info, frame->buffer, GST_MAP_READ)) {
        m6_fail(err, M6_ERR_FORMAT, "a frame's memory cannot be read; put videoconvert before m6caption");
        return FALSE;
    }
    if (m6_gst_video_wrap(self->wrapped, mapped))
        return TRUE;
    gst_video_frame_unmap(mapped);
    m6_fail(err, M6_ERR_UNSUPPORTED, "frames of this format cannot be converted; put videoconvert before m6caption");
    return FALSE;
}

static enum m6_status on_convert(void *arg, void *data, int width, int height, uint8_t *rgb, struct m6_error *err)
{
    M6Caption *self = arg;
    struct caption_frame *frame = data;
    GstVideoFrame mapped;
    if (!map(self, frame, &mapped, err))
        return M6_ERR_FORMAT;
    const enum m6_status status = m6_frame_convert(self->converter, self->wrapped, &frame->format->turn, width, height, rgb, err);
    const char *note = m6_frame_converter_note(self->converter);
    if (note && !self->device_lost)
        GST_WARNING_OBJECT(self, "%s", note);
    self->device_lost = note != NULL;
    gst_video_frame_unmap(&mapped);
    return status;
}

static enum m6_status on_grey(void *arg, void *data, uint8_t *grey, struct m6_error *err)
{
    M6Caption *self = arg;
    GstVideoFrame mapped;
    if (!map(self, data, &mapped, err))
        return M6_ERR_FORMAT;
    const enum m6_status status = m6_frame_grey(self->converter, self->wrapped, grey, err);
    gst_video_frame_unmap(&mapped);
    return status;
}

/* ---- warnings: each once, until something has gone well ---- */

static void warn(M6Caption *self, GQuark domain, gint code, const gchar *text, GstStructure *details)
{
    g_mutex_lock(&self->lock);
    const gboolean again = !g_strcmp0(self->warned, text);
    if (!again) {
        g_free(self->warned);
        self->warned = g_strdup(text);
    }
    g_mutex_unlock(&self->lock);
    if (again)
        gst_structure_free(details);
    else
        gst_element_message_full_with_details(GST_ELEMENT_CAST(self), GST_MESSAGE_WARNING, domain, code, g_strdup(text), NULL, __FILE__, GST_FUNCTION, __LINE__,
                                              details);
}

static void post_dropped(M6Caption *self, const struct m6_captions_event *e)
{
    struct m6_captions_stats stats;
    g_mutex_lock(&self->lock);
    const gboolean current = e->epoch == self->epoch, live = self->live;
    GstSegment segment = self->segment;
    g_mutex_unlock(&self->lock);
    const GstClockTime start = (GstClockTime)e->start_ns;
    GstMessage *message = gst_message_new_qos(
        GST_OBJECT(self), live, current ? gst_segment_to_running_time(&segment, GST_FORMAT_TIME, start) : GST_CLOCK_TIME_NONE,
        current ? gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, start) : GST_CLOCK_TIME_NONE, start,
        e->end_ns == M6_CAPTIONS_UNKNOWN ? GST_CLOCK_TIME_NONE : (GstClockTime)(e->end_ns - e->start_ns));
    m6_captions_stats(self->captions, &stats);
    gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, stats.texts, stats.dropped);
    gst_element_post_message(GST_ELEMENT_CAST(self), message);
}

/* ---- answers ---- */

static gboolean is_told_first(M6Caption *self, const struct caption_news *n)
{
    /* Of several languages the first pad's goes with the frames. */
    if (!n->language || !self->texts)
        return TRUE;
    gchar *language = caption_text_language(self->texts->data);
    const gboolean first = !g_strcmp0(language, n->language);
    g_free(language);
    return first;
}

static void keep(M6Caption *self, struct caption_news *n, guint metadata)
{
    if (!is_told_first(self, n))
        return;
    if (metadata & CAPTION_META)
        g_queue_push_tail(&self->news, caption_news_ref(n));
    while (g_queue_get_length(&self->news) > NEWS_MAX)
        caption_news_unref(g_queue_pop_head(&self->news));
    if (metadata & CAPTION_TAGS) {
        caption_news_unref(self->tagged);
        self->tagged = caption_news_ref(n);
    }
}

static void on_text(M6Caption *self, const struct m6_captions_event *e)
{
    struct caption_news *n = caption_news_new(e);
    GST_OBJECT_LOCK(self);
    const guint metadata = self->set.metadata;
    GST_OBJECT_UNLOCK(self);
    GST_DEBUG_OBJECT(self, "%" GST_TIME_FORMAT " %s: %s", GST_TIME_ARGS(n->start), n->language ? n->language : "answer", n->text);
    g_mutex_lock(&self->lock);
    keep(self, n, metadata);
    for (GList *at = self->texts; at; at = at->next) {
        gchar *language = caption_text_language(at->data);
        if (!n->language || !g_strcmp0(language, n->language))
            caption_text_put_news(at->data, n);
        g_free(language);
    }
    const gboolean longer = n->latency > self->max_delay;
    if (longer)
        self->max_delay = n->latency;
    g_clear_pointer(&self->warned, g_free);
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    if (metadata & CAPTION_MESSAGE)
        gst_element_post_message(GST_ELEMENT_CAST(self), caption_news_message(self, n));
    if (longer)
        g_object_notify(G_OBJECT(self), "max-observed-delay");
    caption_news_unref(n);
}

/* ---- marks ---- */

static void mark_free(gpointer data)
{
    struct caption_mark *mark = data;
    gst_event_unref(mark->event);
    g_free(mark);
}

uint64_t caption_mark_add(M6Caption *self, GstEvent *event)
{
    struct caption_mark *mark = g_new(struct caption_mark, 1);
    *mark = (struct caption_mark){++self->last_mark, event, self->epoch};
    g_queue_push_tail(&self->marks, mark);
    return mark->id;
}

void caption_marks_clear(M6Caption *self)
{
    g_queue_clear_full(&self->marks, mark_free);
}

static void on_mark(M6Caption *self, uint64_t id)
{
    g_mutex_lock(&self->lock);
    struct caption_mark *mark = g_queue_peek_head(&self->marks);
    if (!mark || mark->id != id) { /* flushed */
        g_mutex_unlock(&self->lock);
        return;
    }
    g_queue_pop_head(&self->marks);
    const gboolean starts = GST_EVENT_TYPE(mark->event) == GST_EVENT_STREAM_START;
    for (GList *at = self->texts; at; at = at->next)
        caption_text_put_event(at->data, starts ? caption_text_stream_start(at->data, mark->event) : gst_event_ref(mark->event), mark->epoch);
    if (starts) {
        gst_event_replace(&self->stream_start, mark->event);
    } else if (GST_EVENT_TYPE(mark->event) == GST_EVENT_SEGMENT) {
        gst_event_replace(&self->text_segment, mark->event);
        self->text_epoch = mark->epoch;
    }
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    mark_free(mark);
}

/* ---- the host ---- */

static void on_progress(M6Caption *self, const struct m6_captions_event *e)
{
    const gboolean done = e->total > 0 && e->done >= e->total;
    g_mutex_lock(&self->lock);
    const gboolean was = self->is_loading;
    self->is_loading = !done;
    g_mutex_unlock(&self->lock);
    if (was == !done)
        return;
    gst_element_post_message(GST_ELEMENT_CAST(self), gst_message_new_progress(GST_OBJECT(self), done ? GST_PROGRESS_TYPE_COMPLETE : GST_PROGRESS_TYPE_START,
                                                                              "m6-load", done ? "the model is loaded" : "loading the model"));
}

static void on_host(M6Caption *self, const struct m6_captions_event *e)
{
    const gboolean there = e->type == M6_CAPTIONS_CONNECTED;
    g_mutex_lock(&self->lock);
    const gboolean changed = self->is_connected != there, loading = self->is_loading;
    self->is_connected = there;
    self->is_loading = FALSE;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    if (loading)
        gst_element_post_message(GST_ELEMENT_CAST(self), gst_message_new_progress(GST_OBJECT(self), GST_PROGRESS_TYPE_CANCELED, "m6-load", "the host went away"));
    if (!there)
        warn(self, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, e->text, gst_structure_new("m6caption/disconnected", "reason", G_TYPE_STRING, e->text, NULL));
    if (changed)
        g_object_notify(G_OBJECT(self), "connected");
}

static void on_event(void *arg, const struct m6_captions_event *e)
{
    M6Caption *self = arg;
    switch (e->type) {
    case M6_CAPTIONS_TEXT:
        on_text(self, e);
        break;
    case M6_CAPTIONS_DROPPED:
        if (!e->again)
            post_dropped(self, e);
        break;
    case M6_CAPTIONS_FAILED:
        warn(self, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, e->text,
             gst_structure_new("m6caption/failed", "status", G_TYPE_STRING, m6_status_text(e->status), "start", G_TYPE_UINT64, (guint64)e->start_ns, "language",
                               G_TYPE_STRING, e->language, NULL));
        break;
    case M6_CAPTIONS_MARK:
        on_mark(self, e->sample);
        break;
    case M6_CAPTIONS_PROGRESS:
        on_progress(self, e);
        break;
    case M6_CAPTIONS_CONNECTED:
    case M6_CAPTIONS_DISCONNECTED:
        on_host(self, e);
        break;
    case M6_CAPTIONS_SETTLED: /* text pads look again */
        g_mutex_lock(&self->lock);
        g_cond_broadcast(&self->changed);
        g_mutex_unlock(&self->lock);
        break;
    case M6_CAPTIONS_PASSED:
        break;
    }
}

void caption_note_late(M6Caption *self, const struct caption_news *n, GstClockTime delay)
{
    /* One in a stream, and then when it has become twice as bad. */
    if (self->warned_delay && delay < 2 * self->warned_delay)
        return;
    self->warned_delay = MAX(delay, 1);
    g_mutex_unlock(&self->lock);
    gst_element_message_full_with_details(
        GST_ELEMENT_CAST(self), GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        g_strdup_printf("a caption came %.3f s too late; give m6caption a longer max-latency, or sample less often", (gdouble)delay / GST_SECOND), NULL, __FILE__,
        GST_FUNCTION, __LINE__,
        gst_structure_new("m6caption/late", "delay", G_TYPE_UINT64, delay, "start", G_TYPE_UINT64, n->start, "end", G_TYPE_UINT64, n->end, "text",
                          G_TYPE_STRING, n->text, NULL));
    g_mutex_lock(&self->lock);
}

/* ---- coming and going ---- */

gboolean caption_open(M6Caption *self)
{
    struct m6_error err = {""};
    GST_OBJECT_LOCK(self);
    gchar *host = g_strdup(self->set.host), *model = g_strdup(self->set.model);
    const gdouble threshold = self->set.scene_threshold;
    GST_OBJECT_UNLOCK(self);
    const struct m6_captions_params params = {
        .host = host && *host ? host : NULL,
        .name = "m6caption",
        .model = model && *model ? model : NULL,
        .policy = M6_CAPTIONS_BLOCK,
        .patience_ms = PATIENCE_MS,
        .scene_threshold = threshold,
        .arg = self,
        .size = on_size,
        .convert = on_convert,
        .grey = on_grey,
        .release = on_release,
        .event = on_event,
    };
    self->wrapped = av_frame_alloc();
    self->converter = m6_frame_converter_create();
    const enum m6_status status = self->wrapped && self->converter ? m6_captions_create(&self->captions, &params, &err)
                                                                   : m6_fail(&err, M6_ERR_MEMORY, "no memory to convert frames");
    g_free(host);
    g_free(model);
    if (status) {
        GST_ELEMENT_ERROR(self, RESOURCE, FAILED, ("%s", err.text), (NULL));
        caption_close(self);
    }
    g_mutex_lock(&self->lock);
    self->is_open = !status;
    self->max_delay = 0;
    self->last_stats = (struct m6_captions_stats){0};
    g_mutex_unlock(&self->lock);
    return !status;
}

void caption_close(M6Caption *self)
{
    g_mutex_lock(&self->lock);
    if (self->is_open)
        m6_captions_stats(self->captions, &self->last_stats);
    self->last_stats.connected = 0;
    self->is_open = FALSE;
    g_mutex_unlock(&self->lock);
    m6_captions_destroy(self->captions); /* its last callbacks may still ask it */
    self->captions = NULL;
    m6_frame_converter_destroy(self->converter);
    self->converter = NULL;
    av_frame_free(&self->wrapped);
    self->is_connected = self->is_loading = FALSE;
}
