/* m6 storyboard: an idea, or a script, becomes pictures and a captioned animatic. */
#include "storyboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detach.h"
#include "output.h"
#include "preset.h"
#include "text.h"

#define AT(field) offsetof(struct storyboard_options, field)
static const struct option_spec options[] = {
    {"output", 'o', OPTION_TEXT, 0, 0, AT(output), "FILE",
     "video to write: .mp4, .mov or .mkv (default: m6-SEED.mp4)"},
    {"script", 0, OPTION_TEXT, 0, 0, AT(script), "FILE",
     "start from this Fountain script instead of an idea"},
    {"shots", 'n', OPTION_INTEGER, 1, 12, AT(shots), "N", "how many shots to write (default: 4)"},
    {"lang", 'l', OPTION_CHOICE, 0, 0, AT(lang), "en|zh",
     "language of script and captions (default: the idea's)"},
    {"captions", 'c', OPTION_CHOICE, 0, 0, AT(captions), "burn|mux|none",
     "in the picture, as a subtitle track, or only in the .srt beside (default: burn)"},
    {"size", 0, OPTION_SIZE, 64, 4096, AT(size), "WxH", "size of the video (default: 1280x720)"},
    {"fps", 0, OPTION_RATE, 1, 120, AT(fps), "RATE", "frames a second (default: 24)"},
    {"seconds-per-shot", 0, OPTION_NUMBER, 0.2, 120, AT(seconds), "S",
     "length of each shot (default: as long as reading it takes, 3 to 12)"},
    {"best", 'b', OPTION_INTEGER, 1, 64, AT(best), "K",
     "draw each shot K times, keep the one that matches it best (default: 4)"},
    {"mode", 'm', OPTION_CHOICE, 0, 0, AT(mode), "ar|progressive",
     "how pictures are drawn, as in m6 draw"},
    {"cfg", 0, OPTION_NUMBER, 0, 20, AT(guidance), "G", "guidance, as in m6 draw"},
    {"quality", 0, OPTION_INTEGER, 1, 51, AT(quality), "CRF",
     "of the video, 1 (best) to 51 (default: 18)"},
    {"preset", 'p', OPTION_TEXT, 0, 0, AT(preset), "NAME",
     "take options from a preset; those on the command line win"},
    {0},
};
#undef AT

static const struct storyboard_options defaults = {
    .captions = "burn", .shots = 4, .best = 4, .guidance = -1, .size = {1280, 720}, .fps = {24, 1}};

/* The command line is read twice: first to learn of a preset, then over what the preset says. */
static int parse(struct cmd_context *ctx, int argc, char **argv, struct storyboard_options *o,
                 cJSON **keep)
{
    char **again = calloc((size_t)argc + 1, sizeof *again);
    *keep = NULL;
    if (!again) {
        ctx->exit = cmd_fail(ctx, CMD_FAILED, "out of memory");
        return 0;
    }
    memcpy(again, argv, (size_t)argc * sizeof *again);
    int ok = cmd_parse(ctx, o, argc, argv);
    if (ok && o->preset) {
        const char *name = o->preset;
        *o = defaults;
        ctx->exit = preset_apply(ctx, name, options, o, keep);
        ok = !ctx->exit && cmd_parse(ctx, o, argc, again);
        memcpy(argv, again, (size_t)argc * sizeof *again);
        ctx->arg = argv;
    }
    free(again);
    return ok;
}

static int check_arguments(struct cmd_context *ctx, const struct storyboard_options *o)
{
    if (ctx->args && o->script)
        return cmd_fail(ctx, CMD_USAGE, "give an idea or --script, not both");
    if (!ctx->args && !o->script)
        return cmd_fail(ctx, CMD_USAGE, "an idea is missing; usage: m6 storyboard %s",
                        ctx->command->arguments);
    return ctx->args ? cmd_check_text(ctx, "the idea", ctx->arg[0]) : 0;
}

/* Reads a script, or only checks that one can be written; either way before the model is asked
 * anything. */
