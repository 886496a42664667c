/* The one thing that EXIF is asked for here: which way up a picture is. */
#ifndef M6_HOST_CORE_EXIF_H
#define M6_HOST_CORE_EXIF_H

#include <stddef.h>
#include <stdint.h>

struct m6_still;

/* The Orientation (1 … 8, TIFF tag 0x0112) of a TIFF header with its first directory; 1 if there is none or it is malformed. */
int m6_exif_orientation(const uint8_t *tiff, size_t size);
/* Turns a picture upright. Returns 0, or -1 when out of memory. */
int m6_exif_upright(struct m6_still *, int orientation);

#endif
