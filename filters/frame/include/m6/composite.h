/* Lays a picture over frames, in the frames' own pixel format: whole, in a rectangle, or behind a key colour.
 *
 * Two steps. m6_composite_prepare does once what a picture and a place need: it scales (Lanczos), converts to the frames'
 * format, matrix, range and primaries, and works out weights. m6_composite_apply then changes one frame in place, and
 * touches the covered rows only.
 *
 *     const struct m6_frame_format *format = m6_frame_format_find("yuv420p");
 *     struct m6_frame_layout layout = {.format = format, .width = 1920, .height = 1080, .matrix = M6_MATRIX_709};
 *     struct m6_composite_params params = {.mode = M6_COMPOSITE_OVERLAY, .x = 1200, .y = 60, .width = 640};
 *     struct m6_composite *c = m6_composite_create();
 *     m6_composite_prepare(c, &layout, &params, &picture, &err);
 *     m6_composite_apply(c, &frame, 0.8);           for each frame; a fade is an opacity that changes
 *     m6_composite_destroy(c);
 *
 * A frame that will be covered wholly (m6_composite_replaces) needs no frame to begin with: apply to a fresh one once, and
 * hand out references to that.
 *
 * The library needs libc and libm alone, and gives the same bytes on every processor and with every compiler: what decides
 * about bytes is integer arithmetic, or single operations that IEEE 754 rounds in one way only.
 *
 * Colour. A picture is sRGB. In SDR frames its code values are taken over as R'G'B' (video practice treats BT.709's transfer
 * as the same); in frames of BT.2020 primaries they are brought there, through light and back. In PQ and HLG frames white
 * lies at 203 cd/m² (ITU-R BT.2408; HLG for a display of 1000 cd/m²).
 *
 * Transparency. Frames with alpha are taken as straight alpha unless the layout says otherwise, and composited properly: a
 * picture of opacity w makes alpha a + (1 − a)·w, and counts w / (a + (1 − a)·w) in colours. Bytes that carry nothing (the
 * x of rgb0) become 255 or go towards it. Samples are within one code value of what real numbers would give (over transparent
 * pixels of 16 bits, within four).
 *
 * Subsampled chroma. A chroma sample weighs as much as the share of its pixels that is covered, so that rectangles may lie
 * at odd places.
 *
 * Threads: one composite is used by one thread at a time. Different ones are independent.
 */
#ifndef M6_COMPOSITE_H
#define M6_COMPOSITE_H

#include <stddef.h>
#include <stdint.h>

#include "m6/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How pixels of frames lie in memory: constant tables, by the names that FFmpeg has for them ("yuv420p", "p010le", "rgba").
 * Sixteen-bit samples are in the processor's byte order; "yuv420p10" means "yuv420p10le" on little-endian ones. */
struct m6_frame_format;
const struct m6_frame_format *m6_frame_format_find(const char *name); /* NULL: not one that can be composited */
const struct m6_frame_format *m6_frame_format_at(int index);          /* all of them, from 0; NULL: no more */
const char *m6_frame_format_name(const struct m6_frame_format *);
int m6_frame_format_planes(const struct m6_frame_format *); /* 1 to 4 */
int m6_frame_format_depth(const struct m6_frame_format *);  /* bits of a sample that count, 8 to 16 */
int m6_frame_format_has_alpha(const struct m6_frame_format *);
/* log2 of how many pixels share a chroma sample, across and down. */
void m6_frame_format_subsampling(const struct m6_frame_format *, int *across, int *down);
/* The size of a plane of a w × h frame: bytes of a row, and rows. */
void m6_frame_format_plane_size(const struct m6_frame_format *, int plane, int width, int height, size_t *bytes, int *rows);

/* Zero is "not said" everywhere. Then: BT.2020 with PQ, HLG or BT.2020 primaries, else BT.709 from 1280 columns or 720 lines
 * on, else BT.601; full range for RGB, gray and yuvj formats, else limited; chroma at the left, in the middle for yuvj;
 * SDR; BT.2020 primaries with PQ or HLG, else BT.709. RGB formats have no matrix and are always of full range. */
enum m6_frame_matrix {
    M6_MATRIX_UNKNOWN,
    M6_MATRIX_709,
    M6_MATRIX_601, /* bt470bg and smpte170m */
    M6_MATRIX_2020, /* non-constant luminance; constant luminance is treated as this */
    M6_MATRIX_FCC,
    M6_MATRIX_240M,
    M6_MATRIX_RGB,  /* YUV formats of 4:4:4 whose planes hold G, B, R */
    M6_MATRIX_YCGCO
};
enum m6_frame_range { M6_RANGE_UNKNOWN, M6_RANGE_LIMITED, M6_RANGE_FULL };
/* In the order and with the values of FFmpeg's AVChromaLocation. */
enum m6_frame_siting {
    M6_SITING_UNKNOWN,
    M6_SITING_LEFT,
    M6_SITING_CENTER,
    M6_SITING_TOPLEFT,
    M6_SITING_TOP,
    M6_SITING_BOTTOMLEFT,
    M6_SITING_BOTTOM
};
enum m6_frame_transfer { M6_TRANSFER_UNKNOWN, M6_TRANSFER_SDR, M6_TRANSFER_PQ, M6_TRANSFER_HLG };
enum m6_frame_primaries { M6_PRIMARIES_UNKNOWN, M6_PRIMARIES_709, M6_PRIMARIES_2020 };
enum m6_frame_alpha { M6_ALPHA_STRAIGHT, M6_ALPHA_PREMULTIPLIED };

