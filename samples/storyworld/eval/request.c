/* Scenes, requests and dumps that the parts of an evaluation share. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cairo.h>

#include "core/host.h"
#include "eval.h"

void eval_scene(const struct eval_run *run, int i, int clip, struct sw_scene *scene)
{
    uint64_t seed = run->seed * 0x9e3779b97f4a7c15u + (uint64_t)i * 2 + (uint64_t)(clip != 0);
    sw_scene_random(scene, run->split, clip, seed);
}

uint8_t *eval_frames(const struct sw_scene *scene, int clip, uint8_t *mask)
{
    size_t bytes = (size_t)SW_WIDTH * SW_HEIGHT * 3;
    int frames = clip ? SW_CLIP_FRAMES : 1;
    uint8_t *rgb = malloc(bytes * (size_t)frames);
    if (!rgb)
        return NULL;
    for (int f = 0; f < frames; f++) {
        int failed = clip ? sw_draw_at(scene, f / (double)(frames - 1), SW_WIDTH, SW_HEIGHT, rgb + bytes * (size_t)f, NULL)
                          : sw_draw(scene, SW_WIDTH, SW_HEIGHT, rgb, mask);
        if (failed) {
            free(rgb);
            return NULL;
        }
    }
    return rgb;
}

struct answer {
    char *text;
    size_t length;
    int full; /* no more text fits */
    enum m6_status status;
    struct m6_error err;
};

static void on_event(void *arg, struct m6_request *request, const struct m6_event *event)
{
    struct answer *answer = arg;
    switch (event->type) {
    case M6_EVENT_TEXT: {
        size_t more = strlen(event->text);
        answer->full |= answer->length + more >= SW_SCRIPT_MAX;
        if (!answer->full) {
            memcpy(answer->text + answer->length, event->text, more + 1);
            answer->length += more;
        }
        break;
    }
    case M6_EVENT_FAILED:
        answer->status = m6_fail(&answer->err, event->status, "%s", event->text);
        break;
    case M6_EVENT_CANCELLED:
        answer->status = M6_ERR_CANCELLED;
        break;
    default:
        break;
    }
}

enum m6_status eval_request(const struct eval_run *run, struct m6_request_params *params, char *text, struct m6_error *err)
{
    if (*run->interrupted)
        return m6_fail(err, M6_ERR_CANCELLED, "interrupted");
    struct answer answer = {.text = text};
    text[0] = '\0';
    params->size = sizeof *params;
    params->priority = M6_BATCH;
    params->event = on_event;
    params->arg = &answer;
    struct m6_request *request;
    enum m6_status status = m6_engine_submit(run->engine, params, &request, err);
    if (status)
        return status;
    m6_request_wait(request);
    m6_request_release(request);
    if (answer.status && err)
        *err = answer.err;
    return answer.status;
}

enum m6_status eval_job(const struct eval_run *run, const char *kind, cJSON *params,
                        void (*event)(void *, struct m6_job *, const struct m6_job_event *), void *arg, struct m6_error *err)
{
    char *json = cJSON_PrintUnformatted(params);
    cJSON_Delete(params);
    if (*run->interrupted || !json) {
        cJSON_free(json);
        return json ? m6_fail(err, M6_ERR_CANCELLED, "interrupted") : m6_fail(err, M6_ERR_MEMORY, "no memory for a job");
    }
    const struct m6_job_params job_params = {.kind = kind, .params = json, .event = event, .arg = arg};
    struct m6_job *job;
    enum m6_status status = m6_host_submit(run->host, &job_params, &job, err);
    cJSON_free(json);
    if (status)
        return status;
    status = m6_job_wait(job, err);
    m6_job_release(job);
    return status;
}

static enum m6_status dump_path(const struct eval_run *run, int i, const char *name, char *path, size_t size,
                                struct m6_error *err)
{
    return snprintf(path, size, "%s/%05d-%s", run->dump, i, name) < (int)size
               ? M6_OK
               : m6_fail(err, M6_ERR_IO, "the name of the folder %s is too long", run->dump);
}

enum m6_status eval_dump_text(const struct eval_run *run, int i, const char *name, const char *text, struct m6_error *err)
{
    char path[4096];
    enum m6_status status = run->dump ? dump_path(run, i, name, path, sizeof path, err) : M6_OK;
    if (status || !run->dump)
        return status;
    FILE *file = fopen(path, "w");
    int failed = !file || fputs(text, file) < 0 || fputc('\n', file) == EOF;
    if (file && fclose(file))
        failed = 1;
    return failed ? m6_fail(err, M6_ERR_IO, "cannot write %s: %s", path, strerror(errno)) : M6_OK;
}

enum m6_status eval_dump_picture(const struct eval_run *run, int i, const char *name, const uint8_t *rgb,
                                 struct m6_error *err)
{
    char path[4096];
    enum m6_status status = run->dump ? dump_path(run, i, name, path, sizeof path, err) : M6_OK;
    if (status || !run->dump)
        return status;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, SW_WIDTH, SW_HEIGHT);
    unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; data && y < SW_HEIGHT; y++) {
        uint32_t *to = (uint32_t *)(void *)(data + (size_t)y * (size_t)stride);
        for (int x = 0; x < SW_WIDTH; x++) {
            const uint8_t *from = rgb + ((size_t)y * SW_WIDTH + (size_t)x) * 3;
            to[x] = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        }
    }
    cairo_surface_mark_dirty(surface);
    cairo_status_t written = cairo_surface_write_to_png(surface, path);
    cairo_surface_destroy(surface);
    return written == CAIRO_STATUS_SUCCESS
               ? M6_OK
               : m6_fail(err, M6_ERR_IO, "cannot write %s: %s", path, cairo_status_to_string(written));
}

/* Scene and true frames of a still or clip. */
static enum m6_status dump_scene(const struct eval_run *run, int i, int clip, struct m6_error *err)
{
    struct sw_scene scene;
    eval_scene(run, i, clip, &scene);
    char *json = sw_scene_to_json(&scene), name[64];
    uint8_t *rgb = eval_frames(&scene, clip, NULL);
    enum m6_status status = json && rgb ? M6_OK : m6_fail(err, M6_ERR_MEMORY, "no memory for a scene");
    if (!status)
        status = eval_dump_text(run, i, clip ? "clip-scene.json" : "still-scene.json", json, err);
    for (int f = 0; f < (clip ? SW_CLIP_FRAMES : 1) && !status; f++) {
        snprintf(name, sizeof name, clip ? "clip-true-%d.png" : "still-true.png", f);
        status = eval_dump_picture(run, i, name, rgb + (size_t)f * SW_WIDTH * SW_HEIGHT * 3, err);
    }
    free(json);
    free(rgb);
    return status;
}

enum m6_status eval_dump_scenes(const struct eval_run *run, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    for (int i = 0; run->dump && i < 2 * run->count && !status; i++)
        status = *run->interrupted ? m6_fail(err, M6_ERR_CANCELLED, "interrupted") : dump_scene(run, i / 2, i % 2, err);
    return status;
}

void eval_progress(const struct eval_run *run, const char *what, int done, int total)
{
    if (run->quiet || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K%s %d/%d%s", what, done, total, done == total ? "\n" : "");
}
