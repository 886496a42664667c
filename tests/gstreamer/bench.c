/* What m6caption costs the video, beside identity in the same pipeline.
 *   bench FRAMES EVERY_MS [copy]      1080p60, live; copy: frames of a pool that has none to spare
 * Prints one line of figures each. The host is the one that M6_HOST names. */
#include <gst/video/video.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FRAMES_MAX = 100000, RATE = 60 };

struct passage {
    gint64 pts, in_ns, in_cpu, out_ns, out_cpu;
};
static struct passage ours[FRAMES_MAX], theirs[FRAMES_MAX];
static gint64 bus_ns[FRAMES_MAX];
static gint64 every_ns;
static GstBufferPool *pool;

static gint64 now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (gint64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static guint number_of(GstClockTime pts)
{
    return (guint)MIN((pts * RATE + GST_SECOND / 2) / GST_SECOND, FRAMES_MAX - 1);
}

static GstPadProbeReturn on_in(GstPad *pad, GstPadProbeInfo *info, gpointer to)
{
    struct passage *p = (struct passage *)to + number_of(GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)));
    p->pts = (gint64)GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
    p->in_ns = now(CLOCK_MONOTONIC);
    p->in_cpu = now(CLOCK_THREAD_CPUTIME_ID);
    return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn on_out(GstPad *pad, GstPadProbeInfo *info, gpointer to)
{
    struct passage *p = (struct passage *)to + number_of(GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)));
    p->out_cpu = now(CLOCK_THREAD_CPUTIME_ID);
    p->out_ns = now(CLOCK_MONOTONIC);
    return GST_PAD_PROBE_OK;
}

/* The same picture in a buffer of a bounded pool. */
static GstPadProbeReturn on_swap(GstPad *pad, GstPadProbeInfo *info, gpointer unused)
{
    GstBuffer *frame = GST_PAD_PROBE_INFO_BUFFER(info), *other = NULL;
    if (gst_buffer_pool_acquire_buffer(pool, &other, NULL) != GST_FLOW_OK)
        return GST_PAD_PROBE_OK;
    gst_buffer_copy_into(other, frame, GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
    gst_buffer_unref(frame);
    info->data = other;
    return GST_PAD_PROBE_OK;
}

static GstBusSyncReply on_message(GstBus *bus, GstMessage *m, gpointer unused)
{
    const GstStructure *s = gst_message_get_structure(m);
    guint64 start;
    if (s && gst_structure_has_name(s, "m6caption/caption") && gst_structure_get_uint64(s, "start", &start))
        bus_ns[number_of(start)] = now(CLOCK_MONOTONIC);
    return GST_BUS_PASS;
}

static int by_value(const void *a, const void *b)
{
    const gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

static void print(const char *what, gint64 *values, guint n)
{
    qsort(values, n, sizeof *values, by_value);
    if (n)
        printf("%s: median %.1f us, 99 %% %.1f us, most %.1f us, of %u\n", what, (double)values[n / 2] / 1e3, (double)values[n * 99 / 100] / 1e3,
               (double)values[n - 1] / 1e3, n);
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*d %ld", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * sysconf(_SC_PAGESIZE) / 1024;
}

static void print_memcpy(gsize size)
{
    /* One frame after the other, as a stream's frames lie: not twice the same, which would be in a cache. */
    enum { COUNT = 101, AROUND = 16 };
    gint64 took[COUNT];
    char *a = g_malloc(AROUND * size), *b = g_malloc(AROUND * size);
    memset(a, 1, AROUND * size);
    memset(b, 2, AROUND * size);
    for (gsize i = 0; i < COUNT; i++) {
        const gint64 before = now(CLOCK_THREAD_CPUTIME_ID);
        memcpy(b + i % AROUND * size, a + i % AROUND * size, size);
        took[i] = now(CLOCK_THREAD_CPUTIME_ID) - before;
    }
    print("memcpy of a frame", took, COUNT);
    g_free(a);
    g_free(b);
}

static void probe(GstElement *pipeline, const char *name, gpointer to)
{
    GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline), name);
    GstPad *sink = gst_element_get_static_pad(element, "sink"), *src = gst_element_get_static_pad(element, "src");
    gst_pad_add_probe(sink, GST_PAD_PROBE_TYPE_BUFFER, on_in, to, NULL);
    gst_pad_add_probe(src, GST_PAD_PROBE_TYPE_BUFFER, on_out, to, NULL);
    gst_object_unref(sink);
    gst_object_unref(src);
    gst_object_unref(element);
}

