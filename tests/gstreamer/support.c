#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char slow_path[64];

void slow_serve(void)
{
    const struct m6_server_params params = {.lazy = 1, .host.plugin_path = M6_SLOW_PLUGINS};
    serve(&params);
}

void slow_set(const char *first, const char *more)
{
    char aside[80];
    if (!slow_path[0])
        snprintf(slow_path, sizeof slow_path, "/tmp/m6-slow-%d", (int)getpid());
    snprintf(aside, sizeof aside, "%s.new", slow_path);
    FILE *f = fopen(aside, "w");
    assert_non_null(f);
    fprintf(f, "%s\n%s", first, more);
    fclose(f);
    assert_int_equal(rename(aside, slow_path), 0);
    g_setenv("M6_SLOW", slow_path, TRUE);
}

/* ---- text ---- */

static gint64 ms(GstClockTime t)
{
    return GST_CLOCK_TIME_IS_VALID(t) ? (gint64)(t / GST_MSECOND) : -1;
}

static int of_event(struct text *t, GstEvent *event)
{
    GstClockTime start, length;
    *t = (struct text){.start = -1, .end = -1};
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START: {
        GstStreamFlags flags;
        gst_event_parse_stream_flags(event, &flags);
        assert_true(flags & GST_STREAM_FLAG_SPARSE);
        t->kind = 's';
        return 1;
    }
    case GST_EVENT_CAPS:
        t->kind = 'c';
        return 1;
    case GST_EVENT_SEGMENT:
        t->kind = 'g';
        return 1;
    case GST_EVENT_GAP:
        gst_event_parse_gap(event, &start, &length);
        t->kind = '-';
        t->start = ms(start);
        t->end = ms(start + length);
        return length > 0;
    case GST_EVENT_EOS:
        t->kind = 'e';
        return 1;
    case GST_EVENT_FLUSH_START:
        t->kind = '<';
        return 1;
    case GST_EVENT_FLUSH_STOP:
        t->kind = '>';
        return 1;
    default:
        return 0;
    }
}

static void of_buffer(struct text *t, GstBuffer *buffer)
{
    GstMapInfo map;
    assert_true(gst_buffer_map(buffer, &map, GST_MAP_READ));
    *t = (struct text){'t', ms(GST_BUFFER_PTS(buffer)),
                       GST_BUFFER_DURATION_IS_VALID(buffer) ? ms(GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer)) : -1,
                       g_strndup((const gchar *)map.data, map.size)};
    gst_buffer_unmap(buffer, &map);
}

static void free_text(gpointer data)
{
    g_free(((struct text *)data)->text);
    g_free(data);
}

/* A harness has events and buffers in two queues; here they are as they came. */
static GstPadProbeReturn on_pass(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    struct text t;
    int is_one = 1;
    if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
        of_buffer(&t, GST_PAD_PROBE_INFO_BUFFER(info));
    else
        is_one = of_event(&t, GST_PAD_PROBE_INFO_EVENT(info));
    if (is_one)
        g_async_queue_push(data, g_memdup2(&t, sizeof t));
    return GST_PAD_PROBE_OK;
}

static void add_text(struct rig *r, int i)
{
    gchar *name = g_strdup_printf("text_src_%d", i);
    GstPad *pad = gst_element_request_pad_simple(r->element, name);
    assert_non_null(pad);
    r->said[i] = g_async_queue_new_full(free_text);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH, on_pass, r->said[i], NULL);
    r->text[i] = gst_harness_new_with_element(r->element, NULL, name);
    gst_object_unref(pad);
    g_free(name);
}

static int take(struct rig *r, int pad, int wait_ms)
{
    struct text *t = g_async_queue_timeout_pop(r->said[pad], (guint64)wait_ms * 1000);
    g_clear_pointer(&r->now[pad].text, g_free);
    if (!t)
        return 0;
    r->now[pad] = *t;
    g_free(t);
    if (r->now[pad].kind == 'g')
        r->gap_end[pad] = -1;
    if (r->now[pad].kind == '-')
        r->gap_end[pad] = r->now[pad].end;
    if (r->now[pad].kind == 't' && r->now[pad].start < r->gap_end[pad])
        fail_msg("text at %d ms lies behind a gap until %d", (int)r->now[pad].start, (int)r->gap_end[pad]);
    return 1;
}

