/* m6caption's rules, one by one, on a harness. */
#include "support.h"

#include <gst/video/video.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int start(void **state)
{
    slow_set("0", "");
    slow_serve();
    return 0;
}

static int end(void **state)
{
    serve_end();
    served[0] = '\0';
    return 0;
}

static void expect(struct text *t, char kind)
{
    if (t->kind != kind)
        fail_msg("'%c' came, not '%c'", t->kind, kind);
}

static void expect_text(struct text *t, gint64 from, gint64 to, const char *part)
{
    expect(t, 't');
    assert_int_equal(t->start, from);
    assert_int_equal(t->end, to);
    if (!strstr(t->text, part))
        fail_msg("\"%s\" has no \"%s\"", t->text, part);
}

static void expect_head(struct rig *r, int pad)
{
    expect(text_next(r, pad), 's');
    expect(text_next(r, pad), 'c');
    expect(text_next(r, pad), 'g');
}

static guint64 figure(struct rig *r, const char *name)
{
    guint64 value;
    g_object_get(r->element, name, &value, NULL);
    return value;
}

static void until_figure(struct rig *r, const char *name, guint64 value)
{
    for (int tries = 0; tries < 5000 && figure(r, name) < value; tries++)
        g_usleep(2000);
    assert_int_equal(figure(r, name), value);
}

static void push_many(struct rig *r, int from_ms, int to_ms, int step_ms)
{
    for (int at = from_ms; at < to_ms; at += step_ms)
        assert_int_equal(rig_push(r, at, step_ms), GST_FLOW_OK);
}

/* ---- the stream of text ---- */

static void test_stream(void **state)
{
    struct rig r;
    rig_open(&r, "every=2000000000", 1, FALSE);
    push_many(&r, 0, 5000, 100);
    expect_head(&r, 0);
    expect_text(text_after_gaps(&r, 0), 0, 2000, "en n=1");
    expect_text(text_after_gaps(&r, 0), 2000, 4000, "at=2000");
    expect_text(text_after_gaps(&r, 0), 4000, 6000, "at=4000");
    while (text_next(&r, 0)->end < 5000)
        expect(&r.now[0], '-');
    assert_true(gst_harness_push_event(r.video, gst_event_new_eos()));
    expect(text_after_gaps(&r, 0), 'e');
    assert_int_equal(gst_harness_buffers_received(r.video), 50);
    assert_int_equal(figure(&r, "captions"), 3);
    assert_int_equal(figure(&r, "dropped"), 0);
    rig_close(&r);
}

/* A segment that ends says where the last stretch does. */
static void test_segment(void **state)
{
    struct rig r;
    GstSegment segment;
    rig_open(&r, "every=2000000000", 1, FALSE);
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = 500 * GST_MSECOND;
    segment.time = 500 * GST_MSECOND;
    segment.stop = 2500 * GST_MSECOND;
    assert_true(gst_harness_push_event(r.video, gst_event_new_segment(&segment)));
    push_many(&r, 400, 3000, 200);
    expect_head(&r, 0);
    expect(text_next(&r, 0), 'g');
    expect_text(text_after_gaps(&r, 0), 500, 2000, "at=500");
    expect_text(text_after_gaps(&r, 0), 2000, 2500, "at=2000");
    rig_close(&r);
}

static void test_partial_window(void **state)
{
    struct rig r;
    rig_open(&r, "mode=window window=2000000000", 1, FALSE);
    push_many(&r, 0, 3000, 100);
    assert_true(gst_harness_push_event(r.video, gst_event_new_eos()));
    expect_head(&r, 0);
    expect_text(text_after_gaps(&r, 0), 0, 2000, "n=4");
    expect_text(text_after_gaps(&r, 0), 2000, 3000, "n=2");
    expect(text_after_gaps(&r, 0), 'e');
    rig_close(&r);
}

