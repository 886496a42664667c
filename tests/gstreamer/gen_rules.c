/* m6gen and m6gensrc, rule by rule, with a host that gen.sh has started; its process is the argument where it is stopped or killed.
 *     gen_rules frames | caption | formats | seeks | cycles | absent
 *     gen_rules live PID | flush PID | killed PID */
#include <gst/app/gstappsink.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define check(condition)                                                                                                                                   \
    do {                                                                                                                                                   \
        if (!(condition)) {                                                                                                                                \
            g_printerr("gen_rules: line %d: not so: %s\n", __LINE__, #condition);                                                                           \
            exit(1);                                                                                                                                       \
        }                                                                                                                                                  \
    } while (0)

enum { W = 320, H = 180 };
#define CAPS "video/x-raw,format=RGB,width=320,height=180,framerate=25/1"

static GstBuffer *frame_at(guint n, guint8 fill)
{
    GstBuffer *b = gst_buffer_new_allocate(NULL, W * H * 3, NULL);
    gst_buffer_memset(b, 0, fill, W * H * 3);
    GST_BUFFER_PTS(b) = n * GST_SECOND / 25;
    GST_BUFFER_DURATION(b) = GST_SECOND / 25;
    GST_BUFFER_OFFSET(b) = 1000 + n;
    return b;
}

/* A harness says that it is live. */
static GstHarness *harness(const char *line)
{
    GstHarness *h = gst_harness_new_parse(line);
    gst_harness_set_src_caps_str(h, CAPS);
    return h;
}

static GstBuffer *through(GstHarness *h, GstBuffer *b)
{
    GstBuffer *out = gst_harness_push_and_pull(h, b);
    check(out);
    return out;
}

static const GstStructure *meta_of(GstBuffer *b)
{
    GstCustomMeta *m = gst_buffer_get_custom_meta(b, "M6PictureMeta");
    return m ? gst_custom_meta_get_structure(m) : NULL;
}

static const char *prompt_of(GstBuffer *b)
{
    const GstStructure *s = meta_of(b);
    return s ? gst_structure_get_string(s, "prompt") : NULL;
}

static guint64 seed_of(GstBuffer *b)
{
    guint64 seed = G_MAXUINT64;
    const GstStructure *s = meta_of(b);
    check(s && gst_structure_get_uint64(s, "seed", &seed));
    return seed;
}

static GstElement *element_of(GstHarness *h)
{
    return gst_harness_find_element(h, "m6gen");
}

/* ---- frames ---- */

static void frames(int unused)
{
    GstHarness *h = harness("m6gen live=no prompt=\"a red cat\" seed=5");
    GstElement *gen = element_of(h);
    GstBuffer *a = through(h, frame_at(0, 1)), *b = through(h, frame_at(1, 2)), *c;
    /* A picture that hides the frame goes out by reference, with each frame's own times. */
    check(gst_buffer_peek_memory(a, 0) == gst_buffer_peek_memory(b, 0));
    check(GST_BUFFER_PTS(b) == GST_SECOND / 25 && GST_BUFFER_DURATION(b) == GST_SECOND / 25);
    check(!strcmp(prompt_of(a), "a red cat") && seed_of(a) == 5);
    /* Downstream may write to what it gets without harm to others. */
    GstMapInfo map;
    guint8 before;
    gst_buffer_extract(a, 0, &before, 1);
    b = gst_buffer_make_writable(b);
    check(gst_buffer_map(b, &map, GST_MAP_WRITE));
    map.data[0] = (guint8)~before;
    gst_buffer_unmap(b, &map);
    gst_buffer_unref(b);
    b = through(h, frame_at(2, 3));
    check(!gst_buffer_memcmp(b, 0, &before, 1));
    gst_buffer_unref(b);
    /* Another prompt while playing, and another seed. */
    g_object_set(gen, "prompt", "a blue bus", NULL);
    c = through(h, frame_at(3, 4));
    check(!strcmp(prompt_of(c), "a blue bus") && gst_buffer_peek_memory(c, 0) != gst_buffer_peek_memory(a, 0));
    gst_buffer_unref(c);
    g_object_set(gen, "prompt", "a red cat", "seed", G_GUINT64_CONSTANT(18446744073709551615), NULL);
    c = through(h, frame_at(4, 4));
    check(seed_of(c) == G_MAXUINT64);
    gst_buffer_unref(c);
    gst_buffer_unref(a);
    /* What cannot be used is told, and changes nothing. */
    GstBus *bus = gst_bus_new();
    gst_element_set_bus(gen, bus);
    g_object_set(gen, "x", "(W-", NULL);
    gst_buffer_unref(through(h, frame_at(5, 4)));
    GstMessage *m = gst_bus_timed_pop_filtered(bus, 0, GST_MESSAGE_WARNING);
    check(m);
    gst_message_unref(m);
    /* A writable frame is changed in place; opacity 0 leaves it alone. */
    g_object_set(gen, "x", "10", "width", "100", "mode", 1, "seed", (guint64)5, NULL);
    a = frame_at(6, 9);
    b = through(h, a);
    check(a == b);
    static guint8 row[W * 3], plain[W * 3], zeros[66];
    memset(plain, 9, sizeof plain);
    gst_buffer_extract(b, 0, row, sizeof row);
    check(!memcmp(row, plain, 30) && memcmp(row + 30, plain, 300) && !memcmp(row + 330, plain, sizeof row - 330));
    check(GST_BUFFER_OFFSET(b) == 1006);
    gst_buffer_unref(b);
    g_object_set(gen, "opacity", 0.0, NULL);
    b = through(h, frame_at(7, 9));
    gst_buffer_extract(b, 0, row, sizeof row);
    check(!memcmp(row, plain, sizeof row));
    gst_buffer_unref(b);
    /* A frame that others hold is copied, not changed. */
    g_object_set(gen, "opacity", 1.0, NULL);
    a = gst_buffer_ref(frame_at(8, 9));
    b = through(h, a);
    gst_buffer_extract(a, 0, row, sizeof row);
    check(a != b && !memcmp(row, plain, sizeof row));
    gst_buffer_unref(a);
    gst_buffer_unref(b);
    /* Another size and format in mid-stream: the picture is that of the new size. */
    g_object_set(gen, "mode", 0, NULL);
    gst_harness_set_src_caps_str(h, "video/x-raw,format=I420,width=66,height=50,framerate=25/1");
    for (guint n = 9; n < 11; n++) {
        GstVideoInfo info;
        gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, 66, 50);
        a = gst_buffer_new_allocate(NULL, info.size, NULL);
        gst_buffer_memset(a, 0, 0, info.size);
        GST_BUFFER_PTS(a) = n * GST_SECOND / 25;
        b = through(h, a);
        check(gst_buffer_get_size(b) == info.size && !strcmp(prompt_of(b), "a red cat") && gst_buffer_memcmp(b, 0, zeros, 66));
        gst_buffer_unref(b);
    }
    guint64 pictures = 0, latency = 0;
    gboolean connected = FALSE;
    g_object_get(gen, "pictures", &pictures, "last-latency", &latency, "connected", &connected, NULL);
    check(pictures >= 4 && latency > 0 && connected);
    gst_element_set_bus(gen, NULL);
    gst_object_unref(bus);
    gst_object_unref(gen);
    gst_harness_teardown(h);
}

