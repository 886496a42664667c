#include "stage.h"

#include <math.h>

#define C(r, g, b)                                                                                 \
    {                                                                                              \
        (r) / 255.0, (g) / 255.0, (b) / 255.0                                                      \
    }

static const struct sw_rgb skies[SW_TIMES][3] = {
    [SW_DAWN] = {C(140, 176, 232), C(250, 180, 200), C(255, 232, 160)},
    [SW_DAY] = {C(44, 136, 236), C(104, 182, 250), C(184, 226, 255)},
    [SW_DUSK] = {C(70, 40, 118), C(196, 62, 96), C(255, 146, 50)},
    [SW_NIGHT] = {C(8, 10, 40), C(14, 20, 66), C(32, 44, 104)},
};
/* What the sky turns to under cloud, rain and snow, and how far. */
static const struct sw_rgb grey[SW_TIMES][SW_WEATHERS] = {
    [SW_DAWN] = {C(0, 0, 0), C(206, 176, 196), C(140, 114, 140), C(196, 166, 186)},
    [SW_DAY] = {C(0, 0, 0), C(150, 176, 206), C(94, 112, 138), C(150, 170, 196)},
    [SW_DUSK] = {C(0, 0, 0), C(120, 70, 100), C(84, 46, 74), C(124, 80, 112)},
    [SW_NIGHT] = {C(0, 0, 0), C(24, 28, 52), C(16, 18, 36), C(36, 42, 72)},
};
static const double greyness[SW_WEATHERS] = {0, 0.3, 0.62, 0.55};
static const struct sw_rgb clouds[SW_TIMES][SW_WEATHERS] = {
    [SW_DAWN] = {C(0, 0, 0), C(255, 240, 236), C(100, 82, 108), C(238, 220, 230)},
    [SW_DAY] = {C(0, 0, 0), C(252, 253, 255), C(62, 74, 96), C(226, 234, 244)},
    [SW_DUSK] = {C(0, 0, 0), C(250, 176, 136), C(46, 26, 54), C(190, 150, 168)},
    [SW_NIGHT] = {C(0, 0, 0), C(96, 106, 148), C(54, 60, 86), C(112, 122, 158)},
};
static const struct sw_rgb drops[SW_TIMES] = {[SW_DAWN] = C(214, 232, 255),
                                              [SW_DAY] = C(206, 230, 255),
                                              [SW_DUSK] = C(196, 206, 246),
                                              [SW_NIGHT] = C(140, 172, 236)};
static const struct sw_rgb factors[SW_TIMES] = {[SW_DAWN] = {1.0, 0.9, 0.88},
                                                [SW_DAY] = {1, 1, 1},
                                                [SW_DUSK] = {0.74, 0.52, 0.5},
                                                [SW_NIGHT] = {0.34, 0.4, 0.6}};
static const struct sw_rgb hazes[SW_TIMES] = {[SW_DAWN] = C(255, 190, 200),
                                              [SW_DAY] = C(255, 255, 255),
                                              [SW_DUSK] = C(200, 80, 70),
                                              [SW_NIGHT] = C(20, 28, 80)};
static const double haze_shares[SW_TIMES] = {0.2, 0, 0.18, 0.12};

void sw_light_set(struct sw_light *light, enum sw_time time, enum sw_weather weather)
{
    for (int i = 0; i < 3; i++)
        light->sky[i] = sw_mix_rgb(skies[time][i], grey[time][weather], greyness[weather]);
    light->cloud = clouds[time][weather];
    light->drop = drops[time];
    light->factor = factors[time];
    if (weather == SW_RAIN && time != SW_NIGHT) {
        light->factor.r *= 0.8;
        light->factor.g *= 0.82;
        light->factor.b *= 0.88;
    }
    light->haze = hazes[time];
    light->haze_share = haze_shares[time];
    light->snow = weather == SW_SNOW;
    light->night = time == SW_NIGHT;
}

struct sw_rgb sw_lit(const struct sw_light *light, struct sw_rgb c)
{
    struct sw_rgb lit = {c.r * light->factor.r, c.g * light->factor.g, c.b * light->factor.b};

    return sw_mix_rgb(lit, light->haze, light->haze_share);
}

struct sw_rgb sw_lit_snow(const struct sw_light *light)
{
    const struct sw_rgb white = SW_RGB(244, 247, 252);

    return sw_mix_rgb(sw_lit(light, white), white, 0.3);
}

struct sw_rgb sw_lit_ground(const struct sw_light *light, struct sw_rgb c)
{
    struct sw_rgb lit = sw_lit(light, c);

    return light->snow ? sw_mix_rgb(lit, sw_lit_snow(light), 0.88) : lit;
}

static void paint_gradient(cairo_t *cr, const struct sw_light *light)
{
    cairo_pattern_t *sky = cairo_pattern_create_linear(0, -92, 0, 0);

    for (int i = 0; i < 3; i++)
        cairo_pattern_add_color_stop_rgb(sky, i / 2.0, light->sky[i].r, light->sky[i].g,
                                         light->sky[i].b);
    cairo_set_source(cr, sky);
    cairo_rectangle(cr, -SW_STAGE_SIDE, -SW_STAGE_SIDE, 2 * SW_STAGE_SIDE, 2 * SW_STAGE_SIDE);
    cairo_fill(cr);
    cairo_pattern_destroy(sky);
}

