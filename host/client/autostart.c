/* Starting a host where none is. Of many programs that want one at once, one starts it, under a lock; the others wait for it. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/client.h"
#include "proto/address.h"

extern char **environ;

enum { SLICE_MS = 20, READY_FD = 3 };

int autostart_allowed(void)
{
    const char *value = getenv("M6_AUTOSTART");
    return !value || strcmp(value, "0") != 0;
}

/* bin/m6d at or above a file: from lib/libm6.so, bin/PROGRAM, libexec/m6/PROGRAM. */
static int find_near(const char *file, char *path, size_t size)
{
    char at[PATH_MAX];
    if (!realpath(file, at))
        return -1;
    for (int up = 0; up < 5; up++) {
        char *slash = strrchr(at, '/');
        if (!slash)
            return -1;
        *slash = '\0';
        if (snprintf(path, size, "%s/bin/m6d", at) < (int)size && !access(path, X_OK))
            return 0;
    }
    return -1;
}

static void find_program(char *path, size_t size)
{
    const char *given = getenv("M6D");
    Dl_info info;
    if (given && *given)
        snprintf(path, size, "%s", given);
    else if ((!dladdr((void *)(uintptr_t)autostart, &info) || !info.dli_fname || find_near(info.dli_fname, path, size)) &&
             find_near("/proc/self/exe", path, size))
        snprintf(path, size, "m6d"); /* along PATH */
}

static enum m6_status spawn(const char *socket, int *ready, struct m6_error *err)
{
    char program[PATH_MAX], path[PATH_MAX];
    int ends[2];
    pid_t pid;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    find_program(program, sizeof program);
    snprintf(path, sizeof path, "%s", socket);
    char *const args[] = {program, "--detach", "--socket", path, "--ready-fd", "3", "--idle-unload", "600", "--idle-exit", "3600", NULL};
    if (pipe2(ends, O_CLOEXEC))
        return m6_fail(err, M6_ERR_IO, "cannot make a pipe: %s", strerror(errno));
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_adddup2(&files, ends[1], READY_FD);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
    const int failed = posix_spawnp(&pid, program, &files, &attributes, args, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    close(ends[1]);
    if (failed) {
        close(ends[0]);
        return m6_fail(err, M6_ERR_IO, "no host runs, and %.200s cannot be started: %s; name it with M6D", program, strerror(failed));
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) /* it goes to the background at once */
        ;
    *ready = ends[0];
    return M6_OK;
}

static int must_end(int64_t until, const atomic_int *stop)
{
    return (stop && *stop) || m6_proto_now_ms() >= until;
}

/* "ready", or why not. */
static enum m6_status await(int ready, int64_t until, const atomic_int *stop, struct m6_error *err)
{
    char text[512] = "";
    size_t size = 0;
    while (!must_end(until, stop)) {
        struct pollfd fd = {ready, POLLIN, 0};
        if (poll(&fd, 1, SLICE_MS) <= 0)
            continue;
        const ssize_t n = read(ready, text + size, sizeof text - 1 - size);
        if (n > 0 && (size += (size_t)n) < sizeof text - 1 && text[size - 1] != '\n')
            continue;
        if (!strncmp(text, "ready", 5))
            return M6_OK;
        return m6_fail(err, M6_ERR_IO, "the host could not be started: %.400s", size ? text : "it ended; its log is in ~/.local/state/m6/m6d.log");
    }
    return m6_fail(err, M6_ERR_IO, "the host was started, but is not ready in time");
}

static enum m6_status start(const char *path, int64_t until, const atomic_int *stop, struct m6_error *err)
{
    int ready;
    enum m6_status status = spawn(path, &ready, err);
    if (status)
        return status;
    status = await(ready, until, stop, err);
    close(ready);
    return status;
}

enum m6_status autostart(const char *path, int timeout_ms, const atomic_int *stop, int *fd, struct m6_error *err)
{
    const int64_t until = m6_proto_now_ms() + timeout_ms;
    enum m6_status status;
    int lock = -1, absent;
    while ((status = m6_address_lock(path, ".start", 0, &lock, err)) == M6_ERR_LIMIT && !must_end(until, stop))
        poll(NULL, 0, SLICE_MS);
    if (status)
        return status;
    /* Another may have started it while this one waited; one that is going still holds its lock for a moment. */
    for (;;) {
        status = m6_address_connect(path, fd, &absent, err);
        if (!status || !absent)
            break;
        struct m6_error why = {""};
        status = start(path, until, stop, &why);
        if (status && (!strstr(why.text, "another process holds") || must_end(until, stop))) {
            *err = why;
            break;
        }
        if (status)
            poll(NULL, 0, SLICE_MS);
    }
    close(lock);
    return status;
}
