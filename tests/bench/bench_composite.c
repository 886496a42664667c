/* A still laid over a 1080p frame: ours, and FFmpeg's filters doing the same, in turns in one run on one thread.
 *
 *     bench_composite [WIDTH HEIGHT]
 *
 * FFmpeg's overlay gets the still once and is given frames of its own memory, as it is in a filter graph; what is measured
 * there is one frame's way through the graph less the same way through a graph that does nothing (null). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/pixdesc.h>

#include "m6/composite.h"

enum { ROUNDS = 7, FRAMES = 12 };

/* Processor time, which other work on the machine does not lengthen as much. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void need(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_composite: %s failed\n", what);
        exit(1);
    }
}

/* One source, two ends: pictures go in, and come out changed. */
struct graph {
    AVFilterGraph *graph;
    AVFilterContext *source, *sink;
};

static struct graph graph_create(const char *middle, enum AVPixelFormat format, int w, int h)
{
    struct graph g = {avfilter_graph_alloc(), NULL, NULL};
    AVFilterInOut *in = NULL, *out = NULL;
    char text[1024];
    snprintf(text, sizeof text, "buffer@in=width=%d:height=%d:pix_fmt=%s:time_base=1/25[a];%s,format=%s,buffersink@out", w, h, av_get_pix_fmt_name(format), middle,
             av_get_pix_fmt_name(format));
    g.graph->nb_threads = 1;
    need(avfilter_graph_parse2(g.graph, text, &in, &out) >= 0 && avfilter_graph_config(g.graph, NULL) >= 0, text);
    g.source = avfilter_graph_get_filter(g.graph, "buffer@in");
    g.sink = avfilter_graph_get_filter(g.graph, "buffersink@out");
    need(g.source && g.sink, "finding ends");
    return g;
}

static AVFrame *frame_create(enum AVPixelFormat format, int w, int h)
{
    AVFrame *f = av_frame_alloc();
    f->format = format;
    f->width = w;
    f->height = h;
    need(av_frame_get_buffer(f, 0) >= 0, "av_frame_get_buffer");
    for (int i = 0; i < 4 && f->buf[i]; i++)
        for (size_t k = 0; k < (size_t)f->buf[i]->size; k++)
            f->buf[i]->data[k] = (uint8_t)(k * 7 + k / 1001);
    return f;
}

static int64_t pts;
static double graph_time(struct graph *g, AVFrame **frame)
{
    const double start = now();
    for (int i = 0; i < FRAMES; i++) {
        (*frame)->pts = pts++;
        need(av_buffersrc_add_frame(g->source, *frame) >= 0, "av_buffersrc_add_frame");
        need(av_buffersink_get_frame(g->sink, *frame) >= 0, "av_buffersink_get_frame");
    }
    return (now() - start) / FRAMES;
}

static double our_time(struct m6_composite *c, const struct m6_frame_planes *planes, double opacity)
{
    const double start = now();
    for (int i = 0; i < FRAMES; i++)
        m6_composite_apply(c, planes, opacity);
    return (now() - start) / FRAMES;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times)
{
    qsort(times, ROUNDS, sizeof *times, by_size);
    return times[ROUNDS / 2];
}

struct measure {
    const char *name, *format;
    struct m6_composite_params params;
    double opacity;
    const char *peer; /* a graph from [a] on; %dx%d is the frame's size */
};

