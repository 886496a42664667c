/* m6caption for every host of frei0r filters: what a resident model says of the video, set into it, and into a file when Options names one. A caption
 * belongs to a stretch of time and is asked of its first frame (track.h). As m6gen, it asks nobody anything before the first frame. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "burn.h"
#include "caller.h"
#include "note.h"
#include "params.h"
#include "pixels.h"
#include "prompt_file.h"
#include "track.h"

static const char plugin[] = "m6caption";

enum { PROMPT, OPTIONS, OPACITY, WAIT, COUNT };
static const struct param_spec specs[COUNT] = {
    [PROMPT] = {"Prompt", F0R_PARAM_STRING, "A question about the video; empty: what it shows", 0, 0},
    [OPTIONS] = {"Options", F0R_PARAM_STRING, "name=value:name=value, such as every=2:language=en:destination=clip.srt", 0, 0},
    [OPACITY] = {"Opacity", F0R_PARAM_DOUBLE, "Of the caption; 0: only the file is written", 1, 0},
    [WAIT] = {"Wait", F0R_PARAM_BOOL, "Whether frames wait for their caption; else the one before shows until it is there", 1, 0},
};

struct instance {
    int width, height;
    struct params params;
    pthread_mutex_t lock; /* guards what follows */
    struct caller caller;
    struct track *track; /* NULL: `bad` says why */
    char *language;
    int passes, wait;
    double opacity;
    struct m6_error bad;
    struct burn burn;
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
        .name = "m6caption",
        .author = "M6",
        .plugin_type = F0R_PLUGIN_TYPE_FILTER,
        .color_model = F0R_COLOR_MODEL_RGBA8888,
        .frei0r_version = FREI0R_MAJOR_VERSION,
        .major_version = 0,
        .minor_version = 1,
        .num_params = COUNT,
        .explanation = "Captions by a resident M6 model, set into the video",
    };
}

void f0r_get_param_info(f0r_param_info_t *info, int index)
{
    params_describe(specs, COUNT, info, index);
}

f0r_instance_t f0r_construct(unsigned int width, unsigned int height)
{
    struct instance *c = calloc(1, sizeof *c);
    if (!c || !width || !height || width > 32768 || height > 32768 || params_init(&c->params, specs, COUNT)) {
        free(c);
        return NULL;
    }
    c->width = (int)width;
    c->height = (int)height;
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void f0r_destruct(f0r_instance_t instance)
{
    struct instance *c = instance;
    if (!c)
        return;
    track_put(c->track);
    burn_finish(&c->burn);
    free(c->language);
    params_finish(&c->params);
    pthread_mutex_destroy(&c->lock);
    free(c);
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

static enum m6_status find_track(struct instance *c, const char *options, const char *prompt)
{
    struct caption_options o;
    struct track *before = c->track;
    enum m6_status status = m6_prompt_is_text(prompt) ? M6_OK : M6_ERR_FORMAT;
    c->bad.text[0] = '\0';
    c->track = NULL;
    if (status)
        snprintf(c->bad.text, sizeof c->bad.text, "Prompt is no UTF-8 text");
    else
        status = caption_options_parse(&o, options, &c->bad);
    if (!status) {
        free(c->language);
        c->language = o.language;
        o.language = strdup(c->language);
        c->passes = o.passes;
        c->track = o.language ? track_get(&o, prompt) : NULL;
        if (!c->track)
            snprintf(c->bad.text, sizeof c->bad.text, "no memory for m6caption");
        caption_options_finish(&o);
    }
    track_put(before); /* last, so that one that goes on has a user all the time */
    return status;
}

static void take_changes(struct instance *c)
{
    struct params *p = &c->params;
    params_lock(p);
    if (p->changed & (1u << PROMPT | 1u << OPTIONS))
        find_track(c, p->text[OPTIONS], p->text[PROMPT]);
    c->wait = p->x[WAIT] >= 0.5;
    c->opacity = p->x[OPACITY];
    p->changed = 0;
    params_unlock(p);
}

void f0r_update(f0r_instance_t instance, double time, const uint32_t *in, uint32_t *out)
{
    const void *from = __builtin_return_address(0);
    struct instance *c = instance;
    struct m6_error err = {""};
    char *text = NULL;
    struct track_frame frame = {.rgba = in};
    pthread_mutex_lock(&c->lock);
    caller_find(&c->caller, from);
    if (caller_time(&c->caller, time, &frame.time))
        note(plugin, "frames come without a time, so the first caption stays; FFmpeg before 8.1 does so where the width is no multiple of 64: put pad=ceil(iw/64)*64 before");
    take_changes(c);
    frame.width = c->width;
    frame.height = c->height;
    frame.stride = caller_stride(&c->caller, c->width);
    frame.wait = c->wait;
    if (c->track)
        text = track_show(c->track, &frame, &err);
    else
        err = c->bad;
    note(plugin, err.text);
    pixels_copy(out, in, c->width, c->height, frame.stride);
    /* What is wrong stands where the caption would; the video goes on. */
    const int tells = !text && err.text[0] && !(c->track && c->passes);
    const char *shown = text ? text : tells ? err.text : "";
    struct m6_error trouble = {""};
    if (*shown && burn(&c->burn, out, c->width, c->height, frame.stride, shown, tells ? "en" : c->language, tells ? 1 : c->opacity, &trouble))
        note(plugin, trouble.text);
    free(text);
    pthread_mutex_unlock(&c->lock);
}