static int prepare(struct storyboard *s, struct cmd_context *ctx)
{
    char standard[64];
    struct m6_error err;
    snprintf(standard, sizeof standard, "m6-%llu.mp4", (unsigned long long)ctx->seed);
    const char *output = s->o->output ? s->o->output : standard;
    int code = output_check_regular(ctx, output, "mp4|mov|mkv");
    if (code)
        return code;
    if (s->o->script) {
        const enum m6_status status = fountain_read(s->o->script, &s->script, &s->text, &err);
        if (status)
            return cmd_fail(ctx, status == M6_ERR_MEMORY ? CMD_FAILED : CMD_INPUT, "%s", err.text);
    }
    s->lang = s->o->lang ? s->o->lang : text_language(s->idea ? s->idea : s->text);
    code = storyboard_name_outputs(s, output, s->script ? s->script->count : (int)s->o->shots);
    if (!code && m6_media_load(&s->media, &err))
        code = cmd_fail(ctx, CMD_MODEL, "%s", err.text);
    if (!code && !strcmp(s->o->captions, "burn") && title_load(&s->title, &err))
        code = cmd_fail(ctx, CMD_MODEL, "%s", err.text);
    return code;
}

static int write_script(struct storyboard *s, struct cmd_context *ctx)
{
    struct session_result result = {0};
    struct m6_error err;
    int code = jobs_write(&s->session, s->idea, s->lang, (int)s->o->shots, &result);
    if (!code && fountain_parse(result.text, &s->script, &err))
        code = cmd_fail(ctx, CMD_MODEL,
                        "what the model wrote is no script (%s); try another --seed", err.text);
    if (!code && s->script->count > s->o->shots)
        code = cmd_fail(ctx, CMD_MODEL, "the model wrote %d shots, not %d; try another --seed",
                        s->script->count, (int)s->o->shots);
    if (!code) {
        s->text = result.text;
        result.text = NULL;
    }
    session_result_free(&result);
    return code;
}

static void finish(struct storyboard *s)
{
    for (int i = 0; i < STORYBOARD_SHOTS_MAX; i++) {
        session_result_free(&s->drawn[i]);
        outfile_finish(&s->picture[i]);
        free(s->picture_path[i]);
    }
    outfile_finish(&s->video);
    outfile_finish(&s->captions);
    outfile_finish(&s->fountain);
    free(s->video_path);
    free(s->captions_path);
    free(s->script_path);
    shots_finish(&s->plan);
    fountain_destroy(s->script);
    free(s->text);
    session_close(&s->session);
    free(s);
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    struct storyboard_options o = defaults;
    cJSON *preset = NULL;
    if (!parse(ctx, argc, argv, &o, &preset)) {
        cJSON_Delete(preset);
        return ctx->exit;
    }
    int code = check_arguments(ctx, &o);
    struct storyboard *s = code ? NULL : calloc(1, sizeof *s);
    if (s) {
        s->o = &o;
        s->session.ctx = ctx;
        s->idea = ctx->args ? ctx->arg[0] : NULL;
        code = prepare(s, ctx);
        if (!code)
            code = session_open(&s->session, ctx);
        if (!code && !s->script)
            code = write_script(s, ctx);
        if (!code)
            code = storyboard_draw(s);
        if (!code)
            code = storyboard_animate(s);
        if (!code)
            code = storyboard_deliver(s);
        finish(s);
    } else if (!code) {
        code = cmd_fail(ctx, CMD_FAILED, "out of memory");
    }
    cJSON_Delete(preset);
    return code;
}

const struct cmd_command cmd_storyboard = {
    .name = "storyboard",
    .arguments = "\"IDEA\" | --script X.fountain [options]",
    .summary = "turn an idea into a script, pictures and an animatic",
    .details = "Writes X.mp4 and beside it X.fountain (the script), X.srt (its action lines, "
               "timed) and X-001.png … (one picture "
               "a shot). Camera words in an action line (\"the camera pans left\", \"zoom in\") "
               "become moves; shots "
               "without any take gentle moves in turn.\n\n"
               "A script of your own is read as Fountain: each scene heading begins a shot, its "
               "action says what to draw.\n\n"
               "Presets: animatic-720p, animatic-1080p, draft, square-1080, vertical-1080.",
    .examples = "m6 storyboard \"a red dog on a beach at dusk\" -o dog.mp4\n"
                "m6 storyboard --script dog.fountain -o dog.mp4 --overwrite\n"
                "m6 storyboard \"雪山里的一匹白马\" --lang zh --preset vertical-1080 -o horse.mp4",
    .options = options,
    .args_max = 1,
    .run = run,
    .queue = &(const struct detach_shape){.options = "script|preset", .own_seed = 1},
};
