#include "support.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

char served[108];
static char folder[64];
static struct m6_server *server;
static pthread_t thread;

static void *run(void *arg)
{
    m6_server_run(server);
    return NULL;
}

void serve(const struct m6_server_params *given)
{
    struct m6_server_params params = given ? *given : (struct m6_server_params){.lazy = 1};
    struct m6_error err = {""};
    snprintf(folder, sizeof folder, "/tmp/m6-server-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(served, sizeof served, "%s/host.sock", folder);
    params.socket = served;
    params.listener = -1;
    if (!params.host.plugin_path)
        params.host.plugin_path = M6_TEST_PLUGINS;
    if (!params.host.model)
        params.host.model = "/nowhere/model";
    if (m6_server_create(&server, &params, &err))
        fail_msg("%s", err.text);
    assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
}

void serve_end(void)
{
    struct stat st;
    char path[128];
    m6_server_stop(server, 1);
    pthread_join(thread, NULL);
    m6_server_destroy(server);
    server = NULL;
    assert_int_equal(stat(served, &st), -1);
    snprintf(path, sizeof path, "%s.lock", served);
    unlink(path);
    snprintf(path, sizeof path, "%s.start", served);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

int raw_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, served, sizeof served);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void peer_open(struct peer *p)
{
    m6_wire_init(&p->wire, raw_connect());
    peer_say(p, "{\"type\": \"hello\", \"protocol\": {\"min\": 1, \"max\": 9}, \"client\": \"test\"}");
    cJSON *hello = peer_hear(p);
    assert_string_equal(text_in(hello, "type"), "hello");
    cJSON_Delete(hello);
}

void peer_close(struct peer *p)
{
    m6_wire_finish(&p->wire);
}

static void flush(struct peer *p)
{
    while (m6_wire_flush(&p->wire, NULL) == 0)
        poll(&(struct pollfd){p->wire.fd, POLLOUT, 0}, 1, 100);
}

void peer_say(struct peer *p, const char *json)
{
    cJSON *parsed = cJSON_Parse(json);
    if (!parsed)
        fail_msg("the test says what is no JSON: %s", json);
    m6_wire_send(&p->wire, parsed, -1, 0, 0);
    flush(p);
}

void peer_say_fd(struct peer *p, const char *json, int fd)
{
    cJSON *parsed = cJSON_Parse(json);
    assert_non_null(parsed);
    m6_wire_send(&p->wire, parsed, dup(fd), 0, 0);
    flush(p);
}

cJSON *peer_hear(struct peer *p)
{
    struct m6_message m;
    struct m6_error err = {""};
    enum m6_status status;
    for (int64_t until = m6_proto_now_ms() + 30000; m6_proto_now_ms() < until;) {
        const int got = m6_wire_next(&p->wire, &m, &status, &err);
        if (got < 0)
            fail_msg("the server sends %s", err.text);
        if (got && strcmp(m.type, "ping") != 0 && strcmp(m.type, "progress") != 0) {
            cJSON *json = m.json;
            m.json = NULL;
            m6_message_finish(&m);
            return json;
        }
        m6_message_finish(&m);
        if (got)
            continue;
        poll(&(struct pollfd){p->wire.fd, POLLIN, 0}, 1, 100);
        if (m6_wire_read(&p->wire, &err) < 0)
            return NULL;
    }
    return NULL;
}

cJSON *peer_until(struct peer *p, const char *type)
{
    cJSON *json;
    while ((json = peer_hear(p)) && strcmp(text_in(json, "type"), type) != 0)
        cJSON_Delete(json);
    if (!json)
        fail_msg("no \"%s\" came", type);
    return json;
}

const char *text_in(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

size_t framed(char *to, const char *json)
{
    const size_t n = strlen(json);
    for (int i = 0; i < 4; i++)
        to[i] = (char)(n >> 8 * i);
    memcpy(to + 4, json, n);
    return n + 4;
}

int make_memfd(size_t size, int seals)
{
    const int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    uint8_t *bytes = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    free(bytes);
    if (seals)
        assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}
