/* Captions as a file: SRT, WebVTT or JSON lines. It is written anew under a hidden name and renamed, so it is whole at any time.
 *
 * Threads: one at a time.
 */
#ifndef M6_FREI0R_SIDECAR_H
#define M6_FREI0R_SIDECAR_H

#include <stdint.h>

#include <m6/status.h>

#include "caption_options.h"

struct sidecar_line {
    int64_t start, end; /* nanoseconds */
    const char *text;
};
struct sidecar_about {
    const char *model, *prompt, *language;
    int64_t seed;
};

/* Lines in the order of time. */
enum m6_status sidecar_write(const char *path, enum caption_format, const struct sidecar_about *, const struct sidecar_line *, int count, struct m6_error *);

#endif
