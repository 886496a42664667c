/* The options of m6gen, for every front end, and one parser of FFmpeg's way to write them:
 *
 *     prompt=a red dog:seed=7:mode=overlay:x=(W-w)/2:w=320
 *
 * A backslash takes the next character as it is, quotes '…' everything up to the next quote; spaces around a value go, unless escaped. One
 * value without a name may come first: the prompt. Options may come in any order, the last of a name counts.
 *
 * Threads: as the caller orders them; a struct of options is the caller's own.
 */
#ifndef M6_FILTERS_GEN_OPTIONS_H
#define M6_FILTERS_GEN_OPTIONS_H

#include <stdint.h>

#include <m6/status.h>

#include "expr.h"
#include "schedule.h"

enum m6_gen_mode {
    M6_GEN_REPLACE, /* the picture instead of the frame */
    M6_GEN_OVERLAY, /* the picture on the frame, at x, y, w × h */
    M6_GEN_KEY,     /* the picture behind what is not of the key colour */
    M6_GEN_REGION,  /* the rectangle x, y, w × h of the frame drawn anew, to fit what is around it */
};

enum m6_gen_on_error {
    M6_GEN_PASS,  /* the frame as it came */
    M6_GEN_FAIL,  /* the pipeline ends with the error */
    M6_GEN_SLATE, /* a slate that says what is wrong */
};

enum { M6_GEN_PROMPT_MAX = 8000 }; /* bytes; the host takes 2000 characters */

struct m6_gen_options {
    char *prompt;      /* NULL: none */
    char *prompt_file; /* NULL: none. Read with m6_prompt_file; wins over prompt */
    uint64_t seed;
    enum m6_gen_mode mode;
    /* Where: pixels of the frame. NULL: the mode's default (m6_gen_place). */
    struct m6_expr *x, *y, *w, *h;
    struct m6_expr *opacity; /* 0 to 1; NULL: 1 */
    struct m6_schedule schedule; /* every, at */
    int64_t fade;      /* nanoseconds that a new picture takes to come in over the one before */
    uint32_t keycolor; /* 0xRRGGBB; green */
    double similarity; /* 0.00001 to 1: how far from keycolor counts as it */
    double blend;      /* 0 to 1: how softly that ends */
    char *model;       /* the name or folder that the host must serve; NULL: what it has */
    char *host;        /* its socket; NULL: M6_HOST, else the user's own */
    int64_t timeout;   /* nanoseconds to wait for a picture, when not live */
    int live;          /* -1: as the front end finds; 0: exact, waits; 1: never waits */
    enum m6_gen_on_error on_error;
};

void m6_gen_options_init(struct m6_gen_options *); /* the defaults */
void m6_gen_options_finish(struct m6_gen_options *);
/* One option, its value already unescaped. What was stays when this fails: M6_ERR_ARGUMENT (a sentence that names the option), M6_ERR_LIMIT,
 * M6_ERR_MEMORY. */
enum m6_status m6_gen_options_set(struct m6_gen_options *, const char *name, const char *value, struct m6_error *);
/* A whole string; on failure those before the one at fault are set. */
enum m6_status m6_gen_options_parse(struct m6_gen_options *, const char *text, struct m6_error *);
/* Whether they go together, once all are set. */
enum m6_status m6_gen_options_check(const struct m6_gen_options *, struct m6_error *);
/* The names, for listings; NULL-terminated. */
extern const char *const m6_gen_option_names[];

struct m6_gen_rect {
    int x, y, w, h; /* may lie outside of the frame, wholly or in part; w and h are at least 1 */
};
/* Where the picture goes in a W × H frame at time t (ns), frame n. picture_w and _h: what w and h mean in expressions, the model's own size (0: not known yet, the
 * frame's). Defaults: replace and key fill the frame; overlay lies at 0,0 in the picture's own size; region is the middle third. What is NaN becomes
 * the default. */
struct m6_gen_rect m6_gen_place(const struct m6_gen_options *, int frame_w, int frame_h, int picture_w, int picture_h, int64_t t, int64_t n);
double m6_gen_opacity(const struct m6_gen_options *, int frame_w, int frame_h, const struct m6_gen_rect *, int64_t t, int64_t n);
/* The size to draw at for a rectangle of that size: itself, or the nearest of its shape that hosts draw (16 to 8192 a side). 0 × 0, the model's own,
 * when the size changes with time or follows the picture's own: it is scaled then. */
void m6_gen_draw_size(const struct m6_gen_options *, const struct m6_gen_rect *, int *w, int *h);

#endif
