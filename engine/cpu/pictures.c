/* Moving pixels: pictures are rows of channels, in the order (picture, y, x). */
#include <assert.h>
#include <string.h>

#include "cpu/cpu.h"

struct move {
    struct m6_mat y, x;
    int h, w, block; /* of the picture with more pixels */
};

static void copy(float *to, const float *from, int n)
{
    memcpy(to, from, (size_t)n * sizeof *to);
}

/* A stretch is some rows of blocks; the pixels of a block lie in rows of `fine`, and in one row of
 * `coarse`. */
static void to_depth(void *arg, int first, int end, int thread)
{
    const struct move *const s = arg;
    const int across = s->w / s->block, channels = s->x.cols;
    for (int line = first; line < end; line++) { /* (picture, block row) */
        for (int i = 0; i < across * s->block * s->block; i++) {
            const int bx = i / (s->block * s->block), dy = i / s->block % s->block,
                      dx = i % s->block;
            const int fine = (line * s->block + dy) * s->w + bx * s->block + dx;
            copy(m6_row(s->y, line * across + bx) + (dy * s->block + dx) * channels,
                 m6_row(s->x, fine), channels);
        }
    }
}

void m6_cpu_space_to_depth(struct m6_backend *b, struct m6_mat y, struct m6_mat x, int n, int h,
                           int w, int block)
{
    struct move s = {.y = y, .x = x, .h = h, .w = w, .block = block};
    assert(h % block == 0 && w % block == 0 && y.cols == block * block * x.cols);
    m6_cpu_each(m6_cpu_of(b), n * (h / block), (int64_t)w * block * x.cols, to_depth, &s);
}

static void to_space(void *arg, int first, int end, int thread)
{
    const struct move *const s = arg;
    const int across = s->w / s->block, channels = s->y.cols;
    for (int line = first; line < end; line++) {
        for (int i = 0; i < across * s->block * s->block; i++) {
            const int bx = i / (s->block * s->block), dy = i / s->block % s->block,
                      dx = i % s->block;
            const int fine = (line * s->block + dy) * s->w + bx * s->block + dx;
            copy(m6_row(s->y, fine),
                 m6_row(s->x, line * across + bx) + (dy * s->block + dx) * channels, channels);
        }
    }
}

void m6_cpu_depth_to_space(struct m6_backend *b, struct m6_mat y, struct m6_mat x, int n, int h,
                           int w, int block)
{
    struct move s = {.y = y, .x = x, .h = h * block, .w = w * block, .block = block};
    assert(x.cols == block * block * y.cols);
    m6_cpu_each(m6_cpu_of(b), n * h, (int64_t)w * x.cols, to_space, &s);
}

static void double_lines(void *arg, int first, int end, int thread)
{
    const struct move *const s = arg;
    for (int line = first; line < end; line++) { /* of the larger picture, over all pictures */
        for (int i = 0; i < s->w; i++)
            copy(m6_row(s->y, line * s->w + i), m6_row(s->x, line / 2 * (s->w / 2) + i / 2),
                 s->x.cols);
    }
}

void m6_cpu_upsample2(struct m6_backend *b, struct m6_mat y, struct m6_mat x, int n, int h, int w)
{
    struct move s = {.y = y, .x = x, .h = 2 * h, .w = 2 * w};
    m6_cpu_each(m6_cpu_of(b), n * 2 * h, (int64_t)2 * w * x.cols, double_lines, &s);
}
