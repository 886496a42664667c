/* libm6 against a server in the same process. */
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <m6/m6.h>

static struct m6_error err;

static int start(void **state)
{
    serve(NULL);
    return 0;
}

static int end(void **state)
{
    serve_end();
    return 0;
}

static struct m6_client *open_client(void)
{
    const struct m6_open_params params = {.size = sizeof params, .host = served, .name = "test", .autostart = -1};
    struct m6_client *c;
    if (m6_open(&c, &params, &err))
        fail_msg("%s", err.text);
    return c;
}

static uint64_t submit(struct m6_client *c, const char *kind, const char *params)
{
    const struct m6_client_job job = {.size = sizeof job, .kind = kind, .params = params};
    uint64_t id;
    if (m6_submit(c, &job, &id, &err))
        fail_msg("%s", err.text);
    return id;
}

/* The next event of this type; others are passed over. */
static void until(struct m6_client *c, enum m6_client_event_type type, struct m6_client_event *e)
{
    e->size = sizeof *e;
    do
        if (m6_next(c, 30000, e) <= 0)
            fail_msg("no event %d came", type);
    while (e->type != type);
}

static int is_last(const struct m6_client_event *e)
{
    return e->type == M6_CLIENT_DONE || e->type == M6_CLIENT_FAILED || e->type == M6_CLIENT_CANCELLED;
}

static void test_texts(void **state)
{
    struct m6_client *c = open_client();
    struct m6_client_event e = {.size = sizeof e};
    const uint64_t id = submit(c, "probe-echo", "{\"text\": \"猫\", \"seed\": \"18446744073709551615\"}");
    assert_true(id > 0);
    until(c, M6_CLIENT_ACCEPTED, &e);
    assert_true(e.job == id);
    until(c, M6_CLIENT_TEXT, &e);
    assert_string_equal(e.text, "猫");
    until(c, M6_CLIENT_TEXT, &e);
    assert_string_equal(e.text, "18446744073709551615");
    until(c, M6_CLIENT_DONE, &e);
    assert_int_equal(m6_next(c, 0, &e), 0);
    assert_int_equal(e.type, M6_CLIENT_NONE);
    m6_close(c);
}

static void test_failures(void **state)
{
    struct m6_client *c = open_client();
    struct m6_client_event e;
    const struct m6_client_job none = {.size = sizeof none}, list = {.size = sizeof list, .kind = "x", .params = "[]"};
    assert_int_equal(m6_submit(c, &none, NULL, &err), M6_ERR_ARGUMENT);
    assert_int_equal(m6_submit(c, &list, NULL, &err), M6_ERR_ARGUMENT);
    submit(c, "juggle", NULL);
    until(c, M6_CLIENT_FAILED, &e);
    assert_int_equal(e.status, M6_ERR_ARGUMENT);
    assert_non_null(strstr(e.text, "juggle"));
    assert_int_equal(e.refused, 1);
    submit(c, "probe-refuse", NULL);
    until(c, M6_CLIENT_FAILED, &e);
    assert_int_equal(e.refused, 0);
    submit(c, "probe-echo", "{\"colour\": 1}");
    until(c, M6_CLIENT_FAILED, &e);
    assert_int_equal(e.status, M6_ERR_ARGUMENT);
    m6_close(c);
}

static void test_cancel(void **state)
{
    struct m6_client *c = open_client();
    struct m6_client_event e;
    const uint64_t id = submit(c, "probe-wait", NULL);
    until(c, M6_CLIENT_PROGRESS, &e);
    m6_cancel(c, id);
    m6_cancel(c, id + 5);
    until(c, M6_CLIENT_CANCELLED, &e);
    assert_true(e.job == id);
    /* Closing under way. */
    submit(c, "probe-wait", NULL);
    submit(c, "probe-flood", "{\"count\": 100000, \"pictures\": true}");
    m6_close(c);
}

