#include "queue/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/write_error.h"

enum { LIST_MAX = 4 << 20 };

enum m6_status publish_work_folder(const struct queue *q, int64_t id, char *path, size_t size, struct m6_error *err)
{
    return snprintf(path, size, "%s/work-%s-%lld", queue_path(q), queue_token(q), (long long)id) < (int)size
               ? M6_OK
               : m6_fail(err, M6_ERR_LIMIT, "the path of the job queue is too long; set XDG_STATE_HOME to a shorter one");
}

void publish_hidden_name(const char *work, char *name, size_t size)
{
    const char *slash = strrchr(work, '/');
    snprintf(name, size, ".m6-job-%s", (slash ? slash + 1 : work) + sizeof "work-" - 1);
}

/* ---- what the worker listed ---- */

/* The whole file and a zero, NULL if it cannot be read; a missing one is empty. */
static char *read_whole(const char *folder, const char *name, size_t *size)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char *data = calloc(1, LIST_MAX + 1);
    ssize_t n = 0;
    *size = 0;
    while (data && fd >= 0 && *size < LIST_MAX && (n = read(fd, data + *size, LIST_MAX - *size)) > 0)
        *size += (size_t)n;
    if ((fd < 0 && errno != ENOENT) || n < 0) {
        free(data);
        data = NULL;
    }
    if (fd >= 0)
        close(fd);
    return data;
}

void publish_free(struct queue_file *files, int count)
{
    for (int i = 0; i < count; i++) {
        free(files[i].path);
        free(files[i].staged);
    }
    free(files);
}

/* Three strings a file, each ended by a zero: its path, where it is staged, and "1" to replace what is there. */
enum m6_status publish_read(const char *work, struct queue_file **files, int *count, struct m6_error *err)
{
    size_t size;
    char *list = read_whole(work, "files", &size);
    enum m6_status status = list ? M6_OK : m6_fail(err, M6_ERR_IO, "cannot read %.300s/files: %s", work, strerror(errno));
    *files = NULL;
    *count = 0;
    for (const char *p = list; list && p < list + size && !status;) {
        const char *staged = p + strlen(p) + 1, *flag = staged < list + size ? staged + strlen(staged) + 1 : NULL;
        if (!flag || flag >= list + size) {
            status = m6_fail(err, M6_ERR_FORMAT, "%.300s/files is cut off", work);
            break;
        }
        struct queue_file *more = realloc(*files, ((size_t)*count + 1) * sizeof *more);
        if (!more) {
            status = m6_fail(err, M6_ERR_MEMORY, "out of memory");
            break;
        }
        *files = more;
        more += (*count)++;
        *more = (struct queue_file){.path = strdup(p), .staged = strdup(staged), .overwrite = *flag == '1'};
        status = more->path && more->staged ? queue_digest(more->staged, more, err) : m6_fail(err, M6_ERR_MEMORY, "out of memory");
        p = flag + strlen(flag) + 1;
    }
    free(list);
    if (status) {
        publish_free(*files, *count);
        *files = NULL;
        *count = 0;
    }
    return status;
}

/* ---- renaming ---- */

enum { STAGED, PLACED, LOST };

static int has_digest(const char *path, const struct queue_file *f)
{
    struct queue_file is;
    struct stat st;
    return !lstat(path, &st) && S_ISREG(st.st_mode) && !queue_digest(path, &is, NULL) && is.size == f->size && !strcmp(is.digest, f->digest);
}

static int where_is(const struct queue_file *f, int check)
{
    if (!access(f->staged, F_OK))
        return !check || has_digest(f->staged, f) ? STAGED : LOST;
    return has_digest(f->path, f) ? PLACED : LOST;
}

static void sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 0, path);
    const int fd = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static int rename_one(const struct queue_file *f)
{
    int rc = renameat2(AT_FDCWD, f->staged, AT_FDCWD, f->path, f->overwrite ? 0 : RENAME_NOREPLACE);
    if (rc && !f->overwrite && (errno == EINVAL || errno == ENOSYS)) /* some network file systems */
        rc = access(f->path, F_OK) == 0 ? (errno = EEXIST, -1) : rename(f->staged, f->path);
    /* The very same file is there: nothing would change. */
    if (rc && errno == EEXIST) {
        if (has_digest(f->path, f))
            return 0;
        errno = EEXIST;
    }
    return rc;
}

static void withdraw(const struct queue_file *files, int count)
{
    for (int i = 0; i < count; i++)
        if (!files[i].overwrite && access(files[i].staged, F_OK) && has_digest(files[i].path, &files[i]))
            unlink(files[i].path);
}

enum publish_end publish(const struct queue_file *files, int count, int check, struct m6_error *err)
{
    for (int i = 0; i < count; i++) {
        if (where_is(&files[i], check) == LOST) {
            withdraw(files, count);
            return PUBLISH_AGAIN;
        }
    }
    for (int i = 0; i < count; i++) {
        if (!access(files[i].staged, F_OK) && rename_one(&files[i])) {
            const int reason = errno;
            withdraw(files, count);
            m6_fail(err, M6_ERR_IO, "cannot write %.300s: %s%s", files[i].path, m6_write_error(reason),
                    reason == EEXIST ? "; it appeared meanwhile, queue the job again with --overwrite to replace it" : "");
            return PUBLISH_FAILED;
        }
    }
    for (int i = 0; i < count; i++)
        sync_folder_of(files[i].path);
    return PUBLISH_DONE;
}

/* ---- afterwards ---- */

/* Such a folder holds files alone. */
static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(path);
}

void publish_clean_hidden(const char *work)
{
    size_t size;
    char hidden[NAME_MAX + 1];
    publish_hidden_name(work, hidden, sizeof hidden);
    char *folders = read_whole(work, "folders", &size), path[PATH_MAX];
    struct stat st;
    for (const char *p = folders; folders && p < folders + size; p += strlen(p) + 1) {
        /* Only what this queue may have made. */
        if (snprintf(path, sizeof path, "%s/%s", p, hidden) < (int)sizeof path && !lstat(path, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid())
            remove_folder(path);
    }
    free(folders);
}

void publish_clean(const char *work)
{
    publish_clean_hidden(work);
    remove_folder(work);
}
