#include "m6/scene.h"

#include <stdlib.h>
#include <string.h>

#include "scene_measure.h"

enum { RING = 64, RECENT = 8, QUEUE = 8, SAMPLES = 9 };
static const int64_t spacing_ns = 31000000, flat_scene_ns = 1000000000, shortest_ns = 200000000, flat_fade_ns = 300000000;
/* A picture whose brightness varies less than this has nothing in it. */
static const double flat_levels = 5;
/* A cut stands out this much from the mean of what went before. */
static const double outstanding = 3;
/* What a moving edge leaves unexplained of a mixture is 0.25 half-way; a dissolve leaves next to nothing. */
static const double mixture_rest = 0.1;

struct picture {
    uint8_t grey[SCENE_PIXELS];
    int64_t time;
};

struct m6_scene_detector {
    double threshold;
    int64_t last_boundary;
    struct m6_scene_boundary queue[QUEUE];
    int queued;

    int pictures; /* how many of the three below there are */
    struct picture now, before, before_that;
    double recent[RECENT]; /* differences since the last boundary */
    int recents;
    int cut_pending; /* at `before`: the next picture decides */
    double cut_score;

    int flat, contents_seen;
    int64_t flat_since;

    struct picture ring[RING]; /* pictures at least spacing_ns apart, oldest first: what dissolves are looked for in */
    int ring_count;
};

struct m6_scene_detector *m6_scene_detector_create(double threshold)
{
    struct m6_scene_detector *d = calloc(1, sizeof *d);
    if (d)
        d->threshold = threshold > 0 ? threshold : M6_SCENE_THRESHOLD;
    return d;
}

void m6_scene_detector_destroy(struct m6_scene_detector *d)
{
    free(d);
}

static void forget_before(struct m6_scene_detector *d, int64_t time)
{
    int drop = 0;
    while (drop < d->ring_count && d->ring[drop].time < time)
        drop++;
    d->ring_count -= drop;
    memmove(d->ring, d->ring + drop, (size_t)d->ring_count * sizeof *d->ring);
}

static void add_boundary(struct m6_scene_detector *d, int64_t time, int64_t fade)
{
    d->recents = 0;
    if (time - d->last_boundary < shortest_ns || d->queued == QUEUE)
        return;
    d->queue[d->queued++] = (struct m6_scene_boundary){time, fade};
    d->last_boundary = time;
}

/* Fades. Returns whether the picture is flat, so that the other rules leave it alone. */
static int look_for_flat(struct m6_scene_detector *d)
{
    int64_t now = d->now.time;
    int flat = scene_deviation(d->now.grey) < flat_levels;
    if (flat && !d->flat) {
        d->flat_since = now;
    } else if (!flat && d->flat) {
        int long_flat = now - d->flat_since > flat_scene_ns;
        if (d->contents_seen)
            add_boundary(d, d->flat_since, flat_fade_ns);
        if (long_flat)
            add_boundary(d, now, flat_fade_ns);
        forget_before(d, now);
        d->recents = 0;
    }
    d->flat = flat;
    d->contents_seen |= !flat;
    return flat;
}

static void look_for_cut(struct m6_scene_detector *d)
{
    if (d->cut_pending) {
        d->cut_pending = 0;
        int flash = m6_scene_difference(d->now.grey, d->before_that.grey) < 0.5 * d->cut_score;
        /* The way back from a flash is no cut either. */
        if (flash)
            return;
        add_boundary(d, d->before.time, 0);
        forget_before(d, d->before.time);
    }
    double score = m6_scene_difference(d->now.grey, d->before.grey), usual = 0;
    int n = d->recents < RECENT ? d->recents : RECENT;
    for (int i = 0; i < n; i++)
        usual += d->recent[i] / n;
    if (score > d->threshold && score > outstanding * usual) {
        d->cut_pending = 1;
        d->cut_score = score;
    } else {
        d->recent[d->recents++ % RECENT] = score;
    }
}

/* Whether the last `length` pictures of the ring go from the first to the last by mixing. */
static int is_dissolve(const struct picture *p, int length, double threshold)
{
    const uint8_t *a = p[0].grey, *b = p[length - 1].grey;
    double last = 0;
    if (scene_mixture(a, b, p[length - 2].grey).alpha < 0.9 || m6_scene_difference(a, b) <= threshold)
        return 0;
    for (int i = 1; i < SAMPLES - 1; i++) {
        struct scene_mixture m = scene_mixture(a, b, p[i * (length - 1) / (SAMPLES - 1)].grey);
        if (m.rest > mixture_rest || m.alpha < last - 0.08)
            return 0;
        if ((i == 1 && m.alpha > 0.1) || (i == SAMPLES - 2 && m.alpha < 0.9))
            return 0;
        last = m.alpha > last ? m.alpha : last;
    }
    return 1;
}

static void look_for_dissolve(struct m6_scene_detector *d)
{
    for (int length = 16; length <= RING; length *= 2) {
        const struct picture *p = d->ring + d->ring_count - length;
        if (length > d->ring_count || !is_dissolve(p, length, d->threshold))
            continue;
        int from = 0, half = 0, to = 0;
        for (int i = 1; i < length; i++) {
            double alpha = scene_mixture(p[0].grey, p[length - 1].grey, p[i].grey).alpha;
            from = alpha <= 0.1 ? i : from;
            half = !half && alpha >= 0.5 ? i : half;
            to = !to && alpha >= 0.9 ? i : to;
        }
        int64_t fade = (p[to].time - p[from].time) / 2 + spacing_ns;
        add_boundary(d, p[half].time, fade);
        forget_before(d, p[to].time);
        return;
    }
}

static void remember(struct m6_scene_detector *d)
{
    if (d->ring_count && d->now.time - d->ring[d->ring_count - 1].time < spacing_ns)
        return;
    if (d->ring_count == RING)
        forget_before(d, d->ring[1].time);
    d->ring[d->ring_count++] = d->now;
    look_for_dissolve(d);
}

void m6_scene_push(struct m6_scene_detector *d, const uint8_t *grey, int64_t time_ns)
{
    d->before_that = d->before;
    d->before = d->now;
    memcpy(d->now.grey, grey, SCENE_PIXELS);
    d->now.time = time_ns;
    int was_flat = d->flat;
    if (!d->pictures++)
        d->last_boundary = time_ns - shortest_ns;
    if (look_for_flat(d)) {
        /* A cut to black is a fade of no length; its first flat picture says when. */
        d->cut_pending = 0;
        d->ring_count = 0;
        return;
    }
    if (d->pictures > 1 && !was_flat)
        look_for_cut(d);
    if (!d->cut_pending)
        remember(d);
}

void m6_scene_flush(struct m6_scene_detector *d)
{
    if (d->cut_pending)
        add_boundary(d, d->now.time, 0);
    if (d->flat && d->contents_seen && d->now.time - d->flat_since > flat_scene_ns)
        add_boundary(d, d->flat_since, flat_fade_ns);
    d->cut_pending = d->flat = 0;
}

int m6_scene_next(struct m6_scene_detector *d, struct m6_scene_boundary *out)
{
    if (!d->queued)
        return 0;
    *out = d->queue[0];
    memmove(d->queue, d->queue + 1, (size_t)--d->queued * sizeof *d->queue);
    return 1;
}
