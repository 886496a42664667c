/**
 * SECTION:element-m6caption
 * @title: m6caption
 *
 * Says what the video shows, by a resident M6 model. The video passes untouched; captions leave by text pads (a language each), as
 * metadata of frames, as messages on the bus, and as tags.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! m6caption name=c ! fakesink c.text_src_0 ! webvttenc ! filesink location=clip.vtt
 * ]|
 *
 * docs/gstreamer.md has more. Since: 0.1
 */
#include "caption.h"

#include <stdio.h>

GST_DEBUG_CATEGORY(m6_caption_debug);
#define GST_CAT_DEFAULT m6_caption_debug

enum {
    PROP_0,
    PROP_PROMPT,
    PROP_LANGUAGE,
    PROP_MODE,
    PROP_EVERY,
    PROP_TRIGGER,
    PROP_SCENE_THRESHOLD,
    PROP_WINDOW,
    PROP_MAX_IN_FLIGHT,
    PROP_POLICY,
    PROP_LATE,
    PROP_MAX_LATENCY,
    PROP_HOST,
    PROP_MODEL,
    PROP_SEED,
    PROP_METADATA,
    PROP_CAPTIONS,
    PROP_DROPPED,
    PROP_LAST_LATENCY,
    PROP_MAX_OBSERVED_DELAY,
    PROP_CONNECTED,
};

static void child_proxy_init(gpointer iface, gpointer data);

G_DEFINE_FINAL_TYPE_WITH_CODE(M6Caption, m6_caption, GST_TYPE_ELEMENT, G_IMPLEMENT_INTERFACE(GST_TYPE_CHILD_PROXY, child_proxy_init))
GST_ELEMENT_REGISTER_DEFINE(m6caption, "m6caption", GST_RANK_NONE, M6_TYPE_CAPTION)

/* ---- types of properties ---- */

#define DEFINE_ENUM(function, name, ...)                              \
    static GType function(void)                                       \
    {                                                                 \
        static gsize type;                                            \
        static const GEnumValue values[] = {__VA_ARGS__, {0}};        \
        if (g_once_init_enter(&type))                                 \
            g_once_init_leave(&type, g_enum_register_static(name, values)); \
        return (GType)type;                                           \
    }

DEFINE_ENUM(mode_type, "M6CaptionMode", {CAPTION_IMAGE, "One picture at a time", "image"},
            {CAPTION_WINDOW, "Up to four pictures of each window, so that motion is told", "window"})
DEFINE_ENUM(trigger_type, "M6CaptionTrigger", {CAPTION_INTERVAL, "Each `every` nanoseconds", "interval"},
            {CAPTION_SCENE, "Where a new scene begins, and each `every` nanoseconds within it", "scene"},
            {CAPTION_MANUAL, "The next frame after each signal \"sample\"", "manual"})
DEFINE_ENUM(policy_type, "M6CaptionPolicy", {CAPTION_AUTO, "Live: drop-oldest, else block", "auto"},
            {CAPTION_DROP_OLDEST, "A sample that waits gives way to a newer one; video never waits", "drop-oldest"},
            {CAPTION_DROP_NEWEST, "While the host is busy no samples are taken; video never waits", "drop-newest"},
            {CAPTION_BLOCK, "Every sample is captioned; video waits for room", "block"},
            {CAPTION_SYNC, "Video waits for each caption, which goes on its own frame; live, for max-latency at most", "sync"})
DEFINE_ENUM(late_type, "M6CaptionLate", {CAPTION_RESTAMP, "Its text begins where the stream of text has come to", "restamp"},
            {CAPTION_DROP, "Its text is dropped", "drop"})

static GType metadata_type(void)
{
    static gsize type;
    static const GFlagsValue values[] = {{CAPTION_META, "M6CaptionMeta on frames", "meta"},
                                         {CAPTION_MESSAGE, "Element messages m6caption/caption on the bus", "message"},
                                         {CAPTION_TAGS, "Tags (description, language-code)", "tags"},
                                         {0}};
    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_flags_register_static("M6CaptionMetadata", values));
    return (GType)type;
}

/* ---- properties ---- */

