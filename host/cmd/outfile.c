#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aside.h"
#include "core/write_error.h"

/* Temporaries that exist now; fixed in size, so that the way out need not allocate. */
enum { ACTIVE_MAX = 512 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *active[ACTIVE_MAX];

static int remember(char *temp)
{
    int found = -1;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < ACTIVE_MAX && found < 0; i++) {
        if (!active[i]) {
            active[i] = temp;
            found = i;
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static void forget(const char *temp)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < ACTIVE_MAX; i++) {
        if (active[i] == temp)
            active[i] = NULL;
    }
    pthread_mutex_unlock(&lock);
}

static int folder_of(const char *path, char *folder)
{
    const char *slash = strrchr(path, '/');
    const int n = slash == path ? snprintf(folder, PATH_MAX, "/")
                  : slash       ? snprintf(folder, PATH_MAX, "%.*s", (int)(slash - path), path)
                                : snprintf(folder, PATH_MAX, ".");
    return n < PATH_MAX ? 0 : -1;
}

void outfile_abandon_all(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < ACTIVE_MAX; i++) {
        if (active[i])
            unlink(active[i]);
        active[i] = NULL;
    }
    pthread_mutex_unlock(&lock);
}

int outfile_is_device(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

enum m6_status outfile_check(const char *path, int overwrite, struct m6_error *err)
{
    char folder[PATH_MAX];
    struct stat st;
    if (!*path || path[strlen(path) - 1] == '/')
        return m6_fail(err, M6_ERR_IO, "'%s' names no file to write; give one", path);
    if (folder_of(path, folder) || strlen(path) >= PATH_MAX - 32 ||
        strlen(strrchr(path, '/') ? strrchr(path, '/') + 1 : path) > NAME_MAX)
        return m6_fail(err, M6_ERR_IO, "the output's name is too long; choose a shorter one");
    if (outfile_is_device(path))
        return M6_OK;
    if (stat(folder, &st))
        return m6_fail(err, M6_ERR_IO, "cannot write %s: folder %s: %s; make it first", path,
                       folder, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return m6_fail(err, M6_ERR_IO, "cannot write %s: %s is not a folder", path, folder);
    if (lstat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return m6_fail(err, M6_ERR_IO, "%s is a folder; give the name of a file", path);
        if (!overwrite)
            return m6_fail(err, M6_ERR_IO,
                           "%s exists already; choose another name or add --overwrite", path);
    }
    if (access(folder, W_OK | X_OK))
        return m6_fail(err, M6_ERR_IO, "cannot write into folder %s: %s; choose another with -o",
                       folder, strerror(errno));
    return M6_OK;
}

/* The media library goes by the ending, so the hidden name has the same one. */
static char *hidden_name(const char *path)
{
    char folder[PATH_MAX], *temp = NULL;
    const char *extension = outfile_extension(path);
    if (aside_is_on())
        return aside_pattern(path, extension);
    if (folder_of(path, folder) ||
        asprintf(&temp, "%s/.m6-XXXXXX%s%.32s", folder, *extension ? "." : "", extension) < 0)
        return NULL;
    return temp;
}

enum m6_status outfile_begin(struct outfile *o, const char *path, int overwrite,
                             struct m6_error *err)
{
    char real[PATH_MAX];
    struct stat st;
    memset(o, 0, sizeof *o);
    o->overwrite = overwrite;
    if (outfile_is_device(path)) {
        o->path = strdup(path);
        o->temp = o->path;
        return o->path ? M6_OK : m6_fail(err, M6_ERR_MEMORY, "out of memory");
    }
    if (outfile_check(path, overwrite, err))
        return M6_ERR_IO;
    /* Overwriting through a symbolic link replaces what it points to, as any editor would. */
    o->path =
        strdup(lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && realpath(path, real) ? real : path);
    o->temp = o->path ? hidden_name(o->path) : NULL;
    if (!o->temp) {
        const int reason = errno;
        outfile_finish(o);
        return m6_fail(err, M6_ERR_IO, "cannot write %s: %s", path, m6_write_error(reason));
    }
    const char *extension = outfile_extension(o->temp);
    const int suffix = (int)strnlen(extension, 32) + (*extension != '\0');
    const int fd = mkstemps(o->temp, suffix);
    if (fd < 0) {
        const enum m6_status s =
            m6_fail(err, M6_ERR_IO, "cannot write %s: %s", path, m6_write_error(errno));
        free(o->temp);
        o->temp = NULL;
        outfile_finish(o);
        return s;
    }
    const mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, 0666 & ~mask);
    close(fd);
    if (remember(o->temp) < 0) {
        outfile_finish(o);
        return m6_fail(err, M6_ERR_LIMIT, "too many output files at once");
    }
    return M6_OK;
}

enum m6_status outfile_write(struct outfile *o, const void *data, size_t size, struct m6_error *err)
{
    const char *p = data;
    const int fd = open(o->temp, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd < 0)
        return m6_fail(err, M6_ERR_IO, "cannot write %s: %s", o->path, strerror(errno));
    while (size > 0) {
        const ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            const int reason = errno;
            close(fd);
            return m6_fail(err, M6_ERR_IO, "cannot write %s: %s", o->path,
                           m6_write_error(reason));
        }
        p += n;
        size -= (size_t)n;
    }
    if (close(fd))
        return m6_fail(err, M6_ERR_IO, "cannot write %s: %s", o->path, m6_write_error(errno));
    return M6_OK;
}

