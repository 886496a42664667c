/* Tiny models that learn the toy world by heart; the release of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "toy.h"
#include "train/judge.h"
#include "train/m6.h"
#include "train/quant.h"

static char folder[M6_PATH_BYTES];
static struct m6_source source;

static void read_recipe(struct m6_recipe *r, const char *kind, const char *run, int steps, const char *more)
{
    toy_recipe(r, folder, kind, run, steps, more);
}

static void train(const struct m6_recipe *r, int fresh, struct m6_metrics *m)
{
    toy_train(r, &source, fresh, m);
}

static void image_tokenizer_learns(void **state)
{
    struct m6_recipe r;
    struct m6_metrics m;
    read_recipe(&r, "image_tokenizer", "image", 300, toy_image);
    train(&r, 1, &m);
    assert_true(m6_metrics_get(&m, "psnr") > 25);
    assert_true(m6_metrics_get(&m, "subject_psnr") > 22);
}

static void judge_learns_and_is_written(void **state)
{
    struct m6_recipe r;
    struct m6_metrics m;
    struct m6_error err = {""};
    char path[M6_PATH_BYTES + 32];
    read_recipe(&r, "judge", "judge", 150,
                toy_judge);
    train(&r, 1, &m);
    assert_true(m6_metrics_get(&m, "mean") > 0.9);

    struct m6_trainer *t;
    struct m6_judge_shape shape;
    struct m6_judge *judge;
    assert_int_equal(m6_trainer_create(&t, &r, &source, &err), M6_OK);
    assert_int_equal(m6_trainer_load_average(t->params, r.folder, &err), M6_OK);
    m6_judge_shape_of(&shape, &r, &source);
    snprintf(path, sizeof path, "%s/judge.safetensors", folder);
    assert_int_equal(m6_judge_write(t->params, &shape, path, &err), M6_OK);
    m6_trainer_destroy(t);

    if (m6_judge_load(&judge, path, 1, &err))
        fail_msg("%s", err.text);
    uint8_t *rgb = malloc((size_t)8 * 64 * 48 * 3);
    struct m6_verdict *v = calloc(8, sizeof *v);
    int right = 0;
    for (uint64_t i = 0; i < 8; i++) {
        struct m6_example e = {.width = 64, .height = 48, .rgb = rgb + i * 64 * 48 * 3};
        source.example(NULL, M6_SPLIT_TRAIN, 0, i, &e, NULL);
    }
    assert_int_equal(m6_judge_score(judge, rgb, 8, v, &err), M6_OK);
    for (int i = 0; i < 8; i++)
        right += (v[i].label[0] == i % 4) + (v[i].label[1] == i / 4);
    assert_true(right >= 14);
    free(rgb);
    free(v);
    m6_judge_destroy(judge);
}

static void m6_starts_at_chance_and_learns(void **state)
{
    struct m6_recipe r;
    struct m6_metrics m;
    struct m6_trainer *t;
    struct m6_error err = {""};
    read_recipe(&r, "m6", "m6", 400, toy_m6);
    if (m6_trainer_create(&t, &r, &source, &err))
        fail_msg("%s", err.text);
    assert_int_equal(t->job->start(t, 0, &err), M6_OK);
    memset(&m, 0, sizeof m);
    assert_int_equal(t->job->step(t, 1, &m, &err), M6_OK);
    assert_float_equal(m6_metrics_get(&m, "caption_en"), 5.77, 0.4);  /* ln 320 */
    assert_float_equal(m6_metrics_get(&m, "draw_causal"), 4.61, 0.4); /* ln 100 */
    assert_float_equal(m6_metrics_get(&m, "draw_masked"), 4.61, 0.4);
    m6_trainer_destroy(t);

    train(&r, 1, &m);
    assert_true(m6_metrics_get(&m, "caption_en.token") > 0.95);
    assert_true(m6_metrics_get(&m, "caption_zh.token") > 0.95);
    assert_true(m6_metrics_get(&m, "question.exact") > 0.9);
    assert_true(m6_metrics_get(&m, "match.exact") > 0.9);
    assert_true(m6_metrics_get(&m, "rewrite.exact") > 0.9);
    assert_true(m6_metrics_get(&m, "draw_causal") < 1.5);
}

