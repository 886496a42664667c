#include "gen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prompt_file.h"
#include "slate.h"

/* A composite, and what it is ready for. */
struct ready {
    struct m6_composite *composite;
    struct m6_picture *picture; /* NULL: nothing */
    struct m6_frame_layout layout;
    struct m6_composite_params params;
};

struct m6_gen {
    struct m6_gen_options options;
    struct m6_prompt_file file;
    struct m6_feed *feed;

    struct m6_shown shown;
    struct ready present, under;
    double opacity, opacity_under; /* 0: that one is left out */
    uint64_t serial;

    /* What a stretch of mode=region is drawn from. */
    struct m6_picture_input *input;
    char *input_prompt;
    int64_t input_index, last_time;
    struct m6_gen_rect input_rect;
    int input_w, input_h;

    struct m6_picture *slate;
    char slate_text[512];
};

/* ---- making ---- */

enum m6_status m6_gen_create(struct m6_gen **out, struct m6_gen_params *p, struct m6_error *err)
{
    *out = NULL;
    const enum m6_status status = m6_gen_options_check(p->options, err);
    if (status)
        return status;
    struct m6_gen *g = calloc(1, sizeof *g);
    if (!g)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for m6gen");
    const struct m6_gen_options *o = p->options;
    const struct m6_feed_params feed = {
        .name = p->name, .host = o->host, .model = o->model, .live = o->live >= 0 ? o->live : p->live, .in_order = p->in_order, .timeout = o->timeout, .notice = p->notice, .arg = p->arg};
    g->feed = m6_feed_create(&feed);
    g->present.composite = m6_composite_create();
    g->under.composite = m6_composite_create();
    g->shown.mix = 1;
    m6_gen_options_init(&g->options);
    if (!g->feed || !g->present.composite || !g->under.composite) {
        m6_gen_destroy(g);
        return m6_fail(err, M6_ERR_MEMORY, "no memory for m6gen");
    }
    g->options = *o;
    m6_gen_options_init((struct m6_gen_options *)o);
    *out = g;
    return M6_OK;
}

static void finish_ready(struct ready *r)
{
    m6_composite_destroy(r->composite);
    m6_picture_unref(r->picture);
}

void m6_gen_destroy(struct m6_gen *g)
{
    if (!g)
        return;
    m6_feed_destroy(g->feed);
    m6_shown_finish(&g->shown);
    finish_ready(&g->present);
    finish_ready(&g->under);
    m6_picture_unref(g->slate);
    m6_picture_input_unref(g->input);
    free(g->input_prompt);
    m6_prompt_file_finish(&g->file);
    m6_gen_options_finish(&g->options);
    free(g);
}

enum m6_status m6_gen_set(struct m6_gen *g, const char *name, const char *value, struct m6_error *err)
{
    static const char *const fixed[] = {"host", "model", "timeout", "live", NULL};
    for (int i = 0; fixed[i]; i++)
        if (!strcmp(name, fixed[i]))
            return m6_fail(err, M6_ERR_UNSUPPORTED, "%s cannot be changed while m6gen runs; set it before", name);
    return m6_gen_options_set(&g->options, name, value, err);
}

void m6_gen_set_live(struct m6_gen *g, int live)
{
    if (g->options.live < 0)
        m6_feed_set_live(g->feed, live);
}

enum m6_status m6_gen_parse(struct m6_gen *g, const char *text, struct m6_error *err)
{
    const enum m6_status status = m6_gen_options_parse(&g->options, text, err);
    return status ? status : m6_gen_options_check(&g->options, err);
}

const struct m6_gen_options *m6_gen_options(const struct m6_gen *g)
{
    return &g->options;
}

void m6_gen_interrupt(struct m6_gen *g, int on)
{
    m6_feed_interrupt(g->feed, on);
}

uint64_t m6_gen_serial(const struct m6_gen *g)
{
    return g->serial;
}

const struct m6_picture *m6_gen_shown(const struct m6_gen *g)
{
    return g->shown.picture;
}

