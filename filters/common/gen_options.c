#include "gen_options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "token.h"

enum { SIDE_MIN = 16, SIDE_MAX = 8192, PLACE_MAX = 1 << 20 };

const char *const m6_gen_option_names[] = {
    "prompt", "prompt_file", "seed",    "mode",       "x",     "y",     "w",    "h",       "opacity", "every",    "at",
    "fade",   "keycolor",    "similarity", "blend", "model", "host", "timeout", "live",    "on_error", NULL,
};

static const char *const modes[] = {"replace", "overlay", "key", "region", NULL};
static const char *const on_errors[] = {"pass", "fail", "slate", NULL};
static const char *const lives[] = {"auto", "0", "1", NULL}; /* from -1 */

void m6_gen_options_init(struct m6_gen_options *o)
{
    *o = (struct m6_gen_options){
        .keycolor = 0x00ff00,
        .similarity = 0.2,
        .blend = 0.1,
        .timeout = (int64_t)60 * 1000000000,
        .live = -1,
    };
}

void m6_gen_options_finish(struct m6_gen_options *o)
{
    free(o->prompt);
    free(o->prompt_file);
    free(o->model);
    free(o->host);
    m6_expr_destroy(o->x);
    m6_expr_destroy(o->y);
    m6_expr_destroy(o->w);
    m6_expr_destroy(o->h);
    m6_expr_destroy(o->opacity);
    m6_schedule_finish(&o->schedule);
    m6_gen_options_init(o);
}

/* ---- values ---- */

static enum m6_status set_text(char **to, const char *name, const char *value, struct m6_error *err)
{
    char *copy = value[0] ? strdup(value) : NULL;
    if (value[0] && !copy)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for %s", name);
    free(*to);
    *to = copy;
    return M6_OK;
}

static enum m6_status set_expr(struct m6_expr **to, const char *name, const char *value, struct m6_error *err)
{
    struct m6_expr *e = NULL;
    const enum m6_status status = value[0] ? m6_expr_create(&e, name, value, err) : M6_OK;
    if (status)
        return status;
    m6_expr_destroy(*to);
    *to = e;
    return M6_OK;
}

static enum m6_status set_seed(uint64_t *to, const char *value, struct m6_error *err)
{
    char *end;
    errno = 0;
    const unsigned long long seed = strtoull(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end || errno)
        return m6_fail(err, M6_ERR_ARGUMENT, "seed=%.40s is no whole number from 0 to 18446744073709551615", value);
    *to = seed;
    return M6_OK;
}

/* *to receives the place in the list, plus `first`. */
static enum m6_status set_choice(int *to, int first, const char *const *list, const char *name, const char *value, struct m6_error *err)
{
    char all[128] = "";
    for (int i = 0; list[i]; i++) {
        if (!strcmp(list[i], value)) {
            *to = first + i;
            return M6_OK;
        }
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "", list[i]);
    }
    return m6_fail(err, M6_ERR_ARGUMENT, "%s=%.40s is none of %s", name, value, all);
}

static enum m6_status set_share(double *to, double least, const char *name, const char *value, struct m6_error *err)
{
    static const double nothing[M6_EXPR_VARIABLES];
    struct m6_expr *e;
    enum m6_status status = m6_expr_create(&e, name, value, err);
    if (status)
        return status;
    const double number = m6_expr_value(e, nothing);
    if (m6_expr_varies(e) || !(number >= least && number <= 1))
        status = m6_fail(err, M6_ERR_ARGUMENT, "%s=%.40s is no number from %g to 1", name, value, least);
    else
        *to = number;
    m6_expr_destroy(e);
    return status;
}

