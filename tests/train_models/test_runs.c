/* Runs: cut and resumed, on other numbers of threads, from a release, from what is broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "toy.h"
#include "train/m6.h"

static char folder[M6_PATH_BYTES];
static struct m6_source source;

/* Trains to `steps`; stop_at says after how many steps it is stopped and resumed, each by a process of its own. */
static void run_to(const char *kind, const char *run, int steps, int stop_at, const char *more)
{
    struct m6_recipe r;
    struct m6_metrics m;
    struct m6_trainer *t;
    struct m6_error err = {""};
    const volatile sig_atomic_t stop = 1;
    toy_recipe(&r, folder, kind, run, steps, more);
    for (int i = 0; i < stop_at; i++) { /* a stop ends the run after one step: resume as often */
        if (m6_trainer_create(&t, &r, &source, &err))
            fail_msg("%s", err.text);
        t->stop = &stop;
        assert_int_equal(m6_trainer_run(t, i == 0, &err), M6_ERR_CANCELLED);
        m6_trainer_destroy(t);
    }
    toy_train(&r, &source, !stop_at, &m);
}

static void path_of(const char *run, char path[M6_PATH_BYTES + 32])
{
    snprintf(path, M6_PATH_BYTES + 32, "%s/%s", folder, run);
}

static void newest(const char *run, char path[M6_PATH_BYTES])
{
    char name[M6_PATH_BYTES + 32];
    struct m6_error err = {""};
    path_of(run, name);
    if (m6_trainer_newest(name, path, NULL, &err))
        fail_msg("%s", err.text);
}

static void expect_same_runs(const char *a, const char *b)
{
    char path[2][M6_PATH_BYTES];
    struct m6_safetensors *x, *y;
    struct m6_error err = {""};
    newest(a, path[0]);
    newest(b, path[1]);
    assert_int_equal(m6_safetensors_open(&x, path[0], &err), M6_OK);
    assert_int_equal(m6_safetensors_open(&y, path[1], &err), M6_OK);
    assert_int_equal(m6_safetensors_count(x), m6_safetensors_count(y));
    for (int i = 0; i < m6_safetensors_count(x); i++) {
        const struct m6_stensor *p = m6_safetensors_at(x, i), *q = m6_safetensors_at(y, i);
        assert_string_equal(p->name, q->name);
        assert_int_equal(p->bytes, q->bytes);
        if (memcmp(p->data, q->data, p->bytes))
            fail_msg("%s: %s differs from %s", a, p->name, b);
    }
    m6_safetensors_close(x);
    m6_safetensors_close(y);
}

/* The recipe's words with another optimizer, precision, threads, and so on. */
static const char *with(const char *more, const char *optimizer, const char *rest)
{
    static char text[1024];
    const char *at = strstr(more, "\"optimizer\":{") + strlen("\"optimizer\":{");
    snprintf(text, sizeof text, "%.*s\"kind\":\"%s\",%s%s", (int)(at - more), more, optimizer, at, rest);
    return text;
}

static void resumes_bit_by_bit(void **state)
{
    static const char *const optimizer[] = {"adamw", "adafactor"}, *const precision[] = {"f32", "bf16"};
    for (int i = 0; i < 2; i++) {
        char rest[128];
        snprintf(rest, sizeof rest, ",\"precision\":\"%s\"", precision[i]);
        run_to("image_tokenizer", "image", 6, 0, with(toy_image, optimizer[i], rest));
        run_to("image_tokenizer", "image-cut", 6, 3, with(toy_image, optimizer[i], rest));
        expect_same_runs("image", "image-cut");
        run_to("judge", "judge", 6, 0, with(toy_judge, optimizer[i], rest));
        run_to("judge", "judge-cut", 6, 3, with(toy_judge, optimizer[i], rest));
        expect_same_runs("judge", "judge-cut");
        /* With layers that share weights until step 3, cut on both sides of the delinking. */
        snprintf(rest, sizeof rest, ",\"precision\":\"%s\",\"pseudo_to_real\":3", precision[i]);
        run_to("m6", "m6", 6, 0, with(toy_m6, optimizer[i], rest));
        run_to("m6", "m6-cut", 6, 5, with(toy_m6, optimizer[i], rest));
        expect_same_runs("m6", "m6-cut");
    }
}

static void threads_change_nothing(void **state)
{
    static const struct {
        const char *kind, *more;
    } all[] = {{"image_tokenizer", toy_image}, {"judge", toy_judge}, {"m6", toy_m6}};
    for (int i = 0; i < 3; i++)
        for (int n = 1; n <= 3; n++) {
            char rest[64], run[16];
            snprintf(rest, sizeof rest, ",\"precision\":\"bf16\",\"threads\":%d", n);
            snprintf(run, sizeof run, "threads-%d", n);
            run_to(all[i].kind, run, 3, 0, with(all[i].more, "adamw", rest));
            if (n > 1)
                expect_same_runs("threads-1", run);
        }
}

/* ---- from a release ---- */

static double first_loss(const char *more)
{
    struct m6_recipe r;
    struct m6_metrics m;
    toy_recipe(&r, folder, "m6", "warm", 1, more);
    r.optim.lr = 0;
    toy_train(&r, &source, 1, &m); /* one step that changes nothing */
    return m6_metrics_get(&m, "caption_en");
}