static void exports_a_release(void **state)
{
    struct m6_recipe r;
    struct m6_trainer *t;
    struct m6_safetensors *file;
    struct m6_error err = {""};
    char path[M6_PATH_BYTES + 64], *text;
    read_recipe(&r, "m6", "m6", 400, toy_m6);
    assert_int_equal(m6_trainer_create(&t, &r, &source, &err), M6_OK);
    snprintf(path, sizeof path, "%s/release", folder);
    if (m6_export(t, path, &err))
        fail_msg("%s", err.text);
    m6_trainer_destroy(t);
    assert_int_equal(m6_safetensors_open(&file, path, &err), M6_OK);
    const struct m6_stensor *w = m6_safetensors_find(file, "embed.weight"), *s = m6_safetensors_find(file, "embed.weight.scale");
    assert_true(w && w->type == M6_I8 && s && s->type == M6_F32 && s->dim[0] == w->dim[0]);
    assert_non_null(m6_safetensors_find(file, "tok.dec.out.weight"));
    const struct m6_stensor *pos = m6_safetensors_find(file, "pos.row");
    assert_true(pos && pos->type == M6_F32);
    m6_safetensors_close(file);
    snprintf(path, sizeof path, "%s/release/config.json", folder);
    assert_int_equal(m6_file_read(path, &text, NULL, &err), M6_OK);
    struct m6_config c;
    assert_int_equal(m6_config_parse(&c, text, path, &err), M6_OK);
    assert_int_equal(c.d_model, 32);
    free(text);
}

static void rows_quantise_well(void **state)
{
    float w[64];
    int8_t q[64];
    double error = 0, power = 0;
    for (int i = 0; i < 64; i++)
        w[i] = (float)((i * 37) % 64 - 32) / 32;
    const float scale = m6_quant_row(w, 64, q);
    for (int i = 0; i < 64; i++) {
        error += (w[i] - scale * q[i]) * (w[i] - scale * q[i]);
        power += w[i] * w[i];
    }
    assert_true(error / power < 1e-4);
    memset(w, 0, sizeof w);
    assert_true(m6_quant_row(w, 64, q) == 0 && q[5] == 0);
}

static void batches_put_parents_first(void **state)
{
    struct m6_recipe r;
    struct m6_batch b = {0};
    const int32_t token[3] = {1, 2, 3}, code[12 * 4] = {0};
    const float weight[12] = {0};
    read_recipe(&r, "m6", "m6", 1, toy_m6);
    m6_batch_clear(&b, &r.config);
    const int prompt = m6_batch_source(&b, -1, token, 3);
    m6_batch_drawing(&b, prompt, code, NULL, 4, weight);
    const int picture = m6_batch_picture(&b, -1, 0), second = m6_batch_picture(&b, picture, 1);
    const int question = m6_batch_source(&b, second, token, 2);
    m6_batch_target(&b, question, 1, token, 2, M6_QUESTION);
    assert_true(m6_batch_finish(&b));
    const struct m6_segment expected[] = {{0, 2, -1, 0}, {2, 2, 0, 0}, {4, 3, -1, 0},
                                          {7, 2, 1, 0},  {9, 2, 3, 1}, {11, 12, 2, 1}};
    assert_int_equal(b.segments, 6);
    for (int i = 0; i < 6; i++)
        assert_memory_equal(&b.ordered[i], &expected[i], sizeof expected[i]);
    m6_batch_free(&b);
}

static int setup(void **state)
{
    source = toy_source;
    toy_folder(folder);
    toy_prepare(folder);
    return 0;
}

static int teardown(void **state)
{
    toy_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_quantise_well),          cmocka_unit_test(batches_put_parents_first),
        cmocka_unit_test(image_tokenizer_learns),      cmocka_unit_test(judge_learns_and_is_written),
        cmocka_unit_test(m6_starts_at_chance_and_learns), cmocka_unit_test(exports_a_release)};
    return cmocka_run_group_tests_name("training", tests, setup, teardown);
}
