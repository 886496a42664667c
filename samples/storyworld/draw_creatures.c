/* The five living subjects: person, dog, cat, bird, horse. */
#include <math.h>

#include "pen.h"

#define INK SW_RGB(24, 24, 30)
#define PAPER SW_RGB(250, 250, 250)

static void eye(cairo_t *cr, double x, double y, double r)
{
    sw_path_ellipse(cr, x, y, r, r, 0);
    sw_set_rgb(cr, PAPER);
    cairo_fill(cr);
    sw_path_ellipse(cr, x + r * 0.25, y, r * 0.6, r * 0.6, 0);
    sw_set_rgb(cr, INK);
    cairo_fill(cr);
}

static void person(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;
    const struct sw_rgb skin = SW_RGB(240, 190, 150), hair = SW_RGB(92, 58, 36);
    const struct sw_rgb trousers = SW_RGB(104, 112, 136);

    sw_path_box(cr, -16, -36, 14, 34, 3);
    sw_pen_fill(pen, trousers);
    sw_path_box(cr, 3, -36, 14, 34, 3);
    sw_pen_fill(pen, trousers);
    sw_path_box(cr, -17, -8, 18, 8, 3);
    sw_pen_fill(pen, SW_RGB(60, 48, 44));
    sw_path_box(cr, 3, -8, 18, 8, 3);
    sw_pen_fill(pen, SW_RGB(60, 48, 44));

    sw_path_ellipse(cr, -29, -36, 6, 6, 0);
    sw_pen_fill(pen, skin);
    sw_path_line(cr, -17, -60, -27, -42);
    sw_pen_stroke(pen, 12, pen->shade);
    sw_path_ellipse(cr, 31, -85, 6.5, 6.5, 0);
    sw_pen_fill(pen, skin);
    sw_path_line(cr, 16, -60, 29, -77);
    sw_pen_stroke(pen, 12, pen->shade);
    SW_POLYGON(cr, {-15, -68}, {15, -68}, {22, -60}, {23, -28}, {-22, -28}, {-21, -60});
    sw_pen_fill(pen, pen->body);

    sw_path_ellipse(cr, 1, -84, 16, 16, 0);
    sw_pen_fill(pen, skin);
    if (!sw_pen_details(pen))
        return;
    cairo_new_path(cr);
    cairo_arc(cr, 1, -84, 16, M_PI * 0.8, M_PI * 1.95);
    cairo_curve_to(cr, 10, -92, -8, -98, -9, -76);
    cairo_close_path(cr);
    sw_set_rgb(cr, hair);
    cairo_fill(cr);
    sw_path_ellipse(cr, 3, -83, 2, 2.6, 0);
    sw_path_ellipse(cr, 11, -83, 2, 2.6, 0);
    sw_set_rgb(cr, INK);
    cairo_fill(cr);
    cairo_arc(cr, 7, -78, 4.5, 0.3, M_PI - 0.3);
    cairo_set_line_width(cr, 1.8);
    cairo_stroke(cr);
}

static void dog(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;

    cairo_move_to(cr, -38, -44);
    cairo_curve_to(cr, -50, -50, -54, -62, -50, -74);
    sw_pen_stroke(pen, 9, pen->shade);
    sw_path_box(cr, -24, -32, 11, 32, 4);
    sw_pen_fill(pen, pen->shade);
    sw_path_box(cr, 2, -32, 11, 32, 4);
    sw_pen_fill(pen, pen->shade);
    sw_path_box(cr, -41, -56, 64, 32, 15);
    sw_pen_fill(pen, pen->body);
    sw_path_box(cr, -40, -34, 12, 34, 4);
    sw_pen_fill(pen, pen->body);
    sw_path_box(cr, 11, -34, 12, 34, 4);
    sw_pen_fill(pen, pen->body);
    sw_path_box(cr, 26, -68, 30, 19, 9);
    sw_pen_fill(pen, pen->body);
    sw_path_ellipse(cr, 22, -64, 19, 19, 0);
    sw_pen_fill(pen, pen->body);
    if (!sw_pen_details(pen))
        return;
    sw_path_ellipse(cr, 12, -58, 8.5, 18, 12);
    sw_set_rgb(cr, pen->shade);
    cairo_fill(cr);
    eye(cr, 29, -70, 4.6);
    sw_path_ellipse(cr, 53, -66, 5.5, 4.5, 0);
    sw_set_rgb(cr, INK);
    cairo_fill(cr);
    sw_path_ellipse(cr, 43, -46, 4, 8, -10);
    sw_set_rgb(cr, SW_RGB(240, 110, 130));
    cairo_fill(cr);
}

