#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int m6_file_pread(int fd, void *to, size_t size, uint64_t at)
{
    for (uint8_t *p = to; size;) {
        const ssize_t n = pread(fd, p, size < (1u << 30) ? size : (1u << 30), (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n ? errno : ENODATA;
            return -1;
        }
        p += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static enum m6_status open_regular(int *fd, size_t *size, const char *path, struct m6_error *err)
{
    struct stat st;
    enum m6_status status = M6_OK;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return m6_fail(err, M6_ERR_IO, "cannot open %s: %s", path, strerror(errno));
    if (fstat(*fd, &st) != 0)
        status = m6_fail(err, M6_ERR_IO, "cannot examine %s: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        status = m6_fail(err, M6_ERR_IO, "%s is not a regular file", path);
    if (status)
        close(*fd);
    else
        *size = (size_t)st.st_size;
    return status;
}

static enum m6_status map(struct m6_file *file, int fd, size_t size, const char *path, struct m6_error *err)
{
    void *data = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (data == MAP_FAILED)
        return m6_fail(err, M6_ERR_IO, "cannot map %s: %s", path, strerror(errno));
    if (size)
        *file = (struct m6_file){data, size};
    return M6_OK;
}

enum m6_status m6_file_map(struct m6_file *file, const char *path, struct m6_error *err)
{
    int fd;
    size_t size = 0;
    *file = (struct m6_file){"", 0};
    enum m6_status status = open_regular(&fd, &size, path, err);
    if (status)
        return status;
    status = map(file, fd, size, path, err);
    close(fd);
    return status;
}

/* Lays memory of its own, with the file's bytes, over the first pages of a mapping. */
static int copy_head(const struct m6_file *file, int fd)
{
    uint8_t prefix[8];
    uint64_t length = 0;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (file->size < sizeof prefix)
        return 0;
    if (m6_file_pread(fd, prefix, sizeof prefix, 0))
        return -1;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | prefix[i];
    const size_t head = length < file->size - 8 ? 8 + (size_t)length : file->size, pages = (head + page - 1) / page * page;
    void *at = mmap((void *)(uintptr_t)file->data, pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return at == MAP_FAILED ? -1 : m6_file_pread(fd, at, pages < file->size ? pages : file->size, 0);
}

enum m6_status m6_file_map_headed(struct m6_file *file, int *fd, const char *path, struct m6_error *err)
{
    size_t size = 0;
    *file = (struct m6_file){"", 0};
    enum m6_status status = open_regular(fd, &size, path, err);
    if (!status) {
        status = map(file, *fd, size, path, err);
        if (!status && copy_head(file, *fd)) {
            status = m6_fail(err, M6_ERR_IO, "cannot read %s: %s", path, strerror(errno));
            m6_file_unmap(file);
        }
        if (status)
            close(*fd);
    }
    if (status)
        *fd = -1;
    return status;
}

enum m6_status m6_file_copy(struct m6_file *file, const char *path, struct m6_error *err)
{
    int fd;
    size_t size = 0;
    *file = (struct m6_file){"", 0};
    enum m6_status status = open_regular(&fd, &size, path, err);
    if (status)
        return status;
    void *data = size ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : NULL;
    if (data == MAP_FAILED)
        status = m6_fail(err, M6_ERR_MEMORY, "no memory to read %s", path);
    else if (size)
        *file = (struct m6_file){data, size};
    if (!status && size && m6_file_pread(fd, data, size, 0)) {
        status = m6_fail(err, M6_ERR_IO, "cannot read %s: %s", path, strerror(errno));
        m6_file_unmap(file);
    }
    close(fd);
    return status;
}

void m6_file_unmap(struct m6_file *file)
{
    if (file->size)
        munmap((void *)(uintptr_t)file->data, file->size);
    *file = (struct m6_file){"", 0};
}

static int write_all(int fd, const void *data, size_t size)
{
    const char *p = data;
    while (size) {
        const ssize_t n = write(fd, p, size < (1u << 30) ? size : (1u << 30));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

/* The rename itself must reach the disk too. Not every file system lets a folder be synced: then it is as
 * durable as it can be. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    const int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

enum m6_status m6_file_write(const char *path, const struct m6_bytes *piece, int pieces, struct m6_error *err)
{
    const size_t room = strlen(path) + 48;
    char *temporary = malloc(room);
    if (!temporary)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to write %s", path);
    int fd = -1;
    for (int attempt = 0; attempt < 100 && fd < 0; attempt++) {
        snprintf(temporary, room, "%s.%ld.%d.part", path, (long)getpid(), attempt);
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    enum m6_status status = M6_OK;
    if (fd < 0) {
        status = m6_fail(err, M6_ERR_IO, "cannot create %s: %s", temporary, strerror(errno));
        free(temporary);
        return status;
    }
    for (int i = 0; i < pieces && !status; i++)
        if (write_all(fd, piece[i].data, piece[i].size) != 0)
            status = m6_fail(err, M6_ERR_IO, "cannot write %s: %s", temporary, strerror(errno));
    if (!status && fsync(fd) != 0)
        status = m6_fail(err, M6_ERR_IO, "cannot sync %s: %s", temporary, strerror(errno));
    if (close(fd) != 0 && !status)
        status = m6_fail(err, M6_ERR_IO, "cannot close %s: %s", temporary, strerror(errno));
    if (!status && rename(temporary, path) != 0)
        status = m6_fail(err, M6_ERR_IO, "cannot rename %s to %s: %s", temporary, path, strerror(errno));
    if (status)
        unlink(temporary);
    else
        sync_folder(path);
    free(temporary);
    return status;
}