static void test_languages(void **state)
{
    struct rig r;
    rig_open(&r, "every=1000000000", 2, FALSE);
    GstPad *pad = gst_element_get_static_pad(r.element, "text_src_1");
    g_object_set(pad, "language", "zh", NULL);
    push_many(&r, 0, 2000, 100);
    expect_head(&r, 0);
    expect_head(&r, 1);
    expect_text(text_after_gaps(&r, 0), 0, 1000, "en ");
    expect_text(text_after_gaps(&r, 1), 0, 1000, "zh ");
    expect_text(text_after_gaps(&r, 0), 1000, 2000, "en ");
    expect_text(text_after_gaps(&r, 1), 1000, 2000, "zh ");
    /* A question's answer serves both. */
    g_object_set(r.element, "prompt", "Is it <b>\"night\"</b>?", NULL);
    push_many(&r, 2000, 2100, 100);
    expect_text(text_after_gaps(&r, 0), 2000, 3000, "Is it <b>\"night\"</b>? n=1");
    expect_text(text_after_gaps(&r, 1), 2000, 3000, "Is it <b>\"night\"</b>? n=1");
    gst_object_unref(pad);
    rig_close(&r);
}

/* 10 kB, markup, and letters that are written from right to left. */
static void test_long(void **state)
{
    struct rig r;
    GString *more = g_string_new(" <i>&amp; \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7 \"quoted\" \\ ");
    while (more->len < 10240)
        g_string_append(more, "\xe7\x8c\xab and ");
    g_string_append(more, "end");
    slow_set("0", more->str);
    rig_open(&r, "", 1, FALSE);
    push_many(&r, 0, 100, 100);
    expect_head(&r, 0);
    expect(text_after_gaps(&r, 0), 't');
    assert_true(g_str_has_suffix(r.now[0].text, more->str));
    g_string_free(more, TRUE);
    rig_close(&r);
}

/* ---- video and its host ---- */

static void test_nobody(void **state)
{
    struct rig r;
    served[0] = '\0';
    rig_open(&r, "every=100000000", 1, FALSE);
    push_many(&r, 0, 3000, 100);
    assert_int_equal(gst_harness_buffers_received(r.video), 30);
    expect_head(&r, 0);
    while (text_next(&r, 0)->end < 3000) /* so a sink has prerolled */
        expect(&r.now[0], '-');
    GstMessage *warning = rig_message(&r, GST_MESSAGE_WARNING, NULL, 1);
    const GstStructure *details;
    assert_non_null(warning);
    gst_message_parse_warning_details(warning, &details);
    assert_true(gst_structure_has_name(details, "m6caption/disconnected"));
    gst_message_unref(warning);
    assert_null(rig_message(&r, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR, NULL, 0));
    assert_int_equal(figure(&r, "captions"), 0);
    assert_int_equal(figure(&r, "dropped"), 30);
    gst_harness_push_event(r.video, gst_event_new_eos());
    expect(text_after_gaps(&r, 0), 'e');
    rig_close(&r);
}

static void test_refused(void **state)
{
    struct rig r;
    slow_set("refuse", "");
    rig_open(&r, "every=100000000", 1, FALSE);
    push_many(&r, 0, 1000, 100);
    GstMessage *warning = rig_message(&r, GST_MESSAGE_WARNING, NULL, 1);
    assert_non_null(warning);
    gst_message_unref(warning);
    assert_null(rig_message(&r, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR, NULL, 0));
    gst_harness_push_event(r.video, gst_event_new_eos());
    expect_head(&r, 0);
    expect(text_after_gaps(&r, 0), 'e');
    rig_close(&r);
}

static gpointer restart(gpointer place)
{
    g_usleep(300000);
    slow_serve();
    return NULL;
}

/* Not live, what a host took with it is asked again of the next; nothing is missing, and nothing comes twice. */
static void test_restart(void **state)
{
    struct rig r;
    char place[108], folder[108];
    slow_set("hold", "");
    rig_open(&r, "every=1000000000 max-in-flight=2", 1, FALSE);
    push_many(&r, 0, 2000, 100);
    for (int tries = 0; tries < 5000 && gst_harness_buffers_received(r.video) < 20; tries++)
        g_usleep(1000);
    g_usleep(200000);
    snprintf(place, sizeof place, "%s", served);
    slow_set("0", "");
    serve_end();
    GThread *other = g_thread_new("restart", restart, NULL);
    g_thread_join(other);
    snprintf(folder, sizeof folder, "%s", place);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
    assert_int_equal(symlink(served, place), 0);
    push_many(&r, 2000, 5000, 100);
    expect_head(&r, 0);
    for (int at = 0; at < 5000; at += 1000)
        expect_text(text_after_gaps(&r, 0), at, at + 1000, "en n=1");
    rig_close(&r);
    unlink(place);
    rmdir(folder);
}

/* ---- flushes and seeks ---- */