/* A gradient-free disc with one broad pale ring: it must survive an eight-pixel code. */
static void paint_sun(cairo_t *cr, enum sw_time time)
{
    static const double place[3][2] = {{-52, -27}, {48, -54}, {52, -27}};
    static const struct sw_rgb disc[3] = {C(255, 246, 150), C(255, 238, 80), C(255, 84, 40)};
    static const struct sw_rgb ring[3] = {C(255, 238, 190), C(220, 238, 250), C(255, 160, 80)};
    double x = place[time][0], y = place[time][1];

    sw_path_ellipse(cr, x, y, 19, 19, 0);
    cairo_set_source_rgba(cr, ring[time].r, ring[time].g, ring[time].b, 0.55);
    cairo_fill(cr);
    sw_path_ellipse(cr, x, y, 13, 13, 0);
    sw_set_rgb(cr, disc[time]);
    cairo_fill(cr);
}

static void paint_moon_and_stars(cairo_t *cr)
{
    static const short stars[][2] = {{-84, -62},  {-20, -52}, {2, -64},    {28, -44},  {62, -60},
                                     {84, -40},   {-68, -34}, {-118, -56}, {114, -66}, {122, -38},
                                     {-150, -44}, {158, -52}, {-96, -84},  {90, -86},  {-8, -88},
                                     {-190, -70}, {196, -70}};

    sw_set_rgb(cr, SW_RGB(250, 248, 230));
    for (size_t i = 0; i < sizeof stars / sizeof *stars; i++) {
        double x = stars[i][0], y = stars[i][1];
        SW_POLYGON(cr, {x, y - 4}, {x + 1.4, y - 1.4}, {x + 4, y}, {x + 1.4, y + 1.4}, {x, y + 4},
                   {x - 1.4, y + 1.4}, {x - 4, y}, {x - 1.4, y - 1.4});
    }
    cairo_fill(cr);
    cairo_new_sub_path(cr);
    cairo_arc(cr, -48, -52, 14, -0.9, 2.2);
    cairo_arc_negative(cr, -54.5, -56.5, 11.2, 1.75, -0.42);
    cairo_close_path(cr);
    sw_set_rgb(cr, SW_RGB(255, 244, 190));
    cairo_fill(cr);
}

static void paint_clouds(cairo_t *cr, const struct sw_light *light)
{
    static const double place[][3] = {{-58, -60, 1.1}, {8, -66, 0.9},   {68, -57, 1.1},
                                      {-134, -62, 1},  {142, -64, 1.1}, {-200, -56, 1.1},
                                      {210, -58, 1}};

    sw_set_rgb(cr, light->cloud);
    for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
        double x = place[i][0], y = place[i][1], s = place[i][2];
        sw_path_ellipse(cr, x - 15 * s, y, 13 * s, 9 * s, 0);
        sw_path_ellipse(cr, x + 15 * s, y, 13 * s, 9 * s, 0);
        sw_path_ellipse(cr, x, y - 6 * s, 15 * s, 13 * s, 0);
        sw_path_box(cr, x - 16 * s, y - 2 * s, 32 * s, 11 * s, 0);
    }
    cairo_fill(cr);
}

void sw_sky_paint(cairo_t *cr, const struct sw_scene *scene, const struct sw_light *light)
{
    paint_gradient(cr, light);
    if (scene->weather != SW_CLEAR) {
        cairo_save(cr);
        if (scene->layout)
            cairo_scale(cr, -1, 1);
        paint_clouds(cr, light);
        cairo_restore(cr);
    } else if (scene->time == SW_NIGHT) {
        paint_moon_and_stars(cr);
    } else {
        paint_sun(cr, scene->time);
    }
}

static const short rain[][2] = {{9, 4},    {18, 40},  {47, 18}, {55, 58},  {86, 28},  {95, 66},
                                {135, 10}, {143, 48}, {181, 0}, {191, 34}, {203, 62}, {237, 22}};
static const short flakes[][2] = {{10, 8},   {34, 32},  {60, 12}, {84, 40},  {108, 10}, {132, 30},
                                  {158, 14}, {180, 40}, {204, 8}, {228, 32}, {250, 16}};
enum { RAIN_PERIOD = 72, RAIN_SLANT = 24, SNOW_PERIOD = 48 };

void sw_weather_paint(cairo_t *cr, const struct sw_scene *scene, const struct sw_light *light,
                      double fall)
{
    /* A window shows only part of the frame, so its weather is twice as dense. */
    const int layers = scene->place == SW_ROOM ? 2 : 1;
    /* The remainder is rounded so that a fall of whole periods leaves the very same picture. */
    double part = fall - floor(fall + 1e-9);

    if (scene->weather == SW_RAIN) {
        for (int tile = -layers; tile <= 2 * layers; tile++)
            for (size_t i = 0; i < sizeof rain / sizeof *rain; i++) {
                double row = (double)tile / layers + part;
                double x =
                    fmod(rain[i][0] + 512 - row * RAIN_SLANT + (tile & (layers - 1)) * 11, 256);
                double y = rain[i][1] + row * RAIN_PERIOD;
                for (int wrap = 0; wrap <= (x < 10); wrap++)
                    sw_path_line(cr, x + 256 * wrap, y, x + 256 * wrap - 6, y + 18);
            }
        sw_set_rgb(cr, light->drop);
        cairo_set_line_width(cr, 2.6);
        cairo_stroke(cr);
    } else if (scene->weather == SW_SNOW) {
        for (int tile = -layers; tile <= 3 * layers; tile++)
            for (size_t i = 0; i < sizeof flakes / sizeof *flakes; i++)
                sw_path_ellipse(cr, flakes[i][0] + (tile & (layers - 1)) * 12,
                                flakes[i][1] + ((double)tile / layers + part) * SNOW_PERIOD, 3, 3,
                                0);
        sw_set_rgb(cr, SW_RGB(255, 255, 255));
        cairo_fill(cr);
    }
}
