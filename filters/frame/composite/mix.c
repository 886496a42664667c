/* Two ways. Where a weight is the product of its row's and its column's, each plane is mixed by itself, and what is whole is
 * copied. Where weights differ from pixel to pixel (behind a key, over transparent pixels) they are worked out for the pixels
 * of one row of chroma samples at a time, and then laid out for each plane. */
#include "exact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"
#include "mix.h"

static void mix_each(const struct m6_frame_format *f, uint8_t *dst, const uint8_t *src, size_t n, const uint16_t *weights)
{
    if (format_bytes(f) == 1)
        mix8_each(dst, src, n, weights);
    else
        mix16_each((uint16_t *)(void *)dst, (const uint16_t *)(const void *)src, n, weights, f->shift);
}

static void mix_same(const struct m6_frame_format *f, uint8_t *dst, const uint8_t *src, size_t n, uint32_t weight)
{
    if (format_bytes(f) == 1)
        mix8(dst, src, n, weight);
    else
        mix16((uint16_t *)(void *)dst, (const uint16_t *)(const void *)src, n, weight, f->shift);
}

/* A patch's row: where it goes, and what. */
static uint8_t *row_of(const struct prepared *p, int plane, const struct m6_frame_planes *to, int y, const uint8_t **src)
{
    const struct patch *patch = &p->patch[plane];
    const size_t bytes = (size_t)format_bytes(p->layout.format);
    *src = (const uint8_t *)patch->samples + (size_t)y * patch->stride * bytes;
    return to->data[plane] + (ptrdiff_t)(patch->first_row + y) * to->stride[plane] + patch->first * bytes;
}

static void mix_margin(struct prepared *p, uint8_t *dst, const uint8_t *src, const uint16_t *column, size_t n, uint32_t weight)
{
    if (!n)
        return;
    for (size_t i = 0; i < n; i++)
        p->element[i] = weight_pack(weight_product(weight_unpack(column[i]), weight));
    mix_each(p->layout.format, dst, src, n, p->element);
}

/* Weights by row and column. */
static void mix_row(struct prepared *p, int plane, const struct m6_frame_planes *to, int y, uint32_t opacity)
{
    const struct patch *patch = &p->patch[plane];
    const size_t bytes = (size_t)format_bytes(p->layout.format), a = patch->solid[0], b = patch->solid[1], n = patch->elements;
    const uint32_t weight = weight_product(patch->row[y], opacity);
    const uint8_t *src;
    uint8_t *dst = row_of(p, plane, to, y, &src);
    mix_margin(p, dst, src, patch->column, a, weight);
    mix_same(p->layout.format, dst + a * bytes, src + a * bytes, b - a, weight);
    mix_margin(p, dst + b * bytes, src + b * bytes, patch->column + b, n - b, weight);
}

static void cover_row(struct prepared *p, int y, uint32_t opacity)
{
    const size_t n = (size_t)(p->area.x1 - p->area.x0);
    const uint32_t weight = weight_product(p->row[y - p->area.y0], opacity);
    uint16_t *cover = p->cover + p->before;
    if (!p->key)
        for (size_t i = 0; i < n; i++)
            cover[i] = weight_pack(weight_product(weight_unpack(p->column[i]), weight));
    else {
        key_row(p->key, p, y, cover);
        if (weight != WEIGHT_ONE || !p->whole)
            for (size_t i = 0; i < n; i++)
                cover[i] = weight_pack(weight_product(weight_product(weight_unpack(cover[i]), weight_unpack(p->column[i])), weight));
    }
    /* Samples may reach over the frame's last column, which is then repeated. */
    for (size_t i = (size_t)p->before + n; p->area.x1 == p->layout.width && i < (size_t)p->span; i++)
        p->cover[i] = cover[n - 1];
}