static void test_flush(void **state)
{
    struct rig r;
    GstSegment segment;
    slow_set("hold", "");
    rig_open(&r, "every=1000000000 max-in-flight=4", 1, FALSE);
    push_many(&r, 0, 3000, 100);
    expect_head(&r, 0);
    assert_true(gst_harness_push_event(r.video, gst_event_new_flush_start()));
    expect(text_after_gaps(&r, 0), '<');
    slow_set("0", "");
    assert_true(gst_harness_push_event(r.video, gst_event_new_flush_stop(TRUE)));
    expect(text_after_gaps(&r, 0), '>');
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.time = 60 * GST_SECOND;
    assert_true(gst_harness_push_event(r.video, gst_event_new_segment(&segment)));
    push_many(&r, 60000, 62000, 100);
    expect(text_after_gaps(&r, 0), 'g');
    expect_text(text_after_gaps(&r, 0), 60000, 61000, "at=60000");
    expect_text(text_after_gaps(&r, 0), 61000, 62000, "at=61000");
    rig_close(&r);
}

/* A flush frees a streaming thread that waits for room. */
static gpointer push_late(gpointer data)
{
    struct rig *r = data;
    for (int at = 0; at < 10000; at += 100)
        if (rig_push(r, at, 100) != GST_FLOW_OK)
            return GINT_TO_POINTER(1);
    return NULL;
}

static void test_flush_while_blocked(void **state)
{
    struct rig r;
    slow_set("hold", "");
    rig_open(&r, "every=100000000 max-in-flight=2", 1, FALSE);
    GThread *pusher = g_thread_new("pusher", push_late, &r);
    g_usleep(300000);
    assert_true(gst_harness_buffers_received(r.video) <= 2);
    assert_true(gst_harness_push_event(r.video, gst_event_new_flush_start()));
    assert_non_null(g_thread_join(pusher));
    slow_set("0", "");
    assert_true(gst_harness_push_event(r.video, gst_event_new_flush_stop(TRUE)));
    rig_close(&r);
}

static void test_seek(void **state)
{
    struct rig r;
    rig_open(&r, "", 1, FALSE);
    push_many(&r, 0, 100, 100);
    while (gst_harness_upstream_events_in_queue(r.video))
        gst_event_unref(gst_harness_pull_upstream_event(r.video));
    GstEvent *seek = gst_event_new_seek(1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0);
    assert_true(gst_harness_push_upstream_event(r.text[0], gst_event_ref(seek)));
    assert_true(gst_harness_push_upstream_event(r.video, gst_event_ref(seek)));
    assert_true(gst_harness_push_upstream_event(r.text[0], seek));
    assert_int_equal(gst_harness_upstream_events_in_queue(r.video), 1);
    /* The lateness of text is no concern of the video's decoder. */
    assert_true(gst_harness_push_upstream_event(r.text[0], gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 0.5, 100, 0)));
    assert_int_equal(gst_harness_upstream_events_in_queue(r.video), 1);
    assert_true(gst_harness_push_upstream_event(r.video, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 0.5, 100, 0)));
    assert_int_equal(gst_harness_upstream_events_in_queue(r.video), 2);
    rig_close(&r);
}

/* ---- what happens behind text pads ---- */

static GstPadProbeReturn refuse(GstPad *pad, GstPadProbeInfo *info, gpointer flow)
{
    if (!(info->type & GST_PAD_PROBE_TYPE_BUFFER))
        return GST_PAD_PROBE_OK;
    gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
    info->data = NULL;
    GST_PAD_PROBE_INFO_FLOW_RETURN(info) = (GstFlowReturn)GPOINTER_TO_INT(flow);
    return GST_PAD_PROBE_HANDLED;
}

static void test_text_flows(void **state)
{
    static const GstFlowReturn flows[] = {GST_FLOW_NOT_LINKED, GST_FLOW_EOS, GST_FLOW_ERROR};
    for (gsize i = 0; i < G_N_ELEMENTS(flows); i++) {
        struct rig r;
        rig_open(&r, "every=100000000", 1, FALSE);
        gst_pad_add_probe(r.text[0]->sinkpad, GST_PAD_PROBE_TYPE_BUFFER, refuse, GINT_TO_POINTER(flows[i]), NULL);
        push_many(&r, 0, 2000, 100);
        assert_int_equal(gst_harness_buffers_received(r.video), 20);
        until_figure(&r, "captions", 20);
        rig_close(&r);
    }
}

