#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct m6_backend *backend, *other;

static uint32_t state = 1;
static const uint32_t mark = 0x4b4d3641u;

void seed(uint32_t s)
{
    state = s * 2654435761u + 12345u;
}

static uint32_t next(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

float uniform(void)
{
    return (float)((int)(next() >> 8) - (1 << 23)) / (float)(1 << 23);
}

int below(int n)
{
    return (int)(next() >> 4) % n;
}

static size_t total(struct m6_mat m)
{
    return (size_t)m.rows * (size_t)m.stride + 16;
}

static struct tensor make(int rows, int cols, int stride, float padding)
{
    struct tensor t;
    t.host = (struct m6_mat){.rows = rows, .cols = cols, .stride = stride};
    t.host.data = malloc(total(t.host) * sizeof(float));
    t.device = t.host;
    t.device.data = backend->ops->alloc(backend, total(t.host) * sizeof(float));
    assert_non_null(t.host.data);
    assert_non_null(t.device.data);
    for (size_t i = 0; i < total(t.host); i++)
        t.host.data[i] = padding;
    return t;
}

static float marked(void)
{
    float f;
    memcpy(&f, &mark, sizeof f);
    return f;
}

static void send(struct tensor *t)
{
    backend->ops->upload(backend, t->device.data, t->host.data, total(t->host) * sizeof(float));
}

struct tensor input(int rows, int cols, int stride, float scale)
{
    struct tensor t = make(rows, cols, stride, NAN);
    for (int i = 0; i < rows * cols; i++)
        t.host.data[(size_t)(i / cols) * (size_t)stride + (size_t)(i % cols)] = scale * uniform();
    send(&t);
    return t;
}

struct tensor input_of(int rows, int cols, int stride, const float *dense)
{
    struct tensor t = make(rows, cols, stride, NAN);
    for (int i = 0; i < rows * cols; i++)
        t.host.data[(size_t)(i / cols) * (size_t)stride + (size_t)(i % cols)] = dense[i];
    send(&t);
    return t;
}

struct tensor output(int rows, int cols, int stride)
{
    struct tensor t = make(rows, cols, stride, marked());
    send(&t);
    return t;
}

struct tensor output_of(int rows, int cols, int stride, const struct tensor *from)
{
    struct tensor t = make(rows, cols, stride, marked());
    for (int i = 0; i < rows * cols; i++)
        t.host.data[(size_t)(i / cols) * (size_t)stride + (size_t)(i % cols)] =
            get(from, i / cols, i % cols);
    send(&t);
    return t;
}

void fetch(struct tensor *t)
{
    backend->ops->download(backend, t->host.data, t->device.data, total(t->host) * sizeof(float));
    for (size_t i = 0; i < total(t->host); i++) {
        const size_t stride = (size_t)t->host.stride;
        uint32_t bits;
        if (stride && i / stride < (size_t)t->host.rows && i % stride < (size_t)t->host.cols)
            continue;
        memcpy(&bits, &t->host.data[i], sizeof bits);
        if (bits != mark)
            fail_msg("padding at element %zu of a %d × %d matrix was overwritten", i, t->host.rows,
                     t->host.cols);
    }
}

void release(struct tensor *t)
{
    free(t->host.data);
    backend->ops->free(backend, t->device.data);
}

float get(const struct tensor *t, int r, int c)
{
    return t->host.data[(size_t)r * (size_t)t->host.stride + (size_t)c];
}

float *floats(int n, float scale)
{
    float *const p = malloc((size_t)(n ? n : 1) * sizeof *p);
    assert_non_null(p);
    for (int i = 0; i < n; i++)
        p[i] = scale * uniform();
    return p;
}

void *device_copy(const void *from, size_t bytes)
{
    void *const p = backend->ops->alloc(backend, bytes);
    assert_non_null(p);
    backend->ops->upload(backend, p, from, bytes);
    return p;
}

void device_free(void *p)
{
    backend->ops->free(backend, p);
}

void check(const char *what, struct tensor *t, const double *want, const double *size,
           double tolerance)
{
    fetch(t);
    for (int r = 0; r < t->host.rows; r++) {
        for (int c = 0; c < t->host.cols; c++) {
            const size_t i = (size_t)r * (size_t)t->host.cols + (size_t)c;
            const double got = (double)get(t, r, c), error = fabs(got - want[i]);
            const double allowed = tolerance * (size ? size[i] : fabs(want[i]) + 1);
            if (!(error <= allowed))
                fail_msg(
                    "%s, %d × %d, at (%d, %d): %.9g, should be %.9g: off by %.3g, %.3g allowed",
                    what, t->host.rows, t->host.cols, r, c, got, want[i], error, allowed);
        }
    }
}

void check_same(const char *what, struct tensor *a, struct tensor *b)
{
    fetch(a);
    fetch(b);
    for (int r = 0; r < a->host.rows; r++) {
        for (int c = 0; c < a->host.cols; c++) {
            const float x = get(a, r, c), y = get(b, r, c);
            if (memcmp(&x, &y, sizeof x) != 0)
                fail_msg("%s, %d × %d: (%d, %d) is %.9g in one and %.9g in the other", what,
                         a->host.rows, a->host.cols, r, c, (double)x, (double)y);
        }
    }
}