static void measure(const struct measure *m, int w, int h)
{
    const enum AVPixelFormat format = av_get_pix_fmt(m->format);
    AVFrame *frame = frame_create(format, w, h), *theirs = frame_create(format, w, h), *idle = frame_create(format, w, h);
    struct m6_frame_planes planes;
    for (int i = 0; i < 4; i++) {
        planes.data[i] = frame->data[i];
        planes.stride[i] = frame->linesize[i];
    }
    enum { PW = 960, PH = 540 };
    uint8_t *rgb = malloc(PW * PH * 3);
    need(rgb != NULL, "malloc");
    for (int i = 0; i < PW * PH * 3; i++)
        rgb[i] = (uint8_t)(i / 7);
    const struct m6_frame_layout layout = {.format = m6_frame_format_find(m->format), .width = w, .height = h};
    const struct m6_composite_picture picture = {PW, PH, PW * 3, rgb};
    struct m6_composite *c = m6_composite_create();
    struct m6_error err;
    double prepared = now(), ours[ROUNDS], peer[ROUNDS];
    need(m6_composite_prepare(c, &layout, &m->params, &picture, &err) == M6_OK, "m6_composite_prepare");
    prepared = now() - prepared;
    char middle[512];
    snprintf(middle, sizeof middle, m->peer, w, h);
    struct graph g = graph_create(middle, format, w, h), null = graph_create("[a]null", format, w, h);
    graph_time(&g, &theirs);
    graph_time(&null, &idle);
    our_time(c, &planes, m->opacity);
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = our_time(c, &planes, m->opacity);
        peer[i] = graph_time(&g, &theirs) - graph_time(&null, &idle);
    }
    const double a = median(ours), b = median(peer);
    printf("%-34s %-12s %7.3f ms (%.3f to %.3f) %8.3f ms (%.3f to %.3f) %6.2f   once %.1f ms\n", m->name, m->format, a, ours[0], ours[ROUNDS - 1], b, peer[0],
           peer[ROUNDS - 1], a / b, prepared);
    avfilter_graph_free(&g.graph);
    avfilter_graph_free(&null.graph);
    m6_composite_destroy(c);
    av_frame_free(&frame);
    av_frame_free(&theirs);
    av_frame_free(&idle);
    free(rgb);
}

/* A still that comes once and is repeated, as overlay does with the last frame of its second input. */
#define STILL(format, over) "color=c=0x406080:s=%dx%d:r=1:d=0.04,format=" format ",trim=end_frame=1[p];[a][p]overlay=format=" over ":eof_action=repeat"
#define HALF(format, over) "color=c=0x406080@0.5:s=%dx%d:r=1:d=0.04,format=" format ",trim=end_frame=1[p];[a][p]overlay=format=" over ":eof_action=repeat"

int main(int argc, char **argv)
{
    static const struct measure measures[] = {
        {"replace", "yuv420p", {.mode = M6_COMPOSITE_REPLACE}, 1, STILL("yuv420p", "yuv420")},
        {"whole frame, opacity 1/2", "yuv420p", {.mode = M6_COMPOSITE_OVERLAY}, 0.5, HALF("yuva420p", "yuv420")},
        {"region, feather 80", "yuv420p", {.mode = M6_COMPOSITE_REGION, .feather = 80}, 1, HALF("yuva420p", "yuv420")},
        {"replace", "yuv420p10le", {.mode = M6_COMPOSITE_REPLACE}, 1, STILL("yuv420p10le", "yuv420p10")},
        {"whole frame, opacity 1/2", "yuv420p10le", {.mode = M6_COMPOSITE_OVERLAY}, 0.5, HALF("yuva420p10le", "yuv420p10")},
        {"whole frame, opacity 1/2", "bgra", {.mode = M6_COMPOSITE_OVERLAY}, 0.5, HALF("bgra", "rgb")},
        {"key (peer: chromakey and overlay)", "yuv420p", {.mode = M6_COMPOSITE_KEY, .key = {0, 200, 30}, .similarity = 0.1, .blend = 0.1}, 1,
         "[a]chromakey=0x00c81e:0.1:0.1[k];color=c=0x406080:s=%dx%d:r=25,format=yuv420p[p];[p][k]overlay"},
        {"key, spill (the same peer)", "yuv420p", {.mode = M6_COMPOSITE_KEY, .key = {0, 200, 30}, .similarity = 0.1, .blend = 0.1, .spill = 1}, 1,
         "[a]chromakey=0x00c81e:0.1:0.1[k];color=c=0x406080:s=%dx%d:r=25,format=yuv420p[p];[p][k]overlay"},
    };
    const int w = argc > 2 ? atoi(argv[1]) : 1920, h = argc > 2 ? atoi(argv[2]) : 1080;
    need(w > 0 && h > 0, "reading the size");
    printf("%dx%d, one thread, processor time, medians of %d\n%-34s %-12s %-29s %-30s ours / peer\n", w, h, ROUNDS, "", "", "ours, a frame", "FFmpeg");
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
        measure(&measures[i], w, h);
    return 0;
}
