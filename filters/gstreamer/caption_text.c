/* A text pad: stream-start, caps, segment, captions, and gaps where nothing more will come, from a task of its own. Nothing that
 * happens behind it reaches the video.
 *
 * What is known about the future is what filters/common still owes: until the start of the earliest sample without an answer, or until
 * where video has come. Live, a sample whose time is up no longer counts. */
#include "caption.h"

enum { ITEMS_MAX = 1024 };

struct item {
    GstEvent *event; /* or */
    struct caption_news *news;
    uint32_t epoch;
};

struct _M6CaptionText {
    GstPad parent;
    M6Caption *self; /* whose pad it is, while it is one */
    gchar *language; /* the object lock guards it */

    /* The element's `lock` guards the rest. */
    GQueue items;
    gboolean flushing, ended;
    GstSegment segment;
    uint32_t epoch;
    gboolean has_segment;
    GstClockTime position; /* no text before it any more */
    GstClockID timer;
    GstClockTime timer_at;
};

enum { PROP_0, PROP_LANGUAGE };

G_DEFINE_FINAL_TYPE(M6CaptionText, m6_caption_text, GST_TYPE_PAD)
GST_DEBUG_CATEGORY_EXTERN(m6_caption_debug);
#define GST_CAT_DEFAULT m6_caption_debug

static void item_free(gpointer data)
{
    struct item *item = data;
    gst_clear_event(&item->event);
    caption_news_unref(item->news);
    g_free(item);
}

/* ---- what comes in: with `lock` held ---- */

static void put(M6CaptionText *pad, struct item item)
{
    if (pad->flushing) {
        gst_clear_event(&item.event);
        caption_news_unref(item.news);
        return;
    }
    g_queue_push_tail(&pad->items, g_memdup2(&item, sizeof item));
    /* Whoever reads has stopped to. Video does not wait for it, and memory does not grow. */
    for (GList *at = pad->items.head; at && g_queue_get_length(&pad->items) > ITEMS_MAX; at = at->next) {
        struct item *oldest = at->data;
        if (oldest->event)
            continue;
        GST_WARNING_OBJECT(pad, "%d captions wait to be read; the oldest goes", ITEMS_MAX);
        g_queue_delete_link(&pad->items, at);
        item_free(oldest);
        break;
    }
    g_cond_broadcast(&pad->self->changed);
}

void caption_text_put_news(M6CaptionText *pad, struct caption_news *news)
{
    put(pad, (struct item){.news = caption_news_ref(news), .epoch = news->epoch});
}

void caption_text_put_event(M6CaptionText *pad, GstEvent *event, uint32_t epoch)
{
    put(pad, (struct item){.event = event, .epoch = epoch});
}

/* ---- time ---- */

static gboolean on_time(GstClock *clock, GstClockTime time, GstClockID id, gpointer data)
{
    M6Caption *self = data;
    g_mutex_lock(&self->lock);
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    return TRUE;
}

static void drop_timer(M6CaptionText *pad)
{
    if (pad->timer) {
        gst_clock_id_unschedule(pad->timer);
        gst_clock_id_unref(pad->timer);
    }
    pad->timer = NULL;
}

static void set_timer(M6CaptionText *pad, GstClock *clock, GstClockTime at)
{
    if (pad->timer && pad->timer_at == at)
        return;
    drop_timer(pad);
    pad->timer = gst_clock_new_single_shot_id(clock, at);
    pad->timer_at = at;
    gst_clock_id_wait_async(pad->timer, on_time, gst_object_ref(pad->self), gst_object_unref);
}

/* When text for a time, or a gap past it, must have left, on the clock. */
static GstClockTime due(M6CaptionText *pad, GstClockTime start)
{
    M6Caption *self = pad->self;
    const GstClockTime running = gst_segment_to_running_time(&pad->segment, GST_FORMAT_TIME, start);
    GST_OBJECT_LOCK(self);
    const GstClockTime most = self->set.max_latency, base = GST_ELEMENT_CAST(self)->base_time;
    GST_OBJECT_UNLOCK(self);
    return GST_CLOCK_TIME_IS_VALID(running) ? base + running + self->upstream_latency + most : 0;
}

