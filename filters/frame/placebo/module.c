/* The module's one exported symbol: a frame's planes go up, one rendering scales and maps them, 8-bit RGBA comes down. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libplacebo/renderer.h>
#include <libplacebo/utils/libav.h>

#include "device.h"
#include "gpu_module.h"
#include "kernels.h"

/* Light in cd/m². What is taken for a mastering display's peak where nothing is said, and the least and most that is believed. */
static const float peak_assumed = 1000, peak_least = 203, peak_most = 10000;

struct frame_gpu {
    struct device *device;
    pl_renderer renderer;
    pl_tex planes[4], target;
    struct kernel smaller, larger, chroma;
    double ratio; /* of `smaller` */
};

static void gpu_close(struct frame_gpu *g)
{
    if (!g)
        return;
    if (g->device) {
        pl_gpu gpu = g->device->gpu;
        pthread_mutex_lock(&g->device->turn);
        for (int i = 0; i < 4; i++)
            pl_tex_destroy(gpu, &g->planes[i]);
        pl_tex_destroy(gpu, &g->target);
        pl_renderer_destroy(&g->renderer);
        pthread_mutex_unlock(&g->device->turn);
        device_release(g->device);
    }
    free(g);
}

static enum m6_status gpu_open(int software, struct frame_gpu **out, struct m6_error *err)
{
    struct frame_gpu *g = calloc(1, sizeof *g);
    *out = NULL;
    if (!g)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to convert frames");
    enum m6_status status = device_acquire(software, &g->device, err);
    if (!status) {
        pthread_mutex_lock(&g->device->turn);
        g->renderer = pl_renderer_create(NULL, g->device->gpu);
        pthread_mutex_unlock(&g->device->turn);
        if (!g->renderer)
            status = m6_fail(err, M6_ERR_MEMORY, "no memory to convert frames");
    }
    if (status) {
        gpu_close(g);
        return status;
    }
    kernel_cubic(&g->larger);
    kernel_area(&g->chroma, 2);
    *out = g;
    return M6_OK;
}

static void describe(const struct frame_gpu *g, char *text, size_t size)
{
    const char *version = PL_VERSION;
    snprintf(text, size, "libplacebo %s on %s", version + (*version == 'v'), g->device->name);
}

/* ---- what a frame's numbers mean ---- */

static enum pl_color_system system_of(enum AVColorSpace matrix)
{
    switch (matrix) {
    case AVCOL_SPC_RGB:
        return PL_COLOR_SYSTEM_RGB;
    case AVCOL_SPC_BT709:
        return PL_COLOR_SYSTEM_BT_709;
    case AVCOL_SPC_BT470BG:
        return PL_COLOR_SYSTEM_BT_601;
    case AVCOL_SPC_SMPTE240M:
        return PL_COLOR_SYSTEM_SMPTE_240M;
    case AVCOL_SPC_BT2020_NCL:
        return PL_COLOR_SYSTEM_BT_2020_NC;
    default:
        return PL_COLOR_SYSTEM_UNKNOWN;
    }
}

/* The brightest that is to be expected: what the content says of itself, or the display that it was made on. */
static float peak_of(const struct pl_hdr_metadata *hdr)
{
    float peak = hdr->max_luma;
    if (hdr->max_cll > 0 && (!(peak > 0) || hdr->max_cll < peak))
        peak = hdr->max_cll;
    return peak > 0 ? fminf(fmaxf(peak, peak_least), peak_most) : peak_assumed;
}

/* SDR is taken for sRGB whatever it says, as everywhere in M6. */
static struct pl_color_space colours_of(const struct frame_gpu_request *r)
{
    struct pl_color_space colours = pl_color_space_srgb;
    if (r->kind == TONE_WIDE)
        colours.primaries = PL_COLOR_PRIM_BT_2020;
    if (r->kind != TONE_PQ && r->kind != TONE_HLG)
        return colours;
    pl_color_space_from_avframe(&colours, r->frame);
    colours.transfer = r->kind == TONE_PQ ? PL_COLOR_TRC_PQ : PL_COLOR_TRC_HLG;
    if (colours.primaries == PL_COLOR_PRIM_UNKNOWN)
        colours.primaries = PL_COLOR_PRIM_BT_2020;
    /* Primaries of the mastering display would only narrow what is in the container's. */
    memset(&colours.hdr.prim, 0, sizeof colours.hdr.prim);
    colours.hdr.max_luma = peak_of(&colours.hdr);
    if (!(colours.hdr.min_luma > 0 && colours.hdr.min_luma < 1))
        colours.hdr.min_luma = 0;
    colours.hdr.max_cll = colours.hdr.max_fall = 0;
    return colours;
}

/* ---- the way through the device ---- */

static enum m6_status lost(struct m6_error *err)
{
    return m6_fail(err, M6_ERR_IO, "the Vulkan device failed; frames are converted on the CPU from here on");
}