/* By buffer, by wrapped memfd, and by pointer: the same frame, the same sum, the same hash. */
static void test_frames(void **state)
{
    struct m6_client *c = open_client();
    struct m6_client_event e;
    struct m6_buffer *mine, *wrapped;
    char sum[64] = "", hash[40] = "";
    const size_t size = 64 * 36 * 3;
    assert_int_equal(m6_buffer_create(&mine, 2 * size, &err), M6_OK);
    uint8_t *data = m6_buffer_data(mine);
    for (size_t i = 0; i < 2 * size; i++)
        data[i] = (uint8_t)(i * 7);
    const int fd = memfd_create("x", MFD_ALLOW_SEALING);
    assert_int_equal(write(fd, data + size, size), (ssize_t)size);
    assert_int_equal(m6_buffer_wrap(&wrapped, fd, &err), M6_OK);
    close(fd);
    const struct m6_client_frame frames[3] = {
        {.size = sizeof frames[0], .width = 64, .height = 36, .pts = INT64_C(-100), .duration = 3, .buffer = mine, .offset = size},
        {.size = sizeof frames[0], .width = 64, .height = 36, .pts = INT64_C(1) << 40, .duration = 3, .buffer = wrapped},
        {.size = sizeof frames[0], .width = 64, .height = 36, .pts = 7, .duration = 3, .data = data + size, .format = "rgb24"},
    };
    for (int i = 0; i < 3; i++) {
        const struct m6_client_input input = {.size = sizeof input, .frames = &frames[i], .frame_count = 1, .time_base = {1, 90000}};
        const struct m6_client_job job = {.size = sizeof job, .kind = "probe-sum", .inputs = &input, .input_count = 1};
        assert_int_equal(m6_submit(c, &job, NULL, &err), M6_OK);
        until(c, M6_CLIENT_TAKEN, &e);
        assert_int_equal(m6_buffer_users(mine) + m6_buffer_users(wrapped), 0);
        if (i)
            assert_string_equal(e.hash, hash);
        snprintf(hash, sizeof hash, "%s", e.hash);
        until(c, M6_CLIENT_CAPTION, &e);
        assert_true(e.start == frames[i].pts && e.end == frames[i].pts + 3);
        assert_int_equal(e.time_base[0], 1);
        assert_int_equal(e.time_base[1], 90000);
        if (i)
            assert_string_equal(e.text, sum);
        snprintf(sum, sizeof sum, "%s", e.text);
        until(c, M6_CLIENT_DONE, &e);
    }
    /* Several of each at once. */
    const struct m6_client_input all = {.size = sizeof all, .frames = frames + 2, .frame_count = 1};
    const struct m6_client_frame two[2] = {frames[2], frames[2]};
    const struct m6_client_input inputs[2] = {all, {.size = sizeof all, .frames = two, .frame_count = 2}};
    const struct m6_client_job job = {.size = sizeof job, .kind = "probe-sum", .inputs = inputs, .input_count = 2};
    assert_int_equal(m6_submit(c, &job, NULL, &err), M6_OK);
    until(c, M6_CLIENT_CAPTION, &e);
    assert_string_equal(e.text, sum);
    assert_int_equal(e.time_base[1], 1000000000);
    until(c, M6_CLIENT_CAPTION, &e);
    assert_true(!strncmp(e.text, "2 ", 2));
    until(c, M6_CLIENT_DONE, &e);
    m6_buffer_release(mine);
    m6_buffer_release(wrapped);
    m6_close(c);
}

