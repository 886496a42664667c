/* m6 escape: a text as the programs that take m6gen's options want it written. Each of them takes backslashes, quotes and signs of its own for
 * syntax, FFmpeg at up to three levels at once, so nobody should have to do it by hand.
 *
 * What is known of each parser, tried with FFmpeg 5.1, GStreamer 1.22 and MLT 7.12 (tests/frei0r/escape.sh runs all of them):
 *
 *     FFmpeg      av_get_token at each level: \ and ' and the level's own signs are taken as they are after a backslash; spaces at the ends go unless
 *                 escaped
 *     gst-launch  "…" holds anything but " and \; else the value is given as GStreamer prints strings, octal
 *     melt        a value with = is a list of key frames, FRAME=VALUE;FRAME=VALUE; with @ first it is arithmetic; FRAME="…" holds ; but not ";
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cmd.h"
#include "output.h"

struct escape_options {
    const char *to;
};

#define AT(field) offsetof(struct escape_options, field)
static const struct option_spec options[] = {
    {"for", 0, OPTION_CHOICE, 0, 0, AT(to), "ffmpeg|frei0r|options|gst|melt", "print the text for one of them alone, as $(…) can take it"},
    {0},
};
#undef AT

/* ---- one level of FFmpeg's ---- */

static int is_blank(char c)
{
    return c && strchr(" \n\t\r", c);
}

/* Escapes \ and ' and what is in `signs`, and spaces at the ends. Frees text, which may be NULL; NULL: out of memory. */
static char *level(char *text, const char *signs)
{
    const size_t n = text ? strlen(text) : 0;
    char *out = text ? malloc(2 * n + 1) : NULL, *to = out;
    for (size_t i = 0; out && i < n; i++) {
        const int at_end = i == 0 || i + 1 == n;
        if (text[i] == '\\' || text[i] == '\'' || strchr(signs, text[i]) || (at_end && is_blank(text[i])))
            *to++ = '\\';
        *to++ = text[i];
    }
    if (out)
        *to = '\0';
    free(text);
    return out;
}

static const char option_signs[] = ":", graph_signs[] = "[],;", param_signs[] = "|";

static char *for_options(const char *text)
{
    return level(strdup(text), option_signs);
}

static char *for_ffmpeg(const char *text)
{
    return level(for_options(text), graph_signs);
}

static char *for_frei0r(const char *text)
{
    return level(level(level(strdup(text), param_signs), option_signs), graph_signs);
}

/* ---- gst-launch ---- */

static int is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_-+/.", c));
}

static char *for_gst(const char *text)
{
    const int simple = !strpbrk(text, "\"\\");
    char *out = malloc(5 * strlen(text) + 7), *to = out;
    if (!out)
        return NULL;
    if (simple) {
        sprintf(out, "\"%s\"", text);
        return out;
    }
    to += sprintf(to, "\"\\\"");
    for (; *text; text++)
        to += is_plain(*text) ? sprintf(to, "%c", *text) : sprintf(to, "\\\\%03o", (unsigned char)*text);
    sprintf(to, "\\\"\"");
    return out;
}

/* ---- melt ---- */

static char *for_melt(const char *text)
{
    char *out = malloc(strlen(text) + 7);
    const int keyed = strchr(text, '=') || text[0] == '@', quoted = keyed ? strchr(text, ';') || text[0] == '"' : text[0] == '"';
    if (out)
        sprintf(out, "%s%s%s%s", keyed ? "0=" : "", quoted ? "\"" : "", text, quoted ? "\"" : "");
    return out;
}

/* ---- all of them ---- */

static const struct {
    const char *name;
    char *(*escape)(const char *);
    const char *before, *argument; /* what it is part of, on a command line; `argument` begins the word that holds it */
} fronts[] = {
    {"ffmpeg", for_ffmpeg, "-vf ", "m6gen=prompt="},
    {"frei0r", for_frei0r, "-vf ", "frei0r=filter_name=m6gen:filter_params="},
    {"options", for_options, "", "prompt="},
    {"gst", for_gst, "m6gen ", "prompt="},
    {"melt", for_melt, "-attach frei0r.m6gen ", "Prompt="},
};
enum { FRONTS = sizeof fronts / sizeof *fronts, MELT = FRONTS - 1 };

