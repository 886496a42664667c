/* What a layout's code values mean, and pictures brought to them. */
#ifndef M6_COMPOSITE_COLOUR_H
#define M6_COMPOSITE_COLOUR_H

#include "format.h"

/* A layout with nothing left unsaid. */
struct m6_frame_layout colour_resolve(const struct m6_frame_layout *);

/* A component's code value: (offset << BITS + Σ weight · R'G'B') >> BITS, R'G'B' from 0 to 65535. */
enum { COLOUR_BITS = 30 };
struct colour_matrix {
    int64_t weight[3][3]; /* by component, then R G B */
    int64_t offset[3];
    int max;
};
struct colour_matrix colour_matrix_of(const struct m6_frame_layout *resolved);
/* Of the sum of 1 << bits pixels. */
int colour_code(const struct colour_matrix *, int component, const uint32_t sum[3], int bits);

/* sRGB to the frame's R'G'B', n pixels in place. 0, or -1 when out of memory. */
int colour_convert(const struct m6_frame_layout *resolved, uint16_t *rgb, size_t n);

#endif