/* Until when it is known what there is to say; in the pad's segment. */
static GstClockTime known_until(M6CaptionText *pad)
{
    M6Caption *self = pad->self;
    const GstClockTime come = pad->epoch == self->epoch ? self->video_end : GST_CLOCK_TIME_NONE;
    gchar *language = caption_text_language(pad);
    GstClock *clock = self->live ? gst_element_get_clock(GST_ELEMENT_CAST(self)) : NULL;
    gint64 start = m6_captions_known(self->captions, pad->epoch, language, (gint64)pad->position);
    while (clock && start != M6_CAPTIONS_UNKNOWN) {
        const GstClockTime at = due(pad, (GstClockTime)start);
        if (at > gst_clock_get_time(clock)) {
            set_timer(pad, clock, at);
            break;
        }
        start = m6_captions_known(self->captions, pad->epoch, language, start + 1);
    }
    if (start == M6_CAPTIONS_UNKNOWN)
        drop_timer(pad);
    g_free(language);
    gst_clear_object(&clock);
    if (start == M6_CAPTIONS_UNKNOWN)
        return come;
    return MIN((GstClockTime)start, come);
}

/* ---- what goes out: the task ---- */

static GstEvent *new_caps(void)
{
    GstCaps *caps = gst_caps_new_simple("text/x-raw", "format", G_TYPE_STRING, "utf8", NULL);
    GstEvent *event = gst_event_new_caps(caps);
    gst_caps_unref(caps);
    return event;
}

static void send_event(M6CaptionText *pad, struct item *item)
{
    M6Caption *self = pad->self;
    GstEvent *event = g_steal_pointer(&item->event), *after = NULL;
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
        after = new_caps();
        pad->ended = FALSE;
        break;
    case GST_EVENT_SEGMENT:
        gst_event_copy_segment(event, &pad->segment);
        pad->epoch = item->epoch;
        pad->position = pad->segment.start;
        pad->has_segment = TRUE;
        pad->ended = FALSE;
        /* It rules nothing out, but a sink that has to preroll need not wait for the first caption, which may need more video than comes
         * before that. */
        after = gst_event_new_gap(pad->position, 0);
        break;
    case GST_EVENT_EOS:
        if (pad->ended)
            gst_clear_event(&event);
        pad->ended = TRUE;
        break;
    default:
        break;
    }
    g_mutex_unlock(&self->lock);
    GST_DEBUG_OBJECT(pad, "%" GST_PTR_FORMAT, event);
    if (event)
        gst_pad_push_event(GST_PAD_CAST(pad), event);
    if (after)
        gst_pad_push_event(GST_PAD_CAST(pad), after);
    g_mutex_lock(&self->lock);
}

static void send_news(M6CaptionText *pad, const struct caption_news *n)
{
    M6Caption *self = pad->self;
    GstClockTime start = n->start, end = n->end;
    if (!pad->has_segment || n->epoch != pad->epoch || pad->ended)
        return;
    if (start < pad->position && pad->segment.rate > 0) {
        GST_OBJECT_LOCK(self);
        const gboolean drop = self->set.late == CAPTION_DROP;
        GST_OBJECT_UNLOCK(self);
        GST_DEBUG_OBJECT(pad, "a caption for %" GST_TIME_FORMAT " comes when %" GST_TIME_FORMAT " has been left open", GST_TIME_ARGS(start),
                         GST_TIME_ARGS(pad->position));
        caption_note_late(self, n, pad->position - start);
        if (drop)
            return;
        start = pad->position;
        if (GST_CLOCK_TIME_IS_VALID(end) && end <= start)
            end = start + (n->end - n->start);
    }
    pad->position = start;
    g_mutex_unlock(&self->lock);
    GST_LOG_OBJECT(pad, "%" GST_TIME_FORMAT " to %" GST_TIME_FORMAT ": %s", GST_TIME_ARGS(start), GST_TIME_ARGS(end), n->text);
    const GstFlowReturn flow = gst_pad_push(GST_PAD_CAST(pad), caption_news_buffer(n, start, end));
    g_mutex_lock(&self->lock);
    if (flow == GST_FLOW_EOS)
        pad->ended = TRUE;
    else if (flow != GST_FLOW_OK)
        GST_DEBUG_OBJECT(pad, "nobody takes it: %s", gst_flow_get_name(flow));
}

