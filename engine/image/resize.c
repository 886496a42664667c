#include "image/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum m6_status m6_picture_check(const struct m6_picture *p, const char *what, struct m6_error *err)
{
    if (p->width < 1 || p->height < 1)
        return m6_fail(err, M6_ERR_ARGUMENT, "%s is %d x %d pixels; it must have at least one", what, p->width,
                       p->height);
    if (p->width > M6_PICTURE_SIDE_MAX || p->height > M6_PICTURE_SIDE_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "%s is %d x %d pixels; the limit is %d a side", what, p->width, p->height,
                       M6_PICTURE_SIDE_MAX);
    if (!p->rgb)
        return m6_fail(err, M6_ERR_ARGUMENT, "%s has no pixels", what);
    if (p->stride < (size_t)p->width * 3)
        return m6_fail(err, M6_ERR_ARGUMENT, "%s has a stride of %zu bytes, less than a row's %zu", what, p->stride,
                       (size_t)p->width * 3);
    return M6_OK;
}

struct m6_rect m6_letterbox_place(int w, int h, int width, int height)
{
    struct m6_rect place = {0, 0, width, height};
    if ((int64_t)w * height > (int64_t)h * width)
        place.h = (int)(((int64_t)h * width * 2 + w) / (2 * (int64_t)w));
    else
        place.w = (int)(((int64_t)w * height * 2 + h) / (2 * (int64_t)h));
    place.w = place.w > 0 ? place.w : 1;
    place.h = place.h > 0 ? place.h : 1;
    place.x = (width - place.w) / 2;
    place.y = (height - place.h) / 2;
    return place;
}

/* Each output sample is a weighted sum of `taps` input samples from `first` on. */
struct axis {
    int taps;
    int *first;
    float *weight; /* [out][taps] */
};

static void finish_axis(struct axis *a)
{
    free(a->first);
    free(a->weight);
}

static int init_axis(struct axis *a, int in, int out)
{
    const double scale = (double)in / out;
    a->taps = scale > 1 ? (int)ceil(scale) + 1 : 2;
    a->taps = a->taps < in ? a->taps : in;
    a->first = malloc((size_t)out * sizeof *a->first);
    a->weight = calloc((size_t)out * (size_t)a->taps, sizeof *a->weight);
    if (!a->first || !a->weight)
        return 0;
    for (int i = 0; i < out; i++) {
        float *w = a->weight + (size_t)i * (size_t)a->taps;
        /* Down: the area that an output sample covers. Up: the two nearest centres. */
        const double centre = (i + 0.5) * scale, half = scale > 1 ? scale / 2 : 0.5;
        const double low = fmax(centre - half, 0), high = fmin(centre + half, in);
        int first = (int)low;
        first = first + a->taps > in ? in - a->taps : first;
        a->first[i] = first;
        double sum = 0;
        for (int t = 0; t < a->taps; t++) {
            const double cover = fmin(high, first + t + 1) - fmax(low, first + t);
            w[t] = cover > 0 ? (float)cover : 0;
            sum += (double)w[t];
        }
        for (int t = 0; t < a->taps; t++)
            w[t] = (float)((double)w[t] / sum);
    }
    return 1;
}

/* One output row: first down the columns, which is where most of the samples go and what vectors do well. */
static void scale_row(uint8_t *to, const struct m6_picture *p, const struct axis *x, const struct axis *y, int row,
                      int width, float *line)
{
    const int samples = p->width * 3;
    memset(line, 0, (size_t)samples * sizeof *line);
    for (int t = 0; t < y->taps; t++) {
        const float w = y->weight[(size_t)row * (size_t)y->taps + (size_t)t];
        const uint8_t *from = p->rgb + (size_t)(y->first[row] + t) * p->stride;
        if (w == 0)
            continue;
        for (int i = 0; i < samples; i++)
            line[i] += w * (float)from[i];
    }
    for (int i = 0; i < width; i++) {
        const float *from = line + 3 * (size_t)x->first[i], *w = x->weight + (size_t)i * (size_t)x->taps;
        float r = 0, g = 0, b = 0;
        for (int t = 0; t < x->taps; t++, from += 3) {
            r += w[t] * from[0];
            g += w[t] * from[1];
            b += w[t] * from[2];
        }
        to[3 * i] = (uint8_t)(r + 0.5f);
        to[3 * i + 1] = (uint8_t)(g + 0.5f);
        to[3 * i + 2] = (uint8_t)(b + 0.5f);
    }
}

enum m6_status m6_letterbox(uint8_t *rgb, int width, int height, const struct m6_picture *p, struct m6_error *err)
{
    const struct m6_rect place = m6_letterbox_place(p->width, p->height, width, height);
    memset(rgb, 0, (size_t)width * (size_t)height * 3);
    if (place.w == p->width && place.h == p->height) {
        for (int i = 0; i < place.h; i++)
            memcpy(rgb + 3 * ((size_t)(place.y + i) * (size_t)width + (size_t)place.x), p->rgb + (size_t)i * p->stride,
                   (size_t)place.w * 3);
        return M6_OK;
    }
    struct axis x = {0}, y = {0};
    float *line = malloc((size_t)p->width * 3 * sizeof *line);
    enum m6_status status = M6_OK;
    if (line && init_axis(&x, p->width, place.w) && init_axis(&y, p->height, place.h)) {
        for (int i = 0; i < place.h; i++)
            scale_row(rgb + 3 * ((size_t)(place.y + i) * (size_t)width + (size_t)place.x), p, &x, &y, i, place.w, line);
    } else {
        status = m6_fail(err, M6_ERR_MEMORY, "no memory to scale a picture of %d x %d pixels", p->width, p->height);
    }
    finish_axis(&x);
    finish_axis(&y);
    free(line);
    return status;
}

void m6_bytes_to_values(float *value, const uint8_t *byte, int count)
{
    for (int i = 0; i < count; i++)
        value[i] = (float)byte[i] / 127.5f - 1;
}

void m6_values_to_bytes(uint8_t *byte, const float *value, int count)
{
    for (int i = 0; i < count; i++) {
        const float v = (value[i] + 1) * 127.5f;
        byte[i] = v >= 255 ? 255 : v > 0 ? (uint8_t)(v + 0.5f) : 0; /* a NaN becomes 0 */
    }
}
