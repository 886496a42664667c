#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <png.h>

#include "core/exif.h"
#include "core/stills_formats.h"
#include "core/write_error.h"

/* All that must survive a longjmp lives here, not in registers. */
struct reader {
    png_structp png;
    png_infop info;
    char why[128];
    unsigned rows; /* done */
    uint32_t width, height;
    int alpha, orientation;
    uint8_t *pixels; /* RGB or RGBA */
    png_bytep *row;
    enum m6_status status;
};

static void on_error(png_structp png, png_const_charp message)
{
    struct reader *r = png_get_error_ptr(png);
    snprintf(r->why, sizeof r->why, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
}

static void on_row(png_structp png, png_uint_32 row, int pass)
{
    struct reader *r = png_get_error_ptr(png);
    r->rows = row;
}

/* Whatever the file has becomes 8-bit RGB or RGBA. */
static void normalise(struct reader *r)
{
    png_structp png = r->png;
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, r->info);
    r->alpha = png_get_channels(png, r->info) == 4;
}

static void read_orientation(struct reader *r)
{
    png_uint_32 size;
    png_bytep exif;
    r->orientation = png_get_eXIf_1(r->png, r->info, &size, &exif) ? m6_exif_orientation(exif, size) : 1;
}

static void decode(struct reader *r, FILE *file, const char *path, struct m6_error *err)
{
    png_init_io(r->png, file);
    png_set_user_limits(r->png, 0x7fffffff, 0x7fffffff); /* checked here, with a better sentence */
    png_set_read_status_fn(r->png, on_row);
    png_read_info(r->png, r->info);
    r->width = png_get_image_width(r->png, r->info);
    r->height = png_get_image_height(r->png, r->info);
    r->status = m6_still_check_size(path, r->width, r->height, err);
    if (r->status)
        return;
    normalise(r);
    size_t stride = png_get_rowbytes(r->png, r->info);
    r->pixels = malloc(stride * r->height);
    r->row = malloc(r->height * sizeof *r->row);
    if (!r->pixels || !r->row) {
        r->status = m6_fail(err, M6_ERR_MEMORY, "no memory for the %ux%u pixels of %.300s", r->width, r->height, path);
        return;
    }
    for (uint32_t y = 0; y < r->height; y++)
        r->row[y] = r->pixels + y * stride;
    png_read_image(r->png, r->row);
    png_read_end(r->png, r->info);
    read_orientation(r);
}

/* Lays RGBA over white, in place: the result is never ahead of what is read. */
static void flatten(uint8_t *pixels, size_t count)
{
    const uint8_t *in = pixels;
    for (size_t i = 0; i < count; i++, in += 4, pixels += 3) {
        int a = in[3];
        for (int c = 0; c < 3; c++)
            pixels[c] = (uint8_t)((in[c] * a + 255 * (255 - a) + 127) / 255);
    }
}

static void deliver(struct reader *r, struct m6_still *still)
{
    if (r->alpha) {
        flatten(r->pixels, (size_t)r->width * r->height);
        uint8_t *less = realloc(r->pixels, (size_t)r->width * r->height * 3);
        r->pixels = less ? less : r->pixels;
    }
    still->rgb = r->pixels;
    r->pixels = NULL;
    still->width = still->full_width = (int)r->width;
    still->height = still->full_height = (int)r->height;
}

enum m6_status m6_png_read(FILE *file, const char *path, struct m6_still *still, struct m6_error *err)
{
    struct reader *r = calloc(1, sizeof *r);
    enum m6_status status;
    if (!r)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to read %.300s", path);
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    r->info = r->png ? png_create_info_struct(r->png) : NULL;
    if (!r->info) {
        r->status = m6_fail(err, M6_ERR_MEMORY, "no memory to read %.300s", path);
    } else if (setjmp(png_jmpbuf(r->png))) {
        int cut = feof(file) || ferror(file);
        if (cut && r->rows < r->height)
            r->status = m6_fail(err, M6_ERR_FORMAT, "%.300s breaks off after row %u of %u; get a whole copy of it", path, r->rows, r->height);
        else
            r->status = m6_fail(err, M6_ERR_FORMAT, "%.300s is not a sound PNG (%s); get a whole copy of it", path, cut ? "it breaks off" : r->why);
    } else {
        decode(r, file, path, err);
    }
    status = r->status;
    if (!status) {
        deliver(r, still);
        if (m6_exif_upright(still, r->orientation))
            status = m6_fail(err, M6_ERR_MEMORY, "no memory to turn %.300s upright", path);
    }
    png_destroy_read_struct(&r->png, &r->info, NULL);
    free(r->pixels);
    free(r->row);
    free(r);
    return status;
}