/* ---- what to ask for ---- */

static const char *prompt_of(struct m6_gen *g, struct m6_error *err)
{
    struct m6_error trouble = {""};
    if (!g->options.prompt_file)
        return g->options.prompt;
    if (!m6_prompt_file_read(&g->file, g->options.prompt_file, NULL, &trouble) || g->file.text) {
        if (trouble.text[0]) /* what it said before goes on */
            *err = trouble;
        return g->file.text;
    }
    *err = trouble;
    return NULL;
}

static int keeps_input(const struct m6_gen *g, const struct m6_gen_frame *f, const char *prompt, int64_t index, const struct m6_gen_rect *r)
{
    return g->input && g->input_index == index && !strcmp(g->input_prompt, prompt) && !memcmp(&g->input_rect, r, sizeof *r) && g->input_w == f->layout.width &&
           g->input_h == f->layout.height && f->time >= g->last_time;
}

/* The frame that this stretch is drawn from is the first that is seen of it. */
static enum m6_status take_input(struct m6_gen *g, const struct m6_gen_frame *f, const char *prompt, int64_t index, const struct m6_gen_rect *r, struct m6_error *err)
{
    const int w = f->layout.width, h = f->layout.height;
    const int kept = keeps_input(g, f, prompt, index, r);
    g->last_time = f->time;
    if (kept)
        return M6_OK;
    if (!f->rgb)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "mode=region needs the frame's samples, which cannot be had here");
    struct m6_picture_input *input = NULL;
    uint8_t *rgb = malloc((size_t)w * (size_t)h * 3);
    char *copy = strdup(prompt);
    enum m6_status status = rgb && copy ? M6_OK : m6_fail(err, M6_ERR_MEMORY, "no memory for a frame to draw anew");
    if (!status && f->rgb(f->arg, rgb, err))
        status = M6_ERR_INTERNAL;
    if (!status)
        status = m6_picture_input_around(&input, rgb, w, h, (size_t)w * 3, r->x, r->y, r->w, r->h, err);
    free(rgb);
    if (status) {
        free(copy);
        return status;
    }
    m6_picture_input_unref(g->input);
    free(g->input_prompt);
    g->input = input;
    g->input_prompt = copy;
    g->input_index = index;
    g->input_rect = *r;
    g->input_w = w;
    g->input_h = h;
    return M6_OK;
}

/* ---- getting composites ready ---- */

static struct m6_composite_params composite_of(const struct m6_gen *g, const struct m6_gen_rect *r)
{
    const struct m6_gen_options *o = &g->options;
    struct m6_composite_params p = {.mode = M6_COMPOSITE_REPLACE};
    if (o->mode == M6_GEN_OVERLAY || o->mode == M6_GEN_REGION) {
        p.mode = o->mode == M6_GEN_OVERLAY ? M6_COMPOSITE_OVERLAY : M6_COMPOSITE_REGION;
        p.x = r->x;
        p.y = r->y;
        p.width = r->w;
        p.height = r->h;
    }
    if (o->mode == M6_GEN_REGION) {
        p.windowed = 1;
        p.feather = (r->w < r->h ? r->w : r->h) / 32.0;
    }
    if (o->mode == M6_GEN_KEY) {
        p.mode = M6_COMPOSITE_KEY;
        p.key[0] = (uint8_t)(o->keycolor >> 16);
        p.key[1] = (uint8_t)(o->keycolor >> 8);
        p.key[2] = (uint8_t)o->keycolor;
        p.similarity = o->similarity;
        p.blend = o->blend;
        p.spill = 1;
    }
    return p;
}

static int is_same_layout(const struct m6_frame_layout *a, const struct m6_frame_layout *b)
{
    return a->format == b->format && a->width == b->width && a->height == b->height && a->matrix == b->matrix && a->range == b->range && a->siting == b->siting &&
           a->transfer == b->transfer && a->primaries == b->primaries && a->alpha == b->alpha;
}

