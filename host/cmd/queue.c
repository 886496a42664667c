/* m6 jobs: what --detach has queued. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "output.h"
#include "queue_list.h"

enum { JOBS_MAX = 4096, ASK_MS = 10000, CALM_MS = 500, HOST_MS = 500, ABSENT_MAX = 4 };

struct jobs_options {
    int all, first, last;
    int64_t before;
    double timeout; /* seconds */
};

#define AT(field) offsetof(struct jobs_options, field)
static const struct option_spec options[] = {
    {"all", 0, OPTION_FLAG, 0, 0, AT(all), NULL,
     "every job that it could be done to, instead of numbers"},
    {"first", 0, OPTION_FLAG, 0, 0, AT(first), NULL, "reorder: before all others"},
    {"last", 0, OPTION_FLAG, 0, 0, AT(last), NULL, "reorder: behind all others"},
    {"before", 0, OPTION_INTEGER, 1, 9e15, AT(before), "JOB", "reorder: before this one"},
    {"timeout", 0, OPTION_NUMBER, 0, 1e9, AT(timeout), "S", "wait: for so many seconds at most"},
    {0},
};
#undef AT

struct jobs {
    struct cmd_context *ctx;
    struct jobs_options o;
    const struct queue_module *m;
    struct queue *queue;
    int64_t *ids;
    int count;
};

static int fail(struct jobs *j, enum m6_status status, const struct m6_error *err)
{
    return cmd_fail(j->ctx, status == M6_ERR_ARGUMENT ? CMD_INPUT : CMD_FAILED, "%s", err->text);
}

/* ---- which ---- */

static int read_numbers(struct jobs *j)
{
    struct cmd_context *ctx = j->ctx;
    j->ids = calloc((size_t)ctx->args, sizeof *j->ids);
    if (!j->ids)
        return cmd_fail(ctx, CMD_FAILED, "out of memory");
    for (int i = 1; i < ctx->args; i++) {
        char *end;
        const long long id = strtoll(ctx->arg[i], &end, 10);
        if (ctx->arg[i][0] < '1' || ctx->arg[i][0] > '9' || *end)
            return cmd_fail(ctx, CMD_USAGE,
                            "'%.64s' is no number of a job; 'm6 jobs list' shows them",
                            ctx->arg[i]);
        j->ids[j->count++] = id;
    }
    return 0;
}

/* states: what --all means. */
static int choose(struct jobs *j, unsigned states)
{
    struct m6_error err = {""};
    if (j->o.all == (j->ctx->args > 1))
        return cmd_fail(j->ctx, CMD_USAGE, "say which jobs: numbers of 'm6 jobs list', or --all");
    if (!j->o.all)
        return read_numbers(j);
    const enum m6_status status = j->m->list(j->queue, states, &j->ids, &j->count, &err);
    return status ? fail(j, status, &err) : 0;
}

/* ---- saying ---- */

typedef void print_job(const struct queue_module *, const struct queue_job *, int first);

/* The chosen jobs as they are now. */
static int print_all(struct jobs *j, print_job *print)
{
    cJSON *list = j->ctx->json ? cJSON_CreateArray() : NULL;
    struct queue_job job;
    struct m6_error err = {""};
    for (int i = 0; i < j->count; i++) {
        const enum m6_status status = j->m->get(j->queue, j->ids[i], &job, &err);
        if (status) {
            cJSON_Delete(list);
            return fail(j, status, &err);
        }
        if (list)
            cJSON_AddItemToArray(list, queue_list_json(j->m, &job));
        else if (!j->ctx->quiet || print == queue_list_line)
            print(j->m, &job, i == 0);
        j->m->job_free(&job);
    }
    return list ? output_json(j->ctx, list, CMD_DONE) : CMD_DONE;
}

static void print_state(const struct queue_module *m, const struct queue_job *job, int first)
{
    printf("job %lld %s%s\n", (long long)job->id, m->state_name(job->state),
           job->state != QUEUE_RUNNING      ? ""
           : job->wish == QUEUE_WISH_CANCEL ? ", and will be cancelled by the next host"
           : job->wish == QUEUE_WISH_PAUSE  ? ", and will be paused by the next host"
                                            : "");
}

static int run_list(struct jobs *j)
{
    struct m6_error err = {""};
    if (j->ctx->args > 1)
        return cmd_fail(j->ctx, CMD_USAGE,
                        "list takes no numbers; m6 jobs show JOB says all of one");
    const enum m6_status status = j->m->list(j->queue, ~0u, &j->ids, &j->count, &err);
    if (status)
        return fail(j, status, &err);
    if (!j->count)
        cmd_say(j->ctx, "no jobs; --detach behind a command queues one");
    return print_all(j, queue_list_line);
}