static void replace(gchar **to, const GValue *value)
{
    g_free(*to);
    *to = g_value_dup_string(value);
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    M6Caption *self = M6_CAPTION(object);
    struct caption_settings *set = &self->set;
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_PROMPT:
        replace(&set->prompt, value);
        break;
    case PROP_LANGUAGE:
        replace(&set->language, value);
        break;
    case PROP_MODE:
        set->mode = g_value_get_enum(value);
        break;
    case PROP_EVERY:
        set->every = g_value_get_uint64(value);
        break;
    case PROP_TRIGGER:
        set->trigger = g_value_get_enum(value);
        break;
    case PROP_SCENE_THRESHOLD:
        set->scene_threshold = g_value_get_double(value);
        break;
    case PROP_WINDOW:
        set->window = g_value_get_uint64(value);
        break;
    case PROP_MAX_IN_FLIGHT:
        set->max_in_flight = g_value_get_uint(value);
        break;
    case PROP_POLICY:
        set->policy = g_value_get_enum(value);
        break;
    case PROP_LATE:
        set->late = g_value_get_enum(value);
        break;
    case PROP_MAX_LATENCY:
        set->max_latency = g_value_get_uint64(value);
        break;
    case PROP_HOST:
        replace(&set->host, value);
        break;
    case PROP_MODEL:
        replace(&set->model, value);
        break;
    case PROP_SEED:
        set->seed = g_value_get_int64(value);
        break;
    case PROP_METADATA:
        set->metadata = g_value_get_flags(value);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
        break;
    }
    GST_OBJECT_UNLOCK(self);
    if (id == PROP_POLICY || id == PROP_MAX_IN_FLIGHT)
        caption_configure(self);
    if ((id == PROP_POLICY || id == PROP_MAX_LATENCY) && GST_STATE(self) > GST_STATE_READY)
        gst_element_post_message(GST_ELEMENT_CAST(self), gst_message_new_latency(GST_OBJECT(self)));
}

static gboolean get_figure(M6Caption *self, guint id, GValue *value)
{
    g_mutex_lock(&self->lock);
    const GstClockTime delay = self->max_delay;
    struct m6_captions_stats stats = self->last_stats;
    if (self->is_open)
        m6_captions_stats(self->captions, &stats);
    g_mutex_unlock(&self->lock);
    switch (id) {
    case PROP_CAPTIONS:
        g_value_set_uint64(value, stats.texts);
        return TRUE;
    case PROP_DROPPED:
        g_value_set_uint64(value, stats.dropped);
        return TRUE;
    case PROP_LAST_LATENCY:
        g_value_set_uint64(value, (guint64)stats.last_latency_ns);
        return TRUE;
    case PROP_MAX_OBSERVED_DELAY:
        g_value_set_uint64(value, delay);
        return TRUE;
    case PROP_CONNECTED:
        g_value_set_boolean(value, stats.connected);
        return TRUE;
    default:
        return FALSE;
    }
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    M6Caption *self = M6_CAPTION(object);
    const struct caption_settings *set = &self->set;
    if (get_figure(self, id, value))
        return;
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_PROMPT:
        g_value_set_string(value, set->prompt);
        break;
    case PROP_LANGUAGE:
        g_value_set_string(value, set->language);
        break;
    case PROP_MODE:
        g_value_set_enum(value, set->mode);
        break;
    case PROP_EVERY:
        g_value_set_uint64(value, set->every);
        break;
    case PROP_TRIGGER:
        g_value_set_enum(value, set->trigger);
        break;
    case PROP_SCENE_THRESHOLD:
        g_value_set_double(value, set->scene_threshold);
        break;
    case PROP_WINDOW:
        g_value_set_uint64(value, set->window);
        break;
    case PROP_MAX_IN_FLIGHT:
        g_value_set_uint(value, set->max_in_flight);
        break;
    case PROP_POLICY:
        g_value_set_enum(value, set->policy);
        break;
    case PROP_LATE:
        g_value_set_enum(value, set->late);
        break;
    case PROP_MAX_LATENCY:
        g_value_set_uint64(value, set->max_latency);
        break;
    case PROP_HOST:
        g_value_set_string(value, set->host);
        break;
    case PROP_MODEL:
        g_value_set_string(value, set->model);
        break;
    case PROP_SEED:
        g_value_set_int64(value, set->seed);
        break;
    case PROP_METADATA:
        g_value_set_flags(value, set->metadata);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
        break;
    }
    GST_OBJECT_UNLOCK(self);
}

