/* Matrices, optimizers and checkpoints. */
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
#include "train/quant.h"

static struct m6_pool *pool;

static struct m6_params *three(void)
{
    struct m6_params *p = m6_params_create();
    assert_non_null(m6_params_add(p, "w", 40, 30, 0, 0.5f, 1));
    assert_non_null(m6_params_add(p, "gain", 1, 30, 1, 0, 1));
    assert_non_null(m6_params_add(p, "large", 300, 257, 0, 0.1f, 1));
    return p;
}

static int64_t size_of(const struct m6_param *q)
{
    return (int64_t)q->rows * q->cols;
}

static void fill_grads(struct m6_params *p, uint64_t salt)
{
    for (int i = 0; i < m6_params_count(p); i++) {
        struct m6_param *q = m6_params_at(p, i);
        for (int64_t j = 0; j < size_of(q); j++)
            q->grad[j] = case_noise((uint64_t)j, salt + (uint64_t)i);
    }
}

static void starts(void **state)
{
    struct m6_params *p = m6_params_create(), *other = m6_params_create();
    const struct m6_param *a = m6_params_add(p, "a", 200, 100, 0.5f, 2, 9);
    assert_null(m6_params_add(p, "a", 2, 2, 0, 1, 9));
    assert_null(m6_params_add(p, "none", 0, 2, 0, 1, 9));
    m6_params_add(other, "before", 3, 3, 0, 1, 9);
    const struct m6_param *same = m6_params_add(other, "a", 200, 100, 0.5f, 2, 9);
    const struct m6_param *seed = m6_params_add(p, "seed", 200, 100, 0.5f, 2, 10);
    assert_memory_equal(a->value, same->value, 20000 * sizeof(float));
    assert_memory_not_equal(a->value, seed->value, 20000 * sizeof(float));

    double mean = 0, square = 0, fourth = 0;
    for (int i = 0; i < 20000; i++)
        mean += a->value[i] / 20000.0;
    for (int i = 0; i < 20000; i++) {
        square += pow(a->value[i] - mean, 2) / 20000;
        fourth += pow(a->value[i] - mean, 4) / 20000;
    }
    assert_true(fabs(mean - 0.5) < 0.06 && fabs(sqrt(square) - 2) < 0.04);
    assert_true(fabs(fourth / (square * square) - 3) < 0.2); /* a Gaussian's */
    assert_int_equal(m6_params_elements(p), 40000);
    assert_ptr_equal(m6_params_find(p, "seed"), seed);
    m6_params_destroy(p);
    m6_params_destroy(other);
}

/* The definition, in double precision. */
static void adamw_steps(void **state)
{
    struct m6_params *p = three();
    const struct m6_optim o = {M6_ADAMW, 1e-2f, 0.9f, 0.95f, 1e-8f, 0.1f, 1.0f};
    double *x[3], *m[3], *v[3];
    for (int i = 0; i < 3; i++) {
        const struct m6_param *q = m6_params_at(p, i);
        x[i] = calloc((size_t)size_of(q), sizeof **x);
        m[i] = calloc((size_t)size_of(q), sizeof **m);
        v[i] = calloc((size_t)size_of(q), sizeof **v);
        for (int64_t j = 0; j < size_of(q); j++)
            x[i][j] = q->value[j];
    }
    m6_params_at(p, 2)->lr_scale = 0.5f;
    for (int t = 1; t <= 5; t++) {
        fill_grads(p, (uint64_t)t * 10);
        double square = 0;
        for (int i = 0; i < 3; i++)
            for (int64_t j = 0; j < size_of(m6_params_at(p, i)); j++)
                square += pow(m6_params_at(p, i)->grad[j], 2);
        const double norm = sqrt(square);
        for (int i = 0; i < 3; i++) {
            const struct m6_param *q = m6_params_at(p, i);
            const double lr = 1e-2 * (i == 2 ? 0.5 : 1), decay = q->decay ? lr * 0.1 : 0;
            for (int64_t j = 0; j < size_of(q); j++) {
                const double g = q->grad[j] / norm;
                m[i][j] = 0.9 * m[i][j] + 0.1 * g;
                v[i][j] = 0.95 * v[i][j] + 0.05 * g * g;
                const double down = sqrt(v[i][j] / (1 - pow(0.95, t))) + 1e-8;
                x[i][j] -= decay * x[i][j] + lr * m[i][j] / (1 - pow(0.9, t)) / down;
            }
        }
        const double got = m6_params_step(p, pool, &o, t);
        assert_true(fabs(got - norm) < 1e-5 * norm);
    }
    for (int i = 0; i < 3; i++) {
        const struct m6_param *q = m6_params_at(p, i);
        for (int64_t j = 0; j < size_of(q); j++) {
            assert_true(fabs(q->value[j] - x[i][j]) < 2e-5);
            assert_true(q->grad[j] == 0);
        }
        free(x[i]);
        free(m[i]);
        free(v[i]);
    }
    assert_int_equal(m6_params_at(p, 0)->decay, 1);
    assert_int_equal(m6_params_at(p, 1)->decay, 0);
    m6_params_destroy(p);
}

