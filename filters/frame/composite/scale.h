/* Pictures scaled with care: Lanczos of three lobes, held to the neighbours when enlarging, so that flat drawings get no halos.
 * Integer arithmetic. */
#ifndef M6_COMPOSITE_SCALE_H
#define M6_COMPOSITE_SCALE_H

#include <stddef.h>
#include <stdint.h>

/* What is scaled: packed 8-bit RGB, of which `left`, `top`, `width`, `height` (in its pixels) become the whole result. */
struct scale_source {
    const uint8_t *rgb;
    size_t stride;
    int columns, rows;
    double left, top, width, height;
};
/* The whole result would be `width` × `height`; of it the window x, y, w, h is made. */
struct scale_target {
    int width, height;
    int x, y, w, h;
};

/* Packed RGB, w × h of the window, 65535 being white. Returns 0, or -1 when out of memory. */
int scale_rgb16(const struct scale_source *, const struct scale_target *, uint16_t *out);

#endif
