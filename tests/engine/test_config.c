#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* The mini model's config.json with one field put in another's place (JSON; NULL: left out). */
static char *with(const char *key, const char *value)
{
    struct m6_config c;
    m6_config_mini(&c);
    char *text = m6_config_print(&c, NULL, NULL);
    cJSON *root = cJSON_Parse(text);
    free(text);
    if (key)
        cJSON_DeleteItemFromObjectCaseSensitive(root, key);
    if (key && value)
        cJSON_AddItemToObject(root, key, cJSON_Parse(value));
    char *printed = cJSON_Print(root);
    text = strdup(printed);
    cJSON_free(printed);
    cJSON_Delete(root);
    return text;
}

static void reads_back_what_it_prints(void **state)
{
    struct m6_config a, b;
    m6_config_mini(&a);
    char *text = m6_config_print(&a, (const char *const[]){"cat", NULL}, NULL);
    assert_ok(m6_config_parse(&b, text, "test", &said));
    assert_memory_equal(&a, &b, sizeof a);
    assert_non_null(strstr(text, "\"lexicon\""));
    free(text);
    assert_int_equal(m6_config_patches(&a), 24);
    assert_int_equal(m6_config_places(&a), 144);
    assert_true(!m6_config_sparse(&a, 0) && m6_config_sparse(&a, 1));
}

static const struct {
    const char *key, *value;
    enum m6_status status;
    const char *says;
} cases[] = {
    {"extra", "1", M6_OK, ""},
    {"sparse_every", "0", M6_OK, ""},
    {"rewrites", NULL, M6_OK, ""},
    {"rewrites", "0", M6_OK, ""},
    {"rewrites", "2", M6_ERR_FORMAT, "rewrites"},
    {"rewrites", "true", M6_ERR_FORMAT, "rewrites"},
    {"model_type", NULL, M6_ERR_FORMAT, "model_type"},
    {"model_type", "\"llama\"", M6_ERR_UNSUPPORTED, "llama"},
    {"model_type", "7", M6_ERR_FORMAT, "model_type"},
    {"name", NULL, M6_ERR_FORMAT, "name"},
    {"name", "\"\"", M6_ERR_FORMAT, "name"},
    {"name", "\"0123456789012345678901234567890123456789012345678901234567890123456789\"", M6_ERR_FORMAT, "name"},
    {"d_model", NULL, M6_ERR_FORMAT, "lacks \"d_model\""},
    {"d_model", "\"256\"", M6_ERR_FORMAT, "d_model"},
    {"d_model", "256.5", M6_ERR_FORMAT, "d_model"},
    {"d_model", "-256", M6_ERR_FORMAT, "d_model"},
    {"d_model", "1e30", M6_ERR_FORMAT, "d_model"},
    {"d_model", "255", M6_ERR_FORMAT, "multiple of \"heads\""},
    {"layers", "0", M6_ERR_FORMAT, "layers"},
    {"layers", "100000", M6_ERR_FORMAT, "layers"},
    {"experts", "0", M6_ERR_FORMAT, "experts"},
    {"experts", "7", M6_ERR_FORMAT, "divisor"},
    {"prototypes", "0", M6_ERR_FORMAT, "prototypes"},
    {"expert_ffn", "0", M6_ERR_FORMAT, "expert_ffn"},
    {"width", "250", M6_ERR_FORMAT, "multiple of 32"},
    {"height", "150", M6_ERR_FORMAT, "multiple of 48"},
    {"code_w", "8", M6_ERR_FORMAT, "code_w"},
    {"code_h", "8", M6_ERR_FORMAT, "code_h"},
    {"slots", "2", M6_ERR_FORMAT, "slots"},
    {"slots", "9", M6_ERR_FORMAT, "slots"},
    {"codes", "999", M6_ERR_FORMAT, "product"},
    {"levels", NULL, M6_ERR_FORMAT, "lacks \"levels\""},
    {"levels", "[]", M6_ERR_FORMAT, "levels"},
    {"levels", "{}", M6_ERR_FORMAT, "levels"},
    {"levels", "[8,5,5,1]", M6_ERR_FORMAT, "\"levels\"[3]"},
    {"levels", "[2,2,2,2,2,2,2,2,2]", M6_ERR_FORMAT, "levels"},
    {"stem", "[64,128]", M6_ERR_FORMAT, "stem"},
    {"stem", "[64,128,\"x\"]", M6_ERR_FORMAT, "\"stem\"[2]"},
    {"tok_decoder_blocks", "[2,-1]", M6_ERR_FORMAT, "tok_decoder_blocks"},
};

static void checks_every_field(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct m6_config c;
        struct m6_error err = {""};
        char *text = with(cases[i].key, cases[i].value);
        const enum m6_status status = m6_config_parse(&c, text, "test", &err);
        free(text);
        if (status != cases[i].status || !strstr(err.text, cases[i].says))
            fail_msg("%s = %s gave %s: %s", cases[i].key, cases[i].value ? cases[i].value : "nothing",
                     m6_status_name(status), err.text);
    }
}

/* But the one that may be missing. */
static void misses_every_field(void **state)
{
    char *whole = with(NULL, NULL);
    cJSON *root = cJSON_Parse(whole);
    for (const cJSON *item = root->child; item; item = item->next) {
        struct m6_config c;
        struct m6_error err = {""};
        if (!strcmp(item->string, "rewrites"))
            continue;
        char *text = with(item->string, NULL);
        assert_int_equal(m6_config_parse(&c, text, "test", &err), M6_ERR_FORMAT);
        assert_non_null(strstr(err.text, item->string));
        free(text);
    }
    cJSON_Delete(root);
    free(whole);
    struct m6_config c;
    struct m6_error err;
    assert_int_equal(m6_config_parse(&c, "", "test", &err), M6_ERR_FORMAT);
    assert_int_equal(m6_config_parse(&c, "[1,", "test", &err), M6_ERR_FORMAT);
    assert_int_equal(m6_config_parse(&c, "null", "test", &err), M6_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_prints),
        cmocka_unit_test(checks_every_field),
        cmocka_unit_test(misses_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
