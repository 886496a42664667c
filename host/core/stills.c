#include "core/stills.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/stills_formats.h"

enum m6_still_kind m6_still_sniff(const char *path)
{
    uint8_t head[8] = {0};
    struct stat st;
    /* A pipe must not lose its first bytes to a look at them. */
    if (stat(path, &st) || !S_ISREG(st.st_mode))
        return M6_STILL_NONE;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return M6_STILL_NONE;
    size_t n = fread(head, 1, sizeof head, file);
    fclose(file);
    if (n == 8 && !memcmp(head, "\x89PNG\r\n\x1a\n", 8))
        return M6_STILL_PNG;
    if (n >= 3 && !memcmp(head, "\xff\xd8\xff", 3)) {
        const char *dot = strrchr(path, '.');
        int motion = dot && (!strcasecmp(dot, ".mjpg") || !strcasecmp(dot, ".mjpeg"));
        return motion ? M6_STILL_NONE : M6_STILL_JPEG;
    }
    return M6_STILL_NONE;
}

enum m6_status m6_still_check_size(const char *path, uint32_t width, uint32_t height, struct m6_error *err)
{
    if (!width || !height)
        return m6_fail(err, M6_ERR_FORMAT, "%.300s has no pixels (%ux%u)", path, width, height);
    if (width > M6_STILL_SIDE_MAX || height > M6_STILL_SIDE_MAX || (uint64_t)width * height > M6_STILL_PIXELS_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "%.300s is %ux%u pixels; at most %d megapixels and %d a side are read: scale it down first",
                       path, width, height, M6_STILL_PIXELS_MAX / 1000000, M6_STILL_SIDE_MAX);
    return M6_OK;
}

enum m6_status m6_still_read(const char *path, int enough_width, int enough_height, struct m6_still *still, struct m6_error *err)
{
    memset(still, 0, sizeof *still);
    enum m6_still_kind kind = m6_still_sniff(path);
    FILE *file = fopen(path, "rbe");
    if (!file)
        return m6_fail(err, M6_ERR_IO, "cannot open %.300s: %s", path, strerror(errno));
    enum m6_status status;
    if (kind == M6_STILL_PNG)
        status = m6_png_read(file, path, still, err);
    else if (kind == M6_STILL_JPEG)
        status = m6_jpeg_read(file, path, enough_width, enough_height, still, err);
    else
        status = m6_fail(err, M6_ERR_FORMAT, "%.300s is neither PNG nor JPEG", path);
    fclose(file);
    if (status)
        m6_still_finish(still);
    return status;
}

void m6_still_finish(struct m6_still *still)
{
    free(still->rgb);
    memset(still, 0, sizeof *still);
}
