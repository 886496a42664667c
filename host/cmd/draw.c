/* m6 draw: a prompt becomes a picture, or several. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detach.h"
#include "jobs.h"
#include "outfile.h"
#include "output.h"

enum { COUNT_MAX = 999 };

struct draw_options {
    const char *output, *mode, *image;
    int64_t count, best, steps;
    int verbatim;
    double guidance;
    struct option_size size;
    struct option_list keep;
};

#define AT(field) offsetof(struct draw_options, field)
static const struct option_spec options[] = {
    {"output", 'o', OPTION_TEXT, 0, 0, AT(output), "FILE",
     "picture to write (default: m6-SEED.png)"},
    {"count", 'n', OPTION_INTEGER, 1, COUNT_MAX, AT(count), "N", "draw N pictures: NAME-001.png …"},
    {"best", 'b', OPTION_INTEGER, 1, 64, AT(best), "K",
     "draw each K times, keep the one that matches the prompt best"},
    {"size", 0, OPTION_SIZE, 16, 8192, AT(size), "WxH",
     "size of the picture (default: the model's own)"},
    {"mode", 'm', OPTION_CHOICE, 0, 0, AT(mode), "ar|progressive",
     "left to right, which is faster, or all at once in steps (default: progressive)"},
    {"steps", 0, OPTION_INTEGER, 1, 256, AT(steps), "N", "steps of the progressive mode"},
    {"cfg", 0, OPTION_NUMBER, 0, 20, AT(guidance), "G",
     "how closely to follow the prompt; 1: no push (default: 2.5)"},
    {"verbatim", 0, OPTION_FLAG, 0, 0, AT(verbatim), NULL,
     "draw the prompt as it is, not the caption that the model takes it to mean"},
    {"image", 'i', OPTION_TEXT, 0, 0, AT(image), "IN.png",
     "picture to keep parts of (with --keep)"},
    {"keep", 'k', OPTION_LIST, 0, 0, AT(keep), "X,Y,W,H",
     "rectangle of --image to keep; may be given again"},
    {0},
};
#undef AT

static int read_rectangle(struct cmd_context *ctx, const char *text, struct jobs_rect *r)
{
    int end = 0;
    if (sscanf(text, "%d,%d,%d,%d%n", &r->x, &r->y, &r->w, &r->h, &end) != 4 || text[end] ||
        r->x < 0 || r->y < 0 || r->w < 1 || r->h < 1)
        return cmd_fail(
            ctx, CMD_USAGE,
            "--keep wants X,Y,W,H in pixels of --image, such as 0,0,128,144, not '%.64s'", text);
    return 0;
}

static int check_arguments(struct cmd_context *ctx, const struct draw_options *o,
                           struct jobs_rect *keep)
{
    int code = cmd_check_text(ctx, "the prompt", ctx->arg[0]);
    if (code)
        return code;
    if (o->keep.count && !o->image)
        return cmd_fail(ctx, CMD_USAGE,
                        "--keep needs the picture that it keeps a part of: add --image IN.png");
    if (o->image && !o->keep.count)
        return cmd_fail(ctx, CMD_USAGE,
                        "--image needs at least one --keep X,Y,W,H that says which part stays");
    if (o->steps && o->mode && strcmp(o->mode, "ar") == 0)
        return cmd_fail(ctx, CMD_USAGE,
                        "--steps belongs to --mode progressive; leave one of --steps and --mode out");
    for (int i = 0; i < o->keep.count && !code; i++)
        code = read_rectangle(ctx, o->keep.value[i], &keep[i]);
    return code;
}

/* names receives o->count strings. */
static int name_outputs(struct cmd_context *ctx, const struct draw_options *o, char **names)
{
    char base[64], suffix[16];
    snprintf(base, sizeof base, "m6-%llu.png", (unsigned long long)ctx->seed);
    const char *output = o->output ? o->output : base;
    int code = output_check_regular(ctx, output, "png");
    for (int i = 0; i < o->count && !code; i++) {
        snprintf(suffix, sizeof suffix, "-%03d.png", i + 1);
        names[i] = o->count > 1 ? outfile_sibling(output, suffix) : strdup(output);
        code = names[i] ? output_check(ctx, names[i]) : cmd_fail(ctx, CMD_FAILED, "out of memory");
    }
    return code;
}