static unsigned element_of(const struct m6_frame_format *f, const uint8_t *row, size_t at)
{
    return format_bytes(f) == 1 ? row[at] : (unsigned)((const uint16_t *)(const void *)row)[at] >> f->shift;
}

/* w / (a + (1 − a)·w): what a picture counts over a pixel that is transparent itself. */
static void effect_row(struct prepared *p, const struct m6_frame_planes *from, int y)
{
    const struct m6_frame_format *f = p->layout.format;
    memcpy(p->effect, p->cover, (size_t)p->span * sizeof *p->effect);
    if (!(f->flags & FORMAT_ALPHA) || p->layout.alpha == M6_ALPHA_PREMULTIPLIED)
        return;
    const struct component alpha = f->comp[f->colours];
    const uint8_t *row = from->data[alpha.plane] + (ptrdiff_t)y * from->stride[alpha.plane];
    const uint64_t max = ((uint64_t)1 << f->depth) - 1;
    const int first = p->area.x0 - p->before;
    for (int i = p->before; i < p->span; i++) {
        const int x = first + i < p->layout.width ? first + i : p->layout.width - 1;
        const uint64_t a = element_of(f, row, (size_t)x * alpha.step + alpha.offset), w = weight_unpack(p->cover[i]);
        const uint64_t whole = a * (WEIGHT_ONE - w) + max * w; /* of alpha that comes out, times max · 65536 */
        if (a != max && w)
            p->effect[i] = weight_pack((uint32_t)((max * w * WEIGHT_ONE + whole / 2) / whole));
    }
}

/* Weights of a component's elements from those of pixels, `rows` (log2) of them added up. */
static void spread_pixels(struct prepared *p, const struct component *comp, const uint16_t *pixel)
{
    for (int i = 0; i < p->span; i++)
        p->element[(size_t)i * comp->step + comp->offset] = pixel[i];
}

static void spread_sums(struct prepared *p, const struct component *comp, int across, int down)
{
    const int n = p->span >> across, bits = across + down;
    const uint32_t half = bits ? 1u << (bits - 1) : 0;
    for (int i = 0; i < n; i++) {
        uint32_t sum = half;
        for (int k = 0; k < 1 << across; k++)
            sum += p->sum[(i << across) + k];
        p->element[(size_t)i * comp->step + comp->offset] = weight_pack(sum >> bits);
    }
}

/* One row of a plane, from the rows of pixels' weights. */
static void mix_pixels(struct prepared *p, int plane, const struct m6_frame_planes *to, int y)
{
    const struct m6_frame_format *f = p->layout.format;
    const struct patch *patch = &p->patch[plane];
    const uint16_t *weights = p->element;
    for (int c = 0; c < format_components(f); c++) {
        const uint16_t *pixel = c < f->colours ? p->effect : p->cover;
        if (f->comp[c].plane != plane)
            continue;
        if (format_is_chroma(f, c))
            spread_sums(p, &f->comp[c], f->across, f->down);
        else if (patch->unit.elements == 1)
            weights = pixel + p->before;
        else
            spread_pixels(p, &f->comp[c], pixel);
    }
    const uint8_t *src;
    uint8_t *dst = row_of(p, plane, to, y, &src);
    mix_each(f, dst, src, patch->elements, weights);
}

/* Whether no pixel of the group's rows is transparent, so that weights are products after all. */
static int is_opaque(const struct prepared *p, const struct m6_frame_planes *from, int group)
{
    const struct m6_frame_format *f = p->layout.format;
    const struct component alpha = f->comp[f->colours];
    const unsigned max = (1u << f->depth) - 1;
    const int y0 = group << f->down, y1 = (group + 1) << f->down, n = p->area.x1 - p->area.x0;
    for (int y = y0 < p->area.y0 ? p->area.y0 : y0; y < y1 && y < p->area.y1; y++) {
        const uint8_t *row = from->data[alpha.plane] + (ptrdiff_t)y * from->stride[alpha.plane];
        const size_t first = (size_t)p->area.x0 * alpha.step + alpha.offset;
        unsigned all = max;
        for (int x = 0; x < n; x++)
            all &= element_of(f, row, first + (size_t)x * alpha.step);
        if (all != max)
            return 0;
    }
    return 1;
}

