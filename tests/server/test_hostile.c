/* What a server must survive. After each, another client is still served. */
#include "support.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void check_alive(void)
{
    struct peer p;
    peer_open(&p);
    peer_say(&p, "{\"type\": \"submit\", \"job\": \"9223372036854775807\", \"kind\": \"probe-echo\", \"params\": {\"text\": \"hello\", \"seed\": \"18446744073709551615\"}}");
    cJSON *json = peer_until(&p, "text");
    assert_string_equal(text_in(json, "text"), "hello");
    assert_string_equal(text_in(json, "job"), "9223372036854775807");
    cJSON_Delete(json);
    json = peer_until(&p, "text");
    assert_string_equal(text_in(json, "text"), "18446744073709551615");
    cJSON_Delete(json);
    cJSON_Delete(peer_until(&p, "done"));
    peer_close(&p);
}

/* Waits until nothing runs and one client (the asking one) is there. */
static void check_idle(void)
{
    struct peer p;
    peer_open(&p);
    for (int tries = 0;; tries++) {
        peer_say(&p, "{\"type\": \"status\"}");
        cJSON *json = peer_until(&p, "status"), *jobs = cJSON_GetObjectItem(json, "jobs");
        const int busy = cJSON_GetObjectItem(jobs, "running")->valueint + cJSON_GetObjectItem(jobs, "waiting")->valueint +
                         cJSON_GetArraySize(cJSON_GetObjectItem(json, "clients")) - 1;
        cJSON_Delete(json);
        if (!busy)
            break;
        if (tries > 3000)
            fail_msg("%d jobs or clients are left", busy);
        usleep(10000);
    }
    peer_close(&p);
}

static int start(void **state)
{
    serve(NULL);
    return 0;
}

static int start_hasty(void **state)
{
    const struct m6_server_params params = {.lazy = 1, .heartbeat_ms = 500, .stall_ms = 2000, .hello_ms = 1000, .running_max = 8};
    serve(&params);
    return 0;
}

static int end(void **state)
{
    check_alive();
    check_idle();
    serve_end();
    return 0;
}

/* Bytes as they are; what comes back, if anything, ends with the connection. */
static void throw(const void *bytes, size_t size)
{
    char answer[4096];
    const int fd = raw_connect();
    send(fd, bytes, size, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    while (recv(fd, answer, sizeof answer, 0) > 0)
        ;
    close(fd);
}

static void test_garbage(void **state)
{
    char bytes[8192];
    uint32_t random = 1;
    throw("", 0);
    throw("GET / HTTP/1.1\r\n\r\n", 18);
    throw("\xff\xff\xff\xff", 4);
    throw("\0\0\0\0", 4);
    throw("\x40\0\0\0{\"type\": \"hello\"", 20); /* half a message */
    for (int i = 0; i < 200; i++) {
        const size_t n = 4 + i * 10;
        for (size_t k = 0; k < n; k++)
            bytes[k] = (char)((random = random * 1664525 + 1013904223) >> 24);
        bytes[2] = bytes[3] = 0;
        throw(bytes, n);
    }
}

static void test_deep(void **state)
{
    char text[3000], bytes[3010];
    struct peer p;
    int n = snprintf(text, sizeof text, "{\"type\": \"submit\", \"params\": ");
    memset(text + n, '[', 2000);
    text[n + 2000] = '\0';
    peer_open(&p);
    const size_t size = framed(bytes, text);
    send(p.wire.fd, bytes, size, MSG_NOSIGNAL);
    cJSON *json = peer_hear(&p);
    assert_string_equal(text_in(json, "status"), "format");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(json, "fatal")));
    cJSON_Delete(json);
    assert_null(peer_hear(&p));
    peer_close(&p);
}

/* ---- frames ---- */

#define FRAME(rest) \
    "{\"type\": \"submit\", \"job\": \"3\", \"kind\": \"probe-sum\", \"inputs\": [{\"time_base\": [1, 25], \"frames\": [" \
    "{\"fd\": 0, \"format\": \"rgb24\", \"width\": 16, \"height\": 9" rest "}]}]}"