static GstPadProbeReturn hold(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    return GST_PAD_PROBE_OK;
}

/* Nobody takes the text; video goes on all the same. */
static void test_text_blocked(void **state)
{
    struct rig r;
    rig_open(&r, "every=0", 1, FALSE);
    const gulong probe = gst_pad_add_probe(r.text[0]->sinkpad, GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER, hold, NULL, NULL);
    push_many(&r, 0, 150000, 100); /* more than a pad keeps */
    assert_int_equal(gst_harness_buffers_received(r.video), 1500);
    until_figure(&r, "captions", 1500);
    gst_pad_remove_probe(r.text[0]->sinkpad, probe);
    rig_close(&r);
}

/* Pads come and go while frames do. */
static void test_pads_at_runtime(void **state)
{
    struct rig r;
    rig_open(&r, "every=1000000000", 0, FALSE);
    push_many(&r, 0, 1000, 100);
    for (int i = 0; i < 3; i++) {
        GstPad *pad = gst_element_request_pad_simple(r.element, "text_src_%u");
        assert_non_null(pad);
        push_many(&r, 1000 + 1000 * i, 2000 + 1000 * i, 100);
        gst_element_release_request_pad(r.element, pad);
        gst_object_unref(pad);
    }
    GstPad *pad = gst_element_request_pad_simple(r.element, "text_src_7");
    assert_string_equal(GST_PAD_NAME(pad), "text_src_7");
    gst_object_unref(pad);
    rig_close(&r);
}

/* ---- live ---- */

static void expect_latency(GstHarness *h, gboolean live, int least_ms)
{
    GstQuery *query = gst_query_new_latency();
    gboolean is_live;
    GstClockTime least;
    assert_true(gst_pad_peer_query(h->sinkpad, query));
    gst_query_parse_latency(query, &is_live, &least, NULL);
    assert_int_equal(is_live, live);
    assert_int_equal(least / GST_MSECOND, least_ms);
    gst_query_unref(query);
}

static void test_latency(void **state)
{
    struct rig r;
    rig_open(&r, "max-latency=300000000", 1, TRUE);
    gst_harness_set_upstream_latency(r.video, 40 * GST_MSECOND);
    expect_latency(r.text[0], TRUE, 340);
    expect_latency(r.video, TRUE, 40);
    g_object_set(r.element, "policy", 4, NULL); /* sync */
    expect_latency(r.video, TRUE, 340);
    gst_harness_set_live(r.video, FALSE);
    expect_latency(r.text[0], FALSE, 40);
    expect_latency(r.video, FALSE, 40);
    rig_close(&r);
}

/* Time goes on, and whoever waited for it is told. */
static void set_time(struct rig *r, int at_ms)
{
    GstTestClock *clock = gst_harness_get_testclock(r->video);
    gst_harness_set_time(r->video, (GstClockTime)at_ms * GST_MSECOND);
    for (GstClockID id; (id = gst_test_clock_process_next_clock_id(clock));)
        gst_clock_id_unref(id);
    gst_object_unref(clock);
}

/* On a clock of the test's own: a gap takes the place of what has not come, just in time; what comes then is re-stamped, or dropped. */
static void check_late(const char *properties, int dropped)
{
    struct rig r;
    slow_set("hold", "");
    rig_open(&r, properties, 1, TRUE);
    gst_harness_use_testclock(r.video);
    push_many(&r, 0, 100, 100);
    expect_head(&r, 0);
    text_is_quiet(&r, 0, 100);
    set_time(&r, 299);
    push_many(&r, 100, 300, 100);
    text_is_quiet(&r, 0, 100);
    assert_int_equal(r.gap_end[0] <= 0, 1);
    set_time(&r, 300);
    while (text_next(&r, 0)->end < 300)
        expect(&r.now[0], '-');
    slow_set("0", "");
    GstMessage *warning = NULL;
    if (dropped) {
        warning = rig_message(&r, GST_MESSAGE_WARNING, NULL, 1);
        text_is_quiet(&r, 0, 200);
    } else {
        expect_text(text_after_gaps(&r, 0), 300, 1000, "at=0");
        warning = rig_message(&r, GST_MESSAGE_WARNING, NULL, 1);
    }
    const GstStructure *details;
    assert_non_null(warning);
    gst_message_parse_warning_details(warning, &details);
    assert_true(gst_structure_has_name(details, "m6caption/late"));
    gst_message_unref(warning);
    /* The next one is in time. */
    set_time(&r, 1000);
    push_many(&r, 1000, 1100, 100);
    expect_text(text_after_gaps(&r, 0), 1000, 2000, "at=1000");
    rig_close(&r);
}