struct m6_frame_layout {
    const struct m6_frame_format *format;
    int width, height; /* pixels, 1 to M6_FRAME_SIDE_MAX */
    enum m6_frame_matrix matrix;
    enum m6_frame_range range;
    enum m6_frame_siting siting;
    enum m6_frame_transfer transfer;
    enum m6_frame_primaries primaries;
    enum m6_frame_alpha alpha;
};
enum { M6_FRAME_SIDE_MAX = 32768 };

/* One frame of a layout. Planes in FFmpeg's order; strides in bytes, negative when rows lie bottom up (a plane then points to
 * its uppermost row, which lies last). Sixteen-bit samples must be aligned to two bytes. */
struct m6_frame_planes {
    uint8_t *data[4];
    ptrdiff_t stride[4];
};

/* What is laid over: packed 8-bit sRGB, opaque. It is read in m6_composite_prepare only. */
struct m6_composite_picture {
    int width, height; /* 1 to M6_FRAME_SIDE_MAX */
    size_t stride;     /* bytes from row to row, at least 3 × width */
    const uint8_t *rgb;
};

enum m6_composite_mode {
    M6_COMPOSITE_REPLACE, /* the whole frame; the rectangle is ignored */
    M6_COMPOSITE_OVERLAY, /* the rectangle */
    M6_COMPOSITE_REGION,  /* the same with edges that run out over `feather` pixels */
    M6_COMPOSITE_KEY      /* in the rectangle, behind what is not of the key colour */
};

/* Zeroed: the whole frame is replaced.
 *
 * The picture is scaled to cover the rectangle, and what sticks out at two sides is cut off, in the middle: nothing is
 * distorted and nothing of the frame is left bare. With width or height 0 that side follows the picture's shape; with both
 * 0 the rectangle is the whole frame, x and y left aside.
 *
 * Key. A sample's distance to the key colour is that of FFmpeg's chromakey: in the plane of the frame's chroma,
 * d = |c − key| / (255·√2) in 8-bit code values, the mean over 3 × 3 pixels; the frame's own share is
 * a = clamp((d − similarity) / blend). The key colour is converted with the frame's own matrix and range. RGB frames are
 * keyed in the chroma that they would have as BT.601, full range. Gray ones cannot be keyed.
 * Spill: what the key colour reflects on the foreground's edges. With c the chroma less neutral, k the unit vector
 * of the key's chroma, p = c·k, q = |c × k|: c becomes c − spill · near · max(0, p − q) · k, brightness left as it is. So what is
 * more than 45° of hue away from the key keeps its colour. near = min(1, 2 · the mean of 1 − a over a square that reaches R
 * chroma samples to each side), with R about a hundredth of the frame's height: 1 at the edge, 0 from R on. */
struct m6_composite_params {
    enum m6_composite_mode mode;
    int x, y, width, height; /* pixels of the frame; it may lie partly or wholly outside */
    int windowed;            /* 1: the picture covers the whole frame, and the rectangle is a window on it */
    double feather;          /* pixels, inwards from the rectangle's edges; 0: sharp. Region only */
    uint8_t key[3];          /* R, G, B */
    double similarity;       /* 0 to 1; FFmpeg's default is 0.01 */
    double blend;            /* 0 to 1; below 0.0001 the edge is hard */
    double spill;            /* 0 (leave it) to 1 */
};

struct m6_composite;
struct m6_composite *m6_composite_create(void); /* NULL: out of memory */
void m6_composite_destroy(struct m6_composite *); /* NULL is fine */

/* Makes ready for frames of that layout. Nothing is kept of what the pointers point to. May be called again at any time; if
 * it fails, the composite is as it was before. */
enum m6_status m6_composite_prepare(struct m6_composite *, const struct m6_frame_layout *, const struct m6_composite_params *,
                                    const struct m6_composite_picture *, struct m6_error *);

/* Changes a frame of the prepared layout in place. opacity: 0 (nothing happens) to 1. Needs no memory and cannot fail; before
 * the first prepare, nothing happens. */
void m6_composite_apply(struct m6_composite *, const struct m6_frame_planes *, double opacity);

/* 1 when apply would write every sample of a frame, whatever was there: the frame may be a fresh one. */
int m6_composite_replaces(const struct m6_composite *, double opacity);
/* The rows that apply may touch: [first, end), empty when the rectangle lies outside. */
void m6_composite_rows(const struct m6_composite *, int *first, int *end);

#ifdef __cplusplus
}
#endif
#endif
