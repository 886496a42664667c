/* Products with packed weights, in every type of weight and of product.
 *
 * Tolerances, relative to the sum of the magnitudes of a sum's terms: FP32 2e-6. BF16 1e-5 against
 * operands rounded to BF16 (the products are then exact and only the sums round). I8: 2e-4, of
 * which the rounding of activations to integers takes the most; weights quantised on the way are
 * compared after quantising. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/bf16.h"
#include "ops/ref.h"

struct source {
    void *data;
    float *scale;
    double *value; /* what the product multiplies with */
};

static double seen(float x, enum m6_type compute)
{
    return (double)(compute == M6_BF16 ? m6_bf16_to_float(m6_bf16_from_float(x)) : x);
}

/* A random W of out × in stored as `type`, and its elements as `compute` sees them. */
static struct source source(int out, int in, enum m6_type type, enum m6_type compute)
{
    const size_t n = (size_t)out * (size_t)in;
    struct source s = {malloc(n * m6_type_size(type)), floats(out, 0.02f),
                       malloc(n * sizeof(double))};
    float *const value = floats((int)n, 1.0f);
    assert_non_null(s.data);
    assert_non_null(s.value);
    for (size_t i = 0; i < n; i++) {
        switch (type) {
        case M6_BF16:
            ((uint16_t *)s.data)[i] = m6_bf16_from_float(value[i]);
            value[i] = m6_bf16_to_float(m6_bf16_from_float(value[i]));
            break;
        case M6_F16:
            ((uint16_t *)s.data)[i] = m6_f16_from_float(value[i]);
            value[i] = m6_f16_to_float(m6_f16_from_float(value[i]));
            break;
        case M6_I8:
            ((int8_t *)s.data)[i] = (int8_t)(below(255) - 127);
            value[i] = (float)((int8_t *)s.data)[i] * s.scale[i / (size_t)in];
            break;
        default:
            ((float *)s.data)[i] = value[i];
        }
        s.value[i] = seen(value[i], compute);
    }
    for (int r = 0; r < out && compute == M6_I8 && type != M6_I8; r++) {
        double most = 0;
        for (int i = 0; i < in; i++)
            most = fmax(most, fabs(s.value[(size_t)r * (size_t)in + (size_t)i]));
        for (int i = 0; i < in; i++) {
            double *const v = &s.value[(size_t)r * (size_t)in + (size_t)i];
            *v = nearbyint(*v * 127 / most) * most / 127;
        }
    }
    free(value);
    return s;
}

static void source_free(struct source *s)
{
    free(s->data);
    free(s->scale);
    free(s->value);
}

/* x as the product sees it */
static struct m6_mat rounded(const struct tensor *x, enum m6_type compute)
{
    struct m6_mat m = {.rows = x->host.rows, .cols = x->host.cols, .stride = x->host.cols};
    m.data = malloc(((size_t)m.rows * (size_t)m.cols + 1) * sizeof(float));
    assert_non_null(m.data);
    for (int i = 0; i < m.rows * m.cols; i++)
        m.data[i] = (float)seen(get(x, i / m.cols, i % m.cols), compute);
    return m;
}

static double tolerance_of(enum m6_type compute, enum m6_type type)
{
    if (compute == M6_I8)
        return type == M6_I8 ? 2e-4
                             : 1e-3; /* a quantised weight may fall to the other side of a tie */
    return compute == M6_BF16 ? 1e-5 : 2e-6;
}

struct product {
    int rows, in, out;
    enum m6_type compute, type;
    enum m6_act act;
    int bias, residual; /* residual 2: aliases y */
    int h, w;           /* a convolution over rows/(h*w) pictures */
};