static void test_late(void **state)
{
    check_late("every=1000000000 max-latency=300000000 late=restamp", 0);
    check_late("every=1000000000 max-latency=300000000 late=drop", 1);
}

/* A host that says nothing: video does not wait, memory does not grow, EOS comes in time. */
static void test_live_hold(void **state)
{
    struct rig r;
    slow_set("hold", "");
    rig_open(&r, "every=100000000 max-latency=300000000 max-in-flight=3", 1, TRUE);
    gst_harness_use_testclock(r.video);
    const gint64 before = g_get_monotonic_time();
    for (int at = 0; at < 6000; at += 100) {
        set_time(&r, at);
        assert_int_equal(rig_push(&r, at, 100), GST_FLOW_OK);
    }
    assert_true(g_get_monotonic_time() - before < 5 * G_TIME_SPAN_SECOND);
    assert_int_equal(gst_harness_buffers_received(r.video), 60);
    until_figure(&r, "dropped", 57); /* the others are asked about, or wait; each is told in its turn */
    assert_true(gst_harness_push_event(r.video, gst_event_new_eos()));
    set_time(&r, 6300);
    expect_head(&r, 0);
    expect(text_after_gaps(&r, 0), 'e');
    slow_set("0", "");
    GstMessage *qos = rig_message(&r, GST_MESSAGE_QOS, NULL, 1);
    guint64 dropped;
    GstFormat format;
    assert_non_null(qos);
    gst_message_parse_qos_stats(qos, &format, NULL, &dropped);
    assert_int_equal(format, GST_FORMAT_BUFFERS);
    assert_true(dropped >= 1);
    gst_message_unref(qos);
    rig_close(&r);
}

/* ---- metadata ---- */

static const GstStructure *meta_of(GstBuffer *frame)
{
    GstCustomMeta *meta = gst_buffer_get_custom_meta(frame, "M6CaptionMeta");
    return meta ? gst_custom_meta_get_structure(meta) : NULL;
}

/* With sync each frame that is sampled carries its own caption; else what it carries lags, but never depends on the host's speed. */
static void check_meta(const char *properties, const char *delay, int lag)
{
    struct rig r;
    slow_set(delay, "");
    rig_open(&r, properties, 0, FALSE);
    push_many(&r, 0, 2000, 100);
    for (int i = 0; i < 20; i++) {
        GstBuffer *frame = gst_harness_pull(r.video);
        const GstStructure *meta = meta_of(frame);
        guint64 at, to;
        if (i < lag) {
            assert_null(meta);
        } else {
            assert_non_null(meta);
            assert_true(gst_structure_get(meta, "start", G_TYPE_UINT64, &at, "end", G_TYPE_UINT64, &to, NULL));
            assert_int_equal(at / GST_MSECOND, (i - lag) * 100);
            assert_int_equal(to / GST_MSECOND, (i - lag) * 100 + 100);
            assert_true(g_str_has_prefix(gst_structure_get_string(meta, "text"), "en n=1"));
            assert_string_equal(gst_structure_get_string(meta, "language"), "en");
            assert_true(gst_structure_has_field(meta, "model") && gst_structure_has_field(meta, "seed") && gst_structure_has_field(meta, "latency"));
        }
        gst_buffer_unref(frame);
    }
    rig_close(&r);
}

static void test_metadata(void **state)
{
    check_meta("every=100000000 policy=sync", "10", 0);
    check_meta("every=100000000 max-in-flight=2", "0", 2);
    check_meta("every=100000000 max-in-flight=2", "15", 2);
}