static void caption(int unused)
{
    static const gchar *tags[] = {NULL};
    GstHarness *h = harness("m6gen live=no prompt=\"a red cat\" prompt-from=caption");
    if (!gst_meta_get_info("M6CaptionMeta"))
        gst_meta_register_custom("M6CaptionMeta", tags, NULL, NULL, NULL);
    GstBuffer *b = through(h, frame_at(0, 1));
    check(!strcmp(prompt_of(b), "a red cat"));
    gst_buffer_unref(b);
    b = frame_at(1, 1);
    GstCustomMeta *m = gst_buffer_add_custom_meta(b, "M6CaptionMeta");
    gst_structure_set(gst_custom_meta_get_structure(m), "text", G_TYPE_STRING, "A blue bus in the snow.", NULL);
    b = through(h, b);
    check(!strcmp(prompt_of(b), "A blue bus in the snow."));
    check(gst_buffer_get_custom_meta(b, "M6CaptionMeta")); /* it goes on, also with a frame that is hidden */
    gst_buffer_unref(b);
    b = through(h, frame_at(2, 1));
    check(!strcmp(prompt_of(b), "A blue bus in the snow."));
    gst_buffer_unref(b);
    gst_harness_teardown(h);
    /* Until something is said there is no prompt, and nothing is wrong. */
    h = harness("m6gen live=no prompt-from=caption on-error=fail");
    b = through(h, frame_at(0, 1));
    check(!meta_of(b));
    gst_buffer_unref(b);
    gst_harness_teardown(h);
}

