#include "stage.h"

#include <math.h>

#define GROUND(c) sw_set_rgb(cr, sw_lit_ground(light, c))
#define SURFACE(c) sw_set_rgb(cr, sw_lit(light, c))
#define SNOW() sw_set_rgb(cr, sw_lit_snow(light))

static void ground(cairo_t *cr, double from, double to)
{
    cairo_rectangle(cr, -SW_STAGE_SIDE, from, 2 * SW_STAGE_SIDE, to - from);
    cairo_fill(cr);
}

static void sea(cairo_t *cr, const struct sw_light *light)
{
    static const short waves[][2] = {{-72, 9},   {-22, 12},  {34, 8},    {82, 13},   {-50, 27},
                                     {6, 25},    {58, 28},   {-92, 43},  {-26, 42},  {34, 44},
                                     {88, 42},   {-124, 11}, {-172, 10}, {130, 9},   {176, 12},
                                     {-120, 28}, {112, 27},  {164, 29},  {-150, 45}, {146, 44},
                                     {-80, 62},  {-10, 64},  {60, 62},   {-140, 66}, {130, 64}};

    sw_path_ellipse(cr, -62, 2, 30, 15, 0);
    sw_path_ellipse(cr, -84, 2, 18, 9, 0);
    GROUND(SW_RGB(96, 120, 88));
    cairo_fill(cr);
    SURFACE(SW_RGB(22, 104, 176));
    ground(cr, 0, 18);
    SURFACE(SW_RGB(34, 124, 196));
    ground(cr, 18, SW_STAGE_SIDE);
    for (size_t i = 0; i < sizeof waves / sizeof *waves; i++) {
        double x = waves[i][0], y = waves[i][1];
        if (light->snow) {
            sw_path_ellipse(cr, x, y, 15, 4.5, 0);
            continue;
        }
        cairo_move_to(cr, x - 14, y);
        cairo_curve_to(cr, x - 9, y - 6, x - 4, y - 5, x, y);
        cairo_curve_to(cr, x + 4, y - 6, x + 9, y - 5, x + 14, y);
    }
    if (light->snow) {
        SNOW();
        cairo_fill(cr);
    } else {
        SURFACE(SW_RGB(178, 224, 250));
        cairo_set_line_width(cr, 3);
        cairo_stroke(cr);
    }
}

static void palm(cairo_t *cr, const struct sw_light *light, double x, double y, double s)
{
    static const double leaves[][3] = {{-19, 3, -24}, {19, 3, 24},    {-13, -9, 28},
                                       {13, -9, -28}, {-14, 13, -58}, {14, 13, 58}};

    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, s, s);
    cairo_move_to(cr, 0, 0);
    cairo_curve_to(cr, 2, -24, 6, -44, 16, -62);
    SURFACE(SW_RGB(140, 96, 58));
    cairo_set_line_width(cr, 8);
    cairo_stroke(cr);
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
        sw_path_ellipse(cr, 16 + leaves[i][0], -62 + leaves[i][1], 19, 6, leaves[i][2]);
    SURFACE(SW_RGB(40, 146, 74));
    cairo_fill(cr);
    cairo_restore(cr);
}

static void beach(cairo_t *cr, const struct sw_light *light)
{
    SURFACE(SW_RGB(30, 150, 200));
    ground(cr, 0, 18);
    SURFACE(SW_RGB(240, 250, 255));
    ground(cr, 17, 22);
    GROUND(SW_RGB(250, 222, 150));
    ground(cr, 22, SW_STAGE_SIDE);
    palm(cr, light, -88, 32, 1.05);
    palm(cr, light, 150, 28, 0.95);
    palm(cr, light, -196, 30, 1);
}

static void conifer(cairo_t *cr, const struct sw_light *light, double x, double h,
                    struct sw_rgb green)
{
    double w = h * 0.3;

    cairo_rectangle(cr, x - 5, -8, 10, 18);
    SURFACE(SW_RGB(104, 72, 48));
    cairo_fill(cr);
    SW_POLYGON(cr, {x - w, -4}, {x + w, -4}, {x, -h * 0.62});
    SW_POLYGON(cr, {x - w * 0.84, -h * 0.3}, {x + w * 0.84, -h * 0.3}, {x, -h * 0.82});
    SW_POLYGON(cr, {x - w * 0.64, -h * 0.58}, {x + w * 0.64, -h * 0.58}, {x, -h});
    SURFACE(green);
    cairo_fill(cr);
    if (light->snow) {
        SW_POLYGON(cr, {x - w * 0.42, -h * 0.72}, {x + w * 0.42, -h * 0.72}, {x, -h});
        SNOW();
        cairo_fill(cr);
    }
}

