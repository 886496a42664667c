#include "genprops.h"

#include <string.h>

#define META "M6PictureMeta"

GST_DEBUG_CATEGORY_STATIC(m6gen_debug);
#define GST_CAT_DEFAULT m6gen_debug

/* How each is called as an option, by property; NULL: it is a string of options. */
static const char *const option_names[M6_GEN_PROP_SET] = {
    [M6_GEN_PROP_PROMPT] = "prompt",
    [M6_GEN_PROP_PROMPT_FILE] = "prompt_file",
    [M6_GEN_PROP_SEED] = "seed",
    [M6_GEN_PROP_EVERY] = "every",
    [M6_GEN_PROP_AT] = "at",
    [M6_GEN_PROP_FADE] = "fade",
    [M6_GEN_PROP_MODEL] = "model",
    [M6_GEN_PROP_HOST] = "host",
    [M6_GEN_PROP_TIMEOUT] = "timeout",
    [M6_GEN_PROP_ON_ERROR] = "on_error",
    [M6_GEN_PROP_LIVE] = "live",
    [M6_GEN_PROP_MODE] = "mode",
    [M6_GEN_PROP_X] = "x",
    [M6_GEN_PROP_Y] = "y",
    [M6_GEN_PROP_WIDTH] = "w",
    [M6_GEN_PROP_HEIGHT] = "h",
    [M6_GEN_PROP_OPACITY] = "opacity",
    [M6_GEN_PROP_KEY_COLOR] = "keycolor",
    [M6_GEN_PROP_SIMILARITY] = "similarity",
    [M6_GEN_PROP_BLEND] = "blend",
};

/* ---- types ---- */

static GType register_enum(const char *name, const GEnumValue *values, gsize *once)
{
    if (g_once_init_enter(once)) {
        const GType type = g_enum_register_static(name, values);
        gst_type_mark_as_plugin_api(type, 0);
        g_once_init_leave(once, type);
    }
    return *once;
}

static GType mode_type(void)
{
    static const GEnumValue values[] = {
        {M6_GEN_REPLACE, "The picture instead of the frame", "replace"},
        {M6_GEN_OVERLAY, "The picture on the frame, at x, y, width and height", "overlay"},
        {M6_GEN_KEY, "The picture behind what is not of the key colour", "key"},
        {M6_GEN_REGION, "A rectangle of the frame drawn anew, to fit what is around it", "region"},
        {0, NULL, NULL},
    };
    static gsize once;
    return register_enum("M6GenMode", values, &once);
}

static GType on_error_type(void)
{
    static const GEnumValue values[] = {
        {M6_GEN_PASS, "The frame as it came", "pass"},
        {M6_GEN_FAIL, "An error that ends the pipeline", "fail"},
        {M6_GEN_SLATE, "A slate that says what is wrong", "slate"},
        {0, NULL, NULL},
    };
    static gsize once;
    return register_enum("M6GenOnError", values, &once);
}

static GType live_type(void)
{
    static const GEnumValue values[] = {
        {-1, "As the pipeline is", "auto"},
        {0, "Waits for each picture", "no"},
        {1, "Never waits: until a picture is there, the one before it shows", "yes"},
        {0, NULL, NULL},
    };
    static gsize once;
    return register_enum("M6GenLive", values, &once);
}

/* ---- properties ---- */

#define PLAYING (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)
#define READY (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define TOLD (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)

