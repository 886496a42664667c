/* The eight other subjects: car, bus, boat, bicycle, house, tree, cup, bag; and the size and
 * colours of all. */
#include <math.h>

#include "pen.h"

#define GLASS SW_RGB(200, 230, 250)
#define TYRE SW_RGB(44, 44, 52)

static void fill(cairo_t *cr, struct sw_rgb c)
{
    sw_set_rgb(cr, c);
    cairo_fill(cr);
}

static void wheel(struct sw_pen *pen, double x, double r)
{
    sw_path_ellipse(pen->cr, x, -r, r, r, 0);
    sw_pen_fill(pen, TYRE);
    if (!sw_pen_details(pen))
        return;
    sw_path_ellipse(pen->cr, x, -r, r * 0.48, r * 0.48, 0);
    fill(pen->cr, SW_RGB(190, 194, 200));
}

static void car(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;

    SW_POLYGON(cr, {-44, -38}, {-28, -68}, {16, -68}, {38, -38});
    sw_pen_fill(pen, pen->body);
    cairo_new_sub_path(cr);
    cairo_move_to(cr, -66, -34);
    cairo_curve_to(cr, -66, -42, -58, -43, -46, -43);
    cairo_line_to(cr, 38, -43);
    cairo_curve_to(cr, 58, -42, 66, -36, 66, -26);
    cairo_line_to(cr, 66, -12);
    cairo_line_to(cr, -66, -12);
    cairo_close_path(cr);
    sw_pen_fill(pen, pen->body);
    wheel(pen, -36, 15);
    wheel(pen, 38, 15);
    if (!sw_pen_details(pen))
        return;
    SW_POLYGON(cr, {-34, -43}, {-24, -62}, {-8, -62}, {-8, -43});
    SW_POLYGON(cr, {-2, -43}, {-2, -62}, {13, -62}, {28, -43});
    fill(cr, GLASS);
    sw_path_box(cr, -18, -20, 38, 5, 2);
    fill(cr, pen->shade);
    sw_path_ellipse(cr, 61, -30, 4.5, 5.5, 0);
    fill(cr, SW_RGB(255, 235, 130));
    sw_path_box(cr, -66, -34, 6, 9, 2);
    fill(cr, SW_RGB(235, 90, 80));
}

static void bus(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;

    sw_path_box(cr, -66, -86, 132, 74, 9);
    sw_pen_fill(pen, pen->body);
    wheel(pen, -36, 14);
    wheel(pen, 24, 14);
    if (!sw_pen_details(pen))
        return;
    sw_path_box(cr, -66, -38, 132, 7, 0);
    fill(cr, pen->shade);
    for (int i = 0; i < 4; i++)
        sw_path_box(cr, -59 + i * 24, -77, 19, 25, 3);
    fill(cr, GLASS);
    sw_path_box(cr, 41, -77, 19, 60, 3);
    fill(cr, GLASS);
    sw_path_box(cr, 49, -77, 3, 60, 0);
    fill(cr, pen->shade);
    sw_path_box(cr, 61, -28, 5, 8, 1);
    fill(cr, SW_RGB(255, 235, 130));
}

static void boat(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;

    sw_path_line(cr, -2, -24, -2, -104);
    sw_pen_stroke(pen, 5, SW_RGB(125, 85, 55));
    SW_POLYGON(cr, {-8, -90}, {-8, -36}, {-40, -36});
    sw_pen_fill(pen, pen->shade);
    cairo_new_sub_path(cr);
    cairo_move_to(cr, 4, -104);
    cairo_curve_to(cr, 30, -84, 44, -60, 46, -36);
    cairo_line_to(cr, 4, -36);
    cairo_close_path(cr);
    sw_pen_fill(pen, pen->body);
    cairo_new_sub_path(cr);
    cairo_move_to(cr, -50, -28);
    cairo_line_to(cr, 56, -28);
    cairo_curve_to(cr, 50, -8, 42, 0, 30, 0);
    cairo_line_to(cr, -30, 0);
    cairo_curve_to(cr, -42, -4, -48, -14, -50, -28);
    cairo_close_path(cr);
    sw_pen_fill(pen, pen->body);
    if (!sw_pen_details(pen))
        return;
    sw_path_box(cr, -48, -22, 100, 6, 0);
    fill(cr, pen->shade);
}