static void install_properties(GObjectClass *object)
{
    const GParamFlags base = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS, playing = base | GST_PARAM_MUTABLE_PLAYING, ready = base | GST_PARAM_MUTABLE_READY;
    const GParamFlags figure = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
#define INSTALL(id, spec) g_object_class_install_property(object, id, spec)
    INSTALL(PROP_PROMPT, g_param_spec_string("prompt", "Prompt", "A question about each picture; none: captions", NULL, playing | GST_PARAM_CONTROLLABLE));
    INSTALL(PROP_LANGUAGE, g_param_spec_string("language", "Language", "Of captions while no text pad is requested, such as en or zh", "en", playing));
    INSTALL(PROP_MODE, g_param_spec_enum("mode", "Mode", "What a caption is about", mode_type(), CAPTION_IMAGE, ready));
    INSTALL(PROP_EVERY, g_param_spec_uint64("every", "Every", "From one sample to the next, in nanoseconds of the stream; 0: each frame", 0, G_MAXUINT64,
                                            2 * GST_SECOND, playing));
    INSTALL(PROP_TRIGGER, g_param_spec_enum("trigger", "Trigger", "When a frame is sampled", trigger_type(), CAPTION_INTERVAL, playing));
    INSTALL(PROP_SCENE_THRESHOLD, g_param_spec_double("scene-threshold", "Scene threshold", "How much scenes differ, from 0 to 1", 0.001, 1,
                                                      M6_SCENE_THRESHOLD, ready));
    INSTALL(PROP_WINDOW, g_param_spec_uint64("window", "Window", "mode=window: how long one is, in nanoseconds", GST_MSECOND, G_MAXUINT64, 2 * GST_SECOND,
                                             playing));
    INSTALL(PROP_MAX_IN_FLIGHT, g_param_spec_uint("max-in-flight", "Max in flight", "Samples that may be without an answer at once", 1,
                                                  M6_CAPTIONS_IN_FLIGHT_MAX, 4, playing));
    INSTALL(PROP_POLICY, g_param_spec_enum("policy", "Policy", "What happens when samples come faster than captions", policy_type(), CAPTION_AUTO, playing));
    INSTALL(PROP_LATE, g_param_spec_enum("late", "Late", "Live: what becomes of a caption that comes after max-latency", late_type(), CAPTION_RESTAMP, playing));
    INSTALL(PROP_MAX_LATENCY, g_param_spec_uint64("max-latency", "Max latency", "Live: by then after its frame a text, or a gap in its place, has left, in nanoseconds",
                                                  0, G_MAXUINT64 / 4, 500 * GST_MSECOND, playing));
    INSTALL(PROP_HOST, g_param_spec_string("host", "Host", "The host's socket, or none; empty: M6_HOST, else the user's own, started if need be", NULL, ready));
    INSTALL(PROP_MODEL, g_param_spec_string("model", "Model", "The only model that will do, by its name; empty: the host's, whatever it is", NULL, ready));
    INSTALL(PROP_SEED, g_param_spec_int64("seed", "Seed", "The same seed gives the same text", 0, G_MAXINT64, 0, playing));
    INSTALL(PROP_METADATA, g_param_spec_flags("metadata", "Metadata", "Where captions go besides the text pads", metadata_type(), CAPTION_META | CAPTION_MESSAGE,
                                              playing));
    INSTALL(PROP_CAPTIONS, g_param_spec_uint64("captions", "Captions", "Captions so far", 0, G_MAXUINT64, 0, figure));
    INSTALL(PROP_DROPPED, g_param_spec_uint64("dropped", "Dropped", "Samples so far that got none, since there was no room, no time or no host", 0,
                                              G_MAXUINT64, 0, figure));
    INSTALL(PROP_LAST_LATENCY, g_param_spec_uint64("last-latency", "Last latency", "From the last sample to its caption, in nanoseconds", 0, G_MAXUINT64, 0, figure));
    INSTALL(PROP_MAX_OBSERVED_DELAY, g_param_spec_uint64("max-observed-delay", "Max observed delay", "The longest of these, in nanoseconds; notified", 0,
                                                         G_MAXUINT64, 0, figure));
    INSTALL(PROP_CONNECTED, g_param_spec_boolean("connected", "Connected", "Whether there is a host; notified", FALSE, figure));
#undef INSTALL
}

/* ---- pads ---- */

