/* The filter. Frames are written in place where they are writable; a picture that hides them wholly is made once, and goes out by reference for as long as it shows. */
#include "m6gen.h"

#include <string.h>

#include "genprops.h"
#include "layout.h"

enum { PROP_PROMPT_FROM = M6_GEN_PROP_END };
enum { FROM_PROPERTY, FROM_CAPTION };

struct _M6Gen {
    GstBaseTransform parent;
    M6GenProps props;
    gint prompt_from; /* atomic */

    GstVideoInfo info;
    struct m6_frame_layout layout;
    gboolean can_lay; /* the caps' format is one of ours */
    guint64 number;   /* frames since the segment began */
    GstBuffer *whole; /* what hides the frames, or NULL */
    guint64 whole_serial;
    GstVideoConverter *to_rgb; /* for mode=region; made when needed */
    GstVideoInfo rgb_info;
};

G_DEFINE_FINAL_TYPE(M6Gen, m6_gen_filter, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE(m6gen, "m6gen", GST_RANK_NONE, M6_TYPE_GEN_FILTER)

GST_DEBUG_CATEGORY_STATIC(debug);
#define GST_CAT_DEFAULT debug

/* ---- a prompt that a caption gives ---- */

static void take_caption(M6Gen *self, GstBuffer *frame)
{
    GstCustomMeta *meta = g_atomic_int_get(&self->prompt_from) == FROM_CAPTION ? gst_buffer_get_custom_meta(frame, "M6CaptionMeta") : NULL;
    const gchar *text = meta ? gst_structure_get_string(gst_custom_meta_get_structure(meta), "text") : NULL;
    const struct m6_gen_options *now = m6_gen_options(self->props.gen);
    struct m6_error err;
    if (!text || !text[0] || (now->prompt && !strcmp(now->prompt, text)))
        return;
    if (m6_gen_set(self->props.gen, "prompt", text, &err))
        GST_WARNING_OBJECT(self, "%s", err.text);
}

/* ---- the frame as RGB, to be drawn anew in part ---- */

struct frame_of {
    M6Gen *self;
    GstBuffer *buffer;
};

static int frame_rgb(void *arg, uint8_t *rgb, struct m6_error *err)
{
    const struct frame_of *of = arg;
    M6Gen *self = of->self;
    GstVideoFrame from, to;
    const gsize row = (gsize)self->info.width * 3;
    if (!self->to_rgb) {
        gst_video_info_set_format(&self->rgb_info, GST_VIDEO_FORMAT_RGB, (guint)self->info.width, (guint)self->info.height);
        self->rgb_info.fps_n = self->info.fps_n; /* else it is another video */
        self->rgb_info.fps_d = self->info.fps_d;
        self->to_rgb = gst_video_converter_new(&self->info, &self->rgb_info, NULL);
    }
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&self->rgb_info), NULL);
    gboolean done = FALSE;
    if (self->to_rgb && buffer && gst_video_frame_map(&from, &self->info, of->buffer, GST_MAP_READ)) {
        if (gst_video_frame_map(&to, &self->rgb_info, buffer, GST_MAP_WRITE)) {
            gst_video_converter_frame(self->to_rgb, &from, &to);
            for (gint y = 0; y < self->info.height; y++)
                memcpy(rgb + (gsize)y * row, (guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&to, 0) + y * GST_VIDEO_FRAME_PLANE_STRIDE(&to, 0), row);
            gst_video_frame_unmap(&to);
            done = TRUE;
        }
        gst_video_frame_unmap(&from);
    }
    gst_clear_buffer(&buffer);
    if (!done)
        g_snprintf(err->text, sizeof err->text, "a frame of %s cannot be read as RGB; put videoconvert before m6gen", gst_video_format_to_string(GST_VIDEO_INFO_FORMAT(&self->info)));
    return !done;
}

/* ---- frames ---- */

static gboolean copy_meta(GstBuffer *from, GstMeta **meta, gpointer to)
{
    const GstMetaInfo *info = (*meta)->info;
    const GstMetaTransformCopy copy = {.region = FALSE, .offset = 0, .size = (gsize)-1};
    if (!gst_meta_api_type_has_tag(info->api, _gst_meta_tag_memory) && info->transform_func)
        info->transform_func(to, *meta, from, _gst_meta_transform_copy, (gpointer)&copy);
    return TRUE;
}

static GstFlowReturn apply_to(M6Gen *self, GstBuffer *buffer)
{
    GstVideoFrame frame;
    if (!gst_video_frame_map(&frame, &self->info, buffer, GST_MAP_READWRITE)) {
        GST_ELEMENT_ERROR(self, RESOURCE, WRITE, ("a frame's memory cannot be written to"), (NULL));
        return GST_FLOW_ERROR;
    }
    const struct m6_frame_planes planes = m6_gst_planes(&frame);
    m6_gen_apply(self->props.gen, &planes);
    gst_video_frame_unmap(&frame);
    return GST_FLOW_OK;
}

