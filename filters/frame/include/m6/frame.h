/* Decoded frames as pictures for a model: upright, square pixels, 8-bit sRGB, scaled down to what is wanted, in one step.
 *
 * swscale does the work, with accurate rounding and full chroma, and the same bytes on every processor. Matrix and range come
 * from the frame; where it does not say, BT.709 from 1280 columns or 720 lines on and BT.601 below, limited range. PQ and HLG
 * are tone-mapped (diffuse white at 203 cd/m², highlights rolled off), BT.2020 primaries brought to BT.709's and clipped.
 * Transparent pixels are laid over white. Interlaced frames are taken as they are.
 *
 * libplacebo does it instead where the module m6placebo.so and a GPU are found: the same filters, at 45 dB or more from the
 * above; PQ and HLG by BT.2390, up to the peak that the content's light or the mastering display's metadata gives (1000 cd/m²
 * where neither does). The environment's M6_VULKAN (auto, software, none) chooses; a Vulkan driver in software is used only if asked for. A device that fails is given up, and the frame is converted without.
 *
 * Threads: one converter is used by one thread at a time.
 */
#ifndef M6_FRAME_H
#define M6_FRAME_H

#include <stdint.h>

#include <libavutil/frame.h>

#include "m6/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How stored rows and columns become displayed ones: swapped first, then mirrored. */
struct m6_frame_turn {
    int transposed, mirror_x, mirror_y;
};
/* From a display matrix (libavutil/display.h), to the nearest quarter turn; NULL: upright already. */
struct m6_frame_turn m6_frame_turn_of(const int32_t matrix[9]);
/* Copies w × h RGB (stored, rows `stride` bytes apart) to packed displayed rows. */
void m6_frame_turn_rgb(const struct m6_frame_turn *, const uint8_t *from, size_t stride, int w, int h, uint8_t *to);

/* The size at which a w × h frame is displayed: the side that its sample aspect ratio (0/1: square) stretches grows. */
void m6_frame_displayed(int w, int h, AVRational aspect, const struct m6_frame_turn *, int *displayed_w, int *displayed_h);
/* The largest size of the same shape that fits in max_w × max_h (0: no limit), never larger than w × h, at least 1 × 1. */
void m6_frame_fit(int w, int h, int max_w, int max_h, int *fit_w, int *fit_h);

struct m6_frame_converter;
struct m6_frame_converter *m6_frame_converter_create(void); /* NULL: out of memory */
void m6_frame_converter_destroy(struct m6_frame_converter *);
/* Converts to packed RGB of width × height (displayed). */
enum m6_status m6_frame_convert(struct m6_frame_converter *, const AVFrame *, const struct m6_frame_turn *, int width,
                                int height, uint8_t *rgb, struct m6_error *);
/* Why a converter gave its Vulkan device up, as a sentence, or NULL: for a log. Its frames go on being converted. */
const char *m6_frame_converter_note(const struct m6_frame_converter *);
/* What a converter has in use so far: "swscale", or "libplacebo 4.208 on NAME". */
void m6_frame_converter_path(const struct m6_frame_converter *, char *text, size_t size);
/* What a new converter would use, and why, as a sentence. Starts Vulkan, so it may take a second. */
void m6_frame_describe_path(char *text, size_t size);
/* What is lost on the way, for a warning ("HDR (PQ)"), or NULL. */
const char *m6_frame_loss(const AVFrame *);

/* A small grey picture for m6/scene.h, M6_SCENE_WIDTH × M6_SCENE_HEIGHT; brightness as stored. */
enum m6_status m6_frame_grey(struct m6_frame_converter *, const AVFrame *, uint8_t *grey, struct m6_error *);

#ifdef __cplusplus
}
#endif
#endif