static void run_product(struct product p)
{
    seed((uint32_t)(p.rows * 31 + p.in * 7 + p.out));
    const int in = p.h ? 9 * p.in : p.in, y_stride = p.out + 3;
    struct source s = source(p.out, in, p.type, p.compute);
    struct tensor x = input(p.rows, p.in, p.in + 5, 1),
                  residual = input(p.rows, p.out, y_stride, 1);
    struct tensor y = p.residual == 2 ? output_of(p.rows, p.out, y_stride, &residual)
                                      : output(p.rows, p.out, y_stride);
    float *const bias = floats(p.out, 1);
    float *const device_bias = device_copy(bias, (size_t)p.out * sizeof *bias);
    struct m6_weight w;
    assert_int_equal(backend->ops->weight_create(backend, &w, p.compute, p.out, in, s.data, p.type,
                                                 p.type == M6_I8 ? s.scale : NULL),
                     M6_OK);

    struct m6_epilogue e = {.bias = p.bias ? device_bias : NULL, .act = p.act};
    e.residual = p.residual == 2 ? y.device.data : p.residual ? residual.device.data : NULL;
    if (p.h)
        backend->ops->conv3x3(backend, y.device, x.device, &w, p.rows / (p.h * p.w), p.h, p.w, &e);
    else
        backend->ops->matmul(backend, y.device, x.device, &w,
                             p.bias || p.act || p.residual ? &e : NULL);

    double *const want = calloc((size_t)(p.rows * p.out + 1), sizeof *want);
    double *const size = calloc((size_t)(p.rows * p.out + 1), sizeof *size);
    assert_non_null(want);
    assert_non_null(size);
    struct m6_mat seen_x = rounded(&x, p.compute);
    const struct m6_epilogue host = {p.bias ? bias : NULL, p.act,
                                     p.residual ? residual.host.data : NULL};
    if (p.h)
        m6_ref_conv3x3(want, size, seen_x, s.value, p.out, p.rows / (p.h * p.w), p.h, p.w, &host,
                       y_stride);
    else
        m6_ref_matmul(want, size, seen_x, s.value, p.out, &host, y_stride);
    for (int i = 0; i < p.rows * p.out; i++)
        size[i] += p.act ? 1 : 1e-3;
    check(m6_type_name(p.compute), &y, want, size, tolerance_of(p.compute, p.type));

    backend->ops->weight_destroy(backend, &w);
    assert_null(w.packed);
    device_free(device_bias);
    free(bias);
    free(want);
    free(size);
    free(seen_x.data);
    source_free(&s);
    release(&x);
    release(&y);
    release(&residual);
}

static const enum m6_type computes[] = {M6_F32, M6_BF16, M6_I8},
                          types[] = {M6_F32, M6_BF16, M6_F16, M6_I8};

static void matmul(void **unused)
{
    static const int shapes[][3] = {{1, 1, 1},   {1, 256, 256}, {2, 3, 65},    {5, 127, 64},
                                    {6, 64, 63}, {7, 33, 130},  {49, 100, 17}, {100, 65, 70},
                                    {0, 8, 8},   {3, 1000, 8},  {200, 48, 96}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (int c = 0; c < 3; c++) {
            for (int t = 0; t < 4; t++)
                run_product((struct product){.rows = shapes[i][0],
                                             .in = shapes[i][1],
                                             .out = shapes[i][2],
                                             .compute = computes[c],
                                             .type = types[t]});
        }
    }
}

static void matmul_epilogues(void **unused)
{
    for (int c = 0; c < 3; c++) {
        for (int act = M6_ACT_NONE; act <= M6_ACT_SILU; act++) {
            for (int bias = 0; bias < 2; bias++) {
                for (int residual = 0; residual < 3; residual++)
                    run_product((struct product){.rows = 9 + 50 * residual,
                                                 .in = 70,
                                                 .out = 83,
                                                 .compute = computes[c],
                                                 .type = M6_F32,
                                                 .act = (enum m6_act)act,
                                                 .bias = bias,
                                                 .residual = residual});
            }
        }
    }
}

/* Long enough that a backend may have to cut the sums. */
static void matmul_long(void **unused)
{
    for (int c = 0; c < 3; c++) {
        run_product((struct product){
            .rows = 1, .in = 9001, .out = 70, .compute = computes[c], .type = M6_F32});
        run_product((struct product){
            .rows = 70, .in = 9001, .out = 66, .compute = computes[c], .type = M6_F32, .bias = 1});
    }
}

static void conv3x3(void **unused)
{
    static const int shapes[][5] = {
        {1, 1, 1, 3, 5}, {2, 5, 7, 3, 10}, {1, 6, 4, 16, 64}, {1, 2, 9, 65, 20}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (int c = 0; c < 3; c++) {
            const int h = shapes[i][1], w = shapes[i][2];
            run_product((struct product){.rows = shapes[i][0] * h * w,
                                         .h = h,
                                         .w = w,
                                         .in = shapes[i][3],
                                         .out = shapes[i][4],
                                         .compute = computes[c],
                                         .type = M6_F32,
                                         .bias = 1,
                                         .act = M6_ACT_SILU});
        }
    }
}

enum { EXPERTS = 6 };

