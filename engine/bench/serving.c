/* Many at once: what a resident engine is for. Captions of distinct pictures, together and one at a time; how long an
 * interactive request waits for its first word while batch work runs; and the scheduler's own share of a step. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "families/m6/random.h"

enum { WIDTH = 256, HEIGHT = 144, TOGETHER = 8, TOKENS = 24, ROUNDS = 9, ASKED = 40, LOAD = 100 };

static double read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double quantile(double *of, int count, double q)
{
    const int at = (int)(q * count);
    qsort(of, (size_t)count, sizeof *of, m6_bench_ascending);
    return of[at < count ? at : count - 1];
}

/* ---- one request ---- */

struct asked {
    double start, first;
    struct m6_request *request;
    atomic_int failed;
};

static uint8_t pixels[WIDTH * HEIGHT * 3];

/* A picture that nobody has seen: never the same twice in a process. */
static struct m6_picture new_picture(void)
{
    static unsigned n;
    n++;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++)
                pixels[(y * WIDTH + x) * 3 + c] = (uint8_t)(x * (int)(c + n % 7) + y * (int)(n % 13) + (int)(n * 29) + x * y / 64);
    memcpy(pixels, &n, sizeof n);
    return (struct m6_picture){WIDTH, HEIGHT, (size_t)WIDTH * 3, pixels};
}

static void on_event(void *arg, struct m6_request *request, const struct m6_event *event)
{
    struct asked *a = arg;
    if (!a)
        return;
    if (event->type == M6_EVENT_PROGRESS && !(a->first > 0))
        a->first = m6_bench_now();
    if (event->type == M6_EVENT_FAILED)
        atomic_store(&a->failed, 1);
}

static enum m6_status ask(struct m6_engine *engine, struct asked *a, struct m6_error *err)
{
    const struct m6_picture picture = new_picture();
    struct m6_request_params p;
    m6_request_params_init(&p, M6_TASK_CAPTION);
    p.pictures = &picture;
    p.picture_count = 1;
    p.max_tokens = TOKENS;
    p.event = on_event;
    p.arg = a;
    *a = (struct asked){.start = m6_bench_now()};
    return m6_engine_submit(engine, &p, &a->request, err);
}

static void await(struct asked *a)
{
    m6_request_wait(a->request);
    m6_request_release(a->request);
}

/* ---- together ---- */

/* Seconds for TOGETHER captions, and how long CPUs worked on them. */
static enum m6_status captions(struct m6_engine *engine, int at_once, double *seconds, double *cpu, struct m6_error *err)
{
    struct asked asked[TOGETHER];
    enum m6_status status = M6_OK;
    const double start = m6_bench_now(), worked = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    int count = 0;
    for (; count < TOGETHER && !status; count++) {
        status = ask(engine, &asked[count], err);
        if (!status && !at_once)
            await(&asked[count]);
    }
    for (int i = 0; at_once && i < count - (status != M6_OK); i++)
        await(&asked[i]);
    *seconds = m6_bench_now() - start;
    *cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID) - worked;
    return status;
}

static void shares(struct m6_engine *engine, const struct m6_engine_stats *before, cJSON *json)
{
    struct m6_engine_stats s = {.size = sizeof s};
    m6_engine_stats(engine, &s);
    const double steps = (double)(s.steps - before->steps), busy = (double)(s.busy_ns - before->busy_ns);
    cJSON_AddNumberToObject(json, "tokens", (double)(s.tokens - before->tokens));
    cJSON_AddNumberToObject(json, "steps", steps);
    cJSON_AddNumberToObject(json, "rows_per_step", (double)(s.rows - before->rows) / steps);
    cJSON_AddNumberToObject(json, "step_ms", busy / steps / 1e6);
    cJSON_AddNumberToObject(json, "scheduler_us", (double)(s.own_ns - before->own_ns) / steps / 1e3);
    cJSON_AddNumberToObject(json, "scheduler_share", (double)(s.own_ns - before->own_ns) / busy);
}

static enum m6_status bench_together(struct m6_engine *engine, cJSON *report, struct m6_error *err)
{
    double one[ROUNDS], all[ROUNDS], ratio[ROUNDS], cpu_one[ROUNDS], cpu_all[ROUNDS];
    struct m6_engine_stats before = {.size = sizeof before};
    cJSON *json = cJSON_AddObjectToObject(report, "captions_together");
    enum m6_status status = captions(engine, 1, &one[0], &cpu_one[0], err); /* warms weights, not pictures */
    m6_engine_stats(engine, &before);
    for (int i = 0; i < ROUNDS && !status; i++) {
        status = captions(engine, 0, &one[i], &cpu_one[i], err);
        if (!status)
            status = captions(engine, 1, &all[i], &cpu_all[i], err);
        ratio[i] = one[i] / all[i];
    }
    if (status)
        return status;
    cJSON_AddNumberToObject(json, "at_once", TOGETHER);
    cJSON_AddNumberToObject(json, "tokens_each", TOKENS);
    cJSON_AddNumberToObject(json, "one_at_a_time_per_s", TOGETHER / quantile(one, ROUNDS, 0.5));
    cJSON_AddNumberToObject(json, "together_per_s", TOGETHER / quantile(all, ROUNDS, 0.5));
    cJSON_AddNumberToObject(json, "ratio_of_medians", one[ROUNDS / 2] / all[ROUNDS / 2]);
    cJSON_AddNumberToObject(json, "ratio_of_fastest", one[0] / all[0]);
    cJSON_AddNumberToObject(json, "median_ratio", quantile(ratio, ROUNDS, 0.5));
    const double cpu = quantile(cpu_one, ROUNDS, 0.5) / quantile(cpu_all, ROUNDS, 0.5);
    cJSON_AddNumberToObject(json, "ratio_of_cpu_time", cpu); /* with one thread: on a busy machine too */
    cJSON_AddNumberToObject(json, "cpu_ms_one", cpu_one[ROUNDS / 2] * 1e3 / TOGETHER);
    cJSON_AddNumberToObject(json, "cpu_ms_together", cpu_all[ROUNDS / 2] * 1e3 / TOGETHER);
    shares(engine, &before, json);
    return M6_OK;
}

