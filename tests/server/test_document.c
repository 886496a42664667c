/* docs/protocol.md, tried: its limits are the code's, and its examples are taken or refused as it says. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *document;

static int read_document(void **state)
{
    FILE *f = fopen(M6_SOURCE "/docs/protocol.md", "r");
    if (!f)
        return -1;
    document = calloc(1, 1 << 17);
    const size_t n = fread(document, 1, (1 << 17) - 1, f);
    fclose(f);
    return n ? 0 : -1;
}

static int free_document(void **state)
{
    free(document);
    return 0;
}

static void test_limits(void **state)
{
    static const struct {
        const char *name;
        int value;
    } limits[] = {
        {"bytes of a message", M6_PROTO_MESSAGE_MAX}, {"depth of a message", M6_PROTO_DEPTH_MAX},
        {"descriptors of a message", M6_PROTO_FDS_MAX}, {"inputs of a job", M6_PROTO_INPUTS_MAX},
        {"frames of an input", M6_PROTO_FRAMES_MAX}, {"side of a frame", M6_PROTO_SIDE_MAX},
        {"pixels of a frame", M6_PROTO_PIXELS_MAX}, {"pixels of a job's frames", M6_PROTO_JOB_PIXELS_MAX},
        {"jobs of a connection", M6_PROTO_JOBS_MAX}, {"connections", M6_PROTO_CONNECTIONS_MAX},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char row[128];
        snprintf(row, sizeof row, "\n| %s | %d |\n", limits[i].name, limits[i].value);
        if (!strstr(document, row))
            fail_msg("docs/protocol.md does not say%s", row);
    }
    const struct m6_proto_format *f;
    for (int i = 0; (f = m6_proto_format_at(i)); i++)
        assert_non_null(strstr(document, f->name));
}

/* The next block that begins with ```json LABEL; its text is copied. */
static const char *next_block(const char *at, const char *label, char *rest, size_t rest_size, char *text, size_t size)
{
    char opening[64];
    snprintf(opening, sizeof opening, "```json %s", label);
    at = strstr(at, opening);
    if (!at)
        return NULL;
    at += strlen(opening);
    const char *body = strchr(at, '\n') + 1, *end = strstr(body, "```");
    snprintf(rest, rest_size, "%.*s", (int)(body - 1 - at), at);
    snprintf(text, size, "%.*s", (int)(end - body), body);
    return end;
}

static void test_taken(void **state)
{
    char rest[64], text[2048];
    struct peer p;
    int blocks = 0;
    serve(NULL);
    m6_wire_init(&p.wire, raw_connect());
    for (const char *at = document; (at = next_block(at, "client", rest, sizeof rest, text, sizeof text)); blocks++) {
        peer_say(&p, text);
        cJSON *sent = cJSON_Parse(text);
        const char *type = text_in(sent, "type");
        if (!strcmp(type, "hello") || !strcmp(type, "status")) {
            cJSON_Delete(peer_until(&p, type));
        } else if (!strcmp(type, "submit")) {
            cJSON *answer = peer_until(&p, "accepted");
            assert_string_equal(text_in(answer, "job"), text_in(sent, "job"));
            cJSON_Delete(answer);
        } else if (!strcmp(type, "ping")) {
            cJSON_Delete(peer_until(&p, "pong"));
        }
        cJSON_Delete(sent);
    }
    assert_true(blocks >= 6);
    peer_close(&p);
    serve_end();
}

static void test_refused(void **state)
{
    char rest[64], text[2048], bytes[2064];
    int blocks = 0;
    serve(NULL);
    for (const char *at = document; (at = next_block(at, "refused", rest, sizeof rest, text, sizeof text)); blocks++) {
        struct peer p;
        peer_open(&p);
        const size_t n = framed(bytes, text);
        assert_int_equal(send(p.wire.fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
        cJSON *answer = peer_hear(&p);
        while (answer && (!strcmp(text_in(answer, "type"), "accepted") || !strcmp(text_in(answer, "type"), "taken"))) {
            cJSON_Delete(answer);
            answer = peer_hear(&p);
        }
        if (!answer || (strcmp(text_in(answer, "type"), "error") != 0 && strcmp(text_in(answer, "type"), "failed") != 0) ||
            strcmp(text_in(answer, "status"), rest + 1) != 0 || !*text_in(answer, "text"))
            fail_msg("%s is answered by %s", text, answer ? cJSON_PrintUnformatted(answer) : "nothing");
        cJSON_Delete(answer);
        peer_close(&p);
    }
    assert_true(blocks >= 15);
    serve_end();
}

/* What the document shows of hello and status is what comes. */
static void test_answers(void **state)
{
    static const char *const fields[] = {"pid", "version", "socket", "uptime_ms", "state", "model", "clients", "jobs", "plugins", "engine", "kinds", "memory", "metrics"};
    struct peer p;
    serve(NULL);
    m6_wire_init(&p.wire, raw_connect());
    peer_say(&p, "{\"type\": \"hello\", \"protocol\": {\"min\": 1, \"max\": 1}}");
    cJSON *hello = peer_hear(&p);
    assert_int_equal(cJSON_GetObjectItem(hello, "protocol")->valueint, 1);
    assert_int_equal(cJSON_GetObjectItem(hello, "pid")->valueint, getpid());
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(hello, "kinds")) >= 5);
    assert_int_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(hello, "limits"), "jobs")->valueint, M6_PROTO_JOBS_MAX);
    cJSON_Delete(hello);
    peer_say(&p, "{\"type\": \"status\"}");
    cJSON *status = peer_until(&p, "status");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        assert_non_null(cJSON_GetObjectItem(status, fields[i]));
    assert_string_equal(text_in(status, "state"), "idle");
    cJSON_Delete(status);
    peer_close(&p);
    serve_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests(tests, read_document, free_document);
}
