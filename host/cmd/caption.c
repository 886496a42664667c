/* m6 caption: footage becomes text, with times. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "detach.h"
#include "jobs.h"
#include "media/media.h"
#include "outfile.h"
#include "output.h"
#include "text.h"

struct caption_options {
    const char *output, *lang, *on;
    double every;
};

#define AT(field) offsetof(struct caption_options, field)
static const struct option_spec options[] = {
    {"output", 'o', OPTION_TEXT, 0, 0, AT(output), "FILE",
     "write X.srt, X.vtt, X.ass or X.json instead of printing"},
    {"every", 'e', OPTION_NUMBER, 0, 86400, AT(every), "SECONDS",
     "a caption each so many seconds (default: 2); 0: each frame"},
    {"on", 0, OPTION_CHOICE, 0, 0, AT(on), "scene",
     "a caption a scene instead, cut where the picture changes"},
    {"lang", 'l', OPTION_CHOICE, 0, 0, AT(lang), "en|zh", "language of the captions (default: en)"},
    {0},
};
#undef AT

static int check_arguments(struct cmd_context *ctx, const struct caption_options *o)
{
    if (o->every >= 0 && o->on)
        return cmd_fail(ctx, CMD_USAGE, "--every and --on scene are two ways to cut; choose one");
    if (o->every > 0 && o->every < 0.001)
        return cmd_fail(ctx, CMD_USAGE,
                        "--every is less than a millisecond; give more, or 0 for each frame");
    if (!o->output)
        return 0;
    const int code = output_check_type(ctx, o->output, "srt|vtt|ass|json");
    return code ? code : output_check(ctx, o->output);
}

/* A still has no times, and its text is all there is to print. */
static int is_still(const struct session_result *r)
{
    return r->caption_count == 1 && r->captions[0].end_ns <= r->captions[0].start_ns;
}

static void print_caption(void *arg, int64_t start_ns, int64_t end_ns, const char *text)
{
    char from[24], to[24];
    if (end_ns <= start_ns) {
        puts(text);
    } else {
        text_time(start_ns, from);
        text_time(end_ns, to);
        printf("%s --> %s  %s\n", from, to, text);
    }
    fflush(stdout);
}

static cJSON *as_json(const struct session_result *r)
{
    cJSON *list = cJSON_CreateArray();
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
    return list;
}

static int write_subtitles(struct cmd_context *ctx, const struct caption_options *o,
                           const struct session_result *r)
{
    const struct m6_media *media;
    struct m6_error err;
    if (is_still(r))
        return cmd_fail(ctx, CMD_INPUT,
                        "%s is a still, which has no times; write -o X.json, or leave -o out",
                        ctx->arg[0]);
    if (m6_media_load(&media, &err))
        return cmd_fail(ctx, CMD_MODEL, "%s", err.text);
    struct m6_media_cue *cues = calloc((size_t)r->caption_count + 1, sizeof *cues);
    if (!cues)
        return cmd_fail(ctx, CMD_FAILED, "out of memory");
    for (int i = 0; i < r->caption_count; i++)
        cues[i] = (struct m6_media_cue){r->captions[i].start_ns, r->captions[i].end_ns,
                                        r->captions[i].text};
    struct outfile out;
    enum m6_status status = outfile_begin(&out, o->output, ctx->overwrite, &err);
    const struct m6_media_captions_params p = {.path = out.temp, .lang = o->lang};
    if (!status)
        status = media->captions_write(&p, cues, (size_t)r->caption_count, &err);
    if (!status)
        status = outfile_commit(&out, &err);
    else
        outfile_name_in(&out, &err);
    outfile_finish(&out);
    free(cues);
    return status ? cmd_fail(ctx, CMD_FAILED, "%s", err.text) : 0;
}

static int write_file(struct cmd_context *ctx, const struct caption_options *o,
                      const struct session_result *r)
{
    const char *type = outfile_extension(o->output);
    if (*type && strcasecmp(type, "json") != 0)
        return write_subtitles(ctx, o, r);
    char *text = output_json_text(as_json(r));
    const int code = text ? output_put(ctx, o->output, text, strlen(text))
                          : cmd_fail(ctx, CMD_FAILED, "out of memory");
    free(text);
    return code;
}

static int deliver(struct session *s, const struct caption_options *o,
                   const struct session_result *r)
{
    struct cmd_context *ctx = s->ctx;
    if (!o->output)
        return ctx->json ? output_json(ctx, as_json(r), CMD_DONE) : CMD_DONE;
    const int code = write_file(ctx, o, r);
    if (code)
        return code;
    if (ctx->json) {
        cJSON *report = cJSON_CreateObject();
        cJSON_AddStringToObject(report, "output", o->output);
        cJSON_AddItemToObject(report, "captions", as_json(r));
        output_add_origin(report, s);
        return output_json(ctx, report, CMD_DONE);
    }
    cmd_say(ctx, "%s: %d caption%s", o->output, r->caption_count, r->caption_count == 1 ? "" : "s");
    return CMD_DONE;
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    struct caption_options o = {.lang = "en", .every = -1};
    struct session session = {0};
    struct session_result result = {0};
    if (!cmd_parse(ctx, &o, argc, argv))
        return ctx->exit;
    int code = check_arguments(ctx, &o);
    if (!code)
        code = session_open(&session, ctx);
    if (!code) {
        const struct jobs_captioning job = {
            .path = ctx->arg[0],
            .lang = o.lang,
            .every = o.every,
            .on_scene = o.on != NULL,
            .on_caption = o.output || ctx->json ? NULL : print_caption,
        };
        code = jobs_caption(&session, &job, &result);
    }
    if (!code)
        code = deliver(&session, &o, &result);
    session_result_free(&result);
    session_close(&session);
    return code;
}

const struct cmd_command cmd_caption = {
    .name = "caption",
    .arguments = "VIDEO|IMAGE [options]",
    .summary = "say what footage or a picture shows",
    .details = "Prints one line a caption as it is found: START --> END  TEXT; for a still the "
               "text alone. Files get exact "
               "times; JSON is a list of {\"start_ns\", \"end_ns\", \"text\"} in nanoseconds, end "
               "not included (a still: 0, 0).",
    .examples = "m6 caption frame.png --lang zh\n"
                "m6 caption clip.mp4 --every 1 -o clip.srt\n"
                "m6 caption film.mkv --on scene -o film.json",
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .run = run,
    .queue = &(const struct detach_shape){.inputs = 1, .own_seed = 1},
};