static void test_wrong_frames(void **state)
{
    struct m6_client *c = open_client();
    struct m6_buffer *b;
    static uint8_t data[48];
    assert_int_equal(m6_buffer_create(&b, 0, &err), M6_ERR_ARGUMENT);
    assert_int_equal(m6_buffer_wrap(&b, 0, &err), M6_ERR_ARGUMENT);
    assert_int_equal(m6_buffer_create(&b, 48, &err), M6_OK);
    const struct m6_client_frame wrong[] = {
        {.size = sizeof *wrong, .width = 4, .height = 4},
        {.size = sizeof *wrong, .width = 4, .height = 4, .buffer = b, .data = data},
        {.size = sizeof *wrong, .width = 4, .height = 4, .buffer = b, .offset = 1},
        {.size = sizeof *wrong, .width = 4, .height = 4, .buffer = b, .offset = SIZE_MAX},
        {.size = sizeof *wrong, .width = 4, .height = 5, .buffer = b},
        {.size = sizeof *wrong, .width = 4, .height = 4, .buffer = b, .stride = 13},
        {.size = sizeof *wrong, .width = 4, .height = 4, .buffer = b, .stride = 11},
        {.size = sizeof *wrong, .width = 4, .height = 4, .buffer = b, .format = "nv12"},
        {.size = sizeof *wrong, .width = -4, .height = 4, .buffer = b},
        {.size = sizeof *wrong, .width = 32767, .height = 32767, .buffer = b},
        {.width = 4, .height = 4, .buffer = b},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct m6_client_input input = {.size = sizeof input, .frames = &wrong[i], .frame_count = 1};
        const struct m6_client_job job = {.size = sizeof job, .kind = "probe-sum", .inputs = &input, .input_count = 1};
        assert_int_equal(m6_submit(c, &job, NULL, &err), M6_ERR_ARGUMENT);
        assert_true(err.text[0]);
        assert_int_equal(m6_buffer_users(b), 0);
    }
    m6_buffer_release(b);
    m6_close(c);
}

/* Pictures come with their metadata, and can be kept by their descriptor. */
static void test_pictures(void **state)
{
    struct m6_client *c = open_client();
    struct m6_client_event e;
    submit(c, "probe-flood", "{\"count\": 3, \"pictures\": true}");
    until(c, M6_CLIENT_PICTURE, &e);
    assert_int_equal(e.picture.width, 256);
    assert_int_equal(e.picture.stride, 768);
    assert_int_equal(e.picture.rgb[256 * 256 * 3 - 1], 0);
    assert_string_equal(e.picture.metadata[0], "seed");
    assert_string_equal(e.picture.metadata[1], "7");
    assert_null(e.picture.metadata[2]);
    const int kept = dup(e.picture.fd);
    assert_int_equal(fcntl(kept, F_GET_SEALS), F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    until(c, M6_CLIENT_DONE, &e);
    uint8_t byte = 1;
    assert_int_equal(pread(kept, &byte, 1, 5), 1);
    close(kept);
    m6_close(c);
}

/* The descriptor is readable as long as events wait, and no longer. */
static void test_poll(void **state)
{
    struct m6_client *c = open_client();
    struct pollfd fd = {m6_fd(c), POLLIN, 0};
    struct m6_client_event e = {.size = sizeof e};
    assert_int_equal(poll(&fd, 1, 0), 0);
    submit(c, "probe-echo", NULL);
    int ended = 0;
    while (!ended) {
        assert_int_equal(poll(&fd, 1, 10000), 1);
        while (m6_next(c, 0, &e) > 0)
            ended |= is_last(&e);
    }
    assert_int_equal(poll(&fd, 1, 0), 0);
    m6_close(c);
}

/* ---- callbacks, threads ---- */

struct counting {
    atomic_int texts, ended;
};

static void on_event(void *arg, const struct m6_client_event *e)
{
    struct counting *n = arg;
    n->texts += e->type == M6_CLIENT_TEXT;
    n->ended += is_last(e);
}

static void test_callback(void **state)
{
    struct counting n = {0};
    const struct m6_open_params params = {.size = sizeof params, .host = served, .autostart = -1, .event = on_event, .arg = &n};
    struct m6_client *c;
    assert_int_equal(m6_open(&c, &params, &err), M6_OK);
    for (int i = 0; i < 20; i++)
        submit(c, "probe-flood", "{\"count\": 10}");
    for (int i = 0; i < 1000 && n.ended < 20; i++)
        usleep(10000);
    assert_int_equal(n.texts, 200);
    assert_int_equal(n.ended, 20);
    m6_close(c);
}

static void *submit_many(void *client)
{
    for (int i = 0; i < 50;) {
        const struct m6_client_job job = {.size = sizeof job, .kind = "probe-echo", .params = "{\"text\": \"x\"}"};
        uint64_t id;
        const enum m6_status status = m6_submit(client, &job, &id, NULL);
        if (status == M6_ERR_LIMIT)
            usleep(1000);
        else if (status)
            return client;
        else
            i++;
        if (i % 7 == 0)
            m6_cancel(client, id);
    }
    return NULL;
}

static void test_threads(void **state)
{
    struct m6_client *c = open_client();
    struct m6_client_event e = {.size = sizeof e};
    pthread_t threads[4];
    int ended = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, submit_many, c);
    while (ended < 200 && m6_next(c, 10000, &e) > 0)
        ended += is_last(&e);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(ended, 200);
    m6_close(c);
}