/* ---- every format ---- */

static GstBuffer *pull(const char *line)
{
    GError *error = NULL;
    GstElement *pipeline = gst_parse_launch(line, &error);
    check(pipeline && !error);
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "out");
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstSample *sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 120 * GST_SECOND);
    if (!sample)
        g_printerr("gen_rules: %s\n", line);
    check(sample);
    GstBuffer *b = gst_buffer_ref(gst_sample_get_buffer(sample));
    gst_sample_unref(sample);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    return b;
}

static double psnr(GstBuffer *a, GstBuffer *b, gboolean grey)
{
    GstMapInfo x, y;
    double sum = 0;
    check(gst_buffer_map(a, &x, GST_MAP_READ) && gst_buffer_map(b, &y, GST_MAP_READ) && x.size == y.size);
    for (gsize i = 0; i + 2 < x.size; i += 3) {
        if (grey) {
            const double d = 0.299 * (x.data[i] - y.data[i]) + 0.587 * (x.data[i + 1] - y.data[i + 1]) + 0.114 * (x.data[i + 2] - y.data[i + 2]);
            sum += 3 * d * d;
        } else {
            for (gsize c = 0; c < 3; c++)
                sum += (x.data[i + c] - y.data[i + c]) * (x.data[i + c] - y.data[i + c]);
        }
    }
    const double mean = sum / (double)x.size;
    gst_buffer_unmap(a, &x);
    gst_buffer_unmap(b, &y);
    return mean > 0 ? 10 * log10(255.0 * 255 / mean) : 99;
}

/* What each format shows, as GStreamer's own converter sees it, is the picture. */
static void formats(int unused)
{
    GstElement *keeper = gst_parse_launch("m6gensrc prompt=\"a red cat\" ! " CAPS " ! fakesink", NULL);
    gst_element_set_state(keeper, GST_STATE_PAUSED);
    check(gst_element_get_state(keeper, NULL, NULL, 120 * GST_SECOND) == GST_STATE_CHANGE_SUCCESS);
    GstBuffer *wanted = pull("m6gensrc prompt=\"a red cat\" num-buffers=1 ! " CAPS " ! appsink name=out");
    GstElementFactory *factory = gst_element_factory_find("m6gen");
    const GstStaticPadTemplate *pad = g_list_nth_data((GList *)gst_element_factory_get_static_pad_templates(factory), 0);
    GstCaps *caps = gst_static_caps_get((GstStaticCaps *)&pad->static_caps);
    const GValue *list = gst_structure_get_value(gst_caps_get_structure(caps, 0), "format");
    const guint count = gst_value_list_get_size(list);
    check(count >= 40);
    for (guint i = 0; i < count; i++) {
        const char *name = g_value_get_string(gst_value_list_get_value(list, i));
        for (int filter = 0; filter < 2; filter++) {
            gchar *line = filter ? g_strdup_printf("videotestsrc num-buffers=1 ! video/x-raw,format=%s,width=320,height=180,framerate=25/1,colorimetry=%s ! "
                                                   "m6gen prompt=\"a red cat\" ! videoconvert ! video/x-raw,format=RGB ! appsink name=out",
                                                   name, g_str_has_prefix(name, "GRAY") ? "bt601" : strstr(name, "RGB") || strstr(name, "BGR") || strstr(name, "GBR") ? "sRGB" : "bt709")
                                 : g_strdup_printf("m6gensrc prompt=\"a red cat\" num-buffers=1 ! video/x-raw,format=%s,width=320,height=180,framerate=25/1 ! videoconvert ! "
                                                   "video/x-raw,format=RGB ! appsink name=out",
                                                   name);
            GstBuffer *b = pull(line);
            const gboolean grey = g_str_has_prefix(name, "GRAY");
            const double db = psnr(b, wanted, grey);
            if (db < (grey ? 30 : strstr(name, "41B") || strstr(name, "U9") || strstr(name, "V9") ? 22 : 26)) {
                g_printerr("gen_rules: %s: %.1f dB of the picture\n", name, db);
                exit(1);
            }
            gst_buffer_unref(b);
            g_free(line);
        }
    }
    gst_buffer_unref(wanted);
    gst_caps_unref(caps);
    gst_object_unref(factory);
    gst_element_set_state(keeper, GST_STATE_NULL);
    gst_object_unref(keeper);
}