static void bicycle(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;
    const struct sw_rgb metal = SW_RGB(70, 72, 82);

    for (int i = -1; i <= 1; i += 2) {
        sw_path_ellipse(cr, i * 39, -28, 25, 25, 0);
        sw_pen_fill(pen, SW_RGB(214, 220, 226));
        sw_path_ellipse(cr, i * 39, -28, 25, 25, 0);
        sw_pen_stroke(pen, 6, metal);
    }
    sw_path_line(cr, -16, -62, -19, -76);
    sw_pen_stroke(pen, 6, metal);
    cairo_move_to(cr, 27, -64);
    cairo_line_to(cr, 23, -82);
    cairo_line_to(cr, 37, -84);
    sw_pen_stroke(pen, 6, metal);
    sw_path_box(cr, -34, -84, 28, 9, 4);
    sw_pen_fill(pen, metal);
    SW_POLYGON(cr, {-39, -28}, {-3, -26}, {-16, -62});
    sw_pen_stroke(pen, 8, pen->body);
    SW_POLYGON(cr, {-3, -26}, {-16, -62}, {27, -62});
    sw_pen_stroke(pen, 9, pen->body);
    sw_path_line(cr, 26, -66, 39, -28);
    sw_pen_stroke(pen, 8, pen->body);
    if (!sw_pen_details(pen))
        return;
    sw_path_ellipse(cr, -3, -26, 8, 8, 0);
    fill(cr, metal);
}

static void house(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;
    const struct sw_rgb roof = SW_RGB(96, 92, 104);

    sw_path_box(cr, 22, -94, 16, 34, 0);
    sw_pen_fill(pen, SW_RGB(150, 110, 96));
    sw_path_box(cr, -46, -58, 92, 58, 0);
    sw_pen_fill(pen, pen->body);
    SW_POLYGON(cr, {-58, -54}, {0, -100}, {58, -54});
    sw_pen_fill(pen, roof);
    if (!sw_pen_details(pen))
        return;
    sw_path_box(cr, -11, -36, 22, 36, 2);
    fill(cr, SW_RGB(110, 72, 48));
    sw_path_box(cr, -38, -44, 20, 20, 0);
    sw_path_box(cr, 18, -44, 20, 20, 0);
    sw_set_rgb(cr, SW_RGB(255, 238, 165));
    cairo_fill_preserve(cr);
    sw_set_rgb(cr, roof);
    cairo_set_line_width(cr, 3);
    cairo_stroke(cr);
}

static void tree(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;
    static const double blobs[5][3] = {
        {-22, -52, 21}, {22, -52, 21}, {-17, -76, 20}, {17, -76, 20}, {0, -84, 21}};

    SW_POLYGON(cr, {-13, 0}, {13, 0}, {8, -44}, {-8, -44});
    sw_pen_fill(pen, SW_RGB(128, 84, 52));
    for (int i = 0; i < 5; i++) {
        sw_path_ellipse(cr, blobs[i][0], blobs[i][1], blobs[i][2], blobs[i][2], 0);
        sw_pen_fill(pen, pen->body);
    }
    sw_path_ellipse(cr, 0, -60, 20, 20, 0);
    sw_pen_fill(pen, pen->body);
    if (!sw_pen_details(pen))
        return;
    cairo_arc(cr, -22, -52, 21, 0.5, 2.7);
    cairo_curve_to(cr, -34, -36, -24, -40, -3.5, -42);
    fill(cr, pen->shade);
    cairo_arc(cr, 22, -52, 21, 0.4, 2.6);
    cairo_curve_to(cr, 12, -40, 26, -36, 41, -44);
    fill(cr, pen->shade);
}

