/* Pictures scaled once with care (Lanczos), then sampled cheaply at sub-pixel places, frame after
 * frame. */
#ifndef M6_CMD_RESAMPLE_H
#define M6_CMD_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "m6/plugin.h"

struct raster {
    int width, height;
    uint8_t *rgb; /* packed */
};

/* Any size to any size; edges do not ring. Returns 0, or -1 when out of memory. */
int resample(const struct m6_plugin_picture *from, struct raster *to, int width, int height);
void raster_finish(struct raster *); /* a zeroed one is fine */

/* Fills the rectangle (x, y, w, h) of `to` with the window of `from` given in its pixels, bilinear.
 * `scratch` holds 2 × 3 × w values. */
void sample_window(const struct raster *from, double left, double top, double width, double height,
                   struct raster *to, int x, int y, int w, int h, uint16_t *scratch);

#endif
