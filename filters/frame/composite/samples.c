/* R'G'B' to samples in the frame's format, chroma filtered to where it is sited. */
#include "exact.h"

#include <stdlib.h>

#include "colour.h"
#include "prepared.h"

/* Which pixels make a chroma sample, from its first one on; weights add up to 1 << bits. */
struct spread {
    int first, count, bits;
    int weight[7];
};

/* `log`: of pixels a sample. `where`: 0 on the first pixel, 1 in the middle, 2 on the last. */
static struct spread spread_of(int log, int where)
{
    static const struct spread one = {0, 1, 0, {1}};
    static const struct spread box[] = {{0, 2, 1, {1, 1}}, {0, 4, 2, {1, 1, 1, 1}}};
    static const struct spread tent[] = {{-1, 3, 2, {1, 2, 1}}, {-3, 7, 4, {1, 2, 3, 4, 3, 2, 1}}};
    if (!log)
        return one;
    if (where == 1)
        return box[log - 1];
    struct spread s = tent[log - 1];
    if (where == 2)
        s.first += (1 << log) - 1;
    return s;
}

static int clamp(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

struct painter {
    const struct prepared *to;
    const uint16_t *rgb; /* of the area */
    int w, h;
    struct colour_matrix matrix;
    struct spread across, down;
    uint32_t *sums; /* a row, summed downwards */
};

static void store(const struct prepared *to, const struct patch *p, size_t at, int v)
{
    if (format_bytes(to->layout.format) == 1)
        ((uint8_t *)p->samples)[at] = (uint8_t)v;
    else
        ((uint16_t *)p->samples)[at] = (uint16_t)(v << to->layout.format->shift);
}

/* One sample a pixel. Rows of a plane with several pixels in a unit may begin before the area and end after it. */
static void paint_pixels(const struct painter *s, const struct patch *p, int c)
{
    const struct m6_frame_format *f = s->to->layout.format;
    const int step = f->comp[c].step, n = (int)p->elements / step;
    const int x0 = (s->to->area.x0 >> p->unit.across << p->unit.across) - s->to->area.x0;
    for (int y = 0; y < p->rows; y++) {
        const uint16_t *row = s->rgb + (size_t)y * (size_t)s->w * 3;
        size_t at = (size_t)y * p->stride + f->comp[c].offset;
        for (int i = 0; i < n; i++, at += (size_t)step) {
            const uint16_t *px = row + 3 * clamp(x0 + i, 0, s->w - 1);
            const uint32_t sum[3] = {px[0], px[1], px[2]};
            store(s->to, p, at, c >= f->colours ? s->matrix.max : colour_code(&s->matrix, c, sum, 0));
        }
    }
}

static void sum_down(struct painter *s, int y)
{
    const size_t n = (size_t)s->w * 3;
    for (size_t i = 0; i < n; i++)
        s->sums[i] = 0;
    for (int k = 0; k < s->down.count; k++) {
        const uint16_t *row = s->rgb + (size_t)clamp(y + s->down.first + k, 0, s->h - 1) * n;
        const uint32_t weight = (uint32_t)s->down.weight[k];
        for (size_t i = 0; i < n; i++)
            s->sums[i] += row[i] * weight;
    }
}

static void paint_chroma(struct painter *s, const struct patch *p, int c)
{
    const struct m6_frame_format *f = s->to->layout.format;
    const int step = f->comp[c].step, n = (int)p->elements / step;
    const int x0 = (s->to->area.x0 >> f->across << f->across) - s->to->area.x0;
    const int y0 = (s->to->area.y0 >> f->down << f->down) - s->to->area.y0;
    for (int y = 0; y < p->rows; y++) {
        sum_down(s, y0 + (y << f->down));
        size_t at = (size_t)y * p->stride + f->comp[c].offset;
        for (int i = 0; i < n; i++, at += (size_t)step) {
            uint32_t sum[3] = {0, 0, 0};
            for (int k = 0; k < s->across.count; k++) {
                const uint32_t *px = s->sums + 3 * clamp(x0 + (i << f->across) + s->across.first + k, 0, s->w - 1);
                for (int j = 0; j < 3; j++)
                    sum[j] += px[j] * (uint32_t)s->across.weight[k];
            }
            store(s->to, p, at, colour_code(&s->matrix, c, sum, s->across.bits + s->down.bits));
        }
    }
}

int samples_make(struct prepared *to, const uint16_t *rgb)
{
    const struct m6_frame_format *f = to->layout.format;
    const enum m6_frame_siting at = to->layout.siting;
    struct painter s = {
        to, rgb, to->area.x1 - to->area.x0, to->area.y1 - to->area.y0, colour_matrix_of(&to->layout), {0}, {0}, NULL};
    s.across = spread_of(f->across, at == M6_SITING_CENTER || at == M6_SITING_TOP || at == M6_SITING_BOTTOM);
    s.down = spread_of(f->down, at == M6_SITING_TOP || at == M6_SITING_TOPLEFT         ? 0
                                : at == M6_SITING_BOTTOM || at == M6_SITING_BOTTOMLEFT ? 2
                                                                                       : 1);
    s.sums = malloc((size_t)s.w * 3 * sizeof *s.sums);
    if (!s.sums)
        return -1;
    for (int i = 0; i < f->planes; i++) {
        struct patch *p = &to->patch[i];
        p->samples = calloc((size_t)p->rows * p->stride, (size_t)format_bytes(f));
        if (!p->samples) {
            free(s.sums);
            return -1;
        }
        for (int c = 0; c < format_components(f); c++)
            if (f->comp[c].plane == i && format_is_chroma(f, c))
                paint_chroma(&s, p, c);
            else if (f->comp[c].plane == i)
                paint_pixels(&s, p, c);
    }
    free(s.sums);
    return 0;
}