static int run_show(struct jobs *j)
{
    struct queue_job job;
    struct m6_error err = {""};
    if (j->ctx->args != 2 || j->o.all)
        return cmd_fail(j->ctx, CMD_USAGE, "say which job: m6 jobs show JOB");
    int code = read_numbers(j);
    if (code)
        return code;
    const enum m6_status status = j->m->get(j->queue, j->ids[0], &job, &err);
    if (status)
        return fail(j, status, &err);
    if (j->ctx->json)
        code = output_json(j->ctx, queue_list_json(j->m, &job), CMD_DONE);
    else
        queue_list_show(j->m, &job);
    j->m->job_free(&job);
    return code;
}

/* ---- changing ---- */

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* What runs is stopped by the host, if there is one: a moment later it is as it was asked. */
static void await_wishes(struct jobs *j)
{
    const int64_t until = now_ms() + ASK_MS;
    struct queue_job job;
    struct m6_error err = {""};
    for (int i = 0, looked = 0; i < j->count;) {
        if (j->m->get(j->queue, j->ids[i], &job, &err))
            return;
        const int waits = job.state == QUEUE_RUNNING && job.wish;
        j->m->job_free(&job);
        if (waits && !looked++ && queue_host(j->m->path(j->queue), &err))
            return;
        if (waits && now_ms() >= until)
            return;
        if (waits)
            poll(NULL, 0, 20);
        else
            i++;
    }
}

static int change(struct jobs *j, enum queue_verb verb, unsigned all)
{
    struct m6_error err = {""};
    enum queue_state state;
    int code = choose(j, all);
    for (int i = 0; i < j->count && !code; i++) {
        const enum m6_status status = j->m->change(j->queue, j->ids[i], verb, &state, &err);
        /* With --all one that has ended meanwhile is no mistake. */
        if (status && !(j->o.all && status == M6_ERR_ARGUMENT))
            code = fail(j, status, &err);
    }
    if (code)
        return code;
    if (verb == QUEUE_CANCEL || verb == QUEUE_PAUSE)
        await_wishes(j);
    else if (j->count && queue_host(j->m->path(j->queue), &err))
        cmd_warn(j->ctx, "%s", err.text);
    return print_all(j, print_state);
}

static int run_cancel(struct jobs *j)
{
    return change(j, QUEUE_CANCEL, 1 << QUEUE_QUEUED | 1 << QUEUE_RUNNING | 1 << QUEUE_PAUSED);
}

static int run_retry(struct jobs *j)
{
    return change(j, QUEUE_RETRY, 1 << QUEUE_FAILED | 1 << QUEUE_CANCELLED);
}

static int run_pause(struct jobs *j)
{
    return change(j, QUEUE_PAUSE, 1 << QUEUE_QUEUED | 1 << QUEUE_RUNNING);
}

static int run_resume(struct jobs *j)
{
    return change(j, QUEUE_RESUME, 1 << QUEUE_PAUSED);
}

static int run_reorder(struct jobs *j)
{
    struct m6_error err = {""};
    const enum queue_where where = j->o.first ? QUEUE_FIRST : j->o.last ? QUEUE_LAST : QUEUE_BEFORE;
    if (j->ctx->args != 2 || j->o.all || j->o.first + j->o.last + (j->o.before != 0) != 1)
        return cmd_fail(
            j->ctx, CMD_USAGE,
            "say which job goes where: m6 jobs reorder JOB --first, --last or --before JOB");
    int code = read_numbers(j);
    if (code)
        return code;
    const enum m6_status status = j->m->move(j->queue, j->ids[0], where, j->o.before, &err);
    return status ? fail(j, status, &err) : print_all(j, print_state);
}

/* ---- waiting ---- */

/* How many of the chosen have not ended; *paused receives one that is paused, if all of them are.
 */
static int left_of(struct jobs *j, int64_t *paused, struct m6_error *err)
{
    struct queue_job job;
    int left = 0, resting = 0;
    int64_t rests = 0;
    for (int i = 0; i < j->count; i++) {
        if (j->m->get(j->queue, j->ids[i], &job, err))
            return -1;
        left += !j->m->state_ended(job.state);
        resting += job.state == QUEUE_PAUSED;
        rests = job.state == QUEUE_PAUSED ? job.id : rests;
        j->m->job_free(&job);
    }
    *paused = left && left == resting ? rests : 0;
    return left;
}