static void test_message_and_tags(void **state)
{
    struct rig r;
    rig_open(&r, "metadata=message+tags policy=sync seed=9", 0, FALSE);
    push_many(&r, 0, 200, 100);
    GstMessage *message = rig_message(&r, GST_MESSAGE_ELEMENT, "m6caption/caption", 1);
    assert_non_null(message);
    const GstStructure *s = gst_message_get_structure(message);
    gint64 seed;
    assert_true(g_str_has_prefix(gst_structure_get_string(s, "text"), "en n=1") && gst_structure_get_int64(s, "seed", &seed) && seed == 9);
    gst_message_unref(message);
    gboolean tagged = FALSE;
    for (GstEvent *event; (event = gst_harness_try_pull_event(r.video)); gst_event_unref(event)) {
        GstTagList *tags;
        gchar *text = NULL;
        if (GST_EVENT_TYPE(event) != GST_EVENT_TAG)
            continue;
        gst_event_parse_tag(event, &tags);
        tagged |= gst_tag_list_get_string(tags, GST_TAG_DESCRIPTION, &text) && g_str_has_prefix(text, "en n=1");
        g_free(text);
    }
    assert_true(tagged);
    GstBuffer *frame = gst_harness_pull(r.video);
    assert_null(meta_of(frame));
    gst_buffer_unref(frame);
    rig_close(&r);
}

/* ---- frames of all kinds ---- */

static void test_renegotiation(void **state)
{
    struct rig r;
    rig_open(&r, "every=100000000", 1, FALSE);
    push_many(&r, 0, 100, 100);
    gst_harness_set_src_caps_str(r.video, "video/x-raw,format=RGB,width=32,height=64,framerate=0/1,pixel-aspect-ratio=1/1");
    GstBuffer *frame = gst_buffer_new_allocate(NULL, 32 * 64 * 3, NULL);
    gst_buffer_memset(frame, 0, 200, 32 * 64 * 3);
    GST_BUFFER_PTS(frame) = 100 * GST_MSECOND;
    assert_int_equal(gst_harness_push(r.video, frame), GST_FLOW_OK);
    expect_head(&r, 0);
    expect_text(text_after_gaps(&r, 0), 0, 100, "size=64x36");
    expect_text(text_after_gaps(&r, 0), 100, 200, "rgb=200,200,200 size=32x64");
    rig_close(&r);
}

/* No frame rate, no durations, uneven steps, and a picture that stands. */
static void test_variable(void **state)
{
    static const int times[] = {0, 30, 950, 1010, 3500, 3501, 9000};
    struct rig r;
    rig_open(&r, "every=1000000000", 1, FALSE);
    gst_harness_set_src_caps_str(r.video, "video/x-raw,format=I420,width=64,height=36,framerate=0/1");
    for (gsize i = 0; i < G_N_ELEMENTS(times); i++)
        assert_int_equal(rig_push(&r, times[i], -1), GST_FLOW_OK);
    assert_true(gst_harness_push_event(r.video, gst_event_new_eos()));
    expect_head(&r, 0);
    expect_text(text_after_gaps(&r, 0), 0, 1000, "at=0");
    expect_text(text_after_gaps(&r, 0), 1010, 2000, "at=1010");
    expect_text(text_after_gaps(&r, 0), 3500, 4000, "at=3500");
    expect_text(text_after_gaps(&r, 0), 9000, 10000, "at=9000");
    expect(text_after_gaps(&r, 0), 'e');
    rig_close(&r);
}

/* A scene's text leaves when the scene has ended; the last one's at the end. */
static void test_scenes(void **state)
{
    struct rig r;
    rig_open(&r, "trigger=scene every=0", 1, FALSE);
    for (int at = 0; at < 3000; at += 50) {
        GstBuffer *frame = rig_frame(at, 50);
        gst_buffer_memset(frame, 0, at < 1000 ? 40 : at < 2200 ? 220 : 128, 64 * 36);
        assert_int_equal(gst_harness_push(r.video, frame), GST_FLOW_OK);
    }
    assert_true(gst_harness_push_event(r.video, gst_event_new_eos()));
    assert_int_equal(figure(&r, "captions"), 3); /* EOS waited for them */
    expect_head(&r, 0);
    expect_text(text_after_gaps(&r, 0), 0, 1000, "at=0");
    expect_text(text_after_gaps(&r, 0), 1000, 2200, "at=1000");
    expect_text(text_after_gaps(&r, 0), 2200, 3000, "at=2200");
    expect(text_after_gaps(&r, 0), 'e');
    rig_close(&r);
}

