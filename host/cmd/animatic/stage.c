#include "animatic/stage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CROP_MOST 0.08 /* of a side may be cut off to fill the frame */
#define WORK_SCALE                                                                                 \
    1.16 /* the closest move shows 0.86 of a picture; its samples are about one a pixel then */
enum { BLUR_SIDE = 12 };

int stage_init(struct stage *s, int width, int height)
{
    *s = (struct stage){width, height, malloc((size_t)width * 6 * sizeof *s->scratch)};
    return s->scratch ? 0 : -1;
}

void stage_finish(struct stage *s)
{
    free(s->scratch);
    s->scratch = NULL;
}

/* Small and large again: a wide blur for little work. Dark, so that it stays behind. */
static int make_backdrop(struct stage_picture *p, const struct stage *s,
                         const struct m6_plugin_picture *from)
{
    const double shape = (double)s->width / s->height, own = (double)from->width / from->height;
    struct m6_plugin_picture cut = *from;
    struct raster small = {0};
    if (own > shape) {
        cut.width = (int)fmax(1, from->height * shape);
        cut.rgb += 3 * ((from->width - cut.width) / 2);
    } else {
        cut.height = (int)fmax(1, from->width / shape);
        cut.rgb += cut.stride * (size_t)((from->height - cut.height) / 2);
    }
    const int small_w = shape > 1 ? (int)lround(BLUR_SIDE * shape) : BLUR_SIDE;
    const int small_h = shape > 1 ? BLUR_SIDE : (int)lround(BLUR_SIDE / shape);
    int rc = resample(&cut, &small, small_w, small_h);
    if (!rc) {
        const struct m6_plugin_picture view = {small_w, small_h, (size_t)small_w * 3, small.rgb};
        rc = resample(&view, &p->backdrop, s->width, s->height);
    }
    raster_finish(&small);
    for (size_t i = 0; !rc && i < (size_t)s->width * (size_t)s->height * 3; i++)
        p->backdrop.rgb[i] = (uint8_t)(p->backdrop.rgb[i] * 115 >> 8);
    return rc;
}

int stage_picture_init(struct stage_picture *p, const struct stage *s,
                       const struct m6_plugin_picture *from)
{
    const double shape = (double)s->width / s->height, own = (double)from->width / from->height;
    *p = (struct stage_picture){.w = s->width, .h = s->height, .crop_x = 1, .crop_y = 1};
    if (own >= shape)
        p->crop_x = shape / own;
    else
        p->crop_y = own / shape;
    if (p->crop_x < 1 - CROP_MOST || p->crop_y < 1 - CROP_MOST) {
        p->w = own >= shape ? s->width : (int)lround(s->height * own);
        p->h = own >= shape ? (int)lround(s->width / own) : s->height;
        p->w = p->w < 1 ? 1 : p->w;
        p->h = p->h < 1 ? 1 : p->h;
        p->x = (s->width - p->w) / 2;
        p->y = (int)((s->height - p->h) * 0.46);
        p->crop_x = p->crop_y = 1;
        if (make_backdrop(p, s, from))
            return -1;
    }
    return resample(from, &p->work, (int)lround(p->w / p->crop_x * WORK_SCALE),
                    (int)lround(p->h / p->crop_y * WORK_SCALE));
}

void stage_picture_finish(struct stage_picture *p)
{
    raster_finish(&p->work);
    raster_finish(&p->backdrop);
}

void stage_draw(const struct stage *s, const struct stage_picture *p, struct move_view view,
                struct raster *to)
{
    const double w = view.w * p->crop_x, h = view.h * p->crop_y;
    const double x = view.x * p->crop_x + (1 - p->crop_x) / 2,
                 y = view.y * p->crop_y + (1 - p->crop_y) / 2;
    if (p->backdrop.rgb)
        memcpy(to->rgb, p->backdrop.rgb, (size_t)s->width * (size_t)s->height * 3);
    sample_window(&p->work, x * p->work.width, y * p->work.height, w * p->work.width,
                  h * p->work.height, to, p->x, p->y, p->w, p->h, s->scratch);
}