static void install_placing(GObjectClass *klass)
{
    g_object_class_install_property(klass, M6_GEN_PROP_MODE, g_param_spec_enum("mode", "Mode", "How the picture and the frame become one", mode_type(), M6_GEN_REPLACE, PLAYING));
    g_object_class_install_property(klass, M6_GEN_PROP_X, g_param_spec_string("x", "X", "Left edge in pixels of the frame: an expression of W, H (frame), w, h (picture), t (s) and n, such as (W-w)/2; default 0 (region: the middle third)", NULL, PLAYING));
    g_object_class_install_property(klass, M6_GEN_PROP_Y, g_param_spec_string("y", "Y", "Upper edge, as x", NULL, PLAYING));
    g_object_class_install_property(klass, M6_GEN_PROP_WIDTH, g_param_spec_string("width", "Width", "Width in pixels, as x; default: the model's own, or what height leaves (region: a third of the frame)", NULL, PLAYING));
    g_object_class_install_property(klass, M6_GEN_PROP_HEIGHT, g_param_spec_string("height", "Height", "Height in pixels, as width", NULL, PLAYING));
    g_object_class_install_property(klass, M6_GEN_PROP_OPACITY, g_param_spec_double("opacity", "Opacity", "0: the frame alone, 1: the picture (an expression can be given in options)", 0, 1, 1, PLAYING | GST_PARAM_CONTROLLABLE));
    g_object_class_install_property(klass, M6_GEN_PROP_KEY_COLOR, g_param_spec_uint("key-color", "Key colour", "0xRRGGBB that the picture shows through", 0, 0xffffff, 0x00ff00, PLAYING | GST_PARAM_CONTROLLABLE));
    g_object_class_install_property(klass, M6_GEN_PROP_SIMILARITY, g_param_spec_double("similarity", "Similarity", "How far from the key colour counts as it", 0.00001, 1, 0.2, PLAYING | GST_PARAM_CONTROLLABLE));
    g_object_class_install_property(klass, M6_GEN_PROP_BLEND, g_param_spec_double("blend", "Blend", "How softly that ends", 0, 1, 0.1, PLAYING | GST_PARAM_CONTROLLABLE));
}

void m6_gen_props_install(GObjectClass *klass, gboolean placing)
{
    g_object_class_install_property(klass, M6_GEN_PROP_PROMPT, g_param_spec_string("prompt", "Prompt", "What to draw", NULL, PLAYING | GST_PARAM_CONTROLLABLE));
    g_object_class_install_property(klass, M6_GEN_PROP_PROMPT_FILE, g_param_spec_string("prompt-file", "Prompt file", "A file that holds the prompt; read again when it changes; wins over prompt", NULL, PLAYING));
    g_object_class_install_property(klass, M6_GEN_PROP_SEED, g_param_spec_uint64("seed", "Seed", "The same prompt, seed and size give the same picture; each new one of every or at adds 1", 0, G_MAXUINT64, 0, PLAYING | GST_PARAM_CONTROLLABLE));
    g_object_class_install_property(klass, M6_GEN_PROP_EVERY, g_param_spec_uint64("every", "Every", "Nanoseconds of stream time after which a new picture comes; 0: never", 0, G_GUINT64_CONSTANT(31536000000000000), 0, PLAYING));
    g_object_class_install_property(klass, M6_GEN_PROP_AT, g_param_spec_string("at", "At", "Stream times at which a new picture comes, such as 2.5|7|1:02", NULL, PLAYING));
    g_object_class_install_property(klass, M6_GEN_PROP_FADE, g_param_spec_uint64("fade", "Fade", "Nanoseconds in which a new picture comes in over the one before", 0, G_GUINT64_CONSTANT(31536000000000000), 0, PLAYING));
    g_object_class_install_property(klass, M6_GEN_PROP_MODEL, g_param_spec_string("model", "Model", "The model that the host must serve; default: whatever it has", NULL, READY));
    g_object_class_install_property(klass, M6_GEN_PROP_HOST, g_param_spec_string("host", "Host", "The host's socket; default: M6_HOST, else the user's own", NULL, READY));
    g_object_class_install_property(klass, M6_GEN_PROP_TIMEOUT, g_param_spec_uint64("timeout", "Timeout", "Nanoseconds to wait for a picture, when not live", 0, G_GUINT64_CONSTANT(31536000000000000), 60 * GST_SECOND, READY));
    g_object_class_install_property(klass, M6_GEN_PROP_ON_ERROR, g_param_spec_enum("on-error", "On error", "What shows when there is no picture; a warning comes with each but fail", on_error_type(), M6_GEN_PASS, PLAYING));
    g_object_class_install_property(klass, M6_GEN_PROP_OPTIONS, g_param_spec_string("options", "Options", "Options as FFmpeg's m6gen has them, name=value:name=value", NULL, PLAYING));
    g_object_class_install_property(klass, M6_GEN_PROP_LIVE, g_param_spec_enum("live", "Live", "Whether frames wait for their picture", live_type(), -1, READY));
    g_object_class_install_property(klass, M6_GEN_PROP_CONNECTED, g_param_spec_boolean("connected", "Connected", "Whether a host is known to be there", FALSE, TOLD));
    g_object_class_install_property(klass, M6_GEN_PROP_PICTURES, g_param_spec_uint64("pictures", "Pictures", "Pictures that have been shown", 0, G_MAXUINT64, 0, TOLD));
    g_object_class_install_property(klass, M6_GEN_PROP_LAST_LATENCY, g_param_spec_uint64("last-latency", "Last latency", "Nanoseconds from asking for the last picture to having it", 0, G_MAXUINT64, 0, TOLD));
    if (placing)
        install_placing(klass);
    static gsize once;
    if (g_once_init_enter(&once)) {
        static const gchar *tags[] = {NULL};
        GST_DEBUG_CATEGORY_INIT(m6gen_debug, "m6gen", 0, "pictures from a resident M6 model");
        gst_meta_register_custom(META, tags, NULL, NULL, NULL);
        g_once_init_leave(&once, 1);
    }
}