/* ---- beside batch work ---- */

/* Drawings both ways and captions, without end: whoever ends makes room for one that is submitted between requests. */
static enum m6_status add_load(struct m6_engine *engine, int kind, struct m6_request **request, struct m6_error *err)
{
    const struct m6_picture picture = new_picture();
    struct m6_request_params p;
    m6_request_params_init(&p, kind % 4 == 3 ? M6_TASK_CAPTION : M6_TASK_DRAW);
    p.priority = M6_BATCH;
    p.client = 1 + (uint64_t)kind % 3;
    p.seed = (uint64_t)kind;
    if (kind % 4 == 3) {
        p.pictures = &picture;
        p.picture_count = 1;
    } else {
        p.text = "a red cat in the rain";
        p.mode = kind % 2 ? M6_DRAW_PROGRESSIVE : M6_DRAW_AR;
    }
    return m6_engine_submit(engine, &p, request, err);
}

/* Asks ASKED times with pauses of varying length; gives the times to the first token. */
static enum m6_status ask_many(struct m6_engine *engine, double *first, struct m6_error *err)
{
    struct asked a;
    enum m6_status status = M6_OK;
    for (int i = 0; i < ASKED && !status; i++) {
        usleep((useconds_t)(3000 + i * 7919 % 9000));
        status = ask(engine, &a, err);
        if (status)
            break;
        await(&a);
        first[i] = (a.first - a.start) * 1e3;
    }
    return status;
}

static enum m6_status bench_latency(struct m6_engine *engine, cJSON *report, struct m6_error *err)
{
    static struct m6_request *load[LOAD];
    double idle[ASKED], busy[ASKED];
    struct m6_engine_stats before = {.size = sizeof before}, after = {.size = sizeof after};
    cJSON *json = cJSON_AddObjectToObject(report, "first_token_beside_batch");
    enum m6_status status = ask_many(engine, idle, err);
    int loaded = 0;
    for (; loaded < LOAD && !status; loaded++)
        status = add_load(engine, loaded, &load[loaded], err);
    m6_engine_stats(engine, &before);
    usleep(100000);
    if (!status)
        status = ask_many(engine, busy, err);
    m6_engine_stats(engine, &after);
    if (!status) {
        const double idle95 = quantile(idle, ASKED, 0.95), busy95 = quantile(busy, ASKED, 0.95);
        cJSON_AddNumberToObject(json, "batch_jobs", LOAD);
        cJSON_AddNumberToObject(json, "idle_median_ms", quantile(idle, ASKED, 0.5));
        cJSON_AddNumberToObject(json, "idle_p95_ms", idle95);
        cJSON_AddNumberToObject(json, "busy_median_ms", quantile(busy, ASKED, 0.5));
        cJSON_AddNumberToObject(json, "busy_p95_ms", busy95);
        cJSON_AddNumberToObject(json, "ratio_p95", busy95 / idle95);
        cJSON_AddNumberToObject(json, "interrupted", (double)(after.interrupted - before.interrupted));
        cJSON_AddNumberToObject(json, "batch_left", after.queued[M6_BATCH] + after.active[M6_BATCH]);
        shares(engine, &before, json);
    }
    for (int i = 0; i < loaded; i++)
        m6_request_cancel(load[i]);
    for (int i = 0; i < loaded; i++) {
        m6_request_wait(load[i]);
        m6_request_release(load[i]);
    }
    return status;
}

/* ---- the whole ---- */

static void remove_model(const char *folder)
{
    static const char *const files[] = {"config.json", "tokenizer.json", "model.safetensors"};
    char path[256];
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
}

enum m6_status m6_bench_serving(const char *folder, int threads, cJSON *report, struct m6_error *err)
{
    char made[] = "/tmp/m6-bench-XXXXXX";
    struct m6_engine *engine = NULL;
    enum m6_status status = M6_OK;
    if (!folder) {
        struct m6_config config;
        m6_config_mini(&config);
        if (!mkdtemp(made))
            return m6_fail(err, M6_ERR_IO, "cannot make a folder in /tmp");
        status = m6_model_random(made, &config, M6_I8, 1, err);
    }
    const struct m6_engine_params params = {.size = sizeof params, .model = folder ? folder : made, .threads = threads};
    if (!status)
        status = m6_engine_create(&engine, &params, err);
    cJSON *json = cJSON_AddObjectToObject(report, "serving");
    cJSON_AddStringToObject(json, "weights", folder ? folder : "random, the shape of m6-mini");
    if (!status)
        status = bench_together(engine, json, err);
    if (!status)
        status = bench_latency(engine, json, err);
    m6_engine_destroy(engine);
    if (!folder)
        remove_model(made);
    return status;
}
