#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/safetensors.h"
#include "support.h"

/* A file: the header's length, the header, then `data` bytes. */
static size_t make(uint8_t *out, const char *header, size_t data)
{
    const uint64_t length = strlen(header);
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(length >> (8 * i));
    memcpy(out + 8, header, length);
    for (size_t i = 0; i < data; i++)
        out[8 + length + i] = (uint8_t)i;
    return 8 + (size_t)length + data;
}

static enum m6_status parse(const char *header, size_t data, struct m6_error *err)
{
    static uint8_t file[1 << 16];
    struct m6_safetensors *s;
    const enum m6_status status = m6_safetensors_parse(&s, file, make(file, header, data), "test", err);
    if (!status)
        m6_safetensors_close(s);
    else
        assert_null(s);
    return status;
}

static const struct {
    const char *header;
    size_t data;
    const char *says; /* NULL: accepted */
} cases[] = {
    {"{}", 0, NULL},
    {"{}   ", 0, NULL},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}", 16, NULL},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, NULL},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[0,5],\"data_offsets\":[0,0]}}", 0, NULL},
    {"{\"b\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[2,5]},\"a\":{\"dtype\":\"BF16\",\"shape\":[1],"
     "\"data_offsets\":[0,2]},\"__metadata__\":{\"k\":\"v\"}}",
     5, NULL},
    {"[]", 0, "begin with '{'"},
    {" {}", 0, "begin with '{'"},
    {"{\"a\"", 0, "not valid JSON"},
    {"{} x", 0, "behind its JSON"},
    {"{\"a\":1}", 0, "no object"},
    {"{\"\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0, "without a name"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":{\"dtype\":\"I8\",\"shape\":[0],"
     "\"data_offsets\":[0,0]}}",
     0, "twice"},
    {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "unknown type"},
    {"{\"a\":{\"dtype\":\"Q4\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "unknown type \"Q4\""},
    {"{\"a\":{\"dtype\":\"I8\",\"data_offsets\":[0,1]}}", 1, "no shape"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 1, "no whole number"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[1.5],\"data_offsets\":[0,1]}}", 1, "no whole number"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[1e300],\"data_offsets\":[0,1]}}", 1, "no whole number"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[\"1\"],\"data_offsets\":[0,1]}}", 1, "no whole number"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,1]}}", 1, "overflows"},
    {"{\"a\":{\"dtype\":\"F64\",\"shape\":[1152921504606846976],\"data_offsets\":[0,1]}}", 1, "no whole number"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1, "more than 8"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[1]}}", 1, "data_offsets"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0]}}", 1, "data_offsets"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}", 1, "data_offsets"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[1,0]}}", 1, "data_offsets"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[-1,0]}}", 1, "data_offsets"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[9],\"data_offsets\":[0,9]}}", 8, "runs to byte 9"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "needs 8 bytes and is given 4"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"I8\",\"shape\":[2],"
     "\"data_offsets\":[1,3]}}",
     3, "overlap"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"I8\",\"shape\":[1],"
     "\"data_offsets\":[3,4]}}",
     4, "gap of 1"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 3, "2 bytes behind"},
    {"{}", 3, "3 bytes behind"},
    {"{\"__metadata__\":[]}", 0, "__metadata__"},
    {"{\"__metadata__\":{\"k\":1}}", 0, "no string"},
    {"{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":{\"y\":1,\"y\":2}}}", 1, "twice"},
};

static void refuses_what_is_malformed(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct m6_error err = {""};
        const enum m6_status status = parse(cases[i].header, cases[i].data, &err);
        if (status != (cases[i].says ? M6_ERR_FORMAT : M6_OK) || (cases[i].says && !strstr(err.text, cases[i].says)))
            fail_msg("%s gave %s: %s", cases[i].header, m6_status_name(status), err.text);
    }
}

static void refuses_bad_lengths(void **state)
{
    static const struct {
        uint8_t bytes[10];
        size_t size;
    } files[] = {
        {{0}, 0}, {{2, 0, 0}, 3}, {{0}, 8}, {{2, 0, 0, 0, 0, 0, 0, 0, '{'}, 9},
        {{255, 255, 255, 255, 255, 255, 255, 255, '{', '}'}, 10}, {{2, 0, 0, 0, 0, 0, 0, 128, '{', '}'}, 10},
        {{0, 0, 0, 16, 0, 0, 0, 0, '{', '}'}, 10},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct m6_safetensors *s;
        struct m6_error err = {""};
        assert_int_equal(m6_safetensors_parse(&s, files[i].bytes, files[i].size, "test", &err), M6_ERR_FORMAT);
        assert_true(err.text[0]);
    }
    /* 64 levels of nesting pass, more do not */
    char deep[400] = "{\"__metadata__\":{\"k\":";
    memset(deep + strlen(deep), '[', 100);
    memset(deep + strlen(deep), ']', 100);
    strcat(deep, "}}");
    struct m6_error err;
    assert_int_equal(parse(deep, 0, &err), M6_ERR_FORMAT);
    assert_non_null(strstr(err.text, "nested"));
}

