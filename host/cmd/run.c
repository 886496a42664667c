/* m6 run: a job of any kind that a plugin offers, for kinds that have no command of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aside.h"
#include "detach.h"
#include "jobs.h"
#include "outfile.h"
#include "output.h"
#include "text.h"

enum { INPUTS_MAX = 64 };

struct run_options {
    struct option_list params;
    const char *output;
};

#define AT(field) offsetof(struct run_options, field)
static const struct option_spec options[] = {
    {"param", 'p', OPTION_LIST, 0, 0, AT(params), "NAME=VALUE",
     "a parameter; a value that is no JSON is a text; may be given again"},
    {"output", 'o', OPTION_TEXT, 0, 0, AT(output), "FILE.png",
     "where pictures go (default: KIND.png, KIND-002.png …)"},
    {0},
};
#undef AT

static int read_params(struct cmd_context *ctx, const struct option_list *list, cJSON *params)
{
    for (int i = 0; i < list->count; i++) {
        char name[64];
        const char *equals = strchr(list->value[i], '=');
        const size_t n = equals ? (size_t)(equals - list->value[i]) : 0;
        if (!n || n >= sizeof name)
            return cmd_fail(ctx, CMD_USAGE, "--param wants NAME=VALUE, not '%.64s'",
                            list->value[i]);
        snprintf(name, sizeof name, "%.*s", (int)n, list->value[i]);
        int code = cmd_check_text(ctx, name, equals[1] ? equals + 1 : "-");
        if (code)
            return code;
        cJSON *value = cJSON_ParseWithOpts(equals + 1, NULL, 1);
        cJSON_DeleteItemFromObjectCaseSensitive(params, name);
        cJSON_AddItemToObject(params, name, value ? value : cJSON_CreateString(equals + 1));
    }
    if (ctx->seed_option.given)
        session_add_seed(params, ctx->seed);
    return 0;
}

static void print_captions(const struct session_result *r)
{
    for (int i = 0; i < r->caption_count; i++) {
        char from[24], to[24];
        text_time(r->captions[i].start_ns, from);
        text_time(r->captions[i].end_ns, to);
        if (r->captions[i].end_ns > r->captions[i].start_ns)
            printf("%s --> %s  %s\n", from, to, r->captions[i].text);
        else
            puts(r->captions[i].text);
    }
}

static void name_pictures(const struct cmd_context *ctx, char name[64])
{
    snprintf(name, 64, "%.50s.png", ctx->arg[0]);
}

/* Whether there will be pictures is not known: only what was asked for is looked at before. Queued, the
 * folder is settled now, and what is there already is the runner's to see. */
static int check_output(struct cmd_context *ctx, const char *output)
{
    char standard[64];
    name_pictures(ctx, standard);
    if (!output)
        return ctx->detach ? detach_output(ctx, standard, 1) : 0;
    const int code = output_check_regular(ctx, output, "png");
    return code || aside_is_on() ? code : output_check(ctx, output);
}

static int put_pictures(struct cmd_context *ctx, const char *output, const struct session_result *r,
                        cJSON *list)
{
    char first[64], suffix[16];
    int code = 0;
    name_pictures(ctx, first);
    for (int i = 0; i < r->picture_count && !code; i++) {
        snprintf(suffix, sizeof suffix, "-%03d.png", i + 1);
        char *path = i ? outfile_sibling(output ? output : first, suffix)
                       : strdup(output ? output : first);
        code = path ? output_put_picture(ctx, path, &r->pictures[i])
                    : cmd_fail(ctx, CMD_FAILED, "out of memory");
        if (!code) {
            cJSON_AddItemToArray(list, jobs_describe_picture(path, &r->pictures[i]));
            cmd_say(ctx, "%s", path);
        }
        free(path);
    }
    return code;
}

static void add_captions(cJSON *o, const struct session_result *r)
{
    cJSON *list = cJSON_AddArrayToObject(o, "captions");
    for (int i = 0; i < r->caption_count; i++) {
        char digits[24];
        cJSON *c = cJSON_CreateObject();
        snprintf(digits, sizeof digits, "%lld", (long long)r->captions[i].start_ns);
        cJSON_AddItemToObject(c, "start_ns", cJSON_CreateRaw(digits));
        snprintf(digits, sizeof digits, "%lld", (long long)r->captions[i].end_ns);
        cJSON_AddItemToObject(c, "end_ns", cJSON_CreateRaw(digits));
        cJSON_AddStringToObject(c, "text", r->captions[i].text);
        cJSON_AddItemToArray(list, c);
    }
}

static int deliver(struct session *s, const struct run_options *o, const struct session_result *r)
{
    struct cmd_context *ctx = s->ctx;
    cJSON *report = cJSON_CreateObject();
    cJSON_AddStringToObject(report, "kind", ctx->arg[0]);
    cJSON_AddStringToObject(report, "text", r->text);
    add_captions(report, r);
    const int code = put_pictures(ctx, o->output, r, cJSON_AddArrayToObject(report, "pictures"));
    if (!code && ctx->json) {
        output_add_origin(report, s);
        if (!ctx->seed_option.given) /* then the plugin was given none */
            cJSON_DeleteItemFromObject(report, "seed");
        return output_json(ctx, report, CMD_DONE);
    }
    cJSON_Delete(report);
    if (code)
        return code;
    fputs(r->text, stdout);
    if (r->text_length && r->text[r->text_length - 1] != '\n')
        putchar('\n');
    print_captions(r);
    return CMD_DONE;
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    struct run_options o = {0};
    struct session session = {0};
    struct session_result result = {0};
    const char *inputs[INPUTS_MAX + 1] = {NULL};
    if (!cmd_parse(ctx, &o, argc, argv))
        return ctx->exit;
    for (int i = 1; i < ctx->args; i++)
        inputs[i - 1] = ctx->arg[i];
    cJSON *params = cJSON_CreateObject();
    int code = read_params(ctx, &o.params, params);
    if (!code)
        code = check_output(ctx, o.output);
    if (!code)
        code = session_open(&session, ctx);
    if (code) {
        cJSON_Delete(params);
    } else {
        const struct session_job job = {
            .kind = ctx->arg[0], .params = params, .inputs = inputs, .what = ctx->arg[0]};
        code = session_run(&session, &job, &result);
    }
    if (!code)
        code = deliver(&session, &o, &result);
    session_result_free(&result);
    session_close(&session);
    return code;
}

const struct cmd_command cmd_run = {
    .name = "run",
    .arguments = "KIND [VIDEO|IMAGE]... [options]",
    .summary = "run a job of any kind that a plugin offers",
    .details = "Prints the texts and captions that the job yields, and writes its pictures. 'm6 doctor' "
               "lists the plugins; docs/plugins.md says how to write one.",
    .examples = "m6 run caption frame.png -p lang=zh\n"
                "m6 run is-it-night clip.mp4 -p every=0.5",
    .options = options,
    .args_min = 1,
    .args_max = 1 + INPUTS_MAX,
    .queue = &(const struct detach_shape){.first = 1, .inputs = INPUTS_MAX},
    .run = run,
};
