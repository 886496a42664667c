/* m6gen for every host of frei0r filters. The first frame looks for the host. A frame's pixels depend on parameters, time and frame alone (but for
 * mode=region), so that frames may come in any order, in instances for each thread.
 *
 * There is no way to report an error, so a slate shows it, and a line on stderr. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "note.h"
#include "pixels.h"
#include "settings.h"
#include "slate.h"

enum { PROMPT, OPTIONS, OPACITY, POSITION, WAIT, COUNT };
static const struct param_spec specs[COUNT] = {
    [PROMPT] = {"Prompt", F0R_PARAM_STRING, "What to draw", 0, 0},
    [OPTIONS] = {"Options", F0R_PARAM_STRING, "Options as FFmpeg's m6gen has them, such as seed=7:mode=overlay:w=W/3", 0, 0},
    [OPACITY] = {"Opacity", F0R_PARAM_DOUBLE, "0: the frame alone, 1: the picture", 1, 0},
    [POSITION] = {"Position", F0R_PARAM_POSITION, "Where mode=overlay lays the picture: 0/0 at the top left, 1/1 at the bottom right", 0, 0},
    [WAIT] = {"Wait", F0R_PARAM_BOOL, "Whether frames wait for their picture; else the frame shows until it is there", 1, 0},
};

struct gen_instance {
    struct instance base;
    struct m6_gen *gen;   /* NULL: `bad` says why */
    struct m6_gen *before; /* what it replaces keeps connection and pictures until the first frame of gen */
    struct settings_given given;
    struct m6_error bad;
    int had_prompt;
    struct m6_picture *slate;
    char slate_text[sizeof(struct m6_error)];
};

static void take_changes(struct gen_instance *g)
{
    struct params *p = &g->base.params;
    params_lock(p);
    if (p->changed) {
        const struct settings s = {p->text[PROMPT], p->text[OPTIONS], p->x[OPACITY], p->x[POSITION], p->y[POSITION], p->x[WAIT] >= 0.5};
        const int anew = !g->gen || p->changed & 1u << OPTIONS || (g->had_prompt && !*s.prompt);
        g->bad.text[0] = '\0';
        if (anew) {
            m6_gen_destroy(g->before);
            g->before = g->gen;
            settings_given_finish(&g->given);
            settings_create(&g->gen, &g->given, &s, &g->bad);
        } else {
            settings_update(g->gen, &g->given, &s, &g->bad);
        }
        g->had_prompt = *s.prompt != '\0';
        p->changed = 0;
    }
    params_unlock(p);
}

static void show_slate(struct gen_instance *g, const struct filter_frame *f, const char *text)
{
    if (!g->slate || strcmp(text, g->slate_text) != 0) {
        m6_picture_unref(g->slate);
        snprintf(g->slate_text, sizeof g->slate_text, "%s", text);
        g->slate = m6_slate_create(g->base.width, g->base.height, text);
    }
    if (g->slate)
        pixels_show(f->out, g->slate, f->stride);
    else
        pixels_copy(f->out, f->in, g->base.width, g->base.height, f->stride);
}

struct source {
    const struct gen_instance *g;
    const struct filter_frame *frame;
};

static int source_rgb(void *arg, uint8_t *rgb, struct m6_error *err)
{
    const struct source *s = arg;
    pixels_rgb(rgb, s->frame->in, s->g->base.width, s->g->base.height, s->frame->stride);
    return 0;
}

static void lay(struct gen_instance *g, const struct filter_frame *f)
{
    const int width = g->base.width, height = g->base.height;
    struct source source = {g, f};
    struct m6_error err = {""};
    const struct m6_gen_frame frame = {
        .layout = {.format = m6_frame_format_find("rgba"), .width = width, .height = height}, .time = f->time, .rgb = source_rgb, .arg = &source};
    const struct m6_frame_planes planes = {.data = {(uint8_t *)f->out}, .stride = {(ptrdiff_t)(f->stride * 4)}};
    const enum m6_gen_verdict verdict = m6_gen_prepare(g->gen, &frame, &err);
    m6_gen_destroy(g->before);
    g->before = NULL;
    note(m6_filter.name, err.text);
    switch (verdict) {
    case M6_GEN_PART: pixels_copy(f->out, f->in, width, height, f->stride); /* fall through */
    case M6_GEN_WHOLE: m6_gen_apply(g->gen, &planes); break;
    case M6_GEN_ENDED: show_slate(g, f, err.text); break;
    default: pixels_copy(f->out, f->in, width, height, f->stride); break;
    }
}

static void update(struct instance *instance, const struct filter_frame *f)
{
    struct gen_instance *g = (struct gen_instance *)instance;
    take_changes(g);
    if (g->bad.text[0]) {
        note(m6_filter.name, g->bad.text);
        show_slate(g, f, g->bad.text);
    } else {
        lay(g, f);
    }
}

static void finish(struct instance *instance)
{
    struct gen_instance *g = (struct gen_instance *)instance;
    m6_gen_destroy(g->gen);
    m6_gen_destroy(g->before);
    settings_given_finish(&g->given);
    m6_picture_unref(g->slate);
}

const struct filter m6_filter = {
    .name = "m6gen",
    .explanation = "Pictures that a resident M6 model draws, laid over the video",
    .params = specs,
    .param_count = COUNT,
    .size = sizeof(struct gen_instance),
    .timeless = "every, at and t stay at 0",
    .update = update,
    .finish = finish,
};