/* Takes `in` over. */
static GstFlowReturn hide(M6Gen *self, GstBuffer *in, GstBuffer **out)
{
    GstFlowReturn flow = GST_FLOW_OK;
    if (!self->whole || self->whole_serial != m6_gen_serial(self->props.gen)) {
        gst_clear_buffer(&self->whole);
        self->whole = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&self->info), NULL);
        self->whole_serial = m6_gen_serial(self->props.gen);
        flow = self->whole ? apply_to(self, self->whole) : GST_FLOW_ERROR;
    }
    if (flow == GST_FLOW_OK) {
        *out = gst_buffer_copy(self->whole); /* its memory is shared */
        gst_buffer_copy_into(*out, in, GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, (gsize)-1);
        gst_buffer_foreach_meta(in, copy_meta, *out);
    } else {
        gst_clear_buffer(&self->whole);
    }
    gst_buffer_unref(in);
    return flow;
}

static GstFlowReturn generate_output(GstBaseTransform *base, GstBuffer **out)
{
    M6Gen *self = M6_GEN_FILTER(base);
    GstBuffer *in = base->queued_buf;
    struct frame_of of = {self, in};
    base->queued_buf = NULL;
    *out = NULL;
    if (!in)
        return GST_FLOW_OK;
    if (!self->can_lay) {
        *out = in;
        return GST_FLOW_OK;
    }
    GstClockTime time = GST_BUFFER_PTS(in), until = base->segment.stop;
    if (GST_CLOCK_TIME_IS_VALID(time) && base->segment.format == GST_FORMAT_TIME)
        time = gst_segment_to_stream_time(&base->segment, GST_FORMAT_TIME, time);
    if (!GST_CLOCK_TIME_IS_VALID(time)) /* none, or before the segment */
        time = self->info.fps_n > 0 ? gst_util_uint64_scale(self->number, (guint64)self->info.fps_d * GST_SECOND, (guint64)self->info.fps_n) : 0;
    if (GST_CLOCK_TIME_IS_VALID(until) && base->segment.format == GST_FORMAT_TIME)
        until = gst_segment_to_stream_time(&base->segment, GST_FORMAT_TIME, until);
    gst_object_sync_values(GST_OBJECT(self), time);
    take_caption(self, in);
    const struct m6_gen_options *options = m6_gen_options(self->props.gen);
    if (g_atomic_int_get(&self->prompt_from) == FROM_CAPTION && !options->prompt && !options->prompt_file) {
        *out = in; /* nothing has been said yet */
        return GST_FLOW_OK;
    }
    const struct m6_gen_frame frame = {
        .layout = self->layout, .time = (gint64)time, .number = (gint64)self->number++, .until = GST_CLOCK_TIME_IS_VALID(until) ? (gint64)until : 0, .rgb = frame_rgb, .arg = &of};
    GstFlowReturn flow = GST_FLOW_OK;
    switch (m6_gen_props_prepare(&self->props, &frame, time)) {
    case M6_GEN_WHOLE: flow = hide(self, in, out); break;
    case M6_GEN_PART:
        in = gst_buffer_make_writable(in);
        flow = apply_to(self, in);
        *out = in;
        break;
    case M6_GEN_UNTOUCHED: *out = in; return GST_FLOW_OK;
    case M6_GEN_STOPPED: gst_buffer_unref(in); return GST_FLOW_FLUSHING;
    case M6_GEN_ENDED: gst_buffer_unref(in); return GST_FLOW_ERROR;
    }
    if (flow != GST_FLOW_OK)
        gst_clear_buffer(out);
    else
        m6_gen_props_add_meta(&self->props, *out);
    return flow;
}

/* ---- negotiation and events ---- */

static void forget(M6Gen *self)
{
    gst_clear_buffer(&self->whole);
    g_clear_pointer(&self->to_rgb, gst_video_converter_free);
}

static gboolean is_live(M6Gen *self)
{
    GstQuery *query = gst_query_new_latency();
    gboolean live = FALSE;
    if (gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(self), query))
        gst_query_parse_latency(query, &live, NULL, NULL);
    gst_query_unref(query);
    return live;
}

static gboolean set_caps(GstBaseTransform *base, GstCaps *in, GstCaps *out)
{
    M6Gen *self = M6_GEN_FILTER(base);
    if (!gst_video_info_from_caps(&self->info, in))
        return FALSE;
    m6_gen_set_live(self->props.gen, is_live(self));
    self->can_lay = m6_gst_layout(&self->layout, &self->info);
    forget(self);
    return TRUE;
}