static void forest(cairo_t *cr, const struct sw_light *light)
{
    static const short back[] = {-178, -130, -62, -34, 28, 58, 124, 176},
                       front[] = {-206, -154, -96, -4, 92, 150, 204};

    SURFACE(SW_RGB(58, 122, 82));
    ground(cr, -16, 4);
    GROUND(SW_RGB(70, 124, 60));
    ground(cr, 2, SW_STAGE_SIDE);
    for (size_t i = 0; i < sizeof back / sizeof *back; i++)
        conifer(cr, light, back[i], 34, SW_RGB(58, 122, 82));
    for (size_t i = 0; i < sizeof front / sizeof *front; i++)
        conifer(cr, light, front[i], i % 2 ? 70 : 82, SW_RGB(30, 98, 60));
}

static void city(cairo_t *cr, const struct sw_light *light)
{
    static const struct {
        short x, w, h;
        unsigned char r, g, b;
    } blocks[] = {
        {-206, 44, 56, 150, 150, 166}, {-158, 40, 72, 168, 140, 130}, {-114, 42, 66, 120, 134, 160},
        {-70, 42, 27, 150, 156, 176},  {-24, 44, 72, 176, 146, 132},  {26, 42, 27, 116, 130, 158},
        {70, 42, 62, 156, 160, 178},   {114, 44, 46, 170, 142, 132},  {162, 44, 54, 122, 136, 162}};
    struct sw_rgb window = light->factor.r < 0.8 && light->factor.g < 0.62
                               ? SW_RGB(255, 222, 110)
                               : sw_lit(light, SW_RGB(214, 234, 248));

    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        double x = blocks[i].x, w = blocks[i].w, h = blocks[i].h;
        cairo_rectangle(cr, x, -h, w, h + 4);
        SURFACE(SW_RGB(blocks[i].r, blocks[i].g, blocks[i].b));
        cairo_fill(cr);
        if (light->snow) {
            cairo_rectangle(cr, x - 1, -h - 2, w + 2, 6);
            SNOW();
            cairo_fill(cr);
        }
        for (double y = -h + 9; y < -12; y += 17) {
            cairo_rectangle(cr, x + 6, y, 11, 10);
            cairo_rectangle(cr, x + w - 17, y, 11, 10);
        }
        sw_set_rgb(cr, window);
        cairo_fill(cr);
    }
    GROUND(SW_RGB(190, 190, 194));
    ground(cr, 2, 12);
    GROUND(SW_RGB(92, 94, 104));
    ground(cr, 12, SW_STAGE_SIDE);
    for (int x = -210; x <= 210; x += 60)
        cairo_rectangle(cr, x - 17, 30, 34, 5);
    SURFACE(light->snow ? SW_RGB(190, 196, 206) : SW_RGB(250, 230, 140));
    cairo_fill(cr);
}

static void cactus(cairo_t *cr, const struct sw_light *light, double x, double y, double s)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, s, s);
    sw_path_line(cr, 0, 0, 0, -48);
    cairo_move_to(cr, 0, -16);
    cairo_line_to(cr, -14, -16);
    cairo_line_to(cr, -14, -32);
    cairo_move_to(cr, 0, -22);
    cairo_line_to(cr, 14, -22);
    cairo_line_to(cr, 14, -40);
    SURFACE(SW_RGB(48, 136, 70));
    cairo_set_line_width(cr, 9);
    cairo_stroke(cr);
    cairo_restore(cr);
}