struct text *text_next(struct rig *r, int pad)
{
    if (!take(r, pad, 10000))
        fail_msg("no text, and no event, came");
    return &r->now[pad];
}

struct text *text_after_gaps(struct rig *r, int pad)
{
    while (text_next(r, pad)->kind == '-')
        ;
    return &r->now[pad];
}

void text_is_quiet(struct rig *r, int pad, int for_ms)
{
    const gint64 until = g_get_monotonic_time() + for_ms * 1000;
    for (gint64 left; (left = until - g_get_monotonic_time()) > 0;)
        if (take(r, pad, (int)(left / 1000) + 1) && r->now[pad].kind != '-')
            fail_msg("'%c' came from a text pad that should be quiet", r->now[pad].kind);
}

/* ---- the rig ---- */

static void set_properties(GstElement *element, const char *properties)
{
    gchar **all = g_strsplit(properties, " ", -1);
    for (gchar **each = all; *each; each++) {
        gchar **pair = g_strsplit(*each, "=", 2);
        if (pair[0] && pair[1])
            gst_util_set_object_arg(G_OBJECT(element), pair[0], pair[1]);
        g_strfreev(pair);
    }
    g_strfreev(all);
}

void rig_open(struct rig *r, const char *properties, int texts, int live)
{
    memset(r, 0, sizeof *r);
    r->element = gst_element_factory_make("m6caption", NULL);
    assert_non_null(r->element);
    g_object_set(r->element, "host", served[0] ? served : "none", NULL);
    set_properties(r->element, properties);
    r->bus = gst_bus_new();
    gst_element_set_bus(r->element, r->bus);
    r->video = gst_harness_new_with_element(r->element, "sink", "src");
    for (int i = 0; i < texts; i++)
        add_text(r, i);
    gst_harness_set_live(r->video, live);
    gst_harness_set_src_caps_str(r->video, "video/x-raw,format=I420,width=64,height=36,framerate=10/1");
}

void rig_close(struct rig *r)
{
    for (int i = 0; i < 2; i++) {
        if (!r->text[i])
            continue;
        gst_harness_teardown(r->text[i]);
        g_async_queue_unref(r->said[i]);
        g_free(r->now[i].text);
    }
    gst_harness_teardown(r->video);
    gst_element_set_bus(r->element, NULL);
    gst_object_unref(r->element);
    gst_object_unref(r->bus);
}

GstBuffer *rig_frame(int at_ms, int length_ms)
{
    GstBuffer *frame = gst_buffer_new_allocate(NULL, 64 * 36 * 3 / 2, NULL);
    gst_buffer_memset(frame, 0, 128, 64 * 36 * 3 / 2);
    GST_BUFFER_PTS(frame) = (GstClockTime)at_ms * GST_MSECOND;
    GST_BUFFER_DURATION(frame) = length_ms < 0 ? GST_CLOCK_TIME_NONE : (GstClockTime)length_ms * GST_MSECOND;
    return frame;
}

GstFlowReturn rig_push(struct rig *r, int at_ms, int length_ms)
{
    return gst_harness_push(r->video, rig_frame(at_ms, length_ms));
}

GstMessage *rig_message(struct rig *r, GstMessageType type, const char *name, int wait)
{
    const gint64 until = g_get_monotonic_time() + (wait ? 10 : 0.5) * G_TIME_SPAN_SECOND;
    for (gint64 left; (left = until - g_get_monotonic_time()) > 0;) {
        GstMessage *message = gst_bus_timed_pop_filtered(r->bus, (GstClockTime)left * GST_USECOND, type);
        if (!message)
            return NULL;
        const GstStructure *s = gst_message_get_structure(message);
        if (!name || (s && gst_structure_has_name(s, name)))
            return message;
        gst_message_unref(message);
    }
    return NULL;
}
