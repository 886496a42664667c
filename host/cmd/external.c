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

/* Global options that stood before the command follow it: `m6 --json eval …` is `m6 eval … --json`.
 */
static int run(struct cmd_context *ctx, int argc, char **argv)
{
    char program[64], path[PATH_MAX];
    const int before = (int)(argv - ctx->argv) - 2;
    const int help_only = argc == 1 && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"));
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
