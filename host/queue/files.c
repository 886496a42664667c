/* Where a socket's queue is, and what names the contents of a file. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/digest.h"
#include "queue/queue.h"

enum { PIECE = 1 << 20, PIECES = 256 };

enum m6_status queue_folder(const char *socket, char *path, size_t size, struct m6_error *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME"), *slash = strrchr(socket, '/');
    char folder[PATH_MAX], real[PATH_MAX], whole[2 * PATH_MAX], hex[QUEUE_HEX];
    struct digest d;
    /* One socket has many spellings, and where its folder is to be does not tell how it will be called. */
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - socket) + 1 : 1, slash ? socket : ".");
    if (!realpath(folder, real))
        return m6_fail(err, M6_ERR_IO, "there is no folder %.300s for the host's socket; make it, or name another with M6_HOST", folder);
    snprintf(whole, sizeof whole, "%s/%s", strcmp(real, "/") ? real : "", slash ? slash + 1 : socket);
    digest_begin(&d);
    digest_add(&d, whole, strlen(whole));
    digest_end(&d, hex);
    int n;
    if (state && state[0] == '/')
        n = snprintf(path, size, "%s/m6/jobs/%.100s-%.16s", state, slash ? slash + 1 : socket, hex);
    else if (home && home[0] == '/')
        n = snprintf(path, size, "%s/.local/state/m6/jobs/%.100s-%.16s", home, slash ? slash + 1 : socket, hex);
    else
        return m6_fail(err, M6_ERR_IO, "there is no place for queued jobs; set XDG_STATE_HOME or HOME");
    return n < (int)size ? M6_OK : m6_fail(err, M6_ERR_LIMIT, "the path of the job queue is too long; set XDG_STATE_HOME to a shorter one");
}

static ssize_t read_piece(int fd, unsigned char *to, off_t at)
{
    ssize_t have = 0, n;
    while (have < PIECE && (n = pread(fd, to + have, (size_t)(PIECE - have), at + have))) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        have += n;
    }
    return have;
}

enum m6_status queue_digest(const char *path, struct queue_file *into, struct m6_error *err)
{
    unsigned char *piece = malloc(PIECE);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    struct digest d;
    enum m6_status status = M6_OK;
    if (!piece)
        status = m6_fail(err, M6_ERR_MEMORY, "out of memory");
    else if (fd < 0 || fstat(fd, &st))
        status = m6_fail(err, M6_ERR_IO, "cannot open %.300s: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        status = m6_fail(err, M6_ERR_IO, "%.300s is no file", path);
    if (!status) {
        const int64_t last = st.st_size > PIECE ? st.st_size - PIECE : 0;
        const int all = st.st_size <= (int64_t)PIECES * PIECE;
        digest_begin(&d);
        for (int64_t i = 0; (all ? i * PIECE < st.st_size : i < PIECES) && !status; i++) {
            const ssize_t n = read_piece(fd, piece, all ? i * PIECE : i == PIECES - 1 ? last : last / (PIECES - 1) * i);
            if (n < 0)
                status = m6_fail(err, M6_ERR_IO, "cannot read %.300s: %s", path, strerror(errno));
            else
                digest_add(&d, piece, (size_t)n);
        }
        digest_end(&d, into->digest);
        into->size = st.st_size;
        into->mtime_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
    }
    if (fd >= 0)
        close(fd);
    free(piece);
    return status;
}
