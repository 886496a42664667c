#include "support.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "families/cache.h"

struct m6_error said;

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *temporary_folder(void)
{
    if (!folder[0]) {
        strcpy(folder, "/tmp/m6-test-XXXXXX");
        if (!mkdtemp(folder))
            abort();
        atexit(remove_folder);
    }
    return folder;
}

const char *temporary_path(const char *name)
{
    static char path[2][512];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", temporary_folder(), name);
    return path[turn];
}

void write_file(const char *path, const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

const char *tiny_model(void)
{
    static char path[512];
    if (!path[0]) {
        struct m6_config config;
        m6_config_tiny(&config);
        config.rewrites = 1;
        snprintf(path, sizeof path, "%s/tiny", temporary_folder());
        assert_ok(m6_model_random(path, &config, M6_I8, 7, &said));
    }
    return path;
}

struct m6_transformer *tiny_transformer(enum m6_type compute, struct m6_backend **backend)
{
    struct m6_config c;
    struct m6_model *model;
    m6_config_tiny(&c);
    char *config = m6_config_print(&c, NULL, NULL);
    *backend = m6_cpu_create(2, NULL, &said);
    assert_non_null(*backend);
    const struct m6_load load = {.backend = *backend, .compute = compute, .folder = tiny_model(), .config = config};
    assert_ok(m6_transformer_load(&model, &load, &said));
    free(config);
    return (struct m6_transformer *)model;
}

struct m6_engine *open_engine(const char *model, int threads, const char *compute)
{
    return open_engine_with((struct m6_engine_params){.model = model, .threads = threads, .compute = compute});
}

struct m6_engine *open_engine_with(struct m6_engine_params params)
{
    struct m6_engine *engine = NULL;
    params.size = sizeof params;
    if (!params.model)
        params.model = tiny_model();
    assert_ok(m6_engine_create(&engine, &params, &said));
    return engine;
}

struct m6_engine_stats stats_of(struct m6_engine *engine)
{
    struct m6_engine_stats s = {.size = sizeof s};
    m6_engine_stats(engine, &s);
    return s;
}

size_t tiny_page(void)
{
    struct m6_config c;
    m6_config_tiny(&c);
    return m6_cache_page_bytes(c.layers, c.heads, c.d_model / c.heads);
}

struct m6_picture test_picture(struct pixels *p, int width, int height, unsigned seed)
{
    p->width = width;
    p->height = height;
    for (int i = 0; i < width * height * 3; i++) {
        seed = seed * 1664525u + 1013904223u;
        p->rgb[i] = (uint8_t)(seed >> 24);
    }
    return (struct m6_picture){width, height, (size_t)width * 3, p->rgb};
}

static void note_picture(struct outcome *o, const struct m6_picture *p)
{
    const size_t row = (size_t)p->width * 3;
    o->pictures++;
    o->width = p->width;
    o->height = p->height;
    o->rgb = realloc(o->rgb, row * (size_t)p->height);
    o->picture_hash = 0xcbf29ce484222325u;
    for (int y = 0; y < p->height; y++)
        memcpy(o->rgb + (size_t)y * row, p->rgb + (size_t)y * p->stride, row);
    for (size_t i = 0; i < row * (size_t)p->height; i++)
        o->picture_hash = (o->picture_hash ^ o->rgb[i]) * 0x100000001b3u;
}

void note_event(void *arg, struct m6_request *request, const struct m6_event *e)
{
    struct outcome *o = arg;
    o->events++;
    o->last = e->type;
    switch (e->type) {
    case M6_EVENT_PROGRESS:
        o->progress++;
        o->done = e->done;
        o->total = e->total;
        break;
    case M6_EVENT_TEXT:
        o->texts++;
        strncat(o->text, e->text, sizeof o->text - strlen(o->text) - 1);
        break;
    case M6_EVENT_PICTURE:
        note_picture(o, &e->picture);
        break;
    case M6_EVENT_SCORE:
        o->scores++;
        o->score = e->score;
        break;
    case M6_EVENT_WARNING:
        snprintf(o->warning, sizeof o->warning, "%s", e->text);
        break;
    case M6_EVENT_FAILED:
        o->status = e->status;
        snprintf(o->failure, sizeof o->failure, "%s", e->text);
        break;
    case M6_EVENT_DONE:
    case M6_EVENT_CANCELLED:
        break;
    }
}

enum m6_status run_request(struct m6_engine *engine, struct m6_request_params *params, struct outcome *o,
                           struct m6_error *err)
{
    struct m6_request *request;
    free(o->rgb);
    memset(o, 0, sizeof *o);
    params->event = note_event;
    params->arg = o;
    const enum m6_status status = m6_engine_submit(engine, params, &request, err);
    if (status)
        return status;
    m6_request_wait(request);
    m6_request_release(request);
    return M6_OK;
}