static void desert(cairo_t *cr, const struct sw_light *light)
{
    SW_POLYGON(cr, {26, 2}, {34, -26}, {88, -26}, {98, 2});
    SW_POLYGON(cr, {-200, 2}, {-190, -20}, {-150, -20}, {-140, 2});
    SURFACE(SW_RGB(196, 104, 66));
    cairo_fill(cr);
    sw_path_ellipse(cr, -70, 8, 110, 18, 0);
    sw_path_ellipse(cr, 130, 8, 100, 14, 0);
    sw_path_ellipse(cr, -240, 8, 90, 16, 0);
    GROUND(SW_RGB(222, 158, 76));
    cairo_fill(cr);
    GROUND(SW_RGB(240, 184, 96));
    ground(cr, 4, SW_STAGE_SIDE);
    sw_path_ellipse(cr, 70, 40, 120, 14, 0);
    GROUND(SW_RGB(226, 164, 80));
    cairo_fill(cr);
    cactus(cr, light, -78, 14, 1.05);
    cactus(cr, light, 118, 10, 0.85);
    cactus(cr, light, -180, 16, 0.9);
}

static void mountains(cairo_t *cr, const struct sw_light *light)
{
    static const short peaks[][3] = {
        {-190, 52, 66}, {190, 54, 66}, {6, 36, 46}, {-86, 56, 62}, {88, 52, 60}};

    for (size_t i = 0; i < sizeof peaks / sizeof *peaks; i++) {
        double x = peaks[i][0], h = peaks[i][1], w = peaks[i][2], s = light->snow ? 0.62 : 0.42;
        SW_POLYGON(cr, {x - w, 4}, {x, -h}, {x + w, 4});
        SURFACE(SW_RGB(124, 128, 156));
        cairo_fill(cr);
        SW_POLYGON(cr, {x, -h}, {x + w, 4}, {x + w * 0.2, 4});
        SURFACE(SW_RGB(98, 102, 132));
        cairo_fill(cr);
        SW_POLYGON(cr, {x, -h}, {x + w * s, -h + (h + 4) * s},
                   {x + w * s * 0.45, -h + (h + 4) * s * 0.78}, {x, -h + (h + 4) * s * 1.1},
                   {x - w * s * 0.45, -h + (h + 4) * s * 0.78}, {x - w * s, -h + (h + 4) * s});
        SNOW();
        cairo_fill(cr);
    }
    GROUND(SW_RGB(136, 154, 116));
    ground(cr, 3, SW_STAGE_SIDE);
    sw_path_ellipse(cr, -60, 20, 16, 7, 0);
    sw_path_ellipse(cr, 54, 24, 20, 8, 0);
    sw_path_ellipse(cr, 134, 18, 16, 7, 0);
    sw_path_ellipse(cr, -150, 26, 20, 8, 0);
    SURFACE(SW_RGB(128, 124, 116));
    cairo_fill(cr);
}

static void field(cairo_t *cr, const struct sw_light *light)
{
    static const short flowers[][2] = {{-82, 34},  {-46, 26}, {-4, 36},  {36, 28}, {78, 36},
                                       {-116, 28}, {118, 28}, {-24, 52}, {56, 52}, {-98, 54},
                                       {110, 54},  {160, 40}, {-160, 42}};

    sw_path_ellipse(cr, -60, 10, 120, 30, 0);
    sw_path_ellipse(cr, -260, 10, 100, 26, 0);
    GROUND(SW_RGB(96, 178, 76));
    cairo_fill(cr);
    sw_path_ellipse(cr, 100, 10, 130, 22, 0);
    GROUND(SW_RGB(122, 196, 84));
    cairo_fill(cr);
    GROUND(SW_RGB(150, 212, 92));
    ground(cr, 4, SW_STAGE_SIDE);
    for (int x = -208; x <= 208; x += 32)
        cairo_rectangle(cr, x - 3, -8, 6, 24);
    cairo_rectangle(cr, -SW_STAGE_SIDE, -4, 2 * SW_STAGE_SIDE, 4);
    cairo_rectangle(cr, -SW_STAGE_SIDE, 6, 2 * SW_STAGE_SIDE, 4);
    SURFACE(SW_RGB(150, 104, 66));
    cairo_fill(cr);
    if (light->snow)
        return;
    for (size_t i = 0; i < sizeof flowers / sizeof *flowers; i++)
        sw_path_ellipse(cr, flowers[i][0], flowers[i][1], 4, 4, 0);
    SURFACE(SW_RGB(255, 244, 120));
    cairo_fill(cr);
}

