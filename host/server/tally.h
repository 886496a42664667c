/* What became of jobs, a kind at a time, and how long they took. The loop's own. */
#ifndef M6_HOST_SERVER_TALLY_H
#define M6_HOST_SERVER_TALLY_H

#include "server/histogram.h"

enum tally_time {
    TALLY_WAIT,  /* from its coming to its beginning */
    TALLY_FIRST, /* from its coming to the model's first token or place */
    TALLY_WHOLE, /* from its coming to its end */
};
enum { TALLY_TIMES = TALLY_WHOLE + 1, TALLY_KINDS_MAX = 64, TALLY_STRETCH_MS = 300000 };

struct tally {
    char kind[64]; /* "" in the last of a full table: all others */
    uint64_t done, failed, cancelled;
    /* Of jobs that were done. */
    struct {
        struct m6_histogram all, stretch[2]; /* this stretch of five minutes, and the one before */
    } time[TALLY_TIMES];
};

struct tallies {
    struct tally *one[TALLY_KINDS_MAX];
    int count;
    uint64_t refused; /* jobs that never began */
    int64_t turned_ms; /* when this stretch began */
};

/* The tally of a kind, made if there is none; NULL without memory. */
struct tally *tally_of(struct tallies *, const char *kind);
void tally_turn(struct tallies *, int64_t now_ms);
/* Of the last five to ten minutes. */
void tally_lately(const struct tally *, enum tally_time, struct m6_histogram *out);
void tallies_free(struct tallies *);

#endif