static GstPad *request_new_pad(GstElement *element, GstPadTemplate *template, const gchar *name, const GstCaps *caps)
{
    M6Caption *self = M6_CAPTION(element);
    guint number;
    g_mutex_lock(&self->lock);
    if (!name || sscanf(name, "text_src_%u", &number) != 1)
        number = self->text_number;
    self->text_number = MAX(self->text_number, number + 1);
    g_mutex_unlock(&self->lock);
    GST_OBJECT_LOCK(self);
    gchar *language = g_strdup(self->set.language), *own = g_strdup_printf("text_src_%u", number);
    GST_OBJECT_UNLOCK(self);
    M6CaptionText *pad = caption_text_new(self, template, own, language);
    gst_object_ref_sink(pad);
    GstPad *taken = gst_element_get_static_pad(element, own);
    if (taken || (GST_STATE(element) > GST_STATE_READY && !gst_pad_set_active(GST_PAD_CAST(pad), TRUE))) {
        gst_clear_object(&pad);
    } else {
        g_mutex_lock(&self->lock);
        self->texts = g_list_append(self->texts, gst_object_ref(pad));
        /* What has been told the others already. */
        if (self->stream_start)
            caption_text_put_event(pad, caption_text_stream_start(pad, self->stream_start), self->text_epoch);
        if (self->text_segment)
            caption_text_put_event(pad, gst_event_ref(self->text_segment), self->text_epoch);
        g_mutex_unlock(&self->lock);
        gst_element_add_pad(element, GST_PAD_CAST(pad));
        gst_child_proxy_child_added(GST_CHILD_PROXY(self), G_OBJECT(pad), own);
        gst_object_unref(pad); /* the element's now */
    }
    gst_clear_object(&taken);
    g_free(language);
    g_free(own);
    return GST_PAD_CAST(pad);
}

static void release_pad(GstElement *element, GstPad *pad)
{
    M6Caption *self = M6_CAPTION(element);
    g_mutex_lock(&self->lock);
    GList *at = g_list_find(self->texts, pad);
    self->texts = g_list_remove_link(self->texts, at);
    g_mutex_unlock(&self->lock);
    if (!at)
        return;
    gst_pad_set_active(pad, FALSE);
    gst_child_proxy_child_removed(GST_CHILD_PROXY(self), G_OBJECT(pad), GST_PAD_NAME(pad));
    gst_element_remove_pad(element, pad);
    g_list_free_full(at, gst_object_unref);
}

static GstIterator *sink_links(GstPad *pad, GstObject *parent)
{
    GValue value = G_VALUE_INIT;
    g_value_init(&value, GST_TYPE_PAD);
    g_value_set_object(&value, M6_CAPTION(parent)->src);
    GstIterator *one = gst_iterator_new_single(GST_TYPE_PAD, &value);
    g_value_unset(&value);
    return one;
}

/* Text pads are children, so that gst-launch's text_src_0::language=zh works. */
static GObject *get_child(GstChildProxy *proxy, guint index)
{
    M6Caption *self = M6_CAPTION(proxy);
    g_mutex_lock(&self->lock);
    GObject *child = g_list_nth_data(self->texts, index);
    if (child)
        gst_object_ref(child);
    g_mutex_unlock(&self->lock);
    return child;
}

static guint count_children(GstChildProxy *proxy)
{
    M6Caption *self = M6_CAPTION(proxy);
    g_mutex_lock(&self->lock);
    const guint count = g_list_length(self->texts);
    g_mutex_unlock(&self->lock);
    return count;
}

static void child_proxy_init(gpointer data, gpointer unused)
{
    GstChildProxyInterface *iface = data;
    iface->get_child_by_index = get_child;
    iface->get_children_count = count_children;
}

/* ---- states ---- */

static GstStateChangeReturn change_state(GstElement *element, GstStateChange change)
{
    M6Caption *self = M6_CAPTION(element);
    if (change == GST_STATE_CHANGE_READY_TO_PAUSED) {
        caption_reset(self);
        if (!caption_open(self))
            return GST_STATE_CHANGE_FAILURE;
        caption_configure(self);
    }
    if (change == GST_STATE_CHANGE_PAUSED_TO_READY)
        m6_captions_interrupt(self->captions, 1);
    const GstStateChangeReturn done = GST_ELEMENT_CLASS(m6_caption_parent_class)->change_state(element, change);
    if (change == GST_STATE_CHANGE_PAUSED_TO_READY || (change == GST_STATE_CHANGE_READY_TO_PAUSED && done == GST_STATE_CHANGE_FAILURE)) {
        caption_close(self);
        caption_reset(self);
    }
    return done;
}

