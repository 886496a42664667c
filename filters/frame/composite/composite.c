#include "exact.h"

#include <math.h>
#include <stdlib.h>

#include "colour.h"
#include "key.h"
#include "mix.h"
#include "prepared.h"
#include "m6/scale.h"

struct m6_composite {
    struct prepared *now; /* NULL: not prepared */
};

struct m6_composite *m6_composite_create(void)
{
    return calloc(1, sizeof(struct m6_composite));
}

static void prepared_destroy(struct prepared *p)
{
    if (!p)
        return;
    for (int i = 0; i < 4; i++) {
        free(p->patch[i].samples);
        free(p->patch[i].column);
        free(p->patch[i].row);
    }
    free(p->column);
    free(p->row);
    free(p->cover);
    free(p->effect);
    free(p->element);
    free(p->sum);
    key_destroy(p->key);
    free(p);
}

void m6_composite_destroy(struct m6_composite *c)
{
    if (c)
        prepared_destroy(c->now);
    free(c);
}

static enum m6_status no_memory(struct m6_error *err)
{
    return m6_fail(err, M6_ERR_MEMORY, "no memory to lay a picture over frames");
}

static int is_share(double v)
{
    return v >= 0 && v <= 1;
}

static enum m6_status check_key(const struct m6_frame_layout *layout, const struct m6_composite_params *params, struct m6_error *err)
{
    if (!is_share(params->similarity) || !is_share(params->blend) || !is_share(params->spill))
        return m6_fail(err, M6_ERR_ARGUMENT, "similarity %g, blend %g, spill %g: each must be from 0 to 1", params->similarity, params->blend, params->spill);
    if (layout->format->colours == 1)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%s frames have no colour to key; convert the video to yuv420p first", layout->format->name);
    if (layout->matrix == M6_MATRIX_RGB && !(layout->format->flags & FORMAT_RGB))
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%s frames that hold RGB cannot be keyed; convert the video to gbrp first", layout->format->name);
    return M6_OK;
}

static enum m6_status check(const struct m6_frame_layout *layout, const struct m6_composite_params *params, const struct m6_composite_picture *picture,
                            struct m6_error *err)
{
    if (!layout->format)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "frames of this pixel format cannot be composited; convert the video to yuv420p first");
    if (layout->width < 1 || layout->height < 1 || layout->width > M6_FRAME_SIDE_MAX || layout->height > M6_FRAME_SIDE_MAX)
        return m6_fail(err, M6_ERR_ARGUMENT, "a frame of %dx%d: sides must be from 1 to %d", layout->width, layout->height, M6_FRAME_SIDE_MAX);
    if (picture->width < 1 || picture->height < 1 || picture->width > M6_FRAME_SIDE_MAX || picture->height > M6_FRAME_SIDE_MAX)
        return m6_fail(err, M6_ERR_ARGUMENT, "a picture of %dx%d: sides must be from 1 to %d", picture->width, picture->height, M6_FRAME_SIDE_MAX);
    if (!picture->rgb || picture->stride < (size_t)picture->width * 3)
        return m6_fail(err, M6_ERR_ARGUMENT, "a picture of %d columns in rows of %zu bytes: they need %d", picture->width, picture->stride, picture->width * 3);
    if (layout->matrix == M6_MATRIX_RGB && (layout->format->across || layout->format->down))
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%s frames cannot hold RGB; set the matrix that they have, such as BT.709", layout->format->name);
    if (params->width < 0 || params->height < 0 || params->width > M6_FRAME_SIDE_MAX || params->height > M6_FRAME_SIDE_MAX)
        return m6_fail(err, M6_ERR_ARGUMENT, "a rectangle of %dx%d: sides must be from 0 to %d", params->width, params->height, M6_FRAME_SIDE_MAX);
    if (abs(params->x / 2) > M6_FRAME_SIDE_MAX || abs(params->y / 2) > M6_FRAME_SIDE_MAX)
        return m6_fail(err, M6_ERR_ARGUMENT, "a rectangle at %d, %d: both must be within %d of 0", params->x, params->y, 2 * M6_FRAME_SIDE_MAX);
    if (!(params->feather >= 0 && params->feather <= M6_FRAME_SIDE_MAX))
        return m6_fail(err, M6_ERR_ARGUMENT, "a feather of %g: it must be from 0 to %d pixels", params->feather, M6_FRAME_SIDE_MAX);
    return params->mode == M6_COMPOSITE_KEY ? check_key(layout, params, err) : M6_OK;
}