static void refused(const char *json, int fd)
{
    struct peer p;
    peer_open(&p);
    peer_say_fd(&p, json, fd);
    cJSON *answer = peer_hear(&p);
    if (!answer || strcmp(text_in(answer, "type"), "failed") != 0 || strcmp(text_in(answer, "status"), "argument") != 0 ||
        strcmp(text_in(answer, "job"), "3") != 0)
        fail_msg("%s is answered by %s", json, answer ? cJSON_PrintUnformatted(answer) : "nothing");
    cJSON_Delete(answer);
    close(fd);
    peer_close(&p);
}

static void test_wrong_descriptors(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    refused(FRAME(""), ends[0]);
    close(ends[1]);
    refused(FRAME(""), open("/dev/zero", O_RDONLY));
    refused(FRAME(""), open("/", O_RDONLY));
    refused(FRAME(""), open("/proc/self/exe", O_RDONLY));
    refused(FRAME(""), socket(AF_UNIX, SOCK_STREAM, 0));
    refused(FRAME(""), make_memfd(16 * 9 * 3, 0));
    refused(FRAME(""), make_memfd(16 * 9 * 3, F_SEAL_GROW | F_SEAL_WRITE));
    refused(FRAME(""), make_memfd(16 * 9 * 3 - 1, F_SEAL_SHRINK));
    refused(FRAME(""), make_memfd(0, F_SEAL_SHRINK));
}

static void test_wrong_figures(void **state)
{
    static const char *const wrong[] = {
        ", \"offset\": \"1\"", ", \"offset\": \"-1\"", ", \"offset\": \"9223372036854775807\"", ", \"offset\": 0",
        ", \"stride\": \"47\"", ", \"stride\": \"49\"", ", \"stride\": \"9223372036854775807\"", ", \"pts\": \"9223372036854775807\"",
        ", \"pts\": 1", ", \"duration\": \"-1\"",
    };
    static const char *const others[] = {
        "{\"fd\": 1, \"format\": \"rgb24\", \"width\": 16, \"height\": 9}",
        "{\"fd\": -1, \"format\": \"rgb24\", \"width\": 16, \"height\": 9}",
        "{\"format\": \"rgb24\", \"width\": 16, \"height\": 9}",
        "{\"fd\": 0, \"format\": \"nv12\", \"width\": 16, \"height\": 9}",
        "{\"fd\": 0, \"format\": \"rgb24\", \"width\": 0, \"height\": 9}",
        "{\"fd\": 0, \"format\": \"rgb24\", \"width\": 32768, \"height\": 9}",
        "{\"fd\": 0, \"format\": \"rgb24\", \"width\": 32767, \"height\": 32767}",
        "{\"fd\": 0, \"format\": \"rgb24\", \"width\": 16.5, \"height\": 9}",
        "{\"fd\": 0, \"format\": \"rgb24\", \"width\": \"16\", \"height\": 9}",
        "7", "null", "[]",
    };
    char json[1024];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(json, sizeof json, FRAME("%s"), wrong[i]);
        refused(json, make_memfd(16 * 9 * 3, F_SEAL_SHRINK));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(json, sizeof json, "{\"type\": \"submit\", \"job\": \"3\", \"kind\": \"probe-sum\", \"inputs\": [{\"frames\": [%s]}]}", others[i]);
        refused(json, make_memfd(16 * 9 * 3, F_SEAL_SHRINK));
    }
    static const char *const bases[] = {"[0, 1]", "[1]", "[1, 2, 3]", "1", "[1, 2147483648]", "[1, 1.5]", "[-1, 1]", "[\"1\", \"25\"]"};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        snprintf(json, sizeof json,
                 "{\"type\": \"submit\", \"job\": \"3\", \"kind\": \"probe-sum\", \"inputs\": [{\"time_base\": %s, \"frames\": "
                 "[{\"fd\": 0, \"format\": \"rgb24\", \"width\": 16, \"height\": 9}]}]}", bases[i]);
        refused(json, make_memfd(16 * 9 * 3, F_SEAL_SHRINK));
    }
}

