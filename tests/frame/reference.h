/* Compositing in double precision, written from m6/composite.h and from libavutil's description of formats. SDR. */
#ifndef M6_TESTS_FRAME_REFERENCE_H
#define M6_TESTS_FRAME_REFERENCE_H

#include "support.h"

struct reference {
    const struct frame *frame;
    struct m6_frame_layout layout; /* nothing unsaid */
    const struct picture *picture; /* as large as the rectangle */
    int x, y, w, h;
    double opacity, feather;
};

static inline int within(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

/* What a component is of R'G'B' from 0 to 1, as a code value. */
static inline double code_of(const struct reference *r, int c, const double rgb[3])
{
    static const double shares[][2] = {
        [M6_MATRIX_709] = {0.2126, 0.0722}, [M6_MATRIX_601] = {0.299, 0.114},  [M6_MATRIX_2020] = {0.2627, 0.0593},
        [M6_MATRIX_FCC] = {0.3, 0.11},      [M6_MATRIX_240M] = {0.212, 0.087}, [M6_MATRIX_YCGCO] = {0, 0}};
    const AVPixFmtDescriptor *d = r->frame->desc;
    const int depth = d->comp[0].depth, max = (1 << depth) - 1, full = r->layout.range == M6_RANGE_FULL;
    if (d->flags & AV_PIX_FMT_FLAG_RGB)
        return rgb[c] * max;
    const double kr = shares[r->layout.matrix][0], kb = shares[r->layout.matrix][1];
    double y = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2], u = (rgb[2] - y) / (2 - 2 * kb),
           v = (rgb[0] - y) / (2 - 2 * kr);
    if (r->layout.matrix == M6_MATRIX_YCGCO) {
        y = rgb[0] / 4 + rgb[1] / 2 + rgb[2] / 4;
        u = -rgb[0] / 4 + rgb[1] / 2 - rgb[2] / 4;
        v = rgb[0] / 2 - rgb[2] / 2;
    }
    if (c == 0)
        return full ? y * max : (16 + 219 * y) * (1 << (depth - 8));
    const double diff = c == 1 ? u : v, half = 1 << (depth - 1);
    return fmin(max, full ? half + diff * max : half + diff * 224 * (1 << (depth - 8)));
}

/* How much one pixel counts in a sample at `at` among 1 << log: 0 at the left, 1 in the middle. */
static inline double tap(int log, int middle, int at)
{
    if (!log)
        return at == 0;
    if (middle)
        return at >= 0 && at < 1 << log ? 1.0 / (1 << log) : 0;
    return fmax(0, (1 << log) - abs(at)) / (double)(1 << 2 * log);
}

static inline double converted(const struct reference *r, int c, int x, int y)
{
    const AVPixFmtDescriptor *d = r->frame->desc;
    const int chroma = is_chroma(d, c), lx = chroma ? d->log2_chroma_w : 0, ly = chroma ? d->log2_chroma_h : 0;
    const enum m6_frame_siting at = r->layout.siting;
    const int mx = at == M6_SITING_CENTER || at == M6_SITING_TOP || at == M6_SITING_BOTTOM,
              my = at == M6_SITING_LEFT || at == M6_SITING_CENTER;
    const int low = at == M6_SITING_BOTTOM || at == M6_SITING_BOTTOMLEFT ? (1 << ly) - 1 : 0;
    const int x0 = within(r->x, 0, r->frame->width), x1 = within(r->x + r->w, 0, r->frame->width);
    const int y0 = within(r->y, 0, r->frame->height), y1 = within(r->y + r->h, 0, r->frame->height);
    double rgb[3] = {0, 0, 0};
    for (int j = -8; j <= 8; j++)
        for (int i = -8; i <= 8; i++) {
            const double t = tap(lx, mx, i) * tap(ly, my, j);
            if (t <= 0)
                continue;
            const uint8_t *p = pixel(r->picture, within((x << lx) + i, x0, x1 - 1) - r->x,
                                     within((y << ly) + low + j, y0, y1 - 1) - r->y);
            for (int k = 0; k < 3; k++)
                rgb[k] += t * p[k] / 255;
        }
    return rint(code_of(r, c, rgb));
}

static inline double edge(const struct reference *r, int at, int from, int size)
{
    if (at < from || at >= from + size)
        return 0;
    const double d = fmin(at - from, from + size - 1 - at) + 0.5;
    return d >= r->feather ? 1 : d / r->feather;
}

/* What the picture counts at a pixel: of alpha, or of colours. */
static inline double counts(const struct reference *r, int x, int y, int colour)
{
    const AVPixFmtDescriptor *d = r->frame->desc;
    x = within(x, 0, r->frame->width - 1);
    y = within(y, 0, r->frame->height - 1);
    const double w = edge(r, x, r->x, r->w) * edge(r, y, r->y, r->h) * r->opacity;
    if (!colour || !(d->flags & AV_PIX_FMT_FLAG_ALPHA) || r->layout.alpha == M6_ALPHA_PREMULTIPLIED || w <= 0)
        return w;
    const int c = d->nb_components - 1;
    const double a = (double)get(r->frame, c, x, y) / ((1 << d->comp[c].depth) - 1);
    return w / (a + (1 - a) * w);
}

/* The sample that should come out. */
static inline double expected(const struct reference *r, int c, int x, int y)
{
    const AVPixFmtDescriptor *d = r->frame->desc;
    const int alpha = (d->flags & AV_PIX_FMT_FLAG_ALPHA) && c == d->nb_components - 1, before = get(r->frame, c, x, y);
    const int chroma = is_chroma(d, c), lx = chroma ? d->log2_chroma_w : 0, ly = chroma ? d->log2_chroma_h : 0;
    double w = 0;
    for (int j = 0; j < 1 << ly; j++)
        for (int i = 0; i < 1 << lx; i++)
            w += counts(r, (x << lx) + i, (y << ly) + j, !alpha) / (1 << (lx + ly));
    if (w <= 0)
        return before;
    return before + ((alpha ? (1 << d->comp[c].depth) - 1 : converted(r, c, x, y)) - before) * w;
}

static inline void assert_as_expected(const struct reference *r, const struct frame *got)
{
    /* Weights over transparent pixels are quotients of weights of 16 bits. */
    const int quotients = (got->desc->flags & AV_PIX_FMT_FLAG_ALPHA) && r->layout.alpha == M6_ALPHA_STRAIGHT;
    const int tolerance = quotients && got->desc->comp[0].depth == 16 ? 4 : 1;
    for (int c = 0; c < got->desc->nb_components; c++)
        for (int y = 0; y < side(got, c, 1); y++)
            for (int x = 0; x < side(got, c, 0); x++) {
                const double want = expected(r, c, x, y);
                if (fabs(get(got, c, x, y) - rint(want)) > tolerance)
                    fail_msg("%s %dx%d, rectangle %dx%d at %d,%d, opacity %g, feather %g, matrix %d, range %d, siting "
                             "%d: component %d at %d,%d is %d, not %.2f (was %d)",
                             got->desc->name, got->width, got->height, r->w, r->h, r->x, r->y, r->opacity, r->feather,
                             r->layout.matrix, r->layout.range, r->layout.siting, c, x, y, get(got, c, x, y), want,
                             get(r->frame, c, x, y));
            }
    assert_kept(got);
}

#endif