static enum m6_status set_color(uint32_t *to, const char *value, struct m6_error *err)
{
    static const struct {
        const char *name;
        uint32_t rgb;
    } colors[] = {
        {"black", 0x000000}, {"white", 0xffffff}, {"red", 0xff0000},     {"lime", 0x00ff00}, {"green", 0x008000}, {"blue", 0x0000ff},    {"yellow", 0xffff00},
        {"cyan", 0x00ffff},  {"aqua", 0x00ffff},  {"magenta", 0xff00ff}, {"gray", 0x808080}, {"grey", 0x808080},  {"fuchsia", 0xff00ff},
    };
    for (size_t i = 0; i < sizeof colors / sizeof *colors; i++) {
        if (!strcasecmp(colors[i].name, value)) {
            *to = colors[i].rgb;
            return M6_OK;
        }
    }
    const char *digits = value[0] == '#' ? value + 1 : !strncasecmp(value, "0x", 2) ? value + 2 : value;
    if (strlen(digits) != 6 || strspn(digits, "0123456789abcdefABCDEF") != 6)
        return m6_fail(err, M6_ERR_ARGUMENT, "keycolor=%.40s is no colour; write 0x00FF00 or a name such as lime", value);
    *to = (uint32_t)strtoul(digits, NULL, 16);
    return M6_OK;
}

static enum m6_status set_prompt(struct m6_gen_options *o, const char *value, struct m6_error *err)
{
    if (strlen(value) > M6_GEN_PROMPT_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "the prompt has %zu bytes; at most %d", strlen(value), M6_GEN_PROMPT_MAX);
    return set_text(&o->prompt, "prompt", value, err);
}

enum m6_status m6_gen_options_set(struct m6_gen_options *o, const char *name, const char *value, struct m6_error *err)
{
    enum m6_status status;
    int choice = 0;
    int64_t time;
    if (!strcmp(name, "prompt"))
        return set_prompt(o, value, err);
    if (!strcmp(name, "prompt_file"))
        return set_text(&o->prompt_file, name, value, err);
    if (!strcmp(name, "seed"))
        return set_seed(&o->seed, value, err);
    if (!strcmp(name, "x"))
        return set_expr(&o->x, name, value, err);
    if (!strcmp(name, "y"))
        return set_expr(&o->y, name, value, err);
    if (!strcmp(name, "w"))
        return set_expr(&o->w, name, value, err);
    if (!strcmp(name, "h"))
        return set_expr(&o->h, name, value, err);
    if (!strcmp(name, "opacity"))
        return set_expr(&o->opacity, name, value, err);
    if (!strcmp(name, "at"))
        return m6_schedule_parse_at(&o->schedule, value, err);
    if (!strcmp(name, "keycolor"))
        return set_color(&o->keycolor, value, err);
    if (!strcmp(name, "similarity"))
        return set_share(&o->similarity, 0.00001, name, value, err);
    if (!strcmp(name, "blend"))
        return set_share(&o->blend, 0, name, value, err);
    if (!strcmp(name, "model"))
        return set_text(&o->model, name, value, err);
    if (!strcmp(name, "host"))
        return set_text(&o->host, name, value, err);
    if (!strcmp(name, "every") || !strcmp(name, "fade") || !strcmp(name, "timeout")) {
        status = m6_time_parse(&time, name, value, err);
        if (!status)
            *(name[0] == 'e' ? &o->schedule.every : name[0] == 'f' ? &o->fade : &o->timeout) = time;
        return status;
    }
    if (!strcmp(name, "mode")) {
        status = set_choice(&choice, 0, modes, name, value, err);
        o->mode = status ? o->mode : (enum m6_gen_mode)choice;
        return status;
    }
    if (!strcmp(name, "on_error")) {
        status = set_choice(&choice, 0, on_errors, name, value, err);
        o->on_error = status ? o->on_error : (enum m6_gen_on_error)choice;
        return status;
    }
    if (!strcmp(name, "live"))
        return set_choice(&o->live, -1, lives, name, value, err);
    return m6_fail(err, M6_ERR_ARGUMENT, "there is no option '%.40s'; there are prompt, seed, mode, x, y, w, h, opacity, every, at, fade, and those of the documentation", name);
}

static enum m6_status set_option(void *options, const char *name, const char *value, struct m6_error *err)
{
    return m6_gen_options_set(options, name, value, err);
}

enum m6_status m6_gen_options_parse(struct m6_gen_options *o, const char *text, struct m6_error *err)
{
    return m6_token_options(text, "prompt", set_option, o, err);
}