static void send_gap(M6CaptionText *pad, GstClockTime until)
{
    M6Caption *self = pad->self;
    const gboolean back = pad->segment.rate < 0;
    GstEvent *gap = back ? NULL : gst_event_new_gap(pad->position, until - pad->position);
    pad->position = until;
    g_mutex_unlock(&self->lock);
    if (gap)
        gst_pad_push_event(GST_PAD_CAST(pad), gap);
    /* A muxer takes the gap when its other streams have come to where it begins, and then waits to hear how far text has come. */
    gst_pad_push_event(GST_PAD_CAST(pad), gst_event_new_gap(until, 0));
    g_mutex_lock(&self->lock);
}

/* One thing, or a wait for one. */
static void run(gpointer data)
{
    M6CaptionText *pad = data;
    M6Caption *self = pad->self;
    g_mutex_lock(&self->lock);
    if (pad->flushing) {
        g_mutex_unlock(&self->lock);
        gst_pad_pause_task(GST_PAD_CAST(pad));
        return;
    }
    struct item *item = g_queue_pop_head(&pad->items);
    if (item && item->event) {
        send_event(pad, item);
    } else if (item) {
        send_news(pad, item->news);
    } else {
        const GstClockTime until = pad->has_segment && !pad->ended ? known_until(pad) : GST_CLOCK_TIME_NONE;
        const gboolean news = GST_CLOCK_TIME_IS_VALID(until) && (pad->segment.rate > 0 ? until > pad->position : until != pad->position);
        if (news)
            send_gap(pad, until);
        else if (GST_CLOCK_TIME_IS_VALID(until) && self->live && self->eos && pad->epoch == self->epoch && until >= self->video_end)
            /* What has not come by now comes too late. */
            send_event(pad, &(struct item){.event = gst_event_new_eos()});
        else
            g_cond_wait(&self->changed, &self->lock);
    }
    g_mutex_unlock(&self->lock);
    if (item)
        item_free(item);
}

/* ---- flushes, activation ---- */

static void clear(M6CaptionText *pad)
{
    g_queue_clear_full(&pad->items, item_free);
    pad->has_segment = pad->ended = FALSE;
    pad->position = 0;
    drop_timer(pad);
}

void caption_text_flush_start(M6CaptionText *pad, GstEvent *event)
{
    M6Caption *self = pad->self;
    g_mutex_lock(&self->lock);
    pad->flushing = TRUE;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    gst_pad_push_event(GST_PAD_CAST(pad), event);
    gst_pad_pause_task(GST_PAD_CAST(pad));
}

void caption_text_flush_stop(M6CaptionText *pad, GstEvent *event)
{
    M6Caption *self = pad->self;
    g_mutex_lock(&self->lock);
    clear(pad);
    g_mutex_unlock(&self->lock);
    gst_pad_push_event(GST_PAD_CAST(pad), event);
    g_mutex_lock(&self->lock);
    pad->flushing = !gst_pad_is_active(GST_PAD_CAST(pad));
    const gboolean start = !pad->flushing;
    g_mutex_unlock(&self->lock);
    if (start)
        gst_pad_start_task(GST_PAD_CAST(pad), run, pad, NULL);
}

static gboolean activate(GstPad *gst, GstObject *parent, GstPadMode mode, gboolean active)
{
    M6CaptionText *pad = M6_CAPTION_TEXT(gst);
    M6Caption *self = pad->self;
    if (mode != GST_PAD_MODE_PUSH)
        return FALSE;
    g_mutex_lock(&self->lock);
    pad->flushing = !active;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    if (active)
        return gst_pad_start_task(gst, run, pad, NULL);
    const gboolean stopped = gst_pad_stop_task(gst);
    g_mutex_lock(&self->lock);
    clear(pad);
    g_mutex_unlock(&self->lock);
    return stopped;
}

/* ---- from downstream ---- */

static gboolean on_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_SEEK:
        return caption_seek(M6_CAPTION(parent), event);
    case GST_EVENT_QOS:         /* of text; video is not late for it */
    case GST_EVENT_LATENCY:     /* comes by the video too */
    case GST_EVENT_RECONFIGURE: /* nothing of the video is to change */
        gst_event_unref(event);
        return TRUE;
    default:
        return gst_pad_event_default(pad, parent, event);
    }
}

