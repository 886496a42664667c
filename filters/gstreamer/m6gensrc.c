/* The source. A frame is a reference to the picture that shows; a new one is made when another does. */
#include "m6gen.h"

#include <string.h>

#include "genprops.h"
#include "layout.h"

enum { PROP_IS_LIVE = M6_GEN_PROP_END };
enum { WIDTH = 1280, HEIGHT = 720, FPS = 25 }; /* if nobody says */

struct _M6GenSrc {
    GstPushSrc parent;
    M6GenProps props;

    GstVideoInfo info;
    struct m6_frame_layout layout;
    guint64 number; /* of the next frame, from stream time 0 */
    gboolean backwards, is_over;
    GstBuffer *whole;
    guint64 whole_serial;
    GstBuffer *black; /* while there is no picture */
};

G_DEFINE_FINAL_TYPE(M6GenSrc, m6_gen_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE(m6gensrc, "m6gensrc", GST_RANK_NONE, M6_TYPE_GEN_SRC)

/* ---- pictures as frames ---- */

static gboolean with_planes(M6GenSrc *self, GstBuffer *buffer, void (*fill)(void *arg, const struct m6_frame_planes *), void *arg)
{
    GstVideoFrame frame;
    if (!buffer || !gst_video_frame_map(&frame, &self->info, buffer, GST_MAP_READWRITE))
        return FALSE;
    const struct m6_frame_planes planes = m6_gst_planes(&frame);
    fill(arg, &planes);
    gst_video_frame_unmap(&frame);
    return TRUE;
}

static void fill_picture(void *gen, const struct m6_frame_planes *planes)
{
    m6_gen_apply(gen, planes);
}

static void fill_composite(void *composite, const struct m6_frame_planes *planes)
{
    m6_composite_apply(composite, planes, 1);
}

static GstBuffer *new_black(M6GenSrc *self)
{
    static const guint8 rgb[3];
    const struct m6_composite_picture picture = {1, 1, 3, rgb};
    const struct m6_composite_params whole = {.mode = M6_COMPOSITE_REPLACE};
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&self->info), NULL);
    struct m6_composite *c = m6_composite_create();
    struct m6_error err;
    if (!c || m6_composite_prepare(c, &self->layout, &whole, &picture, &err) || !with_planes(self, buffer, fill_composite, c))
        gst_clear_buffer(&buffer);
    m6_composite_destroy(c);
    return buffer;
}

/* The shared frame for what prepare chose. */
static GstBuffer *frame_of(M6GenSrc *self, enum m6_gen_verdict verdict)
{
    if (verdict == M6_GEN_PART) { /* a fade: a frame of its own */
        GstBuffer *buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&self->info), NULL);
        if (!with_planes(self, buffer, fill_picture, self->props.gen))
            gst_clear_buffer(&buffer);
        return buffer;
    }
    if (verdict == M6_GEN_UNTOUCHED) {
        if (!self->black)
            self->black = new_black(self);
        return self->black ? gst_buffer_copy(self->black) : NULL;
    }
    if (!self->whole || self->whole_serial != m6_gen_serial(self->props.gen)) {
        gst_clear_buffer(&self->whole);
        self->whole = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&self->info), NULL);
        self->whole_serial = m6_gen_serial(self->props.gen);
        if (!with_planes(self, self->whole, fill_picture, self->props.gen))
            gst_clear_buffer(&self->whole);
    }
    return self->whole ? gst_buffer_copy(self->whole) : NULL;
}

/* ---- time ---- */

static GstClockTime time_of(const M6GenSrc *self, guint64 number)
{
    return self->info.fps_n > 0 ? gst_util_uint64_scale(number, (guint64)self->info.fps_d * GST_SECOND, (guint64)self->info.fps_n) : 0;
}

/* The stream time behind which nothing will be shown, or 0. */
static gint64 end_of(M6GenSrc *self, const GstSegment *segment)
{
    gint count = -1;
    gint64 end = GST_CLOCK_TIME_IS_VALID(segment->stop) ? (gint64)segment->stop : 0;
    g_object_get(self, "num-buffers", &count, NULL);
    if (count > 0 && !GST_CLOCK_TIME_IS_VALID(segment->start)) /* unlikely */
        return end;
    if (count > 0) {
        const gint64 last = (gint64)(segment->start + time_of(self, (guint64)count));
        end = end && end < last ? end : last;
    }
    return end;
}

