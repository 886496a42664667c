/* How pixel formats lie in memory. */
#ifndef M6_COMPOSITE_FORMAT_H
#define M6_COMPOSITE_FORMAT_H

#include "m6/composite.h"

/* A plane is rows of elements (8 or 16 bits); a component has every `step`th of them, from `offset` on. */
struct component {
    uint8_t plane, step, offset;
};

enum { FORMAT_RGB = 1, FORMAT_GRAY = 2, FORMAT_ALPHA = 4, FORMAT_FULL = 8, FORMAT_PAD = 16 };
/* Components in order: Y U V, R G B, or Y; then alpha, or what only pads. */
struct m6_frame_format {
    const char *name;
    uint8_t flags, depth, shift; /* shift: unused low bits of an element */
    uint8_t across, down;        /* log2 of pixels a chroma sample */
    uint8_t planes, colours;     /* colours: 1 or 3 */
    struct component comp[4];
};

/* Elements come in units: the least that holds whole samples of every component of a plane. */
struct unit {
    int across, down; /* log2 of the pixels that it stands for */
    int elements;
};
struct unit format_unit(const struct m6_frame_format *, int plane);
int format_components(const struct m6_frame_format *); /* with alpha or padding */
int format_is_chroma(const struct m6_frame_format *, int component);
static inline int format_bytes(const struct m6_frame_format *f)
{
    return f->depth > 8 ? 2 : 1;
}

#endif
