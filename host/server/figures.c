/* What the host counts: where jobs add to it, and how it goes into a status. exposition.c has the same for Prometheus. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/core.h"
#include "server/figures.h"
#include "server/internal.h"

enum { JOBS_SHOWN = 64 };

/* ---- counting ---- */

void figures_ended(struct work *w)
{
    struct m6_server *s = w->server;
    const int64_t now = m6_proto_now_ms(), first = w->job_first_ns / 1000000;
    /* A client can name any kind; only those that plugins have get a tally. */
    const int known = w->kind && m6_registry_find(&s->host->registry, w->kind);
    if (!known || (w->state == WORK_WAITING && w->end == M6_JOB_FAILED)) {
        s->tallies.refused++;
        return;
    }
    struct tally *t = tally_of(&s->tallies, w->kind);
    if (!t)
        return;
    t->done += w->end == M6_JOB_DONE;
    t->failed += w->end == M6_JOB_FAILED;
    t->cancelled += w->end == M6_JOB_CANCELLED;
    if (w->end != M6_JOB_DONE)
        return;
    const double took[TALLY_TIMES] = {(double)(w->began_ms - w->came_ms) / 1e3, (double)(first - w->came_ms) / 1e3, (double)(now - w->came_ms) / 1e3};
    for (int i = 0; i < TALLY_TIMES; i++) {
        if (i == TALLY_FIRST && !first)
            continue;
        m6_histogram_add(&t->time[i].all, took[i]);
        m6_histogram_add(&t->time[i].stretch[0], took[i]);
    }
}

/* ---- engines: this one, and those that went ---- */

static void add_counters(struct m6_engine_stats *to, const struct m6_engine_stats *from)
{
    to->done += from->done;
    to->failed += from->failed;
    to->cancelled += from->cancelled;
    to->late += from->late;
    to->suspended += from->suspended;
    to->interrupted += from->interrupted;
    to->steps += from->steps;
    to->rows += from->rows;
    to->tokens += from->tokens;
    to->places += from->places;
    to->prefix_hits += from->prefix_hits;
    to->prefix_misses += from->prefix_misses;
    to->encoder_hits += from->encoder_hits;
    to->encoder_misses += from->encoder_misses;
    to->evictions += from->evictions;
    to->busy_ns += from->busy_ns;
    to->own_ns += from->own_ns;
}

static void add_gauges(struct m6_engine_stats *to, const struct m6_engine_stats *from)
{
    for (int p = 0; p < M6_PRIORITIES; p++) {
        to->queued[p] += from->queued[p];
        to->active[p] += from->active[p];
    }
    to->tokens_per_s += from->tokens_per_s;
    to->rows_per_step = from->rows_per_step > to->rows_per_step ? from->rows_per_step : to->rows_per_step;
    to->cache_bytes += from->cache_bytes;
    to->cache_used += from->cache_used;
    to->cache_idle += from->cache_idle;
    to->encoder_bytes += from->encoder_bytes;
    to->encoder_used += from->encoder_used;
}

static int read_engine(struct m6_host *host, struct m6_engine_stats *e)
{
    *e = (struct m6_engine_stats){.size = sizeof *e};
    if (!host || !m6_host_engine(host))
        return 0;
    m6_engine_stats(m6_host_engine(host), e);
    return 1;
}

void figures_engine_goes(struct m6_server *s, struct m6_host *host)
{
    struct m6_engine_stats e;
    if (read_engine(host, &e))
        add_counters(&s->gone, &e);
}

void figures_engine(struct m6_server *s, struct m6_engine_stats *out)
{
    struct m6_engine_stats e;
    struct m6_host *const hosts[] = {s->host, s->replaced.old};
    *out = s->gone;
    for (int i = 0; i < 2; i++) {
        if (!read_engine(hosts[i], &e))
            continue;
        add_counters(out, &e);
        add_gauges(out, &e);
    }
}

/* ---- the process ---- */