struct writer {
    png_structp png;
    png_infop info;
    char why[128];
};

static void on_write_error(png_structp png, png_const_charp message)
{
    struct writer *w = png_get_error_ptr(png);
    /* libpng says no more than "Write Error" of a full disk. */
    snprintf(w->why, sizeof w->why, "%s", errno ? m6_write_error(errno) : message);
    png_longjmp(png, 1);
}

/* Plain ASCII as tEXt, which everything reads; the rest as iTXt, which is UTF-8. */
static void set_text(struct writer *w, const char *key, const char *value)
{
    char name[80];
    snprintf(name, sizeof name, "%s", key);
    int plain = 1;
    for (const unsigned char *p = (const unsigned char *)value; *p; p++)
        plain = plain && *p < 0x80;
    png_text text = {.compression = plain ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE, .key = name};
    char *copy = strdup(value);
    if (!copy)
        png_error(w->png, "out of memory");
    text.text = copy;
    text.text_length = plain ? strlen(copy) : 0;
    text.itxt_length = plain ? 0 : strlen(copy);
    png_set_text(w->png, w->info, &text, 1);
    free(copy);
}

/* Leaves by longjmp when it fails. */
static int write_all(struct writer *w, FILE *file, const struct m6_plugin_picture *picture, const char *const *metadata)
{
    png_init_io(w->png, file);
    png_set_IHDR(w->png, w->info, (png_uint_32)picture->width, (png_uint_32)picture->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB(w->png, w->info, PNG_sRGB_INTENT_PERCEPTUAL);
    for (; metadata && metadata[0] && metadata[1]; metadata += 2)
        set_text(w, metadata[0], metadata[1]);
    png_write_info(w->png, w->info);
    for (int y = 0; y < picture->height; y++)
        png_write_row(w->png, picture->rgb + (size_t)y * picture->stride);
    png_write_end(w->png, w->info);
    return fflush(file);
}

static int encode(struct writer *w, FILE *file, const struct m6_plugin_picture *picture, const char *const *metadata)
{
    errno = 0;
    return setjmp(png_jmpbuf(w->png)) ? -1 : write_all(w, file, picture, metadata);
}

enum m6_status m6_still_write_png(const char *path, const struct m6_plugin_picture *picture, const char *const *metadata,
                                  struct m6_error *err)
{
    if (picture->width <= 0 || picture->height <= 0 || !picture->rgb || picture->stride < (size_t)picture->width * 3)
        return m6_fail(err, M6_ERR_ARGUMENT, "there is no picture to write to %.300s", path);
    struct writer w = {.why = ""};
    FILE *file = fopen(path, "wbe");
    if (!file)
        return m6_fail(err, M6_ERR_IO, "cannot write %.300s: %s", path, m6_write_error(errno));
    enum m6_status status = M6_OK;
    w.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, on_write_error, on_warning);
    w.info = w.png ? png_create_info_struct(w.png) : NULL;
    if (!w.info)
        status = m6_fail(err, M6_ERR_MEMORY, "no memory to write %.300s", path);
    else if (encode(&w, file, picture, metadata))
        status = m6_fail(err, M6_ERR_IO, "cannot write %.300s: %s", path, w.why[0] ? w.why : m6_write_error(errno));
    png_destroy_write_struct(&w.png, &w.info);
    if (fclose(file) && !status)
        status = m6_fail(err, M6_ERR_IO, "cannot write %.300s: %s", path, m6_write_error(errno));
    return status;
}