/* "it's" → 'it'\''s', for a shell. */
static char *for_shell(const char *argument, const char *text)
{
    char *out = malloc(strlen(argument) + 4 * strlen(text) + 3), *to = out;
    if (!out)
        return NULL;
    to += sprintf(to, "'%s", argument);
    for (; *text; text++)
        to += *text == '\'' ? sprintf(to, "'\\''") : sprintf(to, "%c", *text);
    strcpy(to, "'");
    return out;
}

static int can_melt(const char *text)
{
    return !(strstr(text, "\";") && (strchr(text, '=') || text[0] == '@'));
}

static int print_all(struct cmd_context *ctx, const char *text)
{
    cJSON *json = ctx->json ? cJSON_CreateObject() : NULL;
    int failed = ctx->json && !json;
    for (int i = 0; i < FRONTS && !failed; i++) {
        if (i == MELT && !can_melt(text)) {
            cmd_warn(ctx, "melt has no way to be given a text with both \"; and = in it");
            continue;
        }
        char *escaped = fronts[i].escape(text), *word = escaped ? for_shell(fronts[i].argument, escaped) : NULL;
        failed = !word;
        if (word && json) {
            char *line = NULL;
            cJSON *each = cJSON_AddObjectToObject(json, fronts[i].name);
            failed = asprintf(&line, "%s%s", fronts[i].before, word) < 0 || !cJSON_AddStringToObject(each, "text", escaped) || !cJSON_AddStringToObject(each, "shell", line);
            free(line);
        } else if (word) {
            printf("%-8s %s%s\n", fronts[i].name, fronts[i].before, word);
        }
        free(escaped);
        free(word);
    }
    if (failed) {
        cJSON_Delete(json);
        return cmd_fail(ctx, CMD_FAILED, "out of memory");
    }
    return json ? output_json(ctx, json, CMD_DONE) : CMD_DONE;
}

static int print_one(struct cmd_context *ctx, const char *to, const char *text)
{
    int i = 0;
    while (strcmp(fronts[i].name, to) != 0)
        i++;
    if (i == MELT && !can_melt(text))
        return cmd_fail(ctx, CMD_INPUT, "melt has no way to be given a text with both \"; and = in it; put the prompt into a file, and its name into Options as prompt_file=");
    char *escaped = fronts[i].escape(text);
    cJSON *json = escaped && ctx->json ? cJSON_CreateObject() : NULL;
    const int failed = !escaped || (ctx->json && !cJSON_AddStringToObject(json, "text", escaped));
    if (!failed && !json)
        puts(escaped);
    free(escaped);
    if (!failed)
        return json ? output_json(ctx, json, CMD_DONE) : CMD_DONE;
    cJSON_Delete(json);
    return cmd_fail(ctx, CMD_FAILED, "out of memory");
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    struct escape_options o = {0};
    if (!cmd_parse(ctx, &o, argc, argv))
        return ctx->exit;
    const char *text = ctx->arg[0];
    const int code = *text ? cmd_check_text(ctx, "the text", text) : CMD_DONE;
    if (code)
        return code;
    return o.to ? print_one(ctx, o.to, text) : print_all(ctx, text);
}

const struct cmd_command cmd_escape = {
    .name = "escape",
    .arguments = "TEXT [options]",
    .summary = "write a prompt as ffmpeg, gst-launch or melt want it",
    .details = "Prints a piece of a command line for each, to paste into a shell: ffmpeg (-vf m6gen), frei0r (the frei0r filter in a stock ffmpeg; "
               "texts are joined by |), options (a value in a string of options, as GStreamer's property or frei0r's Options), gst (a property for "
               "gst-launch-1.0) and melt. With --for only the text, without the shell's quotes.",
    .examples = "m6 escape \"it's 4:30\"\n"
                "ffmpeg -i in.mp4 -vf \"frei0r=filter_name=m6gen:filter_params=$(m6 escape --for frei0r \"it's 4:30\")\" out.mp4",
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
