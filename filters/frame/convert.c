#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/avutil.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "gpu.h"
#include "m6/frame.h"
#include "tone.h"

/* What a scaler was made for; another one is made when any of it changes. */
struct key {
    int w, h, format, out_w, out_h, out_format, matrix, full, chroma;
};

struct m6_frame_converter {
    struct SwsContext *sws;
    struct key key;
    uint8_t *buffer; /* swscale's output: aligned rows, with room that it may write past their ends */
    size_t buffer_size;
    struct tone *tone;
    struct gpu_path gpu;
    uint8_t *rgba; /* what comes back from it */
    size_t rgba_size;
};

struct m6_frame_converter *m6_frame_converter_create(void)
{
    return calloc(1, sizeof(struct m6_frame_converter));
}

void m6_frame_converter_destroy(struct m6_frame_converter *c)
{
    if (!c)
        return;
    sws_freeContext(c->sws);
    av_free(c->buffer);
    tone_destroy(c->tone);
    gpu_finish(&c->gpu);
    free(c->rgba);
    free(c);
}

static int is_rgb(const AVFrame *frame)
{
    return (av_pix_fmt_desc_get((enum AVPixelFormat)frame->format)->flags & AV_PIX_FMT_FLAG_RGB) != 0;
}

static int matrix_of(const AVFrame *frame)
{
    /* swscale scales RGB as YCbCr, and takes it back by the source's matrix: it must be the one that it went by. */
    if (is_rgb(frame))
        return SWS_CS_DEFAULT;
    switch (frame->colorspace) {
    case AVCOL_SPC_BT709:
        return SWS_CS_ITU709;
    case AVCOL_SPC_FCC:
        return SWS_CS_FCC;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
        return SWS_CS_ITU601;
    case AVCOL_SPC_SMPTE240M:
        return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        return SWS_CS_BT2020;
    default:
        break;
    }
    if (tone_kind_of(frame) != TONE_NONE)
        return SWS_CS_BT2020;
    return frame->width >= 1280 || frame->height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601;
}

/* The full-range twins of the formats are deprecated names for a flag. */
static int is_full(const AVFrame *frame)
{
    switch (frame->format) {
    case AV_PIX_FMT_YUVJ411P:
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ444P:
        return 1;
    default:
        return frame->color_range == AVCOL_RANGE_JPEG;
    }
}

static enum m6_status make_scaler(struct m6_frame_converter *c, const struct key *key, struct m6_error *err)
{
    sws_freeContext(c->sws);
    c->sws = NULL;
    const char *name = av_get_pix_fmt_name((enum AVPixelFormat)key->format);
    if (!sws_isSupportedInput((enum AVPixelFormat)key->format))
        return m6_fail(err, M6_ERR_UNSUPPORTED, "pictures in %s cannot be read; convert the video to yuv420p first", name ? name : "an unknown format");
    struct SwsContext *sws = sws_alloc_context();
    if (!sws)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to convert frames");
    int smaller = key->out_w <= key->w && key->out_h <= key->h && (key->out_w < key->w || key->out_h < key->h);
    int flags = (smaller ? SWS_AREA : SWS_BICUBIC) | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT;
    av_opt_set_int(sws, "srcw", key->w, 0);
    av_opt_set_int(sws, "srch", key->h, 0);
    av_opt_set_int(sws, "src_format", key->format, 0);
    av_opt_set_int(sws, "dstw", key->out_w, 0);
    av_opt_set_int(sws, "dsth", key->out_h, 0);
    av_opt_set_int(sws, "dst_format", key->out_format, 0);
    av_opt_set_int(sws, "src_range", key->full, 0);
    av_opt_set_int(sws, "dst_range", 1, 0);
    av_opt_set_int(sws, "sws_flags", flags, 0);
    /* In 256ths of a luma pixel; a side that is not halved has no position of its own. */
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get((enum AVPixelFormat)key->format);
    if (key->chroma && format->log2_chroma_w == 1)
        av_opt_set_int(sws, "src_h_chr_pos", key->chroma == AVCHROMA_LOC_CENTER ? 128 : 0, 0);
    if (key->chroma && format->log2_chroma_h == 1)
        av_opt_set_int(sws, "src_v_chr_pos", key->chroma == AVCHROMA_LOC_TOPLEFT ? 0 : 128, 0);
    if (sws_init_context(sws, NULL, NULL) < 0) {
        sws_freeContext(sws);
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%s frames of %dx%d cannot be scaled to %dx%d; convert the video to yuv420p of 4096x2160 or less first",
                       name ? name : "unknown", key->w, key->h, key->out_w, key->out_h);
    }
    sws_setColorspaceDetails(sws, sws_getCoefficients(key->matrix), key->full, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    c->sws = sws;
    c->key = *key;
    return M6_OK;
}