/* ---- the source ---- */

static void expect_frame(GstElement *sink, GstClockTime pts, guint64 seed)
{
    GstSample *sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 120 * GST_SECOND);
    check(sample);
    GstBuffer *b = gst_sample_get_buffer(sample);
    if (GST_BUFFER_PTS(b) != pts || seed_of(b) != seed) {
        g_printerr("gen_rules: a frame at %" GST_TIME_FORMAT " of seed %" G_GUINT64_FORMAT ", not at %" GST_TIME_FORMAT " of %" G_GUINT64_FORMAT "\n",
                   GST_TIME_ARGS(GST_BUFFER_PTS(b)), seed_of(b), GST_TIME_ARGS(pts), seed);
        exit(1);
    }
    gst_sample_unref(sample);
}

static void expect_end(GstElement *sink)
{
    check(!gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 60 * GST_SECOND) && gst_app_sink_is_eos(GST_APP_SINK(sink)));
}

static void seeks(int unused)
{
    GstElement *pipeline =
        gst_parse_launch("m6gensrc name=src prompt=\"a red cat\" seed=20 every=1000000000 ! video/x-raw,format=I420,width=64,height=36,framerate=5/2 ! appsink name=out sync=false", NULL);
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "out");
    const GstSeekFlags flags = GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE;
    gst_element_set_state(pipeline, GST_STATE_PAUSED);
    check(gst_element_get_state(pipeline, NULL, NULL, 120 * GST_SECOND) == GST_STATE_CHANGE_SUCCESS);
    /* Out of order, and the same wherever it comes from. */
    check(gst_element_seek(pipeline, 1, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET, 2 * GST_SECOND, GST_SEEK_TYPE_SET, 3200 * GST_MSECOND));
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    for (guint n = 5; n < 8; n++)
        expect_frame(sink, n * 400 * GST_MSECOND, 20 + n * 400 / 1000);
    expect_end(sink);
    check(gst_element_seek(pipeline, 1, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_SET, 700 * GST_MSECOND));
    expect_frame(sink, 0, 20);
    expect_frame(sink, 400 * GST_MSECOND, 20);
    expect_end(sink);
    check(gst_element_seek(pipeline, -1, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET, 800 * GST_MSECOND, GST_SEEK_TYPE_SET, 2 * GST_SECOND));
    expect_frame(sink, 1600 * GST_MSECOND, 21);
    expect_frame(sink, 1200 * GST_MSECOND, 21);
    expect_frame(sink, 800 * GST_MSECOND, 20);
    expect_end(sink);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    /* So many frames, and a still. */
    pipeline = gst_parse_launch("m6gensrc prompt=\"a red cat\" num-buffers=2 ! video/x-raw,width=64,height=36,framerate=1/1 ! appsink name=out sync=false", NULL);
    sink = gst_bin_get_by_name(GST_BIN(pipeline), "out");
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    expect_frame(sink, 0, 0);
    expect_frame(sink, GST_SECOND, 0);
    expect_end(sink);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    pipeline = gst_parse_launch("m6gensrc prompt=\"a red cat\" ! video/x-raw,width=64,height=36,framerate=0/1 ! appsink name=out sync=false", NULL);
    sink = gst_bin_get_by_name(GST_BIN(pipeline), "out");
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    expect_frame(sink, 0, 0);
    expect_end(sink);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
}