static GstFlowReturn create(GstPushSrc *push, GstBuffer **out)
{
    M6GenSrc *self = M6_GEN_SRC(push);
    const GstSegment *segment = &GST_BASE_SRC(self)->segment;
    const GstClockTime time = time_of(self, self->number), next = time_of(self, self->number + 1);
    if (self->is_over || (GST_CLOCK_TIME_IS_VALID(segment->stop) && time >= segment->stop))
        return GST_FLOW_EOS;
    gst_object_sync_values(GST_OBJECT(self), time);
    const struct m6_gen_frame frame = {.layout = self->layout, .time = (gint64)time, .number = (gint64)self->number, .until = end_of(self, segment)};
    const enum m6_gen_verdict verdict = m6_gen_props_prepare(&self->props, &frame, time);
    if (verdict == M6_GEN_STOPPED)
        return GST_FLOW_FLUSHING;
    if (verdict == M6_GEN_ENDED)
        return GST_FLOW_ERROR;
    GstBuffer *buffer = frame_of(self, verdict);
    if (!buffer) {
        GST_ELEMENT_ERROR(self, RESOURCE, NO_SPACE_LEFT, ("no memory for a frame"), (NULL));
        return GST_FLOW_ERROR;
    }
    GST_BUFFER_PTS(buffer) = time;
    GST_BUFFER_OFFSET(buffer) = self->number;
    if (self->info.fps_n > 0)
        GST_BUFFER_DURATION(buffer) = next - time;
    m6_gen_props_add_meta(&self->props, buffer);
    /* Without a rate there is one frame; backwards there is a first one. */
    self->is_over = self->info.fps_n == 0 || (self->backwards && (!self->number || time <= segment->start));
    self->number += self->backwards ? (guint64)-1 : 1;
    *out = buffer;
    return GST_FLOW_OK;
}

static gboolean do_seek(GstBaseSrc *base, GstSegment *segment)
{
    M6GenSrc *self = M6_GEN_SRC(base);
    self->backwards = segment->rate < 0;
    self->is_over = FALSE;
    segment->time = segment->start;
    self->number = 0;
    if (self->info.fps_n > 0) {
        /* The first frame at or after the position; backwards, the last one before it. */
        self->number = gst_util_uint64_scale_ceil(segment->position, (guint64)self->info.fps_n, (guint64)self->info.fps_d * GST_SECOND);
        if (self->backwards && self->number > 0)
            self->number--;
    }
    return TRUE;
}

static gboolean is_seekable(GstBaseSrc *base)
{
    return !gst_base_src_is_live(base);
}

static gboolean query(GstBaseSrc *base, GstQuery *q)
{
    M6GenSrc *self = M6_GEN_SRC(base);
    GstFormat from, to;
    gint64 value, result;
    if (GST_QUERY_TYPE(q) != GST_QUERY_CONVERT)
        return GST_BASE_SRC_CLASS(m6_gen_src_parent_class)->query(base, q);
    gst_query_parse_convert(q, &from, &value, &to, NULL);
    if (!gst_video_info_convert(&self->info, from, value, to, &result))
        return FALSE;
    gst_query_set_convert(q, from, value, to, result);
    return TRUE;
}

/* Live, frames are pushed at their time. */
static void get_times(GstBaseSrc *base, GstBuffer *buffer, GstClockTime *start, GstClockTime *end)
{
    *start = *end = GST_CLOCK_TIME_NONE;
    if (!gst_base_src_is_live(base) || !GST_BUFFER_PTS_IS_VALID(buffer))
        return;
    *start = GST_BUFFER_PTS(buffer);
    if (GST_BUFFER_DURATION_IS_VALID(buffer))
        *end = *start + GST_BUFFER_DURATION(buffer);
}

/* ---- negotiation ---- */

