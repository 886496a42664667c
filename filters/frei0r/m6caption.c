/* m6caption for every host of frei0r filters: what a resident model says of the video, set into it, and into a file when Options names one. A caption
 * belongs to a stretch of time and is asked of its first frame (track.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "burn.h"
#include "filter.h"
#include "note.h"
#include "pixels.h"
#include "prompt_file.h"
#include "track.h"

enum { PROMPT, OPTIONS, OPACITY, WAIT, COUNT };
static const struct param_spec specs[COUNT] = {
    [PROMPT] = {"Prompt", F0R_PARAM_STRING, "A question about the video; empty: what it shows", 0, 0},
    [OPTIONS] = {"Options", F0R_PARAM_STRING, "name=value:name=value, such as every=2:language=en:destination=clip.srt", 0, 0},
    [OPACITY] = {"Opacity", F0R_PARAM_DOUBLE, "Of the caption; 0: only the file is written", 1, 0},
    [WAIT] = {"Wait", F0R_PARAM_BOOL, "Whether frames wait for their caption; else the one before shows until it is there", 1, 0},
};

struct caption_instance {
    struct instance base;
    struct track *track; /* NULL: `bad` says why */
    char *language;
    int passes, wait;
    double opacity;
    struct m6_error bad;
    struct burn burn;
};

static enum m6_status find_track(struct caption_instance *c, const char *options, const char *prompt)
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

static void take_changes(struct caption_instance *c)
{
    struct params *p = &c->base.params;
    params_lock(p);
    if (p->changed & (1u << PROMPT | 1u << OPTIONS))
        find_track(c, p->text[OPTIONS], p->text[PROMPT]);
    c->wait = p->x[WAIT] >= 0.5;
    c->opacity = p->x[OPACITY];
    p->changed = 0;
    params_unlock(p);
}

static void update(struct instance *instance, const struct filter_frame *f)
{
    struct caption_instance *c = (struct caption_instance *)instance;
    const int width = instance->width, height = instance->height;
    struct m6_error err = {""}, trouble = {""};
    char *text = NULL;
    take_changes(c);
    const struct track_frame frame = {.rgba = f->in, .width = width, .height = height, .stride = f->stride, .time = f->time, .wait = c->wait};
    if (c->track)
        text = track_show(c->track, &frame, &err);
    else
        err = c->bad;
    note(m6_filter.name, err.text);
    pixels_copy(f->out, f->in, width, height, f->stride);
    /* What is wrong stands where the caption would; the video goes on. */
    const int tells = !text && err.text[0] && !(c->track && c->passes);
    const char *shown = text ? text : tells ? err.text : "";
    if (*shown && burn(&c->burn, f->out, width, height, f->stride, shown, tells ? "en" : c->language, tells ? 1 : c->opacity, &trouble))
        note(m6_filter.name, trouble.text);
    free(text);
}

static void finish(struct instance *instance)
{
    struct caption_instance *c = (struct caption_instance *)instance;
    track_put(c->track);
    burn_finish(&c->burn);
    free(c->language);
}

const struct filter m6_filter = {
    .name = "m6caption",
    .explanation = "Captions by a resident M6 model, set into the video",
    .params = specs,
    .param_count = COUNT,
    .size = sizeof(struct caption_instance),
    .timeless = "the first caption stays",
    .update = update,
    .finish = finish,
};
