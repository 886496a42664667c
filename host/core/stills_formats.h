/* What stills.c calls for each format. On failure whatever is in the still is freed by the caller. */
#ifndef M6_HOST_CORE_STILLS_FORMATS_H
#define M6_HOST_CORE_STILLS_FORMATS_H

#include <stdint.h>
#include <stdio.h>

#include "core/stills.h"

enum m6_status m6_still_check_size(const char *path, uint32_t width, uint32_t height, struct m6_error *);
enum m6_status m6_png_read(FILE *, const char *path, struct m6_still *, struct m6_error *);
enum m6_status m6_jpeg_read(FILE *, const char *path, int enough_width, int enough_height, struct m6_still *, struct m6_error *);

#endif