int64_t figures_memory(void)
{
    long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%*d %lld", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* ---- in a status ---- */

static cJSON *engine(struct m6_server *s)
{
    static const char *const priorities[] = {[M6_INTERACTIVE] = "interactive", [M6_LIVE] = "live", [M6_BATCH] = "batch"};
    cJSON *o = cJSON_CreateObject();
    struct m6_engine_stats e;
    figures_engine(s, &e);
    cJSON *queued = cJSON_AddObjectToObject(o, "queued"), *active = cJSON_AddObjectToObject(o, "active");
    for (int p = 0; p < M6_PRIORITIES; p++) {
        cJSON_AddNumberToObject(queued, priorities[p], e.queued[p]);
        cJSON_AddNumberToObject(active, priorities[p], e.active[p]);
    }
    cJSON_AddNumberToObject(o, "tokens_per_s", e.tokens_per_s);
    cJSON_AddNumberToObject(o, "rows_per_step", e.rows_per_step);
    const struct {
        const char *name;
        uint64_t value;
    } all[] = {
        {"steps", e.steps}, {"rows", e.rows}, {"tokens", e.tokens}, {"places", e.places}, {"suspended", e.suspended},
        {"interrupted", e.interrupted}, {"prefix_hits", e.prefix_hits}, {"prefix_misses", e.prefix_misses},
        {"encoder_hits", e.encoder_hits}, {"encoder_misses", e.encoder_misses}, {"evictions", e.evictions}, {"busy_ns", (uint64_t)e.busy_ns},
        {"cache_bytes", e.cache_bytes}, {"cache_used", e.cache_used}, {"cache_idle", e.cache_idle}, {"encoder_bytes", e.encoder_bytes},
        {"encoder_used", e.encoder_used},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        m6_message_add_int64(o, all[i].name, (int64_t)all[i].value);
    return o;
}

static double rounded(double ms)
{
    return ms < 100 ? (double)(int64_t)(ms * 100 + 0.5) / 100 : (double)(int64_t)(ms + 0.5);
}

static cJSON *kinds(struct m6_server *s)
{
    static const char *const names[TALLY_TIMES] = {"wait_ms", "first_ms", "whole_ms"};
    cJSON *list = cJSON_CreateArray();
    struct m6_histogram h;
    for (int i = 0; i < s->tallies.count; i++) {
        const struct tally *t = s->tallies.one[i];
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "kind", t->kind);
        m6_message_add_int64(o, "done", (int64_t)t->done);
        m6_message_add_int64(o, "failed", (int64_t)t->failed);
        m6_message_add_int64(o, "cancelled", (int64_t)t->cancelled);
        for (int k = 0; k < TALLY_TIMES; k++) {
            tally_lately(t, (enum tally_time)k, &h);
            cJSON *q = cJSON_AddObjectToObject(o, names[k]);
            m6_message_add_int64(q, "count", (int64_t)h.count);
            cJSON_AddNumberToObject(q, "p50", rounded(m6_histogram_quantile(&h, 0.5) * 1e3));
            cJSON_AddNumberToObject(q, "p95", rounded(m6_histogram_quantile(&h, 0.95) * 1e3));
            cJSON_AddNumberToObject(q, "p99", rounded(m6_histogram_quantile(&h, 0.99) * 1e3));
        }
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

/* Those that run, then those that wait, each in the order they came. */
static int by_turn(const void *a, const void *b)
{
    const struct work *x = *(const struct work *const *)a, *y = *(const struct work *const *)b;
    if (x->state != y->state)
        return x->state == WORK_RUNNING ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static cJSON *job(const struct work *w, int64_t now)
{
    static const char *const priorities[] = {[M6_INTERACTIVE] = "interactive", [M6_LIVE] = "live", [M6_BATCH] = "batch"};
    cJSON *o = cJSON_CreateObject();
    m6_message_add_int64(o, "job", w->id);
    cJSON_AddNumberToObject(o, "pid", w->conn->pid);
    cJSON_AddStringToObject(o, "client", w->conn->name);
    cJSON_AddStringToObject(o, "kind", w->kind ? w->kind : "");
    cJSON_AddStringToObject(o, "priority", priorities[w->priority]);
    cJSON_AddStringToObject(o, "state", w->state == WORK_RUNNING ? "running" : "waiting");
    cJSON_AddNumberToObject(o, "progress", (double)w->permille / 1000);
    m6_message_add_int64(o, "age_ms", now - w->came_ms);
    return o;
}

static cJSON *jobs(struct m6_server *s)
{
    cJSON *list = cJSON_CreateArray();
    int count = 0;
    const struct work **all = calloc((size_t)(s->running + s->waiting) + 1, sizeof *all);
    for (const struct work *w = s->works; all && w && count < s->running + s->waiting; w = w->next)
        all[count++] = w;
    if (count)
        qsort(all, (size_t)count, sizeof *all, by_turn);
    for (int i = 0; i < count && i < JOBS_SHOWN; i++)
        cJSON_AddItemToArray(list, job(all[i], m6_proto_now_ms()));
    free(all);
    return list;
}

void figures_add(cJSON *status, struct m6_server *s)
{
    cJSON *counts = cJSON_GetObjectItemCaseSensitive(status, "jobs");
    m6_message_add_int64(counts, "refused", (int64_t)s->tallies.refused);
    cJSON_AddItemToObject(counts, "list", jobs(s));
    cJSON_AddItemToObject(status, "engine", engine(s));
    cJSON_AddItemToObject(status, "kinds", kinds(s));
    m6_message_add_int64(status, "memory", figures_memory());
    cJSON_AddStringToObject(status, "metrics", metrics_place(s->metrics));
}

int figures_waiting(const struct conn *c)
{
    int waiting = 0;
    for (const struct work *w = c->server->works; w; w = w->next)
        waiting += w->conn == c && w->state == WORK_WAITING;
    return waiting;
}
