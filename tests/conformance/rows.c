/* Norms, activations, elementwise operations, embeddings, rotary positions.
 *
 * Tolerances are absolute plus relative: error <= t·(|want| + 1), with t 2e-6 for norms, softmax
 * and elementwise operations, 1e-6 for activations (exp within 2 ulp, erf within 4e-7) and
 * rotations, 2e-5 for a norm whose mean is a hundred times its deviation. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "ops/ref.h"

static const int shapes[][2] = {{1, 1},   {3, 7},    {2, 16},   {5, 17},   {1, 64},
                                {4, 100}, {300, 65}, {70, 256}, {2, 1000}, {0, 5}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static double *room(int n)
{
    double *const p = calloc((size_t)n + 1, sizeof *p);
    assert_non_null(p);
    return p;
}

static void norms(void **unused)
{
    seed(1);
    for (int i = 0; i < SHAPES; i++) {
        const int rows = shapes[i][0], cols = shapes[i][1];
        float *const gain = floats(cols, 2), *const bias = floats(cols, 1);
        float *const g = device_copy(gain, (size_t)cols * 4), *const b = device_copy(
                                                                  bias, (size_t)cols * 4);
        double *const want = room(rows * cols);
        for (int way = 0; way < 4; way++) {
            struct tensor x = input(rows, cols, cols + 3, way == 3 ? 1e-3f : 3),
                          y = output(rows, cols, cols + 1);
            for (int r = 0; r < rows && way == 2; r++) { /* a mean far from zero */
                for (int c = 0; c < cols; c++)
                    x.host.data[r * x.host.stride + c] += 100;
            }
            backend->ops->upload(backend, x.device.data, x.host.data,
                                 (size_t)rows * (size_t)x.host.stride * 4);
            backend->ops->layer_norm(backend, y.device, x.device, way == 1 ? NULL : g,
                                     way == 1 ? NULL : b, 1e-5f);
            m6_ref_layer_norm(want, x.host, way == 1 ? NULL : gain, way == 1 ? NULL : bias,
                              (double)1e-5f);
            check("layer_norm", &y, want, NULL, way == 2 ? 2e-5 : 2e-6);
            backend->ops->rms_norm(backend, y.device, x.device, way == 1 ? NULL : g, 1e-6f);
            m6_ref_rms_norm(want, x.host, way == 1 ? NULL : gain, (double)1e-6f);
            check("rms_norm", &y, want, NULL, 2e-6);
            release(&x);
            release(&y);
        }
        device_free(g);
        device_free(b);
        free(gain);
        free(bias);
        free(want);
    }
}

static void group_norm(void **unused)
{
    static const int pictures[][4] = {{1, 1, 4, 2},     {2, 35, 12, 3},  {3, 100, 64, 32},
                                      {1, 5000, 32, 8}, {2, 70, 700, 1}, {1, 33, 96, 96},
                                      {5, 9, 30, 10}};
    seed(2);
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        const int n = pictures[i][0], rows = n * pictures[i][1], cols = pictures[i][2],
                  groups = pictures[i][3];
        float *const gain = floats(cols, 2), *const bias = floats(cols, 1);
        float *const g = device_copy(gain, (size_t)cols * 4), *const b = device_copy(
                                                                  bias, (size_t)cols * 4);
        struct tensor x = input(rows, cols, cols + 3, 3), y = output(rows, cols, cols);
        double *const want = room(rows * cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++)
                x.host.data[r * x.host.stride + c] += 5;
        }
        backend->ops->upload(backend, x.device.data, x.host.data,
                             (size_t)rows * (size_t)x.host.stride * 4);
        backend->ops->group_norm(backend, y.device, x.device, n, groups, g, b, 1e-6f);
        m6_ref_group_norm(want, x.host, n, groups, gain, bias, (double)1e-6f);
        check("group_norm", &y, want, NULL, 4e-6);
        release(&x);
        release(&y);
        device_free(g);
        device_free(b);
        free(gain);
        free(bias);
        free(want);
    }
}

static void elementwise(void **unused)
{
    seed(3);
    for (int i = 0; i < SHAPES; i++) {
        const int rows = shapes[i][0], cols = shapes[i][1];
        for (int gap = 0; gap < 2; gap++) {
            struct tensor a = input(rows, cols, cols + 2 * gap, 8),
                          b = input(rows, cols, cols + gap, 8);
            struct tensor y = output(rows, cols, cols + 3 * gap);
            double *const want = room(rows * cols);
            for (int act = M6_ACT_NONE; act <= M6_ACT_SILU; act++) {
                backend->ops->activate(backend, y.device, a.device, (enum m6_act)act);
                m6_ref_activate(want, a.host, (enum m6_act)act);
                check("activate", &y, want, NULL, 1e-6);
                backend->ops->gated(backend, y.device, a.device, b.device, (enum m6_act)act);
                m6_ref_gated(want, a.host, b.host, (enum m6_act)act);
                check("gated", &y, want, NULL, 4e-6);
            }
            backend->ops->add(backend, y.device, a.device, b.device);
            m6_ref_mix(want, 1, a.host, 1, b.host);
            check("add", &y, want, NULL, 2e-7);
            backend->ops->mix(backend, y.device, 3.5f, a.device, -2.5f, b.device);
            m6_ref_mix(want, 3.5, a.host, -2.5, b.host);
            check("mix", &y, want, NULL, 2e-6);
            struct tensor in_place = output_of(rows, cols, cols + 3 * gap, &a);
            backend->ops->add(backend, in_place.device, in_place.device, b.device);
            m6_ref_mix(want, 1, a.host, 1, b.host);
            check("add in place", &in_place, want, NULL, 2e-7);
            release(&in_place);
            release(&a);
            release(&b);
            release(&y);
            free(want);
        }
    }
}