/* Frames with strides and offsets of their own are fine, since they are mapped by their meta. */
static gboolean propose_allocation(GstBaseTransform *base, GstQuery *decide, GstQuery *query)
{
    if (!GST_BASE_TRANSFORM_CLASS(m6_gen_filter_parent_class)->propose_allocation(base, decide, query))
        return FALSE;
    gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
    return TRUE;
}

static gboolean sink_event(GstBaseTransform *base, GstEvent *event)
{
    M6Gen *self = M6_GEN_FILTER(base);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START:
        if (self->props.gen)
            m6_gen_interrupt(self->props.gen, 1);
        break;
    case GST_EVENT_FLUSH_STOP:
        if (self->props.gen)
            m6_gen_interrupt(self->props.gen, 0);
        break;
    case GST_EVENT_SEGMENT: self->number = 0; break;
    default: break;
    }
    return GST_BASE_TRANSFORM_CLASS(m6_gen_filter_parent_class)->sink_event(base, event);
}

static gboolean start(GstBaseTransform *base)
{
    M6Gen *self = M6_GEN_FILTER(base);
    self->number = 0;
    return m6_gen_props_start(&self->props, FALSE);
}

static gboolean stop(GstBaseTransform *base)
{
    M6Gen *self = M6_GEN_FILTER(base);
    forget(self);
    m6_gen_props_stop(&self->props);
    return TRUE;
}

static GstStateChangeReturn change_state(GstElement *element, GstStateChange change)
{
    M6Gen *self = M6_GEN_FILTER(element);
    if (change == GST_STATE_CHANGE_PAUSED_TO_READY && self->props.gen)
        m6_gen_interrupt(self->props.gen, 1); /* the streaming thread may be waiting for a picture */
    return GST_ELEMENT_CLASS(m6_gen_filter_parent_class)->change_state(element, change);
}

/* ---- the object ---- */

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    M6Gen *self = M6_GEN_FILTER(object);
    if (id == PROP_PROMPT_FROM)
        g_atomic_int_set(&self->prompt_from, g_value_get_enum(value));
    else if (!m6_gen_props_set(&self->props, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    M6Gen *self = M6_GEN_FILTER(object);
    if (id == PROP_PROMPT_FROM)
        g_value_set_enum(value, g_atomic_int_get(&self->prompt_from));
    else if (!m6_gen_props_get(&self->props, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void finalize(GObject *object)
{
    M6Gen *self = M6_GEN_FILTER(object);
    forget(self);
    m6_gen_props_finish(&self->props);
    G_OBJECT_CLASS(m6_gen_filter_parent_class)->finalize(object);
}

static GType prompt_from_type(void)
{
    static const GEnumValue values[] = {
        {FROM_PROPERTY, "The property prompt", "property"},
        {FROM_CAPTION, "What m6caption last said of the video; until then the property", "caption"},
        {0, NULL, NULL},
    };
    static gsize once;
    if (g_once_init_enter(&once)) {
        const GType type = g_enum_register_static("M6GenPromptFrom", values);
        gst_type_mark_as_plugin_api(type, 0);
        g_once_init_leave(&once, type);
    }
    return once;
}

static void m6_gen_filter_init(M6Gen *self)
{
    m6_gen_props_init(&self->props, GST_ELEMENT(self));
    gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
}

static void m6_gen_filter_class_init(M6GenClass *klass)
{
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    GstBaseTransformClass *base = GST_BASE_TRANSFORM_CLASS(klass);
    GstCaps *caps = m6_gst_layout_caps();
    GST_DEBUG_CATEGORY_INIT(debug, "m6gen", 0, "pictures from a resident M6 model");
    object->set_property = set_property;
    object->get_property = get_property;
    object->finalize = finalize;
    m6_gen_props_install(object, TRUE);
    g_object_class_install_property(object, PROP_PROMPT_FROM,
                                    g_param_spec_enum("prompt-from", "Prompt from", "Where the prompt comes from", prompt_from_type(), FROM_PROPERTY,
                                                      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING));
    gst_element_class_add_pad_template(element, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
    gst_element_class_add_pad_template(element, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
    gst_caps_unref(caps);
    gst_element_class_set_static_metadata(element, "M6 pictures over video", "Filter/Effect/Video",
                                          "Draws pictures from a prompt, by a resident M6 model, and lays them over the video", "M6");
    element->change_state = change_state;
    base->start = start;
    base->stop = stop;
    base->set_caps = set_caps;
    base->sink_event = sink_event;
    base->propose_allocation = propose_allocation;
    base->generate_output = generate_output;
}