static void test_manual(void **state)
{
    struct rig r;
    rig_open(&r, "trigger=manual every=1000000000", 1, FALSE);
    push_many(&r, 0, 500, 100);
    g_signal_emit_by_name(r.element, "sample");
    push_many(&r, 500, 1000, 100);
    expect_head(&r, 0);
    expect_text(text_after_gaps(&r, 0), 500, 1500, "at=500");
    assert_int_equal(figure(&r, "captions"), 1);
    rig_close(&r);
}

/* Runs a whole pipeline, and gives the first caption's colour and size. */
static void caption_of(const gchar *before, unsigned rgb[3], int size[2])
{
    gchar *line = g_strdup_printf("%s ! m6caption host=%s policy=sync ! fakesink", before, served);
    GError *fault = NULL;
    GstElement *pipeline = gst_parse_launch(line, &fault);
    if (fault)
        fail_msg("%s: %s", line, fault->message);
    GstBus *bus = gst_element_get_bus(pipeline);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    int found = 0;
    for (GstMessage *m; (m = gst_bus_timed_pop_filtered(bus, 10 * GST_SECOND, GST_MESSAGE_ELEMENT | GST_MESSAGE_ANY)); gst_message_unref(m)) {
        const GstStructure *s = gst_message_get_structure(m);
        const gint type = (gint)GST_MESSAGE_TYPE(m);
        if (type == GST_MESSAGE_ELEMENT && gst_structure_has_name(s, "m6caption/caption") && !found)
            found = sscanf(strstr(gst_structure_get_string(s, "text"), "rgb="), "rgb=%u,%u,%u size=%dx%d", &rgb[0], &rgb[1], &rgb[2], &size[0], &size[1]);
        if (type == GST_MESSAGE_WARNING || type == GST_MESSAGE_ERROR)
            fail_msg("%s: a warning or error", line);
        if (type == GST_MESSAGE_EOS) {
            gst_message_unref(m);
            break;
        }
    }
    if (found != 5)
        fail_msg("%s: no caption", line);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
    g_free(line);
}

/* Each format that the pad offers shows the model the same colour. */
static void test_formats(void **state)
{
    GstElement *element = gst_element_factory_make("m6caption", NULL);
    GstPad *pad = gst_element_get_static_pad(element, "sink");
    GstCaps *caps = gst_pad_get_pad_template_caps(pad);
    const GValue *formats = gst_structure_get_value(gst_caps_get_structure(caps, 0), "format");
    assert_true(gst_value_list_get_size(formats) > 30);
    for (guint i = 0; i < gst_value_list_get_size(formats); i++) {
        const gchar *format = g_value_get_string(gst_value_list_get_value(formats, i));
        gchar *before = g_strdup_printf("videotestsrc num-buffers=1 pattern=solid-color foreground-color=0xffc83c14 ! video/x-raw,format=ARGB,width=72,height=44 "
                                        "! videoconvert ! video/x-raw,format=%s", format);
        const int grey = g_str_has_prefix(format, "GRAY");
        const int wanted[2][3] = {{200, 60, 20}, {97, 97, 97}};
        unsigned rgb[3];
        int size[2];
        caption_of(before, rgb, size);
        for (int c = 0; c < 3; c++)
            if (abs((int)rgb[c] - wanted[grey][c]) > 4)
                fail_msg("%s is seen as %u,%u,%u", format, rgb[0], rgb[1], rgb[2]);
        assert_true(size[0] == 72 && size[1] == 44);
        g_free(before);
    }
    gst_caps_unref(caps);
    gst_object_unref(pad);
    gst_object_unref(element);
}

/* Odd sizes, pixels that are not square, turned pictures, large ones, high dynamic range. */
static void test_shapes(void **state)
{
    static const struct {
        const char *before;
        int w, h;
    } shapes[] = {
        {"videotestsrc num-buffers=1 ! video/x-raw,format=I420,width=71,height=43", 71, 43},
        {"videotestsrc num-buffers=1 ! video/x-raw,format=NV12,width=72,height=40,pixel-aspect-ratio=2/1", 144, 40},
        {"videotestsrc num-buffers=1 ! video/x-raw,format=I420,width=80,height=40 ! taginject tags=\"image-orientation=rotate-90\"", 40, 80},
        {"videotestsrc num-buffers=1 ! video/x-raw,format=I420,width=1920,height=1080", 768, 432},
        {"videotestsrc num-buffers=1 ! video/x-raw,format=I420,width=64,height=48,interlace-mode=interleaved", 64, 48},
        {"videotestsrc num-buffers=1 ! video/x-raw,format=P010_10LE,width=96,height=54,colorimetry=bt2100-pq", 96, 54},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
        unsigned rgb[3];
        int size[2];
        caption_of(shapes[i].before, rgb, size);
        if (size[0] != shapes[i].w || size[1] != shapes[i].h)
            fail_msg("%s is seen at %dx%d", shapes[i].before, size[0], size[1]);
    }
}

