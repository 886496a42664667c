#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "toy.h"

static char folder[M6_PATH_BYTES];

static enum m6_status read_text(const char *text, struct m6_recipe *r, struct m6_error *err)
{
    char path[M6_PATH_BYTES + 32];
    toy_write(folder, "r.json", text);
    snprintf(path, sizeof path, "%s/r.json", folder);
    return m6_recipe_read(r, path, "/out", err);
}

static void reads_fields_and_resolves_paths(void **state)
{
    struct m6_recipe r;
    struct m6_error err = {""};
    assert_int_equal(read_text("{\"kind\":\"m6\",\"config\":\"config.json\",\"data\":{\"manifest\":\"d/m.jsonl\"},"
                          "\"folder\":\"run\",\"tokenizer\":\"t.json\",\"image_tokenizer\":\"/abs/tok\",\"steps\":10,"
                          "\"batch\":{\"pictures\":2},\"optimizer\":{\"kind\":\"adafactor\",\"lr\":0.5,\"warmup\":4,"
                          "\"floor\":0.5},\"precision\":\"bf16\",\"freeze\":[\"stem.*\",\"head.weight\"]}",
                          &r, &err),
                     M6_OK);
    char expected[M6_PATH_BYTES + 32];
    snprintf(expected, sizeof expected, "%s/d/m.jsonl", folder);
    assert_string_equal(r.manifest, expected);
    assert_string_equal(r.folder, "/out/run");
    assert_string_equal(r.image_tokenizer, "/abs/tok");
    assert_int_equal(r.config.d_model, 32);
    assert_int_equal(r.optim.kind, M6_ADAFACTOR);
    assert_true(r.precision == M6_TAPE_BF16);
    assert_true(m6_recipe_freezes(&r, "stem.0.in.weight") && m6_recipe_freezes(&r, "head.weight"));
    assert_false(m6_recipe_freezes(&r, "head.weight2") || m6_recipe_freezes(&r, "norm.gain"));
    assert_float_equal(m6_recipe_lr(&r, 2), 0.25, 1e-6);
    assert_float_equal(m6_recipe_lr(&r, 4), 0.5, 1e-6);
    assert_float_equal(m6_recipe_lr(&r, 7), 0.375, 1e-6);
    assert_float_equal(m6_recipe_lr(&r, 10), 0.25, 1e-6);
    assert_int_equal(read_text("{\"kind\":\"bpe\",\"data\":{\"source\":\"a\"},\"folder\":\"f\",\"batch\":{\"texts\":1},"
                               "\"optimizer\":{\"schedule\":\"constant\",\"lr\":0.5,\"warmup\":4}}",
                               &r, &err),
                     M6_OK);
    assert_float_equal(m6_recipe_lr(&r, 9), 0.5, 1e-6);
}

static void names_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"{\"kind\":\"m6\"", "not valid JSON (at byte"},
        {"[1]", "not a JSON object"},
        {"{\"kind\":\"m6\",\"kind\":\"bpe\"}", "\"kind\" twice"},
        {"{\"kind\":\"m7\"}", "\"kind\" must be one of"},
        {"{\"kind\":\"bpe\",\"stepz\":3}", "unknown field \"stepz\""},
        {"{\"kind\":\"bpe\",\"batch\":{\"picture\":3}}", "unknown field \"batch.picture\""},
        {"{\"kind\":\"bpe\",\"batch\":3}", "\"batch\" must be an object"},
        {"{\"kind\":\"bpe\",\"steps\":0}", "\"steps\" must be a whole number from 1"},
        {"{\"kind\":\"bpe\",\"steps\":1.5}", "\"steps\" must be a whole number"},
        {"{\"kind\":\"bpe\",\"optimizer\":{\"lr\":\"fast\"}}", "\"optimizer.lr\" must be a number"},
        {"{\"kind\":\"bpe\",\"data\":{\"source\":\"a\"}}", "\"folder\" is missing"},
        {"{\"kind\":\"bpe\",\"data\":{\"source\":\"a\"},\"folder\":\"f\"}", "\"batch.texts\" is missing"},
        {"{\"kind\":\"bpe\",\"freeze\":\"stem.*\"}", "\"freeze\" must be a list"},
        {"{\"kind\":\"judge\",\"judge_channels\":[8,16]}", "\"judge_channels\" must be three"},
        {"{\"kind\":\"m6\",\"precision\":\"fp8\"}", "\"precision\" must be one of \"f32\", \"bf16\""},
        {"{\"kind\":\"m6\",\"optimizer\":{\"kind\":\"sgd\"}}", "\"optimizer.kind\" must be one of"},
        {"{\"kind\":\"m6\",\"optimizer\":{\"schedule\":1}}", "\"optimizer.schedule\" must be one of \"constant\""},
        {"{\"kind\":\"bpe\",\"folder\":\"f\"}", "\"data\" must name"},
        {"{\"kind\":\"bpe\",\"folder\":\"f\",\"data\":{\"source\":\"a\",\"manifest\":\"b\"}}", "\"data\" must name"},
        {"{\"kind\":\"judge\",\"folder\":\"f\",\"data\":{\"source\":\"a\"},\"steps\":1}", "\"config\" is missing"},
        {"{\"kind\":\"judge\",\"config\":\"nowhere.json\"}", "nowhere.json"},
        {"{\"kind\":\"m6\",\"folder\":\"f\",\"data\":{\"source\":\"a\"},\"steps\":1,\"config\":\"config.json\"}",
         "\"tokenizer\" is missing"},
        {"{\"kind\":\"bpe\",\"freeze\":[1]}", "\"freeze\" must be a list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct m6_recipe r;
        struct m6_error err = {""};
        assert_int_not_equal(read_text(cases[i].text, &r, &err), M6_OK);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].text, err.text, cases[i].says);
    }
}

static int setup(void **state)
{
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_fields_and_resolves_paths),
                                       cmocka_unit_test(names_what_is_wrong)};
    return cmocka_run_group_tests_name("recipe", tests, setup, teardown);
}
