/* Frames of packed RGBA, `stride` pixels from row to row. */
#ifndef M6_FREI0R_PIXELS_H
#define M6_FREI0R_PIXELS_H

#include <stddef.h>
#include <stdint.h>

#include "pictures.h"

void pixels_copy(uint32_t *out, const uint32_t *in, int width, int height, size_t stride);
/* Packed RGB of a frame; alpha is left out. */
void pixels_rgb(uint8_t *rgb, const uint32_t *in, int width, int height, size_t stride);
/* An opaque picture of the frame's size. */
void pixels_show(uint32_t *out, const struct m6_picture *, size_t stride);

#endif