/* Every format, with offset and stride, comes to the sum that it should; times come back as they went. */
static void test_formats(void **state)
{
    struct peer p;
    peer_open(&p);
    const struct m6_proto_format *f;
    for (int i = 0; (f = m6_proto_format_at(i)); i++) {
        const int width = 5, height = 3, stride = 32, offset = 7;
        char json[512], wanted[64];
        unsigned long long sum = 0;
        const int fd = make_memfd((size_t)(offset + (height - 1) * stride + width * f->bytes), F_SEAL_SHRINK);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                const int at = offset + y * stride + x * f->bytes, parts[3] = {f->red, f->green, f->blue};
                const unsigned alpha = f->alpha < 0 ? 255 : (uint8_t)(at + f->alpha);
                for (int k = 0; k < 3; k++)
                    sum += ((uint8_t)(at + parts[k]) * alpha + (255 - alpha) * 255 + 127) / 255;
            }
        snprintf(json, sizeof json,
                 "{\"type\": \"submit\", \"job\": \"3\", \"kind\": \"probe-sum\", \"inputs\": [{\"time_base\": [1001, 30000], \"frames\": "
                 "[{\"fd\": 0, \"format\": \"%s\", \"width\": 5, \"height\": 3, \"stride\": \"32\", \"offset\": \"7\", \"pts\": \"-7\", \"duration\": \"13\"}]}]}",
                 f->name);
        peer_say_fd(&p, json, fd);
        close(fd);
        cJSON *caption = peer_until(&p, "caption");
        snprintf(wanted, sizeof wanted, "1 %llu", sum);
        assert_string_equal(text_in(caption, "text"), wanted);
        assert_string_equal(text_in(caption, "start"), "-7");
        assert_string_equal(text_in(caption, "end"), "6");
        cJSON_Delete(caption);
        cJSON_Delete(peer_until(&p, "done"));
    }
    peer_close(&p);
}

/* Several frames in one memory: a stretch as one, or each on its own. The hash tells contents apart, and nothing else. */
static void test_stretch(void **state)
{
    char json[1024], hash[3][40];
    struct peer p;
    peer_open(&p);
    const int fd = make_memfd(3 * 16 * 9 * 3, F_SEAL_SHRINK);
    for (int each = 0; each < 3; each++) {
        snprintf(json, sizeof json,
                 "{\"type\": \"submit\", \"job\": \"3\", \"kind\": \"probe-sum\", \"params\": {\"every\": 2}, \"inputs\": [{\"time_base\": [1, 25], \"frames\": ["
                 "{\"fd\": 0, \"format\": \"rgb24\", \"width\": 16, \"height\": 9, \"pts\": \"%d\", \"duration\": \"1\"},"
                 "{\"fd\": 0, \"format\": \"rgb24\", \"width\": 16, \"height\": 9, \"pts\": \"11\", \"duration\": \"1\", \"offset\": \"%d\"},"
                 "{\"fd\": 0, \"format\": \"rgb24\", \"width\": 16, \"height\": 9, \"pts\": \"12\", \"duration\": \"1\", \"offset\": \"864\"}]}]}",
                 10 - each, each == 2 ? 433 : 432);
        peer_say_fd(&p, json, fd);
        cJSON *taken = peer_until(&p, "taken");
        snprintf(hash[each], sizeof hash[each], "%s", cJSON_GetArrayItem(cJSON_GetObjectItem(taken, "hashes"), 0)->valuestring);
        assert_int_equal(strlen(hash[each]), 32);
        cJSON_Delete(taken);
        cJSON *caption = peer_until(&p, "caption");
        assert_true(!strncmp(text_in(caption, "text"), "3 ", 2));
        assert_string_equal(text_in(caption, "end"), "13");
        cJSON_Delete(caption);
        cJSON_Delete(peer_until(&p, "done"));
    }
    assert_string_equal(hash[0], hash[1]);
    assert_string_not_equal(hash[1], hash[2]);
    peer_say_fd(&p, "{\"type\": \"submit\", \"job\": \"4\", \"kind\": \"probe-sum\", \"params\": {\"every\": 0}, \"inputs\": [{\"frames\": ["
                    "{\"fd\": 0, \"format\": \"gray8\", \"width\": 16, \"height\": 9, \"pts\": \"0\", \"duration\": \"5\"},"
                    "{\"fd\": 0, \"format\": \"gray8\", \"width\": 16, \"height\": 9, \"pts\": \"5\", \"duration\": \"5\"}]}]}", fd);
    for (int i = 0; i < 2; i++) {
        cJSON *caption = peer_until(&p, "caption");
        assert_true(!strncmp(text_in(caption, "text"), "1 ", 2));
        assert_string_equal(text_in(caption, "start"), i ? "5" : "0");
        cJSON_Delete(caption);
    }
    cJSON_Delete(peer_until(&p, "done"));
    close(fd);
    peer_close(&p);
}

