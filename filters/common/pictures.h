/* Which picture shows at a time: what every front end of m6gen asks.
 *
 *     feed ← show(prompt, seed, size, schedule, time)     one feed a filter instance
 *       ↓
 *     hub: one connection to a host, one cache of pictures (hub.h)
 *
 * Not live, the answer is a function of the request alone: stretch k of the schedule (schedule.h) shows the picture that `m6 draw --seed seed+k` draws
 * for that prompt and size, and show waits until it is there. So requests may come in any order, from many feeds at once. Live, show
 * never waits: until the picture is there, the one before it shows.
 *
 * Making a feed touches nothing outside; the first show (or ask) looks for a host. While one stretch shows, the next one's picture is drawn.
 * Feeds of one process share drawings under way and pictures drawn, by host, model, prompt, seed, size and input. A drawing that no
 * feed wants any more is cancelled. A host that goes away is looked for until it is back.
 *
 * Threads: one feed is used by one thread at a time, but for m6_feed_interrupt, which may be called from any. Different feeds are independent. Notices
 * come from within show, on its caller's thread, with no lock held. Pictures may be shared, kept and given back by any thread. After a fork, a
 * child must not use the feeds of its parent.
 */
#ifndef M6_FILTERS_PICTURES_H
#define M6_FILTERS_PICTURES_H

#include <stddef.h>
#include <stdint.h>

#include <m6/status.h>

#include "schedule.h"

/* Packed RGB, 8 bits a sample, sRGB; read-only, and in memory shared with the host. */
struct m6_picture {
    int width, height;
    size_t stride;
    const uint8_t *rgb;
    const char *prompt, *model, *caption; /* caption: what the prompt was taken to mean; "" if it was drawn as it is */
    uint64_t seed;
    int64_t latency; /* nanoseconds from asking to having */
};
struct m6_picture *m6_picture_ref(struct m6_picture *);
void m6_picture_unref(struct m6_picture *); /* NULL is fine */
/* One made by the caller: *rgb is where its packed samples go, before anybody else has it. NULL: out of memory. */
struct m6_picture *m6_picture_create(int width, int height, const char *prompt, uint8_t **rgb);

/* A frame of which parts are kept and the rest is drawn anew. */
struct m6_picture_input;
/* Copies width × height packed RGB rows, `stride` bytes apart. keep: x, y, w, h of each part that stays. */
enum m6_status m6_picture_input_create(struct m6_picture_input **, const uint8_t *rgb, int width, int height, size_t stride, const int (*keep)[4],
                                       int keep_count, struct m6_error *);
/* Keeps all but the rectangle; of a rectangle that covers the frame, or lies outside, M6_ERR_ARGUMENT. */
enum m6_status m6_picture_input_around(struct m6_picture_input **, const uint8_t *rgb, int width, int height, size_t stride, int x, int y, int w, int h,
                                       struct m6_error *);
struct m6_picture_input *m6_picture_input_ref(struct m6_picture_input *);
void m6_picture_input_unref(struct m6_picture_input *); /* NULL is fine */

enum m6_feed_notice_type {
    M6_FEED_DRAWING, /* done of total; text: what is being done */
    M6_FEED_DRAWN,   /* a picture has come */
    M6_FEED_WARNING, /* text: a sentence from the host, such as words that it does not know */
    M6_FEED_LOST,    /* text: why there is no host; it is looked for */
    M6_FEED_FOUND,   /* there is one again */
};
struct m6_feed_notice {
    enum m6_feed_notice_type type;
    double done, total;
    const char *text; /* until the call returns */
    const struct m6_picture *picture;
};

struct m6_feed_params {
    const char *name;  /* of the filter, for `m6 status` */
    const char *host;  /* its socket; NULL: M6_HOST, else the user's own */
    const char *model; /* what the host must serve, a name or a folder; NULL: whatever it has */
    int live;
    int in_order;      /* times rise but for seeks: then a changed prompt fades in, too */
    int64_t timeout;   /* nanoseconds to wait for one picture, when not live; 0: 60 seconds */
    void (*notice)(void *arg, const struct m6_feed_notice *); /* NULL: none */
    void *arg;
};

struct m6_feed_request {
    const char *prompt;
    uint64_t seed;      /* of stretch 0 */
    int width, height;  /* 0 and 0: the model's own; one of them 0: it follows */
    const struct m6_schedule *schedule; /* NULL: one picture for ever */
    int64_t time;       /* nanoseconds */
    int64_t fade;       /* nanoseconds in which a stretch's picture comes in over the one before */
    int64_t until;      /* no picture is drawn ahead for a stretch that begins then or later; 0: no end is known */
    struct m6_picture_input *input; /* NULL: all is drawn. Then the caller says which frame a stretch is drawn from, and nothing is drawn ahead */
};

enum m6_feed_state {
    M6_FEED_SHOWN,       /* the picture that was asked for */
    M6_FEED_STALE,       /* live: an earlier one; the error may say why */
    M6_FEED_WAITING,     /* live: none yet, and nothing is wrong */
    M6_FEED_FAILED,      /* none, and the error says why */
    M6_FEED_INTERRUPTED,
};

struct m6_shown {
    struct m6_picture *picture; /* NULL: none */
    struct m6_picture *under;   /* during a fade, what was before; else NULL */
    double mix;                 /* how much of picture there is over under, 0 to 1; 1 without a fade */
    struct m6_stretch stretch;
};

struct m6_feed;
struct m6_feed *m6_feed_create(const struct m6_feed_params *); /* NULL: out of memory. What params point to is copied */
void m6_feed_destroy(struct m6_feed *); /* NULL is fine */
/* Fills shown; give it back with m6_shown_finish, whatever the state. err: one sentence, when it failed. When a host is not there or says no, further calls fail at once
 * until that changes; nothing is waited for twice. */
enum m6_feed_state m6_feed_show(struct m6_feed *, const struct m6_feed_request *, struct m6_shown *, struct m6_error *);
void m6_shown_finish(struct m6_shown *);
/* From the next show on. */
void m6_feed_set_live(struct m6_feed *, int live);
/* Begins to draw what show will ask for, and returns. */
void m6_feed_ask(struct m6_feed *, const struct m6_feed_request *);
/* While on, show does not wait (M6_FEED_INTERRUPTED): for flushes, and for ending. */
void m6_feed_interrupt(struct m6_feed *, int on);

/* How many bytes of pictures a host's cache keeps beyond those that feeds are showing (128 MiB), and how many it holds now, all hosts together. */
void m6_pictures_set_bound(size_t bytes);
size_t m6_pictures_cached(void);

#endif