static void mix_rows(struct prepared *p, const struct m6_frame_planes *to, int group, uint32_t opacity)
{
    const struct m6_frame_format *f = p->layout.format;
    for (int i = 0; i < f->planes; i++) {
        const struct patch *patch = &p->patch[i];
        const int more = f->down - patch->unit.down, end = (group + 1) << more;
        for (int y = group << more; y < end; y++)
            if (y >= patch->first_row && y < patch->first_row + patch->rows)
                mix_row(p, i, to, y - patch->first_row, opacity);
    }
}

/* The rows of pixels that share row `group` of chroma samples. */
static void mix_group(struct prepared *p, const struct m6_frame_planes *to, int group, double opacity)
{
    const struct m6_frame_format *f = p->layout.format;
    const uint32_t weight = (uint32_t)lrint(opacity * WEIGHT_ONE);
    if (p->key)
        key_clean_row(p->key, p, to, group, opacity);
    else if (is_opaque(p, to, group)) {
        mix_rows(p, to, group, weight);
        return;
    }
    memset(p->sum, 0, (size_t)p->span * sizeof *p->sum);
    for (int k = 0; k < 1 << f->down; k++) {
        const int y = (group << f->down) + k;
        const int beyond = y >= p->layout.height; /* the last row is repeated; it is still in p->effect */
        if (y < p->area.y0 || (y >= p->area.y1 && !(beyond && p->area.y1 == p->layout.height)))
            continue;
        if (!beyond) {
            cover_row(p, y, weight);
            effect_row(p, to, y);
        }
        for (int i = 0; i < p->span; i++)
            p->sum[i] += weight_unpack(p->effect[i]);
        for (int i = 0; i < f->planes && !beyond; i++)
            if (!p->patch[i].unit.down)
                mix_pixels(p, i, to, y - p->area.y0);
    }
    for (int i = 0; i < f->planes; i++)
        if (p->patch[i].unit.down)
            mix_pixels(p, i, to, group - p->patch[i].first_row);
}

/* Whether some pixel's weight is more than a product of its row's and column's. */
static int is_pixelwise(const struct prepared *p, double opacity)
{
    const int alpha = (p->layout.format->flags & FORMAT_ALPHA) && p->layout.alpha == M6_ALPHA_STRAIGHT;
    return p->key || (alpha && (opacity < 1 || !p->whole));
}

int mix_prepare(struct prepared *p)
{
    const struct m6_frame_format *f = p->layout.format;
    const int first = p->area.x0 >> f->across << f->across;
    p->before = p->area.x0 - first;
    p->span = (-(-p->area.x1 >> f->across) << f->across) - first;
    const size_t n = (size_t)p->span;
    p->cover = calloc(n, sizeof *p->cover);
    p->effect = calloc(n, sizeof *p->effect);
    p->sum = calloc(n, sizeof *p->sum);
    p->element = calloc(n * 4, sizeof *p->element);
    return p->cover && p->effect && p->sum && p->element ? 0 : -1;
}

void mix_frame(struct prepared *p, const struct m6_frame_planes *to, double opacity)
{
    const struct m6_frame_format *f = p->layout.format;
    if (!is_pixelwise(p, opacity)) {
        for (int i = 0; i < f->planes; i++)
            for (int y = 0; y < p->patch[i].rows; y++)
                mix_row(p, i, to, y, (uint32_t)lrint(opacity * WEIGHT_ONE));
        return;
    }
    if (p->key)
        key_look(p->key, p, to);
    for (int group = p->area.y0 >> f->down; group < -(-p->area.y1 >> f->down); group++)
        mix_group(p, to, group, opacity);
}
