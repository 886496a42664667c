/* Captions set into frames, by the module that `m6 storyboard` sets its titles with (lib/m6/m6title.so): it is opened with the first caption, since
 * what lists or scans plugins should not pay for fonts.
 *
 * Threads: one at a time for each burn; different ones are independent.
 */
#ifndef M6_FREI0R_BURN_H
#define M6_FREI0R_BURN_H

#include <stddef.h>
#include <stdint.h>

#include <m6/status.h>

#include "title/title.h"

/* Zeroed: nothing set yet. */
struct burn {
    char *text, *language;
    int width, height;
    struct m6_title_image image;
};

/* Sets the text, unless it was, and lays it over the frame. */
enum m6_status burn(struct burn *, uint32_t *rgba, int width, int height, size_t stride, const char *text, const char *language, double opacity, struct m6_error *);
void burn_finish(struct burn *);

#endif
