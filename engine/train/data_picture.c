/* Pictures on disk for training: libpng and libjpeg, then a box filter to the model's size. */
#include "train/data.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include <jpeglib.h>

enum { SIDE_MAX = 16384 };

struct picture {
    int width, height;
    uint8_t *rgb;
};

static enum m6_status read_png(struct picture *p, const char *path, struct m6_error *err)
{
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_file(&image, path))
        return m6_fail(err, M6_ERR_FORMAT, "%s: %s", path, image.message);
    image.format = PNG_FORMAT_RGB;
    if (image.width > SIDE_MAX || image.height > SIDE_MAX || !(p->rgb = malloc(PNG_IMAGE_SIZE(image)))) {
        png_image_free(&image);
        return m6_fail(err, M6_ERR_LIMIT, "%s: larger than %d×%d, or no memory for it", path, SIDE_MAX, SIDE_MAX);
    }
    p->width = (int)image.width;
    p->height = (int)image.height;
    const png_color black = {0, 0, 0};
    if (!png_image_finish_read(&image, &black, p->rgb, 0, NULL)) {
        free(p->rgb);
        return m6_fail(err, M6_ERR_FORMAT, "%s: %s", path, image.message);
    }
    return M6_OK;
}

struct jpeg_trouble {
    struct jpeg_error_mgr base;
    jmp_buf back;
    char text[JMSG_LENGTH_MAX];
};

static void jpeg_failed(j_common_ptr c)
{
    struct jpeg_trouble *t = (struct jpeg_trouble *)c->err;
    c->err->format_message(c, t->text);
    longjmp(t->back, 1);
}

static void jpeg_quiet(j_common_ptr c)
{
}

static enum m6_status read_jpeg(struct picture *p, const char *path, FILE *f, struct m6_error *err)
{
    struct jpeg_decompress_struct d;
    struct jpeg_trouble trouble;
    uint8_t *volatile rgb = NULL;
    d.err = jpeg_std_error(&trouble.base);
    trouble.base.error_exit = jpeg_failed;
    trouble.base.output_message = jpeg_quiet;
    trouble.text[0] = '\0';
    if (setjmp(trouble.back)) {
        jpeg_destroy_decompress(&d);
        free(rgb);
        return m6_fail(err, M6_ERR_FORMAT, "%s: %s", path, trouble.text);
    }
    jpeg_create_decompress(&d);
    jpeg_stdio_src(&d, f);
    jpeg_read_header(&d, TRUE);
    d.out_color_space = JCS_RGB;
    jpeg_start_decompress(&d);
    if (d.output_width > SIDE_MAX || d.output_height > SIDE_MAX ||
        !(rgb = malloc((size_t)d.output_width * d.output_height * 3))) {
        jpeg_destroy_decompress(&d);
        return m6_fail(err, M6_ERR_LIMIT, "%s: larger than %d×%d, or no memory for it", path, SIDE_MAX, SIDE_MAX);
    }
    while (d.output_scanline < d.output_height) {
        JSAMPROW row = rgb + (size_t)d.output_scanline * d.output_width * 3;
        jpeg_read_scanlines(&d, &row, 1);
    }
    p->width = (int)d.output_width;
    p->height = (int)d.output_height;
    p->rgb = rgb;
    jpeg_finish_decompress(&d);
    jpeg_destroy_decompress(&d);
    return M6_OK;
}

/* Where output position i of `n` begins in an input stretch of `length` from `start`. */
static double edge(int i, int n, double start, double length)
{
    return start + length * i / n;
}

/* Averages the input over each output pixel's own area; the centre of the input with the output's shape is used. */
static void fit(const struct picture *p, int width, int height, uint8_t *rgb)
{
    double w = p->width, h = p->height;
    if (w * height > h * width)
        w = h * width / height;
    else
        h = w * height / width;
    const double x0 = (p->width - w) / 2, y0 = (p->height - h) / 2;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const double top = edge(y, height, y0, h), bottom = edge(y + 1, height, y0, h);
            const double left = edge(x, width, x0, w), right = edge(x + 1, width, x0, w);
            double sum[3] = {0}, area = 0;
            for (int v = (int)top; v < bottom && v < p->height; v++) {
                const double high = v + 1 < bottom ? v + 1 : bottom, low = v > top ? v : top;
                for (int u = (int)left; u < right && u < p->width; u++) {
                    const double far = u + 1 < right ? u + 1 : right, near = u > left ? u : left;
                    const uint8_t *from = p->rgb + ((size_t)v * p->width + u) * 3;
                    const double share = (high - low) * (far - near);
                    for (int c = 0; c < 3; c++)
                        sum[c] += share * from[c];
                    area += share;
                }
            }
            for (int c = 0; c < 3; c++)
                rgb[((size_t)y * width + x) * 3 + c] = area > 0 ? (uint8_t)(sum[c] / area + 0.5) : 0;
        }
}

enum m6_status m6_picture_read(const char *path, int width, int height, uint8_t *rgb, struct m6_error *err)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return m6_fail(err, M6_ERR_IO, "cannot open %s: %s", path, strerror(errno));
    uint8_t magic[8] = {0};
    const size_t got = fread(magic, 1, sizeof magic, f);
    struct picture p = {0};
    enum m6_status status;
    rewind(f);
    if (got == 8 && !memcmp(magic, "\x89PNG\r\n\x1a\n", 8))
        status = read_png(&p, path, err);
    else if (got >= 3 && magic[0] == 0xff && magic[1] == 0xd8 && magic[2] == 0xff)
        status = read_jpeg(&p, path, f, err);
    else
        status = m6_fail(err, M6_ERR_UNSUPPORTED, "%s: neither a PNG nor a JPEG picture", path);
    fclose(f);
    if (!status)
        fit(&p, width, height, rgb);
    if (!status)
        free(p.rgb);
    return status;
}

enum m6_status m6_picture_write_png(const char *path, int width, int height, const uint8_t *rgb, struct m6_error *err)
{
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = (png_uint_32)width;
    image.height = (png_uint_32)height;
    image.format = PNG_FORMAT_RGB;
    if (!png_image_write_to_file(&image, path, 0, rgb, 0, NULL))
        return m6_fail(err, M6_ERR_IO, "cannot write %s: %s", path, image.message);
    return M6_OK;
}
