/* One job as a process of its own: begun, watched, and asked to end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue/internal.h"
#include "queue/publish.h"
#include "queue/store.h"

extern char **environ;

enum { PATIENCE_MS = 3000, LARGE = 256 << 20, LOCK_FD = 3, OWN = 4 };

/* ---- beginning ---- */

static enum m6_status check_inputs(const struct queue_job *job, struct m6_error *err)
{
    for (int i = 0; i < job->input_count; i++) {
        const struct queue_file *was = &job->inputs[i];
        struct queue_file is = {0};
        if (!*was->digest)
            continue;
        const enum m6_status status = queue_digest(was->path, &is, err);
        if (status)
            return status;
        /* Of large files only pieces are read, so that their times count too. */
        if (is.size != was->size || strcmp(is.digest, was->digest) != 0 || (is.size > LARGE && is.mtime_ns != was->mtime_ns))
            return m6_fail(err, M6_ERR_IO, "%.300s has changed since the job was queued; queue it again", was->path);
    }
    return M6_OK;
}

static int is_named(const char *entry, const char *name)
{
    const size_t n = strcspn(name, "=");
    return !strncmp(entry, name, n) && (entry[n] == '=' || !entry[n]);
}

static int is_settled(const char *entry, char *const *env, char *const *own)
{
    for (; *env; env++)
        if (is_named(entry, *env))
            return 1;
    for (; *own; own++)
        if (is_named(entry, *own))
            return 1;
    return 0;
}

/* Ours, but what the job and its worker are told. The strings are others'; caller frees the list. */
static char **make_env(char *const *env, char *const *own)
{
    size_t count = 0, n = 0;
    for (char **e = environ; *e; e++)
        count++;
    for (char *const *e = env; *e; e++)
        count++;
    char **all = calloc(count + OWN + 2, sizeof *all);
    for (char **e = environ; all && *e; e++)
        if (!is_settled(*e, env, own))
            all[n++] = *e;
    for (char *const *e = env; all && *e; e++)
        if (strchr(*e, '='))
            all[n++] = *e;
    for (char *const *e = own; all && *e; e++)
        if (strchr(*e, '='))
            all[n++] = *e;
    return all;
}

static int spawn(struct runner *r, struct slot *s, const struct queue_job *job, int lock)
{
    char host[300], me[PATH_MAX + 300], hidden[NAME_MAX + 1], out[PATH_MAX + 8], errors[PATH_MAX + 8];
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, normal;
    size_t words = 0;
    publish_hidden_name(s->work, hidden, sizeof hidden);
    snprintf(host, sizeof host, "M6_HOST=%s", r->socket);
    snprintf(me, sizeof me, "M6_JOB=%ld %s %s", (long)getpid(), hidden, s->work);
    snprintf(out, sizeof out, "%s/out", s->work);
    snprintf(errors, sizeof errors, "%s/err", s->work);
    char *const own[] = {host, me, "M6_AUTOSTART=0", "M6_DEBUG", NULL};
    while (job->words[words])
        words++;
    char **env = make_env(job->env, own), **args = calloc(words + 2, sizeof *args);
    int failed = env && args ? 0 : ENOMEM;
    if (!failed) {
        args[0] = "m6";
        memcpy(args + 1, job->words, words * sizeof *args);
        sigemptyset(&none);
        /* A full disk and a broken pipe are said in words, as here. */
        sigfillset(&normal);
        sigdelset(&normal, SIGPIPE);
        sigdelset(&normal, SIGXFSZ);
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &normal);
        posix_spawnattr_setpgroup(&attributes, 0); /* ^C on the host is the host's affair */
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&files, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        posix_spawn_file_actions_addopen(&files, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        posix_spawn_file_actions_adddup2(&files, lock, LOCK_FD);
        posix_spawn_file_actions_addchdir_np(&files, "/");
        failed = posix_spawn(&s->pid, r->program, &files, &attributes, args, env);
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&attributes);
    }
    free(env);
    free(args);
    return failed;
}

