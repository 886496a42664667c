#include "train/data.h"

#include <math.h>
#include <string.h>

void m6_source_destroy(struct m6_source *s)
{
    if (s->destroy)
        s->destroy(s->self);
    memset(s, 0, sizeof *s);
}

void m6_picture_blocks(const uint8_t *rgb, int n, int width, int height, int block, float *row)
{
    const int across = width / block, band = 3 * block;
    for (int i = 0; i < n * (height / block); i++)
        for (int x = 0; x < across; x++)
            for (int dy = 0; dy < block; dy++) {
                const uint8_t *from = rgb + ((size_t)(i * block + dy) * width + (size_t)x * block) * 3;
                float *to = row + ((size_t)i * across + x) * block * band + (size_t)dy * band;
                for (int c = 0; c < band; c++)
                    to[c] = (float)from[c] / 127.5f - 1.0f;
            }
}

void m6_blocks_picture(const float *row, int n, int width, int height, int block, uint8_t *rgb)
{
    const int across = width / block, band = 3 * block;
    for (int i = 0; i < n * (height / block); i++)
        for (int x = 0; x < across; x++)
            for (int dy = 0; dy < block; dy++) {
                const float *from = row + ((size_t)i * across + x) * block * band + (size_t)dy * band;
                uint8_t *to = rgb + ((size_t)(i * block + dy) * width + (size_t)x * block) * 3;
                for (int c = 0; c < band; c++)
                    to[c] = (uint8_t)lrintf(fminf(fmaxf((from[c] + 1.0f) * 127.5f, 0.0f), 255.0f));
            }
}

void m6_mask_blocks(const uint8_t *mask, int n, int width, int height, int block, float *share)
{
    const int across = width / block;
    for (int i = 0; i < n * (height / block); i++)
        for (int x = 0; x < across; x++) {
            int sum = 0;
            for (int dy = 0; dy < block; dy++)
                for (int dx = 0; dx < block; dx++)
                    sum += mask[(size_t)(i * block + dy) * width + (size_t)x * block + dx];
            share[(size_t)i * across + x] = (float)sum / (255.0f * (float)(block * block));
        }
}
