#include "server/replaced.h"

#include <stdio.h>
#include <string.h>

#include "server/figures.h"
#include "server/internal.h"

enum { LOOK_MS = 1000 };

static int runs_on(const struct m6_server *s, const struct m6_host *host)
{
    int count = 0;
    for (const struct work *w = s->works; w; w = w->next)
        count += w->state == WORK_RUNNING && w->host == host;
    return count;
}

static void say(struct m6_server *s, int level, const char *sentence)
{
    struct replaced *r = &s->replaced;
    if (strcmp(r->what, sentence) != 0 && *sentence)
        server_log(s, level, "%s", sentence);
    snprintf(r->what, sizeof r->what, "%s", sentence);
}

/* ---- loading beside ---- */

static void *load(void *arg)
{
    struct m6_server *s = arg;
    m6_host_load(s->replaced.fresh, NULL, NULL, &s->replaced.error);
    s->replaced.ended = 1;
    server_wake(s);
    return NULL;
}

static void give_up(struct m6_server *s)
{
    struct replaced *r = &s->replaced;
    char text[600];
    m6_host_destroy(r->fresh);
    r->fresh = NULL;
    r->failed = 1;
    r->refused = r->seen;
    snprintf(text, sizeof text, "the model's files have changed and cannot be loaded, so the model goes on as it was: %.450s",
             r->error.text[0] ? r->error.text : "no thread could be started");
    say(s, 4, text);
}

static void start(struct m6_server *s)
{
    struct replaced *r = &s->replaced;
    r->error = (struct m6_error){""};
    r->ended = 0;
    if (!m6_host_create(&r->fresh, &s->params.host, &r->error))
        r->runs = !pthread_create(&r->thread, NULL, load, s);
    if (r->runs)
        say(s, 5, "the model's files have changed; the new ones are being loaded");
    else
        give_up(s);
}

static void take_over(struct m6_server *s)
{
    struct replaced *r = &s->replaced;
    server_join_loader(s);
    r->old = s->host;
    s->host = r->fresh;
    r->fresh = NULL;
    s->load_failed = 0;
    r->changed = r->failed = 0;
    r->reloads++;
    r->refused = 0;
    say(s, 5, "the model's new files are loaded; jobs that ran before end on the old ones");
}

static void collect(struct m6_server *s)
{
    struct replaced *r = &s->replaced;
    pthread_join(r->thread, NULL);
    r->runs = 0;
    if (m6_host_engine(r->fresh))
        take_over(s);
    else
        give_up(s);
}

/* ---- looking ---- */

static int64_t memory_available(void)
{
    char line[128];
    long long kib = -1;
    FILE *f = fopen("/proc/meminfo", "re");
    while (f && kib < 0 && fgets(line, sizeof line, f))
        if (sscanf(line, "MemAvailable: %lld", &kib) != 1)
            kib = -1;
    if (f)
        fclose(f);
    return kib < 0 ? INT64_MAX : kib << 10;
}

static int fits_beside(struct m6_server *s)
{
    struct m6_engine *engine = m6_host_engine(s->host);
    struct m6_engine_stats stats = {.size = sizeof stats};
    struct m6_model_info info;
    m6_engine_info(engine, &info);
    m6_engine_stats(engine, &stats);
    const int64_t need = (int64_t)(info.weight_bytes + info.weight_bytes / 4 + stats.cache_bytes + stats.encoder_bytes) + (64 << 20);
    return !strcmp(info.backend, "cpu") && need < memory_available();
}

static void reload(struct m6_server *s)
{
    if (fits_beside(s)) {
        start(s);
    } else if (!s->running) {
        server_unload(s, "the model's files have changed: the old ones are unloaded");
        s->replaced.reloads++;
        if (!s->params.lazy || s->waiting)
            server_load(s);
    } else {
        say(s, 5, "the model's files have changed; memory does not hold both, so the new ones are loaded when nothing runs");
    }
}

static void look(struct m6_server *s, int64_t now)
{
    struct replaced *r = &s->replaced;
    uint64_t then, print;
    if (m6_host_model_files(s->host, &then, &print))
        return;
    if (print == then) {
        if (r->changed)
            say(s, 5, "the model's files are as they were loaded again");
        r->changed = r->failed = 0;
        return;
    }
    if (!r->changed || print != r->seen) {
        /* Whoever writes them may not be done. */
        r->changed = 1;
        r->failed = 0;
        r->refused = 0;
        r->seen = print;
        r->settled_ms = now;
        say(s, 5, "the model's files are being changed; the model goes on as it was");
    } else if (!print) {
        say(s, 5, "the model's files are gone; the model goes on from memory");
    } else if (now - r->settled_ms >= LOOK_MS && print != r->refused) {
        reload(s);
    }
}

void replaced_tick(struct m6_server *s, int64_t now)
{
    struct replaced *r = &s->replaced;
    if (r->old && !runs_on(s, r->old)) {
        figures_engine_goes(s, r->old);
        m6_host_destroy(r->old);
        r->old = NULL;
        server_log(s, 6, "the model as it was before its files changed is unloaded");
    }
    if (r->runs && r->ended)
        collect(s);
    if (now - r->looked_ms < LOOK_MS || r->runs || r->old || s->loading || s->state != SERVER_SERVING)
        return;
    r->looked_ms = now;
    look(s, now);
}

void replaced_forget(struct m6_server *s)
{
    struct replaced *r = &s->replaced;
    r->changed = r->failed = 0;
    r->refused = 0;
    r->what[0] = '\0';
}

void replaced_finish(struct m6_server *s)
{
    struct replaced *r = &s->replaced;
    if (r->runs)
        pthread_join(r->thread, NULL);
    m6_host_destroy(r->fresh);
    m6_host_destroy(r->old);
}
