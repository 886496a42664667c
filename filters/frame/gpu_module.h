/* What lib/m6/m6placebo.so offers: frames converted by libplacebo on a Vulkan device. gpu.c opens it when a frame asks for it,
 * so that nothing else needs libplacebo, Vulkan or their drivers, or the time that they take to start. */
#ifndef FRAME_GPU_MODULE_H
#define FRAME_GPU_MODULE_H

#include <stdint.h>

#include <libavutil/frame.h>

#include "m6/status.h"
#include "tone.h"

#define FRAME_GPU_ABI 1
#define FRAME_GPU_SYMBOL "m6_frame_gpu"

/* A frame in memory without transparency, and what its tags mean (they may say nothing). */
struct frame_gpu_request {
    const AVFrame *frame;
    enum tone_kind kind;
    enum AVColorSpace matrix; /* one of RGB, BT709, BT470BG, SMPTE240M, BT2020_NCL; the frame's own tags are ignored */
    int full;                 /* range */
    enum AVChromaLocation chroma;
    int width, height;        /* wanted */
    uint8_t *rgba;            /* out: width × height, rows without gaps */
};

struct frame_gpu; /* a converter's share of the device: used by one thread at a time */

struct frame_gpu_module {
    uint32_t abi, size;
    /* All converters of a process share one device of each kind, which lives as long as one of them. Without `software` only a
     * GPU will do; with it a GPU is preferred. Threads: safe. */
    enum m6_status (*open)(int software, struct frame_gpu **, struct m6_error *);
    void (*close)(struct frame_gpu *);
    /* "libplacebo 4.208 on NAME". */
    void (*describe)(const struct frame_gpu *, char *text, size_t size);
    /* M6_ERR_UNSUPPORTED: not a frame like this one, another may do. Anything else: the device is of no more use. */
    enum m6_status (*convert)(struct frame_gpu *, const struct frame_gpu_request *, struct m6_error *);
};

#endif
