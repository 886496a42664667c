/* What every file of the m6 command shares: the context that main() fills from the global options,
 * how a command describes itself, and the exit codes.
 *
 * A command is one file with one `const struct cmd_command`. Its run function parses the arguments
 * into a struct of its own with cmd_parse, does its work, and returns an exit code. Whatever goes
 * wrong is said once, by cmd_fail.
 */
#ifndef M6_CMD_H
#define M6_CMD_H

#include <stddef.h>
#include <stdint.h>

#include "m6/status.h"
#include "options.h"

enum cmd_exit {
    CMD_DONE = 0, /* warnings included */
    CMD_FAILED = 1,
    CMD_USAGE = 2,
    CMD_INPUT = 3,
    CMD_MODEL = 4, /* the model, a plugin or the host */
    CMD_INTERRUPTED = 130,
    CMD_QUEUED = -1, /* done, as far as this process goes: see detach.h */
};

struct cmd_command;

struct cmd_context {
    const struct cmd_command *command;
    const char *model;
    uint64_t seed; /* chosen at random unless --seed gives it */
    int64_t threads;
    int overwrite, quiet, json, help, version, detach;
    struct option_seed seed_option;

    int args; /* what is left after cmd_parse */
    char **arg;
    int exit;    /* why cmd_parse returned 0 */
    char **argv; /* all of it, for commands that run another program */
    struct detach *queue; /* with --detach */
};

struct cmd_command {
    const char *name;
    const char *arguments;             /* as in a usage line */
    const char *summary;               /* one line, no full stop */
    const char *details;               /* paragraphs; may be NULL */
    const char *examples;              /* one a line; may be NULL */
    const struct option_spec *options; /* ended by a NULL name; may be NULL */
    int args_min, args_max;
    int (*run)(struct cmd_context *, int argc, char **argv);
    const struct detach_shape *queue; /* NULL: it cannot be queued */
    const char *words;                /* "a|b": what its first argument may be, for completion; may be NULL */
};

extern const struct cmd_command cmd_write, cmd_draw, cmd_caption, cmd_ask, cmd_run, cmd_storyboard,
    cmd_models, cmd_doctor, cmd_jobs, cmd_escape, cmd_serve, cmd_status, cmd_top, cmd_stop, cmd_train, cmd_eval, cmd_bench, cmd_help,
    cmd_completion;

/* All commands in the order of the help text, ended by NULL. */
extern const struct cmd_command *const cmd_commands[];
extern const struct option_spec cmd_globals[];
extern const struct option_spec cmd_queueing[]; /* of commands that can be queued */
const struct cmd_command *cmd_find(const char *name);
/* The name that a person may have meant, or NULL. */
const char *cmd_similar(const char *name);

/* Parses argv into the command's own struct and the context. Returns 1 to go on, 0 to return
 * context->exit (help was printed, or a mistake was reported). */
int cmd_parse(struct cmd_context *, void *options, int argc, char **argv);

/* Prints a command's help, or the overview when command is NULL. */
void cmd_print_help(const struct cmd_command *command);

/* "m6 NAME: sentence" on stderr; with --json also {"error": …} on stdout. Returns code. */
int cmd_fail(struct cmd_context *, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void cmd_warn(struct cmd_context *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line on stdout for a person, such as the name of a file made; silent with --quiet or --json. */
void cmd_say(struct cmd_context *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The exit code for a library's status. */
int cmd_exit_of(enum m6_status status);
/* A string of a model folder's config.json, "" if there is none. */
void cmd_config_string(const char *folder, const char *key, char *out, size_t size);
/* Flushes stdout; a full disk or a closed pipe is a failure too. Returns code, or CMD_FAILED. */
int cmd_finish(struct cmd_context *, int code);

/* Checks a text that a person typed: UTF-8, not empty, not absurdly long. `what` names it in the
 * sentence
 * ("the prompt"). Returns 0, or an exit code after reporting. */
int cmd_check_text(struct cmd_context *, const char *what, const char *text);

#endif