static int sync_path(const char *path, int flags)
{
    const int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return -1;
    const int rc = fsync(fd);
    const int reason = errno;
    close(fd);
    errno = reason;
    return rc;
}

enum m6_status outfile_commit(struct outfile *o, struct m6_error *err)
{
    char folder[PATH_MAX];
    if (o->temp == o->path)
        return M6_OK;
    if (sync_path(o->temp, O_RDONLY))
        return m6_fail(err, M6_ERR_IO, "cannot write %s: %s", o->path, m6_write_error(errno));
    if (aside_is_on()) { /* whole, and to be renamed by the queue's runner */
        if (aside_note(o->path, o->temp, o->overwrite))
            return m6_fail(err, M6_ERR_IO, "cannot write %s: %s", o->path, m6_write_error(errno));
        forget(o->temp);
        free(o->temp);
        o->temp = o->path;
        return M6_OK;
    }
    int rc = renameat2(AT_FDCWD, o->temp, AT_FDCWD, o->path, o->overwrite ? 0 : RENAME_NOREPLACE);
    if (rc && !o->overwrite && (errno == EINVAL || errno == ENOSYS)) /* some network file systems */
        rc = access(o->path, F_OK) == 0 ? (errno = EEXIST, -1) : rename(o->temp, o->path);
    if (rc)
        return m6_fail(err, M6_ERR_IO, "cannot write %s: %s%s", o->path, strerror(errno),
                       errno == EEXIST ? "; it appeared meanwhile, add --overwrite to replace it"
                                       : "");
    forget(o->temp);
    free(o->temp);
    o->temp = o->path;
    if (folder_of(o->path, folder) == 0)
        sync_path(folder, O_RDONLY | O_DIRECTORY);
    return M6_OK;
}

void outfile_name_in(const struct outfile *o, struct m6_error *err)
{
    struct m6_error said = *err;
    char *at = o->temp ? strstr(said.text, o->temp) : NULL;
    if (!at)
        return;
    *at = '\0';
    snprintf(err->text, sizeof err->text, "%s%s%s", said.text, o->path, at + strlen(o->temp));
}

void outfile_withdraw(const struct outfile *o)
{
    if (o->path && o->temp == o->path && !o->overwrite && !aside_is_on())
        unlink(o->path);
}

void outfile_finish(struct outfile *o)
{
    if (o->temp && o->temp != o->path) {
        unlink(o->temp);
        forget(o->temp);
        free(o->temp);
    }
    free(o->path);
    memset(o, 0, sizeof *o);
}

enum m6_status outfile_put(const char *path, int overwrite, const void *data, size_t size,
                           struct m6_error *err)
{
    struct outfile o = {0};
    enum m6_status status = outfile_begin(&o, path, overwrite, err);
    if (status == M6_OK)
        status = outfile_write(&o, data, size, err);
    if (status == M6_OK)
        status = outfile_commit(&o, err);
    outfile_finish(&o);
    return status;
}

const char *outfile_extension(const char *path)
{
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? dot + 1 : "";
}

char *outfile_sibling(const char *path, const char *suffix)
{
    const char *extension = outfile_extension(path);
    const size_t stem = strlen(path) - strlen(extension) - (*extension != '\0');
    char *sibling;
    return asprintf(&sibling, "%.*s%s", (int)stem, path, suffix) < 0 ? NULL : sibling;
}
