/* A bad plugin costs its own job and nothing else: each misdeed is done in one client's job while another client's jobs on
 * the same host go through. */
#include "../server/support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define says(text, part) \
    do { \
        if (!strstr(text, part)) \
            fail_msg("'%s' does not say '%s'", text, part); \
    } while (0)

static char logged[1 << 16];
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void log_line(void *arg, int level, const char *message)
{
    pthread_mutex_lock(&log_lock);
    const size_t n = strlen(logged);
    snprintf(logged + n, sizeof logged - n, "%s\n", message);
    pthread_mutex_unlock(&log_lock);
}

static int has_logged(const char *text)
{
    pthread_mutex_lock(&log_lock);
    const int has = strstr(logged, text) != NULL;
    pthread_mutex_unlock(&log_lock);
    return has;
}

static int start(void **state)
{
    static const struct m6_server_params params = {.lazy = 1, .host = {.plugin_path = BAD_PLUGINS, .log = log_line}};
    logged[0] = '\0';
    serve(&params);
    return 0;
}

static int end(void **state)
{
    serve_end();
    return 0;
}

/* A job of another client goes through. */
static void works(const char *kind)
{
    struct peer p;
    char json[128];
    peer_open(&p);
    snprintf(json, sizeof json, "{\"type\": \"submit\", \"job\": \"1\", \"kind\": \"%s\"}", kind);
    peer_say(&p, json);
    cJSON *text = peer_until(&p, "text");
    assert_string_equal(text_in(text, "text"), "good");
    cJSON_Delete(text);
    cJSON_Delete(peer_until(&p, "done"));
    peer_close(&p);
}

static void others_work(void)
{
    works("fine-good");
}

static void submit(struct peer *p, const char *kind, const char *params)
{
    char json[2048];
    snprintf(json, sizeof json, "{\"type\": \"submit\", \"job\": \"7\", \"kind\": \"%s\", \"params\": %s}", kind, params);
    peer_say(p, json);
}

/* Does the misdeed, and returns the sentence that its job failed with. */
static void misdeed(const char *kind, const char *params, char *why, size_t size)
{
    struct peer p;
    peer_open(&p);
    submit(&p, kind, params);
    others_work();
    cJSON *failed = peer_until(&p, "failed");
    snprintf(why, size, "%s", text_in(failed, "text"));
    cJSON_Delete(failed);
    /* The connection and the plugin are of use still, and a job that goes well makes good for one that did not. */
    peer_say(&p, "{\"type\": \"ping\"}");
    cJSON_Delete(peer_until(&p, "pong"));
    peer_close(&p);
    works("bad-good");
}

static void test_ends(void **state)
{
    static const struct {
        const char *kind, *says;
    } cases[] = {
        {"bad-segv", "the plugin \"bad\" crashed (signal 11, SIGSEGV)"},
        {"bad-segv", "reading what is not mine"},
        {"bad-abort", "crashed (signal 6, SIGABRT)"},
        {"bad-exit", "(exit status 0) before its job was done"},
        {"bad-thread", "crashed (signal 11, SIGSEGV)"},
        {"bad-orphan", "(exit status 3)"},
        {"bad-closes", "closed its line"},
        {"bad-garbage", "sent what no plugin may send"},
        {"bad-asks", "answers it does not hear"},
        {"bad-files", "no files left"},
        {"bad-loop", "did nothing for 2 seconds"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[512];
        misdeed(cases[i].kind, "{}", why, sizeof why);
        says(why, cases[i].says);
    }
    assert_true(has_logged("plugin bad: reading what is not mine"));
    assert_true(has_logged("crashed (signal 6"));
}

static void test_leak(void **state)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();
#endif
    char why[512];
    misdeed("bad-leak", "{}", why, sizeof why);
    says(why, "no memory left");
}

