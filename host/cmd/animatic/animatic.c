#include "animatic/animatic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "animatic/stage.h"

#define FADE_SECONDS 0.4
#define CAPTION_FADE_SECONDS 0.15

/* Where a shot stands on the time line. Half of a cross-fade lies on either side of a cut. */
struct span {
    int start, end;           /* frames that are the shot's own */
    int visible, visible_end; /* and with the fades */
};

struct renderer {
    const struct animatic *a;
    struct span *spans;
    int total, fade;
    struct stage stage;
    struct stage_picture picture[2]; /* of shots i and i + 1, at i % 2 */
    int holds[2];
    struct raster frame, other;
    struct m6_title_image caption;
    int caption_of; /* which cue it is; -1: none */
};

static void lay_out(struct renderer *r)
{
    const struct animatic *a = r->a;
    int shortest = a->shots[0].frames, at = 0;
    for (int i = 1; i < a->shot_count; i++)
        shortest = a->shots[i].frames < shortest ? a->shots[i].frames : shortest;
    r->fade = (int)lround(FADE_SECONDS * a->rate) & ~1;
    if (r->fade > shortest / 2)
        r->fade = (shortest / 2) & ~1;
    for (int i = 0; i < a->shot_count; i++) {
        struct span *s = &r->spans[i];
        s->start = at;
        s->end = at += a->shots[i].frames;
        s->visible = i ? s->start - r->fade / 2 : s->start;
        s->visible_end = i + 1 < a->shot_count ? s->end + r->fade / 2 : s->end;
    }
    r->total = at;
}

static int prepare(struct renderer *r, int shot)
{
    const int slot = shot % 2;
    if (r->holds[slot] == shot)
        return 0;
    stage_picture_finish(&r->picture[slot]);
    r->holds[slot] = shot;
    return stage_picture_init(&r->picture[slot], &r->stage, &r->a->shots[shot].picture);
}

static int draw_shot(struct renderer *r, int shot, int frame, struct raster *to)
{
    const struct span *s = &r->spans[shot];
    const int length = s->visible_end - s->visible;
    const double t = length > 1 ? (double)(frame - s->visible) / (length - 1) : 0;
    if (prepare(r, shot))
        return -1;
    stage_draw(&r->stage, &r->picture[shot % 2], move_at(r->a->shots[shot].move, t, 1), to);
    return 0;
}

static void mix(struct raster *to, const struct raster *from, double share)
{
    const int w = (int)lround(share * 256);
    const size_t n = (size_t)to->width * (size_t)to->height * 3;
    for (size_t i = 0; i < n; i++)
        to->rgb[i] = (uint8_t)((to->rgb[i] * (256 - w) + from->rgb[i] * w + 128) >> 8);
}

/* Premultiplied ARGB over RGB, all of it `opacity` strong. */
static void lay_over(struct raster *to, const struct m6_title_image *image, double opacity)
{
    const uint32_t strength = (uint32_t)lround(opacity * 256);
    for (int y = 0; y < image->height; y++) {
        const int row = image->y + y;
        if (row < 0 || row >= to->height)
            continue;
        for (int x = 0; x < image->width; x++) {
            const int column = image->x + x;
            uint32_t p;
            if (column < 0 || column >= to->width)
                continue;
            memcpy(&p, image->argb + (size_t)y * image->stride + (size_t)x * 4, 4);
            const uint32_t keep = 256 * 255 - (p >> 24) * strength;
            uint8_t *out = to->rgb + ((size_t)row * (size_t)to->width + (size_t)column) * 3;
            for (int c = 0; c < 3; c++)
                out[c] = (uint8_t)((out[c] * keep + ((p >> (16 - 8 * c)) & 255) * strength * 255 +
                                    32640) /
                                   65280);
        }
    }
}

static enum m6_status burn(struct renderer *r, int frame, struct m6_error *err)
{
    const struct animatic *a = r->a;
    char why[256];
    int i = 0;
    while (i < a->cue_count && frame >= a->cues[i].end)
        i++;
    if (!a->title || i == a->cue_count || frame < a->cues[i].start || !*a->cues[i].text)
        return M6_OK;
    if (r->caption_of != i) {
        const struct m6_title_params p = {
            .text = a->cues[i].text, .lang = a->lang, .width = a->width, .height = a->height};
        if (r->caption_of >= 0)
            a->title->release(&r->caption);
        r->caption_of = -1;
        if (a->title->render(&p, &r->caption, why, sizeof why))
            return m6_fail(err, M6_ERR_INTERNAL, "%s", why);
        r->caption_of = i;
    }
    const double fade = fmax(CAPTION_FADE_SECONDS * a->rate, 1);
    const double in = (frame - a->cues[i].start + 1) / fade, out = (a->cues[i].end - frame) / fade;
    lay_over(&r->frame, &r->caption, fmin(1, fmin(in, out)));
    return M6_OK;
}

static enum m6_status render_frame(struct renderer *r, int shot, int frame, struct m6_error *err)
{
    const struct animatic *a = r->a;
    int rc = draw_shot(r, shot, frame, &r->frame);
    if (!rc && shot && frame < r->spans[shot].start + r->fade / 2) {
        rc = draw_shot(r, shot - 1, frame, &r->other);
        mix(&r->frame, &r->other, 0.5 - (frame - r->spans[shot].start + 0.5) / r->fade);
    } else if (!rc && shot + 1 < a->shot_count && frame >= r->spans[shot + 1].visible) {
        rc = draw_shot(r, shot + 1, frame, &r->other);
        mix(&r->frame, &r->other, (frame - r->spans[shot + 1].visible + 0.5) / r->fade);
    }
    if (rc)
        return m6_fail(err, M6_ERR_MEMORY, "out of memory");
    const enum m6_status status = burn(r, frame, err);
    if (status)
        return status;
    const struct m6_plugin_picture p = {a->width, a->height, (size_t)a->width * 3, r->frame.rgb};
    return a->frame(a->arg, frame, r->total, &p, err);
}

enum m6_status animatic_render(const struct animatic *a, struct m6_error *err)
{
    struct renderer r = {.a = a, .holds = {-1, -1}, .caption_of = -1};
    const size_t bytes = (size_t)a->width * (size_t)a->height * 3;
    enum m6_status status = M6_OK;
    r.spans = calloc((size_t)a->shot_count, sizeof *r.spans);
    r.frame = (struct raster){a->width, a->height, malloc(bytes)};
    r.other = (struct raster){a->width, a->height, malloc(bytes)};
    if (!r.spans || !r.frame.rgb || !r.other.rgb || stage_init(&r.stage, a->width, a->height))
        status = m6_fail(err, M6_ERR_MEMORY, "out of memory");
    else
        lay_out(&r);
    for (int shot = 0; shot < a->shot_count && !status; shot++) {
        for (int f = r.spans[shot].start; f < r.spans[shot].end && !status; f++)
            status = render_frame(&r, shot, f, err);
    }
    if (r.caption_of >= 0)
        a->title->release(&r.caption);
    for (int i = 0; i < 2; i++)
        stage_picture_finish(&r.picture[i]);
    stage_finish(&r.stage);
    raster_finish(&r.frame);
    raster_finish(&r.other);
    free(r.spans);
    return status;
}