static void cat(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;

    cairo_move_to(cr, 14, -8);
    cairo_curve_to(cr, 44, -4, 46, -26, 36, -38);
    cairo_curve_to(cr, 32, -46, 36, -54, 42, -56);
    sw_pen_stroke(pen, 10, pen->shade);
    sw_path_ellipse(cr, -4, -28, 27, 30, 0);
    sw_pen_fill(pen, pen->body);
    SW_POLYGON(cr, {-29, -68}, {-27, -102}, {-6, -84});
    sw_pen_fill(pen, pen->body);
    SW_POLYGON(cr, {21, -68}, {19, -102}, {-2, -84});
    sw_pen_fill(pen, pen->body);
    sw_path_ellipse(cr, -4, -68, 27, 21, 0);
    sw_pen_fill(pen, pen->body);
    sw_path_ellipse(cr, -14, -5, 10, 6, 0);
    sw_pen_fill(pen, pen->shade);
    sw_path_ellipse(cr, 7, -5, 10, 6, 0);
    sw_pen_fill(pen, pen->shade);
    if (!sw_pen_details(pen))
        return;
    SW_POLYGON(cr, {-25, -80}, {-24, -94}, {-14, -85});
    SW_POLYGON(cr, {17, -80}, {16, -94}, {6, -85});
    sw_set_rgb(cr, SW_RGB(245, 160, 175));
    cairo_fill(cr);
    for (int side = -1; side <= 1; side += 2) {
        sw_path_ellipse(cr, -4 + side * 11, -70, 6, 6.5, 0);
        sw_set_rgb(cr, SW_RGB(225, 240, 120));
        cairo_fill_preserve(cr);
        sw_set_rgb(cr, INK);
        cairo_set_line_width(cr, 1.6);
        cairo_stroke(cr);
        sw_path_ellipse(cr, -4 + side * 11, -70, 2, 5.5, 0);
        cairo_fill(cr);
    }
    SW_POLYGON(cr, {-8, -62}, {0, -62}, {-4, -57});
    sw_set_rgb(cr, SW_RGB(240, 110, 130));
    cairo_fill(cr);
    for (int side = -1; side <= 1; side += 2) {
        sw_path_line(cr, -4 + side * 10, -59, -4 + side * 33, -63);
        sw_path_line(cr, -4 + side * 10, -56, -4 + side * 32, -52);
    }
    sw_set_rgb(cr, SW_RGB(120, 120, 125));
    cairo_set_line_width(cr, 2);
    cairo_stroke(cr);
}

static void bird(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;
    const struct sw_rgb leg = SW_RGB(225, 130, 40);

    for (int i = 0; i < 2; i++) {
        double x = i ? 10 : -6;
        cairo_move_to(cr, x, -24);
        cairo_line_to(cr, x, -2);
        cairo_line_to(cr, x + 9, -2);
        sw_pen_stroke(pen, 4.5, leg);
    }
    SW_POLYGON(cr, {-26, -58}, {-60, -66}, {-56, -44}, {-26, -36});
    sw_pen_fill(pen, pen->shade);
    sw_path_ellipse(cr, -2, -44, 35, 25, -10);
    sw_pen_fill(pen, pen->body);
    SW_POLYGON(cr, {38, -80}, {62, -70}, {38, -60});
    sw_pen_fill(pen, SW_RGB(250, 180, 40));
    sw_path_ellipse(cr, 26, -70, 19, 19, 0);
    sw_pen_fill(pen, pen->body);
    if (!sw_pen_details(pen))
        return;
    cairo_move_to(cr, 14, -50);
    cairo_curve_to(cr, 10, -26, -16, -24, -36, -40);
    cairo_curve_to(cr, -24, -62, 0, -62, 14, -50);
    sw_set_rgb(cr, pen->shade);
    cairo_fill(cr);
    cairo_arc(cr, 26, -70, 19, -0.55, 0.55);
    sw_set_rgb(cr, INK);
    cairo_set_line_width(cr, 2);
    cairo_stroke(cr);
    eye(cr, 32, -75, 4.8);
}

static void horse(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;
    const struct sw_rgb mane = SW_RGB(116, 78, 54), hoof = SW_RGB(70, 60, 58);
    static const double legs[4][2] = {{-26, 1}, {12, 1}, {-40, 0}, {21, 0}};

    cairo_move_to(cr, -38, -60);
    cairo_curve_to(cr, -54, -58, -54, -40, -50, -22);
    sw_pen_stroke(pen, 10, mane);
    for (int i = 0; i < 4; i++) {
        sw_path_box(cr, legs[i][0], -44, 11, 40, 2);
        sw_pen_fill(pen, legs[i][1] ? pen->shade : pen->body);
        sw_path_box(cr, legs[i][0] - 1, -7, 13, 7, 2);
        sw_pen_fill(pen, hoof);
    }
    sw_path_box(cr, -42, -68, 74, 32, 15);
    sw_pen_fill(pen, pen->body);
    SW_POLYGON(cr, {6, -62}, {32, -48}, {46, -82}, {26, -98});
    sw_pen_fill(pen, pen->body);
    SW_POLYGON(cr, {27, -94}, {29, -108}, {38, -98});
    sw_pen_fill(pen, pen->body);
    sw_path_ellipse(cr, 45, -85, 21, 10.5, 28);
    sw_pen_fill(pen, pen->body);
    cairo_move_to(cr, 25, -101);
    cairo_curve_to(cr, 12, -92, 10, -76, 3, -66);
    sw_pen_stroke(pen, 9, mane);
    if (!sw_pen_details(pen))
        return;
    eye(cr, 38, -89, 4.2);
    sw_path_ellipse(cr, 59, -78, 2.2, 2.6, 0);
    sw_set_rgb(cr, INK);
    cairo_fill(cr);
}

void sw_paint_creature(struct sw_pen *pen, enum sw_kind kind)
{
    static void (*const paint[])(struct sw_pen *) = {person, dog, cat, bird, horse};

    paint[kind](pen);
}
