#include "core/exif.h"

#include <stdlib.h>
#include <string.h>

#include "core/stills.h"

struct tiff {
    const uint8_t *data;
    size_t size;
    int big;
};

static uint32_t read16(const struct tiff *t, size_t at)
{
    const uint8_t *p = t->data + at;
    return t->big ? (uint32_t)(p[0] << 8 | p[1]) : (uint32_t)(p[1] << 8 | p[0]);
}

static uint32_t read32(const struct tiff *t, size_t at)
{
    return t->big ? read16(t, at) << 16 | read16(t, at + 2) : read16(t, at + 2) << 16 | read16(t, at);
}

int m6_exif_orientation(const uint8_t *tiff, size_t size)
{
    struct tiff t = {tiff, size, 0};
    if (size < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
        return 1;
    t.big = tiff[0] == 'M';
    size_t at = read32(&t, 4);
    if (at < 8 || at > size - 2)
        return 1;
    uint32_t entries = read16(&t, at);
    at += 2;
    for (uint32_t i = 0; i < entries && size - at >= 12; i++, at += 12) {
        if (read16(&t, at) != 0x0112 || read16(&t, at + 2) != 3)
            continue;
        uint32_t value = read16(&t, at + 8);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

int m6_exif_upright(struct m6_still *still, int orientation)
{
    if (orientation < 2 || orientation > 8)
        return 0;
    int turned = orientation >= 5, w = still->width, h = still->height;
    int out_w = turned ? h : w, out_h = turned ? w : h;
    uint8_t *out = malloc((size_t)w * (size_t)h * 3);
    if (!out)
        return -1;
    /* Mirrored along x or y of the stored picture, for each orientation. */
    int flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    int flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    for (int y = 0; y < out_h; y++)
        for (int x = 0; x < out_w; x++) {
            int sx = turned ? y : x, sy = turned ? x : y;
            const uint8_t *from = still->rgb + ((size_t)(flip_y ? h - 1 - sy : sy) * (size_t)w +
                                                (size_t)(flip_x ? w - 1 - sx : sx)) * 3;
            memcpy(out + ((size_t)y * (size_t)out_w + (size_t)x) * 3, from, 3);
        }
    free(still->rgb);
    still->rgb = out;
    still->width = out_w;
    still->height = out_h;
    if (turned) {
        int full = still->full_width;
        still->full_width = still->full_height;
        still->full_height = full;
    }
    return 0;
}
