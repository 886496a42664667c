/* Scenes, requests and dumps that the parts of an evaluation share. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cairo.h>

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
    uint8_t *rgb;
    double score;
    enum m6_status status;
    struct m6_error err;
};

static void on_event(void *arg, struct m6_request *request, const struct m6_event *event)
{
    struct answer *answer = arg;
    switch (event->type) {
    case M6_EVENT_TEXT: {
        size_t more = strlen(event->text);
        if (answer->text && answer->length + more < SW_SCRIPT_MAX) {
            memcpy(answer->text + answer->length, event->text, more + 1);
            answer->length += more;
        }
        break;
    }
    case M6_EVENT_PICTURE:
        for (int y = 0; answer->rgb && y < SW_HEIGHT && y < event->picture.height; y++)
            memcpy(answer->rgb + (size_t)y * SW_WIDTH * 3, event->picture.rgb + (size_t)y * event->picture.stride,
                   (size_t)(event->picture.width < SW_WIDTH ? event->picture.width : SW_WIDTH) * 3);
        break;
    case M6_EVENT_SCORE:
        answer->score = event->score;
        break;
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

enum m6_status eval_request(const struct eval_run *run, struct m6_request_params *params, char *text, uint8_t *rgb,
                            double *score, struct m6_error *err)
{
    if (*run->interrupted)
        return m6_fail(err, M6_ERR_CANCELLED, "interrupted");
    struct answer answer = {.text = text, .rgb = rgb};
    if (text)
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
    if (score)
        *score = answer.score;
    if (answer.status && err)
        *err = answer.err;
    return answer.status;
}

static int dump_path(const struct eval_run *run, int i, const char *name, char *path, size_t size)
{
    return run->dump && snprintf(path, size, "%s/%05d-%s", run->dump, i, name) < (int)size;
}

void eval_dump_text(const struct eval_run *run, int i, const char *name, const char *text)
{
    char path[4096];
    if (!dump_path(run, i, name, path, sizeof path))
        return;
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fputc('\n', file) == EOF)
        fprintf(stderr, "m6 eval: cannot write %s: %s\n", path, strerror(errno));
    if (file)
        fclose(file);
}

void eval_dump_picture(const struct eval_run *run, int i, const char *name, const uint8_t *rgb)
{
    char path[4096];
    if (!dump_path(run, i, name, path, sizeof path))
        return;
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
    cairo_status_t status = cairo_surface_write_to_png(surface, path);
    if (status != CAIRO_STATUS_SUCCESS)
        fprintf(stderr, "m6 eval: cannot write %s: %s\n", path, cairo_status_to_string(status));
    cairo_surface_destroy(surface);
}

void eval_progress(const struct eval_run *run, const char *what, int done, int total)
{
    if (run->quiet || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K%s %d/%d%s", what, done, total, done == total ? "\n" : "");
}
