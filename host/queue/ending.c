#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/internal.h"
#include "queue/publish.h"

/* At most max bytes of a file of the work folder, ended by a zero. When there are more: the last of them, or (whole) NULL. */
static char *read_some(const char *work, const char *name, size_t max, int whole, size_t *size)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", work, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char *text = malloc(max + 2);
    struct stat st;
    ssize_t n = 0;
    *size = 0;
    if (!whole && fd >= 0 && !fstat(fd, &st) && st.st_size > (off_t)max)
        lseek(fd, st.st_size - (off_t)max, SEEK_SET);
    while (fd >= 0 && text && *size <= max && (n = read(fd, text + *size, max + 1 - *size)) > 0)
        *size += (size_t)n;
    if (fd >= 0)
        close(fd);
    if (text && *size > max) {
        free(text);
        return NULL;
    }
    if (text)
        text[*size] = '\0';
    return text;
}

/* "m6 draw: warning: …" and "m6 draw: …" without who says it: warnings into log, the last of the others into error. */
static void read_said(const char *work, char *log, size_t log_size, char *error, size_t error_size)
{
    size_t size, at = 0;
    char *text = read_some(work, "err", LOG_MAX, 0, &size), *rest = text;
    log[0] = error[0] = '\0';
    for (char *line; text && (line = strsep(&rest, "\n"));) {
        char *colon = !strncmp(line, "m6", 2) ? strstr(line, ": ") : NULL;
        if (!colon)
            continue;
        if (strncmp(colon + 2, "warning: ", 9) != 0)
            snprintf(error, error_size, "%s", colon + 2);
        else if (at < log_size)
            at += (size_t)snprintf(log + at, log_size - at, "%s%s", at ? "\n" : "", colon + 11);
    }
    free(text);
}

static int tell(struct runner *r, enum m6_status status, const struct m6_error *err)
{
    if (status)
        runner_complain(r, err);
    return status ? -1 : 0;
}

static void drop_spooled(const struct queue_job *job)
{
    for (int i = 0; i < job->input_count; i++)
        if (job->inputs[i].spooled)
            unlink(job->inputs[i].path);
}

int ending_plain(struct runner *r, const struct queue_job *job, const char *work, enum queue_state state, int exit, const char *error)
{
    struct m6_error err = {""};
    char said[512], *log = malloc(LOG_MAX);
    size_t size = 0;
    char *text = read_some(work, "out", TEXT_MAX, 1, &size);
    struct queue_end end = {.state = state, .exit = exit, .error = error, .log = log, .text = text ? text : "", .text_size = text ? size : 0};
    if (log)
        read_said(work, log, LOG_MAX, said, sizeof said);
    if (log && state == QUEUE_FAILED && !error)
        end.error = *said ? said : "it ended without saying why";
    publish_clean_hidden(work); /* first: whoever waits for the end finds nothing but the outputs */
    const int rc = tell(r, queue_finish(r->queue, job->id, &end, &err), &err);
    if (!rc) {
        runner_log(r, state == QUEUE_FAILED ? 4 : 6, "job %lld %s%s%s", (long long)job->id, queue_state_name(state), end.error ? ": " : "",
                   end.error ? end.error : "");
        publish_clean(work);
        if (state == QUEUE_DONE)
            drop_spooled(job);
    }
    free(text);
    free(log);
    return rc;
}

int ending_of_outputs(struct runner *r, const struct queue_job *job, const char *work, const struct queue_file *files, int count, int check)
{
    struct m6_error err = {""};
    size_t size;
    char *text = read_some(work, "out", TEXT_MAX, 1, &size);
    free(text);
    if (!text)
        return ending_plain(r, job, work, QUEUE_FAILED, 1, "it printed more than 8 MiB; give it a file with -o");
    switch (publish(files, count, check, &err)) {
    case PUBLISH_DONE:
        return ending_plain(r, job, work, QUEUE_DONE, 0, NULL);
    case PUBLISH_AGAIN:
        return ending_again(r, job, work, 1, 0, "what it had written was lost");
    case PUBLISH_FAILED:
        break;
    }
    return ending_plain(r, job, work, QUEUE_FAILED, 1, err.text);
}

int ending_again(struct runner *r, const struct queue_job *job, const char *work, int strike, int death, const char *why)
{
    struct m6_error err = {""};
    char sentence[512];
    if (strike && job->strikes + strike >= STRIKES_MAX) {
        snprintf(sentence, sizeof sentence, "it was begun %d times and never ended: %s; 'm6 jobs retry %lld' tries again", job->attempts, why,
                 (long long)job->id);
        return ending_plain(r, job, work, QUEUE_FAILED, 1, sentence);
    }
    publish_clean(work);
    const int rc = tell(r, queue_back(r->queue, job->id, QUEUE_QUEUED, strike, death, &err), &err);
    if (!rc)
        runner_log(r, strike ? 4 : 6, "job %lld goes back into the queue: %s", (long long)job->id, why);
    return rc;
}

int ending_paused(struct runner *r, const struct queue_job *job, const char *work)
{
    struct m6_error err = {""};
    publish_clean(work);
    return tell(r, queue_back(r->queue, job->id, QUEUE_PAUSED, 0, 0, &err), &err);
}