static void test_limit(void **state)
{
    struct m6_client *c = open_client();
    struct m6_client_event e;
    const struct m6_client_job job = {.size = sizeof job, .kind = "probe-wait"};
    for (int i = 0; i < M6_PROTO_JOBS_MAX; i++)
        assert_int_equal(m6_submit(c, &job, NULL, &err), M6_OK);
    assert_int_equal(m6_submit(c, &job, NULL, &err), M6_ERR_LIMIT);
    m6_cancel(c, 1);
    until(c, M6_CLIENT_CANCELLED, &e);
    assert_int_equal(m6_submit(c, &job, NULL, &err), M6_OK);
    m6_close(c);
}

static void test_status(void **state)
{
    struct m6_client *c = open_client();
    struct m6_client_event e;
    assert_int_equal(m6_ask_status(c, &err), M6_OK);
    until(c, M6_CLIENT_STATUS, &e);
    cJSON *json = cJSON_Parse(e.text);
    assert_int_equal(cJSON_GetObjectItem(json, "pid")->valueint, getpid());
    assert_string_equal(text_in(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "clients"), 0), "name"), "test");
    cJSON_Delete(json);
    m6_close(c);
}

static void test_nobody(void **state)
{
    struct m6_client *c;
    struct m6_open_params params = {.size = sizeof params, .host = "/tmp/m6-nobody.sock", .autostart = -1};
    assert_int_equal(m6_open(&c, &params, &err), M6_ERR_IO);
    assert_null(c);
    params.host = "none";
    assert_int_equal(m6_open(&c, &params, &err), M6_ERR_UNSUPPORTED);
    char longer[300];
    memset(longer, 'x', sizeof longer - 1);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    params.host = longer;
    assert_int_equal(m6_open(&c, &params, &err), M6_ERR_LIMIT);
    m6_close(NULL);
    m6_buffer_release(NULL);
}

