/* m6 serve: m6d in the foreground, by the name that people look for. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

struct serve_options {
    const char *socket, *metrics;
    int64_t idle_unload, idle_exit, jobs, workers;
    int lazy, detach;
};

#define AT(field) offsetof(struct serve_options, field)
static const struct option_spec options[] = {
    {"socket", 0, OPTION_TEXT, 0, 0, AT(socket), "PATH",
     "where to serve (default: M6_HOST, else the user's own)"},
    {"lazy", 0, OPTION_FLAG, 0, 0, AT(lazy), NULL, "load the model with the first job"},
    {"idle-unload", 0, OPTION_INTEGER, 0, 2000000, AT(idle_unload), "S",
     "unload the model after so many seconds without jobs; 0: never"},
    {"idle-exit", 0, OPTION_INTEGER, 0, 2000000, AT(idle_exit), "S",
     "go after so many seconds without jobs and clients; 0: never"},
    {"jobs", 0, OPTION_INTEGER, 1, 1024, AT(jobs), "N", "jobs at once (default: 32)"},
    {"workers", 0, OPTION_INTEGER, 1, 16, AT(workers), "N", "queued jobs at once (default: 2)"},
    {"metrics", 0, OPTION_TEXT, 0, 0, AT(metrics), "WHERE",
     "answer Prometheus at unix:PATH or [127.0.0.1:]PORT (default: M6_METRICS)"},
    {"detach", 0, OPTION_FLAG, 0, 0, AT(detach), NULL, "serve in the background"},
    {0},
};
#undef AT

enum { ARGS_MAX = 24 };

struct arguments {
    char *value[ARGS_MAX];
    int count;
    char digits[6][24];
    int numbers;
};

static void add(struct arguments *a, const char *name, const char *value)
{
    a->value[a->count++] = (char *)name;
    if (value)
        a->value[a->count++] = (char *)value;
}

static void add_number(struct arguments *a, const char *name, int64_t value)
{
    char *digits = a->digits[a->numbers++];
    snprintf(digits, sizeof a->digits[0], "%lld", (long long)value);
    add(a, name, digits);
}

/* m6d stands beside this program. */
static int find_program(char *path, size_t size)
{
    char exe[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n <= 0)
        return -1;
    exe[n] = '\0';
    char *slash = strrchr(exe, '/');
    if (!slash)
        return -1;
    *slash = '\0';
    return snprintf(path, size, "%s/m6d", exe) < (int)size && !access(path, X_OK) ? 0 : -1;
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    struct serve_options o = {0};
    struct arguments a = {0};
    char path[PATH_MAX + 8];
    if (!cmd_parse(ctx, &o, argc, argv))
        return ctx->exit;
    if (find_program(path, sizeof path))
        return cmd_fail(ctx, CMD_MODEL, "m6d is not installed beside this program; build M6 whole");
    add(&a, path, NULL);
    if (o.socket)
        add(&a, "--socket", o.socket);
    if (ctx->model)
        add(&a, "--model", ctx->model);
    if (ctx->threads)
        add_number(&a, "--threads", ctx->threads);
    if (o.idle_unload)
        add_number(&a, "--idle-unload", o.idle_unload);
    if (o.idle_exit)
        add_number(&a, "--idle-exit", o.idle_exit);
    if (o.jobs)
        add_number(&a, "--jobs", o.jobs);
    if (o.metrics)
        add(&a, "--metrics", o.metrics);
    if (o.workers)
        add_number(&a, "--workers", o.workers);
    if (o.lazy)
        add(&a, "--lazy", NULL);
    if (o.detach)
        add(&a, "--detach", NULL);
    execv(path, a.value);
    return cmd_fail(ctx, CMD_MODEL, "cannot run %s: %s", path, strerror(errno));
}

const struct cmd_command cmd_serve = {
    .name = "serve",
    .arguments = "[options]",
    .summary = "hold the model for all programs, until m6 stop",
    .details = "Loads the model once and serves it on a socket to every program that links libm6. "
               "Programs start a host by themselves when they find none, unless M6_AUTOSTART is 0. "
               "docs/protocol.md says what goes over the socket.",
    .examples = "m6 serve --idle-unload 600\n"
                "M6_HOST=/tmp/mine/host.sock m6 serve --detach",
    .options = options,
    .args_max = 0,
    .run = run,
};
