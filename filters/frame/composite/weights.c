/* How much of the picture counts at each column and row: of pixels, and of each plane's samples. */
#include "exact.h"

#include <math.h>
#include <stdlib.h>

#include "prepared.h"

/* A pixel's share, by its distance from the nearer end of [from, to). */
static uint32_t ramp(int at, int from, int to, double feather)
{
    const int before = at - from, after = to - 1 - at;
    const double inside = (before < after ? before : after) + 0.5;
    if (inside >= feather)
        return WEIGHT_ONE;
    return (uint32_t)lrint(inside / feather * WEIGHT_ONE);
}

/* Weights of pixels of one side: which are covered, and how much. */
struct side {
    int first, end, size; /* covered pixels, and how many the frame has */
    const uint16_t *column;
    const uint32_t *row;
};

static uint32_t of_pixel(const struct side *s, int at)
{
    if (at >= s->size) /* what only fills up the last sample follows the last pixel */
        at = s->size - 1;
    if (at < s->first || at >= s->end)
        return 0;
    return s->column ? weight_unpack(s->column[at - s->first]) : s->row[at - s->first];
}

/* The mean of 1 << log pixels. */
static uint32_t of_pixels(const struct side *s, int at, int log)
{
    uint32_t sum = 0;
    for (int i = 0; i < 1 << log; i++)
        sum += of_pixel(s, at + i);
    return (sum + (1u << log >> 1)) >> log;
}

static void set_solid(struct patch *p)
{
    size_t a = 0, b;
    while (a < p->elements && p->column[a] != 65535)
        a++;
    for (b = a; b < p->elements && p->column[b] == 65535; b++)
        ;
    p->solid[0] = a;
    p->solid[1] = b;
}

static int make_patch(struct prepared *to, int plane, const struct side *across, const struct side *down)
{
    const struct m6_frame_format *f = to->layout.format;
    struct patch *p = &to->patch[plane];
    const struct unit u = p->unit = format_unit(f, plane);
    const int unit0 = across->first >> u.across, unit1 = -(-across->end >> u.across);
    p->first = (size_t)unit0 * (size_t)u.elements;
    p->elements = p->stride = (size_t)(unit1 - unit0) * (size_t)u.elements;
    p->first_row = down->first >> u.down;
    p->rows = -(-down->end >> u.down) - p->first_row;
    p->column = calloc(p->elements, sizeof *p->column);
    p->row = calloc((size_t)p->rows, sizeof *p->row);
    if (!p->column || !p->row)
        return -1;
    for (int c = 0; c < format_components(f); c++) {
        if (f->comp[c].plane != plane)
            continue;
        const int chroma = format_is_chroma(f, c), log = chroma ? u.across : 0, x0 = unit0 << (u.across - log);
        for (int i = 0; (size_t)i * f->comp[c].step < p->elements; i++)
            p->column[(size_t)i * f->comp[c].step + f->comp[c].offset] =
                weight_pack(of_pixels(across, (x0 + i) << log, log));
    }
    for (int y = 0; y < p->rows; y++)
        p->row[y] = of_pixels(down, (p->first_row + y) << u.down, u.down);
    set_solid(p);
    return 0;
}

int weights_make(struct prepared *to, const struct area *place, double feather)
{
    const struct area *a = &to->area;
    const int w = a->x1 - a->x0, h = a->y1 - a->y0;
    to->column = malloc((size_t)w * sizeof *to->column);
    to->row = malloc((size_t)h * sizeof *to->row);
    if (!to->column || !to->row)
        return -1;
    to->whole = w == to->layout.width && h == to->layout.height;
    for (int x = 0; x < w; x++) {
        to->column[x] = weight_pack(ramp(a->x0 + x, place->x0, place->x1, feather));
        to->whole &= to->column[x] == 65535;
    }
    for (int y = 0; y < h; y++) {
        to->row[y] = ramp(a->y0 + y, place->y0, place->y1, feather);
        to->whole &= to->row[y] == WEIGHT_ONE;
    }
    const struct side across = {a->x0, a->x1, to->layout.width, to->column, NULL},
                      down = {a->y0, a->y1, to->layout.height, NULL, to->row};
    for (int i = 0; i < to->layout.format->planes; i++)
        if (make_patch(to, i, &across, &down))
            return -1;
    return 0;
}
