/* Shapes for subjects. A subject is drawn in three passes over the same shapes: a light halo, a
 * dark outline, then the fills; so a black cat shows at night and a white one in the snow. */
#ifndef SW_PEN_H
#define SW_PEN_H

#include <cairo.h>

#include "storyworld.h"

struct sw_rgb {
    double r, g, b;
};

#define SW_RGB(r, g, b) ((struct sw_rgb){(r) / 255.0, (g) / 255.0, (b) / 255.0})

enum sw_pass { SW_PASS_HALO, SW_PASS_OUTLINE, SW_PASS_FILL, SW_PASS_MASK };

struct sw_pen {
    cairo_t *cr;
    enum sw_pass pass;
    double unit; /* one world unit in the subject's own units */
    struct sw_rgb body, shade;
};

struct sw_rgb sw_mix_rgb(struct sw_rgb a, struct sw_rgb b, double t);
void sw_set_rgb(cairo_t *cr, struct sw_rgb c);

/* Paths, appended to the current one. */
void sw_path_ellipse(cairo_t *cr, double x, double y, double rx, double ry, double degrees);
void sw_path_box(cairo_t *cr, double x, double y, double w, double h, double radius);
void sw_path_polygon(cairo_t *cr, int n, const double (*points)[2]);
void sw_path_line(cairo_t *cr, double x0, double y0, double x1, double y1);

#define SW_POLYGON(cr, ...)                                                                        \
    sw_path_polygon((cr), (int)(sizeof((double[][2]){__VA_ARGS__}) / sizeof(double[2])),           \
                    (const double[][2]){__VA_ARGS__})

/* Ends a shape of the silhouette in whatever way the pass wants. */
void sw_pen_fill(struct sw_pen *pen, struct sw_rgb c);
void sw_pen_stroke(struct sw_pen *pen, double width, struct sw_rgb c);
/* True in the pass in which details inside the silhouette are drawn. */
int sw_pen_details(const struct sw_pen *pen);

/* Extent of a subject in its own units; it stands on y = 0 around x = 0 and looks to the right. */
void sw_subject_extent(enum sw_kind kind, double *width, double *height);
void sw_subject_paint(struct sw_pen *pen, enum sw_kind kind);
void sw_subject_colours(enum sw_colour colour, struct sw_rgb *body, struct sw_rgb *shade);
void sw_paint_creature(struct sw_pen *pen, enum sw_kind kind);
void sw_paint_thing(struct sw_pen *pen, enum sw_kind kind);

#endif