enum m6_status m6_gen_options_check(const struct m6_gen_options *o, struct m6_error *err)
{
    if (o->schedule.every && o->schedule.at_count)
        return m6_fail(err, M6_ERR_ARGUMENT, "every and at both say when a new picture comes; leave one out");
    if (o->schedule.every && o->schedule.every < 1000000)
        return m6_fail(err, M6_ERR_ARGUMENT, "every is less than a millisecond; give the seconds that a picture stays, such as every=4");
    return M6_OK;
}

/* ---- where ---- */

static int rounded(double v)
{
    return (int)floor(fmin(fmax(v, -PLACE_MAX), PLACE_MAX) + 0.5);
}

/* The value, or `otherwise` where it is not given or cannot be said. */
static double value_of(const struct m6_expr *e, const double *variable, double otherwise)
{
    const double v = e ? m6_expr_value(e, variable) : otherwise;
    return isnan(v) ? otherwise : v;
}

struct m6_gen_rect m6_gen_place(const struct m6_gen_options *o, int frame_w, int frame_h, int picture_w, int picture_h, int64_t t, int64_t n)
{
    const double pw = picture_w > 0 ? picture_w : frame_w, ph = picture_h > 0 ? picture_h : frame_h;
    double v[M6_EXPR_VARIABLES] = {frame_w, frame_h, pw, ph, (double)t / 1e9, (double)n};
    const struct m6_gen_rect whole = {0, 0, frame_w, frame_h};
    double w = pw, h = ph, x = 0, y = 0;
    if (o->mode == M6_GEN_REPLACE || o->mode == M6_GEN_KEY)
        return whole;
    if (o->mode == M6_GEN_REGION) {
        w = fmax(frame_w / 3, 1);
        h = fmax(frame_h / 3, 1);
        x = (frame_w - (int)w) / 2;
        y = (frame_h - (int)h) / 2;
    } else if (o->w && !o->h) {
        h = value_of(o->w, v, w) * ph / pw;
    } else if (o->h && !o->w) {
        w = value_of(o->h, v, h) * pw / ph;
    }
    struct m6_gen_rect r;
    r.w = rounded(value_of(o->w, v, w));
    r.h = rounded(value_of(o->h, v, h));
    r.w = r.w < 1 ? 1 : r.w;
    r.h = r.h < 1 ? 1 : r.h;
    v[M6_EXPR_PICTURE_W] = r.w;
    v[M6_EXPR_PICTURE_H] = r.h;
    r.x = rounded(value_of(o->x, v, x));
    r.y = rounded(value_of(o->y, v, y));
    return r;
}

double m6_gen_opacity(const struct m6_gen_options *o, int frame_w, int frame_h, const struct m6_gen_rect *r, int64_t t, int64_t n)
{
    const double v[M6_EXPR_VARIABLES] = {frame_w, frame_h, r->w, r->h, (double)t / 1e9, (double)n};
    return fmin(fmax(value_of(o->opacity, v, 1), 0), 1);
}

static int is_fixed(const struct m6_expr *e)
{
    return e && !m6_expr_varies(e) && !m6_expr_uses(e, M6_EXPR_PICTURE_W) && !m6_expr_uses(e, M6_EXPR_PICTURE_H);
}

void m6_gen_draw_size(const struct m6_gen_options *o, const struct m6_gen_rect *r, int *w, int *h)
{
    *w = *h = 0;
    if (o->mode == M6_GEN_OVERLAY) {
        if ((o->w && !is_fixed(o->w)) || (o->h && !is_fixed(o->h)) || (!o->w && !o->h))
            return;
        if (!o->w || !o->h) { /* the other side follows from the model's shape */
            const int side = o->w ? r->w : r->h;
            *(o->w ? w : h) = side < SIDE_MIN ? SIDE_MIN : side > SIDE_MAX ? SIDE_MAX : side;
            return;
        }
    }
    const int small = r->w < r->h ? r->w : r->h, large = r->w < r->h ? r->h : r->w;
    const double up = small < SIDE_MIN ? (double)SIDE_MIN / small : 1, scale = large * up > SIDE_MAX ? (double)SIDE_MAX / large : up;
    *w = rounded(r->w * scale);
    *h = rounded(r->h * scale);
    *w = *w < SIDE_MIN ? SIDE_MIN : *w;
    *h = *h < SIDE_MIN ? SIDE_MIN : *h;
}
