#include "train/judge.h"

#include <stdlib.h>

#include "train/data_random.h"

static uint8_t clamp(double x)
{
    return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x + 0.5);
}

/* Mixes each pixel with the mean of its (2r+1)² neighbourhood; edges repeat. */
static void blur(uint8_t *rgb, int w, int h, int r, double share)
{
    const int row = 3 * w, n = (2 * r + 1) * (2 * r + 1);
    uint16_t *across = malloc((size_t)h * row * sizeof *across);
    if (!across)
        return;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < row; x++) {
            int sum = 0;
            for (int d = -3 * r; d <= 3 * r; d += 3)
                sum += rgb[y * row + (x + d < 0 ? x % 3 : x + d >= row ? row - 3 + x % 3 : x + d)];
            across[y * row + x] = (uint16_t)sum;
        }
    for (int y = 0; y < h; y++)
        for (int x = 0; x < row; x++) {
            int sum = 0;
            for (int d = -r; d <= r; d++)
                sum += across[(y + d < 0 ? 0 : y + d >= h ? h - 1 : y + d) * row + x];
            uint8_t *p = rgb + y * row + x;
            *p = clamp(*p + share * ((double)sum / n - *p));
        }
    free(across);
}

/* Mixes each pixel with the mean of its block, as coarse quantisation does. */
static void blocks(uint8_t *rgb, int w, int h, int side, double share)
{
    for (int by = 0; by + side <= h; by += side)
        for (int bx = 0; bx + side <= w; bx += side)
            for (int c = 0; c < 3; c++) {
                int sum = 0;
                for (int i = 0; i < side * side; i++)
                    sum += rgb[((size_t)(by + i / side) * w + bx + i % side) * 3 + c];
                for (int i = 0; i < side * side; i++) {
                    uint8_t *p = rgb + ((size_t)(by + i / side) * w + bx + i % side) * 3 + c;
                    *p = clamp(*p + share * ((double)sum / (side * side) - *p));
                }
            }
}

static void colours_and_noise(uint8_t *rgb, int w, int h, double noise, struct m6_rng *r)
{
    double gain[3], shift[3];
    for (int c = 0; c < 3; c++) {
        gain[c] = 1 + 0.08 * (m6_rng_unit(r) - 0.5) * 2;
        shift[c] = 8 * (m6_rng_unit(r) - 0.5) * 2;
    }
    /* Four uniform bytes of one draw, summed, are near enough to a normal. */
    for (int i = 0; i < w * h * 3; i++) {
        double n = 0;
        if (noise > 0) {
            const uint64_t u = m6_rng_next(r);
            n = noise * ((double)((u & 255) + (u >> 8 & 255) + (u >> 16 & 255) + (u >> 24 & 255)) - 510) / 148;
        }
        rgb[i] = clamp(rgb[i] * gain[i % 3] + shift[i % 3] + n);
    }
}

void m6_judge_augment(uint8_t *rgb, int width, int height, uint64_t key)
{
    struct m6_rng r = m6_rng_make(key, 17, 0);
    const int how = m6_rng_below(&r, 8); /* 0, 1: as it is */
    if (how < 2)
        return;
    if (how & 1)
        blur(rgb, width, height, 1 + m6_rng_below(&r, 2), 0.3 + 0.7 * m6_rng_unit(&r));
    if (how & 2)
        blocks(rgb, width, height, m6_rng_below(&r, 2) ? 4 : 8, 0.15 + 0.45 * m6_rng_unit(&r));
    colours_and_noise(rgb, width, height, how & 4 ? 14 * m6_rng_unit(&r) : 0, &r);
}
