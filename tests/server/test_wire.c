/* Messages over a socket pair, without a server. */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct m6_wire in, out;

static int open_pair(void **state)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    m6_wire_init(&in, fds[0]);
    m6_wire_init(&out, fds[1]);
    return 0;
}

static int close_pair(void **state)
{
    m6_wire_finish(&in);
    m6_wire_finish(&out);
    return 0;
}

/* What m6_wire_next says once all is read. */
static int receive(struct m6_message *m, enum m6_status *status)
{
    struct m6_error err = {""};
    int got;
    *status = M6_OK;
    while ((got = m6_wire_next(&in, m, status, &err)) == 0)
        if (m6_wire_read(&in, &err) <= 0)
            break;
    return got;
}

static void put(const void *bytes, size_t n)
{
    assert_int_equal(send(out.fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

static void refuse(const char *text, size_t size)
{
    struct m6_message m;
    struct m6_error err = {""};
    if (m6_message_parse(&m, text, size, &err) != M6_ERR_FORMAT || !err.text[0])
        fail_msg("%.*s is taken", (int)size, text);
    m6_message_finish(&m);
}

static void test_parse(void **state)
{
    static const char *const bad[] = {
        "", "{", "{}", "[]", "1", "\"type\"", "{\"type\": 1}", "{\"type\": \"x\"", "{\"type\": \"x\"} {}", "{\"type\": \"x\\\"}",
        "{\"type\": \"\xff\"}", "{\"type\": \"\xc0\x80\"}", "{\"type\": \"\xed\xa0\x80\"}", "{\"type\": \"x\", }", "nonsense", "\xef\xbb\xbf{\"type\": \"x\"}",
    };
    struct m6_message m;
    char deep[256];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strncmp(bad[i], "\xef\xbb\xbf", 3) != 0) /* a mark is passed over by the parser, and does no harm */
            refuse(bad[i], strlen(bad[i]));
    refuse("{\"type\": \"x\"}\0", 14);
    for (int depth = 31; depth <= 33; depth++) {
        int n = snprintf(deep, sizeof deep, "{\"type\": \"x\", \"a\": ");
        for (int i = 1; i < depth; i++)
            deep[n++] = '[';
        for (int i = 1; i < depth; i++)
            deep[n++] = ']';
        deep[n++] = '}';
        if (depth > M6_PROTO_DEPTH_MAX)
            refuse(deep, (size_t)n);
        else
            assert_int_equal(m6_message_parse(&m, deep, (size_t)n, NULL), M6_OK);
        if (depth <= M6_PROTO_DEPTH_MAX)
            m6_message_finish(&m);
    }
    /* Brackets in texts do not count, also behind an escaped quote. */
    const char *text = "{\"type\": \"x\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\\\", \"猫\": 1}";
    assert_int_equal(m6_message_parse(&m, text, strlen(text), NULL), M6_OK);
    m6_message_finish(&m);
}

static void test_numbers(void **state)
{
    static const char *const bad[] = {"1", "\"\"", "\"-\"", "\"+1\"", "\" 1\"", "\"1 \"", "\"0x10\"", "\"1e3\"", "\"9223372036854775808\"", "null", "true"};
    int64_t value;
    int small;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[64];
        snprintf(text, sizeof text, "{\"n\": %s}", bad[i]);
        cJSON *json = cJSON_Parse(text);
        assert_int_equal(m6_message_int64(json, "n", 0, INT64_MIN, INT64_MAX, &value), -1);
        cJSON_Delete(json);
    }
    cJSON *json = cJSON_Parse("{\"n\": \"-9223372036854775808\", \"f\": 1.5, \"i\": 7, \"big\": 1e300}");
    assert_int_equal(m6_message_int64(json, "n", 0, INT64_MIN, INT64_MAX, &value), 0);
    assert_true(value == INT64_MIN);
    assert_int_equal(m6_message_int64(json, "missing", 5, 0, 9, &value), 0);
    assert_int_equal(value, 5);
    assert_int_equal(m6_message_int(json, "f", 0, 0, 9, &small), -1);
    assert_int_equal(m6_message_int(json, "big", 0, 0, 9, &small), -1);
    assert_int_equal(m6_message_int(json, "i", 0, 0, 9, &small), 0);
    assert_int_equal(small, 7);
    cJSON_Delete(json);
}

static void test_pieces(void **state)
{
    char bytes[256];
    struct m6_message m;
    enum m6_status status;
    const size_t n = framed(bytes, "{\"type\": \"ping\"}");
    for (size_t i = 0; i + 1 < n; i++) {
        put(bytes + i, 1);
        assert_int_equal(receive(&m, &status), 0);
    }
    put(bytes + n - 1, 1);
    assert_int_equal(receive(&m, &status), 1);
    assert_string_equal(m.type, "ping");
    m6_message_finish(&m);
    for (int i = 0; i < 3; i++)
        put(bytes, n);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(receive(&m, &status), 1);
        m6_message_finish(&m);
    }
    assert_int_equal(receive(&m, &status), 0);
}