/* The positions that are met with; unspecified (0) is as swscale has it, in the middle. */
static int chroma_of(const AVFrame *frame)
{
    switch (frame->chroma_location) {
    case AVCHROMA_LOC_LEFT:
    case AVCHROMA_LOC_CENTER:
    case AVCHROMA_LOC_TOPLEFT:
        return (int)frame->chroma_location;
    default:
        return 0;
    }
}

/* Scales to w × h in a packed format. The rows belong to the converter and last until its next call. */
static enum m6_status scale(struct m6_frame_converter *c, const AVFrame *frame, int w, int h, int out_format, uint8_t **rows, int *stride,
                           struct m6_error *err)
{
    struct key key;
    memset(&key, 0, sizeof key);
    key.w = frame->width;
    key.h = frame->height;
    key.format = frame->format;
    key.out_w = w;
    key.out_h = h;
    key.out_format = out_format;
    key.matrix = matrix_of(frame);
    key.full = is_full(frame);
    key.chroma = chroma_of(frame);
    if (!c->sws || memcmp(&key, &c->key, sizeof key) != 0) {
        enum m6_status status = make_scaler(c, &key, err);
        if (status)
            return status;
    }
    size_t row = ((size_t)w * 8 + 127) & ~(size_t)63, size = row * (size_t)h + 64;
    if (size > c->buffer_size) {
        av_free(c->buffer);
        c->buffer = av_malloc(size);
        c->buffer_size = c->buffer ? size : 0;
    }
    if (!c->buffer)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to convert frames");
    uint8_t *planes[4] = {c->buffer, NULL, NULL, NULL};
    int strides[4] = {(int)row, 0, 0, 0};
    if (sws_scale(c->sws, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height, planes, strides) <= 0)
        return m6_fail(err, M6_ERR_INTERNAL, "a frame could not be converted");
    *rows = c->buffer;
    *stride = (int)row;
    return M6_OK;
}

/* RGBA rows to RGB rows over white, in place. */
static void flatten(uint8_t *rows, int stride, int w, int h)
{
    for (int y = 0; y < h; y++) {
        const uint8_t *in = rows + (size_t)y * (size_t)stride;
        uint8_t *out = rows + (size_t)y * (size_t)stride;
        for (int x = 0; x < w; x++, in += 4, out += 3) {
            int a = in[3];
            for (int i = 0; i < 3; i++)
                out[i] = (uint8_t)((in[i] * a + 255 * (255 - a) + 127) / 255);
        }
    }
}

/* RGBA pixels to RGB ones, in place. */
static void drop_alpha(uint8_t *pixels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pixels[3 * i] = pixels[4 * i];
        pixels[3 * i + 1] = pixels[4 * i + 1];
        pixels[3 * i + 2] = pixels[4 * i + 2];
    }
}

/* 16-bit rows to 8-bit sRGB rows, in place. */
static enum m6_status tone_rows(struct m6_frame_converter *c, enum tone_kind kind, uint8_t *rows, int stride, int w, int h, struct m6_error *err)
{
    if (!c->tone || tone_kind(c->tone) != kind) {
        tone_destroy(c->tone);
        c->tone = tone_create(kind);
        if (!c->tone)
            return m6_fail(err, M6_ERR_MEMORY, "no memory to convert frames");
    }
    for (int y = 0; y < h; y++) {
        uint8_t *row = rows + (size_t)y * (size_t)stride;
        tone_map(c->tone, (const uint16_t *)(const void *)row, row, (size_t)w);
    }
    return M6_OK;
}

