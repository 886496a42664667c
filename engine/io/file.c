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

enum m6_status m6_file_map(struct m6_file *file, const char *path, struct m6_error *err)
{
    *file = (struct m6_file){"", 0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return m6_fail(err, M6_ERR_IO, "cannot open %s: %s", path, strerror(errno));
    struct stat st;
    enum m6_status status = M6_OK;
    if (fstat(fd, &st) != 0)
        status = m6_fail(err, M6_ERR_IO, "cannot examine %s: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        status = m6_fail(err, M6_ERR_IO, "%s is not a regular file", path);
    else if (st.st_size > 0) {
        void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            status = m6_fail(err, M6_ERR_IO, "cannot map %s: %s", path, strerror(errno));
        else
            *file = (struct m6_file){data, (size_t)st.st_size};
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
