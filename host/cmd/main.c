/* m6: finds the command, reads the global options, and hands over. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "aside.h"
#include "cmd.h"
#include "detach.h"
#include "progress.h"

const struct cmd_command *const cmd_commands[] = {
    &cmd_write,  &cmd_draw, &cmd_storyboard, &cmd_caption, &cmd_ask,        &cmd_run,
    &cmd_models, &cmd_doctor, &cmd_jobs,     &cmd_serve,   &cmd_status,     &cmd_top,
    &cmd_stop,   &cmd_train, &cmd_eval,      &cmd_bench,   &cmd_escape, &cmd_help,       &cmd_completion, NULL,
};

#define AT(field) offsetof(struct cmd_context, field)
const struct option_spec cmd_globals[] = {
    {"model", 0, OPTION_TEXT, 0, 0, AT(model), "DIR",
     "model folder, or the name of an installed model"},
    {"seed", 's', OPTION_SEED, 0, 0, AT(seed_option), "N",
     "same seed, same result; random if not given, and always reported"},
    {"threads", 't', OPTION_INTEGER, 0, 1024, AT(threads), "N",
     "threads to use; 0: one for each CPU"},
    {"overwrite", 'y', OPTION_FLAG, 0, 0, AT(overwrite), NULL, "replace output files that exist"},
    {"quiet", 'q', OPTION_FLAG, 0, 0, AT(quiet), NULL,
     "no progress, warnings or list of files made"},
    {"json", 'j', OPTION_FLAG, 0, 0, AT(json), NULL, "machine-readable result on stdout"},
    {"help", 'h', OPTION_FLAG, 0, 0, AT(help), NULL, "show help and exit"},
    {"version", 'V', OPTION_FLAG, 0, 0, AT(version), NULL, "show the version and exit"},
    {0},
};
const struct option_spec cmd_queueing[] = {
    {"detach", 0, OPTION_FLAG, 0, 0, AT(detach), NULL,
     "queue it for the host, print the job's number and return; see m6 jobs"},
    {0},
};
#undef AT

const struct cmd_command *cmd_find(const char *name)
{
    for (int i = 0; cmd_commands[i]; i++) {
        if (!strcmp(cmd_commands[i]->name, name))
            return cmd_commands[i];
    }
    return NULL;
}

const char *cmd_similar(const char *name)
{
    const char *best = NULL;
    int least = 0;
    for (int i = 0; cmd_commands[i]; i++) {
        const int d = option_distance(name, cmd_commands[i]->name);
        if (option_is_similar(name, cmd_commands[i]->name) && (!best || d < least)) {
            best = cmd_commands[i]->name;
            least = d;
        }
    }
    return best;
}

static void settle_seed(struct cmd_context *ctx)
{
    uint32_t random = 1;
    ctx->seed = ctx->seed_option.value;
    if (ctx->seed_option.given)
        return;
    /* 31 bits: short enough to retype, and safe in every JSON reader. */
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        random ^= (uint32_t)(uintptr_t)&random;
    ctx->seed = random >> 1;
}

static int print_version(void)
{
    puts("m6 " M6_VERSION);
    return CMD_DONE;
}

int cmd_parse(struct cmd_context *ctx, void *options, int argc, char **argv)
{
    const struct cmd_command *c = ctx->command;
    const struct option_group groups[] = {
        {c->options, options}, {cmd_globals, ctx}, {cmd_queueing, ctx}};
    struct option_error err;
    ctx->args = options_parse(groups, 3, argc, argv, 0, NULL, &err);
    ctx->arg = argv;
    if (ctx->args < 0) {
        ctx->exit = cmd_fail(ctx, CMD_USAGE, "%s", err.text);
    } else if (ctx->help) {
        cmd_print_help(c);
        ctx->exit = CMD_DONE;
    } else if (ctx->version) {
        ctx->exit = print_version();
    } else if (ctx->detach && !c->queue) {
        ctx->exit = cmd_fail(ctx, CMD_USAGE,
                             "it cannot be queued; --detach is for write, draw, storyboard, "
                             "caption, ask and run");
    } else if (ctx->args < c->args_min) {
        ctx->exit = cmd_fail(ctx, CMD_USAGE, "something is missing; usage: m6 %s %s", c->name,
                             c->arguments);
    } else if (ctx->args > c->args_max) {
        ctx->exit =
            cmd_fail(ctx, CMD_USAGE,
                     "'%.64s' is too much; usage: m6 %s %s (quote texts with spaces in them)",
                     ctx->arg[c->args_max], c->name, c->arguments);
    } else {
        settle_seed(ctx);
        progress_init(ctx->quiet);
        ctx->exit = ctx->detach ? detach_inputs(ctx, options) : 0;
        return !ctx->exit;
    }
    return 0;
}

static int unknown_command(struct cmd_context *ctx, const char *name)
{
    const char *meant = cmd_similar(name);
    if (meant)
        return cmd_fail(ctx, CMD_USAGE, "there is no command '%.64s'; did you mean '%s'?", name,
                        meant);
    return cmd_fail(ctx, CMD_USAGE, "there is no command '%.64s'; 'm6 help' lists them", name);
}

/* Whether a word may be among the options; those that are needed before they are read. */
static int has_word(int argc, char **argv, const char *word)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], word))
            return 1;
    }
    return 0;
}

/* An error in the options themselves should already come as JSON. */
static int wants_json(int argc, char **argv)
{
    int end = 1;
    while (end < argc && strcmp(argv[end], "--"))
        end++;
    return has_word(end, argv, "--json") || has_word(end, argv, "-j");
}

int main(int argc, char **argv)
{
    struct cmd_context ctx = {.argv = argv, .json = wants_json(argc, argv)};
    const struct option_group globals[] = {{cmd_globals, &ctx}, {cmd_queueing, &ctx}};
    struct option_error err;
    int next = 0;
    aside_init();
    if (has_word(argc, argv, "--detach") && detach_keep(&ctx, argc, argv))
        return CMD_FAILED;
    if (options_parse(globals, 2, argc - 1, argv + 1, 1, &next, &err) < 0)
        return cmd_fail(&ctx, CMD_USAGE, "%s", err.text);
    next++;
    if (ctx.version)
        return cmd_finish(&ctx, print_version());
    if (next >= argc) {
        if (ctx.help) {
            cmd_print_help(NULL);
            return cmd_finish(&ctx, CMD_DONE);
        }
        return cmd_fail(
            &ctx, CMD_USAGE,
            "say what to do: 'm6 help' lists the commands, and m6 draw \"a red dog\" draws one");
    }
    const struct cmd_command *c = cmd_find(argv[next]);
    if (!c)
        return unknown_command(&ctx, argv[next]);
    ctx.command = c;
    const int code = c->run(&ctx, argc - next - 1, argv + next + 1);
    detach_end(&ctx);
    return cmd_finish(&ctx, code == CMD_QUEUED ? CMD_DONE : code);
}
