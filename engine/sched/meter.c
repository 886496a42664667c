#include "sched/meter.h"

#include <time.h>

enum { STRETCH = 500 * 1000 * 1000 }; /* ns that rates are taken over */

int64_t m6_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void m6_meter_init(struct m6_meter *m)
{
    *m = (struct m6_meter){.since = m6_clock()};
    pthread_mutex_init(&m->lock, NULL);
}

void m6_meter_finish(struct m6_meter *m)
{
    pthread_mutex_destroy(&m->lock);
}

static void rates(struct m6_meter *m, int64_t time)
{
    struct m6_engine_stats *s = &m->now;
    const uint64_t tokens = s->tokens + s->places;
    if (time - m->since < STRETCH)
        return;
    s->tokens_per_s = (double)(tokens - m->tokens) * 1e9 / (double)(time - m->since);
    s->rows_per_step = s->steps > m->steps ? (double)(s->rows - m->rows) / (double)(s->steps - m->steps) : 0;
    m->since = time;
    m->tokens = tokens;
    m->steps = s->steps;
    m->rows = s->rows;
}

void m6_meter_publish(struct m6_meter *m, const struct m6_model *model, int64_t time)
{
    struct m6_usage u;
    struct m6_engine_stats *s = &m->now;
    model->family->usage(model, &u);
    s->rows = u.rows;
    s->tokens = u.tokens;
    s->places = u.places;
    s->prefix_hits = u.prefix_hits;
    s->prefix_misses = u.prefix_misses;
    s->encoder_hits = u.encoder_hits;
    s->encoder_misses = u.encoder_misses;
    s->evictions = u.evictions;
    s->cache_bytes = u.cache_bytes;
    s->cache_used = u.cache_used;
    s->cache_idle = u.cache_idle;
    s->encoder_bytes = u.encoder_bytes;
    s->encoder_used = u.encoder_used;
    rates(m, time);
    pthread_mutex_lock(&m->lock);
    m->seen = *s;
    m->last = time;
    pthread_mutex_unlock(&m->lock);
}

void m6_meter_read(struct m6_meter *m, struct m6_engine_stats *out)
{
    const int64_t time = m6_clock();
    pthread_mutex_lock(&m->lock);
    *out = m->seen;
    if (time - m->last > 2 * (int64_t)STRETCH)
        out->tokens_per_s = out->rows_per_step = 0;
    pthread_mutex_unlock(&m->lock);
}
