#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "core/exif.h"
#include "core/stills_formats.h"

/* All that must survive a longjmp lives here, not in registers. */
struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr manager;
    jmp_buf fail;
    int failed, cut; /* cut: the data ended before the picture did */
    char why[JMSG_LENGTH_MAX];
    uint8_t *row; /* CMYK */
    struct m6_still *still;
    const char *path;
    struct m6_error *err;
    enum m6_status status;
    int orientation;
};

static void on_error(j_common_ptr jpeg)
{
    struct reader *r = jpeg->client_data;
    jpeg->err->format_message(jpeg, r->why);
    r->failed = 1;
    longjmp(r->fail, 1);
}

/* libjpeg fills what is missing with grey and only warns. */
static void on_message(j_common_ptr jpeg, int level)
{
    struct reader *r = jpeg->client_data;
    int code = jpeg->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)) {
        r->cut = 1;
        on_error(jpeg);
    }
}

static int orientation(const struct jpeg_decompress_struct *jpeg)
{
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m; m = m->next)
        if (m->marker == JPEG_APP0 + 1 && m->data_length > 6 && !memcmp(m->data, "Exif\0\0", 6))
            return m6_exif_orientation(m->data + 6, m->data_length - 6);
    return 1;
}

/* The strongest reduction that leaves twice as many pixels as are asked for, whichever way up. */
static unsigned reduction(const struct jpeg_decompress_struct *jpeg, int turned, int width, int height)
{
    unsigned w = jpeg->image_width, h = jpeg->image_height;
    unsigned need_w = 2 * (unsigned)(turned ? height : width), need_h = 2 * (unsigned)(turned ? width : height);
    for (unsigned by = 8; by > 1; by /= 2)
        if (width > 0 && height > 0 && w / by >= need_w && h / by >= need_h)
            return by;
    return 1;
}

/* Without a profile: plain multiplication. Adobe's files hold the inks inverted. */
static void cmyk_row(const uint8_t *in, uint8_t *out, unsigned width, int inverted)
{
    for (unsigned x = 0; x < width; x++, in += 4, out += 3)
        for (int c = 0; c < 3; c++) {
            int ink = inverted ? in[c] : 255 - in[c], black = inverted ? in[3] : 255 - in[3];
            out[c] = (uint8_t)((ink * black + 127) / 255);
        }
}

static void decode(struct reader *r, int enough_width, int enough_height)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    r->status = m6_still_check_size(r->path, jpeg->image_width, jpeg->image_height, r->err);
    if (r->status)
        return;
    r->orientation = orientation(jpeg);
    int cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    jpeg->scale_num = 1;
    jpeg->scale_denom = reduction(jpeg, r->orientation >= 5, enough_width, enough_height);
    jpeg_start_decompress(jpeg);
    unsigned w = jpeg->output_width, h = jpeg->output_height;
    r->still->rgb = malloc((size_t)w * h * 3);
    r->row = cmyk ? malloc((size_t)w * 4) : NULL;
    if (!r->still->rgb || (cmyk && !r->row)) {
        r->status = m6_fail(r->err, M6_ERR_MEMORY, "no memory for the %ux%u pixels of %.300s", w, h, r->path);
        return;
    }
    while (jpeg->output_scanline < h) {
        uint8_t *to = r->still->rgb + (size_t)jpeg->output_scanline * w * 3;
        JSAMPROW row = cmyk ? r->row : to;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (cmyk)
            cmyk_row(r->row, to, w, jpeg->saw_Adobe_marker);
    }
    jpeg_finish_decompress(jpeg);
    r->still->width = (int)w;
    r->still->height = (int)h;
    r->still->full_width = (int)jpeg->image_width;
    r->still->full_height = (int)jpeg->image_height;
}

enum m6_status m6_jpeg_read(FILE *file, const char *path, int enough_width, int enough_height, struct m6_still *still,
                            struct m6_error *err)
{
    struct reader *r = calloc(1, sizeof *r);
    if (!r)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to read %.300s", path);
    r->still = still;
    r->path = path;
    r->err = err;
    r->jpeg.err = jpeg_std_error(&r->manager);
    r->manager.error_exit = on_error;
    r->manager.emit_message = on_message;
    r->jpeg.client_data = r;
    if (!setjmp(r->fail)) {
        jpeg_create_decompress(&r->jpeg);
        r->jpeg.mem->max_memory_to_use = 1L << 30;
        jpeg_stdio_src(&r->jpeg, file);
        decode(r, enough_width, enough_height);
    }
    enum m6_status status = r->status;
    if (r->cut)
        status = m6_fail(err, M6_ERR_FORMAT, "%.300s breaks off after row %u of %u; get a whole copy of it", path,
                         r->jpeg.output_scanline, r->jpeg.output_height);
    else if (r->failed)
        status = m6_fail(err, M6_ERR_FORMAT, "%.300s is not a sound JPEG (%s); get a whole copy of it, or convert it to PNG", path, r->why);
    else if (!status && m6_exif_upright(still, r->orientation))
        status = m6_fail(err, M6_ERR_MEMORY, "no memory to turn %.300s upright", path);
    jpeg_destroy_decompress(&r->jpeg);
    free(r->row);
    free(r);
    return status;
}
