/* A picture that says what is wrong, for on_error=slate: light letters on a dark ground between two striped bars. */
#ifndef M6_FILTERS_SLATE_H
#define M6_FILTERS_SLATE_H

#include "pictures.h"

/* width × height, at least 1 × 1; text in UTF-8, of which ASCII can be shown. The same picture for the same text and size. NULL: out of memory. Give it
 * back with m6_picture_unref. */
struct m6_picture *m6_slate_create(int width, int height, const char *text);

#endif