void worker_begin(struct runner *r, struct slot *s, const struct queue_job *job)
{
    struct m6_error err = {""};
    char path[PATH_MAX + 16];
    int lock = -1;
    memset(s, 0, sizeof *s);
    s->id = job->id;
    s->pidfd = -1;
    s->status = -1; /* until it has begun: not a worker's end */
    enum m6_status status = publish_work_folder(r->queue, job->id, s->work, sizeof s->work, &err);
    if (!status) {
        publish_clean(s->work);
        status = check_inputs(job, &err);
    }
    if (status) {
        if (!ending_plain(r, job, s->work, QUEUE_FAILED, 3, err.text))
            s->id = 0;
        return;
    }
    snprintf(path, sizeof path, "%s/lock", s->work);
    if (mkdir(s->work, 0700) || (lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0 || flock(lock, LOCK_EX | LOCK_NB)) {
        m6_fail(&err, M6_ERR_IO, "cannot make %.300s: %s", path, strerror(errno));
    } else {
        const int failed = spawn(r, s, job, lock);
        if (failed)
            m6_fail(&err, M6_ERR_IO, "cannot run %.300s: %s", r->program, strerror(failed));
        else
            s->pidfd = pidfd_open(s->pid, 0);
    }
    if (lock >= 0)
        close(lock); /* the worker has it, as long as it lives */
    if (*err.text)
        runner_complain(r, &err);
    else
        runner_log(r, 6, "job %lld begins: %s, process %d", (long long)job->id, job->words[0], (int)s->pid);
}

/* ---- watching ---- */

static void ask(struct slot *s)
{
    const int64_t now = queue_now_ms();
    if (!s->asked_ms)
        kill(s->pid, SIGTERM);
    else if (now - s->asked_ms > PATIENCE_MS)
        kill(s->pid, SIGKILL);
    if (!s->asked_ms)
        s->asked_ms = now;
}

void worker_look(struct runner *r, struct slot *s)
{
    struct queue_job job;
    if (s->pid && waitpid(s->pid, &s->status, WNOHANG) == s->pid) {
        if (s->pidfd >= 0)
            close(s->pidfd);
        s->pidfd = -1;
        s->pid = 0;
    }
    if (!s->pid)
        return;
    if (r->stop || s->asked_ms) {
        ask(s);
    } else if (!queue_get(r->queue, s->id, &job, NULL)) {
        if (job.wish)
            ask(s);
        queue_job_free(&job);
    }
}

/* ---- its end ---- */

static int settle_done(struct runner *r, struct slot *s, const struct queue_job *job)
{
    struct queue_file *files;
    struct m6_error err = {""};
    int count, rc;
    if (job->intent) /* an earlier try got that far */
        return ending_of_outputs(r, job, s->work, job->outputs, job->output_count, 1);
    if (publish_read(s->work, &files, &count, &err))
        return ending_plain(r, job, s->work, QUEUE_FAILED, 1, err.text);
    if (count && queue_intend(r->queue, job->id, files, count, &err)) {
        runner_complain(r, &err);
        rc = -1;
    } else {
        rc = ending_of_outputs(r, job, s->work, files, count, 0);
    }
    publish_free(files, count);
    return rc;
}

static int settle(struct runner *r, struct slot *s, const struct queue_job *job)
{
    const int exited = s->status != -1 && WIFEXITED(s->status), code = exited ? WEXITSTATUS(s->status) : 0;
    const int sig = s->status == -1 ? 0 : WIFSIGNALED(s->status) ? WTERMSIG(s->status) : code > 128 ? code - 128 : 0;
    char why[80];
    if (exited && !code)
        return settle_done(r, s, job);
    if (job->wish == QUEUE_WISH_CANCEL)
        return ending_plain(r, job, s->work, QUEUE_CANCELLED, 130, NULL);
    if (job->wish == QUEUE_WISH_PAUSE)
        return ending_paused(r, job, s->work);
    if (s->status == -1)
        return ending_again(r, job, s->work, 1, 0, "its worker cannot be started; the host's log says why");
    if (r->stop || sig == SIGTERM || sig == SIGINT || sig == SIGHUP)
        return ending_again(r, job, s->work, 0, 0, "the host goes");
    if (!sig)
        return ending_plain(r, job, s->work, QUEUE_FAILED, code, NULL);
    snprintf(why, sizeof why, "its worker died of signal %d (%s)", sig, strsignal(sig));
    return ending_again(r, job, s->work, 1, 0, why);
}

int worker_settle(struct runner *r, struct slot *s)
{
    struct queue_job job;
    struct m6_error err = {""};
    if (queue_get(r->queue, s->id, &job, &err)) {
        runner_complain(r, &err);
        return -1;
    }
    const int rc = settle(r, s, &job);
    queue_job_free(&job);
    if (!rc)
        s->id = 0;
    return rc;
}
