#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"

static int complain(const char *what)
{
    fprintf(stderr, "storyworld: %s\n", what);
    return 1;
}

static int write_png(const char *path, const uint8_t *rgb, int width, int height)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    cairo_status_t status = cairo_surface_status(surface);

    for (int y = 0; !status && y < height; y++)
        for (int x = 0; x < width; x++, rgb += 3)
            ((uint32_t *)(void *)(data + (size_t)y * (size_t)stride))[x] =
                (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
    if (!status) {
        cairo_surface_mark_dirty(surface);
        status = cairo_surface_write_to_png(surface, path);
    }
    cairo_surface_destroy(surface);
    if (!status)
        return 0;
    fprintf(stderr, "storyworld: cannot write %s: %s. Give a writable path with -o.\n", path,
            cairo_status_to_string(status));
    return 1;
}

int command_sheet(const struct options *o)
{
    int gap = 2, rows = (o->count + o->columns - 1) / o->columns;
    int width = o->columns * (o->width + gap) - gap, height = rows * (o->height + gap) - gap,
        status;
    uint8_t *page, *frame;

    if (!o->output)
        return complain("sheet needs -o FILE.png.");
    page = calloc((size_t)width * (size_t)height, 3);
    frame = malloc((size_t)o->width * (size_t)o->height * 3);
    if (!page || !frame) {
        free(page);
        free(frame);
        return complain(
            "There is not enough memory for this sheet; ask for fewer or smaller frames.");
    }
    for (int i = 0; i < o->count; i++) {
        struct sw_scene scene;
        uint8_t *to = page + ((size_t)(i / o->columns * (o->height + gap)) * (size_t)width +
                              (size_t)(i % o->columns * (o->width + gap))) *
                                 3;
        sw_scene_random(&scene, o->split, o->clip, o->seed + (uint64_t)i);
        if (sw_draw(&scene, o->width, o->height, frame, NULL)) {
            free(page);
            free(frame);
            return complain("A frame of this size cannot be drawn.");
        }
        for (int y = 0; y < o->height; y++)
            memcpy(to + (size_t)y * (size_t)width * 3, frame + (size_t)y * (size_t)o->width * 3,
                   (size_t)o->width * 3);
    }
    status = write_png(o->output, page, width, height);
    free(page);
    free(frame);
    return status;
}

int command_frame(const struct options *o)
{
    struct sw_scene scene;
    uint8_t *rgb;
    int status;

    if (!o->output)
        return complain("frame needs -o FILE.png.");
    rgb = malloc((size_t)o->width * (size_t)o->height * 3);
    sw_scene_random(&scene, o->split, o->clip, o->seed);
    if (!rgb || sw_draw_at(&scene, o->at, o->width, o->height, rgb, NULL))
        status = complain("A frame of this size cannot be drawn.");
    else
        status = write_png(o->output, rgb, o->width, o->height);
    free(rgb);
    return status;
}

static int write_clip_frame(const struct options *o, const uint8_t *rgb, int number)
{
    size_t size = (size_t)o->width * (size_t)o->height * 3, stem = strlen(o->output);
    char path[4096];

    if (!strcmp(o->output, "-"))
        return fwrite(rgb, 1, size, stdout) == size
                   ? 0
                   : complain("Standard output cannot be written.");
    if (stem > 4 && !strcmp(o->output + stem - 4, ".png"))
        stem -= 4;
    snprintf(path, sizeof path, "%.*s-%03d.png", (int)stem, o->output, number);
    return write_png(path, rgb, o->width, o->height);
}

int command_clip(const struct options *o)
{
    double exact = o->fps * o->seconds;
    int frames = o->fps > 0 && o->seconds > 0 ? (int)lround(exact) : SW_CLIP_FRAMES, status = 0;
    struct sw_scene scene;
    uint8_t *rgb;

    if (!o->output)
        return complain("clip needs -o NAME (writes NAME-001.png, …) or -o - (raw RGB frames).");
    rgb = malloc((size_t)o->width * (size_t)o->height * 3);
    sw_scene_random(&scene, o->split, 1, o->seed);
    for (int i = 0; i < frames && !status; i++) {
        double t = frames > 1 ? i / (double)(frames - 1) : 0.5;
        if (!rgb || sw_draw_at(&scene, t, o->width, o->height, rgb, NULL))
            status = complain("A frame of this size cannot be drawn.");
        else
            status = write_clip_frame(o, rgb, i + 1);
    }
    free(rgb);
    return status;
}

int command_bench(const struct options *o)
{
    uint8_t *rgb = malloc((size_t)o->width * (size_t)o->height * 3);
    struct sw_scene scene;
    clock_t start = clock();
    double seconds = 0;
    int frames = 0;

    for (; rgb && seconds < 2; frames++) {
        sw_scene_random(&scene, SW_TRAIN, 0, o->seed + (uint64_t)frames);
        if (sw_draw(&scene, o->width, o->height, rgb, NULL))
            break;
        seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    }
    free(rgb);
    if (seconds < 2)
        return complain("A frame of this size cannot be drawn.");
    printf("%.0f frames/s on one core, %dx%d\n", frames / seconds, o->width, o->height);
    return 0;
}
