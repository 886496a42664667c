#include "core/worker/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/host.h"

extern char **environ;

enum { SLICE_MS = 100, CANCEL_MS = 2000, LINES_MAX = 200, HIGH_FD = 10, WORKER_FD = 3 };

/* ---- starting ---- */

static enum m6_status spawn(struct worker_process *p, const char *program, int socket, int err_write, struct m6_error *err)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, err_write, 1);
    posix_spawn_file_actions_adddup2(&files, err_write, 2);
    posix_spawn_file_actions_adddup2(&files, socket, WORKER_FD);
    posix_spawn_file_actions_addclosefrom_np(&files, WORKER_FD + 1);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    char *const argv[] = {(char *)"m6-plugin", NULL};
    const int failed = posix_spawn(&p->pid, program, &files, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    if (!failed)
        return M6_OK;
    p->pid = 0;
    return m6_fail(err, M6_ERR_IO, "the plugin \"%s\" needs a process of its own, which cannot be started: %s", p->name, strerror(failed));
}

/* Above those that the child's own are put at. */
static int move_up(int fd)
{
    const int up = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
    if (fd >= 0)
        close(fd);
    return up;
}

enum m6_status worker_process_start(struct worker_process *p, struct m6_error *err)
{
    char program[4096];
    int ends[2] = {-1, -1}, out[2] = {-1, -1};
    p->pid = 0;
    p->pidfd = p->err = -1;
    m6_wire_init(&p->wire, -1);
    if (m6_find_libexec("m6-plugin", program, sizeof program))
        return m6_fail(err, M6_ERR_MODEL, "the plugin \"%s\" needs libexec/m6/m6-plugin, which is missing; install M6 whole", p->name);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) || pipe2(out, O_CLOEXEC)) {
        if (ends[0] >= 0) {
            close(ends[0]);
            close(ends[1]);
        }
        return m6_fail(err, M6_ERR_IO, "the plugin \"%s\" cannot be started: %s", p->name, strerror(errno));
    }
    const int theirs = move_up(ends[1]), writes = move_up(out[1]);
    m6_wire_init(&p->wire, ends[0]);
    p->err = out[0];
    fcntl(p->err, F_SETFL, O_NONBLOCK);
    const enum m6_status status = theirs < 0 || writes < 0 ? m6_fail(err, M6_ERR_IO, "the plugin \"%s\" cannot be started: too many files are open", p->name)
                                                           : spawn(p, program, theirs, writes, err);
    if (theirs >= 0)
        close(theirs);
    if (writes >= 0)
        close(writes);
    if (!status)
        p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0); /* -1 on old kernels: then the socket must do */
    else
        worker_process_finish(p, 0);
    return status;
}

/* ---- what it writes ---- */

static void tell_line(struct worker_process *p)
{
    char text[sizeof p->line + 96];
    p->line[p->length] = '\0';
    if (!p->length)
        return;
    for (char *c = p->line; *c; c++)
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c;
    m6_message_clean(p->line, p->length);
    snprintf(p->last, sizeof p->last, "%.150s", p->line);
    m6_message_clean(p->last, strlen(p->last));
    p->length = 0;
    if (p->lines > LINES_MAX || !p->log)
        return;
    snprintf(text, sizeof text, "plugin %s: %s", p->name, p->lines++ < LINES_MAX ? p->line : "writes too much; the rest is not kept");
    p->log(p->log_arg, 5, text);
}

static void read_lines(struct worker_process *p)
{
    char bytes[4096];
    ssize_t n;
    /* A little at a time: it may write faster than this reads. */
    for (int i = 0; i < 16 && (n = read(p->err, bytes, sizeof bytes)) > 0; i++)
        for (ssize_t k = 0; k < n; k++) {
            if (bytes[k] != '\n')
                p->line[p->length++] = bytes[k];
            if (bytes[k] == '\n' || p->length == sizeof p->line - 1)
                tell_line(p);
        }
}

/* ---- its end ---- */

int worker_process_is_over(const struct worker_process *p)
{
    return p->pidfd >= 0 && poll(&(struct pollfd){p->pidfd, POLLIN, 0}, 1, 0) > 0;
}

/* Ends it, and returns what waitpid says, or -1. *by_itself: it had ended before. */
static int reap(struct worker_process *p, int grace_ms, int *by_itself)
{
    int status = -1;
    pid_t got = 0;
    for (const int64_t until = m6_proto_now_ms() + grace_ms; p->pid && !got;) {
        const int64_t left = until - m6_proto_now_ms();
        /* Looked at without taking it away, for its group is known by it. */
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOWAIT | WNOHANG) || info.si_pid || left <= 0) {
            *by_itself = info.si_pid != 0;
            kill(-p->pid, SIGKILL);
            while ((got = waitpid(p->pid, &status, 0)) < 0 && errno == EINTR)
                ;
            break;
        }
        read_lines(p);
        poll(&(struct pollfd){p->pidfd, POLLIN, 0}, p->pidfd >= 0, left < 20 ? (int)left : 20);
    }
    p->pid = 0;
    return got > 0 ? status : -1;
}