static int is_same_place(const struct m6_composite_params *a, const struct m6_composite_params *b)
{
    return a->mode == b->mode && a->x == b->x && a->y == b->y && a->width == b->width && a->height == b->height && a->windowed == b->windowed &&
           a->feather == b->feather && !memcmp(a->key, b->key, sizeof a->key) && a->similarity == b->similarity && a->blend == b->blend && a->spill == b->spill;
}

static int is_ready(const struct ready *r, const struct m6_picture *picture, const struct m6_frame_layout *layout, const struct m6_composite_params *params)
{
    return r->picture == picture && is_same_layout(&r->layout, layout) && is_same_place(&r->params, params);
}

static enum m6_status make_ready(struct ready *r, struct m6_picture *picture, const struct m6_frame_layout *layout, const struct m6_composite_params *params,
                                 struct m6_error *err)
{
    if (is_ready(r, picture, layout, params))
        return M6_OK;
    const struct m6_composite_picture from = {picture->width, picture->height, picture->stride, picture->rgb};
    const enum m6_status status = m6_composite_prepare(r->composite, layout, params, &from, err);
    if (status)
        return status;
    m6_picture_ref(picture);
    m6_picture_unref(r->picture);
    r->picture = picture;
    r->layout = *layout;
    r->params = *params;
    return M6_OK;
}

/* Keyed frames have no key colour left for a second picture, so the two are mixed first. */
static struct m6_picture *mix(const struct m6_shown *s)
{
    const struct m6_picture *a = s->under, *b = s->picture;
    uint8_t *rgb;
    if (a->width != b->width || a->height != b->height)
        return m6_picture_ref(s->picture);
    struct m6_picture *mixed = m6_picture_create(b->width, b->height, b->prompt, &rgb);
    const int weight = (int)(s->mix * 256 + 0.5);
    for (int y = 0; mixed && y < b->height; y++) {
        const uint8_t *from = a->rgb + (size_t)y * a->stride, *to = b->rgb + (size_t)y * b->stride;
        for (int x = 0; x < 3 * b->width; x++)
            *rgb++ = (uint8_t)((from[x] * (256 - weight) + to[x] * weight + 128) >> 8);
    }
    return mixed;
}

static enum m6_gen_verdict lay(struct m6_gen *g, const struct m6_gen_frame *f, struct m6_picture *picture, const struct m6_composite_params *params, double opacity,
                               struct m6_error *err)
{
    const uint64_t was_ready = (uint64_t)is_ready(&g->present, picture, &f->layout, params);
    /* What was the present one often comes to lie under the next. */
    if (g->shown.under && g->present.picture == g->shown.under) {
        const struct ready other = g->under;
        g->under = g->present;
        g->present = other;
    }
    enum m6_status status = make_ready(&g->present, picture, &f->layout, params, err);
    if (!status && g->shown.under && params->mode != M6_COMPOSITE_KEY)
        status = make_ready(&g->under, g->shown.under, &f->layout, params, err);
    if (status)
        return M6_GEN_ENDED;
    g->serial += !was_ready;
    g->opacity = opacity;
    g->opacity_under = 0;
    if (g->shown.under && params->mode != M6_COMPOSITE_KEY) {
        g->opacity = opacity * g->shown.mix;
        /* So that both together hide as much of the frame as either would alone. */
        g->opacity_under = g->opacity < 1 ? opacity * (1 - g->shown.mix) / (1 - g->opacity) : 0;
    }
    if (g->opacity <= 0 && g->opacity_under <= 0)
        return M6_GEN_UNTOUCHED;
    return g->opacity_under <= 0 && m6_composite_replaces(g->present.composite, g->opacity) ? M6_GEN_WHOLE : M6_GEN_PART;
}

void m6_gen_apply(struct m6_gen *g, const struct m6_frame_planes *planes)
{
    if (g->opacity_under > 0)
        m6_composite_apply(g->under.composite, planes, g->opacity_under);
    if (g->opacity > 0)
        m6_composite_apply(g->present.composite, planes, g->opacity);
}

