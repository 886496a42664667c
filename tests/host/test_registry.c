/* Plugins are found along a search path, or reported with the reason why not; none can stop the host. */
#include "support.h"

#include <sys/stat.h>

#include "core/host.h"

static struct m6_host *create(const char *path)
{
    struct m6_host *host;
    struct m6_error err;
    const struct m6_host_params params = {.plugin_path = path};
    assert_int_equal(m6_host_create(&host, &params, &err), M6_OK);
    return host;
}

static const struct m6_plugin_report *find(const struct m6_host *host, const char *file)
{
    for (int i = 0; i < m6_host_plugins(host); i++)
        if (strstr(m6_host_plugin(host, i)->path, file))
            return m6_host_plugin(host, i);
    fail_msg("%s is not reported", file);
    return NULL;
}

static void test_good(void **state)
{
    struct m6_host *host = create(FIXTURES "/first");
    assert_int_equal(m6_host_plugins(host), 1);
    const struct m6_plugin_report *r = m6_host_plugin(host, 0);
    assert_true(r->usable);
    assert_string_equal(r->name, "fixture");
    assert_string_equal(r->version, "1.2");
    assert_string_equal(r->why, "");
    assert_non_null(m6_host_schema(host, "try"));
    assert_null(m6_host_schema(host, "nonsense"));
    assert_null(m6_host_plugin(host, 1));
    assert_null(m6_host_plugin(host, -1));
    m6_host_destroy(host);
}

static void test_flaws(void **state)
{
    static const struct {
        const char *file, *why;
    } flawed[] = {
        {"a_same_kind.so", "its kind \"try\" is taken by " FIXTURES "/first/fixture.so"},
        {"b_same_name.so", "another plugin of that name comes first"},
        {"c_newer.so", "update M6"},
        {"d_older.so", "rebuild it"},
        {"e_short.so", "sizes"},
        {"f_short_kind.so", "sizes"},
        {"g_no_start.so", "it failed to start: it has no licence today"},
        {"h_schema.so", "\"pattern\", which this host does not check"},
        {"i_name.so", "its name is not"},
        {"j_no_symbol.so", "no symbol \"m6_plugin\""},
    };
    struct m6_host *host = create(FIXTURES "/first:" FIXTURES "/second");
    for (size_t i = 0; i < sizeof flawed / sizeof *flawed; i++) {
        const struct m6_plugin_report *r = find(host, flawed[i].file);
        assert_false(r->usable);
        assert_says(r->why, flawed[i].why);
    }
    /* The good one among them works all the same, and the first owner keeps its kind. */
    assert_true(find(host, "k_good.so")->usable);
    assert_true(find(host, "first/fixture.so")->usable);
    assert_non_null(m6_host_schema(host, "good"));
    assert_null(m6_host_schema(host, "nostart"));
    m6_host_destroy(host);
}

static void test_order_of_the_path(void **state)
{
    struct m6_host *host = create(FIXTURES "/second:" FIXTURES "/first");
    assert_true(find(host, "a_same_kind.so")->usable);
    assert_false(find(host, "first/fixture.so")->usable);
    m6_host_destroy(host);
}

static void test_no_objects(void **state)
{
    put_file("junk.so", "not an object at all", 20);
    put_file("empty.so", "", 0);
    put_file(".hidden.so", "x", 1);
    put_file("readme.txt", "x", 1);
    assert_int_equal(mkfifo("pipe.so", 0600), 0);
    struct m6_host *host = create(folder);
    assert_int_equal(m6_host_plugins(host), 3);
    assert_says(find(host, "pipe.so")->why, "no regular file");
    assert_says(find(host, "junk.so")->why, "cannot be loaded");
    assert_false(find(host, "empty.so")->usable);
    assert_string_equal(find(host, "junk.so")->name, "junk");
    m6_host_destroy(host);
}

static void test_odd_paths(void **state)
{
    static const char *const paths[] = {"", ":", "::", "/nonexistent", "/dev/null"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct m6_host *host = create(paths[i]);
        assert_int_equal(m6_host_plugins(host), 0);
        m6_host_destroy(host);
    }
    struct m6_host *host = create("/nonexistent::" FIXTURES "/first:");
    assert_int_equal(m6_host_plugins(host), 1);
    m6_host_destroy(host);
    m6_host_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_flaws),     cmocka_unit_test(test_order_of_the_path),
        cmocka_unit_test(test_no_objects), cmocka_unit_test(test_odd_paths),
    };
    const int failed = cmocka_run_group_tests_name("in workers", tests, enter_folder, leave_folder);
    setenv("M6_PLUGINS_IN_PROCESS", "1", 1);
    return failed + cmocka_run_group_tests_name("in process", tests, enter_folder, leave_folder);
}
