/* A prepared picture mixed into one frame. */
#ifndef M6_COMPOSITE_MIX_H
#define M6_COMPOSITE_MIX_H

#include "prepared.h"

/* Room for mix_frame. 0, or -1 when out of memory. */
int mix_prepare(struct prepared *);
void mix_frame(struct prepared *, const struct m6_frame_planes *, double opacity);

#endif