void m6_gen_props_init(M6GenProps *p, GstElement *element)
{
    GObjectClass *klass = G_OBJECT_GET_CLASS(element);
    guint n = 0;
    memset(p, 0, sizeof *p);
    p->element = element;
    g_mutex_init(&p->lock);
    GParamSpec **all = g_object_class_list_properties(klass, &n);
    for (guint i = 0; i < n; i++) {
        const guint id = all[i]->param_id;
        if (all[i]->owner_type == G_OBJECT_TYPE(element) && id > M6_GEN_PROP_0 && id < M6_GEN_PROP_SET) {
            g_value_init(&p->value[id], all[i]->value_type);
            g_param_value_set_default(all[i], &p->value[id]);
        }
    }
    g_free(all);
}

void m6_gen_props_finish(M6GenProps *p)
{
    m6_gen_props_stop(p);
    for (guint i = 0; i < M6_GEN_PROP_SET; i++)
        if (G_IS_VALUE(&p->value[i]))
            g_value_unset(&p->value[i]);
    g_mutex_clear(&p->lock);
}

gboolean m6_gen_props_set(M6GenProps *p, guint id, const GValue *value)
{
    if (id >= M6_GEN_PROP_SET)
        return FALSE;
    g_mutex_lock(&p->lock);
    g_value_copy(value, &p->value[id]);
    p->is_set[id] = p->changed[id] = TRUE;
    g_mutex_unlock(&p->lock);
    return TRUE;
}

gboolean m6_gen_props_get(M6GenProps *p, guint id, GValue *value)
{
    if (id >= M6_GEN_PROP_END)
        return FALSE;
    g_mutex_lock(&p->lock);
    if (id < M6_GEN_PROP_SET)
        g_value_copy(&p->value[id], value);
    else if (id == M6_GEN_PROP_CONNECTED)
        g_value_set_boolean(value, p->connected);
    else
        g_value_set_uint64(value, id == M6_GEN_PROP_PICTURES ? p->pictures : p->last_latency);
    g_mutex_unlock(&p->lock);
    return TRUE;
}