/* The host goes, and its work with it; another comes, and the client finds it by itself. */
static void test_reconnect(void **state)
{
    char place[108];
    serve(NULL);
    struct m6_client *c = open_client();
    const struct m6_open_params once = {.size = sizeof once, .host = served, .autostart = -1, .reconnect = -1};
    struct m6_client *d;
    assert_int_equal(m6_open(&d, &once, &err), M6_OK);
    struct m6_client_event e = {.size = sizeof e};
    const uint64_t id = submit(c, "probe-wait", NULL);
    until(c, M6_CLIENT_PROGRESS, &e);
    snprintf(place, sizeof place, "%s", served);
    serve_end();
    do
        assert_int_equal(m6_next(c, 10000, &e), 1);
    while (!is_last(&e));
    assert_true(e.job == id && e.type != M6_CLIENT_DONE);
    until(c, M6_CLIENT_DISCONNECTED, &e);
    const struct m6_client_job job = {.size = sizeof job, .kind = "probe-echo"};
    assert_int_equal(m6_submit(c, &job, NULL, &err), M6_ERR_IO);
    until(d, M6_CLIENT_DISCONNECTED, &e);
    assert_int_equal(m6_next(d, -1, &e), M6_ERR_IO);
    m6_close(d);

    /* The folder has another name, so the next server is led there. */
    serve(NULL);
    char old[108];
    snprintf(old, sizeof old, "%s", place);
    *strrchr(old, '/') = '\0';
    assert_int_equal(mkdir(old, 0700), 0);
    assert_int_equal(symlink(served, place), 0);
    until(c, M6_CLIENT_CONNECTED, &e);
    submit(c, "probe-echo", NULL);
    until(c, M6_CLIENT_DONE, &e);
    m6_close(c);
    unlink(place);
    rmdir(old);
    serve_end();
}

/* Opening without waiting: whether there is a host comes as an event. */
static void test_background(void **state)
{
    struct m6_open_params params = {.size = sizeof params, .host = "/tmp/m6-nobody.sock", .autostart = -1, .background = 1};
    struct m6_client_event e = {.size = sizeof e};
    const struct m6_client_job job = {.size = sizeof job, .kind = "probe-echo"};
    struct m6_client *c;
    assert_int_equal(m6_open(&c, &params, &err), M6_OK);
    assert_int_equal(m6_submit(c, &job, NULL, &err), M6_ERR_IO);
    until(c, M6_CLIENT_DISCONNECTED, &e);
    assert_non_null(strstr(e.text, "/tmp/m6-nobody.sock"));
    assert_int_equal(m6_next(c, 300, &e), 0); /* it goes on looking, and says so once */
    m6_close(c);
    params.reconnect = -1;
    assert_int_equal(m6_open(&c, &params, &err), M6_OK);
    until(c, M6_CLIENT_DISCONNECTED, &e);
    assert_int_equal(m6_next(c, -1, &e), M6_ERR_IO);
    m6_close(c);

    serve(NULL);
    params.host = served;
    assert_int_equal(m6_open(&c, &params, &err), M6_OK);
    until(c, M6_CLIENT_CONNECTED, &e);
    submit(c, "probe-echo", NULL);
    until(c, M6_CLIENT_DONE, &e);
    m6_close(c);
    serve_end();
}

/* What a client costs: descriptors and memory are given back. */
static int descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void test_leaks(void **state)
{
    m6_close(open_client());
    usleep(50000);
    const int before = descriptors();
    for (int i = 0; i < 50; i++) {
        struct m6_client *c = open_client();
        submit(c, "probe-flood", "{\"count\": 3, \"pictures\": true}");
        if (i % 2) {
            struct m6_client_event e;
            until(c, M6_CLIENT_PICTURE, &e);
        }
        m6_close(c);
    }
    for (int i = 0; i < 100 && descriptors() > before; i++)
        usleep(20000);
    assert_true(descriptors() <= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_texts, start, end),
        cmocka_unit_test_setup_teardown(test_failures, start, end),
        cmocka_unit_test_setup_teardown(test_cancel, start, end),
        cmocka_unit_test_setup_teardown(test_frames, start, end),
        cmocka_unit_test_setup_teardown(test_wrong_frames, start, end),
        cmocka_unit_test_setup_teardown(test_pictures, start, end),
        cmocka_unit_test_setup_teardown(test_poll, start, end),
        cmocka_unit_test_setup_teardown(test_callback, start, end),
        cmocka_unit_test_setup_teardown(test_threads, start, end),
        cmocka_unit_test_setup_teardown(test_limit, start, end),
        cmocka_unit_test_setup_teardown(test_status, start, end),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_reconnect),
        cmocka_unit_test(test_background),
        cmocka_unit_test_setup_teardown(test_leaks, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
