/* m6gen for every host of frei0r filters. Constructing an instance asks nobody anything, since hosts do it to look at the parameters; the first frame
 * looks for the host. A frame's pixels depend on parameters, time and frame alone (but for mode=region), so that frames may come in any order, in
 * instances for each thread. MLT's slices call one instance from several threads at once: each frame is done under a lock.
 *
 * There is no way to report an error, so a slate shows it, and a line on stderr. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "note.h"
#include "params.h"
#include "pixels.h"
#include "settings.h"
#include "slate.h"

static const char plugin[] = "m6gen";

enum { PROMPT, OPTIONS, OPACITY, POSITION, WAIT, COUNT };
static const struct param_spec specs[COUNT] = {
    [PROMPT] = {"Prompt", F0R_PARAM_STRING, "What to draw", 0, 0},
    [OPTIONS] = {"Options", F0R_PARAM_STRING, "Options as FFmpeg's m6gen has them, such as seed=7:mode=overlay:w=W/3", 0, 0},
    [OPACITY] = {"Opacity", F0R_PARAM_DOUBLE, "0: the frame alone, 1: the picture", 1, 0},
    [POSITION] = {"Position", F0R_PARAM_POSITION, "Where mode=overlay lays the picture: 0/0 at the top left, 1/1 at the bottom right", 0, 0},
    [WAIT] = {"Wait", F0R_PARAM_BOOL, "Whether frames wait for their picture; else the frame shows until it is there", 1, 0},
};

struct instance {
    int width, height;
    struct params params;
    pthread_mutex_t lock; /* guards what follows */
    struct caller caller;
    struct m6_gen *gen;   /* NULL: `bad` says why */
    struct m6_gen *before; /* what it replaces keeps connection and pictures until the first frame of gen */
    struct settings_given given;
    struct m6_error bad;
    int had_prompt;
    struct m6_picture *slate;
    char slate_text[sizeof(struct m6_error)];
};

/* ---- what hosts look at ---- */

int f0r_init(void)
{
    return 1;
}

void f0r_deinit(void)
{
}

void f0r_get_plugin_info(f0r_plugin_info_t *info)
{
    *info = (f0r_plugin_info_t){
        .name = "m6gen",
        .author = "M6",
        .plugin_type = F0R_PLUGIN_TYPE_FILTER,
        .color_model = F0R_COLOR_MODEL_RGBA8888,
        .frei0r_version = FREI0R_MAJOR_VERSION,
        .major_version = 0,
        .minor_version = 1,
        .num_params = COUNT,
        .explanation = "Pictures that a resident M6 model draws, laid over the video",
    };
}

void f0r_get_param_info(f0r_param_info_t *info, int index)
{
    params_describe(specs, COUNT, info, index);
}

f0r_instance_t f0r_construct(unsigned int width, unsigned int height)
{
    struct instance *g = calloc(1, sizeof *g);
    if (!g || !width || !height || width > M6_FRAME_SIDE_MAX || height > M6_FRAME_SIDE_MAX || params_init(&g->params, specs, COUNT)) {
        free(g);
        return NULL;
    }
    g->width = (int)width;
    g->height = (int)height;
    pthread_mutex_init(&g->lock, NULL);
    return g;
}

void f0r_destruct(f0r_instance_t instance)
{
    struct instance *g = instance;
    if (!g)
        return;
    m6_gen_destroy(g->gen);
    m6_gen_destroy(g->before);
    settings_given_finish(&g->given);
    m6_picture_unref(g->slate);
    params_finish(&g->params);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

void f0r_set_param_value(f0r_instance_t instance, f0r_param_t value, int index)
{
    params_set(&((struct instance *)instance)->params, value, index);
}

void f0r_get_param_value(f0r_instance_t instance, f0r_param_t value, int index)
{
    params_get(&((struct instance *)instance)->params, value, index);
}

/* ---- frames ---- */

static void take_changes(struct instance *g)
{
    struct params *p = &g->params;
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

static void show_slate(struct instance *g, const uint32_t *in, uint32_t *out, size_t stride, const char *text)
{
    if (!g->slate || strcmp(text, g->slate_text) != 0) {
        m6_picture_unref(g->slate);
        snprintf(g->slate_text, sizeof g->slate_text, "%s", text);
        g->slate = m6_slate_create(g->width, g->height, text);
    }
    if (g->slate)
        pixels_show(out, g->slate, stride);
    else
        pixels_copy(out, in, g->width, g->height, stride);
}

struct source {
    const struct instance *g;
    const uint32_t *in;
    size_t stride;
};

static int source_rgb(void *arg, uint8_t *rgb, struct m6_error *err)
{
    const struct source *s = arg;
    pixels_rgb(rgb, s->in, s->g->width, s->g->height, s->stride);
    return 0;
}

static void lay(struct instance *g, int64_t time, const uint32_t *in, uint32_t *out, size_t stride)
{
    struct source source = {g, in, stride};
    struct m6_error err = {""};
    const struct m6_gen_frame frame = {
        .layout = {.format = m6_frame_format_find("rgba"), .width = g->width, .height = g->height}, .time = time, .rgb = source_rgb, .arg = &source};
    const struct m6_frame_planes planes = {.data = {(uint8_t *)out}, .stride = {(ptrdiff_t)(stride * 4)}};
    const enum m6_gen_verdict verdict = m6_gen_prepare(g->gen, &frame, &err);
    m6_gen_destroy(g->before);
    g->before = NULL;
    note(plugin, err.text);
    switch (verdict) {
    case M6_GEN_PART: pixels_copy(out, in, g->width, g->height, stride); /* fall through */
    case M6_GEN_WHOLE: m6_gen_apply(g->gen, &planes); break;
    case M6_GEN_ENDED: show_slate(g, in, out, stride, err.text); break;
    default: pixels_copy(out, in, g->width, g->height, stride); break;
    }
}

void f0r_update(f0r_instance_t instance, double time, const uint32_t *in, uint32_t *out)
{
    const void *from = __builtin_return_address(0);
    struct instance *g = instance;
    int64_t ns;
    pthread_mutex_lock(&g->lock);
    caller_find(&g->caller, from);
    const size_t stride = caller_stride(&g->caller, g->width);
    if (caller_time(&g->caller, time, &ns))
        note(plugin, "frames come without a time, so every, at and t stay at 0; FFmpeg before 8.1 does so where the width is no multiple of 64: put pad=ceil(iw/64)*64 before");
    take_changes(g);
    if (g->bad.text[0]) {
        note(plugin, g->bad.text);
        show_slate(g, in, out, stride, g->bad.text);
    } else {
        lay(g, ns, in, out, stride);
    }
    pthread_mutex_unlock(&g->lock);
}
