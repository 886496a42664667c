/* Parameters are checked against a plugin's schema; the sentence names what is wrong. */
#include "support.h"

#include "core/schema.h"

static const char schema_text[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"prompt\"], \"properties\": {"
    "\"prompt\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 4},"
    "\"mode\": {\"type\": \"string\", \"enum\": [\"ar\", \"progressive\"], \"default\": \"ar\"},"
    "\"steps\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 10},"
    "\"seed\": {\"type\": \"integer\"},"
    "\"cfg\": {\"type\": [\"number\", \"null\"], \"exclusiveMinimum\": 0},"
    "\"loud\": {\"type\": \"boolean\"},"
    "\"keep\": {\"type\": \"array\", \"minItems\": 2, \"maxItems\": 3, \"items\": {\"type\": \"number\"}}}}";

static enum m6_status apply(const char *text, cJSON **value, struct m6_error *err)
{
    cJSON *schema = cJSON_Parse(schema_text);
    assert_non_null(schema);
    assert_int_equal(m6_schema_check(schema, err), M6_OK);
    *value = cJSON_Parse(text);
    assert_non_null(*value);
    enum m6_status status = m6_schema_apply(schema, *value, err);
    cJSON_Delete(schema);
    return status;
}

static void test_accepted(void **state)
{
    static const char *const texts[] = {
        "{\"prompt\": \"a\"}",
        "{\"prompt\": \"\xe7\x8b\x97\xe7\x8b\x97\xe7\x8b\x97\xe7\x8b\x97\"}", /* four characters, twelve bytes */
        "{\"prompt\": \"a\", \"mode\": \"progressive\", \"steps\": 10, \"cfg\": null, \"loud\": true}",
        "{\"prompt\": \"a\", \"seed\": \"18446744073709551615\", \"keep\": [1, 2.5]}",
        "{\"prompt\": \"a\", \"seed\": -3, \"cfg\": 0.1}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct m6_error err = {""};
        cJSON *value;
        if (apply(texts[i], &value, &err))
            fail_msg("%s: %s", texts[i], err.text);
        cJSON_Delete(value);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"{}", "\"prompt\" is missing"},
        {"{\"prompt\": \"\"}", "is empty"},
        {"{\"prompt\": \"abcde\"}", "5 characters long; at most 4"},
        {"{\"prompt\": \"a\xff\"}", "not UTF-8"},
        {"{\"prompt\": 3}", "must be a text, not 3"},
        {"{\"prompt\": \"a\", \"mode\": \"slow\"}", "allowed: \"ar\", \"progressive\""},
        {"{\"prompt\": \"a\", \"steps\": 0}", "at least 1"},
        {"{\"prompt\": \"a\", \"steps\": 11}", "at most 10"},
        {"{\"prompt\": \"a\", \"steps\": 1.5}", "a whole number"},
        {"{\"prompt\": \"a\", \"steps\": \"11\"}", "at most 10"},
        {"{\"prompt\": \"a\", \"steps\": \"1x\"}", "a whole number"},
        {"{\"prompt\": \"a\", \"seed\": \"18446744073709551616\"}", "a whole number"},
        {"{\"prompt\": \"a\", \"seed\": 1e300}", "a whole number"},
        {"{\"prompt\": \"a\", \"cfg\": 0}", "more than 0"},
        {"{\"prompt\": \"a\", \"cfg\": \"1\"}", "a number or null"},
        {"{\"prompt\": \"a\", \"loud\": 1}", "true or false"},
        {"{\"prompt\": \"a\", \"keep\": [1]}", "at least 2"},
        {"{\"prompt\": \"a\", \"keep\": [1, 2, 3, 4]}", "at most 3"},
        {"{\"prompt\": \"a\", \"keep\": [1, \"x\"]}", "keep[1]"},
        {"{\"prompt\": \"a\", \"step\": 3}", "did you mean \"steps\""},
        {"{\"prompt\": \"a\", \"zzzzzz\": 3}", "there are: prompt"},
        {"{\"prompt\": \"a\", \"prompt\": \"b\"}", "given twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct m6_error err = {""};
        cJSON *value;
        assert_int_equal(apply(cases[i].text, &value, &err), M6_ERR_ARGUMENT);
        assert_says(err.text, cases[i].says);
        cJSON_Delete(value);
    }
}

static void test_defaults(void **state)
{
    struct m6_error err;
    cJSON *value;
    assert_int_equal(apply("{\"prompt\": \"a\"}", &value, &err), M6_OK);
    assert_string_equal(cJSON_GetObjectItem(value, "mode")->valuestring, "ar");
    assert_null(cJSON_GetObjectItem(value, "steps"));
    cJSON_Delete(value);
}

/* A schema that promises what nobody checks is refused, and so is one that contradicts itself. */
static void test_schemas(void **state)
{
    static const char *const refused[] = {
        "{}",
        "[]",
        "{\"type\": \"string\"}",
        "{\"type\": \"object\", \"properties\": []}",
        "{\"type\": \"object\", \"properties\": {\"a\": 3}}",
        "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"text\"}}}",
        "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": []}}}",
        "{\"type\": \"object\", \"properties\": {\"a\": {\"pattern\": \"x\"}}}",
        "{\"type\": \"object\", \"properties\": {\"a\": {\"enum\": []}}}",
        "{\"type\": \"object\", \"properties\": {\"a\": {\"minLength\": -1}}}",
        "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"integer\", \"maximum\": 3, \"default\": 4}}}",
        "{\"type\": \"object\", \"required\": [\"b\"], \"properties\": {\"a\": {\"type\": \"integer\"}}}",
        "{\"type\": \"object\", \"additionalProperties\": {}}",
    };
    struct m6_error err;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        cJSON *schema = cJSON_Parse(refused[i]);
        if (!m6_schema_check(schema, &err))
            fail_msg("accepted: %s", refused[i]);
        cJSON_Delete(schema);
    }
    char deep[2048] = "{\"type\": \"object\", \"properties\": {\"a\": ";
    for (int i = 0; i < 40; i++)
        strcat(deep, "{\"items\": ");
    strcat(deep, "{}");
    for (int i = 0; i < 42; i++)
        strcat(deep, "}");
    cJSON *schema = cJSON_Parse(deep);
    assert_non_null(schema);
    assert_int_not_equal(m6_schema_check(schema, &err), M6_OK);
    cJSON_Delete(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
