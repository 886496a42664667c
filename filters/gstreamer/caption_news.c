/* One caption, in each of the forms in which it leaves the element. */
#include <string.h>

#include "caption.h"

#define META "M6CaptionMeta"

struct caption_news *caption_news_new(const struct m6_captions_event *e)
{
    struct caption_news *n = g_new0(struct caption_news, 1);
    n->refs = 1;
    n->sample = e->sample;
    n->epoch = e->epoch;
    n->start = (GstClockTime)e->start_ns;
    n->end = e->end_ns == M6_CAPTIONS_UNKNOWN ? GST_CLOCK_TIME_NONE : (GstClockTime)e->end_ns;
    n->latency = (GstClockTime)e->latency_ns;
    n->seed = e->seed;
    n->text = g_utf8_make_valid(e->text, -1);
    n->language = g_strdup(e->language);
    n->model = g_strdup(e->model);
    n->prompt = g_strdup(e->prompt);
    return n;
}

struct caption_news *caption_news_ref(struct caption_news *n)
{
    g_atomic_int_inc(&n->refs);
    return n;
}

void caption_news_unref(struct caption_news *n)
{
    if (!n || !g_atomic_int_dec_and_test(&n->refs))
        return;
    g_free(n->text);
    g_free(n->language);
    g_free(n->model);
    g_free(n->prompt);
    g_free(n);
}

/* For each frame once: names are looked up beforehand. */
static GQuark quarks[8];

static void fill(GstStructure *s, const struct caption_news *n)
{
    gst_structure_id_set(s, quarks[0], G_TYPE_STRING, n->text, quarks[1], G_TYPE_STRING, n->model, quarks[2], G_TYPE_INT64, n->seed, quarks[3],
                         G_TYPE_UINT64, n->start, quarks[4], G_TYPE_UINT64, n->end, quarks[5], G_TYPE_UINT64, n->latency, NULL);
    if (n->prompt)
        gst_structure_id_set(s, quarks[6], G_TYPE_STRING, n->prompt, NULL);
    if (n->language)
        gst_structure_id_set(s, quarks[7], G_TYPE_STRING, n->language, NULL);
}

void caption_news_register(void)
{
    static const gchar *tags[] = {NULL};
    static const gchar *const names[] = {"text", "model", "seed", "start", "end", "latency", "prompt", "language"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        quarks[i] = g_quark_from_static_string(names[i]);
    if (!gst_meta_get_info(META))
        gst_meta_register_custom(META, tags, NULL, NULL, NULL);
}

GstBuffer *caption_news_attach(const struct caption_news *n, GstBuffer *frame)
{
    frame = gst_buffer_make_writable(frame);
    GstCustomMeta *meta = gst_buffer_add_custom_meta(frame, META);
    if (meta)
        fill(gst_custom_meta_get_structure(meta), n);
    return frame;
}

GstMessage *caption_news_message(M6Caption *self, const struct caption_news *n)
{
    GstStructure *s = gst_structure_new_empty("m6caption/caption");
    fill(s, n);
    return gst_message_new_element(GST_OBJECT(self), s);
}

GstTagList *caption_news_tags(const struct caption_news *n)
{
    GstTagList *tags = gst_tag_list_new(GST_TAG_DESCRIPTION, n->text, NULL);
    if (n->language)
        gst_tag_list_add(tags, GST_TAG_MERGE_APPEND, GST_TAG_LANGUAGE_CODE, n->language, NULL);
    return tags;
}

GstBuffer *caption_news_buffer(const struct caption_news *n, GstClockTime start, GstClockTime end)
{
    /* The null behind it, which does not count, is for elements that take it for a string. */
    const gsize length = strlen(n->text);
    GstBuffer *buffer = gst_buffer_new_memdup(n->text, length + 1);
    gst_buffer_set_size(buffer, (gssize)length);
    GST_BUFFER_PTS(buffer) = start;
    GST_BUFFER_DURATION(buffer) = GST_CLOCK_TIME_IS_VALID(end) && end >= start ? end - start : GST_CLOCK_TIME_NONE;
    return buffer;
}
