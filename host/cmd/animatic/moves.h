/* Camera moves over a still: which one a shot wants, and what it shows at a moment. */
#ifndef M6_CMD_MOVES_H
#define M6_CMD_MOVES_H

enum move {
    MOVE_STATIC,
    MOVE_PAN_LEFT,
    MOVE_PAN_RIGHT,
    MOVE_TILT_UP,
    MOVE_TILT_DOWN,
    MOVE_ZOOM_IN,
    MOVE_ZOOM_OUT
};

/* What is seen of a picture: a window in shares of its sides, from 0 to 1. */
struct move_view {
    double x, y, w, h;
};

/* The camera words of an action line, English or Chinese ("the camera pans left", "镜头推近").
 * Without any, shots take gentle moves in turn, by their place in the script. */
int move_is_named(const char *text);
enum move move_of_text(const char *action, int index);
/* t from 0 to 1; eased at both ends. `amount`: how far, 1 as usual. */
struct move_view move_at(enum move, double t, double amount);
const char *move_name(enum move);

#endif