/* As options have it; free it. */
static gchar *print_value(guint id, const GValue *value)
{
    gchar number[G_ASCII_DTOSTR_BUF_SIZE];
    switch (id) {
    case M6_GEN_PROP_EVERY:
    case M6_GEN_PROP_FADE:
    case M6_GEN_PROP_TIMEOUT: {
        const guint64 ns = g_value_get_uint64(value);
        return g_strdup_printf("%" G_GUINT64_FORMAT ".%09" G_GUINT64_FORMAT, ns / GST_SECOND, ns % GST_SECOND);
    }
    case M6_GEN_PROP_SEED: return g_strdup_printf("%" G_GUINT64_FORMAT, g_value_get_uint64(value));
    case M6_GEN_PROP_KEY_COLOR: return g_strdup_printf("0x%06x", g_value_get_uint(value));
    case M6_GEN_PROP_OPACITY:
    case M6_GEN_PROP_SIMILARITY:
    case M6_GEN_PROP_BLEND: return g_strdup(g_ascii_dtostr(number, sizeof number, g_value_get_double(value)));
    case M6_GEN_PROP_LIVE: return g_strdup(g_value_get_enum(value) < 0 ? "auto" : g_value_get_enum(value) ? "1" : "0");
    case M6_GEN_PROP_MODE:
    case M6_GEN_PROP_ON_ERROR: {
        GEnumClass *klass = g_type_class_peek(G_VALUE_TYPE(value));
        return g_strdup(g_enum_get_value(klass, g_value_get_enum(value))->value_nick);
    }
    default: {
        const gchar *text = g_value_get_string(value);
        return g_strdup(text ? text : "");
    }
    }
}

/* ---- telling ---- */

static void tell_trouble(M6GenProps *p, const char *text)
{
    if (!g_strcmp0(p->told_trouble, text))
        return;
    g_free(p->told_trouble);
    p->told_trouble = g_strdup(text);
    if (text)
        GST_ELEMENT_WARNING_WITH_DETAILS(p->element, RESOURCE, NOT_FOUND, ("%s", text), (NULL), ("stream-time", G_TYPE_UINT64, p->stream_time, NULL));
}

static void tell_progress(M6GenProps *p, GstProgressType type, gint percent, const char *text)
{
    GstMessage *message = gst_message_new_progress(GST_OBJECT(p->element), type, "m6-draw", text);
    gst_structure_set(gst_message_writable_structure(message), "percent", G_TYPE_INT, percent, NULL);
    gst_element_post_message(p->element, message);
}

static void on_notice(void *arg, const struct m6_feed_notice *n)
{
    M6GenProps *p = arg;
    const gint percent = n->type == M6_FEED_DRAWING && n->total > 0 ? (gint)(100 * n->done / n->total) : 0;
    switch (n->type) {
    case M6_FEED_DRAWING:
        if (p->is_drawing && percent == p->told_percent)
            return;
        tell_progress(p, p->is_drawing ? GST_PROGRESS_TYPE_CONTINUE : GST_PROGRESS_TYPE_START, percent, n->text[0] ? n->text : "drawing");
        p->is_drawing = TRUE;
        p->told_percent = percent;
        break;
    case M6_FEED_DRAWN:
        if (p->is_drawing)
            tell_progress(p, GST_PROGRESS_TYPE_COMPLETE, 100, "drawn");
        p->is_drawing = FALSE;
        g_mutex_lock(&p->lock);
        p->pictures++;
        p->connected = TRUE;
        p->last_latency = (GstClockTime)n->picture->latency;
        g_mutex_unlock(&p->lock);
        gst_element_post_message(
            p->element,
            gst_message_new_element(GST_OBJECT(p->element),
                                    gst_structure_new("m6gen/picture", "prompt", G_TYPE_STRING, n->picture->prompt, "seed", G_TYPE_UINT64, n->picture->seed, "model",
                                                      G_TYPE_STRING, n->picture->model, "caption", G_TYPE_STRING, n->picture->caption, "latency", G_TYPE_UINT64,
                                                      (guint64)n->picture->latency, "stream-time", G_TYPE_UINT64, p->stream_time, NULL)));
        break;
    case M6_FEED_WARNING: tell_trouble(p, n->text); break;
    case M6_FEED_LOST:
    case M6_FEED_FOUND:
        if (p->is_drawing && n->type == M6_FEED_LOST)
            tell_progress(p, GST_PROGRESS_TYPE_CANCELED, p->told_percent, "the host went away");
        p->is_drawing = FALSE;
        g_mutex_lock(&p->lock);
        p->connected = n->type == M6_FEED_FOUND;
        g_mutex_unlock(&p->lock);
        tell_trouble(p, n->type == M6_FEED_LOST ? n->text : NULL);
        break;
    }
}

