/* A model at work: what a person waits for. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { WIDTH = 256, HEIGHT = 144, TIMES = 7 };

struct outcome {
    double first, last; /* when the first and the last event came */
    int total; /* tokens, places or steps */
    enum m6_status status;
    struct m6_error err;
};

static void on_event(void *arg, struct m6_request *request, const struct m6_event *event)
{
    struct outcome *outcome = arg;
    outcome->last = m6_bench_now();
    if (event->type == M6_EVENT_TEXT || event->type == M6_EVENT_PICTURE) {
        if (outcome->first == 0)
            outcome->first = outcome->last;
    }
    if (event->type == M6_EVENT_PROGRESS)
        outcome->total = event->total;
    if (event->type == M6_EVENT_FAILED)
        outcome->status = m6_fail(&outcome->err, event->status, "%s", event->text);
}

/* Each time another picture, if it looks at one: an engine may remember what it has seen. */
static enum m6_status time_request(struct m6_engine *engine, struct m6_request_params params, uint8_t *rgb, const char *name,
                                   cJSON *report, struct m6_error *err)
{
    double took[TIMES], first[TIMES];
    int total = 0;
    for (int i = 0; i < TIMES; i++) {
        struct outcome outcome = {0};
        struct m6_request *request;
        params.size = sizeof params;
        params.seed = (uint64_t)i + 1;
        if (rgb)
            rgb[0] = (uint8_t)i;
        params.event = on_event;
        params.arg = &outcome;
        double start = m6_bench_now();
        enum m6_status status = m6_engine_submit(engine, &params, &request, err);
        if (status)
            return status;
        m6_request_wait(request);
        m6_request_release(request);
        if (outcome.status) {
            if (err)
                *err = outcome.err;
            return outcome.status;
        }
        total = outcome.total;
        took[i] = outcome.last - start;
        first[i] = (outcome.first > 0 ? outcome.first : outcome.last) - start;
    }
    qsort(took, TIMES, sizeof *took, m6_bench_ascending);
    qsort(first, TIMES, sizeof *first, m6_bench_ascending);
    cJSON *json = cJSON_AddObjectToObject(report, name);
    cJSON_AddNumberToObject(json, "ms", took[TIMES / 2] * 1e3);
    cJSON_AddNumberToObject(json, "least_ms", took[0] * 1e3);
    cJSON_AddNumberToObject(json, "first_ms", first[TIMES / 2] * 1e3);
    cJSON_AddNumberToObject(json, "steps", total);
    return M6_OK;
}

enum m6_status m6_bench_model(const char *folder, int threads, const struct m6_ceilings *ceilings, cJSON *report,
                              struct m6_error *err)
{
    struct m6_engine_params engine_params = {.size = sizeof engine_params, .model = folder, .threads = threads};
    struct m6_engine *engine;
    double start = m6_bench_now();
    enum m6_status status = m6_engine_create(&engine, &engine_params, err);
    if (status)
        return status;
    cJSON *json = cJSON_AddObjectToObject(report, "model");
    struct m6_model_info info;
    m6_engine_info(engine, &info);
    cJSON_AddStringToObject(json, "name", info.name);
    cJSON_AddNumberToObject(json, "load_ms", (m6_bench_now() - start) * 1e3);
    cJSON_AddNumberToObject(json, "parameters", (double)info.parameters);
    cJSON_AddNumberToObject(json, "weight_mb", (double)info.weight_bytes / 1e6);
    uint8_t *rgb = malloc((size_t)WIDTH * HEIGHT * 3);
    if (!rgb) {
        m6_engine_destroy(engine);
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a picture");
    }
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            uint8_t *p = rgb + ((size_t)y * WIDTH + (size_t)x) * 3;
            int inside = (x - 128) * (x - 128) + (y - 90) * (y - 90) < 1600;
            p[0] = inside ? 220 : (uint8_t)(90 + y / 2);
            p[1] = inside ? 40 : (uint8_t)(160 + y / 3);
            p[2] = inside ? 40 : 240;
        }
    struct m6_picture picture = {WIDTH, HEIGHT, (size_t)WIDTH * 3, rgb};
    struct m6_request_params caption = {.task = M6_TASK_CAPTION, .pictures = &picture, .picture_count = 1};
    struct m6_request_params draw = {
        .task = M6_TASK_DRAW, .text = "A wide shot of a red dog on the left, on the beach at dusk.", .temperature = 1, .guidance = 2.5f};
    status = time_request(engine, caption, rgb, "caption", json, err);
    if (!status && info.draws)
        status = time_request(engine, draw, NULL, "draw_ar", json, err);
    draw.mode = M6_DRAW_PROGRESSIVE;
    if (!status && info.draws)
        status = time_request(engine, draw, NULL, "draw_progressive", json, err);
    /* Drawing place by place reads the active weights once a place: the bandwidth that this amounts to. */
    const cJSON *ar = cJSON_GetObjectItem(json, "draw_ar");
    if (!status && ar) {
        double places = cJSON_GetObjectItem(ar, "steps")->valuedouble, seconds = cJSON_GetObjectItem(ar, "ms")->valuedouble / 1e3;
        double gbs = (double)info.active_parameters * 2 * places / seconds / 1e9;
        cJSON_AddNumberToObject(json, "draw_ar_gb_per_s", gbs);
        cJSON_AddNumberToObject(json, "draw_ar_share_of_read", ceilings->read_all > 0 ? gbs / ceilings->read_all : 0);
    }
    free(rgb);
    m6_engine_destroy(engine);
    return status;
}
