#include "m6caption.h"

#include <gst/video/video.h>

struct _M6Caption {
    GstElement parent;
    GstPad *sink, *src;
};

G_DEFINE_FINAL_TYPE(M6Caption, m6_caption, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE(m6caption, "m6caption", GST_RANK_NONE, M6_TYPE_CAPTION)

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL)));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL)));

static GstFlowReturn on_frame(GstPad *pad, GstObject *parent, GstBuffer *frame)
{
    return gst_pad_push(M6_CAPTION(parent)->src, frame);
}

static void m6_caption_init(M6Caption *self)
{
    self->sink = gst_pad_new_from_static_template(&sink_template, "sink");
    self->src = gst_pad_new_from_static_template(&src_template, "src");
    gst_pad_set_chain_function(self->sink, on_frame);
    GST_PAD_SET_PROXY_CAPS(self->sink);
    GST_PAD_SET_PROXY_CAPS(self->src);
    gst_element_add_pad(GST_ELEMENT(self), self->sink);
    gst_element_add_pad(GST_ELEMENT(self), self->src);
}

static void m6_caption_class_init(M6CaptionClass *klass)
{
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    gst_element_class_add_static_pad_template(element, &sink_template);
    gst_element_class_add_static_pad_template(element, &src_template);
    gst_element_class_set_static_metadata(element, "M6 captions", "Filter/Analyzer/Video",
                                          "Says what the video shows, by a resident M6 model; the video passes untouched", "M6");
}
