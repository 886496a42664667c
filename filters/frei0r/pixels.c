#include "pixels.h"

#include <string.h>

void pixels_copy(uint32_t *out, const uint32_t *in, int width, int height, size_t stride)
{
    if (out == in)
        return;
    for (int y = 0; y < height; y++)
        memcpy(out + (size_t)y * stride, in + (size_t)y * stride, (size_t)width * 4);
}

void pixels_rgb(uint8_t *rgb, const uint32_t *in, int width, int height, size_t stride)
{
    for (int y = 0; y < height; y++) {
        const uint8_t *row = (const uint8_t *)(in + (size_t)y * stride);
        for (int x = 0; x < width; x++, rgb += 3)
            memcpy(rgb, row + 4 * x, 3);
    }
}

void pixels_show(uint32_t *out, const struct m6_picture *p, size_t stride)
{
    for (int y = 0; y < p->height; y++) {
        const uint8_t *from = p->rgb + (size_t)y * p->stride;
        uint8_t *to = (uint8_t *)(out + (size_t)y * stride);
        for (int x = 0; x < p->width; x++) {
            memcpy(to + 4 * x, from + 3 * x, 3);
            to[4 * x + 3] = 255;
        }
    }
}