static void cup(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;
    const struct sw_rgb steam = SW_RGB(226, 230, 236);

    for (int i = 0; i < 2; i++) {
        double x = i ? 6 : -20;
        cairo_move_to(cr, x, -80);
        cairo_curve_to(cr, x - 9, -88, x + 9, -94, x, -102);
        sw_pen_stroke(pen, 6, steam);
    }
    sw_path_ellipse(cr, 28, -36, 18, 19, 0);
    sw_pen_stroke(pen, 10, pen->shade);
    cairo_new_sub_path(cr);
    cairo_move_to(cr, -44, -66);
    cairo_line_to(cr, 30, -66);
    cairo_line_to(cr, 26, -10);
    cairo_curve_to(cr, 25, -2, 22, 0, 14, 0);
    cairo_line_to(cr, -28, 0);
    cairo_curve_to(cr, -36, 0, -39, -2, -40, -10);
    cairo_close_path(cr);
    sw_pen_fill(pen, pen->body);
    sw_path_ellipse(cr, -7, -66, 37, 8, 0);
    sw_pen_fill(pen, pen->shade);
    if (!sw_pen_details(pen))
        return;
    sw_path_ellipse(cr, -7, -65, 30, 5, 0);
    fill(cr, SW_RGB(108, 70, 46));
}

static void bag(struct sw_pen *pen)
{
    cairo_t *cr = pen->cr;

    cairo_move_to(cr, -22, -58);
    cairo_curve_to(cr, -24, -108, 24, -108, 22, -58);
    sw_pen_stroke(pen, 8, SW_RGB(150, 106, 66));
    cairo_new_sub_path(cr);
    cairo_move_to(cr, -38, -64);
    cairo_line_to(cr, 38, -64);
    cairo_line_to(cr, 48, -8);
    cairo_curve_to(cr, 48, -2, 46, 0, 40, 0);
    cairo_line_to(cr, -40, 0);
    cairo_curve_to(cr, -46, 0, -48, -2, -48, -8);
    cairo_close_path(cr);
    sw_pen_fill(pen, pen->body);
    if (!sw_pen_details(pen))
        return;
    cairo_move_to(cr, -38, -64);
    cairo_line_to(cr, 38, -64);
    cairo_curve_to(cr, 42, -22, -42, -22, -38, -64);
    fill(cr, pen->shade);
    sw_path_box(cr, -8, -42, 16, 14, 2);
    fill(cr, SW_RGB(250, 205, 90));
}

void sw_paint_thing(struct sw_pen *pen, enum sw_kind kind)
{
    static void (*const paint[])(struct sw_pen *) = {car,   bus,  boat, bicycle,
                                                     house, tree, cup,  bag};

    paint[kind - SW_CAR](pen);
}

void sw_subject_paint(struct sw_pen *pen, enum sw_kind kind)
{
    if (kind < SW_CAR)
        sw_paint_creature(pen, kind);
    else
        sw_paint_thing(pen, kind);
}

void sw_subject_extent(enum sw_kind kind, double *width, double *height)
{
    static const unsigned char extent[SW_KINDS][2] = {
        [SW_PERSON] = {72, 100}, [SW_DOG] = {112, 84},    [SW_CAT] = {80, 102},
        [SW_BIRD] = {122, 90},   [SW_HORSE] = {120, 108}, [SW_CAR] = {132, 68},
        [SW_BUS] = {132, 86},    [SW_BOAT] = {106, 104},  [SW_BICYCLE] = {136, 90},
        [SW_HOUSE] = {116, 100}, [SW_TREE] = {86, 105},   [SW_CUP] = {96, 103},
        [SW_BAG] = {96, 100},
    };

    *width = extent[kind][0];
    *height = extent[kind][1];
}

void sw_subject_colours(enum sw_colour colour, struct sw_rgb *body, struct sw_rgb *shade)
{
    static const unsigned char table[SW_COLOURS][6] = {
        [SW_RED] = {222, 36, 40, 158, 20, 30},       [SW_ORANGE] = {250, 132, 16, 196, 92, 8},
        [SW_YELLOW] = {255, 220, 40, 214, 172, 16},  [SW_GREEN] = {44, 168, 66, 24, 112, 44},
        [SW_BLUE] = {38, 104, 232, 22, 66, 160},     [SW_PURPLE] = {150, 60, 190, 102, 34, 138},
        [SW_WHITE] = {248, 248, 248, 204, 208, 216}, [SW_BLACK] = {40, 40, 46, 84, 84, 94},
    };
    const unsigned char *c = table[colour];

    *body = SW_RGB(c[0], c[1], c[2]);
    *shade = SW_RGB(c[3], c[4], c[5]);
}