/* ---- running ---- */

gboolean m6_gen_props_start(M6GenProps *p, gboolean live)
{
    struct m6_gen_options options;
    struct m6_error err = {""};
    enum m6_status status = M6_OK;
    m6_gen_options_init(&options);
    g_mutex_lock(&p->lock);
    for (guint i = 1; i < M6_GEN_PROP_SET && !status; i++) {
        if (!p->is_set[i])
            continue;
        gchar *text = print_value(i, &p->value[i]);
        status = option_names[i] ? m6_gen_options_set(&options, option_names[i], text, &err) : m6_gen_options_parse(&options, text, &err);
        g_free(text);
        p->changed[i] = FALSE;
    }
    p->connected = FALSE;
    g_mutex_unlock(&p->lock);
    struct m6_gen_params params = {.options = &options, .name = GST_OBJECT_NAME(p->element), .live = live, .in_order = 1, .notice = on_notice, .arg = p};
    if (!status)
        status = m6_gen_create(&p->gen, &params, &err);
    m6_gen_options_finish(&options);
    if (status)
        GST_ELEMENT_ERROR(p->element, RESOURCE, SETTINGS, ("%s", err.text), (NULL));
    return !status;
}

void m6_gen_props_stop(M6GenProps *p)
{
    m6_gen_destroy(p->gen);
    p->gen = NULL;
    g_clear_pointer(&p->told_trouble, g_free);
    p->is_drawing = FALSE;
}

/* What was set while running; what cannot be used is told, and the value before stays. */
static void take_changes(M6GenProps *p)
{
    gchar *text[M6_GEN_PROP_SET] = {NULL};
    g_mutex_lock(&p->lock);
    for (guint i = 1; i < M6_GEN_PROP_SET; i++) {
        if (p->changed[i])
            text[i] = print_value(i, &p->value[i]);
        p->changed[i] = FALSE;
    }
    g_mutex_unlock(&p->lock);
    for (guint i = 1; i < M6_GEN_PROP_SET; i++) {
        struct m6_error err = {""};
        if (text[i] && (option_names[i] ? m6_gen_set(p->gen, option_names[i], text[i], &err) : m6_gen_parse(p->gen, text[i], &err)))
            GST_ELEMENT_WARNING(p->element, RESOURCE, SETTINGS, ("%s", err.text), (NULL));
        g_free(text[i]);
    }
}

enum m6_gen_verdict m6_gen_props_prepare(M6GenProps *p, const struct m6_gen_frame *frame, GstClockTime stream_time)
{
    struct m6_error err = {""};
    p->stream_time = stream_time;
    take_changes(p);
    const enum m6_gen_verdict verdict = m6_gen_prepare(p->gen, frame, &err);
    if (verdict == M6_GEN_ENDED)
        GST_ELEMENT_ERROR(p->element, RESOURCE, FAILED, ("%s", err.text), (NULL));
    else if (err.text[0])
        tell_trouble(p, err.text);
    return verdict;
}

void m6_gen_props_add_meta(M6GenProps *p, GstBuffer *buffer)
{
    const struct m6_picture *shown = m6_gen_shown(p->gen);
    GstCustomMeta *meta = shown ? gst_buffer_add_custom_meta(buffer, META) : NULL;
    if (meta)
        gst_structure_set(gst_custom_meta_get_structure(meta), "prompt", G_TYPE_STRING, shown->prompt, "seed", G_TYPE_UINT64, shown->seed, "model", G_TYPE_STRING,
                          shown->model, "caption", G_TYPE_STRING, shown->caption, "latency", G_TYPE_UINT64, (guint64)shown->latency, NULL);
}
