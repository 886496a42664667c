/* m6 help, and the help text of every command. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static void print_paragraphs(const char *text)
{
    while (*text) {
        const size_t n = strcspn(text, "\n");
        char line[1024];
        snprintf(line, sizeof line, "%.*s", (int)n, text);
        options_print_wrapped(stdout, line, 0, 0);
        text += n;
        if (*text)
            text++;
    }
}

static void print_overview(void)
{
    puts("m6: an idea becomes a script, pictures and a captioned animatic; footage becomes text.\n"
         "\n"
         "Usage: m6 [global options] COMMAND [arguments]\n"
         "\n"
         "Commands:");
    for (int i = 0; cmd_commands[i]; i++)
        printf("  %-11s %s\n", cmd_commands[i]->name, cmd_commands[i]->summary);
    puts("\nGlobal options, before or after the command:");
    options_print_help(stdout, cmd_globals);
    puts("\nExit status: 0 done, 1 failed, 2 usage, 3 input, 4 model or host, 130 interrupted.\n"
         "\n"
         "Start with:\n"
         "  m6 storyboard \"a red dog on a beach at dusk\" -o dog.mp4\n"
         "  m6 help storyboard");
}

void cmd_print_help(const struct cmd_command *c)
{
    if (!c) {
        print_overview();
        return;
    }
    printf("m6 %s: %s\n\nUsage: m6 %s %s\n", c->name, c->summary, c->name, c->arguments);
    if (c->details) {
        putchar('\n');
        print_paragraphs(c->details);
    }
    if (c->options) {
        puts("\nOptions:");
        options_print_help(stdout, c->options);
    }
    puts("\nGlobal options:");
    options_print_help(stdout, cmd_globals);
    if (c->queue)
        options_print_help(stdout, cmd_queueing);
    if (c->examples) {
        puts("\nExamples:");
        for (const char *p = c->examples; *p;) {
            const size_t n = strcspn(p, "\n");
            printf("  %.*s\n", (int)n, p);
            p += n + (p[n] == '\n');
        }
    }
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    if (!cmd_parse(ctx, NULL, argc, argv))
        return ctx->exit;
    if (!ctx->args) {
        cmd_print_help(NULL);
        return CMD_DONE;
    }
    const struct cmd_command *c = cmd_find(ctx->arg[0]);
    if (!c) {
        const char *meant = cmd_similar(ctx->arg[0]);
        return cmd_fail(ctx, CMD_USAGE, "there is no command '%.64s'%s%s%s", ctx->arg[0],
                        meant ? "; did you mean '" : "", meant ? meant : "",
                        meant ? "'?" : "; 'm6 help' lists them");
    }
    cmd_print_help(c);
    return CMD_DONE;
}

const struct cmd_command cmd_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "show the commands, or one command's options",
    .args_max = 1,
    .run = run,
};
