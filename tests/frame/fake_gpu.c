/* A module in m6placebo.so's place whose device is lost at the second frame, or which is of another version (M6_FAKE_ABI). */
#include <stdlib.h>
#include <string.h>

#include "gpu_module.h"

struct frame_gpu {
    int frames;
};

static enum m6_status fake_open(int software, struct frame_gpu **out, struct m6_error *err)
{
    *out = calloc(1, sizeof **out);
    return *out ? M6_OK : M6_ERR_MEMORY;
}

static void fake_close(struct frame_gpu *g)
{
    free(g);
}

static void describe(const struct frame_gpu *g, char *text, size_t size)
{
    strncpy(text, "a fake", size);
}

static enum m6_status convert(struct frame_gpu *g, const struct frame_gpu_request *r, struct m6_error *err)
{
    memset(r->rgba, 77, (size_t)r->width * (size_t)r->height * 4);
    if (!g->frames++)
        return M6_OK;
    strcpy(err->text, "the device is gone");
    return M6_ERR_IO;
}

extern const struct frame_gpu_module m6_frame_gpu;
__attribute__((visibility("default"))) const struct frame_gpu_module m6_frame_gpu = {
    .abi = M6_FAKE_ABI,
    .size = sizeof(struct frame_gpu_module),
    .open = fake_open,
    .close = fake_close,
    .describe = describe,
    .convert = convert,
};