/* ---- hosts that are slow, stopped, killed or absent ---- */

static void live(int pid)
{
    GstHarness *h = harness("m6gen live=yes prompt=\"a red cat\"");
    kill(pid, SIGSTOP);
    gint64 longest = 0;
    for (guint n = 0; n < 200; n++) {
        const gint64 before = g_get_monotonic_time();
        GstBuffer *b = through(h, frame_at(n, 7));
        const gint64 took = g_get_monotonic_time() - before;
        longest = took > longest ? took : longest;
        check(!meta_of(b));
        gst_buffer_unref(b);
    }
    /* A live source gives frames by the clock, black ones if need be. */
    GstElement *pipeline = gst_parse_launch("m6gensrc prompt=\"another cat\" is-live=true num-buffers=10 ! video/x-raw,format=RGB,width=64,height=36,framerate=25/1 ! appsink name=out", NULL);
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "out");
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstClockTime first = 0; /* the running time at which it began */
    for (guint n = 0; n < 10; n++) {
        GstSample *sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 10 * GST_SECOND);
        check(sample);
        first = n ? first : GST_BUFFER_PTS(gst_sample_get_buffer(sample));
        check(GST_BUFFER_PTS(gst_sample_get_buffer(sample)) == first + n * GST_SECOND / 25);
        check(!gst_buffer_memcmp(gst_sample_get_buffer(sample), 0, "\0\0\0\0\0\0", 6) && !meta_of(gst_sample_get_buffer(sample)));
        gst_sample_unref(sample);
    }
    expect_end(sink);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    kill(pid, SIGCONT);
    check(longest < 200000); /* the machine's own hiccups */
    gboolean shown = FALSE;
    for (guint n = 200; n < 20000 && !shown; n++) {
        GstBuffer *b = through(h, frame_at(n, 7));
        shown = meta_of(b) != NULL;
        gst_buffer_unref(b);
        g_usleep(5000);
    }
    check(shown);
    /* The one before shows until the next is there. */
    GstElement *gen = element_of(h);
    g_object_set(gen, "prompt", "a blue bus", NULL);
    GstBuffer *b = through(h, frame_at(20001, 7));
    check(!strcmp(prompt_of(b), "a red cat"));
    gst_buffer_unref(b);
    gst_object_unref(gen);
    gst_harness_teardown(h);
}

static gpointer flush_soon(gpointer h)
{
    g_usleep(200000);
    gst_harness_push_event(h, gst_event_new_flush_start());
    return NULL;
}

static void flush(int pid)
{
    GstHarness *h = harness("m6gen live=no prompt=\"a red cat\"");
    kill(pid, SIGSTOP);
    GThread *thread = g_thread_new("flush", flush_soon, h);
    const GstFlowReturn flow = gst_harness_push(h, frame_at(0, 1));
    g_thread_join(thread);
    check(flow == GST_FLOW_FLUSHING);
    gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
    kill(pid, SIGCONT);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    GstBuffer *b = through(h, frame_at(1, 1));
    check(meta_of(b));
    gst_buffer_unref(b);
    gst_harness_teardown(h);
    /* Ending while it waits takes no longer. */
    kill(pid, SIGSTOP);
    GstElement *pipeline = gst_parse_launch("m6gensrc prompt=\"a new cat\" ! video/x-raw,width=64,height=36 ! fakesink", NULL);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_usleep(200000);
    const gint64 before = g_get_monotonic_time();
    gst_element_set_state(pipeline, GST_STATE_NULL);
    check(g_get_monotonic_time() - before < 2 * G_USEC_PER_SEC);
    kill(pid, SIGCONT);
    gst_object_unref(pipeline);
}

