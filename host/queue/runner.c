#include "queue/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "queue/internal.h"
#include "queue/store.h"

enum { TICK_MS = 1000, SOON_MS = 50, SOON_TURNS = 8, KEPT_DAYS = 30 };

void runner_log(struct runner *r, int level, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (r->params.log)
        r->params.log(r->params.log_arg, level, text);
}

void runner_complain(struct runner *r, const struct m6_error *err)
{
    if (!strcmp(err->text, r->said))
        return;
    snprintf(r->said, sizeof r->said, "%s", err->text);
    runner_log(r, 3, "%s", err->text);
}

static void set_why(struct runner *r, const char *why)
{
    pthread_mutex_lock(&r->lock);
    snprintf(r->counts.why, sizeof r->counts.why, "%s", why);
    pthread_mutex_unlock(&r->lock);
}

/* ---- coming ---- */

/* One runner a queue: the last host's may still be going. */
static int take_alone(struct runner *r)
{
    char path[PATH_MAX + 16];
    if (r->alone < 0) {
        snprintf(path, sizeof path, "%s/runner", queue_path(r->queue));
        r->alone = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    }
    return r->alone < 0 || flock(r->alone, LOCK_EX | LOCK_NB) ? -1 : 0;
}

/* 0: the queue can be worked at. */
static int set_up(struct runner *r)
{
    struct m6_error err = {""};
    if (!r->queue) {
        if (queue_open(&r->queue, r->socket, 1, &err)) {
            set_why(r, err.text);
            runner_complain(r, &err);
            r->busy = 0;
            return -1;
        }
        if (*queue_note(r->queue))
            runner_log(r, 3, "%s", queue_note(r->queue));
        r->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (r->watch >= 0)
            inotify_add_watch(r->watch, queue_path(r->queue), IN_MODIFY);
    }
    if (r->reconciled)
        return 0;
    if (take_alone(r))
        return -1;
    reconcile_begin_notes(r);
    if (reconcile(r))
        return -1;
    queue_forget(r->queue, queue_now_ms() - KEPT_DAYS * INT64_C(86400000), NULL);
    reconcile_tidy(r);
    r->reconciled = 1;
    set_why(r, "");
    return 0;
}

/* ---- running ---- */

static int used(const struct runner *r)
{
    int n = 0;
    for (int i = 0; i < SLOTS_MAX; i++)
        n += r->slots[i].id != 0;
    return n;
}

static void count(struct runner *r)
{
    int64_t *ids;
    int queued = 0;
    if (!queue_list(r->queue, 1 << QUEUE_QUEUED, &ids, &queued, NULL))
        free(ids);
    r->busy = queued + used(r) > 0;
    pthread_mutex_lock(&r->lock);
    r->counts.queued = queued;
    r->counts.running = used(r);
    pthread_mutex_unlock(&r->lock);
}

static void begin_some(struct runner *r)
{
    struct queue_job job;
    struct m6_error err = {""};
    /* After a fault jobs run one at a time, until it is clear which it was. */
    const int workers = queue_suspects(r->queue) ? 1 : r->params.workers;
    r->dirty = 0;
    for (int i = 0; i < workers && used(r) < workers && !r->stop; i++) {
        if (r->slots[i].id)
            continue;
        if (queue_take(r->queue, &job, &err)) {
            runner_complain(r, &err);
            r->dirty = 1;
            return;
        }
        if (!job.id)
            return;
        worker_begin(r, &r->slots[i], &job);
        queue_job_free(&job);
    }
}

/* Returns whether an end could not be recorded, and is to be tried again. */
static int turn(struct runner *r)
{
    const int64_t version = queue_version(r->queue);
    int again = 0;
    r->dirty |= version != r->version;
    r->version = version;
    for (int i = 0; i < SLOTS_MAX; i++) {
        struct slot *s = &r->slots[i];
        if (!s->id)
            continue;
        worker_look(r, s);
        if (s->pid)
            continue;
        again |= worker_settle(r, s) != 0;
        r->dirty = 1;
    }
    if (r->dirty && !again) /* while the disk is full, nothing more is begun */
        begin_some(r);
    count(r);
    return again;
}

/* calm: what failed failed for want of room, and its own attempts are no reason to try again. */
static void rest(struct runner *r, int ms, int calm)
{
    struct pollfd fds[2 + SLOTS_MAX] = {{r->wake, POLLIN, 0}, {calm ? -1 : r->watch, POLLIN, 0}};
    char heap[4096];
    uint64_t n;
    for (int i = 0; i < SLOTS_MAX; i++)
        fds[2 + i] = (struct pollfd){r->slots[i].id ? r->slots[i].pidfd : -1, POLLIN, 0};
    poll(fds, 2 + SLOTS_MAX, ms);
    while (read(r->wake, &n, sizeof n) > 0)
        ;
    /* The log of changes is written a moment before they can be read. */
    r->soon -= r->soon > 0;
    while (r->watch >= 0 && read(r->watch, heap, sizeof heap) > 0)
        r->soon = SOON_TURNS;
}

static int processes(const struct runner *r, int *unwatched)
{
    int n = 0;
    *unwatched = 0;
    for (int i = 0; i < SLOTS_MAX; i++) {
        const struct slot *s = &r->slots[i];
        n += s->id && s->pid;
        *unwatched |= s->id && s->pid && (s->asked_ms || s->pidfd < 0);
    }
    return n;
}

static void *run(void *arg)
{
    struct runner *r = arg;
    while (!r->stop || used(r)) {
        int unwatched = 0;
        const int ready = !set_up(r), again = ready && turn(r), live = processes(r, &unwatched);
        if (r->stop && again && !live)
            break; /* the next host will see */
        if (!r->stop || used(r))
            rest(r, unwatched || (r->soon && !again) || (!ready && r->queue) ? SOON_MS : TICK_MS, again);
    }
    r->ended = 1;
    return NULL;
}

/* ---- from outside ---- */

struct runner *runner_start(const struct runner_params *params)
{
    struct runner *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->params = *params;
    if (r->params.workers < 1)
        r->params.workers = 2;
    if (r->params.workers > SLOTS_MAX)
        r->params.workers = SLOTS_MAX;
    snprintf(r->socket, sizeof r->socket, "%s", params->socket);
    snprintf(r->program, sizeof r->program, "%s", params->program);
    queue_folder(params->socket, r->counts.folder, sizeof r->counts.folder, NULL);
    r->watch = r->alone = -1;
    r->busy = 1; /* until it is known */
    pthread_mutex_init(&r->lock, NULL);
    r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->wake < 0 || pthread_create(&r->thread, NULL, run, r)) {
        if (r->wake >= 0)
            close(r->wake);
        free(r);
        return NULL;
    }
    return r;
}

void runner_stop(struct runner *r)
{
    const uint64_t one = 1;
    if (!r || atomic_exchange(&r->stop, 1))
        return;
    while (write(r->wake, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void runner_destroy(struct runner *r)
{
    if (!r)
        return;
    runner_stop(r);
    pthread_join(r->thread, NULL);
    reconcile_end_notes(r);
    queue_close(r->queue);
    if (r->watch >= 0)
        close(r->watch);
    if (r->alone >= 0)
        close(r->alone);
    close(r->wake);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

int runner_has_ended(struct runner *r)
{
    return !r || r->ended;
}

int runner_is_busy(struct runner *r)
{
    return r && r->busy;
}

void runner_count(struct runner *r, struct runner_counts *out)
{
    pthread_mutex_lock(&r->lock);
    *out = r->counts;
    pthread_mutex_unlock(&r->lock);
}
