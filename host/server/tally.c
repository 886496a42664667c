#include "server/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally *tally_of(struct tallies *t, const char *kind)
{
    for (int i = 0; i < t->count; i++)
        if (!strcmp(t->one[i]->kind, kind) || !t->one[i]->kind[0])
            return t->one[i];
    struct tally *fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        return NULL;
    if (t->count < TALLY_KINDS_MAX - 1)
        snprintf(fresh->kind, sizeof fresh->kind, "%s", kind);
    return t->one[t->count++] = fresh;
}

void tally_turn(struct tallies *t, int64_t now_ms)
{
    const int both = now_ms - t->turned_ms >= 2 * (int64_t)TALLY_STRETCH_MS;
    if (now_ms - t->turned_ms < TALLY_STRETCH_MS)
        return;
    t->turned_ms = now_ms;
    for (int i = 0; i < t->count; i++) {
        for (int k = 0; k < TALLY_TIMES; k++) {
            struct m6_histogram *h = t->one[i]->time[k].stretch;
            h[1] = both ? (struct m6_histogram){0} : h[0];
            h[0] = (struct m6_histogram){0};
        }
    }
}

void tally_lately(const struct tally *t, enum tally_time which, struct m6_histogram *out)
{
    *out = t->time[which].stretch[0];
    m6_histogram_merge(out, &t->time[which].stretch[1]);
}

void tallies_free(struct tallies *t)
{
    for (int i = 0; i < t->count; i++)
        free(t->one[i]);
    *t = (struct tallies){0};
}
