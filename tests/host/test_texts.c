/* UTF-8, and where things are. */
#include "support.h"

#include <sys/stat.h>

#include "core/host.h"
#include "core/utf8.h"

static void test_utf8(void **state)
{
    static const struct {
        const char *text;
        long bad;
        size_t characters;
    } cases[] = {
        {"", -1, 0},
        {"red", -1, 3},
        {"\xe7\x8b\x97!", -1, 2},
        {"\xf0\x9f\x90\x95", -1, 1},
        {"ab\xff", 2, 2},
        {"\xc0\xaf", 0, 0},         /* overlong */
        {"\xe0\x80\xaf", 0, 0},     /* overlong */
        {"a\xed\xa0\x80", 1, 1},    /* a surrogate */
        {"\xf4\x90\x80\x80", 0, 0}, /* beyond U+10FFFF */
        {"\xe7\x8b", 0, 0},         /* cut off */
        {"\x80", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t characters;
        assert_int_equal(m6_utf8_bad(cases[i].text, &characters), cases[i].bad);
        assert_int_equal(characters, cases[i].characters);
    }
    for (size_t bytes = 0; bytes < 7; bytes++) {
        static const size_t left[] = {0, 1, 1, 1, 4, 5, 5};
        char text[] = "a\xe7\x8b\x97z";
        m6_utf8_cut(text, bytes);
        assert_int_equal(strlen(text), left[bytes]);
    }
}

static void test_mended(void **state)
{
    char text[] = "a\xff\xe7\x8c" "b\xe7\x8b\x97\xe7\x8b";
    m6_utf8_mend(text);
    assert_string_equal(text, "a???b\xe7\x8b\x97??");
    assert_int_equal(m6_utf8_bad(text, NULL), -1);
}

static void make_file(const char *folder_path, const char *rest)
{
    char path[256];
    snprintf(path, sizeof path, "mkdir -p '%s'", folder_path);
    assert_int_equal(system(path), 0);
    snprintf(path, sizeof path, "%s/%s", folder_path, rest);
    put_file(path, "{}", 2);
}

static void test_models(void **state)
{
    char path[4096], data[128], tiny[16];
    snprintf(data, sizeof data, "%s/data", folder);
    make_file("data/m6/models/mine", "config.json");
    make_file("here", "config.json");
    make_file("bare", "other.json");
    setenv("XDG_DATA_HOME", data, 1);
    unsetenv("M6_MODEL");
    assert_int_equal(m6_find_model("mine", path, sizeof path), 0);
    assert_says(path, "/data/m6/models/mine");
    assert_int_equal(m6_find_model("here", path, sizeof path), 0);
    assert_string_equal(path, "here");
    assert_int_equal(m6_find_model("./bare", path, sizeof path), 0); /* named as a folder; the engine says what it lacks */
    assert_int_equal(m6_find_model("bare", path, sizeof path), -1);
    assert_int_equal(m6_find_model("./none", path, sizeof path), -1);
    assert_int_equal(m6_find_model("../mine", path, sizeof path), -1);
    assert_int_equal(m6_find_model("mine", tiny, sizeof tiny), -1);
    setenv("M6_MODEL", "mine", 1);
    assert_int_equal(m6_find_model(NULL, path, sizeof path), 0);
    assert_says(path, "/mine");
    unsetenv("M6_MODEL");
}

static void test_presets(void **state)
{
    char path[4096];
    make_file("p", "one.json");
    make_file("q", "one.json");
    setenv("M6_PRESET_PATH", "none::q:p", 1);
    assert_int_equal(m6_find_preset("one", path, sizeof path), 0);
    assert_string_equal(path, "q/one.json");
    assert_int_equal(m6_find_preset("./p/one.json", path, sizeof path), 0);
    assert_int_equal(m6_find_preset("two", path, sizeof path), -1);
    assert_int_equal(m6_find_preset("..", path, sizeof path), -1);
    assert_int_equal(m6_find_preset("", path, sizeof path), -1);
    unsetenv("M6_PRESET_PATH");
}

static void test_parts(void **state)
{
    char path[4096];
    assert_int_equal(m6_find_plugins(path, sizeof path), 0);
    assert_says(path, "/lib/m6/plugins");
    setenv("M6_PLUGIN_PATH", "a:b", 1);
    assert_int_equal(m6_find_plugins(path, sizeof path), 0);
    assert_string_equal(path, "a:b");
    unsetenv("M6_PLUGIN_PATH");
    make_file("tools", "m6-tool");
    setenv("M6_LIBEXEC", "tools", 1);
    assert_int_equal(m6_find_libexec("m6-tool", path, sizeof path), -1); /* may not be run */
    assert_int_equal(chmod("tools/m6-tool", 0755), 0);
    assert_int_equal(m6_find_libexec("m6-tool", path, sizeof path), 0);
    assert_string_equal(path, "tools/m6-tool");
    assert_int_equal(m6_find_libexec("../m6-tool", path, sizeof path), -1);
    unsetenv("M6_LIBEXEC");
    assert_int_equal(m6_find_shared("nowhere.json", path, sizeof path), -1);
    assert_int_equal(m6_find_module("../m6media.so", path, sizeof path), -1);
    assert_int_equal(m6_find_models(M6_MODEL_FOLDERS, path, sizeof path), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),    cmocka_unit_test(test_mended), cmocka_unit_test(test_models),
        cmocka_unit_test(test_presets), cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
