/* m6 write: an idea becomes a script. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "detach.h"
#include "fountain.h"
#include "jobs.h"
#include "outfile.h"
#include "output.h"
#include "text.h"

struct write_options {
    int64_t shots;
    const char *lang, *output;
};

#define AT(field) offsetof(struct write_options, field)
static const struct option_spec options[] = {
    {"shots", 'n', OPTION_INTEGER, 1, 12, AT(shots), "N", "how many shots (default: 4)"},
    {"lang", 'l', OPTION_CHOICE, 0, 0, AT(lang), "en|zh",
     "language of the action lines (default: the idea's)"},
    {"output", 'o', OPTION_TEXT, 0, 0, AT(output), "FILE",
     "write X.fountain or X.json instead of printing"},
    {0},
};
#undef AT

static int check_arguments(struct cmd_context *ctx, const struct write_options *o)
{
    int code = cmd_check_text(ctx, "the idea", ctx->arg[0]);
    if (code || !o->output)
        return code;
    code = output_check_type(ctx, o->output, "fountain|json");
    return code ? code : output_check(ctx, o->output);
}

static cJSON *as_json(const struct session *s, const struct fountain *script)
{
    cJSON *json = fountain_to_json(script);
    output_add_origin(json, s);
    return json;
}

static int deliver(struct session *s, const struct write_options *o, const struct fountain *script,
                   const char *text)
{
    struct cmd_context *ctx = s->ctx;
    if (!o->output) {
        if (ctx->json)
            return output_json(ctx, as_json(s, script), CMD_DONE);
        fputs(text, stdout);
        output_note_seed(ctx);
        return CMD_DONE;
    }
    char *json = NULL;
    if (!strcasecmp(outfile_extension(o->output), "json"))
        text = json = output_json_text(as_json(s, script));
    int code = text ? output_put(ctx, o->output, text, strlen(text))
                    : cmd_fail(ctx, CMD_FAILED, "out of memory");
    free(json);
    if (code == CMD_DONE && ctx->json) {
        cJSON *report = as_json(s, script);
        cJSON_AddStringToObject(report, "output", o->output);
        code = output_json(ctx, report, CMD_DONE);
    } else if (code == CMD_DONE) {
        cmd_say(ctx, "%s: %d shot%s, seed %llu", o->output, script->count,
                script->count == 1 ? "" : "s", (unsigned long long)ctx->seed);
    }
    return code;
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    struct write_options o = {.shots = 4};
    struct session session = {0};
    struct session_result result = {0};
    struct fountain *script = NULL;
    struct m6_error err;
    if (!cmd_parse(ctx, &o, argc, argv))
        return ctx->exit;
    int code = check_arguments(ctx, &o);
    if (!o.lang && !code)
        o.lang = text_language(ctx->arg[0]);
    if (!code)
        code = session_open(&session, ctx);
    if (!code)
        code = jobs_write(&session, ctx->arg[0], o.lang, (int)o.shots, &result);
    if (!code && fountain_parse(result.text, &script, &err))
        code = cmd_fail(ctx, CMD_MODEL,
                        "what the model wrote is no script (%s); try another --seed", err.text);
    if (!code)
        code = deliver(&session, &o, script, result.text);
    fountain_destroy(script);
    session_result_free(&result);
    session_close(&session);
    return code;
}

const struct cmd_command cmd_write = {
    .name = "write",
    .arguments = "\"IDEA\" [options]",
    .summary = "write a script of shots from an idea",
    .details = "Prints a Fountain script: a title, then each shot as a scene heading with an "
               "action line. With --json it "
               "prints the same as one JSON object.",
    .examples = "m6 write \"a red dog on a beach at dusk\"\n"
                "m6 write \"雪山里的一匹白马\" --lang zh --shots 6 -o horse.fountain",
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .run = run,
    .queue = &(const struct detach_shape){.own_seed = 1},
};