static void reads_back_what_it_writes(void **state)
{
    static const float a[6] = {1, -2, 3.5f, 4, 5, 6};
    static const int8_t b[3] = {-128, 0, 127};
    static const char *const metadata[] = {"who", "m\"6\n", "format", "pt", NULL};
    const struct m6_stensor tensor[] = {
        {"weird \"name\"", M6_F32, 2, {2, 3}, a, sizeof a},
        {"b", M6_I8, 1, {3}, b, sizeof b},
        {"empty", M6_BF16, 2, {0, 4}, a, 0},
    };
    const char *path = temporary_path("round.safetensors");
    assert_ok(m6_safetensors_write(path, tensor, 3, metadata, &said));
    struct m6_safetensors *s;
    assert_ok(m6_safetensors_open(&s, path, &said));
    assert_int_equal(m6_safetensors_count(s), 3);
    assert_string_equal(m6_safetensors_at(s, 0)->name, "b");
    assert_null(m6_safetensors_at(s, 3));
    assert_null(m6_safetensors_find(s, "nothing"));
    const struct m6_stensor *t = m6_safetensors_find(s, "weird \"name\"");
    assert_non_null(t);
    assert_int_equal(t->dims, 2);
    assert_int_equal(t->dim[1], 3);
    assert_int_equal((uintptr_t)t->data % 64, 0);
    assert_memory_equal(t->data, a, sizeof a);
    assert_string_equal(m6_safetensors_metadata(s, "who"), "m\"6\n");
    assert_null(m6_safetensors_metadata(s, "nothing"));
    m6_safetensors_close(s);
}

static void refuses_to_write_nonsense(void **state)
{
    static const float a[4];
    const struct m6_stensor short_one = {"a", M6_F32, 1, {3}, a, 16};
    const struct m6_stensor twins[] = {{"a", M6_F32, 1, {1}, a, 4}, {"b", M6_F32, 1, {1}, a, 4}, {"a", M6_F32, 1, {1}, a, 4}};
    struct m6_error err;
    const char *path = temporary_path("nonsense.safetensors");
    assert_int_equal(m6_safetensors_write(path, &short_one, 1, NULL, &err), M6_ERR_ARGUMENT);
    assert_int_equal(m6_safetensors_write(path, twins, 3, NULL, &err), M6_ERR_ARGUMENT);
    struct m6_safetensors *s;
    assert_int_equal(m6_safetensors_open(&s, path, &err), M6_ERR_IO);
    assert_int_equal(m6_safetensors_write("/nowhere/x.safetensors", twins, 2, NULL, &err), M6_ERR_IO);
    assert_non_null(strstr(err.text, "/nowhere/"));
}

/* ---- sharded models ---- */

static void write_shards(const char *index)
{
    static const float a[2] = {1, 2}, b[2] = {3, 4};
    const struct m6_stensor one[] = {{"x", M6_F32, 1, {2}, a, 8}, {"spare", M6_F32, 1, {2}, a, 8}};
    const struct m6_stensor two = {"y", M6_F32, 1, {2}, b, 8};
    assert_ok(m6_safetensors_write(temporary_path("one.safetensors"), one, 2, NULL, &said));
    assert_ok(m6_safetensors_write(temporary_path("two.safetensors"), &two, 1, NULL, &said));
    write_file(temporary_path("model.safetensors.index.json"), index, strlen(index));
}

static void opens_shards(void **state)
{
    write_shards("{\"metadata\":{\"total\":\"16\"},\"weight_map\":{\"y\":\"two.safetensors\",\"x\":\"one.safetensors\"}}");
    const char *const paths[] = {temporary_folder(), temporary_path("model.safetensors.index.json")};
    for (int i = 0; i < 2; i++) {
        struct m6_safetensors *s;
        assert_ok(m6_safetensors_open(&s, paths[i], &said));
        assert_int_equal(m6_safetensors_count(s), 2);
        assert_string_equal(m6_safetensors_at(s, 0)->name, "x");
        assert_true(((const float *)m6_safetensors_find(s, "y")->data)[1] == 4);
        assert_null(m6_safetensors_find(s, "spare"));
        assert_string_equal(m6_safetensors_metadata(s, "total"), "16");
        m6_safetensors_close(s);
    }
}

static void refuses_bad_indexes(void **state)
{
    static const struct {
        const char *index;
        enum m6_status status;
    } bad[] = {
        {"{", M6_ERR_FORMAT},
        {"{}", M6_ERR_FORMAT},
        {"{\"weight_map\":{}}", M6_ERR_FORMAT},
        {"{\"weight_map\":{\"x\":1}}", M6_ERR_FORMAT},
        {"{\"weight_map\":{\"x\":\"../one.safetensors\"}}", M6_ERR_FORMAT},
        {"{\"weight_map\":{\"x\":\"/etc/passwd\"}}", M6_ERR_FORMAT},
        {"{\"weight_map\":{\"x\":\"two.safetensors\"}}", M6_ERR_FORMAT},
        {"{\"weight_map\":{\"x\":\"three.safetensors\"}}", M6_ERR_IO},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct m6_safetensors *s;
        struct m6_error err = {""};
        write_shards(bad[i].index);
        assert_int_equal(m6_safetensors_open(&s, temporary_folder(), &err), bad[i].status);
        assert_true(err.text[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_malformed), cmocka_unit_test(refuses_bad_lengths),
        cmocka_unit_test(reads_back_what_it_writes), cmocka_unit_test(refuses_to_write_nonsense),
        cmocka_unit_test(opens_shards),              cmocka_unit_test(refuses_bad_indexes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
