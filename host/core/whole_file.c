#include "core/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* A hidden name beside the path: ".m6-1234abcd", and of a path that is such a name itself, that with another number, so that
 * whoever clears away the one finds the other. Unlike mkstemp's, with the permissions that the caller's umask gives any
 * new file. */
static int create(struct m6_whole_file *file)
{
    const char *slash = strrchr(file->path, '/'), *name = slash ? slash + 1 : file->path;
    int folder = (int)(name - file->path);
    if (strncmp(name, ".m6-", 4) != 0)
        name = ".m6";
    for (int attempt = 0; attempt < 16; attempt++) {
        unsigned number;
        if (getrandom(&number, sizeof number, 0) != sizeof number)
            number = (unsigned)getpid() + (unsigned)attempt;
        snprintf(file->temp, sizeof file->temp, "%.*s%s-%08x", folder, file->path, name, number);
        file->fd = open(file->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file->fd >= 0 || errno != EEXIST)
            break;
    }
    if (file->fd < 0)
        file->temp[0] = '\0';
    return file->fd;
}

const char *m6_whole_file_why(int error)
{
    static _Thread_local char text[160];
    int full = error == ENOSPC || error == EDQUOT;
    snprintf(text, sizeof text, "%s%s", strerror(error), full ? "; free some space or choose another folder" : "");
    return text;
}

enum m6_status m6_whole_file_open(struct m6_whole_file *file, const char *path, int overwrite, struct m6_error *err)
{
    struct stat st;
    file->fd = -1;
    file->overwrite = overwrite;
    file->temp[0] = '\0';
    if (!*path)
        return m6_fail(err, M6_ERR_ARGUMENT, "the output has no name; give it one");
    if (snprintf(file->path, sizeof file->path, "%s", path) >= (int)sizeof file->path)
        return m6_fail(err, M6_ERR_LIMIT, "the output's name is too long: %.200s…", path);
    if (!stat(path, &st)) {
        if (S_ISDIR(st.st_mode))
            return m6_fail(err, M6_ERR_IO, "%.400s is a folder; name a file", path);
        if (!S_ISREG(st.st_mode))
            return m6_fail(err, M6_ERR_IO, "%.400s is no regular file; name one", path);
        if (!overwrite)
            return m6_fail(err, M6_ERR_IO, "%.400s is there already; choose another name or overwrite it", path);
        /* Through a link, the file that it points to is what is replaced. */
        char *real = realpath(path, NULL);
        if (real)
            snprintf(file->path, sizeof file->path, "%s", real);
        free(real);
    }
    if (create(file) < 0)
        return m6_fail(err, M6_ERR_IO, "cannot write %.400s: %s", path, strerror(errno));
    return M6_OK;
}

/* link() refuses a name that has come into being meanwhile; file systems without hard links get the plain check. */
static int put_in_place(const struct m6_whole_file *file)
{
    if (file->overwrite)
        return rename(file->temp, file->path);
    if (!link(file->temp, file->path))
        return unlink(file->temp);
    if (errno == EEXIST)
        return -1;
    if (!access(file->path, F_OK)) {
        errno = EEXIST;
        return -1;
    }
    return rename(file->temp, file->path);
}

enum m6_status m6_whole_file_commit(struct m6_whole_file *file, struct m6_error *err)
{
    int failed = fsync(file->fd) && errno != EINVAL && errno != EROFS;
    int why = errno;
    if (close(file->fd) && !failed)
        failed = 1, why = errno;
    file->fd = -1;
    if (!failed && put_in_place(file))
        failed = 1, why = errno;
    if (failed) {
        unlink(file->temp);
        file->temp[0] = '\0';
        return why == EEXIST ? m6_fail(err, M6_ERR_IO, "%.400s is there already; choose another name or overwrite it", file->path)
                             : m6_fail(err, M6_ERR_IO, "cannot write %.400s: %s", file->path, m6_whole_file_why(why));
    }
    file->temp[0] = '\0';
    return M6_OK;
}

void m6_whole_file_drop(struct m6_whole_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    if (file->temp[0])
        unlink(file->temp);
    file->fd = -1;
    file->temp[0] = '\0';
}
