/* Puts a frame together: camera, background, weather, then subjects from back to front. */
#include <math.h>
#include <stdlib.h>

#include "stage.h"

/* How each shot size frames the world. */
static const struct {
    double horizon, scale;                     /* of the background */
    double base;                               /* where the subject stands */
    double height, width;                      /* the subject fits in this */
    double slot;                               /* from the middle to the left or right slot */
    double pair_height, pair_width, pair_slot; /* the same for two subjects side by side */
    double depth, jump;
} framing[SW_SHOTS] = {
    [SW_CLOSE] = {98, 1.4, 138, 118, 168, 40, 112, 116, 62, 24, 22},
    [SW_MEDIUM] = {87, 1.0, 131, 82, 118, 60, 80, 98, 60, 20, 34},
    [SW_WIDE] = {80, 0.72, 124, 58, 84, 76, 57, 78, 56, 16, 36},
};
static const double crossing = 0.35 * SW_WIDTH, pan = 0.15 * SW_WIDTH, zoom = 1.35;

struct placed {
    const struct sw_subject *subject;
    double x, base, scale, width, lift;
};

static void fit(struct placed *placed, double width, double height)
{
    double w, h;

    sw_subject_extent(placed->subject->kind, &w, &h);
    placed->scale = fmin(width / w, height / h);
    placed->width = placed->scale * w;
}

/* Places subjects into out, back to front; returns how many. */
static int place_subjects(const struct sw_scene *scene, struct placed *out)
{
    const struct sw_subject *first = &scene->subject[0], *second = &scene->subject[1];
    enum sw_shot shot = scene->shot;
    double side = first->position == SW_RIGHT ? 1 : -1, middle = SW_WIDTH / 2.0;
    struct placed a = {first, middle, framing[shot].base, 0, 0, 0},
                  b = {second, middle, framing[shot].base, 0, 0, 0};

    if (scene->subjects < 2) {
        fit(&a, framing[shot].width, framing[shot].height);
        if (first->position != SW_CENTRE)
            a.x += side * framing[shot].slot;
        out[0] = a;
        return 1;
    }
    fit(&a, framing[shot].pair_width, framing[shot].pair_height);
    fit(&b, framing[shot].pair_width, framing[shot].pair_height);
    if (scene->relation == SW_IN_FRONT_OF || scene->relation == SW_BEHIND) {
        struct placed *rear = scene->relation == SW_BEHIND ? &a : &b;
        double apart;

        rear->base -= framing[shot].depth;
        rear->scale *= 0.86;
        rear->width *= 0.86;
        /* A little overlap shows who is in front and hides nobody. */
        apart = (a.width + b.width) / 2 - 0.2 * fmin(a.width, b.width);
        a.x += side * apart / 2;
        b.x -= side * apart / 2;
        out[0] = *rear;
        out[1] = rear == &a ? b : a;
        return 2;
    }
    a.x += side * framing[shot].pair_slot;
    b.x -= side * framing[shot].pair_slot;
    out[0] = b;
    out[1] = a;
    return 2;
}

static void move_subject(struct placed *placed, const struct sw_scene *scene, double t)
{
    if (placed->subject != &scene->subject[0])
        return;
    if (scene->motion == SW_JUMP) {
        placed->lift = framing[scene->shot].jump * fabs(sin(1.5 * M_PI * t));
    } else if (scene->motion == SW_MOVE_LEFT || scene->motion == SW_MOVE_RIGHT) {
        double reach = crossing / 2 + 0.4 * placed->width;
        double way = scene->motion == SW_MOVE_LEFT ? -1 : 1;
        /* The whole way shifts inwards where the slot is too near an edge to keep the subject in
         * sight. */
        placed->x = fmin(fmax(placed->x, fmin(reach, SW_WIDTH / 2.0)),
                         fmax(SW_WIDTH - reach, SW_WIDTH / 2.0));
        placed->x += way * crossing * (t - 0.5);
    }
}

static void paint_subject(cairo_t *cr, const struct placed *placed, enum sw_pass from,
                          enum sw_pass to)
{
    struct sw_pen pen = {cr, from, 1 / placed->scale, {0, 0, 0}, {0, 0, 0}};

    sw_subject_colours(placed->subject->colour, &pen.body, &pen.shade);
    cairo_save(cr);
    cairo_translate(cr, placed->x, placed->base - placed->lift);
    cairo_scale(cr, placed->subject->faces_left ? -placed->scale : placed->scale, placed->scale);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    for (int pass = from; pass <= (int)to; pass++) {
        pen.pass = (enum sw_pass)pass;
        cairo_new_path(cr);
        sw_subject_paint(&pen, placed->subject->kind);
    }
    cairo_restore(cr);
}

static void paint_shadow(cairo_t *cr, const struct placed *placed, const struct sw_scene *scene)
{
    double wide = placed->width * (placed->lift > 0 ? 0.4 : 0.5);

    sw_path_ellipse(cr, placed->x, placed->base, wide, 2.5 + placed->width * 0.035, 0);
    if (scene->place == SW_SEA)
        cairo_set_source_rgba(cr, 0.75, 0.9, 1, scene->time == SW_NIGHT ? 0.25 : 0.5);
    else
        cairo_set_source_rgba(cr, 0, 0, 0.05, 0.3);
    cairo_fill(cr);
}

