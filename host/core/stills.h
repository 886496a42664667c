/* Still pictures on disk: PNG and JPEG in, PNG out. No libav*.
 *
 * Read: every kind of PNG (16 bits, palette, grey, alpha, interlaced) and JPEG (grey, CMYK, progressive), turned upright as
 * EXIF says. Transparent pixels are laid over white, as on paper. Colour profiles and gamma are not applied: samples are
 * taken as sRGB, and 16 bits are rounded to 8. A file that breaks off is an error, never half a picture.
 */
#ifndef M6_HOST_CORE_STILLS_H
#define M6_HOST_CORE_STILLS_H

#include <stddef.h>
#include <stdint.h>

#include "m6/plugin.h"
#include "m6/status.h"

enum { M6_STILL_SIDE_MAX = 32767, M6_STILL_PIXELS_MAX = 120000000 };

struct m6_still {
    int width, height; /* as displayed; rows are packed, 3 bytes a pixel */
    int full_width, full_height; /* of the file, when it was read smaller */
    uint8_t *rgb;
};

enum m6_still_kind { M6_STILL_NONE, M6_STILL_PNG, M6_STILL_JPEG };
/* By its first bytes. M6_STILL_NONE for anything else, also for what cannot be opened and for raw Motion JPEG. */
enum m6_still_kind m6_still_sniff(const char *path);

/* enough_width, enough_height: a JPEG may be read at 1/2, 1/4 or 1/8 of its size, as long as both its sides stay at least
 * twice these; 0: as it is. Free with m6_still_finish. */
enum m6_status m6_still_read(const char *path, int enough_width, int enough_height, struct m6_still *, struct m6_error *);
void m6_still_finish(struct m6_still *); /* a zeroed one is fine */

/* Writes a PNG in place: who wants it whole or not at all gives a passing name, and renames. metadata: pairs of key, value,
 * ended by NULL, as text chunks; or NULL. The same input gives the same bytes. */
enum m6_status m6_still_write_png(const char *path, const struct m6_plugin_picture *, const char *const *metadata,
                                  struct m6_error *);

#endif