void worker_process_finish(struct worker_process *p, int grace_ms)
{
    int by_itself = 0;
    if (!p->name)
        return;
    reap(p, grace_ms, &by_itself);
    if (p->err >= 0) {
        read_lines(p);
        tell_line(p);
        close(p->err);
    }
    if (p->pidfd >= 0)
        close(p->pidfd);
    p->err = p->pidfd = -1;
    m6_wire_finish(&p->wire);
}

static int describe_end(struct worker_process *p, struct m6_error *err)
{
    int by_itself = 0;
    char wrote[sizeof p->last + 32] = "";
    const int status = reap(p, 1000, &by_itself);
    read_lines(p);
    tell_line(p);
    if (p->last[0])
        snprintf(wrote, sizeof wrote, "; it last wrote: %s", p->last);
    if (!by_itself)
        m6_fail(err, M6_ERR_INTERNAL, "the plugin \"%s\" closed its line to the host and was stopped; update it, or remove its file%s", p->name, wrote);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        m6_fail(err, M6_ERR_INTERNAL, "the plugin \"%s\" was killed (signal 9, SIGKILL), perhaps for want of memory; close other programs and try again%s",
                p->name, wrote);
    else if (WIFSIGNALED(status))
        m6_fail(err, M6_ERR_INTERNAL, "the plugin \"%s\" crashed (signal %d, SIG%s); update it, or see \"Debugging\" in docs/plugins.md%s", p->name,
                WTERMSIG(status), sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?", wrote);
    else
        m6_fail(err, M6_ERR_INTERNAL, "the plugin \"%s\" ended its process (exit status %d) before its job was done; a plugin returns and never exits%s",
                p->name, WIFEXITED(status) ? WEXITSTATUS(status) : -1, wrote);
    return -1;
}

/* ---- messages ---- */

int worker_process_send(struct worker_process *p, cJSON *json, int fd)
{
    if (m6_wire_send(&p->wire, json, fd, 0, 0))
        return -1;
    m6_wire_flush(&p->wire, NULL); /* the rest goes while waiting for what comes */
    return 0;
}

/* Waits a little for anything to happen. Returns -1 when nothing more will come. */
static int turn(struct worker_process *p, int wait_ms, struct m6_error *err)
{
    struct pollfd all[] = {
        {p->wire.fd, (short)(POLLIN | (p->wire.first ? POLLOUT : 0)), 0},
        {p->err, POLLIN, 0},
        {p->pidfd, POLLIN, 0},
    };
    if (poll(all, 3, wait_ms) < 0 && errno != EINTR)
        return -1;
    if (all[1].revents & POLLIN) {
        read_lines(p);
    } else if (all[1].revents) { /* it closed both; nothing to poll for */
        close(p->err);
        p->err = -1;
    }
    if (all[0].revents & POLLOUT)
        m6_wire_flush(&p->wire, NULL);
    const int got = m6_wire_read(&p->wire, err);
    return got < 0 || (!got && all[2].revents) ? -1 : 0;
}

int worker_process_next(struct worker_process *p, struct m6_message *m, int silence_ms, const atomic_int *cancelled, struct m6_error *err)
{
    const int64_t since = m6_proto_now_ms();
    for (int open = 1;;) {
        struct m6_error bad = {""};
        enum m6_status status;
        const int64_t now = m6_proto_now_ms();
        if (cancelled && *cancelled && !p->cancel_ms)
            p->cancel_ms = now;
        if (p->cancel_ms && now - p->cancel_ms >= CANCEL_MS) {
            m6_fail(err, M6_ERR_CANCELLED, "the plugin \"%s\" did not stop in %d seconds after its job was cancelled, and was ended", p->name,
                    CANCEL_MS / 1000);
            return -1;
        }
        const int got = m6_wire_next(&p->wire, m, &status, &bad);
        if (got > 0)
            return 1;
        if (got < 0) {
            m6_fail(err, M6_ERR_INTERNAL, "the plugin \"%s\" sent what no plugin may send (%.200s); update it, or remove its file", p->name, bad.text);
            return -1;
        }
        if (!open)
            return describe_end(p, err);
        if (silence_ms && now - since >= silence_ms) {
            if (p->starting)
                m6_fail(err, M6_ERR_INTERNAL, "it did not start in time and was stopped; its init must return soon");
            else
                m6_fail(err, M6_ERR_INTERNAL,
                    "the plugin \"%s\" did nothing for %g seconds and was stopped; if it needs so long, it must call progress() meanwhile, or raise "
                    "M6_PLUGIN_SILENCE",
                    p->name, silence_ms / 1000.0);
            return -1;
        }
        const int64_t left = silence_ms ? silence_ms - (now - since) : SLICE_MS;
        open = !turn(p, left < SLICE_MS ? (int)left : SLICE_MS, &bad);
        if (!open && bad.text[0]) {
            m6_fail(err, M6_ERR_INTERNAL, "the plugin \"%s\" sent what no plugin may send (%.200s); update it, or remove its file", p->name, bad.text);
            return -1;
        }
    }
}