/* ---- on a Vulkan device ---- */

static enum AVColorSpace matrix_name_of(const AVFrame *frame)
{
    if (is_rgb(frame))
        return AVCOL_SPC_RGB;
    switch (matrix_of(frame)) {
    case SWS_CS_ITU709:
        return AVCOL_SPC_BT709;
    case SWS_CS_ITU601:
        return AVCOL_SPC_BT470BG;
    case SWS_CS_SMPTE240M:
        return AVCOL_SPC_SMPTE240M;
    case SWS_CS_BT2020:
        return AVCOL_SPC_BT2020_NCL;
    default:
        return AVCOL_SPC_UNSPECIFIED;
    }
}

/* RGBA rows that last until the next call. Whatever goes wrong, swscale can still do it. */
static enum m6_status convert_on_gpu(struct m6_frame_converter *c, const AVFrame *frame, enum tone_kind kind, int w, int h, struct m6_error *err)
{
    if (!gpu_is_there(&c->gpu))
        return M6_ERR_UNSUPPORTED;
    const size_t size = (size_t)w * (size_t)h * 4;
    if (size > c->rgba_size) {
        free(c->rgba);
        c->rgba = malloc(size);
        c->rgba_size = c->rgba ? size : 0;
    }
    if (!c->rgba)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to convert frames");
    const struct frame_gpu_request request = {
        .frame = frame,
        .kind = kind,
        .matrix = matrix_name_of(frame),
        .full = is_full(frame) || is_rgb(frame),
        .chroma = chroma_of(frame) ? (enum AVChromaLocation)chroma_of(frame) : AVCHROMA_LOC_CENTER,
        .width = w,
        .height = h,
        .rgba = c->rgba,
    };
    return gpu_convert(&c->gpu, &request, err);
}

enum m6_status m6_frame_convert(struct m6_frame_converter *c, const AVFrame *frame, const struct m6_frame_turn *turn, int width, int height,
                                uint8_t *rgb, struct m6_error *err)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get((enum AVPixelFormat)frame->format);
    if (!format || (format->flags & AV_PIX_FMT_FLAG_HWACCEL) || frame->width < 1 || frame->height < 1)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "the frame is of no kind that can be converted");
    int w = turn->transposed ? height : width, h = turn->transposed ? width : height, stride = 0;
    enum tone_kind kind = tone_kind_of(frame);
    /* A palette's entries may be transparent whatever its descriptor says. */
    int alpha = (format->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL)) != 0;
    int wanted = kind != TONE_NONE ? AV_PIX_FMT_RGB48 : alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
    uint8_t *rows = NULL;
    if (!alpha && convert_on_gpu(c, frame, kind, w, h, err) == M6_OK) {
        drop_alpha(c->rgba, (size_t)w * (size_t)h);
        m6_frame_turn_rgb(turn, c->rgba, (size_t)w * 3, w, h, rgb);
        return M6_OK;
    }
    enum m6_status status = scale(c, frame, w, h, wanted, &rows, &stride, err);
    if (!status && kind != TONE_NONE)
        status = tone_rows(c, kind, rows, stride, w, h, err);
    else if (!status && alpha)
        flatten(rows, stride, w, h);
    if (!status)
        m6_frame_turn_rgb(turn, rows, (size_t)stride, w, h, rgb);
    return status;
}

const char *m6_frame_converter_note(const struct m6_frame_converter *c)
{
    return c->gpu.failed ? c->gpu.why.text : NULL;
}

void m6_frame_converter_path(const struct m6_frame_converter *c, char *text, size_t size)
{
    if (c->gpu.gpu)
        c->gpu.module->describe(c->gpu.gpu, text, size);
    else
        snprintf(text, size, "swscale");
}

const char *m6_frame_loss(const AVFrame *frame)
{
    switch (tone_kind_of(frame)) {
    case TONE_PQ:
        return "HDR (PQ)";
    case TONE_HLG:
        return "HDR (HLG)";
    case TONE_WIDE:
        return "wide-gamut (BT.2020)";
    default:
        return NULL;
    }
}
