/* A picture ready to be mixed into frames: its samples in the frame's format, laid out as they lie there, and how much each
 * row and column of them counts. */
#ifndef M6_COMPOSITE_PREPARED_H
#define M6_COMPOSITE_PREPARED_H

#include "format.h"
#include "kernels.h"

/* [x0, x1) × [y0, y1) */
struct area {
    int x0, y0, x1, y1;
};

/* The part of a plane that is covered, in elements. */
struct patch {
    struct unit unit;
    size_t first, elements; /* of a row */
    int first_row, rows;
    size_t stride;    /* elements from row to row */
    void *samples;    /* uint8_t or uint16_t */
    uint16_t *column; /* weights, packed */
    uint32_t *row;    /* weights */
    size_t solid[2];  /* elements [0], [1) whose column weight is one */
};

struct prepared {
    struct m6_frame_layout layout; /* resolved */
    struct area area;              /* covered pixels inside the frame; may be empty */
    struct patch patch[4];
    uint16_t *column; /* weights of pixels, packed */
    uint32_t *row;
    int whole;       /* the area is the frame and every weight is one */
    struct key *key; /* NULL: there is none */
    /* For weights that differ from pixel to pixel: of pixels (covered, and what that counts in colours), their sums
     * downwards, and of elements. Whole units, of which `before` pixels lie before the area. */
    int before, span;
    uint16_t *cover, *effect, *element;
    uint32_t *sum;
};

static inline int area_empty(struct area a)
{
    return a.x0 >= a.x1 || a.y0 >= a.y1;
}

/* Where the picture goes: `place` is the rectangle, area the part of it inside the frame. All 0, or -1 when out of memory. */
int weights_make(struct prepared *, const struct area *place, double feather);
/* From w × h pixels of the area, R'G'B' of the frame. */
int samples_make(struct prepared *, const uint16_t *rgb);

#endif
