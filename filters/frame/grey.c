/* The small grey pictures of scene detection. A few samples of each cell are enough, read straight from the brightness plane
 * (or from green): a fiftieth of what scaling the frame would cost. */
#include <libavutil/intreadwrite.h>
#include <libavutil/pixdesc.h>

#include "m6/frame.h"
#include "m6/scene.h"

enum { PER_CELL = 8 };

/* A component that can be read by address: whole bytes, unsigned. */
static const AVComponentDescriptor *readable(const AVPixFmtDescriptor *format)
{
    uint64_t odd = AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT;
    const AVComponentDescriptor *comp = &format->comp[(format->flags & AV_PIX_FMT_FLAG_RGB) && format->nb_components > 2];
    return (format->flags & odd) || comp->depth < 8 || comp->depth > 16 ? NULL : comp;
}

static int sample(const AVFrame *frame, const AVPixFmtDescriptor *format, const AVComponentDescriptor *comp, int x, int y)
{
    const uint8_t *p = frame->data[comp->plane] + (ptrdiff_t)y * frame->linesize[comp->plane] + x * comp->step + comp->offset;
    if (comp->depth == 8 && comp->shift == 0)
        return *p;
    int v = (format->flags & AV_PIX_FMT_FLAG_BE) ? AV_RB16(p) : AV_RL16(p);
    return (v >> comp->shift & ((1 << comp->depth) - 1)) >> (comp->depth - 8);
}

/* The mean of up to PER_CELL × PER_CELL samples of [x0, x1) × [y0, y1). */
static uint8_t cell(const AVFrame *frame, const AVPixFmtDescriptor *format, const AVComponentDescriptor *comp, int x0, int x1, int y0, int y1)
{
    int step_x = (x1 - x0 + PER_CELL - 1) / PER_CELL, step_y = (y1 - y0 + PER_CELL - 1) / PER_CELL;
    int sum = 0, n = 0;
    for (int y = y0; y < y1; y += step_y)
        for (int x = x0; x < x1; x += step_x, n++)
            sum += sample(frame, format, comp, x, y);
    return (uint8_t)(sum / n);
}

static void edges(int i, int cells, int size, int *from, int *to)
{
    *from = (int)((int64_t)i * size / cells);
    *to = (int)((int64_t)(i + 1) * size / cells);
    if (*to == *from)
        ++*to;
}

enum m6_status m6_frame_grey(struct m6_frame_converter *c, const AVFrame *frame, uint8_t *grey, struct m6_error *err)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get((enum AVPixelFormat)frame->format);
    const AVComponentDescriptor *comp = format ? readable(format) : NULL;
    if (!comp) {
        static const struct m6_frame_turn upright;
        uint8_t rgb[M6_SCENE_WIDTH * M6_SCENE_HEIGHT * 3];
        enum m6_status status = m6_frame_convert(c, frame, &upright, M6_SCENE_WIDTH, M6_SCENE_HEIGHT, rgb, err);
        for (int i = 0; !status && i < M6_SCENE_WIDTH * M6_SCENE_HEIGHT; i++)
            grey[i] = rgb[3 * i + 1];
        return status;
    }
    for (int j = 0; j < M6_SCENE_HEIGHT; j++)
        for (int i = 0; i < M6_SCENE_WIDTH; i++) {
            int x0, x1, y0, y1;
            edges(i, M6_SCENE_WIDTH, frame->width, &x0, &x1);
            edges(j, M6_SCENE_HEIGHT, frame->height, &y0, &y1);
            *grey++ = cell(frame, format, comp, x0, x1, y0, y1);
        }
    return M6_OK;
}
