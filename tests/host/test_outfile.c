/* Files that appear whole or not at all. */
#include "support.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#include "cmd/outfile.h"

static int files_here(void)
{
    DIR *dir = opendir(".");
    int n = 0;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 2;
}

static void check_file(const char *path, const char *text)
{
    size_t size;
    char *data = (char *)get_file(path, &size);
    assert_string_equal(data, text);
    free(data);
}

static void test_whole(void **state)
{
    struct outfile o;
    struct m6_error err;
    struct stat st;
    const int before = files_here();
    assert_int_equal(outfile_begin(&o, "one", 0, &err), M6_OK);
    assert_int_equal(access("one", F_OK), -1); /* not there until it is whole */
    assert_int_equal(files_here(), before + 1);
    outfile_finish(&o);
    assert_int_equal(files_here(), before);

    assert_int_equal(outfile_put("one", 0, "1", 1, &err), M6_OK);
    check_file("one", "1");
    assert_int_equal(outfile_put("one", 0, "2", 1, &err), M6_ERR_IO);
    assert_says(err.text, "--overwrite");
    assert_int_equal(outfile_put("one", 1, "2", 1, &err), M6_OK);
    check_file("one", "2");
    assert_int_equal(files_here(), before + 1);

    /* Through a link, what it points to is replaced. */
    assert_int_equal(symlink("one", "link"), 0);
    assert_int_equal(outfile_put("link", 1, "3", 1, &err), M6_OK);
    check_file("one", "3");
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void test_races(void **state)
{
    struct outfile o;
    struct m6_error err;
    const int before = files_here();
    /* It came into being meanwhile: the newcomer stays, and nothing else does. */
    assert_int_equal(outfile_begin(&o, "race", 0, &err), M6_OK);
    assert_int_equal(outfile_write(&o, "ours", 4, &err), M6_OK);
    put_file("race", "theirs", 6);
    assert_int_equal(outfile_commit(&o, &err), M6_ERR_IO);
    outfile_finish(&o);
    check_file("race", "theirs");
    assert_int_equal(files_here(), before + 1);

    /* One of several that belong together failed: those in place go again, but for what they replaced. */
    assert_int_equal(outfile_begin(&o, "several", 0, &err), M6_OK);
    assert_int_equal(outfile_commit(&o, &err), M6_OK);
    outfile_withdraw(&o);
    outfile_finish(&o);
    assert_int_equal(access("several", F_OK), -1);

    assert_int_equal(outfile_begin(&o, "left", 0, &err), M6_OK);
    outfile_abandon_all();
    assert_int_equal(files_here(), before + 1);
    outfile_finish(&o);
}

static void test_names(void **state)
{
    static const char *const bad[] = {"", ".", "no/such/file", "folder/"};
    struct outfile o;
    struct m6_error err;
    char longest[PATH_MAX + 100];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(outfile_begin(&o, bad[i], 1, &err), M6_ERR_IO);
        outfile_finish(&o);
    }
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(outfile_begin(&o, longest, 1, &err), M6_ERR_IO);
    assert_says(err.text, "too long");
    outfile_finish(&o);

    /* A writer that was given the passing name speaks of the real one. */
    assert_int_equal(outfile_begin(&o, "a.png", 0, &err), M6_OK);
    assert_string_equal(outfile_extension(o.temp), "png");
    m6_fail(&err, M6_ERR_IO, "cannot write %s: no", o.temp);
    outfile_name_in(&o, &err);
    assert_string_equal(err.text, "cannot write a.png: no");
    outfile_finish(&o);

    char *sibling = outfile_sibling("b/a.tar.mp4", "-001.png");
    assert_string_equal(sibling, "b/a.tar-001.png");
    free(sibling);
    assert_true(outfile_is_device("/dev/null"));
    assert_int_equal(outfile_put("/dev/null", 0, "x", 1, &err), M6_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_races),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