static void killed(int pid)
{
    GstHarness *h = harness("m6gen live=yes prompt=\"a red cat\"");
    GstElement *gen = element_of(h);
    GstBus *bus = gst_bus_new();
    gst_element_set_bus(gen, bus);
    guint n = 0, warnings = 0;
    gboolean again = FALSE;
    for (const char *wanted = "a red cat"; n < 20000 && !again; n++) {
        GstBuffer *b = through(h, frame_at(n, 7));
        const char *prompt = prompt_of(b);
        if (prompt && !strcmp(prompt, wanted)) {
            again = pid == 0;
            if (pid)
                kill(pid, SIGKILL);
            pid = 0;
            wanted = "a blue bus";
            g_object_set(gen, "prompt", wanted, NULL); /* for the host that libm6 starts */
        }
        gst_buffer_unref(b);
        g_usleep(5000);
    }
    check(again);
    for (GstMessage *m; (m = gst_bus_pop(bus));) {
        check(GST_MESSAGE_TYPE(m) != GST_MESSAGE_ERROR);
        warnings += GST_MESSAGE_TYPE(m) == GST_MESSAGE_WARNING;
        gst_message_unref(m);
    }
    check(warnings == 1);
    gst_element_set_bus(gen, NULL);
    gst_object_unref(bus);
    gst_object_unref(gen);
    gst_harness_teardown(h);
}

static void absent(int unused)
{
    GstHarness *h = harness("m6gen live=no prompt=\"a red cat\"");
    GstElement *gen = element_of(h);
    GstBus *bus = gst_bus_new();
    gst_element_set_bus(gen, bus);
    guint warnings = 0;
    for (guint n = 0; n < 100; n++) {
        GstBuffer *a = frame_at(n, 7), *b = through(h, a);
        check(a == b && !meta_of(b));
        gst_buffer_unref(b);
    }
    for (GstMessage *m; (m = gst_bus_pop(bus));) {
        check(GST_MESSAGE_TYPE(m) != GST_MESSAGE_ERROR);
        warnings += GST_MESSAGE_TYPE(m) == GST_MESSAGE_WARNING;
        gst_message_unref(m);
    }
    check(warnings == 1);
    /* A slate instead, and then an end. */
    g_object_set(gen, "on-error", 2, NULL);
    GstBuffer *a = through(h, frame_at(100, 7)), *b = through(h, frame_at(101, 7));
    check(gst_buffer_peek_memory(a, 0) == gst_buffer_peek_memory(b, 0) && gst_buffer_memcmp(a, 0, "\7\7\7\7\7\7", 6));
    gst_buffer_unref(a);
    gst_buffer_unref(b);
    g_object_set(gen, "on-error", 1, NULL);
    check(gst_harness_push(h, frame_at(102, 7)) == GST_FLOW_ERROR);
    gst_element_set_bus(gen, NULL);
    gst_object_unref(bus);
    gst_object_unref(gen);
    gst_harness_teardown(h);
}

static void cycles(int unused)
{
    GstElement *pipeline = gst_parse_launch("m6gensrc prompt=\"a red cat\" is-live=true ! video/x-raw,width=64,height=36 ! m6gen prompt=\"a blue bus\" mode=overlay ! fakesink", NULL);
    for (int i = 0; i < 1000; i++) {
        gst_element_set_state(pipeline, i % 10 ? GST_STATE_PAUSED : GST_STATE_PLAYING);
        if (i % 100 == 0)
            g_usleep(200000);
        gst_element_set_state(pipeline, i % 3 ? GST_STATE_READY : GST_STATE_NULL);
    }
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(int pid);
    } ways[] = {{"frames", frames}, {"caption", caption}, {"formats", formats}, {"seeks", seeks}, {"live", live}, {"flush", flush}, {"killed", killed}, {"absent", absent}, {"cycles", cycles}};
    gst_init(NULL, NULL);
    for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS(ways); i++) {
        if (!strcmp(ways[i].name, argv[1])) {
            ways[i].run(argc > 2 ? atoi(argv[2]) : 0);
            gst_deinit();
            return 0;
        }
    }
    g_printerr("gen_rules: see the top of gen_rules.c\n");
    return 2;
}
