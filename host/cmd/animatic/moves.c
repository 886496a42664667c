#include "animatic/moves.h"

#include <math.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define ZOOM 0.14 /* of the picture's side */
#define PAN_WINDOW 0.88
#define REST                                                                                       \
    0.97 /* a static shot shows a little less than all, so that a cut from a zoom does not jump in \
            size */

static const struct phrase {
    const char *text;
    enum move move;
} phrases[] = {
    {"pan left", MOVE_PAN_LEFT},
    {"pans left", MOVE_PAN_LEFT},
    {"panning left", MOVE_PAN_LEFT},
    {"pan to the left", MOVE_PAN_LEFT},
    {"pans to the left", MOVE_PAN_LEFT},
    {"panning to the left", MOVE_PAN_LEFT},
    {"pan right", MOVE_PAN_RIGHT},
    {"pans right", MOVE_PAN_RIGHT},
    {"panning right", MOVE_PAN_RIGHT},
    {"pan to the right", MOVE_PAN_RIGHT},
    {"pans to the right", MOVE_PAN_RIGHT},
    {"panning to the right", MOVE_PAN_RIGHT},
    {"camera moves left", MOVE_PAN_LEFT},
    {"camera tracks left", MOVE_PAN_LEFT},
    {"camera slides left", MOVE_PAN_LEFT},
    {"camera moves right", MOVE_PAN_RIGHT},
    {"camera tracks right", MOVE_PAN_RIGHT},
    {"camera slides right", MOVE_PAN_RIGHT},
    {"camera moves to the left", MOVE_PAN_LEFT},
    {"camera moves to the right", MOVE_PAN_RIGHT},
    {"tilt up", MOVE_TILT_UP},
    {"tilts up", MOVE_TILT_UP},
    {"tilting up", MOVE_TILT_UP},
    {"tilt down", MOVE_TILT_DOWN},
    {"tilts down", MOVE_TILT_DOWN},
    {"tilting down", MOVE_TILT_DOWN},
    {"crane up", MOVE_TILT_UP},
    {"crane down", MOVE_TILT_DOWN},
    {"zoom in", MOVE_ZOOM_IN},
    {"zooms in", MOVE_ZOOM_IN},
    {"zooming in", MOVE_ZOOM_IN},
    {"push in", MOVE_ZOOM_IN},
    {"pushes in", MOVE_ZOOM_IN},
    {"pushing in", MOVE_ZOOM_IN},
    {"dolly in", MOVE_ZOOM_IN},
    {"moves closer", MOVE_ZOOM_IN},
    {"move closer", MOVE_ZOOM_IN},
    {"zoom out", MOVE_ZOOM_OUT},
    {"zooms out", MOVE_ZOOM_OUT},
    {"zooming out", MOVE_ZOOM_OUT},
    {"pull back", MOVE_ZOOM_OUT},
    {"pulls back", MOVE_ZOOM_OUT},
    {"pulling back", MOVE_ZOOM_OUT},
    {"pull out", MOVE_ZOOM_OUT},
    {"pulls out", MOVE_ZOOM_OUT},
    {"dolly out", MOVE_ZOOM_OUT},
    {"static camera", MOVE_STATIC},
    {"camera is still", MOVE_STATIC},
    {"camera stays still", MOVE_STATIC},
    {"camera is static", MOVE_STATIC},
    {"fixed camera", MOVE_STATIC},
    {"locked off", MOVE_STATIC},
    {"locked camera", MOVE_STATIC},
    {"camera holds", MOVE_STATIC},
    {"左摇", MOVE_PAN_LEFT},
    {"镜头左移", MOVE_PAN_LEFT},
    {"镜头向左", MOVE_PAN_LEFT},
    {"镜头往左", MOVE_PAN_LEFT},
    {"右摇", MOVE_PAN_RIGHT},
    {"镜头右移", MOVE_PAN_RIGHT},
    {"镜头向右", MOVE_PAN_RIGHT},
    {"镜头往右", MOVE_PAN_RIGHT},
    {"镜头上摇", MOVE_TILT_UP},
    {"镜头向上", MOVE_TILT_UP},
    {"镜头下摇", MOVE_TILT_DOWN},
    {"镜头向下", MOVE_TILT_DOWN},
    {"推近", MOVE_ZOOM_IN},
    {"拉近", MOVE_ZOOM_IN},
    {"推镜", MOVE_ZOOM_IN},
    {"拉远", MOVE_ZOOM_OUT},
    {"推远", MOVE_ZOOM_OUT},
    {"拉镜", MOVE_ZOOM_OUT},
    {"镜头固定", MOVE_STATIC},
    {"固定镜头", MOVE_STATIC},
    {"镜头不动", MOVE_STATIC},
    {"镜头静止", MOVE_STATIC},
};

static const struct phrase *find(const char *text)
{
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
        if (strcasestr(text, phrases[i].text))
            return &phrases[i];
    }
    return NULL;
}

int move_is_named(const char *text)
{
    return find(text) != NULL;
}

enum move move_of_text(const char *action, int index)
{
    static const enum move turns[] = {MOVE_ZOOM_IN, MOVE_PAN_RIGHT, MOVE_ZOOM_OUT, MOVE_PAN_LEFT};
    const struct phrase *phrase = find(action);
    return phrase ? phrase->move : turns[index % 4];
}

static double ease(double t)
{
    t = fmin(fmax(t, 0), 1);
    return 0.5 - 0.5 * cos(t * 3.14159265358979323846);
}

static struct move_view centred(double side)
{
    return (struct move_view){(1 - side) / 2, (1 - side) / 2, side, side};
}

static struct move_view window(double side, double x, double y)
{
    return (struct move_view){(1 - side) * x, (1 - side) * y, side, side};
}

struct move_view move_at(enum move move, double t, double amount)
{
    const double e = ease(t), pan = 1 - (1 - PAN_WINDOW) * amount, zoom = ZOOM * amount;
    switch (move) {
    case MOVE_STATIC:
        break;
    case MOVE_PAN_LEFT:
        return window(pan, 1 - e, 0.5);
    case MOVE_PAN_RIGHT:
        return window(pan, e, 0.5);
    case MOVE_TILT_UP:
        return window(pan, 0.5, 1 - e);
    case MOVE_TILT_DOWN:
        return window(pan, 0.5, e);
    case MOVE_ZOOM_IN:
        return centred(1 - zoom * e);
    case MOVE_ZOOM_OUT:
        return centred(1 - zoom * (1 - e));
    }
    return centred(REST);
}

const char *move_name(enum move move)
{
    static const char *const names[] = {"static",    "pan left", "pan right", "tilt up",
                                        "tilt down", "zoom in",  "zoom out"};
    return names[move];
}
