/* A row's result depends on the row alone: not on how many rows there are, in which order they
 * come, or on how many threads work. All to the bit. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An operation on rows of x; gives y.rows = x.rows. */
typedef void (*operation)(struct m6_backend *b, struct m6_mat y, struct m6_mat x);

enum { IN = 1152, OUT = 90, ROWS = 301 }; /* IN: more than one stretch of a product's inner loop */

static struct m6_weight weight[3];
static float *gain, *bias;

static void product_f32(struct m6_backend *b, struct m6_mat y, struct m6_mat x)
{
    const struct m6_epilogue e = {.bias = bias, .act = M6_ACT_GELU};
    b->ops->matmul(b, y, x, &weight[0], &e);
}

static void product_bf16(struct m6_backend *b, struct m6_mat y, struct m6_mat x)
{
    b->ops->matmul(b, y, x, &weight[1], NULL);
}

static void product_i8(struct m6_backend *b, struct m6_mat y, struct m6_mat x)
{
    b->ops->matmul(b, y, x, &weight[2], NULL);
}

static struct m6_mat narrow(struct m6_mat x, int cols)
{
    x.cols = cols;
    return x;
}

static void norm(struct m6_backend *b, struct m6_mat y, struct m6_mat x)
{
    b->ops->layer_norm(b, y, narrow(x, OUT), gain, bias, 1e-5f);
}

static void root_norm(struct m6_backend *b, struct m6_mat y, struct m6_mat x)
{
    b->ops->rms_norm(b, y, narrow(x, OUT), gain, 1e-5f);
}

static void silu(struct m6_backend *b, struct m6_mat y, struct m6_mat x)
{
    b->ops->activate(b, y, narrow(x, OUT), M6_ACT_SILU);
}

static void gate(struct m6_backend *b, struct m6_mat y, struct m6_mat x)
{
    b->ops->gated(b, y, narrow(x, OUT), narrow(x, OUT), M6_ACT_GELU_ERF);
}

static void shares(struct m6_backend *b, struct m6_mat y, struct m6_mat x)
{
    b->ops->softmax(b, y, narrow(x, OUT));
}

/* Expert j of a row is chosen by nothing but the row's own values, so that it moves with the row.
 */
static void mixture(struct m6_backend *b, struct m6_mat y, struct m6_mat x)
{
    struct m6_weight *const up[] = {&weight[0], &weight[1]};
    int32_t *const index = malloc((size_t)x.rows * sizeof *index);
    float *const host = malloc((size_t)x.rows * (size_t)x.stride * sizeof *host);
    float *const share = malloc((size_t)x.rows * sizeof *share);
    struct m6_weight down[2];
    struct m6_weight *const downs[] = {&down[0], &down[1]};
    float *const data = malloc(OUT * OUT * sizeof *data);
    for (int i = 0; i < OUT * OUT; i++)
        data[i] = (float)(i % 17) / 17 - 0.5f;
    for (int i = 0; i < 2; i++)
        assert_int_equal(b->ops->weight_create(b, &down[i], M6_BF16, OUT, OUT, data, M6_F32, NULL),
                         M6_OK);
    b->ops->download(b, host, x.data, (size_t)x.rows * (size_t)x.stride * sizeof *host);
    for (int r = 0; r < x.rows; r++) {
        index[r] = host[(size_t)r * (size_t)x.stride] > 0;
        share[r] = host[(size_t)r * (size_t)x.stride + 1];
    }
    int32_t *const device_index = device_copy(index, (size_t)x.rows * sizeof *index);
    float *const device_share = device_copy(share, (size_t)x.rows * sizeof *share);
    const struct m6_experts e = {.experts = 2, .up = up, .down = downs, .act = M6_ACT_GELU};
    b->ops->mix(b, y, 0, narrow(x, OUT), 0, narrow(x, OUT));
    b->ops->experts(b, y, x, &e, device_index, device_share, 1);
    for (int i = 0; i < 2; i++)
        b->ops->weight_destroy(b, &down[i]);
    device_free(device_index);
    device_free(device_share);
    free(index);
    free(share);
    free(host);
    free(data);
}

static const struct {
    const char *name;
    operation run;
} operations[] = {
    {"matmul F32", product_f32},
    {"matmul BF16", product_bf16},
    {"matmul I8", product_i8},
    {"layer_norm", norm},
    {"rms_norm", root_norm},
    {"activate", silu},
    {"gated", gate},
    {"softmax", shares},
    {"experts", mixture},
};

static struct m6_mat row(struct m6_mat m, int r, int rows)
{
    return (struct m6_mat){.data = m.data + (size_t)r * (size_t)m.stride,
                           .rows = rows,
                           .cols = m.cols,
                           .stride = m.stride};
}

