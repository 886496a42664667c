/* A small transformer learns: a causal model of two layers, one of them sparse, has to repeat the sequence that it was
 * shown. Also that a run which is saved and taken up again ends with the same bits as one that was not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cases.h"

enum { WORDS = 8, SHOWN = 6, LENGTH = 2 * SHOWN, BATCH = 24, ROWS = BATCH * LENGTH, D = 32, HEADS = 2, FFN = 64 };

static struct m6_pool *pool;

struct model {
    struct m6_params *params;
    struct m6_tape *tape;
};

static m6_var matrix(struct model *m, const char *name, int rows, int cols, float mean, float deviation)
{
    struct m6_param *p = m6_params_find(m->params, name);
    if (!p)
        p = m6_params_add(m->params, name, rows, cols, mean, deviation, 1);
    return m6_tape_param(m->tape, p);
}

static m6_var named(struct model *m, int layer, const char *name, int rows, int cols, float mean, float deviation)
{
    char full[64];
    snprintf(full, sizeof full, "%d.%s", layer, name);
    return matrix(m, full, rows, cols, mean, deviation);
}

static m6_var norm(struct model *m, m6_var x, int layer, const char *name)
{
    char bias[32];
    snprintf(bias, sizeof bias, "%s_bias", name);
    return m6_tape_layer_norm(m->tape, x, named(m, layer, name, 1, D, 1, 0), named(m, layer, bias, 1, D, 0, 0), 1e-5f);
}

static m6_var ffn(struct model *m, m6_var x, int layer)
{
    struct m6_tape *t = m->tape;
    if (layer == 0) {
        m6_var h = m6_tape_linear(t, norm(m, x, layer, "norm2"), named(m, layer, "up", FFN, D, 0, 0.15f),
                                  named(m, layer, "up_bias", 1, FFN, 0, 0));
        return m6_tape_linear_add(t, m6_tape_gelu(t, h), named(m, layer, "down", D, FFN, 0, 0.1f),
                                  named(m, layer, "down_bias", 1, D, 0, 0), x);
    }
    m6_var up[4], down[4];
    for (int e = 0; e < 4; e++) {
        char name[16];
        snprintf(name, sizeof name, "up%d", e);
        up[e] = named(m, layer, name, FFN, D, 0, 0.15f);
        snprintf(name, sizeof name, "down%d", e);
        down[e] = named(m, layer, name, D, FFN, 0, 0.1f);
    }
    const m6_var y = m6_tape_experts(t, norm(m, x, layer, "norm2"), named(m, layer, "router", 4, D, 0, 0.2f), up, NULL,
                                     down, NULL, 4, 2, 1.5f, NULL);
    return m6_tape_add(t, x, y);
}

/* The share of the repeated half that was predicted, and the loss. */
static double step(struct model *m, int at, double *loss)
{
    struct m6_tape *t = m->tape;
    int32_t id[ROWS], target[ROWS], place[ROWS];
    struct m6_segment segment[BATCH];
    m6_tape_reset(t);
    for (int b = 0; b < BATCH; b++) {
        segment[b] = (struct m6_segment){.first = b * LENGTH, .rows = LENGTH, .parent = -1, .causal = 1};
        for (int i = 0; i < LENGTH; i++) {
            const float r = case_noise((uint64_t)(b * SHOWN + i % SHOWN), (uint64_t)at);
            id[b * LENGTH + i] = (int32_t)((r + 1) / 2 * (WORDS - 0.01f));
            place[b * LENGTH + i] = i;
        }
        for (int i = 0; i < LENGTH; i++)
            target[b * LENGTH + i] = i >= SHOWN - 1 && i + 1 < LENGTH ? id[b * LENGTH + i + 1] : -1;
    }
    m6_var x = m6_tape_add(t, m6_tape_gather(t, matrix(m, "words", WORDS, D, 0, 0.5f), id, ROWS),
                           m6_tape_gather(t, matrix(m, "places", LENGTH, D, 0, 0.5f), place, ROWS));
    for (int layer = 0; layer < 2; layer++) {
        const m6_var qkv = m6_tape_linear(t, norm(m, x, layer, "norm1"), named(m, layer, "qkv", 3 * D, D, 0, 0.2f),
                                          named(m, layer, "qkv_bias", 1, 3 * D, 0, 0));
        x = m6_tape_linear_add(t, m6_tape_attention(t, qkv, HEADS, segment, BATCH),
                               named(m, layer, "out", D, D, 0, 0.1f), named(m, layer, "out_bias", 1, D, 0, 0), x);
        x = ffn(m, x, layer);
    }
    double correct;
    const m6_var logits = m6_tape_linear(t, norm(m, x, 2, "norm"), matrix(m, "words", WORDS, D, 0, 0.5f), M6_NONE);
    const m6_var l = m6_tape_cross_entropy(t, logits, target, NULL, 0, &correct);
    m6_tape_backward(t, l);
    *loss = m6_tape_scalar(t, l);
    return correct / (BATCH * SHOWN);
}