/* ---- memory of others ---- */

static GstBufferPool *make_pool(guint most)
{
    GstBufferPool *pool = gst_buffer_pool_new();
    GstCaps *caps = gst_caps_from_string("video/x-raw,format=I420,width=64,height=36,framerate=10/1");
    GstStructure *config = gst_buffer_pool_get_config(pool);
    gst_buffer_pool_config_set_params(config, caps, 64 * 36 * 3 / 2, 2, most);
    assert_true(gst_buffer_pool_set_config(pool, config) && gst_buffer_pool_set_active(pool, TRUE));
    gst_caps_unref(caps);
    return pool;
}

/* A bounded pool gets its buffers back at once, whatever the host does; an open one is read from in place. */
static void test_fixed_pool(void **state)
{
    struct rig r;
    slow_set("hold", "");
    rig_open(&r, "every=100000000 max-in-flight=8 policy=drop-newest", 0, FALSE);
    GstBufferPool *pool = make_pool(2);
    for (int i = 0; i < 20; i++) {
        GstBuffer *frame = NULL;
        GstBufferPoolAcquireParams params = {.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT};
        assert_int_equal(gst_buffer_pool_acquire_buffer(pool, &frame, &params), GST_FLOW_OK);
        gst_buffer_memset(frame, 0, 128, 64 * 36 * 3 / 2);
        GST_BUFFER_PTS(frame) = (GstClockTime)i * 100 * GST_MSECOND;
        GST_BUFFER_DURATION(frame) = 100 * GST_MSECOND;
        assert_int_equal(gst_harness_push(r.video, frame), GST_FLOW_OK);
        gst_buffer_unref(gst_harness_pull(r.video));
    }
    slow_set("0", "");
    until_figure(&r, "captions", 8);
    gst_buffer_pool_set_active(pool, FALSE);
    gst_object_unref(pool);
    rig_close(&r);
}

static void test_allocation(void **state)
{
    struct rig r;
    rig_open(&r, "max-in-flight=5", 0, FALSE);
    gst_harness_set_propose_allocator(r.video, NULL, NULL);
    GstCaps *caps = gst_caps_from_string("video/x-raw,format=I420,width=64,height=36,framerate=10/1");
    GstQuery *query = gst_query_new_allocation(caps, TRUE);
    guint size, least, most;
    assert_true(gst_pad_peer_query(r.video->srcpad, query));
    assert_int_equal(gst_query_get_n_allocation_pools(query), 1);
    gst_query_parse_nth_allocation_pool(query, 0, NULL, &size, &least, &most);
    assert_int_equal(size, 64 * 36 * 3 / 2);
    assert_int_equal(least, 5);
    assert_int_equal(most, 0);
    gst_query_unref(query);
    gst_caps_unref(caps);
    rig_close(&r);
}

int main(int argc, char **argv)
{
#define WITH_HOST(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        WITH_HOST(test_stream),       WITH_HOST(test_segment),       WITH_HOST(test_partial_window), WITH_HOST(test_languages),
        WITH_HOST(test_long),         cmocka_unit_test(test_nobody), WITH_HOST(test_refused),        WITH_HOST(test_restart),
        WITH_HOST(test_flush),        WITH_HOST(test_flush_while_blocked), WITH_HOST(test_seek),     WITH_HOST(test_text_flows),
        WITH_HOST(test_text_blocked), WITH_HOST(test_pads_at_runtime), WITH_HOST(test_latency),      WITH_HOST(test_late),
        WITH_HOST(test_live_hold),    WITH_HOST(test_metadata),      WITH_HOST(test_message_and_tags), WITH_HOST(test_renegotiation),
        WITH_HOST(test_variable),     WITH_HOST(test_formats),      WITH_HOST(test_shapes),
        WITH_HOST(test_scenes),       WITH_HOST(test_manual),        WITH_HOST(test_fixed_pool),     WITH_HOST(test_allocation),
    };
    gst_init(&argc, &argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