static void make_pool(GstElement *pipeline)
{
    GstElement *before = gst_bin_get_by_name(GST_BIN(pipeline), "before");
    GstPad *pad = gst_element_get_static_pad(before, "src");
    GstCaps *caps = gst_caps_from_string("video/x-raw,format=I420,width=1920,height=1080,framerate=60/1");
    pool = gst_video_buffer_pool_new();
    GstStructure *config = gst_buffer_pool_get_config(pool);
    gst_buffer_pool_config_set_params(config, caps, 1920 * 1080 * 3 / 2, 2, 6);
    gst_buffer_pool_set_config(pool, config);
    gst_buffer_pool_set_active(pool, TRUE);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_swap, NULL, NULL);
    gst_caps_unref(caps);
    gst_object_unref(pad);
    gst_object_unref(before);
}

static void report(guint frames)
{
    static gint64 plain[FRAMES_MAX], sampled[FRAMES_MAX], peer[FRAMES_MAX], answers[FRAMES_MAX], beyond[FRAMES_MAX];
    guint late = 0, missing = 0, plain_count = 0, sampled_count = 0, answer_count = 0, peer_count = 0, beyond_count = 0;
    gint64 cell = -1;
    for (guint i = 0; i < frames; i++) {
        const struct passage *o = &ours[i], *t = &theirs[i];
        if (!o->out_ns) {
            missing += o->in_ns != 0;
            continue;
        }
        if (t->out_ns) {
            const gint64 more = (o->out_ns - o->in_ns) - (t->out_ns - t->in_ns);
            beyond[beyond_count++] = more;
            late += more > GST_MSECOND;
            peer[peer_count++] = t->out_cpu - t->in_cpu;
        }
        if (o->pts / every_ns != cell)
            sampled[sampled_count++] = o->out_cpu - o->in_cpu;
        else
            plain[plain_count++] = o->out_cpu - o->in_cpu;
        cell = o->pts / every_ns;
        if (bus_ns[i])
            answers[answer_count++] = bus_ns[i] - o->in_ns;
    }
    printf("%u frames: %u delayed by more than 1 ms beyond identity, %u dropped\n", frames, late, missing);
    print("wall clock in the element beyond identity", beyond, beyond_count);
    print("CPU, identity", peer, peer_count);
    print("CPU, a frame not sampled", plain, plain_count);
    print("CPU, a sampled frame", sampled, sampled_count);
    print("frame to caption on the bus", answers, answer_count);
}

int main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    if (argc < 3 || atoi(argv[1]) < 1 || atoi(argv[2]) < 1)
        return fprintf(stderr, "usage: bench FRAMES EVERY_MS [copy]\n"), 2;
    const guint frames = MIN((guint)atoi(argv[1]), FRAMES_MAX);
    every_ns = (gint64)atoi(argv[2]) * 1000000;
    gchar *line = g_strdup_printf("videotestsrc is-live=true pattern=black num-buffers=%u ! video/x-raw,format=I420,width=1920,height=1080,framerate=%d/1 ! tee name=t "
                                  "t. ! queue ! identity name=i ! fakesink sync=false t. ! queue ! identity name=before ! m6caption name=c every=%" G_GINT64_FORMAT
                                  " ! fakesink sync=false c.text_src_0 ! fakesink sync=false",
                                  frames, RATE, every_ns);
    GstElement *pipeline = gst_parse_launch(line, NULL);
    GstBus *bus = gst_element_get_bus(pipeline);
    gst_bus_set_sync_handler(bus, on_message, NULL, NULL);
    probe(pipeline, "i", theirs);
    probe(pipeline, "c", ours);
    if (argc > 3)
        make_pool(pipeline);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    long early = 0;
    for (int over = 0; !over;) {
        GstMessage *m = gst_bus_timed_pop(bus, 5 * GST_SECOND);
        over = m && (GST_MESSAGE_TYPE(m) == GST_MESSAGE_EOS || GST_MESSAGE_TYPE(m) == GST_MESSAGE_ERROR);
        if (!early && ours[MIN(frames / 4, FRAMES_MAX - 1)].out_ns)
            early = resident_kib();
        if (m)
            gst_message_unref(m);
    }
    report(frames);
    print_memcpy(1920 * 1080 * 3 / 2);
    printf("resident memory: %ld KiB after a quarter, %ld KiB at the end\n", early, resident_kib());
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
    g_free(line);
    return 0;
}