/* ---- a frame ---- */

static enum m6_gen_verdict lay_slate(struct m6_gen *g, const struct m6_gen_frame *f, const char *text, struct m6_error *err)
{
    const struct m6_composite_params whole = {.mode = M6_COMPOSITE_REPLACE};
    if (!g->slate || g->slate->width != f->layout.width || g->slate->height != f->layout.height || strcmp(g->slate_text, text) != 0) {
        m6_picture_unref(g->slate);
        snprintf(g->slate_text, sizeof g->slate_text, "%s", text);
        g->slate = m6_slate_create(f->layout.width, f->layout.height, text);
    }
    if (!g->slate)
        return M6_GEN_UNTOUCHED;
    struct m6_error unused;
    m6_shown_finish(&g->shown);
    const enum m6_gen_verdict verdict = lay(g, f, g->slate, &whole, 1, &unused);
    return verdict == M6_GEN_ENDED ? M6_GEN_UNTOUCHED : verdict;
}

static enum m6_gen_verdict give_up(struct m6_gen *g, const struct m6_gen_frame *f, struct m6_error *err)
{
    switch (g->options.on_error) {
    case M6_GEN_FAIL: return M6_GEN_ENDED;
    case M6_GEN_SLATE: return lay_slate(g, f, err->text, err);
    default: return M6_GEN_UNTOUCHED;
    }
}

enum m6_gen_verdict m6_gen_prepare(struct m6_gen *g, const struct m6_gen_frame *f, struct m6_error *err)
{
    const struct m6_gen_options *o = &g->options;
    const int w = f->layout.width, h = f->layout.height;
    struct m6_error unused;
    err = err ? err : &unused;
    err->text[0] = '\0';
    m6_shown_finish(&g->shown);
    const char *prompt = prompt_of(g, err);
    if (!prompt && err->text[0])
        return give_up(g, f, err);
    const struct m6_error aside = *err; /* a prompt file that cannot be read any more */
    struct m6_gen_rect place = m6_gen_place(o, w, h, 0, 0, f->time, f->number);
    struct m6_feed_request request = {
        .prompt = prompt, .seed = o->seed, .schedule = &o->schedule, .time = f->time, .fade = o->fade, .until = f->until};
    m6_gen_draw_size(o, &place, &request.width, &request.height);
    if (o->mode == M6_GEN_REGION && prompt) {
        request.width = w < 16 ? 16 : w > 8192 ? 8192 : w;
        request.height = h < 16 ? 16 : h > 8192 ? 8192 : h;
        if (take_input(g, f, prompt, m6_schedule_at(&o->schedule, f->time).index, &place, err))
            return give_up(g, f, err);
        request.input = g->input;
    }
    const enum m6_feed_state state = m6_feed_show(g->feed, &request, &g->shown, err);
    if (state == M6_FEED_INTERRUPTED)
        return M6_GEN_STOPPED;
    if (state == M6_FEED_FAILED)
        return give_up(g, f, err);
    if (state == M6_FEED_WAITING)
        return M6_GEN_UNTOUCHED;
    if (!err->text[0])
        *err = aside;
    place = m6_gen_place(o, w, h, g->shown.picture->width, g->shown.picture->height, f->time, f->number);
    const struct m6_composite_params params = composite_of(g, &place);
    const double opacity = m6_gen_opacity(o, w, h, &place, f->time, f->number);
    struct m6_picture *picture = params.mode == M6_COMPOSITE_KEY && g->shown.under ? mix(&g->shown) : m6_picture_ref(g->shown.picture);
    struct m6_error trouble = {""};
    const enum m6_gen_verdict verdict = picture ? lay(g, f, picture, &params, opacity, &trouble) : M6_GEN_UNTOUCHED;
    m6_picture_unref(picture);
    if (verdict != M6_GEN_ENDED)
        return verdict;
    *err = trouble;
    return give_up(g, f, err);
}

