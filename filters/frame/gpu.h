/* Whether a converter's frames go to a Vulkan device, and the way there: opened when a frame first asks for it, given up for
 * good when it fails.
 *
 * M6_VULKAN says what is wanted. auto (or nothing): every frame on a GPU; where there is none, HDR is tone-mapped by software
 * Vulkan (Mesa's lavapipe), once swscale has made it small, which takes a few milliseconds. software: software Vulkan does
 * what a GPU would, for tests. none: never. M6_PLACEBO names the module when it is elsewhere. */
#ifndef FRAME_GPU_H
#define FRAME_GPU_H

#include "gpu_module.h"

struct gpu_path {
    const struct frame_gpu_module *module;
    struct frame_gpu *gpu;
    int refused[2];    /* looked for in vain: a GPU, any device */
    int off;           /* failed while in use, or not wanted */
    int ready;         /* the environment was read */
    int as_gpu;        /* software does what a GPU would */
    struct m6_error why; /* of the last refusal or failure */
};

/* How far a frame goes on the device. */
enum gpu_use {
    GPU_NO,
    GPU_MAP,   /* tone mapping only: swscale scales */
    GPU_WHOLE,
};
enum gpu_use gpu_use_for(struct gpu_path *, enum tone_kind);
/* After gpu_use_for. M6_ERR_UNSUPPORTED: this frame only. Any other failure switches the path off. */
enum m6_status gpu_convert(struct gpu_path *, const struct frame_gpu_request *, struct m6_error *);
void gpu_finish(struct gpu_path *);

#endif
