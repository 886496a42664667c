/* Expressions of options, such as "(W-w)/2": numbers that may depend on the frame.
 *
 * The syntax is FFmpeg's: + - * / ^, parentheses, a minus before anything, spaces anywhere, PI and E, and
 *     min max mod pow(x,y)   lt lte gt gte eq(x,y)   if ifnot(c,then[,else])   between(x,low,high)   clip(x,low,high)
 *     abs floor ceil trunc round sqrt sin cos tan exp log not(x)
 * with the meanings that they have there, bit for bit: a division by 0 is infinite, and what cannot be said is NaN.
 *
 * Threads: an expression is never changed once it is made, so any number of threads may work it out at once.
 */
#ifndef M6_FILTERS_EXPR_H
#define M6_FILTERS_EXPR_H

#include <m6/status.h>

/* What names stand for. Sizes in pixels; t in seconds. */
enum m6_expr_variable {
    M6_EXPR_FRAME_W,   /* W, main_w */
    M6_EXPR_FRAME_H,   /* H, main_h */
    M6_EXPR_PICTURE_W, /* w, overlay_w */
    M6_EXPR_PICTURE_H, /* h, overlay_h */
    M6_EXPR_T,
    M6_EXPR_N,         /* frames since the first, which is 0 */
    M6_EXPR_VARIABLES
};

struct m6_expr;

/* `name` is the option's, for the sentence. M6_ERR_ARGUMENT or M6_ERR_MEMORY. */
enum m6_status m6_expr_create(struct m6_expr **, const char *name, const char *text, struct m6_error *);
void m6_expr_destroy(struct m6_expr *); /* NULL is fine */
double m6_expr_value(const struct m6_expr *, const double variable[M6_EXPR_VARIABLES]);
/* Whether the value may change from frame to frame. */
int m6_expr_varies(const struct m6_expr *);
int m6_expr_uses(const struct m6_expr *, enum m6_expr_variable);

#endif
