#include "pen.h"

#include <math.h>

static const struct sw_rgb halo = {0.92, 0.92, 0.89}, outline = {0.20, 0.20, 0.25};
static const double halo_width = 2.9, outline_width = 1.7;

struct sw_rgb sw_mix_rgb(struct sw_rgb a, struct sw_rgb b, double t)
{
    return (struct sw_rgb){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

void sw_set_rgb(cairo_t *cr, struct sw_rgb c)
{
    cairo_set_source_rgb(cr, c.r, c.g, c.b);
}

void sw_path_ellipse(cairo_t *cr, double x, double y, double rx, double ry, double degrees)
{
    cairo_matrix_t keep;

    cairo_get_matrix(cr, &keep);
    cairo_new_sub_path(cr);
    cairo_translate(cr, x, y);
    cairo_rotate(cr, degrees * (M_PI / 180));
    cairo_scale(cr, rx, ry);
    cairo_arc(cr, 0, 0, 1, 0, 2 * M_PI);
    cairo_close_path(cr);
    cairo_set_matrix(cr, &keep);
}

void sw_path_box(cairo_t *cr, double x, double y, double w, double h, double radius)
{
    if (radius <= 0) {
        cairo_rectangle(cr, x, y, w, h);
        return;
    }
    cairo_new_sub_path(cr);
    cairo_arc(cr, x + w - radius, y + radius, radius, -M_PI / 2, 0);
    cairo_arc(cr, x + w - radius, y + h - radius, radius, 0, M_PI / 2);
    cairo_arc(cr, x + radius, y + h - radius, radius, M_PI / 2, M_PI);
    cairo_arc(cr, x + radius, y + radius, radius, M_PI, 3 * M_PI / 2);
    cairo_close_path(cr);
}

void sw_path_polygon(cairo_t *cr, int n, const double (*points)[2])
{
    cairo_new_sub_path(cr);
    for (int i = 0; i < n; i++)
        cairo_line_to(cr, points[i][0], points[i][1]);
    cairo_close_path(cr);
}

void sw_path_line(cairo_t *cr, double x0, double y0, double x1, double y1)
{
    cairo_move_to(cr, x0, y0);
    cairo_line_to(cr, x1, y1);
}

int sw_pen_details(const struct sw_pen *pen)
{
    return pen->pass == SW_PASS_FILL;
}

static double margin(const struct sw_pen *pen)
{
    return 2 * pen->unit * (pen->pass == SW_PASS_HALO ? halo_width : outline_width);
}

void sw_pen_fill(struct sw_pen *pen, struct sw_rgb c)
{
    if (pen->pass == SW_PASS_FILL) {
        sw_set_rgb(pen->cr, c);
        cairo_fill(pen->cr);
        return;
    }
    sw_set_rgb(pen->cr, pen->pass == SW_PASS_HALO ? halo : outline);
    cairo_set_line_width(pen->cr, margin(pen));
    if (pen->pass == SW_PASS_MASK)
        cairo_fill_preserve(pen->cr);
    cairo_stroke(pen->cr);
}

void sw_pen_stroke(struct sw_pen *pen, double width, struct sw_rgb c)
{
    if (pen->pass == SW_PASS_FILL) {
        sw_set_rgb(pen->cr, c);
        cairo_set_line_width(pen->cr, width);
    } else {
        sw_set_rgb(pen->cr, pen->pass == SW_PASS_HALO ? halo : outline);
        cairo_set_line_width(pen->cr, width + margin(pen));
    }
    cairo_stroke(pen->cr);
}
