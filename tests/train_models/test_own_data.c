/* A user's own pictures and texts, from a manifest to a model: vocabulary, image tokenizer, model, release. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/tokenizer.h"
#include "toy.h"
#include "train/bpe.h"
#include "train/m6.h"

static char folder[M6_PATH_BYTES];
static struct m6_source source;

static const char *const places[] = {"left", "right", "top", "bottom"}, *const colours[] = {"red", "blue"};

/* Pictures of another size and shape than the model's. */
static void write_data(void)
{
    char text[8192] = "", name[M6_PATH_BYTES + 32];
    static uint8_t rgb[160 * 120 * 3];
    for (int i = 0; i < 8; i++) {
        char line[512];
        toy_draw(160, 120, i, rgb);
        snprintf(name, sizeof name, "%s/frame-%d.png", folder, i);
        assert_int_equal(m6_picture_write_png(name, 160, 120, rgb, NULL), M6_OK);
        snprintf(line, sizeof line,
                 "{\"image\":\"frame-%d.png\",\"caption\":{\"en\":\"A %s square at the %s.\"},"
                 "\"questions\":[{\"q\":\"Where is it?\",\"a\":\"%s\"}]}\n",
                 i, colours[i / 4], places[i % 4], places[i % 4]);
        strcat(text, line);
    }
    strcat(text, "{\"images\":[\"frame-0.png\",\"frame-1.png\",\"frame-2.png\",\"frame-3.png\"],"
                 "\"caption\":{\"en\":\"A red square moves.\"}}\n");
    strcat(text, "{\"script\":\"INT. ROOM\\n\\nThe red square rests.\",\"idea\":\"a red square\",\"shots\":1}\n");
    toy_write(folder, "data.jsonl", text);
}

static void read_recipe(struct m6_recipe *r, const char *kind, int steps, const char *more)
{
    char text[1024];
    snprintf(text, sizeof text, "\"data\":{\"manifest\":\"data.jsonl\"},%s", more);
    toy_recipe(r, folder, kind, kind, steps, text);
}

static void learns_the_vocabulary(void **state)
{
    struct m6_recipe r;
    struct m6_error err = {""};
    struct m6_tokenizer *t;
    char path[M6_PATH_BYTES + 32];
    int32_t id[8];
    read_recipe(&r, "bpe", 1, "\"batch\":{\"texts\":16},\"vocab\":320");
    if (m6_bpe_run(&r, &source, &err))
        fail_msg("%s", err.text);
    snprintf(path, sizeof path, "%s/bpe/tokenizer.json", folder);
    if (m6_tokenizer_load(&t, path, &err))
        fail_msg("%s", err.text);
    assert_int_equal(m6_tokenizer_encode(t, " square", 7, id, 8), 1);
    m6_tokenizer_destroy(t);
}

/* The loss of the log's line of a step. */
static double logged(const char *run, int64_t step)
{
    char path[M6_PATH_BYTES + 32], line[4096];
    double loss = -1;
    snprintf(path, sizeof path, "%s/%s/log.jsonl", folder, run);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        long long at;
        const char *found = strstr(line, "\"loss\":");
        if (sscanf(line, "{\"event\":\"step\",\"step\":%lld", &at) == 1 && at == step && found)
            loss = atof(found + strlen("\"loss\":"));
    }
    fclose(f);
    return loss;
}

static void trains_on_it(void **state)
{
    struct m6_recipe r;
    struct m6_metrics m;
    struct m6_trainer *t;
    struct m6_error err = {""};
    const volatile sig_atomic_t stop = 1;
    read_recipe(&r, "image_tokenizer", 60, toy_image);
    toy_train(&r, &source, 1, &m);
    assert_true(m6_metrics_get(&m, "psnr") > 15);
    read_recipe(&r, "m6", 40,
                "\"tokenizer\":\"bpe/tokenizer.json\",\"image_tokenizer\":\"image_tokenizer\","
                "\"batch\":{\"pictures\":4,\"clips\":1,\"scripts\":1,\"texts\":1},\"average\":0.5,"
                "\"optimizer\":{\"lr\":0.004,\"warmup\":5,\"weight_decay\":0}");
    if (m6_trainer_create(&t, &r, &source, &err))
        fail_msg("%s", err.text);
    t->stop = &stop;
    assert_int_equal(m6_trainer_run(t, 1, &err), M6_ERR_CANCELLED); /* after one step, whose loss is logged */
    m6_trainer_destroy(t);
    toy_train(&r, &source, 0, &m);
    const double first = logged("m6", 1);
    assert_true(first > 0);
    assert_true(logged("m6", 40) > 0 && logged("m6", 40) < 0.8 * first);
    assert_true(m6_metrics_get(&m, "caption_en") < 3);
    assert_int_equal(m6_trainer_create(&t, &r, &source, &err), M6_OK);
    char path[M6_PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/new/release", folder);
    if (m6_export(t, path, &err))
        fail_msg("%s", err.text);
    m6_trainer_destroy(t);
}

static int setup(void **state)
{
    char path[M6_PATH_BYTES + 32];
    struct m6_error err = {""};
    toy_folder(folder);
    toy_prepare(folder);
    write_data();
    snprintf(path, sizeof path, "%s/data.jsonl", folder);
    if (m6_source_manifest(&source, path, 1, &err))
        fprintf(stderr, "%s\n", err.text);
    return source.self ? 0 : -1;
}

static int teardown(void **state)
{
    m6_source_destroy(&source);
    toy_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(learns_the_vocabulary), cmocka_unit_test(trains_on_it)};
    return cmocka_run_group_tests_name("own data", tests, setup, teardown);
}