static void set_camera(cairo_t *cr, const struct sw_scene *scene, double t)
{
    double scale = 1, shift = 0;

    if (scene->camera == SW_ZOOM_IN)
        scale = pow(zoom, t - 0.5);
    else if (scene->camera == SW_ZOOM_OUT)
        scale = pow(zoom, 0.5 - t);
    else if (scene->camera == SW_PAN_LEFT)
        shift = pan * (t - 0.5);
    else if (scene->camera == SW_PAN_RIGHT)
        shift = pan * (0.5 - t);
    cairo_translate(cr, SW_WIDTH / 2.0 + shift, SW_HEIGHT * 0.6);
    cairo_scale(cr, scale, scale);
    cairo_translate(cr, -SW_WIDTH / 2.0, -SW_HEIGHT * 0.6);
}

static void paint_background(cairo_t *cr, const struct sw_scene *scene, double fall)
{
    struct sw_light light;
    cairo_matrix_t frame, camera;

    cairo_get_matrix(cr, &camera);
    cairo_identity_matrix(cr);
    sw_light_set(&light, scene->time, scene->weather);
    /* Rain and snow belong to the frame, not to the world: they do not move with the camera. */
    cairo_matrix_init_scale(
        &frame, cairo_image_surface_get_width(cairo_get_target(cr)) / (double)SW_WIDTH,
        cairo_image_surface_get_height(cairo_get_target(cr)) / (double)SW_HEIGHT);
    if (scene->layout) {
        cairo_matrix_t mirror = {-1, 0, 0, 1, SW_WIDTH, 0};
        cairo_matrix_multiply(&frame, &mirror, &frame);
    }
    cairo_set_matrix(cr, &camera);
    cairo_translate(cr, SW_WIDTH / 2.0, framing[scene->shot].horizon);
    cairo_scale(cr, framing[scene->shot].scale, framing[scene->shot].scale);
    if (scene->place == SW_ROOM) {
        sw_room_paint(cr, scene, &light, fall, &frame);
    } else {
        sw_sky_paint(cr, scene, &light);
        sw_place_paint(cr, scene, &light);
        cairo_set_matrix(cr, &frame);
        sw_weather_paint(cr, scene, &light, fall);
    }
    cairo_set_matrix(cr, &camera);
}

static int copy_rgb(cairo_surface_t *surface, int width, int height, uint8_t *rgb)
{
    const unsigned char *data;
    int stride;

    cairo_surface_flush(surface);
    data = cairo_image_surface_get_data(surface);
    if (!data || cairo_surface_status(surface))
        return -1;
    stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint32_t pixel =
                ((const uint32_t *)(const void *)(data + (size_t)y * (size_t)stride))[x];
            *rgb++ = (uint8_t)(pixel >> 16);
            *rgb++ = (uint8_t)(pixel >> 8);
            *rgb++ = (uint8_t)pixel;
        }
    return 0;
}

static int copy_mask(cairo_surface_t *surface, int width, int height, uint8_t *mask)
{
    const unsigned char *data;
    int stride;

    cairo_surface_flush(surface);
    data = cairo_image_surface_get_data(surface);
    if (!data || cairo_surface_status(surface))
        return -1;
    stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            *mask++ = data[(size_t)y * (size_t)stride + (size_t)x] >= 128 ? 255 : 0;
    return 0;
}

int sw_draw_at(const struct sw_scene *scene, double t, int width, int height, uint8_t *rgb,
               uint8_t *mask)
{
    struct placed placed[2];
    int count, status = 0;

    if (!sw_scene_valid(scene) || width < 1 || height < 1 || width > 8192 || height > 8192)
        return -1;
    count = place_subjects(scene, placed);
    for (int i = 0; i < count; i++)
        move_subject(&placed[i], scene, t);
    for (int layer = 0; layer < (mask ? 2 : 1) && !status; layer++) {
        cairo_surface_t *surface =
            cairo_image_surface_create(layer ? CAIRO_FORMAT_A8 : CAIRO_FORMAT_RGB24, width, height);
        cairo_t *cr = cairo_create(surface);

        cairo_scale(cr, width / (double)SW_WIDTH, height / (double)SW_HEIGHT);
        set_camera(cr, scene, t);
        if (!layer) {
            /* Six periods a clip: the four frames of a clip and the still all fall on whole ones.
             */
            paint_background(cr, scene, 6 * (t - 0.5));
            for (int i = 0; i < count; i++) {
                paint_shadow(cr, &placed[i], scene);
                paint_subject(cr, &placed[i], SW_PASS_HALO, SW_PASS_FILL);
            }
            status = copy_rgb(surface, width, height, rgb);
        } else {
            for (int i = 0; i < count; i++)
                paint_subject(cr, &placed[i], SW_PASS_MASK, SW_PASS_MASK);
            status = copy_mask(surface, width, height, mask);
        }
        if (cairo_status(cr))
            status = -1;
        cairo_destroy(cr);
        cairo_surface_destroy(surface);
    }
    return status;
}

int sw_draw(const struct sw_scene *scene, int width, int height, uint8_t *rgb, uint8_t *mask)
{
    return sw_draw_at(scene, 0.5, width, height, rgb, mask);
}
