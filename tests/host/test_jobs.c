/* Jobs: what they yield, how they fail, and how they are stopped; and the table of services that plugins see. */
#include "support.h"

#include <pthread.h>

#include "core/host.h"
#include "core/stills.h"

struct seen {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int progress, warnings, captions, pictures, ends;
    double last_done;
    enum m6_job_event_type last;
    enum m6_status status;
    char text[512], caption[128];
    int64_t start_ns, end_ns;
    int cancel_at_progress;
};

static void on_event(void *arg, struct m6_job *job, const struct m6_job_event *e)
{
    struct seen *s = arg;
    pthread_mutex_lock(&s->lock);
    s->ends += e->type == M6_JOB_DONE || e->type == M6_JOB_FAILED || e->type == M6_JOB_CANCELLED;
    s->last = e->type;
    switch (e->type) {
    case M6_JOB_PROGRESS:
        s->progress++;
        s->last_done = e->done / e->total;
        if (s->cancel_at_progress)
            m6_job_cancel(job);
        break;
    case M6_JOB_TEXT:
        snprintf(s->text, sizeof s->text, "%s", e->text);
        break;
    case M6_JOB_CAPTION:
        s->captions++;
        snprintf(s->caption, sizeof s->caption, "%s", e->text);
        s->start_ns = e->start_ns;
        s->end_ns = e->end_ns;
        break;
    case M6_JOB_PICTURE:
        s->pictures++;
        break;
    case M6_JOB_WARNING:
        s->warnings++;
        break;
    case M6_JOB_FAILED:
        s->status = e->status;
        break;
    default:
        break;
    }
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void seen_init(struct seen *s)
{
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
}

static struct m6_host *create(void)
{
    struct m6_host *host;
    struct m6_error err;
    const struct m6_host_params params = {.plugin_path = FIXTURES "/first", .model = "/nonexistent/model"};
    assert_int_equal(m6_host_create(&host, &params, &err), M6_OK);
    return host;
}

static struct m6_job *submit(struct m6_host *host, struct seen *s, const char *params, const char *input)
{
    struct m6_job *job;
    struct m6_error err = {""};
    const char *const inputs[] = {input, NULL};
    const struct m6_job_params p = {.kind = "try", .params = params, .inputs = inputs, .event = on_event, .arg = s};
    if (m6_host_submit(host, &p, &job, &err))
        fail_msg("%s", err.text);
    return job;
}

static enum m6_status run(struct m6_host *host, struct seen *s, const char *params, const char *input, struct m6_error *err)
{
    seen_init(s);
    struct m6_job *job = submit(host, s, params, input);
    enum m6_status status = m6_job_wait(job, err);
    m6_job_release(job);
    assert_int_equal(s->ends, 1);
    return status;
}

static void test_echo(void **state)
{
    struct m6_host *host = create();
    struct m6_error err;
    struct seen s;
    assert_int_equal(run(host, &s, NULL, NULL, &err), M6_OK);
    assert_string_equal(s.text, "text=none number=1.5 seed=7 flag=-1 missing=absent list=0,0,0 inputs=0,-");
    assert_int_equal(s.last, M6_JOB_DONE);
    assert_int_equal(s.progress, 5);
    assert_true(s.last_done == 1);
    assert_int_equal(s.captions, 1);
    assert_int_equal(s.start_ns, 5);
    assert_int_equal(s.end_ns, 9);
    assert_int_equal(s.warnings, 1); /* the same sentence twice */
    assert_int_equal(run(host, &s,
                         "{\"text\": \"\xe7\x8b\x97\", \"seed\": \"18446744073709551615\", \"flag\": true, \"list\": [3, 4.5, 6]}",
                         "a/file.png", &err),
                     M6_OK);
    assert_string_equal(s.text, "text=\xe7\x8b\x97 number=1.5 seed=18446744073709551615 flag=1 missing=absent list=3,3,4.5 inputs=1,a/file.png");
    m6_host_destroy(host);
}

static void test_refused(void **state)
{
    static const struct {
        const char *kind, *params, *says;
    } cases[] = {
        {"nonsense", NULL, "no plugin here does \"nonsense\""}, {NULL, NULL, "no plugin here"},
        {"try", "{\"txet\": \"a\"}", "did you mean \"text\""},  {"try", "{", "no JSON"},
        {"try", "[]", "must be a JSON object"},                 {"try", "{} trailing", "no JSON"},
        {"try", "{\"number\": \"x\"}", "must be a number"},
    };
    struct m6_host *host = create();
    struct seen s;
    seen_init(&s);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct m6_job *job;
        struct m6_error err = {""};
        const struct m6_job_params p = {.kind = cases[i].kind, .params = cases[i].params, .event = on_event, .arg = &s};
        assert_int_equal(m6_host_submit(host, &p, &job, &err), M6_ERR_ARGUMENT);
        assert_null(job);
        assert_says(err.text, cases[i].says);
    }
    assert_int_equal(s.ends, 0);
    m6_host_destroy(host);
}

/* Without a usable plugin the installation is at fault, not the caller. */
static void test_no_plugins(void **state)
{
    struct m6_host *host;
    struct m6_job *job;
    struct m6_error err;
    const struct m6_host_params params = {.plugin_path = "/nonexistent"};
    const struct m6_job_params p = {.kind = "draw"};
    assert_int_equal(m6_host_create(&host, &params, &err), M6_OK);
    assert_int_equal(m6_host_submit(host, &p, &job, &err), M6_ERR_MODEL);
    assert_says(err.text, "/nonexistent");
    m6_host_destroy(host);
}