static int await_ends(struct jobs *j, int64_t until)
{
    struct m6_error err = {""};
    int64_t version = -1, looked = 0, paused = 0, told = 0;
    for (int left = -1, absent = 0, pause = 10;; pause = pause < CALM_MS ? pause * 2 : CALM_MS) {
        const int64_t is = j->m->version(j->queue), now = now_ms();
        if (is != version || is < 0) {
            version = is;
            pause = 10;
            left = left_of(j, &paused, &err);
        }
        if (left < 0)
            return fail(j, M6_ERR_ARGUMENT, &err);
        if (!left)
            return 0;
        if (now >= until)
            return cmd_fail(j->ctx, CMD_FAILED, "%d of %d jobs have not ended in time; they go on",
                            left, j->count);
        if (paused && paused != told)
            cmd_warn(j->ctx, "job %lld is paused; 'm6 jobs resume %lld' lets it go on",
                     (long long)paused, (long long)paused);
        told = paused;
        /* A host that died is followed by another. */
        if (!paused && (!looked || now - looked >= HOST_MS)) {
            absent = queue_host(j->m->path(j->queue), &err) ? absent + 1 : 0;
            if (absent >= ABSENT_MAX) /* one that dies just now, or just begins, does not count */
                return cmd_fail(j->ctx, CMD_MODEL, "nothing would happen: %s", err.text);
            looked = now_ms();
        }
        poll(NULL, 0, pause);
    }
}

static void tell_warnings(struct jobs *j, struct queue_job *job)
{
    char *rest = job->log;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line)
            cmd_warn(j->ctx, "job %lld: %s", (long long)job->id, line);
}

/* As if the commands had been run here: what they printed, what they complained of, and their exit
 * status. */
static int tell_ends(struct jobs *j)
{
    struct queue_job job;
    struct m6_error err = {""};
    int code = 0;
    for (int i = 0; i < j->count; i++) {
        if (j->m->get(j->queue, j->ids[i], &job, &err))
            return fail(j, M6_ERR_ARGUMENT, &err);
        if (!j->ctx->json && !j->ctx->quiet)
            fwrite(job.text, 1, job.text_size, stdout);
        if (!j->ctx->json)
            tell_warnings(j, &job);
        if (!j->ctx->json && job.state != QUEUE_DONE)
            cmd_fail(j->ctx, job.exit, "job %lld %s%s%s", (long long)job.id,
                     j->m->state_name(job.state), job.error ? ": " : "",
                     job.error ? job.error : "");
        if (job.state != QUEUE_DONE && !code)
            code = job.exit ? job.exit : CMD_FAILED;
        j->m->job_free(&job);
    }
    if (!j->ctx->json)
        return code;
    const int said = print_all(j, queue_list_line);
    return said ? said : code;
}

static int run_wait(struct jobs *j)
{
    const int64_t until = j->o.timeout > 0 ? now_ms() + (int64_t)(j->o.timeout * 1000) : INT64_MAX;
    int code = choose(j, 1 << QUEUE_QUEUED | 1 << QUEUE_RUNNING);
    if (!code)
        code = await_ends(j, until);
    return code ? code : tell_ends(j);
}

/* ---- */

static const struct {
    const char *name;
    int (*run)(struct jobs *);
} verbs[] = {
    {"list", run_list},   {"show", run_show},   {"wait", run_wait},     {"cancel", run_cancel},
    {"retry", run_retry}, {"pause", run_pause}, {"resume", run_resume}, {"reorder", run_reorder},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    struct jobs j = {.ctx = ctx};
    if (!cmd_parse(ctx, &j.o, argc, argv))
        return ctx->exit;
    int verb = 0;
    while (ctx->args && verb < VERBS && strcmp(verbs[verb].name, ctx->arg[0]) != 0)
        verb++;
    if (verb == VERBS)
        return cmd_fail(ctx, CMD_USAGE, "'%.64s' is nothing to do with jobs; usage: m6 jobs %s",
                        ctx->arg[0], ctx->command->arguments);
    int code = queue_load(ctx, &j.m, &j.queue);
    if (!code)
        code = verbs[verb].run(&j);
    if (j.queue)
        j.m->close(j.queue);
    free(j.ids);
    return code;
}

const struct cmd_command cmd_jobs = {
    .name = "jobs",
    .arguments = "list | show JOB | wait JOB… | cancel JOB… | retry JOB… | pause JOB… | resume "
                 "JOB… | reorder JOB",
    .summary = "the jobs that --detach has queued",
    .details = "A command with --detach is queued, and survives the host, this program and the "
               "machine: whatever "
               "had not ended is begun again by the next host. Its result is the same as without "
               "--detach.\n\n"
               "wait prints what the command would have printed and warned of, and ends with its "
               "exit status. "
               "pause and cancel "
               "break off a job that runs; resumed, it begins again. retry is for jobs that failed "
               "or were "
               "cancelled. A job whose input has changed since it was queued fails.",
    .examples = "m6 draw \"a red dog\" -o dog.png --detach\n"
                "m6 jobs\n"
                "m6 jobs wait --all\n"
                "m6 jobs reorder 7 --first\n"
                "m6 jobs pause 3 4 && m6 jobs resume --all",
    .options = options,
    .words = "list|show|wait|cancel|retry|pause|resume|reorder",
    .args_max = JOBS_MAX,
    .run = run,
};
