/* Which pixels of a frame are near a key colour, and what that colour reflects on the others. m6/composite.h has the formulas. */
#ifndef M6_COMPOSITE_KEY_H
#define M6_COMPOSITE_KEY_H

#include "prepared.h"

/* Looks at one frame. `colour`: the key as the frame's code values. NULL: out of memory. */
struct key *key_create(const struct prepared *, const int colour[3], const struct m6_composite_params *);
void key_destroy(struct key *);
/* Before any of the frame's pixels is changed. */
void key_look(struct key *, const struct prepared *, const struct m6_frame_planes *);
/* The picture's share of each pixel of the area in row y of the frame, packed weights. */
void key_row(struct key *, const struct prepared *, int y, uint16_t *share);
/* Takes the key's colour from row y of chroma samples (of pixels, in RGB frames). */
void key_clean_row(struct key *, const struct prepared *, const struct m6_frame_planes *, int y, double opacity);

#endif