/* The whole range of a float's exponent, against the double functions. */
static void activations_at_extremes(void **unused)
{
    static const float at[] = {0,  -0.0f, 1e-30f, -1e-30f, 1e-4f, -1e-4f, 0.5f, -0.5f, 5,    -5,
                               12, -12,   40,     -40,     90,    -90,    300,  -300,  2000, -2000};
    const int n = sizeof at / sizeof *at;
    double want[sizeof at / sizeof *at];
    for (int act = M6_ACT_GELU; act <= M6_ACT_SILU; act++) {
        struct tensor x = input_of(1, n, n, at), y = output(1, n, n);
        backend->ops->activate(backend, y.device, x.device, (enum m6_act)act);
        m6_ref_activate(want, x.host, (enum m6_act)act);
        check("extremes", &y, want, NULL, 1e-6);
        release(&x);
        release(&y);
    }
}

static void softmax(void **unused)
{
    seed(4);
    for (int i = 0; i < SHAPES; i++) {
        const int rows = shapes[i][0], cols = shapes[i][1];
        for (int way = 0; way < 3; way++) {
            struct tensor x = input(rows, cols, cols + 1, way == 2 ? 500 : 4),
                          y = output(rows, cols, cols + 2);
            double *const want = room(rows * cols);
            if (way == 1 && rows && cols > 1) { /* masked entries */
                x.host.data[cols / 2] = -INFINITY;
                backend->ops->upload(backend, x.device.data, x.host.data, (size_t)cols * 4);
            }
            backend->ops->softmax(backend, y.device, x.device);
            m6_ref_softmax(want, x.host);
            check("softmax", &y, want, NULL, 1e-6);
            release(&x);
            release(&y);
            free(want);
        }
    }
}

static void embed(void **unused)
{
    enum { ROWS = 50, COLS = 37, WORDS = 11 };
    seed(5);
    float *const table = floats(WORDS * COLS, 1);
    int32_t id[ROWS];
    for (int i = 0; i < ROWS; i++)
        id[i] = below(WORDS + 1) - 1;
    float *const device_table = device_copy(table, WORDS * COLS * 4);
    int32_t *const device_id = device_copy(id, sizeof id);
    struct tensor y = output(ROWS, COLS, COLS + 3);
    double *const want = room(ROWS * COLS);
    backend->ops->embed(backend, y.device, device_table, device_id, 0);
    m6_ref_embed(want, ROWS, COLS, table, id);
    check("embed", &y, want, NULL, 0);
    backend->ops->embed(backend, y.device, device_table, device_id, 1);
    m6_ref_embed(want, ROWS, COLS, table, id);
    check("embed, accumulating", &y, want, NULL, 2e-7);
    release(&y);
    device_free(device_table);
    device_free(device_id);
    free(table);
    free(want);
}

static void rope(void **unused)
{
    static const int heads[][3] = {{1, 2, 1}, {1, 64, 7}, {4, 64, 100}, {3, 36, 5}, {2, 128, 40}};
    static const float thetas[] = {10000, 500000};
    seed(6);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        const int rows = heads[i][2], cols = heads[i][0] * heads[i][1];
        int32_t *const position = malloc((size_t)rows * sizeof *position);
        assert_non_null(position);
        for (int r = 0; r < rows; r++)
            position[r] = r < 3 ? r : below(200000);
        int32_t *const device_position = device_copy(position, (size_t)rows * sizeof *position);
        for (int t = 0; t < 2; t++) {
            struct tensor from = input(rows, cols, cols, 2),
                          x = output_of(rows, cols, cols + 3, &from);
            double *const want = room(rows * cols);
            backend->ops->rope(backend, x.device, device_position, heads[i][0], heads[i][1],
                               thetas[t]);
            m6_ref_rope(want, from.host, position, heads[i][0], heads[i][1], (double)thetas[t]);
            check("rope", &x, want, NULL, 1e-6);
            release(&from);
            release(&x);
            free(want);
        }
        device_free(device_position);
        free(position);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(norms),       cmocka_unit_test(group_norm),
    cmocka_unit_test(elementwise), cmocka_unit_test(activations_at_extremes),
    cmocka_unit_test(softmax),     cmocka_unit_test(embed),
    cmocka_unit_test(rope),
};

const struct suite rows_suite = {tests, sizeof tests / sizeof *tests};
