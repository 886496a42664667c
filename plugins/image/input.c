#include <math.h>
#include <stdio.h>

#include "image.h"

/* Rectangles come in the pixels of the file; the picture may have been read smaller. Only pixels wholly inside count. */
static int read_keep(const struct m6_host_services *host, struct m6_job *job, struct input *in, int full_width, int full_height)
{
    double value[4 * KEEP_MAX];
    int n = host->param_list(job, "keep", value, 4 * KEEP_MAX);
    if (n % 4)
        return host->fail(job, "argument", "\"keep\" takes x, y, w and h of each part; its numbers are no multiple of four");
    double sx = (double)in->picture.width / full_width, sy = (double)in->picture.height / full_height;
    for (int i = 0; i + 3 < n; i += 4) {
        double x = fmax(value[i], 0), y = fmax(value[i + 1], 0);
        double right = fmin(value[i] + value[i + 2], full_width), bottom = fmin(value[i + 1] + value[i + 3], full_height);
        if (right <= x || bottom <= y) {
            char sentence[256];
            snprintf(sentence, sizeof sentence, "the part to keep %.0f,%.0f,%.0f,%.0f lies outside the picture, which is %dx%d; give one inside it", value[i],
                     value[i + 1], value[i + 2], value[i + 3], full_width, full_height);
            return host->fail(job, "argument", sentence);
        }
        struct m6_plugin_rect *r = &in->keep[in->keep_count++];
        r->x = (int)ceil(x * sx);
        r->y = (int)ceil(y * sy);
        r->w = (int)floor(right * sx) - r->x;
        r->h = (int)floor(bottom * sy) - r->y;
        if (r->w < 1 || r->h < 1)
            in->keep_count--;
    }
    return 0;
}

int input_open(const struct m6_host_services *host, struct m6_job *job, struct input *in)
{
    double any[1];
    int keeps = host->param_list(job, "keep", any, 1), inputs = host->inputs(job);
    *in = (struct input){0};
    if (!inputs && !keeps)
        return 0;
    if (!inputs)
        return host->fail(job, "argument", "\"keep\" says what of a picture to keep, but no picture is given; give one");
    if (inputs > 1)
        return host->fail(job, "argument", "drawing takes one input picture; give one");
    if (!keeps)
        return host->fail(job, "argument", "an input picture is given, but not which parts of it to keep; add \"keep\"");
    struct m6_frames_params params = {.size = sizeof params, .mode = M6_FRAMES_SPREAD, .count = 1};
    struct m6_frames_info info = {.size = sizeof info};
    struct m6_plugin_frame frame = {.size = sizeof frame};
    if (host->frames_open(job, 0, &params, &in->frames))
        return -1;
    int got = host->frames_next(in->frames, &frame);
    if (got <= 0)
        return got < 0 ? got : host->fail(job, "input", "there is no picture in the input");
    host->frames_info(in->frames, &info);
    in->picture = frame.picture;
    return read_keep(host, job, in, info.width > 0 ? info.width : frame.picture.width, info.height > 0 ? info.height : frame.picture.height);
}

void input_close(const struct m6_host_services *host, struct input *in)
{
    if (in->frames)
        host->frames_close(in->frames);
    in->frames = NULL;
}
