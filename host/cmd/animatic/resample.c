#include "animatic/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "m6/scale.h"

int resample(const struct m6_plugin_picture *from, struct raster *to, int width, int height)
{
    const struct m6_scale_source source = {
        from->rgb, from->stride, from->width, from->height, 0, 0, from->width, from->height};
    const struct m6_scale_target target = {width, height, 0, 0, width, height};
    *to = (struct raster){width, height, malloc((size_t)width * (size_t)height * 3)};
    if (to->rgb && !m6_scale_rgb8(&source, &target, to->rgb))
        return 0;
    raster_finish(to);
    return -1;
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
