#include "core/worker/pictures.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/frame.h"

static int is_possible(const struct m6_plugin_picture *p)
{
    return p->rgb && p->width > 0 && p->height > 0 && p->width <= M6_PROTO_SIDE_MAX && p->height <= M6_PROTO_SIDE_MAX &&
           (int64_t)p->width * p->height <= M6_PROTO_PIXELS_MAX && p->stride >= (size_t)p->width * 3;
}

static int write_picture(int fd, const struct m6_plugin_picture *p)
{
    const size_t row = (size_t)p->width * 3;
    if (p->stride == row)
        return m6_proto_write(fd, p->rgb, row * (size_t)p->height);
    for (int y = 0; y < p->height; y++)
        if (m6_proto_write(fd, p->rgb + (size_t)y * p->stride, row))
            return -1;
    return 0;
}

int worker_pictures_give(cJSON *json, const struct m6_plugin_picture *list, int count)
{
    if (count < 1)
        return -1;
    cJSON *sizes = cJSON_AddArrayToObject(json, "pictures");
    const int fd = sizes && count <= WORKER_PICTURES_MAX ? memfd_create("m6-pictures", MFD_CLOEXEC | MFD_ALLOW_SEALING) : -1;
    int failed = fd < 0;
    for (int i = 0; i < count && !failed; i++) {
        const int size[2] = {list[i].width, list[i].height};
        failed = !is_possible(&list[i]) || write_picture(fd, &list[i]) || !cJSON_AddItemToArray(sizes, cJSON_CreateIntArray(size, 2));
    }
    if (!failed)
        failed = fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    if (failed && fd >= 0)
        close(fd);
    return failed ? -2 : fd;
}

static int read_side(const cJSON *size, int i)
{
    const cJSON *item = cJSON_GetArrayItem(size, i);
    const double value = cJSON_IsNumber(item) ? item->valuedouble : 0;
    return value >= 1 && value <= M6_PROTO_SIDE_MAX && value == (int)value ? (int)value : 0;
}

static enum m6_status read_sizes(struct worker_pictures *p, const cJSON *sizes, struct m6_error *err)
{
    const cJSON *each;
    int64_t pixels = 0;
    if (!cJSON_IsArray(sizes) || cJSON_GetArraySize(sizes) > WORKER_PICTURES_MAX)
        return m6_fail(err, M6_ERR_FORMAT, "\"pictures\" are at most %d sizes", WORKER_PICTURES_MAX);
    cJSON_ArrayForEach(each, sizes)
    {
        const int width = cJSON_IsArray(each) ? read_side(each, 0) : 0, height = width ? read_side(each, 1) : 0;
        if (!height || (int64_t)width * height > M6_PROTO_PIXELS_MAX || (pixels += (int64_t)width * height) > M6_PROTO_JOB_PIXELS_MAX)
            return m6_fail(err, M6_ERR_FORMAT, "picture %d has an impossible size, or all are too large", p->count);
        p->one[p->count++] = (struct m6_plugin_picture){width, height, (size_t)width * 3, NULL};
        p->size += (size_t)width * (size_t)height * 3;
    }
    return M6_OK;
}

static enum m6_status read_bytes(struct worker_pictures *p, int fd, int map, struct m6_error *err)
{
    enum m6_status status = m6_frame_check(fd, (int64_t)p->size, err);
    if (status)
        return status;
    p->mapped = map;
    if (map) {
        p->bytes = mmap(NULL, p->size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p->bytes == MAP_FAILED)
            p->bytes = NULL;
        return p->bytes ? M6_OK : m6_fail(err, M6_ERR_MEMORY, "no memory for pictures");
    }
    uint8_t *rgb;
    /* As one tall picture: they lie packed behind each other. */
    status = m6_frame_take(fd, m6_proto_format("rgb24"), 1, (int)(p->size / 3), 0, 3, &rgb, err);
    p->bytes = rgb;
    return status;
}

enum m6_status worker_pictures_take(struct worker_pictures *p, struct m6_message *m, int map, struct m6_error *err)
{
    const cJSON *sizes = cJSON_GetObjectItemCaseSensitive(m->json, "pictures");
    memset(p, 0, sizeof *p);
    enum m6_status status = sizes ? read_sizes(p, sizes, err) : M6_OK;
    if (!status && m->fd_count != (p->count > 0))
        status = m6_fail(err, M6_ERR_FORMAT, "%d descriptors came with %d pictures", m->fd_count, p->count);
    if (!status && p->count)
        status = read_bytes(p, m->fds[0], map, err);
    if (status) {
        worker_pictures_free(p);
        return status;
    }
    const uint8_t *at = p->bytes;
    for (int i = 0; i < p->count; i++) {
        p->one[i].rgb = at;
        at += p->one[i].stride * (size_t)p->one[i].height;
    }
    return M6_OK;
}

void worker_pictures_free(struct worker_pictures *p)
{
    if (p->bytes && p->mapped)
        munmap(p->bytes, p->size);
    else
        free(p->bytes);
    memset(p, 0, sizeof *p);
}
