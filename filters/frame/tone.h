/* HDR and wide-gamut pictures, small ones, to sRGB. */
#ifndef M6_FRAME_TONE_H
#define M6_FRAME_TONE_H

#include <stddef.h>
#include <stdint.h>

#include <libavutil/frame.h>

enum tone_kind { TONE_NONE, TONE_WIDE, TONE_PQ, TONE_HLG };
enum tone_kind tone_kind_of(const AVFrame *);

struct tone; /* tables; NULL-safe to destroy */
struct tone *tone_create(enum tone_kind); /* NULL: out of memory */
void tone_destroy(struct tone *);
enum tone_kind tone_kind(const struct tone *);
/* n pixels of 16-bit RGB (BT.2020) to 8-bit sRGB. */
void tone_map(const struct tone *, const uint16_t *from, uint8_t *to, size_t n);

#endif