static void test_failures(void **state)
{
    static const struct {
        const char *params;
        enum m6_status status;
        const char *says;
    } cases[] = {
        {"{\"what\": \"fail\", \"text\": \"argument\"}", M6_ERR_ARGUMENT, "as asked"},
        {"{\"what\": \"fail\", \"text\": \"input\"}", M6_ERR_FORMAT, "as asked"},
        {"{\"what\": \"fail\", \"text\": \"model\"}", M6_ERR_MODEL, "as asked"},
        {"{\"what\": \"fail\", \"text\": \"failed\"}", M6_ERR_INTERNAL, "as asked"},
        {"{\"what\": \"silent\"}", M6_ERR_INTERNAL, "without saying why"},
        {"{\"what\": \"model\"}", M6_ERR_MODEL, "/nonexistent/model"},
        {"{\"what\": \"frames\"}", M6_ERR_ARGUMENT, "give it one"},
    };
    struct m6_host *host = create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen s;
        struct m6_error err = {""};
        assert_int_equal(run(host, &s, cases[i].params, NULL, &err), cases[i].status);
        assert_int_equal(s.last, M6_JOB_FAILED);
        assert_int_equal(s.status, cases[i].status);
        assert_says(err.text, cases[i].says);
    }
    m6_host_destroy(host);
}

static void test_cancel(void **state)
{
    struct m6_host *host = create();
    struct seen s;
    struct m6_error err;
    seen_init(&s);
    struct m6_job *job = submit(host, &s, "{\"what\": \"wait\"}", NULL);
    pthread_mutex_lock(&s.lock);
    while (!s.progress)
        pthread_cond_wait(&s.changed, &s.lock);
    pthread_mutex_unlock(&s.lock);
    m6_job_cancel(job);
    m6_job_cancel(job);
    assert_int_equal(m6_job_wait(job, &err), M6_ERR_CANCELLED);
    assert_int_equal(s.last, M6_JOB_CANCELLED);
    assert_int_equal(s.ends, 1);
    m6_job_cancel(job); /* too late, and no harm */
    m6_job_release(job);
    m6_job_release(NULL);

    seen_init(&s);
    s.cancel_at_progress = 1; /* from within an event */
    job = submit(host, &s, "{\"what\": \"wait\"}", NULL);
    assert_int_equal(m6_job_wait(job, &err), M6_ERR_CANCELLED);
    m6_job_release(job);
    m6_host_destroy(host);
}

/* Handles that are given back early, and a host that ends while jobs run. */
static void test_letting_go(void **state)
{
    enum { JOBS = 16 };
    static struct seen s[JOBS], waiting[JOBS];
    struct m6_host *host = create();
    for (int i = 0; i < JOBS; i++) {
        seen_init(&s[i]);
        seen_init(&waiting[i]);
        m6_job_release(submit(host, &s[i], NULL, NULL));
        struct m6_job *job = submit(host, &waiting[i], "{\"what\": \"wait\"}", NULL);
        if (i % 2)
            m6_job_release(job);
    }
    for (int i = 0; i < JOBS; i++) {
        pthread_mutex_lock(&s[i].lock);
        while (!s[i].ends)
            pthread_cond_wait(&s[i].changed, &s[i].lock);
        assert_int_equal(s[i].last, M6_JOB_DONE);
        pthread_mutex_unlock(&s[i].lock);
    }
    m6_host_destroy(host);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(waiting[i].ends, 1);
        assert_int_equal(waiting[i].last, M6_JOB_CANCELLED);
    }
}

static void test_frames(void **state)
{
    static const char *const unreadable[][2] = {
        {"missing.png", "No such file"}, {".", "is a folder"}, {"empty.png", "is empty"}, {"cut.png", "cut.png"}};
    struct m6_host *host = create();
    struct seen s;
    struct m6_error err = {""};
    uint8_t rgb[8 * 4 * 3];
    size_t size;
    memset(rgb, 77, sizeof rgb);
    const struct m6_plugin_picture picture = {8, 4, 24, rgb};
    assert_int_equal(m6_still_write_png("in.png", &picture, NULL, &err), M6_OK);
    uint8_t *data = get_file("in.png", &size);
    put_file("cut.png", data, size - 20);
    put_file("empty.png", "", 0);
    free(data);
    assert_int_equal(run(host, &s, "{\"what\": \"frames\"}", "in.png", &err), M6_OK);
    assert_string_equal(s.caption, "1 8x4 77");
    assert_int_equal(s.captions, 1);
    assert_int_equal(s.pictures, 1);
    assert_int_equal(s.end_ns, 0);
    for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++) {
        enum m6_status status = run(host, &s, "{\"what\": \"frames\"}", unreadable[i][0], &err);
        assert_true(status == M6_ERR_IO || status == M6_ERR_FORMAT);
        assert_says(err.text, unreadable[i][1]);
    }
    m6_host_destroy(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),   cmocka_unit_test(test_refused),    cmocka_unit_test(test_no_plugins), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_cancel), cmocka_unit_test(test_letting_go), cmocka_unit_test(test_frames),
    };
    const int failed = cmocka_run_group_tests_name("in workers", tests, enter_folder, leave_folder);
    setenv("M6_PLUGINS_IN_PROCESS", "1", 1);
    return failed + cmocka_run_group_tests_name("in process", tests, enter_folder, leave_folder);
}
