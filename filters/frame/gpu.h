/* Whether a converter's frames go to a Vulkan device, and the way there: opened when a frame first asks for it, given up for
 * good when it fails.
 *
 * M6_VULKAN says what is wanted. auto (or nothing): every frame on a GPU, where there is one. software: software Vulkan (Mesa's
 * lavapipe) does what a GPU would, for tests; it is slower than swscale, and crashes in threads of its own where several
 * converters are used at once. none: never. M6_PLACEBO names the module when it is elsewhere. */
#ifndef FRAME_GPU_H
#define FRAME_GPU_H

#include "gpu_module.h"

struct gpu_path {
    const struct frame_gpu_module *module;
    struct frame_gpu *gpu;
    int off;           /* not wanted, looked for in vain, or failed while in use */
    int ready;         /* all of that was looked at */
    int failed;        /* while in use */
    struct m6_error why; /* of the last refusal or failure */
};

int gpu_is_there(struct gpu_path *);
/* Once it is. M6_ERR_UNSUPPORTED: this frame only. Any other failure switches the path off. */
enum m6_status gpu_convert(struct gpu_path *, const struct frame_gpu_request *, struct m6_error *);
void gpu_finish(struct gpu_path *);

#endif
