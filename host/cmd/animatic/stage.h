/* How a picture lies in a frame of another shape: filling it if the shapes are close, else in the
 * middle, before a dark, blurred enlargement of itself.
 */
#ifndef M6_CMD_STAGE_H
#define M6_CMD_STAGE_H

#include "animatic/moves.h"
#include "animatic/resample.h"

struct stage {
    int width, height;
    uint16_t *scratch;
};
struct stage_picture {
    struct raster work, backdrop; /* backdrop.rgb NULL: the picture fills the frame */
    int x, y, w, h;               /* where it lies */
    double crop_x, crop_y; /* share of each side that fits the frame's shape, 1 or a little less */
};

int stage_init(struct stage *, int width, int height); /* -1 when out of memory */
void stage_finish(struct stage *);
int stage_picture_init(struct stage_picture *, const struct stage *,
                       const struct m6_plugin_picture *);
void stage_picture_finish(struct stage_picture *);
void stage_draw(const struct stage *, const struct stage_picture *, struct move_view,
                struct raster *to);

#endif