static void test_lies(void **state)
{
    static const char *const lies[] = {
        "{\"text\": \"no json\"}",
        "{\"text\": \"[]\"}",
        "{\"text\": \"{}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"dance\\\"}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"reply\\\"}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"go\\\"}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"frames_next\\\"}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"frames_next\\\", \\\"frames\\\": 3}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"frames_close\\\", \\\"frames\\\": -1}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"frames_open\\\", \\\"mode\\\": 9}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"frames_open\\\", \\\"scene_threshold\\\": \\\"x\\\"}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"model_wait\\\", \\\"answer\\\": 0}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"model_release\\\", \\\"answer\\\": 64}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"model_start\\\", \\\"task\\\": 99}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"model_start\\\", \\\"image\\\": 1}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"model_start\\\", \\\"keep\\\": [[1, 2, 3]]}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"emit_text\\\", \\\"text\\\": 1}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"emit_caption\\\", \\\"start_ns\\\": \\\"5\\\", \\\"end_ns\\\": \\\"4\\\"}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"progress\\\", \\\"done\\\": null}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"emit_picture\\\"}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"emit_picture\\\", \\\"metadata\\\": [\\\"odd\\\"]}\"}",
        /* A picture that is smaller than it claims; one in a memory that could shrink; impossible sizes; none for its memory. */
        "{\"bytes\": 4096, \"text\": \"{\\\"type\\\": \\\"emit_picture\\\", \\\"fds\\\": 1, \\\"pictures\\\": [[64, 64]]}\"}",
        "{\"bytes\": 65536, \"sealed\": false, \"text\": \"{\\\"type\\\": \\\"emit_picture\\\", \\\"fds\\\": 1, \\\"pictures\\\": [[64, 64]]}\"}",
        "{\"bytes\": 4096, \"text\": \"{\\\"type\\\": \\\"emit_picture\\\", \\\"fds\\\": 1, \\\"pictures\\\": [[0, 64]]}\"}",
        "{\"bytes\": 4096, \"text\": \"{\\\"type\\\": \\\"emit_picture\\\", \\\"fds\\\": 1, \\\"pictures\\\": [[32767, 32767]]}\"}",
        "{\"bytes\": 4096, \"text\": \"{\\\"type\\\": \\\"emit_picture\\\", \\\"fds\\\": 1, \\\"pictures\\\": [[4, 4], [4, 4]]}\"}",
        "{\"bytes\": 4096, \"text\": \"{\\\"type\\\": \\\"emit_picture\\\", \\\"fds\\\": 1, \\\"pictures\\\": 3}\"}",
        "{\"text\": \"{\\\"type\\\": \\\"emit_picture\\\", \\\"pictures\\\": [[4, 4]]}\"}",
        "{\"bytes\": 4096, \"text\": \"{\\\"type\\\": \\\"emit_picture\\\", \\\"fds\\\": 1}\"}",
        "{\"bytes\": 4096, \"text\": \"{\\\"type\\\": \\\"emit_text\\\", \\\"text\\\": \\\"x\\\"}\"}",
    };
    struct peer p;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        peer_open(&p);
        submit(&p, "bad-lie", lies[i]);
        cJSON *failed = peer_until(&p, "failed");
        if (!strstr(text_in(failed, "text"), "sent what no plugin may send"))
            fail_msg("%s: %s", lies[i], text_in(failed, "text"));
        cJSON_Delete(failed);
        peer_close(&p);
        works("bad-good"); /* else it would be made to wait longer and longer */
    }
}

/* As much output as it likes; what is impossible in it is named. */
static void test_huge(void **state)
{
    struct peer p;
    size_t length = 0;
    int warned = 0, ended = 0;
    peer_open(&p);
    submit(&p, "bad-huge", "{}");
    others_work();
    while (!ended) {
        cJSON *json = peer_hear(&p);
        assert_non_null(json);
        if (!strcmp(text_in(json, "type"), "text"))
            length += strlen(text_in(json, "text"));
        warned |= !strcmp(text_in(json, "type"), "warning") && strstr(text_in(json, "text"), "its size is impossible");
        ended = !strcmp(text_in(json, "type"), "done");
        cJSON_Delete(json);
    }
    assert_int_equal(length, 8 << 20);
    assert_true(warned);
    assert_true(has_logged("line 100 of many") && has_logged("writes too much") && !has_logged("line 300 of many"));
    peer_close(&p);
}

