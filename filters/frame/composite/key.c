#include "exact.h"

#include "key.h"

#include <math.h>
#include <stdlib.h>

enum { UNIT_BITS = 14, RGB_BITS = 13, RADIUS_MAX = 64, DISTANCE_BITS = 14 };

struct key {
    int x0, y0, w, h;   /* the chroma samples that are looked at: the area's, and one more to each side */
    int colour[2];      /* at most DISTANCE_BITS deep, as distances are taken */
    int unit[2];        /* of the key's chroma, 1 << UNIT_BITS long */
    int depth, neutral; /* of differences: the frame's, in RGB frames at least DISTANCE_BITS */
    int extra;          /* depth less the frame's */
    float scale;        /* from code values to distances, 65535 being 1 */
    int32_t from,
        range; /* of the sum of nine distances: the picture alone up to `from`, the frame alone after `range` more */
    float gain;
    int radius; /* of the square, in chroma samples */
    float mean; /* 2 / samples of the square */
    double spill;
    uint16_t *distance, *open, *near; /* w × h; open: the picture's share */
    uint32_t *columns;                /* w */
    int32_t *u, *v, *green;           /* w; in RGB frames the differences, and green beside them */
};

static int clamp(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

static void fetch(const struct m6_frame_format *f, int c, const struct m6_frame_planes *from, int x, int y, int n,
                  int32_t *out)
{
    const struct component comp = f->comp[c];
    const uint8_t *row = from->data[comp.plane] + (ptrdiff_t)y * from->stride[comp.plane];
    const size_t step = comp.step, at = (size_t)x * step + comp.offset;
    if (format_bytes(f) == 1) {
        const uint8_t *p = row + at;
        for (int i = 0; i < n; i++)
            out[i] = p[(size_t)i * step];
    } else {
        const uint16_t *p = (const uint16_t *)(const void *)row + at;
        for (int i = 0; i < n; i++)
            out[i] = p[(size_t)i * step] >> f->shift;
    }
}

static void put(const struct m6_frame_format *f, int c, const struct m6_frame_planes *to, int x, int y, int n,
                const int32_t *in)
{
    const struct component comp = f->comp[c];
    uint8_t *row = to->data[comp.plane] + (ptrdiff_t)y * to->stride[comp.plane];
    const int max = (1 << f->depth) - 1;
    const size_t step = comp.step, at = (size_t)x * step + comp.offset;
    for (int i = 0; i < n; i++) {
        int v = clamp(in[i], 0, max);
        if (format_bytes(f) == 1)
            row[at + (size_t)i * step] = (uint8_t)v;
        else
            ((uint16_t *)(void *)row)[at + (size_t)i * step] = (uint16_t)(v << f->shift);
    }
}

/* R, G, B (in v, green, u) to differences (u, v), BT.601, full range. */
static void to_chroma(const struct key *k, int n, int32_t *u, int32_t *v, const int32_t *green)
{
    const int bits = RGB_BITS - k->extra;
    const int32_t half = (k->neutral << bits) + (1 << bits >> 1);
    for (int i = 0; i < n; i++) {
        const int32_t r = v[i], g = green[i], b = u[i];
        u[i] = (half - 1382 * r - 2714 * g + 4096 * b) >> bits;
        v[i] = (half + 4096 * r - 3430 * g - 666 * b) >> bits;
    }
}

static void fetch_chroma(struct key *k, const struct m6_frame_format *f, const struct m6_frame_planes *from, int y)
{
    const int rgb = (f->flags & FORMAT_RGB) != 0;
    fetch(f, rgb ? 2 : 1, from, k->x0, y, k->w, k->u);
    fetch(f, rgb ? 0 : 2, from, k->x0, y, k->w, k->v);
    if (rgb) {
        fetch(f, 1, from, k->x0, y, k->w, k->green);
        to_chroma(k, k->w, k->u, k->v, k->green);
    }
}

static void measure(const struct key *k, const int32_t *u, const int32_t *v, int n, int shift,
                    uint16_t *restrict distance)
{
    const int ku = k->colour[0], kv = k->colour[1];
    const float scale = k->scale;
    for (int i = 0; i < n; i++) {
        const int32_t du = (u[i] >> shift) - ku, dv = (v[i] >> shift) - kv;
        const int32_t d = (int32_t)(sqrtf((float)(du * du + dv * dv)) * scale);
        distance[i] = (uint16_t)(d > 65535 ? 65535 : d);
    }
}

/* From the sum of nine distances to the picture's share. */
static uint16_t share_of(const struct key *k, int32_t sum)
{
    int32_t over = sum - k->from;
    over = over < 0 ? 0 : over > k->range ? k->range : over;
    return (uint16_t)(65535 - (int32_t)((float)over * k->gain));
}

/* The square's mean of `open`, twice, by sums that move along; the edges are repeated. */
static void spread(struct key *k)
{
    const int r = k->radius;
    for (int x = 0; x < k->w; x++)
        k->columns[x] = 0;
    for (int j = -r; j <= r; j++)
        for (int x = 0; x < k->w; x++)
            k->columns[x] += k->open[(size_t)clamp(j, 0, k->h - 1) * (size_t)k->w + (size_t)x];
    for (int y = 0; y < k->h; y++) {
        uint16_t *near = k->near + (size_t)y * (size_t)k->w;
        const uint16_t *in = k->open + (size_t)clamp(y + r + 1, 0, k->h - 1) * (size_t)k->w;
        const uint16_t *out = k->open + (size_t)clamp(y - r, 0, k->h - 1) * (size_t)k->w;
        uint32_t sum = 0;
        for (int i = -r; i <= r; i++)
            sum += k->columns[clamp(i, 0, k->w - 1)];
        for (int x = 0; x < k->w; x++) {
            const float v = (float)sum * k->mean;
            near[x] = (uint16_t)(v > 65535 ? 65535 : v);
            sum += k->columns[clamp(x + r + 1, 0, k->w - 1)] - k->columns[clamp(x - r, 0, k->w - 1)];
        }
        for (int x = 0; x < k->w; x++)
            k->columns[x] += (uint32_t)in[x] - out[x];
    }
}

void key_look(struct key *k, const struct prepared *p, const struct m6_frame_planes *from)
{
    const struct m6_frame_format *f = p->layout.format;
    const int shift = k->depth > DISTANCE_BITS ? k->depth - DISTANCE_BITS : 0;
    for (int y = 0; y < k->h; y++) {
        uint16_t *distance = k->distance + (size_t)y * (size_t)k->w;
        fetch_chroma(k, f, from, k->y0 + y);
        measure(k, k->u, k->v, k->w, shift, distance);
        if (k->spill > 0) {
            uint16_t *open = k->open + (size_t)y * (size_t)k->w;
            for (int x = 0; x < k->w; x++)
                open[x] = share_of(k, 9 * distance[x]);
        }
    }
    if (k->spill > 0)
        spread(k);
}

static void sum_rows(const uint16_t *a, const uint16_t *b, const uint16_t *c, int n, uint32_t *restrict sum)
{
    for (int x = 0; x < n; x++)
        sum[x] = (uint32_t)a[x] + b[x] + c[x];
}

void key_row(struct key *k, const struct prepared *p, int y, uint16_t *share)
{
    const struct m6_frame_format *f = p->layout.format;
    const int n = p->area.x1 - p->area.x0, last = p->layout.width - 1, log = f->across;
    const uint16_t *row[3];
    for (int j = 0; j < 3; j++) {
        const int at = clamp(y + j - 1, 0, p->layout.height - 1) >> f->down;
        row[j] = k->distance + (size_t)(at - k->y0) * (size_t)k->w;
    }
    sum_rows(row[0], row[1], row[2], k->w, k->columns);
    const uint32_t *sum = k->columns;
    for (int i = 0; i < n; i++) {
        const int x = p->area.x0 + i, before = x > 0 ? x - 1 : 0, after = x < last ? x + 1 : last;
        share[i] = share_of(
            k, (int32_t)(sum[(before >> log) - k->x0] + sum[(x >> log) - k->x0] + sum[(after >> log) - k->x0]));
    }
}

/* How much each difference goes along the key's direction and beyond 45° of hue, times `near`: what is taken away. */
static void clean(const struct key *k, const uint16_t *near, int32_t spill, int n, int32_t *restrict u,
                  int32_t *restrict v)
{
    const int32_t ku = k->unit[0], kv = k->unit[1], half = 1 << (UNIT_BITS - 1);
    for (int i = 0; i < n; i++) {
        const int32_t cu = u[i] - k->neutral, cv = v[i] - k->neutral;
        const int32_t along = (cu * ku + cv * kv) >> UNIT_BITS, beside = abs((cu * kv - cv * ku) >> UNIT_BITS);
        const int32_t excess = along > beside ? along - beside : 0, amount = (near[i] >> 2) * spill >> UNIT_BITS;
        const int32_t less = (excess * amount + half) >> UNIT_BITS;
        u[i] = (less * ku + half) >> UNIT_BITS;
        v[i] = (less * kv + half) >> UNIT_BITS;
    }
}

void key_clean_row(struct key *k, const struct prepared *p, const struct m6_frame_planes *to, int y, double opacity)
{
    const struct m6_frame_format *f = p->layout.format;
    const int32_t spill = (int32_t)lrint(k->spill * opacity * (1 << UNIT_BITS));
    const int bits = RGB_BITS + k->extra, half = 1 << (bits - 1);
    const int x0 = p->area.x0 >> f->across, n = -(-p->area.x1 >> f->across) - x0, skip = x0 - k->x0;
    int32_t *u = k->u + skip, *v = k->v + skip, *now = k->green;
    if (!spill)
        return;
    fetch_chroma(k, f, to, y);
    clean(k, k->near + (size_t)(y - k->y0) * (size_t)k->w + skip, spill, n, u, v);
    for (int c = 0; c < 3; c++) {
        if (!(f->flags & FORMAT_RGB) && c == 0)
            continue;
        fetch(f, c, to, x0, y, n, now);
        for (int i = 0; i < n; i++)
            if (!(f->flags & FORMAT_RGB))
                now[i] -= c == 1 ? u[i] : v[i];
            else if (c == 1)
                now[i] += (2819 * u[i] + 5850 * v[i] + half) >> bits;
            else
                now[i] -= ((c == 0 ? 11485 * v[i] : 14516 * u[i]) + half) >> bits;
        put(f, c, to, x0, y, n, now);
    }
}

static void set_colour(struct key *k, const struct m6_frame_format *f, const int colour[3])
{
    const int shift = k->depth > DISTANCE_BITS ? k->depth - DISTANCE_BITS : 0;
    int32_t u = colour[1], v = colour[2];
    if (f->flags & FORMAT_RGB) {
        u = colour[2];
        v = colour[0];
        to_chroma(k, 1, &u, &v, &colour[1]);
    }
    k->colour[0] = u >> shift;
    k->colour[1] = v >> shift;
    const double cu = u - k->neutral, cv = v - k->neutral, length = sqrt(cu * cu + cv * cv);
    /* A gray key has no direction, and reflects nothing. */
    k->unit[0] = length > 0 ? (int)lrint(cu / length * (1 << UNIT_BITS)) : 0;
    k->unit[1] = length > 0 ? (int)lrint(cv / length * (1 << UNIT_BITS)) : 0;
    if (length <= 0)
        k->spill = 0;
}

static void set_area(struct key *k, const struct prepared *p)
{
    const struct m6_frame_format *f = p->layout.format;
    const int columns = -(-p->layout.width >> f->across), rows = -(-p->layout.height >> f->down);
    const int radius = rows / 100;
    k->x0 = clamp((p->area.x0 >> f->across) - 1, 0, columns - 1);
    k->y0 = clamp((p->area.y0 >> f->down) - 1, 0, rows - 1);
    k->w = clamp(-(-p->area.x1 >> f->across) + 1, 1, columns) - k->x0;
    k->h = clamp(-(-p->area.y1 >> f->down) + 1, 1, rows) - k->y0;
    k->radius = clamp(radius, 1, RADIUS_MAX);
    k->mean = 2.0f / (float)((2 * k->radius + 1) * (2 * k->radius + 1));
}

struct key *key_create(const struct prepared *p, const int colour[3], const struct m6_composite_params *params)
{
    const struct m6_frame_format *f = p->layout.format;
    struct key *k = calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->depth = (f->flags & FORMAT_RGB) && f->depth < DISTANCE_BITS ? DISTANCE_BITS : f->depth;
    k->extra = k->depth - f->depth;
    k->neutral = 1 << (k->depth - 1);
    k->spill = params->spill;
    k->scale = (float)(65535 / (sqrt(2) * 255 * (1 << ((k->depth > DISTANCE_BITS ? DISTANCE_BITS : k->depth) - 8))));
    k->from = (int32_t)lrint(params->similarity * 9 * 65535);
    k->range = params->blend > 0.0001 ? (int32_t)lrint(params->blend * 9 * 65535) : 1;
    k->gain = 65535.5f / (float)k->range;
    set_colour(k, f, colour);
    set_area(k, p);
    const size_t w = (size_t)k->w, n = w * (size_t)k->h;
    k->distance = malloc(n * sizeof *k->distance);
    k->columns = malloc(w * sizeof *k->columns);
    k->u = malloc(w * sizeof *k->u);
    k->v = malloc(w * sizeof *k->v);
    k->green = malloc(w * sizeof *k->green);
    k->open = k->spill > 0 ? malloc(n * sizeof *k->open) : NULL;
    k->near = k->spill > 0 ? malloc(n * sizeof *k->near) : NULL;
    if (!k->distance || !k->columns || !k->u || !k->v || !k->green || (k->spill > 0 && (!k->open || !k->near))) {
        key_destroy(k);
        return NULL;
    }
    return k;
}

void key_destroy(struct key *k)
{
    if (!k)
        return;
    free(k->distance);
    free(k->open);
    free(k->near);
    free(k->columns);
    free(k->u);
    free(k->v);
    free(k->green);
    free(k);
}
