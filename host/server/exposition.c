/* The figures as Prometheus text, format 0.0.4. What counts ends in _total and never falls while the host lives, also when the
 * model is unloaded. No name of a client and no word of a prompt is in it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/core.h"
#include "server/figures.h"
#include "server/internal.h"

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(FILE *out, const char *name, const char *type, const char *help, double value)
{
    head(out, name, type, help);
    fprintf(out, "%s %.15g\n", name, value);
}

static void label(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '\\' || *text == '"')
            fputc('\\', out);
        if (*text == '\n')
            fputs("\\n", out);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

/* ---- the host ---- */

static int open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = -3; /* itself, . and .. */
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return dir ? count : 0;
}

static void host(FILE *out, struct m6_server *s)
{
    struct m6_engine *engine = m6_host_engine(s->host);
    struct m6_model_info info = {0};
    struct timespec cpu = {0};
    int clients = 0;
    for (const struct conn *c = s->conns; c; c = c->next)
        clients += c->greeted && !c->gone;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    head(out, "m6_build_info", "gauge", "The version of this host.");
    fprintf(out, "m6_build_info{version=\"%s\"} 1\n", M6_VERSION);
    one(out, "m6_uptime_seconds", "gauge", "Since the host started.", (double)(m6_proto_now_ms() - s->started_ms) / 1e3);
    one(out, "m6_clients", "gauge", "Clients that are connected.", clients);
    one(out, "m6_model_loaded", "gauge", "1 while a model is in memory.", engine != NULL);
    if (engine) {
        m6_engine_info(engine, &info);
        head(out, "m6_model_info", "gauge", "The model that is loaded.");
        fputs("m6_model_info{name=", out);
        label(out, info.name);
        fprintf(out, ",backend=\"%s\",isa=\"%s\"} 1\n", info.backend, info.isa);
        one(out, "m6_model_bytes", "gauge", "Memory of the weights.", (double)info.weight_bytes);
    }
    one(out, "m6_model_changed", "gauge", "1 while the model's files are not those that were loaded.", s->replaced.changed);
    one(out, "m6_model_reloads_total", "counter", "Times that changed files were loaded.", s->replaced.reloads);
    one(out, "process_cpu_seconds_total", "counter", "CPU time of the host.", (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9);
    one(out, "process_resident_memory_bytes", "gauge", "Resident memory of the host.", (double)figures_memory());
    one(out, "process_open_fds", "gauge", "Open descriptors of the host.", open_descriptors());
}

/* ---- jobs ---- */

static void kind_is(FILE *out, const struct tally *t)
{
    fputs("kind=", out);
    label(out, t->kind[0] ? t->kind : "other");
}

static void outcomes(FILE *out, const struct m6_server *s)
{
    head(out, "m6_jobs_total", "counter", "Jobs that ended, by kind and outcome.");
    for (int i = 0; i < s->tallies.count; i++) {
        const struct tally *t = s->tallies.one[i];
        const struct {
            const char *name;
            uint64_t value;
        } all[] = {{"done", t->done}, {"failed", t->failed}, {"cancelled", t->cancelled}};
        for (int k = 0; k < 3; k++) {
            fputs("m6_jobs_total{", out);
            kind_is(out, t);
            fprintf(out, ",outcome=\"%s\"} %llu\n", all[k].name, (unsigned long long)all[k].value);
        }
    }
}

static void histogram(FILE *out, const struct m6_server *s, enum tally_time which, const char *name, const char *help)
{
    head(out, name, "histogram", help);
    for (int i = 0; i < s->tallies.count; i++) {
        const struct m6_histogram *h = &s->tallies.one[i]->time[which].all;
        uint64_t below = 0;
        for (int b = 0; b < M6_HISTOGRAM_BOUNDS; b++) {
            below += h->bucket[b];
            if (b % M6_HISTOGRAM_RATIO)
                continue;
            fprintf(out, "%s_bucket{", name);
            kind_is(out, s->tallies.one[i]);
            fprintf(out, ",le=\"%.15g\"} %llu\n", m6_histogram_bound(b), (unsigned long long)below);
        }
        fprintf(out, "%s_bucket{", name);
        kind_is(out, s->tallies.one[i]);
        fprintf(out, ",le=\"+Inf\"} %llu\n%s_sum{", (unsigned long long)h->count, name);
        kind_is(out, s->tallies.one[i]);
        fprintf(out, "} %.15g\n%s_count{", h->sum, name);
        kind_is(out, s->tallies.one[i]);
        fprintf(out, "} %llu\n", (unsigned long long)h->count);
    }
}

static void jobs(FILE *out, const struct m6_server *s)
{
    head(out, "m6_jobs", "gauge", "Jobs that have not ended.");
    fprintf(out, "m6_jobs{state=\"running\"} %d\nm6_jobs{state=\"waiting\"} %d\n", s->running, s->waiting);
    one(out, "m6_jobs_refused_total", "counter", "Jobs that failed before they began.", (double)s->tallies.refused);
    outcomes(out, s);
    histogram(out, s, TALLY_WAIT, "m6_job_wait_seconds", "From a job's coming to its beginning, of jobs that were done.");
    histogram(out, s, TALLY_FIRST, "m6_job_first_token_seconds", "From a job's coming to the model's first token or place, of jobs that were done.");
    histogram(out, s, TALLY_WHOLE, "m6_job_duration_seconds", "From a job's coming to its end, of jobs that were done.");
}

/* ---- the engine ---- */

static void by_priority(FILE *out, const char *name, const char *help, const int *value)
{
    static const char *const names[] = {[M6_INTERACTIVE] = "interactive", [M6_LIVE] = "live", [M6_BATCH] = "batch"};
    head(out, name, "gauge", help);
    for (int p = 0; p < M6_PRIORITIES; p++)
        fprintf(out, "%s{priority=\"%s\"} %d\n", name, names[p], value[p]);
}

static void engine(FILE *out, struct m6_server *s)
{
    struct m6_engine_stats e;
    figures_engine(s, &e);
    by_priority(out, "m6_requests_queued", "Requests to the model that wait.", e.queued);
    by_priority(out, "m6_requests_active", "Requests that the model is answering.", e.active);
    head(out, "m6_requests_total", "counter", "Requests to the model that ended, by outcome.");
    fprintf(out, "m6_requests_total{outcome=\"done\"} %llu\nm6_requests_total{outcome=\"failed\"} %llu\n", (unsigned long long)e.done,
            (unsigned long long)e.failed);
    fprintf(out, "m6_requests_total{outcome=\"cancelled\"} %llu\nm6_requests_total{outcome=\"late\"} %llu\n", (unsigned long long)e.cancelled,
            (unsigned long long)e.late);
    const struct {
        const char *name, *type, *help;
        double value;
    } all[] = {
        {"m6_tokens_per_second", "gauge", "Tokens and places decided a second, over the last half second of work.", e.tokens_per_s},
        {"m6_batch_rows", "gauge", "Rows in a step, over the last half second of work.", e.rows_per_step},
        {"m6_steps_total", "counter", "Steps of the model.", (double)e.steps},
        {"m6_rows_total", "counter", "Rows that were forwarded in them.", (double)e.rows},
        {"m6_tokens_total", "counter", "Tokens decided.", (double)e.tokens},
        {"m6_places_total", "counter", "Places of drawings decided.", (double)e.places},
        {"m6_suspensions_total", "counter", "Requests that gave their memory to more urgent ones.", (double)e.suspended},
        {"m6_interruptions_total", "counter", "Steps that were interrupted for more urgent requests.", (double)e.interrupted},
        {"m6_busy_seconds_total", "counter", "Time spent in steps.", (double)e.busy_ns / 1e9},
        {"m6_scheduler_seconds_total", "counter", "Of that, time spent on deciding what goes into them.", (double)e.own_ns / 1e9},
        {"m6_kv_cache_bytes", "gauge", "Memory for keys and values.", (double)e.cache_bytes},
        {"m6_kv_cache_used_bytes", "gauge", "Of that, in use by requests.", (double)e.cache_used},
        {"m6_kv_cache_idle_bytes", "gauge", "Of that, kept for reuse, and given up when wanted.", (double)e.cache_idle},
        {"m6_encoder_cache_bytes", "gauge", "Memory for encodings of pictures.", (double)e.encoder_bytes},
        {"m6_encoder_cache_used_bytes", "gauge", "Of that, in use.", (double)e.encoder_used},
        {"m6_prefix_hits_total", "counter", "Segments of sources that were found in the cache.", (double)e.prefix_hits},
        {"m6_prefix_misses_total", "counter", "Segments of sources that were computed.", (double)e.prefix_misses},
        {"m6_encoder_hits_total", "counter", "Pictures whose encoding was known.", (double)e.encoder_hits},
        {"m6_encoder_misses_total", "counter", "Pictures that were encoded.", (double)e.encoder_misses},
        {"m6_evictions_total", "counter", "Segments and encodings that gave way to others.", (double)e.evictions},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        one(out, all[i].name, all[i].type, all[i].help, all[i].value);
}

char *figures_exposition(struct m6_server *s, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    if (!out)
        return NULL;
    host(out, s);
    jobs(out, s);
    engine(out, s);
    const int bad = ferror(out);
    if (fclose(out) || bad) {
        free(text);
        return NULL;
    }
    return text;
}
