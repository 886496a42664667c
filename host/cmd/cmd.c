/* How commands speak: one sentence on stderr for a person, one JSON object on stdout for a program.
 */
#include "cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "progress.h"
#include "core/utf8.h"

enum { TEXT_MAX = 2000 }; /* characters; plugins take no more */

static void say_to(FILE *out, const struct cmd_context *ctx, const char *kind, const char *text)
{
    progress_clear();
    fprintf(out, "m6%s%s: %s%s\n", ctx->command ? " " : "", ctx->command ? ctx->command->name : "",
            kind, text);
}

int cmd_fail(struct cmd_context *ctx, int code, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say_to(stderr, ctx, "", text);
    if (ctx->json) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "error", text);
        cJSON_AddNumberToObject(o, "exit", code);
        char *json = cJSON_PrintUnformatted(o);
        if (json) {
            m6_utf8_mend(json);
            puts(json);
        }
        cJSON_free(json);
        cJSON_Delete(o);
        fflush(stdout);
    }
    return code;
}

void cmd_warn(struct cmd_context *ctx, const char *format, ...)
{
    char text[1024];
    va_list args;
    if (ctx->quiet)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say_to(stderr, ctx, "warning: ", text);
}

void cmd_say(struct cmd_context *ctx, const char *format, ...)
{
    va_list args;
    if (ctx->quiet || ctx->json)
        return;
    progress_clear();
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

int cmd_finish(struct cmd_context *ctx, int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    const int reason = errno ? errno : EIO;
    if (reason == EPIPE)
        return code ? code : CMD_FAILED;
    fprintf(stderr, "m6: cannot write to standard output: %s\n", strerror(reason));
    return code ? code : CMD_FAILED;
}

int cmd_exit_of(enum m6_status status)
{
    switch (status) {
    case M6_OK:
        return CMD_DONE;
    case M6_ERR_ARGUMENT:
        return CMD_USAGE;
    case M6_ERR_IO:
    case M6_ERR_FORMAT:
    case M6_ERR_UNSUPPORTED:
    case M6_ERR_LIMIT:
        return CMD_INPUT;
    case M6_ERR_MODEL:
        return CMD_MODEL;
    case M6_ERR_CANCELLED:
        return CMD_INTERRUPTED;
    case M6_ERR_MEMORY:
    case M6_ERR_INTERNAL:
    case M6_ERR_LATE:
        break;
    }
    return CMD_FAILED;
}

int cmd_check_text(struct cmd_context *ctx, const char *what, const char *text)
{
    size_t characters;
    if (text[strspn(text, " \t\r\n")] == '\0')
        return cmd_fail(ctx, CMD_INPUT, "%s is empty; say in a few words what you want", what);
    const long bad = m6_utf8_bad(text, &characters);
    if (bad >= 0)
        return cmd_fail(ctx, CMD_INPUT,
                        "%s is not UTF-8 (byte %ld); convert it, for example with iconv", what,
                        bad);
    if (characters > TEXT_MAX)
        return cmd_fail(ctx, CMD_INPUT,
                        "%s is %zu characters long, at most %d are read; shorten it", what,
                        characters, TEXT_MAX);
    return 0;
}
