/* 1080p frames made what a model sees, by each way that there is here: milliseconds a frame, medians, and the first frame apart.
 * usage: M6_PLACEBO=build/release/lib/m6/m6placebo.so bench_frame [FRAMES] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libavutil/frame.h>

#include "m6/frame.h"

enum { W = 384, H = 216, FRAMES_MAX = 1000 };

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static AVFrame *frame_of(int hdr)
{
    AVFrame *f = av_frame_alloc();
    if (!f)
        return NULL;
    f->format = hdr ? AV_PIX_FMT_YUV420P10 : AV_PIX_FMT_YUV420P;
    f->width = 1920;
    f->height = 1080;
    if (av_frame_get_buffer(f, 0)) {
        av_frame_free(&f);
        return NULL;
    }
    for (int p = 0; p < 3; p++)
        for (int y = 0; y < (p ? 540 : 1080); y++)
            for (int x = 0; x < f->linesize[p]; x++)
                f->data[p][(ptrdiff_t)y * f->linesize[p] + x] = (uint8_t)(hdr && x % 2 ? (x / 2 + y) & 3 : (x * 7 + y * 3 + (x * y >> 6)) & 255);
    f->colorspace = hdr ? AVCOL_SPC_BT2020_NCL : AVCOL_SPC_BT709;
    f->color_trc = hdr ? AVCOL_TRC_SMPTE2084 : AVCOL_TRC_BT709;
    f->color_primaries = hdr ? AVCOL_PRI_BT2020 : AVCOL_PRI_BT709;
    return f;
}

static int measure(const char *name, const char *vulkan, const AVFrame *f, int frames)
{
    static const struct m6_frame_turn upright;
    static uint8_t rgb[W * H * 3];
    static double wall[FRAMES_MAX], cpu[FRAMES_MAX];
    struct m6_error err = {""};
    char path[400];
    double first = 0;
    setenv("M6_VULKAN", vulkan, 1);
    struct m6_frame_converter *c = m6_frame_converter_create();
    for (int i = -1; c && i < frames; i++) {
        const double from = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
        if (m6_frame_convert(c, f, &upright, W, H, rgb, &err)) {
            fprintf(stderr, "bench_frame: %s\n", err.text);
            return -1;
        }
        if (i < 0) {
            first = now(CLOCK_MONOTONIC) - from;
            continue;
        }
        wall[i] = now(CLOCK_MONOTONIC) - from;
        cpu[i] = now(CLOCK_PROCESS_CPUTIME_ID) - used;
    }
    m6_frame_converter_path(c, path, sizeof path);
    m6_frame_converter_destroy(c);
    qsort(wall, (size_t)frames, sizeof *wall, by_value);
    qsort(cpu, (size_t)frames, sizeof *cpu, by_value);
    printf("%-28s first %7.1f ms, then %6.2f ms (least %6.2f), %6.2f ms of processors, %s\n", name, first, wall[frames / 2], wall[0], cpu[frames / 2], path);
    return 0;
}

int main(int argc, char **argv)
{
    const int given = argc > 1 ? atoi(argv[1]) : 30, frames = given < 1 ? 1 : given > FRAMES_MAX ? FRAMES_MAX : given;
    AVFrame *sdr = frame_of(0), *hdr = frame_of(1);
    if (!sdr || !hdr)
        return 1;
    int bad = measure("SDR, swscale", "none", sdr, frames);
    bad |= measure("SDR, the device", "software", sdr, frames);
    bad |= measure("HDR, swscale and tone.c", "none", hdr, frames);
    bad |= measure("HDR, the device", "software", hdr, frames);
    av_frame_free(&sdr);
    av_frame_free(&hdr);
    return bad != 0;
}
