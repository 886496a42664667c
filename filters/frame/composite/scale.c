#include "exact.h"

#include "m6/scale.h"

#include <math.h>
#include <stdlib.h>

enum {
    LOBES = 3,
    ACROSS_BITS = 20, /* of weights across; sums are kept with KEPT_BITS */
    KEPT_BITS = 7,
    DOWN_BITS = 15
};

/* Which samples make one output sample, and how much each; weights add up to 1 << bits. */
struct tap {
    int first, count;
    int near[2]; /* the samples on both sides */
    int32_t *weight;
};
struct taps {
    struct tap *tap;
    int32_t *weights;
};

static double lanczos(double x)
{
    const double pi = 3.14159265358979323846;
    if (fabs(x) < 1e-9)
        return 1;
    if (fabs(x) >= LOBES)
        return 0;
    return LOBES * sin(pi * x) * sin(pi * x / LOBES) / (pi * pi * x * x);
}

static int limit(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

static void weigh(struct tap *t, double centre, double stretch, int bits)
{
    double sum = 0;
    int32_t whole = 1 << bits, given = 0;
    int most = 0;
    for (int k = 0; k < t->count; k++)
        sum += lanczos((t->first + k - centre) / stretch);
    for (int k = 0; k < t->count; k++) {
        t->weight[k] = (int32_t)lrint(lanczos((t->first + k - centre) / stretch) / sum * whole);
        given += t->weight[k];
        if (t->weight[k] > t->weight[most])
            most = k;
    }
    t->weight[most] += whole - given;
}

static void taps_finish(struct taps *t)
{
    free(t->tap);
    free(t->weights);
}

/* For the output samples [x, x + n) of `to`, made of `length` samples from `offset` on; there are `size`. */
static int taps_init(struct taps *t, int size, double offset, double length, int to, int x, int n, int bits)
{
    const double step = length / to, stretch = step > 1 ? step : 1;
    const size_t most = 2 * (size_t)ceil(LOBES * stretch) + 1;
    t->tap = calloc((size_t)n, sizeof *t->tap);
    t->weights = malloc((size_t)n * most * sizeof *t->weights);
    if (!t->tap || !t->weights)
        return -1;
    for (int i = 0; i < n; i++) {
        struct tap *tap = &t->tap[i];
        const double centre = offset + (x + i + 0.5) * step - 0.5;
        tap->first = limit((int)ceil(centre - LOBES * stretch), 0, size - 1);
        tap->count = limit((int)floor(centre + LOBES * stretch), tap->first, size - 1) - tap->first + 1;
        tap->near[0] = limit((int)floor(centre), 0, size - 1);
        tap->near[1] = limit((int)floor(centre) + 1, 0, size - 1);
        tap->weight = t->weights + (size_t)i * most;
        weigh(tap, centre, stretch, bits);
    }
    return 0;
}

static int32_t between(int32_t v, int32_t a, int32_t b)
{
    const int32_t low = a < b ? a : b, high = a < b ? b : a;
    return v < low ? low : v > high ? high : v;
}

static void across(const uint8_t *row, const struct taps *taps, int n, int enlarging, int32_t *out)
{
    for (int x = 0; x < n; x++, out += 3) {
        const struct tap *t = &taps->tap[x];
        const uint8_t *p = row + 3 * (size_t)t->first;
        int32_t sum[3] = {0, 0, 0};
        for (int k = 0; k < t->count; k++, p += 3)
            for (int c = 0; c < 3; c++)
                sum[c] += t->weight[k] * p[c];
        for (int c = 0; c < 3; c++) {
            out[c] = (sum[c] + (1 << (ACROSS_BITS - KEPT_BITS - 1))) >> (ACROSS_BITS - KEPT_BITS);
            if (enlarging)
                out[c] = between(out[c], row[3 * (size_t)t->near[0] + (size_t)c] << KEPT_BITS, row[3 * (size_t)t->near[1] + (size_t)c] << KEPT_BITS);
        }
    }
}

static void add_row(int32_t *restrict sum, const int32_t *restrict row, int32_t weight, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += row[i] * weight;
}

static void limit_row(int32_t *restrict sum, const int32_t *restrict a, const int32_t *restrict b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] = between(sum[i], a[i] << DOWN_BITS, b[i] << DOWN_BITS);
}

/* From 255 << (KEPT_BITS + DOWN_BITS) to 255, or 65535. */
static void narrow_row(const int32_t *restrict sum, uint8_t *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int32_t v = (sum[i] + (1 << (KEPT_BITS + DOWN_BITS - 1))) >> (KEPT_BITS + DOWN_BITS);
        out[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

static void widen_row(const int32_t *restrict sum, uint16_t *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int32_t v = sum[i] >> KEPT_BITS;
        v = v < 0 ? 0 : v > 255 << DOWN_BITS ? 255 << DOWN_BITS : v;
        out[i] = (uint16_t)((v * 257 + (1 << (DOWN_BITS - 1))) >> DOWN_BITS);
    }
}

static void down(const int32_t *rows, int first, const struct tap *t, int enlarging, size_t n, int32_t *sum)
{
    for (size_t i = 0; i < n; i++)
        sum[i] = 0;
    for (int k = 0; k < t->count; k++)
        add_row(sum, rows + (size_t)(t->first + k - first) * n, t->weight[k], n);
    if (enlarging)
        limit_row(sum, rows + (size_t)(t->near[0] - first) * n, rows + (size_t)(t->near[1] - first) * n, n);
}

/* One of the outputs is NULL. */
static int scale(const struct m6_scale_source *from, const struct m6_scale_target *to, uint8_t *out8, uint16_t *out16)
{
    struct taps h = {0}, v = {0};
    const size_t n = 3 * (size_t)to->w;
    int32_t *rows = NULL, *sum = malloc(n * sizeof *sum);
    int ok = sum && !taps_init(&h, from->columns, from->left, from->width, to->width, to->x, to->w, ACROSS_BITS) &&
             !taps_init(&v, from->rows, from->top, from->height, to->height, to->y, to->h, DOWN_BITS);
    if (ok) {
        const struct tap *last = &v.tap[to->h - 1];
        int first = v.tap[0].first, end = last->first + last->count;
        if (v.tap[0].near[0] < first)
            first = v.tap[0].near[0];
        if (last->near[1] >= end)
            end = last->near[1] + 1;
        rows = malloc((size_t)(end - first) * n * sizeof *rows);
        ok = rows != NULL;
        for (int y = first; ok && y < end; y++)
            across(from->rgb + (size_t)y * from->stride, &h, to->w, from->width < to->width, rows + (size_t)(y - first) * n);
        for (int y = 0; ok && y < to->h; y++) {
            down(rows, first, &v.tap[y], from->height < to->height, n, sum);
            if (out8)
                narrow_row(sum, out8 + (size_t)y * n, n);
            else
                widen_row(sum, out16 + (size_t)y * n, n);
        }
    }
    taps_finish(&h);
    taps_finish(&v);
    free(rows);
    free(sum);
    return ok ? 0 : -1;
}

int m6_scale_rgb8(const struct m6_scale_source *from, const struct m6_scale_target *to, uint8_t *out)
{
    return scale(from, to, out, NULL);
}

int m6_scale_rgb16(const struct m6_scale_source *from, const struct m6_scale_target *to, uint16_t *out)
{
    return scale(from, to, NULL, out);
}