/* A gradient that is an outer product has factors that are exact: the update is then the sign of the gradient. */
static void adafactor_steps(void **state)
{
    struct m6_params *p = m6_params_create();
    struct m6_param *w = m6_params_add(p, "w", 120, 90, 0, 0.5f, 1), *b = m6_params_add(p, "b", 1, 90, 2, 0, 1);
    const struct m6_optim o = {M6_ADAFACTOR, 1e-2f, 0, 0, 0, 0, 0};
    float *before = malloc((size_t)size_of(w) * sizeof *before);
    memcpy(before, w->value, (size_t)size_of(w) * sizeof *before);
    double rms = 0;
    for (int64_t i = 0; i < size_of(w); i++) {
        const float r = case_noise((uint64_t)(i / 90), 1), c = case_noise((uint64_t)(i % 90), 2);
        w->grad[i] = r * c;
        rms += before[i] * before[i] / (double)size_of(w);
    }
    for (int i = 0; i < 90; i++)
        b->grad[i] = case_noise((uint64_t)i, 3);
    m6_params_step(p, pool, &o, 1);
    for (int64_t i = 0; i < size_of(w); i++) {
        const float r = case_noise((uint64_t)(i / 90), 1), c = case_noise((uint64_t)(i % 90), 2);
        const double wanted = before[i] - 1e-2 * sqrt(rms) * (r * c > 0 ? 1 : -1);
        assert_true(fabs(w->value[i] - wanted) < 1e-5);
        assert_true(w->grad[i] == 0);
    }
    for (int i = 0; i < 90; i++)
        assert_true(fabs(b->value[i] - (2 - 2e-2 * (case_noise((uint64_t)i, 3) > 0 ? 1 : -1))) < 1e-5);
    assert_null(w->state[1]); /* no first moment */
    free(before);
    m6_params_destroy(p);
}

static void not_finite(void **state)
{
    struct m6_params *p = three(), *kept = three();
    const struct m6_optim o = {M6_ADAMW, 1e-2f, 0.9f, 0.95f, 1e-8f, 0.1f, 1.0f};
    m6_params_at(p, 2)->grad[77] = NAN;
    assert_false(isfinite(m6_params_step(p, pool, &o, 1)));
    for (int i = 0; i < 3; i++) {
        const struct m6_param *a = m6_params_at(p, i), *b = m6_params_at(kept, i);
        assert_memory_equal(a->value, b->value, (size_t)size_of(a) * sizeof(float));
        assert_true(a->grad[77 % size_of(a)] == 0);
    }
    m6_params_destroy(p);
    m6_params_destroy(kept);
}

static void frozen(void **state)
{
    struct m6_params *p = three(), *kept = three();
    const struct m6_optim o = {M6_ADAMW, 1e-2f, 0.9f, 0.95f, 1e-8f, 0.1f, 1.0f};
    m6_params_at(p, 0)->lr_scale = 0;
    struct m6_tape *t = m6_tape_create(M6_TAPE_F32, pool, NULL, NULL);
    const m6_var w = m6_tape_param(t, m6_params_at(p, 0)), g = m6_tape_param(t, m6_params_at(p, 1));
    assert_int_equal(w, m6_tape_param(t, m6_params_at(p, 0)));
    const m6_var y = m6_tape_layer_norm(t, w, g, g, 1e-5f);
    m6_tape_backward(t, m6_tape_squared_error(t, y, m6_params_at(p, 0)->value, NULL));
    assert_true(m6_params_at(p, 0)->grad[5] == 0 && m6_params_at(p, 1)->grad[5] != 0);
    m6_params_step(p, pool, &o, 1);
    assert_memory_equal(m6_params_at(p, 0)->value, m6_params_at(kept, 0)->value, 1200 * sizeof(float));
    assert_memory_not_equal(m6_params_at(p, 1)->value, m6_params_at(kept, 1)->value, 30 * sizeof(float));
    m6_tape_destroy(t);
    m6_params_destroy(p);
    m6_params_destroy(kept);
}

