#include "proto/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 256 << 10 };

enum m6_status m6_frame_check(int fd, int64_t bytes, struct m6_error *err)
{
    struct stat st;
    const int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0)
        return m6_fail(err, M6_ERR_ARGUMENT, "its descriptor is no memfd");
    if (!(seals & F_SEAL_SHRINK))
        return m6_fail(err, M6_ERR_ARGUMENT, "its memfd lacks F_SEAL_SHRINK");
    if (fstat(fd, &st) || st.st_size < bytes)
        return m6_fail(err, M6_ERR_ARGUMENT, "its memfd is smaller than the frame, which ends at byte %lld", (long long)bytes);
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
        return m6_fail(err, M6_ERR_ARGUMENT, "its memfd cannot be read");
    return M6_OK;
}

static int read_all(int fd, uint8_t *to, size_t size, int64_t at)
{
    while (size) {
        const ssize_t n = pread(fd, to, size, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        to += n;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

static void convert_row(const struct m6_proto_format *f, const uint8_t *from, uint8_t *to, int width)
{
    if (f->alpha < 0) {
        for (int x = 0; x < width; x++, from += f->bytes, to += 3) {
            to[0] = from[f->red];
            to[1] = from[f->green];
            to[2] = from[f->blue];
        }
        return;
    }
    for (int x = 0; x < width; x++, from += f->bytes, to += 3) {
        const unsigned alpha = from[f->alpha], paper = (255 - alpha) * 255 + 127;
        to[0] = (uint8_t)((from[f->red] * alpha + paper) / 255);
        to[1] = (uint8_t)((from[f->green] * alpha + paper) / 255);
        to[2] = (uint8_t)((from[f->blue] * alpha + paper) / 255);
    }
}

/* Some rows at a time, through a block that stays in the cache. */
static int convert(int fd, const struct m6_proto_format *f, int width, int height, int64_t offset, int64_t stride, uint8_t *rgb)
{
    const size_t row = (size_t)width * (size_t)f->bytes;
    const int rows = stride < BLOCK ? (int)(BLOCK / stride) : 1;
    uint8_t *block = malloc((size_t)(rows - 1) * (size_t)stride + row);
    int failed = !block;
    for (int y = 0; y < height && !failed; y += rows) {
        const int n = height - y < rows ? height - y : rows;
        failed = read_all(fd, block, (size_t)(n - 1) * (size_t)stride + row, offset + y * stride);
        for (int k = 0; k < n && !failed; k++)
            convert_row(f, block + (size_t)k * (size_t)stride, rgb + (size_t)(y + k) * (size_t)width * 3, width);
    }
    free(block);
    return failed;
}

enum m6_status m6_frame_take(int fd, const struct m6_proto_format *f, int width, int height, int64_t offset, int64_t stride, uint8_t **rgb,
                             struct m6_error *err)
{
    const size_t size = (size_t)width * (size_t)height * 3;
    *rgb = malloc(size);
    if (!*rgb)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a frame of %dx%d", width, height);
    const int as_it_is = f->bytes == 3 && !f->red && stride == (int64_t)width * 3;
    if (as_it_is ? read_all(fd, *rgb, size, offset) : convert(fd, f, width, height, offset, stride, *rgb)) {
        free(*rgb);
        *rgb = NULL;
        return m6_fail(err, M6_ERR_FORMAT, "a frame of %dx%d could not be read from its memfd", width, height);
    }
    return M6_OK;
}

/* ---- hash ---- */

static uint64_t turn(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

/* MurmurHash3's 128-bit round. */
static void add(struct m6_frame_hash *h, uint64_t k1, uint64_t k2)
{
    const uint64_t c1 = UINT64_C(0x87c37b91114253d5), c2 = UINT64_C(0x4cf5ad432745937f);
    h->a ^= turn(k1 * c1, 31) * c2;
    h->a = (turn(h->a, 27) + h->b) * 5 + 0x52dce729;
    h->b ^= turn(k2 * c2, 33) * c1;
    h->b = (turn(h->b, 31) + h->a) * 5 + 0x38495ab5;
}

void m6_frame_hash(struct m6_frame_hash *h, const uint8_t *rgb, int width, int height)
{
    const size_t size = (size_t)width * (size_t)height * 3;
    uint64_t k[2];
    add(h, (uint64_t)width, (uint64_t)height);
    for (size_t i = 0; i < size; i += sizeof k) {
        const size_t n = size - i < sizeof k ? size - i : sizeof k;
        k[0] = k[1] = 0;
        memcpy(k, rgb + i, n);
        add(h, k[0], k[1]);
    }
}

void m6_frame_hash_text(const struct m6_frame_hash *h, char text[33])
{
    const uint64_t a = mix(h->a + h->b), b = mix(h->b + a);
    snprintf(text, 33, "%016llx%016llx", (unsigned long long)a, (unsigned long long)b);
}

/* ---- giving ---- */

int m6_frame_give(const uint8_t *rgb, int width, int height, size_t stride)
{
    const size_t row = (size_t)width * 3;
    const int fd = memfd_create("m6-picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int failed = fd < 0;
    if (stride == row && !failed)
        failed = m6_proto_write(fd, rgb, row * (size_t)height);
    for (int y = 0; y < height && stride != row && !failed; y++)
        failed = m6_proto_write(fd, rgb + (size_t)y * stride, row);
    if (!failed)
        failed = fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    if (failed && fd >= 0)
        close(fd);
    return failed ? -1 : fd;
}
