/* PNG and JPEG of every kind as pictures; files that break off or lie are refused. */
#include "support.h"

#include <jpeglib.h>
#include <png.h>

#include "core/exif.h"
#include "core/stills.h"

static struct m6_still read_still(const char *path)
{
    struct m6_still still;
    struct m6_error err = {""};
    if (m6_still_read(path, 0, 0, &still, &err))
        fail_msg("%s: %s", path, err.text);
    return still;
}

static void assert_pixel(const struct m6_still *s, int x, int y, int r, int g, int b, int within)
{
    const uint8_t *p = s->rgb + ((size_t)y * (size_t)s->width + (size_t)x) * 3;
    if (abs(p[0] - r) > within || abs(p[1] - g) > within || abs(p[2] - b) > within)
        fail_msg("pixel %d,%d is %d,%d,%d, not %d,%d,%d", x, y, p[0], p[1], p[2], r, g, b);
}

static enum m6_status refused(const char *path, const char *says)
{
    struct m6_still still;
    struct m6_error err = {""};
    enum m6_status status = m6_still_read(path, 0, 0, &still, &err);
    assert_int_not_equal(status, M6_OK);
    assert_null(still.rgb);
    assert_says(err.text, says);
    return status;
}

/* ---- PNG ---- */

struct png_kind {
    int type, depth, interlaced;
    size_t row_bytes;
    const uint8_t *rows; /* one after another */
    int width, height;
    int exif_orientation;
};

static void write_png(const char *path, const struct png_kind *k)
{
    FILE *out = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    const uint8_t *rows[64];
    assert_false(setjmp(png_jmpbuf(png)));
    png_init_io(png, out);
    png_set_IHDR(png, info, (png_uint_32)k->width, (png_uint_32)k->height, k->depth, k->type,
                 k->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (k->type == PNG_COLOR_TYPE_PALETTE) {
        const png_color colours[] = {{10, 20, 30}, {200, 100, 0}};
        const png_byte alpha[] = {255, 0};
        png_set_PLTE(png, info, colours, 2);
        png_set_tRNS(png, info, alpha, 2, NULL);
    }
    if (k->exif_orientation) {
        uint8_t exif[] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, (uint8_t)k->exif_orientation, 0, 0, 0, 0, 0, 0};
        png_set_eXIf_1(png, info, sizeof exif, exif);
    }
    for (int y = 0; y < k->height; y++)
        rows[y] = k->rows + (size_t)y * k->row_bytes;
    png_set_rows(png, info, (png_bytepp)(void *)rows);
    png_write_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
    png_destroy_write_struct(&png, &info);
    fclose(out);
}

