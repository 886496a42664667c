#include "animatic/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

enum { LOBES = 3 };

/* Which samples make one output sample, and how much each. */
struct taps {
    int first, count;
    float *weight;
};

static double lanczos(double x)
{
    if (fabs(x) < 1e-9)
        return 1;
    if (fabs(x) >= LOBES)
        return 0;
    return LOBES * sin(PI * x) * sin(PI * x / LOBES) / (PI * PI * x * x);
}

static void free_taps(struct taps *t, int n)
{
    for (int i = 0; t && i < n; i++)
        free(t[i].weight);
    free(t);
}

static struct taps *make_taps(int from, int to)
{
    const double scale = (double)from / to, stretch = fmax(scale, 1);
    struct taps *t = calloc((size_t)to, sizeof *t);
    for (int i = 0; t && i < to; i++) {
        const double centre = (i + 0.5) * scale - 0.5;
        int first = (int)ceil(centre - LOBES * stretch),
            last = (int)floor(centre + LOBES * stretch);
        first = first < 0 ? 0 : first;
        last = last >= from ? from - 1 : last;
        t[i].first = first;
        t[i].count = last - first + 1;
        t[i].weight = malloc((size_t)t[i].count * sizeof(float));
        if (!t[i].weight) {
            free_taps(t, to);
            return NULL;
        }
        double sum = 0;
        for (int k = 0; k < t[i].count; k++)
            sum += lanczos((first + k - centre) / stretch);
        for (int k = 0; k < t[i].count; k++)
            t[i].weight[k] = (float)(lanczos((first + k - centre) / stretch) / sum);
    }
    return t;
}

/* Enlarging, no sample may leave the range of its two neighbours: flat drawings would get halos. */
static float limited(float v, float a, float b)
{
    const float low = a < b ? a : b, high = a < b ? b : a;
    return v < low ? low : v > high ? high : v;
}

static void across(const uint8_t *row, const struct taps *taps, int from, int to, float *out)
{
    for (int x = 0; x < to; x++) {
        const struct taps *t = &taps[x];
        float sum[3] = {0};
        for (int k = 0; k < t->count; k++) {
            for (int c = 0; c < 3; c++)
                sum[c] += t->weight[k] * (float)row[3 * (t->first + k) + c];
        }
        if (from < to) {
            const double centre = (x + 0.5) * from / to - 0.5;
            const int a = centre < 0 ? 0 : (int)centre, b = a + 1 < from ? a + 1 : a;
            for (int c = 0; c < 3; c++)
                sum[c] = limited(sum[c], row[3 * a + c], row[3 * b + c]);
        }
        memcpy(out + 3 * x, sum, sizeof sum);
    }
}

static void down(const float *rows, const struct taps *t, int y, int from, int to, int width,
                 uint8_t *out)
{
    const double centre = (y + 0.5) * from / to - 0.5;
    const int a = centre < 0 ? 0 : (int)centre, b = a + 1 < from ? a + 1 : a;
    const size_t n = (size_t)width * 3;
    for (size_t i = 0; i < n; i++) {
        float sum = 0;
        for (int k = 0; k < t->count; k++)
            sum += t->weight[k] * rows[(size_t)(t->first + k) * n + i];
        if (from < to)
            sum = limited(sum, rows[(size_t)a * n + i], rows[(size_t)b * n + i]);
        out[i] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : lrintf(sum));
    }
}

int resample(const struct m6_plugin_picture *from, struct raster *to, int width, int height)
{
    struct taps *h = make_taps(from->width, width), *v = make_taps(from->height, height);
    float *rows = malloc((size_t)from->height * (size_t)width * 3 * sizeof *rows);
    *to = (struct raster){width, height, malloc((size_t)width * (size_t)height * 3)};
    const int ok = h && v && rows && to->rgb;
    for (int y = 0; ok && y < from->height; y++)
        across(from->rgb + (size_t)y * from->stride, h, from->width, width,
               rows + (size_t)y * (size_t)width * 3);
    for (int y = 0; ok && y < height; y++)
        down(rows, &v[y], y, from->height, height, width, to->rgb + (size_t)y * (size_t)width * 3);
    free_taps(h, width);
    free_taps(v, height);
    free(rows);
    if (!ok)
        raster_finish(to);
    return ok ? 0 : -1;
}

void raster_finish(struct raster *r)
{
    free(r->rgb);
    memset(r, 0, sizeof *r);
}

/* A place along a side in 1/256 of a sample, kept where both neighbours exist. */
static int place(double at, int side)
{
    const double limit = (side - 1) * 256.0;
    const double p = at * 256.0;
    return (int)lrint(p < 0 ? 0 : p > limit ? limit : p);
}

static void sample_row(const uint8_t *row, int side, double left, double step, int w, uint16_t *out)
{
    for (int x = 0; x < w; x++) {
        const int at = place(left + (x + 0.5) * step - 0.5, side), f = at & 255;
        const uint8_t *a = row + 3 * (at >> 8), *b = f ? a + 3 : a;
        for (int c = 0; c < 3; c++)
            out[3 * x + c] = (uint16_t)(a[c] * (256 - f) + b[c] * f);
    }
}

void sample_window(const struct raster *from, double left, double top, double width, double height,
                   struct raster *to, int x, int y, int w, int h, uint16_t *scratch)
{
    uint16_t *rows[2] = {scratch, scratch + 3 * w};
    int have[2] = {-1, -1};
    const size_t n = (size_t)w * 3;
    for (int i = 0; i < h; i++) {
        const int at = place(top + (i + 0.5) * height / h - 0.5, from->height);
        const int wanted[2] = {at >> 8, (at & 255) ? (at >> 8) + 1 : at >> 8};
        const uint16_t *line[2];
        /* A source row always has the same one of two slots, so that the row above is mostly there
         * already. */
        for (int k = 0; k < 2; k++) {
            const int slot = wanted[k] & 1;
            if (have[slot] != wanted[k])
                sample_row(from->rgb + (size_t)wanted[k] * (size_t)from->width * 3, from->width,
                           left, width / w, w, rows[slot]);
            have[slot] = wanted[k];
            line[k] = rows[slot];
        }
        const uint32_t f = (uint32_t)at & 255;
        uint8_t *out = to->rgb + ((size_t)(y + i) * (size_t)to->width + (size_t)x) * 3;
        for (size_t k = 0; k < n; k++)
            out[k] = (uint8_t)((line[0][k] * (256 - f) + line[1][k] * f + 32768) >> 16);
    }
}
