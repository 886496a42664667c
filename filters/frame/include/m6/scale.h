/* Pictures scaled with care: Lanczos of three lobes, held to the neighbours when enlarging, so that flat drawings get no
 * halos. Integer arithmetic: the same bytes everywhere. Needs libc and libm alone. Any threads. */
#ifndef M6_SCALE_H
#define M6_SCALE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is scaled: packed 8-bit RGB, of which `left`, `top`, `width`, `height` (in its pixels) become the whole result. */
struct m6_scale_source {
    const uint8_t *rgb;
    size_t stride; /* bytes from row to row */
    int columns, rows;
    double left, top, width, height;
};
/* The whole result would be `width` × `height`; of it the window x, y, w, h is made. */
struct m6_scale_target {
    int width, height;
    int x, y, w, h;
};

/* Packed RGB, w × h of the window; in 16 bits 65535 is white. All sizes at least 1, the window inside the result. Returns 0,
 * or -1 when out of memory. */
int m6_scale_rgb8(const struct m6_scale_source *, const struct m6_scale_target *, uint8_t *out);
int m6_scale_rgb16(const struct m6_scale_source *, const struct m6_scale_target *, uint16_t *out);

#ifdef __cplusplus
}
#endif
#endif