static void run_experts(int rows, int width, int inner, int active, enum m6_type compute, int gate,
                        int bias)
{
    seed((uint32_t)(rows + width * 3 + gate));
    struct source source_of[3][EXPERTS];
    struct m6_weight weight[3][EXPERTS], *w[3][EXPERTS];
    struct m6_ref_expert ref[EXPERTS];
    const float *device_bias[2][EXPERTS];
    float *host_bias[2][EXPERTS];
    const int out[3] = {inner, inner, width}, in[3] = {width, width, inner};
    for (int e = 0; e < EXPERTS; e++) {
        for (int i = 0; i < 3; i++) {
            source_of[i][e] = source(out[i], in[i], M6_F32, compute);
            w[i][e] = &weight[i][e];
            assert_int_equal(backend->ops->weight_create(backend, w[i][e], compute, out[i], in[i],
                                                         source_of[i][e].data, M6_F32, NULL),
                             M6_OK);
        }
        for (int i = 0; i < 2; i++) {
            const int n = i ? width : inner;
            host_bias[i][e] = floats(n, 1);
            device_bias[i][e] = device_copy(host_bias[i][e], (size_t)n * sizeof(float));
        }
        ref[e] = (struct m6_ref_expert){.up = source_of[0][e].value,
                                        .gate = gate ? source_of[1][e].value : NULL,
                                        .down = source_of[2][e].value,
                                        .inner = inner,
                                        .up_bias = bias ? host_bias[0][e] : NULL,
                                        .down_bias = bias ? host_bias[1][e] : NULL};
    }
    struct tensor x = input(rows, width, width + 1, 1), y = input(rows, width, width, 1), out_y;
    out_y = output_of(rows, width, width + 2, &y);
    int32_t *const index = malloc((size_t)(rows * active + 1) * sizeof *index);
    float *const share = floats(rows * active, 1);
    double *const want = calloc((size_t)(rows * width + 1), sizeof *want);
    double *const size = calloc((size_t)(rows * width + 1), sizeof *size);
    assert_non_null(index);
    assert_non_null(want);
    assert_non_null(size);
    for (int i = 0; i < rows * active; i++)
        index[i] = i % active ? (index[i - 1] + 1) % EXPERTS : below(EXPERTS);
    for (int i = 0; i < rows * width; i++)
        want[i] = (double)get(&y, i / width, i % width);

    const struct m6_experts experts = {.experts = EXPERTS,
                                       .up = w[0],
                                       .gate = gate ? w[1] : NULL,
                                       .down = w[2],
                                       .up_bias = bias ? device_bias[0] : NULL,
                                       .down_bias = bias ? device_bias[1] : NULL,
                                       .act = M6_ACT_SILU};
    int32_t *const device_index = device_copy(index, (size_t)(rows * active) * sizeof *index);
    float *const device_share = device_copy(share, (size_t)(rows * active) * sizeof *share);
    backend->ops->experts(backend, out_y.device, x.device, &experts, device_index, device_share,
                          active);

    struct m6_mat seen_x = rounded(&x, compute);
    m6_ref_experts(want, size, seen_x, ref, M6_ACT_SILU, index, share, active);
    for (int i = 0; i < rows * width; i++)
        size[i] += 1;
    /* the hidden activations are rounded between the products */
    check("experts", &out_y, want, size, compute == M6_F32 ? 4e-6 : 6e-3);

    for (int e = 0; e < EXPERTS; e++) {
        for (int i = 0; i < 3; i++) {
            backend->ops->weight_destroy(backend, w[i][e]);
            source_free(&source_of[i][e]);
        }
        for (int i = 0; i < 2; i++) {
            device_free((void *)(uintptr_t)device_bias[i][e]);
            free(host_bias[i][e]);
        }
    }
    device_free(device_index);
    device_free(device_share);
    free(seen_x.data);
    free(index);
    free(share);
    free(want);
    free(size);
    release(&x);
    release(&y);
    release(&out_y);
}

static void experts(void **unused)
{
    static const int shapes[][4] = {
        {1, 32, 48, 1}, {1, 33, 17, 2}, {40, 32, 64, 2}, {7, 64, 33, 4}, {0, 8, 8, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (int way = 0; way < 8; way++)
            run_experts(shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3],
                        way & 1 ? M6_BF16 : M6_F32, way >> 1 & 1, way >> 2);
    }
}

static void refuses_weights(void **unused)
{
    struct m6_weight w;
    const float data[4] = {0};
    assert_int_not_equal(backend->ops->weight_create(backend, &w, M6_F64, 2, 2, data, M6_F32, NULL),
                         M6_OK);
    assert_int_not_equal(backend->ops->weight_create(backend, &w, M6_F32, 2, 2, data, M6_I8, NULL),
                         M6_OK);
    assert_int_not_equal(backend->ops->weight_create(backend, &w, M6_F32, 0, 2, data, M6_F32, NULL),
                         M6_OK);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(matmul),      cmocka_unit_test(matmul_epilogues),
    cmocka_unit_test(matmul_long), cmocka_unit_test(conv3x3),
    cmocka_unit_test(experts),     cmocka_unit_test(refuses_weights),
};

const struct suite products_suite = {tests, sizeof tests / sizeof *tests};
