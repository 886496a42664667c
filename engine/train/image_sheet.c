#include <stdlib.h>
#include <string.h>

#include "train/data.h"
#include "train/image.h"

enum m6_status m6_image_sheet(const char *path, const uint8_t *above, const uint8_t *below, int n, int width, int height,
                              struct m6_error *err)
{
    enum { ACROSS = 6 };
    const int down = (n + ACROSS - 1) / ACROSS;
    const size_t row = (size_t)width * 3, wide = row * ACROSS;
    uint8_t *all = calloc((size_t)height * 2 * (size_t)down, wide);
    if (!all)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for %s", path);
    for (int i = 0; i < n; i++)
        for (int y = 0; y < 2 * height; y++) {
            const uint8_t *from = (y < height ? above : below) + ((size_t)i * height + (size_t)(y % height)) * row;
            memcpy(all + ((size_t)(i / ACROSS) * 2 * height + (size_t)y) * wide + (size_t)(i % ACROSS) * row, from, row);
        }
    const enum m6_status status = m6_picture_write_png(path, width * ACROSS, height * 2 * down, all, err);
    free(all);
    return status;
}
