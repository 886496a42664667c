#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

int image_copy(struct image *to, const struct m6_plugin_picture *from)
{
    size_t row = (size_t)from->width * 3;
    image_finish(to);
    to->rgb = malloc(row * (size_t)from->height);
    if (!to->rgb)
        return -1;
    to->width = from->width;
    to->height = from->height;
    for (int y = 0; y < from->height; y++)
        memcpy(to->rgb + (size_t)y * row, from->rgb + (size_t)y * from->stride, row);
    return 0;
}

void image_finish(struct image *image)
{
    free(image->rgb);
    *image = (struct image){0, 0, NULL};
}

struct m6_plugin_picture image_picture(const struct image *image)
{
    return (struct m6_plugin_picture){image->width, image->height, (size_t)image->width * 3, image->rgb};
}

/* Which samples make an output sample, and how much of each. */
struct taps {
    int count; /* of each */
    int *first;
    float *weight; /* count for each output sample, adding up to 1 */
};

static double sinc(double x)
{
    const double pi = 3.14159265358979323846;
    return fabs(x) < 1e-9 ? 1 : sin(pi * x) / (pi * x);
}

/* From `length` samples starting at `offset`, `out` samples. */
static int make_taps(struct taps *t, int size, double offset, double length, int out)
{
    double step = length / out, stretch = step > 1 ? step : 1, reach = 3 * stretch;
    t->count = 2 * (int)ceil(reach) + 1;
    t->first = malloc((size_t)out * sizeof *t->first);
    t->weight = malloc((size_t)out * (size_t)t->count * sizeof *t->weight);
    if (!t->first || !t->weight)
        return -1;
    for (int i = 0; i < out; i++) {
        double centre = offset + (i + 0.5) * step - 0.5, sum = 0;
        float *w = t->weight + (size_t)i * (size_t)t->count;
        t->first[i] = (int)floor(centre) - t->count / 2;
        for (int k = 0; k < t->count; k++) {
            double x = (t->first[i] + k - centre) / stretch;
            w[k] = (float)(fabs(x) < 3 ? sinc(x) * sinc(x / 3) : 0);
            sum += w[k];
        }
        for (int k = 0; k < t->count; k++)
            w[k] = (float)(w[k] / sum);
    }
    return 0;
}

static void free_taps(struct taps *t)
{
    free(t->first);
    free(t->weight);
}

/* One output sample of one channel; `step` floats lie between samples. Held to the four samples in the middle. */
static float weigh(const struct taps *t, int i, const float *in, int size, size_t step)
{
    const float *w = t->weight + (size_t)i * (size_t)t->count;
    float sum = 0, low = INFINITY, high = -INFINITY;
    int middle = t->count / 2;
    for (int k = 0; k < t->count; k++) {
        int at = t->first[i] + k;
        float v = in[(size_t)(at < 0 ? 0 : at >= size ? size - 1 : at) * step];
        sum += w[k] * v;
        if (k >= middle - 1 && k <= middle + 2) {
            low = fminf(low, v);
            high = fmaxf(high, v);
        }
    }
    /* Scaling down, an average may lie anywhere. */
    return t->count > 7 ? sum : fminf(fmaxf(sum, low), high);
}

/* A row of the output, from rows of the middle. As weigh does it, sample by sample in the same order, but along rows, as memory lies. sums: three rows. */
static void weigh_rows(const struct taps *t, int y, const float *middle, int rows, size_t row, float *sums, uint8_t *out)
{
    const float *w = t->weight + (size_t)y * (size_t)t->count;
    float *restrict sum = sums, *restrict low = sums + row, *restrict high = sums + 2 * row;
    const int centre = t->count / 2, held = t->count <= 7;
    for (size_t x = 0; x < row; x++) {
        sum[x] = 0;
        low[x] = held ? INFINITY : -INFINITY;
        high[x] = held ? -INFINITY : INFINITY;
    }
    for (int k = 0; k < t->count; k++) {
        const int at = t->first[y] + k;
        const float *in = middle + (size_t)(at < 0 ? 0 : at >= rows ? rows - 1 : at) * row, weight = w[k];
        for (size_t x = 0; x < row; x++)
            sum[x] += weight * in[x];
        for (size_t x = 0; held && k >= centre - 1 && k <= centre + 2 && x < row; x++) {
            low[x] = in[x] < low[x] ? in[x] : low[x];
            high[x] = in[x] > high[x] ? in[x] : high[x];
        }
    }
    for (size_t x = 0; x < row; x++) {
        float v = sum[x] > low[x] ? sum[x] : low[x];
        v = v < high[x] ? v : high[x];
        v = v > 0 ? v : 0;
        out[x] = (uint8_t)((v < 255 ? v : 255) + 0.5f);
    }
}

/* Rows, then columns. sums: room for three rows of the output. */
static void resample(const struct m6_plugin_picture *from, const struct taps *across, const struct taps *down, float *row, float *middle, float *sums,
                     struct image *to)
{
    size_t out_row = (size_t)to->width * 3;
    for (int y = 0; y < from->height; y++) {
        const uint8_t *p = from->rgb + (size_t)y * from->stride;
        for (int x = 0; x < from->width * 3; x++)
            row[x] = p[x];
        for (int x = 0; x < to->width; x++)
            for (int c = 0; c < 3; c++)
                middle[(size_t)y * out_row + (size_t)x * 3 + (size_t)c] = weigh(across, x, row + c, from->width, 3);
    }
    for (int y = 0; y < to->height; y++)
        weigh_rows(down, y, middle, from->height, out_row, sums, to->rgb + (size_t)y * out_row);
}

int image_resize(const struct m6_plugin_picture *from, int width, int height, struct image *to)
{
    /* The part of the source that has the shape asked for. */
    double w = from->width, h = from->height;
    if (w * height > h * width)
        w = h * width / height;
    else
        h = w * height / width;
    struct taps across = {0, NULL, NULL}, down = {0, NULL, NULL};
    *to = (struct image){width, height, malloc((size_t)width * (size_t)height * 3)};
    float *row = malloc((size_t)from->width * 3 * sizeof *row);
    float *middle = malloc((size_t)width * 3 * (size_t)from->height * sizeof *middle);
    float *sums = malloc((size_t)width * 9 * sizeof *sums);
    int failed = !to->rgb || !row || !middle || !sums || make_taps(&across, from->width, (from->width - w) / 2, w, width) ||
                 make_taps(&down, from->height, (from->height - h) / 2, h, height);
    if (!failed)
        resample(from, &across, &down, row, middle, sums, to);
    else
        image_finish(to);
    free(row);
    free(middle);
    free(sums);
    free_taps(&across);
    free_taps(&down);
    return failed ? -1 : 0;
}
