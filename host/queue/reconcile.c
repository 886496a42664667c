/* After a death: what became of the jobs that ran, and whose fault it was. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/internal.h"
#include "queue/publish.h"
#include "queue/store.h"

enum { SPOOL_SECONDS = 3600 };

/* ---- the host's notes: which boot, how many processes the kernel had killed for want of memory, and a fault of its own ---- */

static atomic_int notes = -1;

void runner_note_fault(void)
{
    const int fd = notes;
    if (fd >= 0 && write(fd, "fault\n", 6) != 6)
        return;
}

static void read_boot(char *boot, size_t size, long *killed)
{
    char line[128];
    FILE *in = fopen("/proc/sys/kernel/random/boot_id", "re");
    snprintf(boot, size, "-");
    if (in && fgets(line, sizeof line, in))
        snprintf(boot, size, "%.*s", (int)strcspn(line, "\n"), line);
    if (in)
        fclose(in);
    *killed = 0;
    in = fopen("/proc/vmstat", "re");
    while (in && fgets(line, sizeof line, in))
        if (sscanf(line, "oom_kill %ld", killed) == 1)
            break;
    if (in)
        fclose(in);
}

void reconcile_begin_notes(struct runner *r)
{
    char path[PATH_MAX + 16], boot[64], was[64] = "", fault[8] = "", line[160];
    long killed, before = 0;
    if (r->noted)
        return;
    r->noted = 1;
    snprintf(path, sizeof path, "%s/host", queue_path(r->queue));
    read_boot(boot, sizeof boot, &killed);
    FILE *in = fopen(path, "re");
    if (in) {
        const int n = fscanf(in, "%63s %ld %7s", was, &before, fault);
        r->fault = n == 3 || (n == 2 && !strcmp(was, boot) && killed > before);
        fclose(in);
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    const int length = snprintf(line, sizeof line, "%s %ld\n", boot, killed);
    if (fd >= 0 && write(fd, line, (size_t)length) == length)
        notes = fd;
    else if (fd >= 0)
        close(fd);
}

void reconcile_end_notes(struct runner *r)
{
    const int fd = atomic_exchange(&notes, -1);
    if (fd >= 0)
        close(fd);
}

/* ---- jobs ---- */

static int worker_lives(const char *work)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/lock", work);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return 0;
    const int lives = flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
    close(fd);
    return lives;
}

static int reconcile_job(struct runner *r, const struct queue_job *job)
{
    char work[PATH_MAX];
    struct m6_error err = {""};
    if (publish_work_folder(r->queue, job->id, work, sizeof work, &err)) {
        runner_complain(r, &err);
        return -1;
    }
    if (worker_lives(work)) /* for a moment: it dies with its host */
        return -1;
    if (job->intent)
        return ending_of_outputs(r, job, work, job->outputs, job->output_count, 1);
    if (job->wish == QUEUE_WISH_CANCEL)
        return ending_plain(r, job, work, QUEUE_CANCELLED, 130, NULL);
    if (job->wish == QUEUE_WISH_PAUSE)
        return ending_paused(r, job, work);
    return ending_again(r, job, work, r->fault, !r->fault, r->fault ? "the host died of it" : "the host was gone");
}

static int give_up(struct runner *r, int64_t id)
{
    struct m6_error err = {""};
    const struct queue_end end = {.state = QUEUE_FAILED, .exit = 1, .error = "it cannot be read; queue it again", .text = ""};
    if (!queue_finish(r->queue, id, &end, &err))
        return 0;
    runner_complain(r, &err);
    return -1;
}

int reconcile(struct runner *r)
{
    int64_t *ids;
    int count, left = 0;
    struct queue_job job;
    struct m6_error err = {""};
    if (queue_list(r->queue, 1 << QUEUE_RUNNING, &ids, &count, &err)) {
        runner_complain(r, &err);
        return -1;
    }
    for (int i = 0; i < count; i++) {
        const enum m6_status status = queue_get(r->queue, ids[i], &job, &err);
        if (status == M6_ERR_FORMAT) { /* it must not stop the others */
            left += give_up(r, ids[i]) != 0;
            continue;
        }
        if (status) {
            runner_complain(r, &err);
            left++;
            continue;
        }
        left += reconcile_job(r, &job) != 0;
        queue_job_free(&job);
    }
    free(ids);
    return left ? -1 : 0;
}

/* ---- what is left over ---- */

static void tidy_one(struct runner *r, const char *name)
{
    char path[PATH_MAX + NAME_MAX + 2];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", queue_path(r->queue), name);
    if (!strncmp(name, "work-", 5))
        publish_clean(path); /* no job runs just now */
    /* A command may just be about to queue what it has spooled. */
    if (!strncmp(name, "spool-", 6) && !lstat(path, &st) && time(NULL) - st.st_mtime > SPOOL_SECONDS && !queue_uses(r->queue, path))
        unlink(path);
}

void reconcile_tidy(struct runner *r)
{
    DIR *dir = opendir(queue_path(r->queue));
    for (struct dirent *e; dir && (e = readdir(dir));)
        tidy_one(r, e->d_name);
    if (dir)
        closedir(dir);
}