static void sample_next(M6Caption *self)
{
    g_mutex_lock(&self->lock);
    self->asked_manually = TRUE;
    g_mutex_unlock(&self->lock);
}

/* ---- the object ---- */

static void finalize(GObject *object)
{
    M6Caption *self = M6_CAPTION(object);
    caption_reset(self);
    g_list_free_full(self->texts, gst_object_unref);
    g_free(self->set.prompt);
    g_free(self->set.language);
    g_free(self->set.host);
    g_free(self->set.model);
    g_mutex_clear(&self->lock);
    g_cond_clear(&self->changed);
    G_OBJECT_CLASS(m6_caption_parent_class)->finalize(object);
}

static void m6_caption_init(M6Caption *self)
{
    GstElementClass *klass = GST_ELEMENT_GET_CLASS(self);
    g_mutex_init(&self->lock);
    g_cond_init(&self->changed);
    g_queue_init(&self->marks);
    g_queue_init(&self->news);
    self->set = (struct caption_settings){
        .language = g_strdup("en"),
        .every = 2 * GST_SECOND,
        .window = 2 * GST_SECOND,
        .max_latency = 500 * GST_MSECOND,
        .scene_threshold = M6_SCENE_THRESHOLD,
        .max_in_flight = 4,
        .metadata = CAPTION_META | CAPTION_MESSAGE,
    };
    self->sink = gst_pad_new_from_template(gst_element_class_get_pad_template(klass, "sink"), "sink");
    self->src = gst_pad_new_from_template(gst_element_class_get_pad_template(klass, "src"), "src");
    gst_pad_set_chain_function(self->sink, caption_chain);
    gst_pad_set_event_function(self->sink, caption_sink_event);
    gst_pad_set_query_function(self->sink, caption_sink_query);
    gst_pad_set_iterate_internal_links_function(self->sink, sink_links);
    gst_pad_set_event_function(self->src, caption_src_event);
    gst_pad_set_query_function(self->src, caption_src_query);
    GST_PAD_SET_PROXY_CAPS(self->sink);
    GST_PAD_SET_PROXY_CAPS(self->src);
    GST_PAD_SET_PROXY_SCHEDULING(self->sink);
    gst_element_add_pad(GST_ELEMENT_CAST(self), self->sink);
    gst_element_add_pad(GST_ELEMENT_CAST(self), self->src);
    caption_reset(self);
}

static void add_templates(GstElementClass *element)
{
    GstCaps *video = m6_gst_video_caps(), *text = gst_caps_new_simple("text/x-raw", "format", G_TYPE_STRING, "utf8", NULL);
    gst_element_class_add_pad_template(element, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, video));
    gst_element_class_add_pad_template(element, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, video));
    gst_element_class_add_pad_template(element, gst_pad_template_new_with_gtype("text_src_%u", GST_PAD_SRC, GST_PAD_REQUEST, text, M6_TYPE_CAPTION_TEXT));
    gst_caps_unref(video);
    gst_caps_unref(text);
}

static void m6_caption_class_init(M6CaptionClass *klass)
{
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    GST_DEBUG_CATEGORY_INIT(m6_caption_debug, "m6caption", 0, "captions by a resident M6 model");
    object->set_property = set_property;
    object->get_property = get_property;
    object->finalize = finalize;
    install_properties(object);
    g_signal_new_class_handler("sample", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK(sample_next), NULL, NULL, NULL, G_TYPE_NONE, 0);
    element->change_state = change_state;
    element->request_new_pad = request_new_pad;
    element->release_pad = release_pad;
    add_templates(element);
    gst_element_class_set_static_metadata(element, "M6 captions", "Filter/Analyzer/Video",
                                          "Says what the video shows, by a resident M6 model; the video passes untouched", "M6");
    gst_type_mark_as_plugin_api(M6_TYPE_CAPTION_TEXT, 0);
    gst_type_mark_as_plugin_api(mode_type(), 0);
    gst_type_mark_as_plugin_api(trigger_type(), 0);
    gst_type_mark_as_plugin_api(policy_type(), 0);
    gst_type_mark_as_plugin_api(late_type(), 0);
    gst_type_mark_as_plugin_api(metadata_type(), 0);
    caption_news_register();
}