/* A client that writes to, and unmaps, what it sent. */
static void test_rewriting(void **state)
{
    const size_t size = 1280 * 720 * 3;
    const int fd = make_memfd(size, F_SEAL_SHRINK);
    uint8_t *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    struct peer p;
    peer_open(&p);
    for (int i = 0; i < 10; i++) {
        char json[512];
        snprintf(json, sizeof json, "{\"type\": \"submit\", \"job\": \"%d\", \"kind\": \"probe-sum\", \"inputs\": [{\"frames\": "
                                    "[{\"fd\": 0, \"format\": \"rgb24\", \"width\": 1280, \"height\": 720}]}]}", i + 1);
        peer_say_fd(&p, json, fd);
        memset(map, i, size);
    }
    assert_int_equal(ftruncate(fd, 10), -1);
    munmap(map, size);
    close(fd);
    for (int i = 0; i < 10; i++)
        cJSON_Delete(peer_until(&p, "done"));
    peer_close(&p);
}

/* ---- clients that go or stay too long ---- */

/* Killed at many moments of a request; the child does nothing but raw calls. */
static void test_killed(void **state)
{
    const int fd = make_memfd(16 * 9 * 3, F_SEAL_SHRINK);
    for (int i = 0; i < 40; i++) {
        const pid_t child = fork();
        if (!child) {
            struct peer p;
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            alarm(20);
            peer_open(&p);
            for (int k = 1;; k++) {
                char json[512];
                snprintf(json, sizeof json, FRAME(""));
                peer_say_fd(&p, json, fd);
                snprintf(json, sizeof json, "{\"type\": \"submit\", \"job\": \"%d\", \"kind\": \"probe-flood\", \"params\": {\"count\": 5, \"pictures\": true}}", k + 3);
                peer_say(&p, json);
                snprintf(json, sizeof json, "{\"type\": \"submit\", \"job\": \"%d\", \"kind\": \"probe-wait\"}", k + 1000000);
                peer_say(&p, json);
            }
        }
        usleep((useconds_t)(i * 500));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    close(fd);
}

/* One that asks for much and reads nothing is cut off; meanwhile another is served at once, and memory stays bounded. */
static void test_stops_reading(void **state)
{
    struct peer p;
    peer_open(&p);
    for (int i = 0; i < 4; i++) {
        char json[256];
        snprintf(json, sizeof json, "{\"type\": \"submit\", \"job\": \"%d\", \"kind\": \"probe-flood\", \"params\": {\"count\": 100000, \"pictures\": true}}", i + 1);
        peer_say(&p, json);
    }
    for (int i = 0; i < 10; i++)
        check_alive();
    for (int i = 0; i < 300 && recv(p.wire.fd, &(char){0}, 1, MSG_PEEK | MSG_DONTWAIT) > 0; i++) {
        struct pollfd fd = {p.wire.fd, POLLRDHUP, 0};
        if (poll(&fd, 1, 100) > 0)
            break;
        assert_true(i < 299);
    }
    check_idle();
    peer_close(&p);
}

static void test_silent(void **state)
{
    char byte;
    const int mute = raw_connect();
    struct peer p;
    peer_open(&p);
    const int64_t from = m6_proto_now_ms();
    while (recv(mute, &byte, 1, 0) > 0)
        ;
    assert_true(m6_proto_now_ms() - from < 8000);
    /* Pings come, and without an answer, the end. */
    int pings = 0;
    char bytes[4096];
    for (ssize_t n; (n = recv(p.wire.fd, bytes, sizeof bytes, 0)) > 0;)
        pings++;
    assert_true(pings > 0);
    close(mute);
    peer_close(&p);
}

/* Reading on, and later, gets everything, in order. */
static void test_slow_reader(void **state)
{
    struct peer p;
    peer_open(&p);
    peer_say(&p, "{\"type\": \"submit\", \"job\": \"1\", \"kind\": \"probe-flood\", \"params\": {\"count\": 3000}}");
    usleep(100000);
    int texts = 0;
    cJSON *json;
    while ((json = peer_hear(&p)) && strcmp(text_in(json, "type"), "done") != 0) {
        texts += !strcmp(text_in(json, "type"), "text");
        cJSON_Delete(json);
    }
    assert_non_null(json);
    cJSON_Delete(json);
    assert_int_equal(texts, 3000);
    peer_close(&p);
}

/* ---- many ---- */

static void test_connections(void **state)
{
    static struct peer p[200];
    for (int i = 0; i < 200; i++)
        peer_open(&p[i]);
    for (int i = 0; i < 200; i++)
        peer_say(&p[i], "{\"type\": \"submit\", \"job\": \"1\", \"kind\": \"probe-echo\", \"params\": {\"text\": \"x\"}}");
    for (int i = 0; i < 200; i++)
        cJSON_Delete(peer_until(&p[i], "done"));
    for (int i = 0; i < 200; i += 2)
        peer_close(&p[i]);
    check_alive();
    for (int i = 1; i < 200; i += 2)
        peer_close(&p[i]);
}

static void test_too_many_jobs(void **state)
{
    struct peer p;
    char json[256];
    int failed = 0;
    peer_open(&p);
    for (int i = 1; i <= M6_PROTO_JOBS_MAX + 3; i++) {
        snprintf(json, sizeof json, "{\"type\": \"submit\", \"job\": \"%d\", \"kind\": \"probe-wait\"}", i);
        peer_say(&p, json);
        cJSON *answer = peer_hear(&p);
        failed += !strcmp(text_in(answer, "status"), "limit");
        cJSON_Delete(answer);
    }
    assert_int_equal(failed, 3);
    /* A number in use, and cancelling all. */
    peer_say(&p, "{\"type\": \"submit\", \"job\": \"1\", \"kind\": \"probe-wait\"}");
    cJSON_Delete(peer_until(&p, "error"));
    for (int i = 1; i <= M6_PROTO_JOBS_MAX; i++) {
        snprintf(json, sizeof json, "{\"type\": \"cancel\", \"job\": \"%d\"}", i);
        peer_say(&p, json);
    }
    for (int i = 1; i <= M6_PROTO_JOBS_MAX; i++)
        cJSON_Delete(peer_until(&p, "cancelled"));
    peer_close(&p);
}

/* Batch work fills its places, and an interactive job begins at once all the same; a live one past its deadline never does. */
static void test_priorities(void **state)
{
    struct peer p, q;
    char json[256];
    peer_open(&p);
    peer_open(&q);
    for (int i = 1; i <= 40; i++) {
        snprintf(json, sizeof json, "{\"type\": \"submit\", \"job\": \"%d\", \"kind\": \"probe-wait\", \"priority\": \"batch\"}", i);
        peer_say(&p, json);
    }
    peer_say(&q, "{\"type\": \"submit\", \"job\": \"1\", \"kind\": \"probe-echo\"}");
    cJSON_Delete(peer_until(&q, "done"));
    peer_say(&p, "{\"type\": \"submit\", \"job\": \"50\", \"kind\": \"probe-echo\", \"priority\": \"batch\", \"deadline_ms\": 60}");
    cJSON *late = peer_until(&p, "failed");
    assert_string_equal(text_in(late, "job"), "50");
    assert_string_equal(text_in(late, "status"), "limit");
    cJSON_Delete(late);
    peer_close(&q);
    peer_close(&p);
}

static void test_failing(void **state)
{
    struct peer p;
    peer_open(&p);
    peer_say(&p, "{\"type\": \"submit\", \"job\": \"1\", \"kind\": \"probe-refuse\"}");
    cJSON *json = peer_until(&p, "text");
    assert_string_equal(text_in(json, "text"), "bad ? bytes");
    cJSON_Delete(json);
    json = peer_until(&p, "failed");
    assert_string_equal(text_in(json, "status"), "format");
    assert_string_equal(text_in(json, "text"), "it was ? not to be");
    cJSON_Delete(json);
    /* No model is here: a job that needs one says so. */
    peer_say(&p, "{\"type\": \"submit\", \"job\": \"1\", \"kind\": \"draw\", \"params\": {\"prompt\": \"a cat\"}}");
    json = peer_until(&p, "failed");
    assert_string_equal(text_in(json, "status"), "model");
    cJSON_Delete(json);
    peer_close(&p);
}

/* Somebody else, to whom the socket's mode was opened. */
static void test_other_user(void **state)
{
    struct stat st;
    if (geteuid() != 0) {
        print_message("not root: skipped\n");
        return;
    }
    assert_int_equal(stat(served, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    char folder[108];
    snprintf(folder, sizeof folder, "%s", served);
    *strrchr(folder, '/') = '\0';
    fflush(NULL);
    for (int open = 0; open < 2; open++) {
        if (open) {
            chmod(folder, 0755);
            chmod(served, 0666);
        }
        const pid_t child = fork();
        if (!child) {
            struct sockaddr_un address = {.sun_family = AF_UNIX};
            char bytes[1024] = "";
            if (setgid(65534) || setuid(65534))
                _exit(9);
            memcpy(address.sun_path, served, sizeof served);
            const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
            if (connect(fd, (struct sockaddr *)&address, sizeof address))
                _exit(1); /* kept out by the folder */
            const ssize_t n = recv(fd, bytes, sizeof bytes - 1, MSG_WAITALL);
            _exit(n > 4 && strstr(bytes + 4, "another user") ? 2 : 3);
        }
        int status;
        waitpid(child, &status, 0);
        assert_int_equal(WEXITSTATUS(status), open ? 2 : 1);
    }
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_garbage, start, end),
        cmocka_unit_test_setup_teardown(test_deep, start, end),
        cmocka_unit_test_setup_teardown(test_wrong_descriptors, start, end),
        cmocka_unit_test_setup_teardown(test_wrong_figures, start, end),
        cmocka_unit_test_setup_teardown(test_formats, start, end),
        cmocka_unit_test_setup_teardown(test_stretch, start, end),
        cmocka_unit_test_setup_teardown(test_rewriting, start, end),
        cmocka_unit_test_setup_teardown(test_killed, start, end),
        cmocka_unit_test_setup_teardown(test_stops_reading, start_hasty, end),
        cmocka_unit_test_setup_teardown(test_silent, start_hasty, end),
        cmocka_unit_test_setup_teardown(test_slow_reader, start, end),
        cmocka_unit_test_setup_teardown(test_connections, start, end),
        cmocka_unit_test_setup_teardown(test_too_many_jobs, start, end),
        cmocka_unit_test_setup_teardown(test_priorities, start, end),
        cmocka_unit_test_setup_teardown(test_failing, start, end),
        cmocka_unit_test_setup_teardown(test_other_user, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