static int draw_one(struct session *s, const struct jobs_drawing *drawing, const char *name,
                    cJSON *report)
{
    struct cmd_context *ctx = s->ctx;
    struct session_result result = {0};
    int code = jobs_draw(s, drawing, &result);
    if (!code) {
        const struct session_picture *p = &result.pictures[0];
        code = output_put_picture(ctx, name, p);
        if (!code)
            cJSON_AddItemToArray(report, jobs_describe_picture(name, p));
    }
    if (!code) {
        const char *seed = jobs_picture_told(&result.pictures[0], "seed"),
                   *caption = jobs_picture_told(&result.pictures[0], "caption");
        cmd_say(ctx, "%s: seed %s%s%s", name, seed ? seed : "unknown", caption ? ": " : "",
                caption ? caption : "");
    }
    session_result_free(&result);
    return code;
}

static int draw_all(struct session *s, const struct draw_options *o, const struct jobs_rect *keep,
                    char **names)
{
    cJSON *pictures = cJSON_CreateArray();
    struct jobs_drawing drawing = {
        .prompt = s->ctx->arg[0],
        .best = (int)o->best,
        .mode = o->mode,
        .steps = (int)o->steps,
        .verbatim = o->verbatim,
        .guidance = o->guidance,
        .size = o->size,
        .image = o->image,
        .keep = keep,
        .keep_count = o->keep.count,
        .count = (int)o->count,
    };
    int code = 0;
    for (int i = 0; i < o->count && !code; i++) {
        drawing.index = i;
        drawing.seed = s->ctx->seed + (uint64_t)i * (uint64_t)o->best;
        code = draw_one(s, &drawing, names[i], pictures);
    }
    if (code || !s->ctx->json) {
        cJSON_Delete(pictures);
        return code;
    }
    cJSON *report = cJSON_CreateObject();
    cJSON_AddStringToObject(report, "prompt", s->ctx->arg[0]);
    cJSON_AddItemToObject(report, "pictures", pictures);
    output_add_origin(report, s);
    return output_json(s->ctx, report, CMD_DONE);
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    struct draw_options o = {.count = 1, .best = 1, .guidance = -1};
    struct jobs_rect keep[OPTION_LIST_MAX];
    struct session session = {0};
    char *names[COUNT_MAX] = {0};
    if (!cmd_parse(ctx, &o, argc, argv))
        return ctx->exit;
    int code = check_arguments(ctx, &o, keep);
    if (!code)
        code = name_outputs(ctx, &o, names);
    if (!code)
        code = session_open(&session, ctx);
    if (!code)
        code = draw_all(&session, &o, keep, names);
    session_close(&session);
    for (int i = 0; i < COUNT_MAX; i++)
        free(names[i]);
    return code;
}

const struct cmd_command cmd_draw = {
    .name = "draw",
    .arguments = "\"PROMPT\" [options]",
    .summary = "draw a picture from a prompt",
    .details = "Writes a PNG whose text chunks hold model, prompt and seed. Words that the model "
               "does not know are named in a "
               "warning; a prompt with no word that it knows is refused.\n\n"
               "The model first says what it takes the prompt to mean, in the words of its captions "
               "and with what the prompt leaves open made up, and draws that; the text chunk "
               "'caption' and --json tell it. --verbatim and --keep draw the prompt as it is.\n\n"
               "A picture's seed, as printed and recorded, draws it again alone, without -n and "
               "--best.\n\n"
               "With --image and --keep the kept rectangles stay as they are and the rest is drawn "
               "to fit.",
    .examples = "m6 draw \"a yellow bus in the city at night\" -o bus.png\n"
                "m6 draw \"a cat in a room\" -n 4 --best 8\n"
                "m6 draw \"a boat at sea, snow\" --image sea.png --keep 0,0,256,60",
    .options = options,
    .args_min = 1,
    .args_max = 1,
    .run = run,
    .queue = &(const struct detach_shape){.options = "image", .own_seed = 1},
};