/* The rectangle, with what was left to the picture's shape. */
static enum m6_status place_of(const struct m6_frame_layout *layout, const struct m6_composite_params *params, const struct m6_composite_picture *picture,
                               struct area *place, struct m6_error *err)
{
    double w = params->width, h = params->height;
    if (params->mode == M6_COMPOSITE_REPLACE || (!params->width && !params->height)) {
        *place = (struct area){0, 0, layout->width, layout->height};
        return M6_OK;
    }
    if (!params->width)
        w = fmax(1, rint(h * picture->width / picture->height));
    if (!params->height)
        h = fmax(1, rint(w * picture->height / picture->width));
    if (w > M6_FRAME_SIDE_MAX || h > M6_FRAME_SIDE_MAX)
        return m6_fail(err, M6_ERR_ARGUMENT, "a rectangle of %.0fx%.0f, by the picture's shape: sides must be up to %d; give both", w, h, M6_FRAME_SIDE_MAX);
    *place = (struct area){params->x, params->y, params->x + (int)w, params->y + (int)h};
    return M6_OK;
}

static struct area inside(struct area a, const struct m6_frame_layout *layout)
{
    return (struct area){a.x0 < 0 ? 0 : a.x0, a.y0 < 0 ? 0 : a.y0, a.x1 > layout->width ? layout->width : a.x1, a.y1 > layout->height ? layout->height : a.y1};
}

/* The middle of the picture that has the shape of w × h. */
static struct m6_scale_source crop(const struct m6_composite_picture *p, int w, int h)
{
    struct m6_scale_source s = {p->rgb, p->stride, p->width, p->height, 0, 0, p->width, p->height};
    if ((int64_t)w * p->height > (int64_t)h * p->width) {
        s.height = (double)p->width * h / w;
        s.top = (p->height - s.height) / 2;
    } else {
        s.width = (double)p->height * w / h;
        s.left = (p->width - s.width) / 2;
    }
    return s;
}

/* The area's pixels, R'G'B' of the frame. NULL: out of memory. */
static uint16_t *pixels_of(const struct prepared *p, const struct area *place, const struct m6_composite_picture *picture, int windowed)
{
    const struct area *a = &p->area;
    const struct area whole = {0, 0, p->layout.width, p->layout.height}, *to = windowed ? &whole : place;
    const struct m6_scale_target target = {to->x1 - to->x0, to->y1 - to->y0, a->x0 - to->x0, a->y0 - to->y0, a->x1 - a->x0, a->y1 - a->y0};
    const struct m6_scale_source source = crop(picture, target.width, target.height);
    const size_t n = (size_t)target.w * (size_t)target.h;
    uint16_t *rgb = malloc(n * 3 * sizeof *rgb);
    if (!rgb || m6_scale_rgb16(&source, &target, rgb) || colour_convert(&p->layout, rgb, n)) {
        free(rgb);
        return NULL;
    }
    return rgb;
}

static int make_key(struct prepared *p, const struct m6_composite_params *params)
{
    uint16_t rgb[3];
    int code[3];
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint16_t)(params->key[c] * 257);
    if (colour_convert(&p->layout, rgb, 1))
        return -1;
    const struct colour_matrix m = colour_matrix_of(&p->layout);
    const uint32_t sum[3] = {rgb[0], rgb[1], rgb[2]};
    for (int c = 0; c < 3; c++)
        code[c] = colour_code(&m, c, sum, 0);
    p->key = key_create(p, code, params);
    return p->key ? 0 : -1;
}

static int make(struct prepared *p, const struct area *place, const struct m6_composite_params *params, const struct m6_composite_picture *picture)
{
    uint16_t *rgb = NULL;
    int rc = weights_make(p, place, params->mode == M6_COMPOSITE_REGION ? params->feather : 0) || mix_prepare(p) ||
             !(rgb = pixels_of(p, place, picture, params->windowed)) || samples_make(p, rgb);
    if (!rc && params->mode == M6_COMPOSITE_KEY)
        rc = make_key(p, params);
    free(rgb);
    return rc ? -1 : 0;
}

enum m6_status m6_composite_prepare(struct m6_composite *c, const struct m6_frame_layout *layout, const struct m6_composite_params *params,
                                    const struct m6_composite_picture *picture, struct m6_error *err)
{
    struct area place;
    enum m6_status status = check(layout, params, picture, err);
    if (!status)
        status = place_of(layout, params, picture, &place, err);
    if (status)
        return status;
    struct prepared *p = calloc(1, sizeof *p);
    if (!p)
        return no_memory(err);
    p->layout = colour_resolve(layout);
    p->area = inside(place, layout);
    if (!area_empty(p->area) && make(p, &place, params, picture)) {
        prepared_destroy(p);
        return no_memory(err);
    }
    prepared_destroy(c->now);
    c->now = p;
    return M6_OK;
}

void m6_composite_apply(struct m6_composite *c, const struct m6_frame_planes *frame, double opacity)
{
    if (c->now && !area_empty(c->now->area) && opacity > 0)
        mix_frame(c->now, frame, opacity < 1 ? opacity : 1);
}

int m6_composite_replaces(const struct m6_composite *c, double opacity)
{
    return c->now && c->now->whole && !c->now->key && opacity >= 1;
}

void m6_composite_rows(const struct m6_composite *c, int *first, int *end)
{
    const int empty = !c->now || area_empty(c->now->area);
    *first = empty ? 0 : c->now->area.y0;
    *end = empty ? 0 : c->now->area.y1;
}
