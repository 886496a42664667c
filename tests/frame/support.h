/* What the tests of compositing share: frames whose samples are read and written by libavutil's own description of formats,
 * never by ours. */
#ifndef M6_TESTS_FRAME_SUPPORT_H
#define M6_TESTS_FRAME_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libavutil/pixdesc.h>

#include "m6/composite.h"

static uint32_t seed = 1;
static inline int any(int below)
{
    seed = seed * 1664525u + 1013904223u;
    return (int)((seed >> 8) % (uint32_t)below);
}

/* A frame with room around its rows that nothing may be written to. */
struct frame {
    struct m6_frame_planes planes;
    const struct m6_frame_format *format;
    const AVPixFmtDescriptor *desc;
    int width, height;
    uint8_t *memory[4];
    size_t size[4], bytes[4];
    int rows[4];
};

enum { PADDING = 48 };

/* NULL when libavutil is older than the format. `up`: rows lie bottom up. */
static inline struct frame *frame_create(const char *name, int w, int h, int up)
{
    const enum AVPixelFormat format = av_get_pix_fmt(name);
    if (format == AV_PIX_FMT_NONE)
        return NULL;
    struct frame *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->format = m6_frame_format_find(name);
    assert_non_null(f->format);
    f->desc = av_pix_fmt_desc_get(format);
    f->width = w;
    f->height = h;
    for (int i = 0; i < m6_frame_format_planes(f->format); i++) {
        m6_frame_format_plane_size(f->format, i, w, h, &f->bytes[i], &f->rows[i]);
        const size_t stride = (f->bytes[i] + PADDING + 1) & ~(size_t)1;
        f->size[i] = stride * (size_t)f->rows[i];
        f->memory[i] = malloc(f->size[i]);
        assert_non_null(f->memory[i]);
        for (size_t k = 0; k < f->size[i]; k++)
            f->memory[i][k] = 0xa5;
        f->planes.data[i] = up ? f->memory[i] + stride * (size_t)(f->rows[i] - 1) : f->memory[i];
        f->planes.stride[i] = up ? -(ptrdiff_t)stride : (ptrdiff_t)stride;
    }
    return f;
}

static inline void frame_destroy(struct frame *f)
{
    for (int i = 0; i < 4; i++)
        free(f->memory[i]);
    free(f);
}

static inline int is_chroma(const AVPixFmtDescriptor *d, int c)
{
    return (c == 1 || c == 2) && d->nb_components > 2 && !(d->flags & AV_PIX_FMT_FLAG_RGB);
}

static inline int side(const struct frame *f, int c, int down)
{
    const int log = !is_chroma(f->desc, c) ? 0 : down ? f->desc->log2_chroma_h : f->desc->log2_chroma_w;
    return -(-(down ? f->height : f->width) >> log);
}

static inline uint8_t *sample_at(const struct frame *f, int c, int x, int y)
{
    const AVComponentDescriptor *comp = &f->desc->comp[c];
    return f->planes.data[comp->plane] + (ptrdiff_t)y * f->planes.stride[comp->plane] + (ptrdiff_t)x * comp->step +
           comp->offset;
}

static inline int get(const struct frame *f, int c, int x, int y)
{
    const uint8_t *p = sample_at(f, c, x, y);
    const AVComponentDescriptor *comp = &f->desc->comp[c];
    if (comp->depth == 8)
        return *p;
    return (p[0] | p[1] << 8) >> comp->shift;
}

static inline void put(const struct frame *f, int c, int x, int y, int v)
{
    uint8_t *p = sample_at(f, c, x, y);
    const AVComponentDescriptor *comp = &f->desc->comp[c];
    if (comp->depth == 8)
        *p = (uint8_t)v;
    else {
        p[0] = (uint8_t)(v << comp->shift);
        p[1] = (uint8_t)(v << comp->shift >> 8);
    }
}

static inline void frame_fill(const struct frame *f)
{
    for (int c = 0; c < f->desc->nb_components; c++)
        for (int y = 0; y < side(f, c, 1); y++)
            for (int x = 0; x < side(f, c, 0); x++)
                put(f, c, x, y, any(1 << f->desc->comp[c].depth));
}

static inline struct frame *frame_copy(const struct frame *f, const char *name, int up)
{
    struct frame *g = frame_create(name, f->width, f->height, up);
    for (int i = 0; i < 4; i++)
        for (int y = 0; f->memory[i] && y < f->rows[i]; y++)
            memcpy(g->planes.data[i] + y * g->planes.stride[i], f->planes.data[i] + y * f->planes.stride[i],
                   f->bytes[i]);
    return g;
}

/* Nothing around the rows was touched. */
static inline void assert_kept(const struct frame *f)
{
    for (int i = 0; i < m6_frame_format_planes(f->format); i++)
        for (int y = 0; y < f->rows[i]; y++) {
            const uint8_t *row = f->memory[i] + (size_t)y * (f->size[i] / (size_t)f->rows[i]);
            for (size_t x = f->bytes[i]; x < f->size[i] / (size_t)f->rows[i]; x++)
                if (row[x] != 0xa5)
                    fail_msg("%s %dx%d, plane %d: byte %zu after row %d was written", f->desc->name, f->width,
                             f->height, i, x, y);
        }
}

struct picture {
    struct m6_composite_picture view;
    uint8_t *rgb;
};

static inline struct picture picture_create(int w, int h)
{
    struct picture p = {{w, h, (size_t)w * 3 + 5, NULL}, malloc(((size_t)w * 3 + 5) * (size_t)h)};
    assert_non_null(p.rgb);
    for (size_t i = 0; i < p.view.stride * (size_t)h; i++)
        p.rgb[i] = (uint8_t)any(256);
    p.view.rgb = p.rgb;
    return p;
}

static inline const uint8_t *pixel(const struct picture *p, int x, int y)
{
    return p->rgb + (size_t)y * p->view.stride + 3 * (size_t)x;
}

static inline void prepare(struct m6_composite *c, const struct m6_frame_layout *l,
                           const struct m6_composite_params *params, const struct picture *p)
{
    struct m6_error err = {""};
    if (m6_composite_prepare(c, l, params, &p->view, &err))
        fail_msg("%s", err.text);
}

#endif
