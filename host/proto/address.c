#include "proto/address.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char *from_env(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static enum m6_status private_folder(const char *path, struct m6_error *err)
{
    struct stat st;
    if (mkdir(path, 0700) && errno != EEXIST)
        return m6_fail(err, M6_ERR_IO, "cannot make %.300s: %s; name a socket with M6_HOST", path, strerror(errno));
    if (lstat(path, &st))
        return m6_fail(err, M6_ERR_IO, "cannot look at %.300s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
        return m6_fail(err, M6_ERR_IO, "%.300s is not a folder of yours alone (mode 0700); remove it, or name a socket with M6_HOST", path);
    return M6_OK;
}

enum m6_status m6_address_find(const char *given, char *path, size_t size, struct m6_error *err)
{
    char folder[4096] = "", whole[4096 + 16];
    const char *named = given && *given ? given : from_env("M6_HOST"), *runtime = from_env("XDG_RUNTIME_DIR");
    enum m6_status status = M6_OK;
    if (named && !strcmp(named, "none"))
        return m6_fail(err, M6_ERR_UNSUPPORTED, "M6_HOST is none, so that there is no host to talk to; unset it, or name a socket");
    if (named && named[0] == '/') {
        snprintf(whole, sizeof whole, "%s", named);
    } else if (named) {
        if (!getcwd(folder, sizeof folder))
            return m6_fail(err, M6_ERR_IO, "cannot tell the current folder: %s", strerror(errno));
        snprintf(whole, sizeof whole, "%.3000s/%.1000s", folder, named);
    } else {
        if (runtime && runtime[0] == '/')
            snprintf(folder, sizeof folder, "%.4000s/m6", runtime);
        else
            snprintf(folder, sizeof folder, "/tmp/m6-%lu", (unsigned long)geteuid());
        status = private_folder(folder, err);
        snprintf(whole, sizeof whole, "%s/host.sock", folder);
    }
    if (!status && (strlen(whole) >= size || strlen(whole) + 12 >= M6_ADDRESS_MAX))
        status = m6_fail(err, M6_ERR_LIMIT, "the socket's path %.300s is too long; name one of at most %d bytes with M6_HOST", whole,
                         M6_ADDRESS_MAX - 13);
    if (!status)
        snprintf(path, size, "%s", whole);
    return status;
}

static socklen_t fill(struct sockaddr_un *address, const char *path)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
    return sizeof *address;
}

int m6_address_is_own(int fd, int *pid)
{
    struct ucred who = {0};
    socklen_t size = sizeof who;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size))
        return 0;
    if (pid)
        *pid = who.pid;
    return who.uid == geteuid();
}

/* A queue of connections that is full is waited for, not taken for a refusal. */
static int connect_patiently(int fd, const struct sockaddr_un *address, socklen_t size)
{
    for (int tries = 0;; tries++) {
        if (!connect(fd, (const struct sockaddr *)address, size))
            return 0;
        if ((errno != EAGAIN && errno != EINTR) || tries >= 400)
            return -1;
        poll(NULL, 0, 5);
    }
}

enum m6_status m6_address_connect(const char *path, int *fd, int *absent, struct m6_error *err)
{
    struct sockaddr_un address;
    const socklen_t size = fill(&address, path);
    int none = 0;
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    enum m6_status status = M6_OK;
    if (*fd < 0) {
        status = m6_fail(err, M6_ERR_IO, "cannot make a socket: %s", strerror(errno));
    } else if (connect_patiently(*fd, &address, size)) {
        none = errno == ENOENT || errno == ECONNREFUSED;
        status = none ? m6_fail(err, M6_ERR_IO, "no host serves %.200s; start one with `m6 serve`", path)
                      : m6_fail(err, M6_ERR_IO, "cannot reach the host at %.200s: %s", path, strerror(errno));
    } else if (!m6_address_is_own(*fd, NULL)) {
        status = m6_fail(err, M6_ERR_IO, "the host at %.200s belongs to another user; name another socket with M6_HOST", path);
    }
    if (status && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    if (absent)
        *absent = none;
    return status;
}

enum m6_status m6_address_listen(const char *path, int *fd, struct m6_error *err)
{
    struct sockaddr_un address;
    char passing[M6_ADDRESS_MAX];
    if (snprintf(passing, sizeof passing, "%s.%ld", path, (long)getpid()) >= (int)sizeof passing)
        return m6_fail(err, M6_ERR_LIMIT, "the socket's path %.300s is too long", path);
    const socklen_t size = fill(&address, passing);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(passing);
    /* fchmod on the unbound socket sets the mode that bind gives the file; no umask of the whole process is changed. */
    if (*fd < 0 || fchmod(*fd, 0600) || bind(*fd, (struct sockaddr *)&address, size) || chmod(passing, 0600) || listen(*fd, 1024) ||
        rename(passing, path)) {
        enum m6_status status = m6_fail(err, M6_ERR_IO, "cannot serve %.200s: %s", path, strerror(errno));
        unlink(passing);
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
        return status;
    }
    return M6_OK;
}

enum m6_status m6_address_lock(const char *path, const char *suffix, int wait, int *fd, struct m6_error *err)
{
    char name[4096];
    snprintf(name, sizeof name, "%.4000s%s", path, suffix);
    *fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return m6_fail(err, M6_ERR_IO, "cannot make %.300s: %s", name, strerror(errno));
    int failed;
    do
        failed = flock(*fd, LOCK_EX | (wait ? 0 : LOCK_NB));
    while (failed && errno == EINTR);
    if (!failed)
        return M6_OK;
    const int busy = errno == EWOULDBLOCK;
    close(*fd);
    *fd = -1;
    return busy ? m6_fail(err, M6_ERR_LIMIT, "another process holds %.300s", name)
                : m6_fail(err, M6_ERR_IO, "cannot lock %.300s: %s", name, strerror(errno));
}