static void test_png_kinds(void **state)
{
    static const uint8_t rgb16[] = {255, 255, 128, 128, 0, 0, /**/ 0, 200, 1, 0, 10, 20};
    static const uint8_t grey1[] = {0x40};
    static const uint8_t grey_alpha[] = {100, 255, /**/ 0, 128};
    static const uint8_t rgba[] = {255, 0, 0, 255, /**/ 0, 0, 255, 0};
    static const uint8_t palette[] = {0, 1};
    struct m6_still s;
    write_png("rgb16.png", &(struct png_kind){PNG_COLOR_TYPE_RGB, 16, 0, 12, rgb16, 2, 1, 0});
    s = read_still("rgb16.png");
    assert_pixel(&s, 0, 0, 255, 128, 0, 0);
    assert_pixel(&s, 1, 0, 1, 1, 10, 0);
    m6_still_finish(&s);
    write_png("grey1.png", &(struct png_kind){PNG_COLOR_TYPE_GRAY, 1, 0, 1, grey1, 2, 1, 0});
    s = read_still("grey1.png");
    assert_pixel(&s, 0, 0, 0, 0, 0, 0);
    assert_pixel(&s, 1, 0, 255, 255, 255, 0);
    m6_still_finish(&s);
    write_png("ga.png", &(struct png_kind){PNG_COLOR_TYPE_GRAY_ALPHA, 8, 1, 4, grey_alpha, 2, 1, 0});
    s = read_still("ga.png");
    assert_pixel(&s, 0, 0, 100, 100, 100, 0);
    assert_pixel(&s, 1, 0, 127, 127, 127, 0); /* half black over white */
    m6_still_finish(&s);
    write_png("rgba.png", &(struct png_kind){PNG_COLOR_TYPE_RGB_ALPHA, 8, 0, 8, rgba, 2, 1, 0});
    s = read_still("rgba.png");
    assert_pixel(&s, 0, 0, 255, 0, 0, 0);
    assert_pixel(&s, 1, 0, 255, 255, 255, 0);
    m6_still_finish(&s);
    write_png("palette.png", &(struct png_kind){PNG_COLOR_TYPE_PALETTE, 8, 0, 2, palette, 2, 1, 0});
    s = read_still("palette.png");
    assert_pixel(&s, 0, 0, 10, 20, 30, 0);
    assert_pixel(&s, 1, 0, 255, 255, 255, 0);
    m6_still_finish(&s);
    write_png("turned.png", &(struct png_kind){PNG_COLOR_TYPE_RGB_ALPHA, 8, 0, 8, rgba, 2, 1, 6});
    s = read_still("turned.png");
    assert_int_equal(s.width, 1);
    assert_int_equal(s.height, 2);
    assert_pixel(&s, 0, 0, 255, 0, 0, 0);
    m6_still_finish(&s);
}

static void test_png_written(void **state)
{
    static const char *const metadata[] = {"prompt", "red \xe7\x8b\x97", "seed", "18446744073709551615", NULL};
    uint8_t rgb[3 * 5 * 16]; /* five pixels in rows of 16 bytes */
    struct m6_error err;
    size_t n, m;
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)(i * 37);
    const struct m6_plugin_picture p = {5, 3, 16, rgb};
    assert_int_equal(m6_still_write_png("w.png", &p, metadata, &err), M6_OK);
    struct m6_still s = read_still("w.png");
    assert_int_equal(s.width, 5);
    for (int y = 0; y < 3; y++)
        assert_memory_equal(s.rgb + y * 15, rgb + y * 16, 15);
    m6_still_finish(&s);
    assert_int_equal(m6_still_write_png("no/such/w.png", &p, metadata, &err), M6_ERR_IO);
    assert_int_equal(m6_still_write_png("w2.png", &p, metadata, &err), M6_OK);
    uint8_t *a = get_file("w.png", &n), *b = get_file("w2.png", &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n);
    assert_non_null(memmem(a, n, "tEXtseed\00018446744073709551615", 29));
    assert_non_null(memmem(a, n, "iTXtprompt", 10));
    assert_non_null(memmem(a, n, "red \xe7\x8b\x97", 7));
    free(a);
    free(b);
    const struct m6_plugin_picture none = {5, 3, 14, rgb};
    assert_int_equal(m6_still_write_png("w3.png", &none, NULL, &err), M6_ERR_ARGUMENT);
    assert_int_equal(access("w3.png", F_OK), -1);
}

static uint32_t crc_of(const uint8_t *p, size_t n)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? 0xedb88320 ^ crc >> 1 : crc >> 1;
    }
    return ~crc;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void test_png_broken(void **state)
{
    uint8_t rgb[40 * 40 * 3];
    struct m6_error err;
    size_t n;
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)(i * i >> 3);
    const struct m6_plugin_picture p = {40, 40, 120, rgb};
    assert_int_equal(m6_still_write_png("whole.png", &p, NULL, &err), M6_OK);
    uint8_t *data = get_file("whole.png", &n);
    for (size_t cut = 8; cut < n - 12; cut += 97) {
        put_file("cut.png", data, cut);
        assert_int_equal(refused("cut.png", "get a whole copy"), M6_ERR_FORMAT);
    }
    put_file("cut.png", data, n / 2);
    refused("cut.png", "breaks off after row");
    data[n / 2] ^= 0x55;
    put_file("bad.png", data, n);
    refused("bad.png", "not a sound PNG");
    data[n / 2] ^= 0x55;
    /* A header that promises a picture of no size, or of any size. */
    static const uint32_t sizes[][2] = {{0, 10}, {40000, 10}, {30000, 30000}, {0x7fffffff, 0x7fffffff}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        put32(data + 16, sizes[i][0]);
        put32(data + 20, sizes[i][1]);
        put32(data + 29, crc_of(data + 12, 17));
        put_file("lie.png", data, n);
        refused("lie.png", sizes[i][0] ? "scale it down" : "lie.png");
    }
    free(data);
    refused("missing.png", "No such file");
    put_file("text.png", "hello", 5);
    refused("text.png", "neither PNG nor JPEG");
}