/* One that does not listen is ended two seconds after its job was cancelled. */
static void test_cancel(void **state)
{
    struct peer p;
    peer_open(&p);
    submit(&p, "bad-deaf", "{}");
    cJSON_Delete(peer_until(&p, "text"));
    const int64_t since = m6_proto_now_ms();
    peer_say(&p, "{\"type\": \"cancel\", \"job\": \"7\"}");
    others_work();
    cJSON_Delete(peer_until(&p, "cancelled"));
    assert_in_range(m6_proto_now_ms() - since, 1900, 20000);
    peer_close(&p);
}

/* Twenty at once, of all kinds. */
static void test_together(void **state)
{
    static const char *const kinds[] = {"bad-segv", "bad-loop", "bad-garbage", "fine-good", "bad-exit"};
    enum { JOBS = 20 };
    struct peer p;
    int done = 0, failed = 0;
    peer_open(&p);
    for (int i = 0; i < JOBS; i++) {
        char json[256];
        snprintf(json, sizeof json, "{\"type\": \"submit\", \"job\": \"%d\", \"kind\": \"%s\"}", i + 1, kinds[i % 5]);
        peer_say(&p, json);
    }
    others_work();
    while (done + failed < JOBS) {
        cJSON *json = peer_hear(&p);
        assert_non_null(json);
        done += !strcmp(text_in(json, "type"), "done");
        failed += !strcmp(text_in(json, "type"), "failed");
        cJSON_Delete(json);
    }
    assert_int_equal(done, JOBS / 5);
    peer_close(&p);
}

static const cJSON *plugin_in(const cJSON *status, const char *name)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(status, "plugins"))
    {
        if (!strcmp(text_in(each, "name"), name))
            return each;
    }
    fail_msg("the status has no plugin %s", name);
    return NULL;
}

/* What cannot be used is told with the reason, and so is what failed. */
static void test_report(void **state)
{
    static const char *const unusable[][2] = {
        {"crashes", "crashed (signal 11, SIGSEGV)"}, {"exits", "(exit status 0)"}, {"hangs", "did not start in time"},
        {"writes", "sent what no plugin may send"},  {"refuses", "it failed to start: no licence today"},
    };
    char why[512];
    struct peer p;
    misdeed("bad-segv", "{}", why, sizeof why);
    peer_open(&p);
    peer_say(&p, "{\"type\": \"status\"}");
    cJSON *status = peer_until(&p, "status");
    for (size_t i = 0; i < sizeof unusable / sizeof *unusable; i++) {
        const cJSON *plugin = plugin_in(status, unusable[i][0]);
        assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(plugin, "usable")));
        says(text_in(plugin, "why"), unusable[i][1]);
    }
    const cJSON *bad = plugin_in(status, "bad");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(bad, "usable")));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(bad, "apart")));
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(bad, "faults")->valueint, 1);
    says(text_in(bad, "last_fault"), "SIGSEGV");
    cJSON_Delete(status);
    peer_close(&p);
}

/* Parameters are checked before a process is started. */
static void test_parameters(void **state)
{
    struct peer p;
    peer_open(&p);
    submit(&p, "fine-good", "{\"n\": 10}");
    cJSON *failed = peer_until(&p, "failed");
    says(text_in(failed, "text"), "\"n\"");
    assert_string_equal(text_in(failed, "status"), "argument");
    cJSON_Delete(failed);
    peer_close(&p);
}

int main(void)
{
    setenv("M6_PLUGIN_SILENCE", "2", 1);
    setenv("M6_PLUGIN_MEMORY", "512", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_parameters, start, end), cmocka_unit_test_setup_teardown(test_ends, start, end),
        cmocka_unit_test_setup_teardown(test_leak, start, end),       cmocka_unit_test_setup_teardown(test_lies, start, end),
        cmocka_unit_test_setup_teardown(test_huge, start, end),       cmocka_unit_test_setup_teardown(test_cancel, start, end),
        cmocka_unit_test_setup_teardown(test_together, start, end),   cmocka_unit_test_setup_teardown(test_report, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
