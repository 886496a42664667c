/* m6 completion bash: a completion script made from the option tables, so that it cannot lag behind
 * them. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static void print_names(const struct option_spec *specs)
{
    for (const struct option_spec *s = specs; s && s->name; s++)
        printf(" --%s", s->name);
}

static void print_words(const char *words)
{
    for (const char *p = words; *p; p++)
        putchar(*p == '|' ? ' ' : *p);
    puts("' ;;");
}

static void print_choices(const struct cmd_command *c)
{
    if (c->words) {
        printf("    %s:%s) words='", c->name, c->name);
        print_words(c->words);
    }
    for (const struct option_spec *s = c->options; s && s->name; s++) {
        if (s->type != OPTION_CHOICE)
            continue;
        printf("    %s:--%s) words='", c->name, s->name);
        print_words(s->value);
    }
}

static void print_bash(void)
{
    puts("# bash completion for m6\n"
         "_m6() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= words= i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case ${COMP_WORDS[i]} in -*) ;; *) cmd=${COMP_WORDS[i]}; break ;; esac\n"
         "  done\n"
         "  case $cmd:$prev in");
    for (int i = 0; cmd_commands[i]; i++)
        print_choices(cmd_commands[i]);
    puts("  esac\n"
         "  if [[ -z $words ]]; then\n"
         "    case $cmd in");
    printf("    '') words='");
    for (int i = 0; cmd_commands[i]; i++)
        printf("%s ", cmd_commands[i]->name);
    print_names(cmd_globals);
    puts("' ;;");
    for (int i = 0; cmd_commands[i]; i++) {
        printf("    %s) words='", cmd_commands[i]->name);
        print_names(cmd_commands[i]->options);
        print_names(cmd_globals);
        if (cmd_commands[i]->queue)
            print_names(cmd_queueing);
        puts("' ;;");
    }
    puts("    esac\n"
         "    [[ $cmd && $cur != -* ]] && words=\n"
         "  fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "}\n"
         "complete -o default -F _m6 m6");
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    if (!cmd_parse(ctx, NULL, argc, argv))
        return ctx->exit;
    if (strcmp(ctx->arg[0], "bash") != 0)
        return cmd_fail(ctx, CMD_USAGE, "completion is there for bash, not for '%.64s'",
                        ctx->arg[0]);
    print_bash();
    return CMD_DONE;
}

const struct cmd_command cmd_completion = {
    .name = "completion",
    .arguments = "bash",
    .summary = "print a completion script for the shell",
    .examples = "source <(m6 completion bash)",
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