static void starts_from_a_release(void **state)
{
    struct m6_recipe r;
    struct m6_metrics m;
    struct m6_trainer *t;
    struct m6_error err = {""};
    char path[M6_PATH_BYTES + 32], more[1024];
    toy_recipe(&r, folder, "m6", "m6", 40, toy_m6);
    toy_train(&r, &source, 1, &m);
    assert_int_equal(m6_trainer_create(&t, &r, &source, &err), M6_OK);
    path_of("release", path);
    if (m6_export(t, path, &err))
        fail_msg("%s", err.text);
    m6_trainer_destroy(t);
    assert_int_equal(m6_trainer_create(&t, &r, &source, &err), M6_OK);
    memset(&m, 0, sizeof m);
    assert_int_equal(m6_trainer_load_average(t->params, r.folder, &err), M6_OK);
    assert_int_equal(t->job->evaluate(t, &m, &err), M6_OK);
    m6_trainer_destroy(t);

    const double cold = first_loss(toy_m6), wanted = m6_metrics_get(&m, "caption_en");
    snprintf(more, sizeof more, "%s,\"init_from\":\"release\"", toy_m6);
    const double warm = first_loss(more);
    assert_true(wanted < 0.7 * cold);
    assert_true(warm < 1.05 * wanted && warm > 0.95 * wanted); /* but for 8 bits */
    snprintf(more, sizeof more, "%s,\"init_from\":\"m6\"", toy_m6);
    assert_true(first_loss(more) < 0.7 * cold);

    /* All that a fine-tuning needs is in the release: its vocabulary and its image tokenizer too. */
    static const char released[] = "\"tokenizer\":\"release/tokenizer.json\",\"image_tokenizer\":\"release\","
                                   "\"init_from\":\"release/model.safetensors\",\"batch\":{\"pictures\":8}";
    const double tuned = first_loss(released);
    assert_true(tuned < 1.05 * wanted && tuned > 0.95 * wanted);

    snprintf(more, sizeof more, "%s,\"init_from\":\"nowhere\"", toy_m6);
    toy_recipe(&r, folder, "m6", "warm", 1, more);
    assert_int_equal(m6_trainer_create(&t, &r, &source, &err), M6_OK);
    assert_int_equal(m6_trainer_run(t, 1, &err), M6_ERR_MODEL);
    assert_non_null(strstr(err.text, "nowhere holds neither a checkpoint nor a model"));
    m6_trainer_destroy(t);
    snprintf(more, sizeof more, "%s,\"init_from\":\"judge\"", toy_m6);
    toy_recipe(&r, folder, "m6", "warm", 1, more);
    assert_int_equal(m6_trainer_create(&t, &r, &source, &err), M6_OK);
    assert_int_equal(m6_trainer_run(t, 1, &err), M6_ERR_MODEL);
    assert_non_null(strstr(err.text, "none of the weights"));
    m6_trainer_destroy(t);
}

/* ---- what is refused ---- */

static void refuse_run(const struct m6_recipe *r, enum m6_status status, const char *says)
{
    struct m6_trainer *t;
    struct m6_error err = {""};
    enum m6_status got = m6_trainer_create(&t, r, &source, &err);
    if (!got)
        got = m6_trainer_run(t, 0, &err);
    m6_trainer_destroy(t);
    if (got != status || !strstr(err.text, says))
        fail_msg("gave %s: \"%s\", not \"%s\"", m6_status_name(got), err.text, says);
}

static void refuses_broken_checkpoints(void **state)
{
    struct m6_recipe r;
    char path[M6_PATH_BYTES];
    run_to("judge", "broken", 2, 0, toy_judge);
    toy_recipe(&r, folder, "judge", "broken", 4, with(toy_judge, "adafactor", ""));
    refuse_run(&r, M6_ERR_ARGUMENT, "with another optimizer");
    toy_recipe(&r, folder, "image_tokenizer", "broken", 4, toy_image);
    refuse_run(&r, M6_ERR_FORMAT, "\"tok.enc.0.in.weight\" is missing");
    newest("broken", path);
    assert_int_equal(truncate(path, 5000), 0);
    toy_recipe(&r, folder, "judge", "broken", 4, toy_judge);
    refuse_run(&r, M6_ERR_FORMAT, "step-00000002.safetensors");
    refuse_run(&r, M6_ERR_FORMAT, "remove the file to go on from the one before");
    assert_int_equal(truncate(path, 0), 0);
    refuse_run(&r, M6_ERR_FORMAT, "remove the file");
}

static void refuses_what_cannot_be_trained(void **state)
{
    struct m6_recipe r;
    toy_recipe(&r, folder, "m6", "none", 2, toy_m6);
    source.stills = 0;
    refuse_run(&r, M6_ERR_ARGUMENT, "\"batch.pictures\" is not 0, and the data has no pictures");
    source.stills = 1;
    source.scripts = 0;
    refuse_run(&r, M6_ERR_ARGUMENT, "the data has no scripts");
    source.scripts = 1;
    source.groups = 0;
    toy_recipe(&r, folder, "judge", "none", 2, toy_judge);
    refuse_run(&r, M6_ERR_ARGUMENT, "a judge needs labels");
    source.groups = 2;
    toy_recipe(&r, folder, "m6", "none", 2, toy_m6);
    r.config.experts = 400;
    refuse_run(&r, M6_ERR_UNSUPPORTED, "\"experts\" is 400");
    toy_recipe(&r, folder, "m6", "none", 2, toy_m6);
    strcpy(r.image_tokenizer, "/nonexistent");
    refuse_run(&r, M6_ERR_MODEL, "/nonexistent holds neither");
    toy_recipe(&r, folder, "image_tokenizer", "none", 200, toy_image);
    r.optim.lr = 1e30f;
    r.optim.clip = 0;
    refuse_run(&r, M6_ERR_ARGUMENT, "no gradient was finite");
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
        cmocka_unit_test(resumes_bit_by_bit),         cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(starts_from_a_release),      cmocka_unit_test(refuses_broken_checkpoints),
        cmocka_unit_test(refuses_what_cannot_be_trained)};
    return cmocka_run_group_tests_name("runs", tests, setup, teardown);
}