static enum m6_status upload(struct frame_gpu *g, const struct frame_gpu_request *r, struct pl_frame *image, struct m6_error *err)
{
    const AVFrame *f = r->frame;
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get((enum AVPixelFormat)f->format);
    struct pl_plane_data data[4] = {{0}};
    pl_frame_from_avframe(image, f);
    int count = pl_plane_data_from_pixfmt(data, &image->repr.bits, (enum AVPixelFormat)f->format);
    for (int i = 0; i < count; i++) {
        const int chroma = i == 1 || i == 2;
        data[i].width = chroma ? AV_CEIL_RSHIFT(f->width, format->log2_chroma_w) : f->width;
        data[i].height = chroma ? AV_CEIL_RSHIFT(f->height, format->log2_chroma_h) : f->height;
        if (f->linesize[i] <= 0 || (size_t)f->linesize[i] % data[i].pixel_stride || !pl_plane_find_fmt(g->device->gpu, NULL, &data[i]))
            return m6_fail(err, M6_ERR_UNSUPPORTED, "the device has no such format");
        data[i].row_stride = (size_t)f->linesize[i];
        data[i].pixels = f->data[i];
    }
    if (!count)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "the device has no such format");
    for (int i = 0; i < count; i++)
        if (!pl_upload_plane(g->device->gpu, &image->planes[i], &g->planes[i], &data[i]))
            return lost(err);
    if (format->log2_chroma_w || format->log2_chroma_h)
        pl_frame_set_chroma_location(image, pl_chroma_from_av(r->chroma));
    image->repr.sys = system_of(r->matrix);
    image->repr.levels = r->full ? PL_COLOR_LEVELS_FULL : PL_COLOR_LEVELS_LIMITED;
    image->repr.alpha = PL_ALPHA_UNKNOWN;
    image->color = colours_of(r);
    /* swscale knows none of these, and turning is done afterwards. */
    image->crop = (struct pl_rect2df){0, 0, (float)f->width, (float)f->height};
    image->rotation = PL_ROTATION_0;
    memset(&image->profile, 0, sizeof image->profile);
    memset(&image->film_grain, 0, sizeof image->film_grain);
    return M6_OK;
}

static enum m6_status make_target(struct frame_gpu *g, int w, int h, struct pl_frame *target, struct m6_error *err)
{
    pl_gpu gpu = g->device->gpu;
    pl_fmt format = pl_find_fmt(gpu, PL_FMT_UNORM, 4, 8, 8, PL_FMT_CAP_RENDERABLE | PL_FMT_CAP_HOST_READABLE);
    if (!format)
        return m6_fail(err, M6_ERR_IO, "the Vulkan device cannot draw 8-bit pictures; update its driver");
    struct pl_tex_params params = {.w = w, .h = h, .format = format, .renderable = true, .host_readable = true};
    params.storable = (format->caps & PL_FMT_CAP_STORABLE) != 0;
    params.blit_dst = (format->caps & PL_FMT_CAP_BLITTABLE) != 0;
    if (!pl_tex_recreate(gpu, &g->target, &params))
        return lost(err);
    *target = (struct pl_frame){.num_planes = 1, .color = pl_color_space_srgb};
    target->planes[0] = (struct pl_plane){.texture = g->target, .components = 4, .component_mapping = {0, 1, 2, 3}};
    target->repr = (struct pl_color_repr){.sys = PL_COLOR_SYSTEM_RGB, .levels = PL_COLOR_LEVELS_FULL};
    target->crop = (struct pl_rect2df){0, 0, (float)w, (float)h};
    return M6_OK;
}

static enum m6_status render(struct frame_gpu *g, const struct frame_gpu_request *r, const struct pl_frame *image, const struct pl_frame *target)
{
    /* The kernel's edges depend on the ratio; one kernel serves both sides. */
    const double ratio = sqrt((double)r->frame->width * r->frame->height / ((double)r->width * r->height));
    if (ratio != g->ratio)
        kernel_area(&g->smaller, ratio);
    g->ratio = ratio;
    const int smaller = r->width <= r->frame->width && r->height <= r->frame->height && ratio > 1;
    struct pl_color_map_params map = pl_color_map_default_params;
    map.tone_mapping_function = &pl_tone_map_bt2390;
    struct pl_render_params params = pl_render_fast_params;
    params.upscaler = params.downscaler = smaller ? &g->smaller.config : &g->larger.config;
    params.plane_upscaler = smaller ? &g->chroma.config : &g->larger.config;
    params.color_map_params = &map;
    params.disable_linear_scaling = true;
    params.lut_entries = 256;
    return pl_render_image(g->renderer, image, target, &params) ? M6_OK : M6_ERR_IO;
}

static enum m6_status draw(struct frame_gpu *g, const struct frame_gpu_request *r, struct m6_error *err)
{
    pl_gpu gpu = g->device->gpu;
    const uint32_t most = gpu->limits.max_tex_2d_dim;
    struct pl_frame image, target;
    if ((uint32_t)r->frame->width > most || (uint32_t)r->frame->height > most || (uint32_t)r->width > most || (uint32_t)r->height > most)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "the device has no pictures as large as that");
    if (system_of(r->matrix) == PL_COLOR_SYSTEM_UNKNOWN)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "libplacebo has no such matrix");
    enum m6_status status = upload(g, r, &image, err);
    if (!status)
        status = make_target(g, r->width, r->height, &target, err);
    if (status)
        return status;
    if (render(g, r, &image, &target) || !pl_tex_download(gpu, &(struct pl_tex_transfer_params){.tex = g->target, .ptr = r->rgba}) ||
        pl_gpu_is_failed(gpu))
        return lost(err);
    return M6_OK;
}

static enum m6_status convert(struct frame_gpu *g, const struct frame_gpu_request *r, struct m6_error *err)
{
    pthread_mutex_lock(&g->device->turn);
    const enum m6_status status = draw(g, r, err);
    pthread_mutex_unlock(&g->device->turn);
    return status;
}

extern const struct frame_gpu_module m6_frame_gpu;
__attribute__((visibility("default"))) const struct frame_gpu_module m6_frame_gpu = {
    .abi = FRAME_GPU_ABI,
    .size = sizeof(struct frame_gpu_module),
    .open = gpu_open,
    .close = gpu_close,
    .describe = describe,
    .convert = convert,
};
