/* Which places of the code grid a drawing keeps. */
#ifndef M6_FAMILIES_M6_KEEP_H
#define M6_FAMILIES_M6_KEEP_H

#include "families/m6/config.h"
#include "m6/engine.h"

/* Sets known[place] for the places that lie wholly inside one of the rectangles, which are in pixels of the picture as
 * given, before it is scaled and letterboxed. Returns how many. */
int m6_keep_places(uint8_t *known, const struct m6_config *, const struct m6_picture *, const struct m6_rect *keep,
                   int count);

#endif
