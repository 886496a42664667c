/* Whole pipelines, played as an application would.
 *   play seeks FILE N     flushing seeks over a decoder chain, in PAUSED and PLAYING, then to the end
 *   play cycles N         from NULL to PLAYING and back
 * Prints what was seen; exit status 1 with a sentence when something is wrong. */
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    GMutex lock;
    GstSegment segment;
    GstClockTime last; /* the last caption's start, since the segment */
    GstClockTime gap;
    guint captions, gaps, wrong;
};

static int fail(const char *what)
{
    printf("%s\n", what);
    exit(1);
}

static GstPadProbeReturn on_text(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    struct seen *seen = data;
    g_mutex_lock(&seen->lock);
    if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
        const GstClockTime start = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)), length = GST_BUFFER_DURATION(GST_PAD_PROBE_INFO_BUFFER(info));
        seen->captions++;
        seen->wrong += start < seen->segment.start || start < seen->gap || (GST_CLOCK_TIME_IS_VALID(seen->last) && start <= seen->last) || !length;
        seen->last = start;
    } else {
        GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
        GstClockTime start, length;
        if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
            gst_event_copy_segment(event, &seen->segment);
            seen->last = GST_CLOCK_TIME_NONE;
            seen->gap = 0;
        } else if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
            gst_event_parse_gap(event, &start, &length);
            seen->wrong += start < seen->gap;
            seen->gap = start + length;
            seen->gaps++;
        }
    }
    g_mutex_unlock(&seen->lock);
    return GST_PAD_PROBE_OK;
}

static void await(GstElement *pipeline, GstMessageType type, const char *what)
{
    GstBus *bus = gst_element_get_bus(pipeline);
    GstMessage *m = gst_bus_timed_pop_filtered(bus, 30 * GST_SECOND, type | GST_MESSAGE_ERROR);
    if (!m || GST_MESSAGE_TYPE(m) == GST_MESSAGE_ERROR)
        fail(what);
    gst_message_unref(m);
    gst_object_unref(bus);
}

static GstElement *launch(const gchar *line)
{
    GError *fault = NULL;
    GstElement *pipeline = gst_parse_launch(line, &fault);
    if (fault)
        fail(fault->message);
    return pipeline;
}

static int seeks(const char *file, int count)
{
    static struct seen seen;
    gchar *line = g_strdup_printf("filesrc location=%s ! decodebin ! m6caption name=c every=400000000 ! fakesink name=v sync=false "
                                  "c.text_src_0 ! queue ! fakesink name=t sync=false", file);
    GstElement *pipeline = launch(line);
    GstElement *t = gst_bin_get_by_name(GST_BIN(pipeline), "t");
    GstPad *pad = gst_element_get_static_pad(t, "sink");
    GRand *random = g_rand_new_with_seed(7);
    gint64 length = 0;
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_text, &seen, NULL);
    gst_element_set_state(pipeline, GST_STATE_PAUSED);
    await(pipeline, GST_MESSAGE_ASYNC_DONE, "it does not preroll");
    gst_element_query_duration(pipeline, GST_FORMAT_TIME, &length);
    for (int i = 0; i < count; i++) {
        const gint64 to = (gint64)(g_rand_double(random) * (gdouble)length * 0.9);
        const GstSeekFlags how = GST_SEEK_FLAG_FLUSH | (i % 3 ? GST_SEEK_FLAG_ACCURATE : GST_SEEK_FLAG_KEY_UNIT);
        gst_element_set_state(pipeline, i % 2 ? GST_STATE_PLAYING : GST_STATE_PAUSED);
        if (!gst_element_seek_simple(pipeline, GST_FORMAT_TIME, how, to))
            fail("a seek is refused");
        await(pipeline, GST_MESSAGE_ASYNC_DONE, "a seek does not end");
        g_usleep((gulong)g_rand_int_range(random, 0, 60000));
    }
    gst_element_set_state(pipeline, GST_STATE_PAUSED);
    gst_element_get_state(pipeline, NULL, NULL, 10 * GST_SECOND);
    gst_element_seek_simple(pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, 0);
    await(pipeline, GST_MESSAGE_ASYNC_DONE, "the last seek does not end");
    const guint before = seen.captions;
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    await(pipeline, GST_MESSAGE_EOS, "it does not come to an end");
    printf("%u captions, %u gaps, %u wrong, %u in the last pass of %.1f s\n", seen.captions, seen.gaps, seen.wrong, seen.captions - before,
           (double)length / GST_SECOND);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pad);
    gst_object_unref(t);
    gst_object_unref(pipeline);
    g_rand_free(random);
    g_free(line);
    return seen.wrong != 0;
}

static int cycles(int count)
{
    GstElement *pipeline = launch("videotestsrc num-buffers=3 ! video/x-raw,width=64,height=36,framerate=10/1 ! m6caption name=c every=0 ! fakesink sync=false "
                                  "c.text_src_0 ! fakesink sync=false");
    for (int i = 0; i < count; i++) {
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        if (i % 10 == 0)
            await(pipeline, GST_MESSAGE_EOS, "it does not come to an end");
        else if (i % 3 == 0)
            g_usleep(1000);
        gst_element_set_state(pipeline, i % 2 ? GST_STATE_NULL : GST_STATE_READY);
        GstBus *bus = gst_element_get_bus(pipeline);
        gst_bus_set_flushing(bus, TRUE);
        gst_bus_set_flushing(bus, FALSE);
        gst_object_unref(bus);
    }
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
    printf("%d cycles\n", count);
    return 0;
}

int main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    int failed = 2;
    if (argc == 4 && !strcmp(argv[1], "seeks"))
        failed = seeks(argv[2], atoi(argv[3]));
    else if (argc == 3 && !strcmp(argv[1], "cycles"))
        failed = cycles(atoi(argv[2]));
    gst_deinit();
    return failed;
}
