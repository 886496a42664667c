/* What m6 top shows, made from a host's status: lines of text, cut to a window. Knows no terminal. */
#ifndef M6_TOP_VIEW_H
#define M6_TOP_VIEW_H

#include <cjson/cJSON.h>

enum { TOP_HISTORY = 256 };

struct top_view {
    const cJSON *status; /* NULL: there is no host */
    const char *note;    /* in its place, or NULL */
    int width, height;   /* 0: as wide, as high as it comes */
    int colour, unicode;
    /* Of the time between two looks, the newest last; -1: only one look was had yet. */
    double tokens[TOP_HISTORY];
    int count;
    double tokens_per_s, rows_per_step, busy;
};

/* Takes in a status: rates are of what was counted since the last one. Keeps status, which stays the caller's. */
void top_view_take(struct top_view *, const cJSON *status, double now);
/* The lines, each ended by "\n" and within the window. Caller frees; NULL without memory. */
char *top_view_text(const struct top_view *);

#endif