static void test_lengths(void **state)
{
    struct m6_message m;
    enum m6_status status;
    put("\x01\x00\x20\x00", 4); /* one more than allowed */
    assert_int_equal(receive(&m, &status), -1);
    assert_int_equal(status, M6_ERR_FORMAT);
    close_pair(NULL);
    open_pair(NULL);
    put("\xff\xff\xff\xff", 4);
    assert_int_equal(receive(&m, &status), -1);
    close_pair(NULL);
    open_pair(NULL);
    put("\0\0\0\0", 4);
    assert_int_equal(receive(&m, &status), -1);
    close_pair(NULL);
    open_pair(NULL);
    put("\xff\xff\x1f\x00{", 5); /* a promise takes no memory */
    assert_int_equal(receive(&m, &status), 0);
    assert_true(in.in_room < 1 << 20);
}

/* The largest message that is allowed arrives, through a socket that holds less. */
static void test_large(void **state)
{
    struct m6_message m;
    enum m6_status status;
    struct m6_error err;
    const size_t n = M6_PROTO_MESSAGE_MAX - 23; /* one too many, with what is around it */
    char *text = malloc(n + 2);
    memset(text, 'a', n + 1);
    text[n] = '\0';
    cJSON *json = m6_message_new("big");
    cJSON_AddStringToObject(json, "text", text);
    assert_int_equal(m6_wire_send(&out, json, -1, 0, 0), -1);
    text[n - 1] = '\0';
    json = m6_message_new("big");
    cJSON_AddStringToObject(json, "text", text);
    assert_int_equal(m6_wire_send(&out, json, -1, 0, 0), 0);
    int got = 0, done = 0;
    while (!(got = m6_wire_next(&in, &m, &status, &err))) {
        done |= m6_wire_flush(&out, NULL);
        m6_wire_read(&in, &err);
    }
    assert_int_equal(got, 1);
    assert_int_equal(done, 1);
    assert_string_equal(text_in(m.json, "text"), text);
    m6_message_finish(&m);
    free(text);
}

static int fds_open(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void test_descriptors(void **state)
{
    struct m6_message m;
    enum m6_status status;
    const int before = fds_open();
    int fds[M6_PROTO_FDS_MAX + 1];
    for (int count = 1; count <= M6_PROTO_FDS_MAX + 1; count += M6_PROTO_FDS_MAX / 2) {
        for (int i = 0; i < count; i++)
            fds[i] = make_memfd(16, 0);
        const int sent = m6_wire_send_fds(&out, m6_message_new("x"), fds, count);
        assert_int_equal(sent, count > M6_PROTO_FDS_MAX ? -1 : 0);
        if (sent)
            continue;
        m6_wire_send(&out, m6_message_new("y"), -1, 0, 0);
        assert_int_equal(m6_wire_flush(&out, NULL), 1);
        assert_int_equal(receive(&m, &status), 1);
        assert_int_equal(m.fd_count, count);
        m6_message_finish(&m);
        assert_int_equal(receive(&m, &status), 1);
        assert_int_equal(m.fd_count, 0);
        m6_message_finish(&m);
    }
    assert_int_equal(fds_open(), before);
    /* Fewer than said, then more than said. */
    char bytes[64];
    put(bytes, framed(bytes, "{\"type\": \"x\", \"fds\": 1}"));
    assert_int_equal(receive(&m, &status), -1);
    /* More than said: the descriptor rides on a message that claims none. */
    fds[0] = make_memfd(16, 0);
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.header), fds, sizeof(int));
    struct iovec iov = {bytes, framed(bytes, "{\"type\": \"x\"}")};
    const struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    assert_true(sendmsg(out.fd, &msg, 0) > 0);
    close(fds[0]);
    assert_int_equal(receive(&m, &status), -1);
    assert_int_equal(status, M6_ERR_FORMAT);
    close_pair(NULL);
    assert_int_equal(fds_open(), before - 2);
}

/* Only the newest of the messages that replace each other goes out, and it keeps its place. */
static void test_replaced(void **state)
{
    struct m6_message m;
    enum m6_status status;
    int value;
    for (int i = 0; i < 100; i++) {
        cJSON *json = m6_message_new("progress");
        cJSON_AddNumberToObject(json, "n", i);
        m6_wire_send(&out, json, -1, 0, 5);
    }
    assert_int_equal(out.waiting, 1);
    m6_wire_send(&out, m6_message_new("done"), -1, 0, 0);
    assert_int_equal(m6_wire_flush(&out, NULL), 1);
    assert_int_equal(out.waiting_bytes, 0);
    assert_int_equal(receive(&m, &status), 1);
    assert_int_equal(m6_message_int(m.json, "n", 0, 0, 100, &value), 0);
    assert_int_equal(value, 99);
    m6_message_finish(&m);
    assert_int_equal(receive(&m, &status), 1);
    assert_string_equal(m.type, "done");
    m6_message_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test_setup_teardown(test_pieces, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(test_lengths, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(test_large, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(test_descriptors, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(test_replaced, open_pair, close_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
