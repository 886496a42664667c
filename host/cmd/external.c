/* m6 train, eval, bench: programs of their own under libexec/m6, run in place of this one. They are
 * apart because they bring what a creator's machine need not load: gradients, the storyworld, peers
 * to measure against.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "core/host.h"

/* The queue keeps what gives the same bytes whenever it runs, as a client of the host, which can make it give way. These three are
 * nothing of the kind. */
static int refuse_queue(struct cmd_context *ctx)
{
    static const struct {
        const char *name, *reason;
    } reasons[] = {
        {"train", "training cannot be queued: it keeps checkpoints of its own and goes on from them, so start it beside the host and "
                  "give the same command again after an interruption (nohup m6 train RECIPE.json &)"},
        {"eval", "an evaluation cannot be queued: it has a model of its own on all CPUs, whose memory the host could not count and which "
                 "it could not make give way; start it beside the host (nohup m6 eval … --json >report.json &)"},
        {"bench", "a benchmark cannot be queued: whatever ran beside it would be in its figures; run it when nothing else does"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(ctx->command->name, reasons[i].name) == 0)
            return cmd_fail(ctx, CMD_USAGE, "%s", reasons[i].reason);
    return cmd_fail(ctx, CMD_USAGE, "it cannot be queued");
}

static int asks_to_be_queued(const struct cmd_context *ctx, int argc, char **argv)
{
    int found = ctx->detach;
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        found |= strcmp(argv[i], "--detach") == 0;
    return found;
}

/* Global options that stood before the command follow it: `m6 --json eval …` is `m6 eval … --json`.
 */
static int run(struct cmd_context *ctx, int argc, char **argv)
{
    char program[64], path[PATH_MAX];
    const int before = (int)(argv - ctx->argv) - 2;
    const int help_only = argc == 1 && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"));
    if (asks_to_be_queued(ctx, argc, argv))
        return refuse_queue(ctx);
    snprintf(program, sizeof program, "m6-%s", ctx->command->name);
    if (m6_find_libexec(program, path, sizeof path)) {
        if (help_only) {
            cmd_print_help(ctx->command);
            return CMD_DONE;
        }
        return cmd_fail(
            ctx, CMD_FAILED,
            "the program %s is not installed; build M6 whole, or point M6_LIBEXEC at its folder",
            program);
    }
    char **args = calloc((size_t)(argc + before) + 2, sizeof *args);
    if (!args)
        return cmd_fail(ctx, CMD_FAILED, "out of memory");
    char model[PATH_MAX];
    if (!m6_find_model(NULL, model, sizeof model))
        setenv("M6_MODEL", model, 0); /* m6-bench knows the engine alone, not where things are */
    args[0] = path;
    memcpy(args + 1, argv, (size_t)argc * sizeof *args);
    memcpy(args + 1 + argc, ctx->argv + 1, (size_t)before * sizeof *args);
    execv(path, args);
    const int reason = errno;
    free(args);
    return cmd_fail(ctx, CMD_FAILED, "cannot run %s: %s", path, strerror(reason));
}

const struct cmd_command cmd_train = {
    .name = "train",
    .arguments = "RECIPE.json [options]",
    .summary = "train a model by a recipe",
    .details = "Runs libexec/m6/m6-train; its own --help says more.",
    .run = run,
};
const struct cmd_command cmd_eval = {
    .name = "eval",
    .arguments = "--suite storyworld --split heldout -n N --seed S [--json] [--dump DIR]",
    .summary = "measure a model on held-out scenes",
    .details = "Runs libexec/m6/m6-eval; its own --help says more.",
    .run = run,
};
const struct cmd_command cmd_bench = {
    .name = "bench",
    .arguments = "[--shape FILE.json [--layers N]]",
    .summary = "measure this machine, each operation, and the model",
    .details = "Runs libexec/m6/m6-bench; its own --help says more.",
    .run = run,
};