static gboolean on_query(GstPad *pad, GstObject *parent, GstQuery *query)
{
    M6Caption *self = M6_CAPTION(parent);
    gboolean live;
    GstClockTime least, most;
    switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_LATENCY:
        if (!gst_pad_peer_query(self->sink, query))
            return FALSE;
        gst_query_parse_latency(query, &live, &least, &most);
        GST_OBJECT_LOCK(self);
        if (live) {
            least += self->set.max_latency;
            most = GST_CLOCK_TIME_IS_VALID(most) ? most + self->set.max_latency : most;
        }
        GST_OBJECT_UNLOCK(self);
        gst_query_set_latency(query, live, least, most);
        return TRUE;
    case GST_QUERY_ALLOCATION: /* the pictures' memory is no concern of text */
        return FALSE;
    default:
        return gst_pad_query_default(pad, parent, query);
    }
}

static GstIterator *links(GstPad *pad, GstObject *parent)
{
    GValue value = G_VALUE_INIT;
    g_value_init(&value, GST_TYPE_PAD);
    g_value_set_object(&value, M6_CAPTION(parent)->sink);
    GstIterator *one = gst_iterator_new_single(GST_TYPE_PAD, &value);
    g_value_unset(&value);
    return one;
}

GstEvent *caption_text_stream_start(M6CaptionText *pad, GstEvent *video)
{
    guint group;
    gchar *id = gst_pad_create_stream_id(GST_PAD_CAST(pad), GST_ELEMENT_CAST(pad->self), GST_PAD_NAME(pad));
    GstEvent *event = gst_event_new_stream_start(id);
    gst_event_set_stream_flags(event, GST_STREAM_FLAG_SPARSE);
    if (gst_event_parse_group_id(video, &group))
        gst_event_set_group_id(event, group);
    gst_event_set_seqnum(event, gst_event_get_seqnum(video));
    g_free(id);
    return event;
}

/* ---- the object ---- */

gchar *caption_text_language(M6CaptionText *pad)
{
    GST_OBJECT_LOCK(pad);
    gchar *language = g_strdup(pad->language);
    GST_OBJECT_UNLOCK(pad);
    return language;
}

M6CaptionText *caption_text_new(M6Caption *self, GstPadTemplate *template, const gchar *name, const gchar *language)
{
    M6CaptionText *pad = g_object_new(M6_TYPE_CAPTION_TEXT, "name", name, "direction", GST_PAD_SRC, "template", template, "language", language, NULL);
    pad->self = self;
    gst_pad_set_activatemode_function(GST_PAD_CAST(pad), activate);
    gst_pad_set_event_function(GST_PAD_CAST(pad), on_event);
    gst_pad_set_query_function(GST_PAD_CAST(pad), on_query);
    gst_pad_set_iterate_internal_links_function(GST_PAD_CAST(pad), links);
    gst_pad_use_fixed_caps(GST_PAD_CAST(pad));
    return pad;
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    M6CaptionText *pad = M6_CAPTION_TEXT(object);
    if (id != PROP_LANGUAGE) {
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
        return;
    }
    GST_OBJECT_LOCK(pad);
    g_free(pad->language);
    pad->language = g_strdup(g_value_get_string(value) ? g_value_get_string(value) : "en");
    GST_OBJECT_UNLOCK(pad);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    if (id == PROP_LANGUAGE)
        g_value_take_string(value, caption_text_language(M6_CAPTION_TEXT(object)));
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void finalize(GObject *object)
{
    M6CaptionText *pad = M6_CAPTION_TEXT(object);
    clear(pad);
    g_free(pad->language);
    G_OBJECT_CLASS(m6_caption_text_parent_class)->finalize(object);
}

static void m6_caption_text_init(M6CaptionText *pad)
{
    g_queue_init(&pad->items);
    pad->flushing = TRUE;
    gst_segment_init(&pad->segment, GST_FORMAT_TIME);
}

static void m6_caption_text_class_init(M6CaptionTextClass *klass)
{
    GObjectClass *object = G_OBJECT_CLASS(klass);
    object->set_property = set_property;
    object->get_property = get_property;
    object->finalize = finalize;
    g_object_class_install_property(
        object, PROP_LANGUAGE,
        g_param_spec_string("language", "Language", "The language of this pad's captions, as the model knows it, such as en or zh; frames sampled from then on",
                            "en", G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING));
}