static void averages(void **state)
{
    struct m6_params *p = three();
    struct m6_param *w = m6_params_at(p, 0);
    const float first = w->value[3];
    m6_params_average(p, pool, 0);
    m6_params_swap_average(p);
    assert_true(w->value[3] == first);
    m6_params_average(p, pool, 0.9f);
    w->value[3] = first + 1;
    m6_params_average(p, pool, 0.9f);
    m6_params_swap_average(p);
    assert_true(fabsf(w->value[3] - first - 0.1f) < 1e-6f);
    m6_params_swap_average(p);
    assert_true(w->value[3] == first + 1);
    m6_params_destroy(p);
}

/* ---- checkpoints ---- */

static const char *const file = "test_train_param.safetensors";

static void train(struct m6_params *p, enum m6_optimizer kind, int from, int to)
{
    const struct m6_optim o = {kind, 1e-2f, 0.9f, 0.95f, 1e-8f, 0.1f, 1.0f};
    for (int t = from; t <= to; t++) {
        fill_grads(p, (uint64_t)t);
        m6_params_step(p, pool, &o, t);
        m6_params_average(p, pool, 0.99f);
    }
}

static void resume_with(enum m6_optimizer kind)
{
    struct m6_params *straight = three(), *halved = three(), *resumed = three();
    static const char *const words[] = {"step", "4", "note", "half way", NULL};
    struct m6_safetensors *s;
    struct m6_error err = {{0}};
    train(straight, kind, 1, 8);
    train(halved, kind, 1, 4);
    assert_int_equal(m6_params_save(halved, file, words, &err), M6_OK);
    train(resumed, kind, 1, 1); /* whatever was there is replaced */
    assert_int_equal(m6_safetensors_open(&s, file, &err), M6_OK);
    assert_string_equal(m6_safetensors_metadata(s, "step"), "4");
    assert_int_equal(m6_params_load(resumed, s, &err), M6_OK);
    m6_safetensors_close(s);
    train(resumed, kind, 5, 8);
    for (int swap = 0; swap < 2; swap++) {
        for (int i = 0; i < 3; i++) {
            const struct m6_param *a = m6_params_at(straight, i), *b = m6_params_at(resumed, i);
            assert_memory_equal(a->value, b->value, (size_t)size_of(a) * sizeof(float));
        }
        m6_params_swap_average(straight);
        m6_params_swap_average(resumed);
    }
    m6_params_destroy(straight);
    m6_params_destroy(halved);
    m6_params_destroy(resumed);
    unlink(file);
}

static void resumes(void **state)
{
    resume_with(M6_ADAMW);
    resume_with(M6_ADAFACTOR);
}

static void refuses(void **state)
{
    struct m6_params *p = three(), *wrong = m6_params_create(), *more = three();
    struct m6_safetensors *s;
    struct m6_error err = {{0}};
    m6_params_add(wrong, "w", 40, 31, 0, 1, 1);
    m6_params_add(more, "extra", 2, 2, 7, 0, 1);
    train(p, M6_ADAMW, 1, 1);
    assert_int_equal(m6_params_save(p, file, NULL, &err), M6_OK);
    assert_int_equal(m6_safetensors_open(&s, file, &err), M6_OK);
    assert_int_equal(m6_params_load(wrong, s, &err), M6_ERR_FORMAT);
    assert_non_null(strstr(err.text, "\"w\""));
    const float kept = m6_params_at(more, 0)->value[0];
    assert_int_equal(m6_params_load(more, s, &err), M6_ERR_FORMAT);
    assert_non_null(strstr(err.text, "\"extra\""));
    assert_true(m6_params_at(more, 0)->value[0] == kept);
    m6_safetensors_close(s);
    assert_int_equal(m6_params_save(p, "/nonexistent/x.safetensors", NULL, &err), M6_ERR_IO);
    m6_params_destroy(p);
    m6_params_destroy(wrong);
    m6_params_destroy(more);
    unlink(file);
}