static struct model model_of(enum m6_tape_precision precision)
{
    struct model m = {m6_params_create(), m6_tape_create(precision, pool, NULL, NULL)};
    assert_non_null(m.tape);
    return m;
}

static void destroy(struct model *m)
{
    m6_params_destroy(m->params);
    m6_tape_destroy(m->tape);
}

static void learn(enum m6_tape_precision precision, enum m6_optimizer kind, float lr, int steps)
{
    struct model m = model_of(precision);
    double loss = 0, right = 0;
    int s = 1;
    for (; s <= steps && right < 0.95; s++) {
        double now = step(&m, s, &loss);
        right += 0.1 * (now - right);
        const struct m6_optim o = {kind, lr * fminf(1, (float)s / 20), kind == M6_ADAMW ? 0.9f : 0, 0.98f, 1e-8f,
                                   0.01f, 1};
        assert_true(isfinite(m6_params_step(m.params, pool, &o, s)));
    }
    print_message("  %d steps, loss %.3f, right %.2f\n", s - 1, loss, right);
    assert_true(right > 0.95);
    destroy(&m);
}

static void learns_f32(void **state)
{
    learn(M6_TAPE_F32, M6_ADAMW, 3e-3f, 1500);
}

static void learns_bf16(void **state)
{
    learn(M6_TAPE_BF16, M6_ADAMW, 3e-3f, 1500);
}

static void learns_adafactor(void **state)
{
    learn(M6_TAPE_BF16, M6_ADAFACTOR, 2e-2f, 2500);
}

static void some_steps(struct model *m, int from, int to)
{
    double loss;
    for (int s = from; s <= to; s++) {
        const struct m6_optim o = {M6_ADAMW, 3e-3f, 0.9f, 0.98f, 1e-8f, 0.01f, 1};
        step(m, s, &loss);
        m6_params_step(m->params, pool, &o, s);
    }
}

static void resumes_bit_by_bit(void **state)
{
    static const char *const file = "test_train_learn.safetensors";
    struct model straight = model_of(M6_TAPE_BF16), halved = model_of(M6_TAPE_BF16), resumed = model_of(M6_TAPE_BF16);
    struct m6_safetensors *s;
    double loss;
    some_steps(&straight, 1, 20);
    some_steps(&halved, 1, 10);
    assert_int_equal(m6_params_save(halved.params, file, NULL, NULL), M6_OK);
    step(&resumed, 1, &loss); /* makes the matrices */
    m6_params_clear_grads(resumed.params);
    assert_int_equal(m6_safetensors_open(&s, file, NULL), M6_OK);
    assert_int_equal(m6_params_load(resumed.params, s, NULL), M6_OK);
    m6_safetensors_close(s);
    unlink(file);
    some_steps(&resumed, 11, 20);
    for (int i = 0; i < m6_params_count(straight.params); i++) {
        const struct m6_param *a = m6_params_at(straight.params, i), *b = m6_params_find(resumed.params, a->name);
        assert_memory_equal(a->value, b->value, (size_t)a->rows * (size_t)a->cols * sizeof(float));
    }
    destroy(&straight);
    destroy(&halved);
    destroy(&resumed);
}

static int setup(void **state)
{
    pool = m6_pool_create(2);
    return pool ? 0 : -1;
}

static int teardown(void **state)
{
    m6_pool_destroy(pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_f32),
        cmocka_unit_test(learns_bf16),
        cmocka_unit_test(learns_adafactor),
        cmocka_unit_test(resumes_bit_by_bit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
