/* Light, sky and places: everything behind the subjects. Backgrounds are laid out around the
 * horizon: x = 0 is the middle of the frame, y = 0 the horizon, and one unit is a world unit in a
 * medium shot. */
#ifndef SW_STAGE_H
#define SW_STAGE_H

#include "pen.h"

struct sw_light {
    struct sw_rgb sky[3]; /* zenith, middle, horizon */
    struct sw_rgb cloud, drop;
    struct sw_rgb factor, haze;
    double haze_share;
    int snow, night;
};

enum {
    SW_STAGE_SIDE = 420
}; /* drawn this far to every side, so that no camera move shows an edge */

void sw_light_set(struct sw_light *light, enum sw_time time, enum sw_weather weather);
/* A surface's colour under the light; ground also takes snow. Snow stays brighter than any other
 * surface, or dusk and night would hide it. */
struct sw_rgb sw_lit_snow(const struct sw_light *light);
struct sw_rgb sw_lit(const struct sw_light *light, struct sw_rgb c);
struct sw_rgb sw_lit_ground(const struct sw_light *light, struct sw_rgb c);

void sw_sky_paint(cairo_t *cr, const struct sw_scene *scene, const struct sw_light *light);
/* Rain or snow over the whole frame, in world units; fall in whole periods looks like no fall at
 * all. */
void sw_weather_paint(cairo_t *cr, const struct sw_scene *scene, const struct sw_light *light,
                      double fall);
/* Land, water, buildings; not for SW_ROOM. */
void sw_place_paint(cairo_t *cr, const struct sw_scene *scene, const struct sw_light *light);
/* The room with its window, through which sky and weather show. */
void sw_room_paint(cairo_t *cr, const struct sw_scene *scene, const struct sw_light *light,
                   double fall, const cairo_matrix_t *frame);

#endif