void sw_place_paint(cairo_t *cr, const struct sw_scene *scene, const struct sw_light *light)
{
    static void (*const paint[])(cairo_t *, const struct sw_light *) = {
        [SW_SEA] = sea,       [SW_BEACH] = beach,         [SW_FOREST] = forest, [SW_CITY] = city,
        [SW_DESERT] = desert, [SW_MOUNTAINS] = mountains, [SW_FIELD] = field};

    cairo_save(cr);
    if (scene->layout)
        cairo_scale(cr, -1, 1);
    paint[scene->place](cr, light);
    cairo_restore(cr);
}

static void curtain(cairo_t *cr, const struct sw_light *light, double x)
{
    cairo_rectangle(cr, x, -80, 16, 94);
    SURFACE(SW_RGB(134, 158, 150));
    cairo_fill(cr);
    cairo_rectangle(cr, x + 6, -80, 4, 94);
    SURFACE(SW_RGB(108, 132, 126));
    cairo_fill(cr);
}

static void furnish(cairo_t *cr, const struct sw_light *light)
{
    sw_path_line(cr, -132, 26, -132, -34);
    SURFACE(SW_RGB(96, 84, 78));
    cairo_set_line_width(cr, 5);
    cairo_stroke(cr);
    SW_POLYGON(cr, {-148, -32}, {-116, -32}, {-122, -58}, {-142, -58});
    sw_set_rgb(cr, light->factor.r < 0.8 ? SW_RGB(255, 226, 140)
                                         : sw_lit(light, SW_RGB(246, 232, 196)));
    cairo_fill(cr);
    cairo_rectangle(cr, 112, -58, 40, 34);
    SURFACE(SW_RGB(120, 92, 70));
    cairo_fill(cr);
    cairo_rectangle(cr, 117, -53, 30, 24);
    SURFACE(SW_RGB(214, 206, 188));
    cairo_fill(cr);
}

void sw_room_paint(cairo_t *cr, const struct sw_scene *scene, const struct sw_light *light,
                   double fall, const cairo_matrix_t *frame)
{
    struct sw_light indoors = *light;
    cairo_matrix_t keep;

    indoors.snow = 0;
    if (light->night)
        indoors.factor = (struct sw_rgb){0.46, 0.46, 0.64};
    light = &indoors;
    SURFACE(SW_RGB(242, 218, 180));
    ground(cr, -SW_STAGE_SIDE, 20);
    cairo_save(cr);
    if (scene->layout)
        cairo_scale(cr, -1, 1);
    furnish(cr, light);
    cairo_restore(cr);

    cairo_save(cr);
    cairo_rectangle(cr, -82, -74, 164, 80);
    cairo_clip(cr);
    sw_sky_paint(cr, scene, light);
    indoors.snow = scene->weather == SW_SNOW;
    sw_path_ellipse(cr, -50, 12, 90, 18, 0);
    sw_path_ellipse(cr, 70, 12, 90, 14, 0);
    sw_light_set(&indoors, scene->time, scene->weather);
    GROUND(SW_RGB(96, 170, 84));
    cairo_fill(cr);
    cairo_get_matrix(cr, &keep);
    cairo_set_matrix(cr, frame);
    sw_weather_paint(cr, scene, light, fall);
    cairo_set_matrix(cr, &keep);
    cairo_restore(cr);

    indoors.snow = 0;
    if (light->night)
        indoors.factor = (struct sw_rgb){0.46, 0.46, 0.64};
    cairo_rectangle(cr, -82, -74, 164, 80);
    sw_path_line(cr, 0, -74, 0, 6);
    SURFACE(SW_RGB(252, 250, 244));
    cairo_set_line_width(cr, 5);
    cairo_stroke(cr);
    cairo_rectangle(cr, -90, 4, 180, 6);
    cairo_fill(cr);
    curtain(cr, light, -100);
    curtain(cr, light, 84);
    SURFACE(SW_RGB(250, 244, 232));
    ground(cr, 18, 23);
    SURFACE(SW_RGB(176, 116, 72));
    ground(cr, 23, SW_STAGE_SIDE);
    SURFACE(SW_RGB(150, 96, 58));
    for (int x = -180; x <= 180; x += 60)
        SW_POLYGON(cr, {x * 1.0 - 1, 23}, {x * 1.0 + 1, 23}, {x * 1.8 + 2, 100},
                   {x * 1.8 - 2, 100});
    cairo_fill(cr);
}