static GstCaps *fixate(GstBaseSrc *base, GstCaps *caps)
{
    caps = gst_caps_make_writable(caps);
    GstStructure *s = gst_caps_get_structure(caps, 0);
    gst_structure_fixate_field_string(s, "format", "I420");
    gst_structure_fixate_field_nearest_int(s, "width", WIDTH);
    gst_structure_fixate_field_nearest_int(s, "height", HEIGHT);
    gst_structure_fixate_field_nearest_fraction(s, "framerate", FPS, 1);
    if (gst_structure_has_field(s, "pixel-aspect-ratio"))
        gst_structure_fixate_field_nearest_fraction(s, "pixel-aspect-ratio", 1, 1);
    else
        gst_structure_set(s, "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, NULL);
    return GST_BASE_SRC_CLASS(m6_gen_src_parent_class)->fixate(base, caps);
}

static void forget(M6GenSrc *self)
{
    gst_clear_buffer(&self->whole);
    gst_clear_buffer(&self->black);
}

static gboolean set_caps(GstBaseSrc *base, GstCaps *caps)
{
    M6GenSrc *self = M6_GEN_SRC(base);
    GstVideoInfo info;
    if (!gst_video_info_from_caps(&info, caps) || !m6_gst_layout(&self->layout, &info))
        return FALSE;
    if (self->info.fps_n > 0 && info.fps_n > 0 && self->number) /* the same time in the new rate */
        self->number = gst_util_uint64_scale_round(time_of(self, self->number), (guint64)info.fps_n, (guint64)info.fps_d * GST_SECOND);
    self->info = info;
    forget(self);
    return TRUE;
}

/* ---- running ---- */

static gboolean start(GstBaseSrc *base)
{
    M6GenSrc *self = M6_GEN_SRC(base);
    gst_video_info_init(&self->info);
    self->number = 0;
    self->backwards = self->is_over = FALSE;
    return m6_gen_props_start(&self->props, gst_base_src_is_live(base));
}

static gboolean stop(GstBaseSrc *base)
{
    M6GenSrc *self = M6_GEN_SRC(base);
    forget(self);
    m6_gen_props_stop(&self->props);
    return TRUE;
}

static gboolean unlock(GstBaseSrc *base)
{
    M6GenSrc *self = M6_GEN_SRC(base);
    if (self->props.gen)
        m6_gen_interrupt(self->props.gen, 1);
    return TRUE;
}

static gboolean unlock_stop(GstBaseSrc *base)
{
    M6GenSrc *self = M6_GEN_SRC(base);
    if (self->props.gen)
        m6_gen_interrupt(self->props.gen, 0);
    return TRUE;
}

/* ---- the object ---- */

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    M6GenSrc *self = M6_GEN_SRC(object);
    if (id == PROP_IS_LIVE)
        gst_base_src_set_live(GST_BASE_SRC(self), g_value_get_boolean(value));
    else if (!m6_gen_props_set(&self->props, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    M6GenSrc *self = M6_GEN_SRC(object);
    if (id == PROP_IS_LIVE)
        g_value_set_boolean(value, gst_base_src_is_live(GST_BASE_SRC(self)));
    else if (!m6_gen_props_get(&self->props, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void finalize(GObject *object)
{
    M6GenSrc *self = M6_GEN_SRC(object);
    forget(self);
    m6_gen_props_finish(&self->props);
    G_OBJECT_CLASS(m6_gen_src_parent_class)->finalize(object);
}

static void m6_gen_src_init(M6GenSrc *self)
{
    m6_gen_props_init(&self->props, GST_ELEMENT(self));
    gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
}

static void m6_gen_src_class_init(M6GenSrcClass *klass)
{
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    GstBaseSrcClass *base = GST_BASE_SRC_CLASS(klass);
    GstCaps *caps = m6_gst_layout_caps();
    object->set_property = set_property;
    object->get_property = get_property;
    object->finalize = finalize;
    m6_gen_props_install(object, FALSE);
    g_object_class_install_property(object, PROP_IS_LIVE,
                                    g_param_spec_boolean("is-live", "Is live", "Whether frames come at their time, by the clock", FALSE,
                                                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY));
    gst_element_class_add_pad_template(element, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
    gst_caps_unref(caps);
    gst_element_class_set_static_metadata(element, "M6 pictures as video", "Source/Video", "Draws pictures from a prompt, by a resident M6 model, as a video", "M6");
    base->start = start;
    base->stop = stop;
    base->unlock = unlock;
    base->unlock_stop = unlock_stop;
    base->is_seekable = is_seekable;
    base->do_seek = do_seek;
    base->query = query;
    base->get_times = get_times;
    base->fixate = fixate;
    base->set_caps = set_caps;
    GST_PUSH_SRC_CLASS(klass)->create = create;
}
