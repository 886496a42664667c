/* m6gen itself, whatever the framework: options, pictures and compositing put together.
 *
 *     m6_gen_create(&gen, &params, &err);              asks nobody anything
 *     switch (m6_gen_prepare(gen, &frame, &err)) {     which picture, where; waits for it unless live
 *     case M6_GEN_UNTOUCHED: the frame goes on as it came
 *     case M6_GEN_WHOLE:     nothing of the frame shows: m6_gen_apply on a fresh one, once for each m6_gen_serial, and hand that out
 *     case M6_GEN_PART:      m6_gen_apply on the frame, which must be writable
 *     case M6_GEN_ENDED:     on_error=fail: err says why
 *     case M6_GEN_STOPPED:   interrupted
 *     }
 *     m6_gen_destroy(gen);
 *
 * Not live, what a frame becomes depends on options, time, frame number and frame alone, but for mode=region (a stretch is drawn from its first frame that
 * was seen) and for a changed prompt fading in (in_order).
 *
 * Threads: one at a time, but for m6_gen_interrupt, which may be called by any. Instances are independent; pictures.h says what they share.
 */
#ifndef M6_FILTERS_GEN_H
#define M6_FILTERS_GEN_H

#include <m6/composite.h>

#include "gen_options.h"
#include "pictures.h"

struct m6_gen_params {
    const struct m6_gen_options *options; /* moved: the caller's becomes the defaults */
    const char *name; /* of the filter, for `m6 status` */
    int live;         /* if options do not say */
    int in_order;     /* see pictures.h */
    void (*notice)(void *arg, const struct m6_feed_notice *); /* from within prepare; NULL: none */
    void *arg;
};

struct m6_gen_frame {
    struct m6_frame_layout layout;
    int64_t time;   /* nanoseconds; what t is in expressions and schedules */
    int64_t number; /* n in expressions */
    int64_t until;  /* the end, if it is known; 0: it is not */
    /* For mode=region: fills width × height packed RGB from the frame; 0, or not after saying why. NULL: it cannot be had. */
    int (*rgb)(void *arg, uint8_t *rgb, struct m6_error *);
    void *arg;
};

enum m6_gen_verdict { M6_GEN_UNTOUCHED, M6_GEN_WHOLE, M6_GEN_PART, M6_GEN_ENDED, M6_GEN_STOPPED };

struct m6_gen;
/* M6_ERR_ARGUMENT when the options do not go together; M6_ERR_MEMORY. */
enum m6_status m6_gen_create(struct m6_gen **, struct m6_gen_params *, struct m6_error *);
void m6_gen_destroy(struct m6_gen *); /* NULL is fine */
/* Once it is known how the pipeline is; what options say counts more. */
void m6_gen_set_live(struct m6_gen *, int live);
/* One option, from the next frame on. host, model, timeout and live: M6_ERR_UNSUPPORTED, since they belong to the connection. */
enum m6_status m6_gen_set(struct m6_gen *, const char *name, const char *value, struct m6_error *);
/* A string of them; those before one at fault are set. */
enum m6_status m6_gen_parse(struct m6_gen *, const char *text, struct m6_error *);
const struct m6_gen_options *m6_gen_options(const struct m6_gen *);

/* err holds a sentence whenever a picture is wanted but not had, also when the frame goes on (UNTOUCHED, or with a slate); else it is empty. */
enum m6_gen_verdict m6_gen_prepare(struct m6_gen *, const struct m6_gen_frame *, struct m6_error *);
/* Changes a frame of the layout that was prepared. */
void m6_gen_apply(struct m6_gen *, const struct m6_frame_planes *);
/* Changes when M6_GEN_WHOLE means another picture or layout. */
uint64_t m6_gen_serial(const struct m6_gen *);
/* The picture that the last prepare chose, for metadata; the gen's own, until the next prepare. NULL: none. */
const struct m6_picture *m6_gen_shown(const struct m6_gen *);
void m6_gen_interrupt(struct m6_gen *, int on);

#endif