/* ---- JPEG ---- */

static void write_jpeg(const char *path, int w, int h, int components, int space, const uint8_t *colour, int orientation)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr manager;
    uint8_t row[4 * 256], exif[] = {'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0,
                                    (uint8_t)orientation, 0, 0, 0, 0, 0, 0, 0};
    FILE *out = fopen(path, "wb");
    c.err = jpeg_std_error(&manager);
    jpeg_create_compress(&c);
    jpeg_stdio_dest(&c, out);
    c.image_width = (JDIMENSION)w;
    c.image_height = (JDIMENSION)h;
    c.input_components = components;
    c.in_color_space = (J_COLOR_SPACE)space;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, 95, TRUE);
    jpeg_start_compress(&c, TRUE);
    if (orientation)
        jpeg_write_marker(&c, JPEG_APP0 + 1, exif, sizeof exif);
    for (int y = 0; y < h; y++) {
        /* The right half is black where that is zero. */
        for (int x = 0; x < w * components; x++)
            row[x] = (uint8_t)(x / components < w / 2 ? colour[x % components] : 0);
        JSAMPROW rows[] = {row};
        jpeg_write_scanlines(&c, rows, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    fclose(out);
}

static void test_jpeg_kinds(void **state)
{
    static const uint8_t orange[] = {200, 120, 40}, grey[] = {90}, inks[] = {255, 128, 0, 255};
    struct m6_still s;
    struct m6_error err;
    write_jpeg("rgb.jpg", 64, 32, 3, JCS_RGB, orange, 0);
    s = read_still("rgb.jpg");
    assert_int_equal(s.width, 64);
    assert_pixel(&s, 4, 4, 200, 120, 40, 4);
    assert_pixel(&s, 60, 4, 0, 0, 0, 4);
    m6_still_finish(&s);
    write_jpeg("grey.jpg", 16, 16, 1, JCS_GRAYSCALE, grey, 0);
    s = read_still("grey.jpg");
    assert_pixel(&s, 1, 1, 90, 90, 90, 2);
    m6_still_finish(&s);
    write_jpeg("cmyk.jpg", 16, 16, 4, JCS_CMYK, inks, 0);
    s = read_still("cmyk.jpg");
    assert_pixel(&s, 1, 1, 255, 128, 0, 6); /* Adobe's inverted inks */
    m6_still_finish(&s);
    /* The left half is on top once it lies on its side. */
    write_jpeg("turned.jpg", 64, 32, 3, JCS_RGB, orange, 6);
    s = read_still("turned.jpg");
    assert_int_equal(s.width, 32);
    assert_int_equal(s.height, 64);
    assert_pixel(&s, 16, 4, 200, 120, 40, 4);
    assert_pixel(&s, 16, 60, 0, 0, 0, 4);
    m6_still_finish(&s);
    write_jpeg("large.jpg", 256, 128, 3, JCS_RGB, orange, 0);
    assert_int_equal(m6_still_read("large.jpg", 32, 16, &s, &err), M6_OK);
    assert_int_equal(s.width, 64);
    assert_int_equal(s.full_width, 256);
    m6_still_finish(&s);
}

static void test_jpeg_broken(void **state)
{
    static const uint8_t orange[] = {200, 120, 40};
    size_t n;
    write_jpeg("whole.jpg", 128, 128, 3, JCS_RGB, orange, 0);
    uint8_t *data = get_file("whole.jpg", &n);
    for (size_t cut = 4; cut + 4 < n; cut += 61) {
        put_file("cut.jpg", data, cut);
        assert_int_equal(refused("cut.jpg", "get a whole copy"), M6_ERR_FORMAT);
    }
    free(data);
    assert_int_equal(m6_still_sniff("whole.jpg"), M6_STILL_JPEG);
    assert_int_equal(rename("whole.jpg", "whole.mjpeg"), 0);
    assert_int_equal(m6_still_sniff("whole.mjpeg"), M6_STILL_NONE); /* a video */
}

/* ---- both ---- */

/* Whatever a bit is changed to: a picture, or a sentence; memory stays sound. */
static void test_damaged(void **state)
{
    static const uint8_t samples[8] = {1, 0, 1, 1, 0, 1, 0, 0}, orange[] = {200, 120, 40};
    static const char *const names[] = {"d.png", "d.jpg"};
    write_png(names[0], &(struct png_kind){PNG_COLOR_TYPE_PALETTE, 8, 1, 2, samples, 2, 4, 3});
    write_jpeg(names[1], 24, 16, 3, JCS_RGB, orange, 8);
    for (int i = 0; i < 2; i++) {
        size_t n;
        uint8_t *data = get_file(names[i], &n);
        for (size_t at = 0; at < n; at++) {
            struct m6_still still;
            struct m6_error err = {""};
            uint8_t bit = (uint8_t)(1 << at % 8);
            data[at] ^= bit;
            put_file("damaged", data, n);
            data[at] ^= bit;
            if (m6_still_read("damaged", 0, 0, &still, &err))
                assert_true(err.text[0] && !still.rgb);
            else
                assert_true(still.rgb && still.width > 0 && still.height > 0);
            m6_still_finish(&still);
        }
        free(data);
    }
}

/* ---- which way up ---- */

static void test_orientations(void **state)
{
    /* Where the stored picture's first pixel, and the last of its first row, are to be seen: 0 top left, 1 top right,
     * 2 bottom left, 3 bottom right. */
    static const int corners[8][2] = {{0, 1}, {1, 0}, {3, 2}, {2, 3}, {0, 2}, {1, 3}, {3, 1}, {2, 0}};
    for (int o = 1; o <= 8; o++) {
        struct m6_still s = {3, 2, 3, 2, calloc(1, 18)};
        memset(s.rgb, 1, 3);
        memset(s.rgb + 6, 2, 3);
        assert_int_equal(m6_exif_upright(&s, o), 0);
        assert_int_equal(s.width, o < 5 ? 3 : 2);
        assert_int_equal(s.full_height, o < 5 ? 2 : 3);
        for (int i = 0; i < 2; i++) {
            int x = corners[o - 1][i] % 2 ? s.width - 1 : 0, y = corners[o - 1][i] / 2 ? s.height - 1 : 0;
            assert_pixel(&s, x, y, i + 1, i + 1, i + 1, 0);
        }
        m6_still_finish(&s);
    }
    /* Malformed EXIF is no orientation, and is not read past its end. */
    uint8_t exif[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0};
    assert_int_equal(m6_exif_orientation(exif, sizeof exif), 6);
    for (size_t n = 0; n < sizeof exif; n++) {
        uint8_t *part = malloc(n + 1); /* a block of its own, for the address sanitizer */
        memcpy(part, exif, n);
        assert_int_equal(m6_exif_orientation(part, n), 1);
        free(part);
    }
    exif[18] = 9;
    assert_int_equal(m6_exif_orientation(exif, sizeof exif), 1);
    exif[18] = 6;
    memset(exif + 4, 0xff, 4);
    assert_int_equal(m6_exif_orientation(exif, sizeof exif), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_kinds),  cmocka_unit_test(test_png_written), cmocka_unit_test(test_png_broken),
        cmocka_unit_test(test_jpeg_kinds), cmocka_unit_test(test_jpeg_broken), cmocka_unit_test(test_orientations),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