static void rows_stand_alone(void **unused)
{
    seed(20);
    float *const w = floats(IN * OUT, 1), *const g = floats(OUT, 2);
    static const enum m6_type types[] = {M6_F32, M6_BF16, M6_I8};
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            backend->ops->weight_create(backend, &weight[i], types[i], OUT, IN, w, M6_F32, NULL),
            M6_OK);
    gain = device_copy(g, OUT * sizeof *g);
    bias = device_copy(g, OUT * sizeof *g);
    struct tensor x = input(ROWS, IN, IN, 2), permuted;
    float *const dense = malloc(ROWS * IN * sizeof *dense);
    assert_non_null(dense);
    for (int r = 0; r < ROWS; r++)
        memcpy(dense + r * IN, x.host.data + (r * 110) % ROWS * IN, IN * sizeof *dense);
    permuted = input_of(ROWS, IN, IN, dense);

    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        struct tensor all = output(ROWS, OUT, OUT + 2), one = output(ROWS, OUT, OUT + 2),
                      some = output(ROWS, OUT, OUT + 2);
        operations[i].run(backend, all.device, x.device);
        for (int r = 0; r < ROWS; r++)
            operations[i].run(backend, row(one.device, r, 1), row(x.device, r, 1));
        check_same(operations[i].name, &all, &one);
        for (int r = 0, n; r < ROWS; r += n) {
            n = 2 + r % 60;
            n = n < ROWS - r ? n : ROWS - r;
            operations[i].run(backend, row(some.device, r, n), row(x.device, r, n));
        }
        check_same(operations[i].name, &all, &some);
        operations[i].run(backend, some.device, permuted.device);
        fetch(&some);
        for (int r = 0; r < ROWS; r++)
            assert_memory_equal(some.host.data + r * (OUT + 2),
                                all.host.data + (r * 110) % ROWS * (OUT + 2), OUT * 4);
        if (other) {
            operations[i].run(other, one.device, x.device);
            check_same(operations[i].name, &all, &one);
        }
        release(&all);
        release(&one);
        release(&some);
    }
    for (int i = 0; i < 3; i++)
        backend->ops->weight_destroy(backend, &weight[i]);
    device_free(gain);
    device_free(bias);
    free(w);
    free(g);
    free(dense);
    release(&x);
    release(&permuted);
}

/* Pictures of a batch do not touch each other. */
static void pictures_stand_alone(void **unused)
{
    enum { N = 5, H = 9, W = 10, C = 24, POSITIONS = H * W };
    seed(21);
    float *const w = floats(9 * C * C, 1), *const g = floats(C, 2);
    struct m6_weight conv;
    assert_int_equal(
        backend->ops->weight_create(backend, &conv, M6_BF16, C, 9 * C, w, M6_F32, NULL), M6_OK);
    float *const device_gain = device_copy(g, C * sizeof *g);
    struct tensor x = input(N * POSITIONS, C, C, 1);
    for (int way = 0; way < 2; way++) {
        struct tensor all = output(N * POSITIONS, C, C), one = output(N * POSITIONS, C, C);
        for (int which = 0; which <= (other != NULL); which++) {
            struct m6_backend *const b = which ? other : backend;
            if (way)
                b->ops->conv3x3(b, all.device, x.device, &conv, N, H, W, NULL);
            else
                b->ops->group_norm(b, all.device, x.device, N, 8, device_gain, NULL, 1e-6f);
            for (int n = 0; n < N; n++) {
                const struct m6_mat to = row(one.device, n * POSITIONS, POSITIONS),
                                    from = row(x.device, n * POSITIONS, POSITIONS);
                if (way)
                    backend->ops->conv3x3(backend, to, from, &conv, 1, H, W, NULL);
                else
                    backend->ops->group_norm(backend, to, from, 1, 8, device_gain, NULL, 1e-6f);
            }
            check_same(way ? "conv3x3" : "group_norm", &all, &one);
        }
        release(&all);
        release(&one);
    }
    backend->ops->weight_destroy(backend, &conv);
    device_free(device_gain);
    free(w);
    free(g);
    release(&x);
}

/* A query's result is the same in a span of many as alone, in any company. */
static void queries_stand_alone(void **unused)
{
    enum {
        HEADS = 4,
        KV_HEADS = 2,
        HEAD = 64,
        WIDTH = HEADS * HEAD,
        CONTEXT = 333,
        SLOTS = 400,
        QUERIES = 144
    };
    const int kv_width = KV_HEADS * HEAD;
    seed(22);
    float *const k = floats(SLOTS * kv_width, 2), *const v = floats(SLOTS * kv_width, 2);
    struct m6_kv kv = {device_copy(k, (size_t)(SLOTS * kv_width) * 4),
                       device_copy(v, (size_t)(SLOTS * kv_width) * 4), SLOTS, KV_HEADS, HEAD};
    int32_t list[SLOTS];
    for (int i = 0; i < SLOTS; i++)
        list[i] = (i * 33) % SLOTS;
    int32_t *const slot = device_copy(list, sizeof list);
    struct tensor q = input(QUERIES, WIDTH, WIDTH, 1);
    for (int causal = 0; causal < 2; causal++) {
        struct tensor all = output(QUERIES, WIDTH, WIDTH), one = output(QUERIES, WIDTH, WIDTH);
        const struct m6_span whole = {0, QUERIES, CONTEXT, slot, causal};
        backend->ops->attention(backend, all.device, q.device, &kv, HEADS, 0.125f, &whole, 1);
        for (int r = 0; r < QUERIES; r++) {
            const struct m6_span alone = {r, 1, causal ? CONTEXT - QUERIES + r + 1 : CONTEXT, slot,
                                          r & 1};
            backend->ops->attention(backend, one.device, q.device, &kv, HEADS, 0.125f, &alone, 1);
        }
        check_same("attention alone", &all, &one);
        if (other) {
            other->ops->attention(other, one.device, q.device, &kv, HEADS, 0.125f, &whole, 1);
            check_same("attention on other threads", &all, &one);
        }
        release(&all);
        release(&one);
    }
    device_free(kv.k);
    device_free(kv.v);
    device_free(slot);
    free(k);
    free(v);
    release(&q);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_stand_alone),
    cmocka_unit_test(pictures_stand_alone),
    cmocka_unit_test(queries_stand_alone),
};
const struct suite invariance_suite = {tests, sizeof tests / sizeof *tests};