/* What a release writes is read back: a vector as [n], and 8-bit matrices as what they stand for. */
static void reads_releases(void **state)
{
    for (int how = M6_QUANT_FLOAT; how <= M6_QUANT_I8; how++) {
        struct m6_params *p = three(), *back = m6_params_create(), *other = m6_params_create();
        struct m6_safetensors *s;
        struct m6_error err = {{0}};
        m6_params_add(back, "w", 40, 30, 0, 0, 1);
        m6_params_add(back, "gain", 1, 30, 0, 0, 1);
        m6_params_add(back, "large", 300, 257, 0, 0, 1);
        m6_params_add(back, "extra", 2, 2, 7, 0, 1);
        m6_params_add(other, "elsewhere", 2, 2, 7, 0, 1);
        assert_int_equal(m6_quant_write(p, (enum m6_quant)how, file, NULL, &err), M6_OK);
        assert_int_equal(m6_quant_read(back, file, 0, &err), M6_ERR_MODEL);
        assert_non_null(strstr(err.text, "lacks \"extra\""));
        if (m6_quant_read(back, file, 1, &err))
            fail_msg("%s", err.text);
        for (int i = 0; i < 3; i++) {
            const struct m6_param *a = m6_params_at(p, i), *b = m6_params_at(back, i);
            const int exact = how == M6_QUANT_FLOAT || size_of(a) < M6_QUANT_ELEMENTS;
            for (int64_t j = 0; j < size_of(a); j++)
                assert_true(fabsf(a->value[j] - b->value[j]) <= (exact ? 0 : 0.004f));
        }
        assert_true(m6_params_at(back, 3)->value[0] == 7);
        assert_int_equal(m6_quant_read(other, file, 1, &err), M6_ERR_MODEL);
        assert_non_null(strstr(err.text, "none of the weights"));
        /* Floats are as good as a checkpoint of a run that has not begun. */
        assert_int_equal(m6_safetensors_open(&s, file, &err), M6_OK);
        struct m6_params *whole = three();
        train(whole, M6_ADAMW, 1, 2);
        assert_int_equal(m6_params_load(whole, s, &err), how == M6_QUANT_FLOAT ? M6_OK : M6_ERR_FORMAT);
        for (int i = 0; i < 3 && how == M6_QUANT_FLOAT; i++) {
            const struct m6_param *a = m6_params_at(p, i), *b = m6_params_at(whole, i);
            assert_memory_equal(a->value, b->value, (size_t)size_of(a) * sizeof(float));
            assert_null(b->state[0]);
        }
        m6_safetensors_close(s);
        m6_params_destroy(p);
        m6_params_destroy(back);
        m6_params_destroy(other);
        m6_params_destroy(whole);
        unlink(file);
    }
}

static void refuses_odd_shapes(void **state)
{
    static const float data[60];
    static const struct m6_stensor odd[] = {{"w", M6_F32, 0, {0}, data, 4},
                                            {"w", M6_F32, 1, {60}, data, 240},
                                            {"w", M6_F32, 2, {10, 6}, data, 240},
                                            {"w", M6_F32, 3, {1, 6, 10}, data, 240},
                                            {"w", M6_I32, 2, {6, 10}, data, 240},
                                            {"w", M6_I8, 2, {6, 10}, data, 60}};
    struct m6_params *p = m6_params_create();
    m6_params_add(p, "w", 6, 10, 3, 0, 1);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct m6_safetensors *s;
        struct m6_error err = {{0}};
        assert_int_equal(m6_safetensors_write(file, &odd[i], 1, NULL, &err), M6_OK);
        assert_int_equal(m6_safetensors_open(&s, file, &err), M6_OK);
        assert_int_equal(m6_params_load(p, s, &err), M6_ERR_FORMAT);
        assert_non_null(strstr(err.text, "\"w\""));
        m6_safetensors_close(s);
        assert_int_not_equal(m6_quant_read(p, file, 0, &err), M6_OK);
        assert_non_null(strstr(err.text, "\"w\""));
        assert_true(m6_params_at(p, 0)->value[5] == 3);
    }
    m6_params_destroy(p);
    unlink(file);
}

static void tells_optimizers_apart(void **state)
{
    struct m6_params *p = three();
    struct m6_optim adamw = {.kind = M6_ADAMW, .beta1 = 0.9f}, plain = {.kind = M6_ADAFACTOR},
                    momentum = {.kind = M6_ADAFACTOR, .beta1 = 0.9f};
    assert_true(m6_params_state_fits(p, &adamw) && m6_params_state_fits(p, &plain));
    train(p, M6_ADAMW, 1, 1);
    assert_true(m6_params_state_fits(p, &adamw));
    assert_false(m6_params_state_fits(p, &plain) || m6_params_state_fits(p, &momentum));
    m6_params_destroy(p);
    p = three();
    train(p, M6_ADAFACTOR, 1, 1);
    assert_true(m6_params_state_fits(p, &momentum));
    assert_false(m6_params_state_fits(p, &plain) || m6_params_state_fits(p, &adamw));
    m6_params_destroy(p);
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
        cmocka_unit_test(starts),     cmocka_unit_test(adamw_steps), cmocka_unit_test(adafactor_steps),
        cmocka_unit_test(not_finite), cmocka_unit_test(frozen),      cmocka_unit_test(averages),
        cmocka_unit_test(resumes),    cmocka_unit_test(refuses),
        cmocka_unit_test(reads_releases),
        cmocka_unit_test(refuses_odd_shapes),
        cmocka_unit_test(tells_optimizers_apart),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
