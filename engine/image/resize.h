/* Pictures of any size to the model's own: scaled (area-averaging down, bilinear up), kept in proportion, with black
 * around. The arithmetic is on sRGB values as they are, which is how the models are trained. */
#ifndef M6_IMAGE_RESIZE_H
#define M6_IMAGE_RESIZE_H

#include <stdint.h>

#include "m6/engine.h"
#include "m6/status.h"

enum { M6_PICTURE_SIDE_MAX = 32768 };

/* Checks what a caller gave: sides from 1 to M6_PICTURE_SIDE_MAX, a stride that holds a row, pixels. `what` names the
 * picture in the error. */
enum m6_status m6_picture_check(const struct m6_picture *, const char *what, struct m6_error *err);

/* Where a picture of w × h lands inside a frame of width × height. */
struct m6_rect m6_letterbox_place(int w, int h, int width, int height);
/* Writes width × height packed pixels. */
enum m6_status m6_letterbox(uint8_t *rgb, int width, int height, const struct m6_picture *picture, struct m6_error *err);

/* Bytes to values in [-1, 1], and back (clamped, rounded to nearest). count is of values. */
void m6_bytes_to_values(float *value, const uint8_t *byte, int count);
void m6_values_to_bytes(uint8_t *byte, const float *value, int count);

#endif
