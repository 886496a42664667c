/* What clients say, one function a message. */
#include <stdio.h>
#include <string.h>

#include "server/internal.h"

static void on_hello(struct conn *c, struct m6_message *m)
{
    const cJSON *range = cJSON_GetObjectItemCaseSensitive(m->json, "protocol");
    const char *name;
    int min, max;
    if (c->greeted) {
        conn_error(c, M6_ERR_ARGUMENT, "\"hello\" comes once, and first", 0);
        return;
    }
    if (!cJSON_IsObject(range) || m6_message_int(range, "min", 0, 1, 1 << 20, &min) || m6_message_int(range, "max", 0, 1, 1 << 20, &max) ||
        !min || max < min || m6_message_text(m->json, "client", &name)) {
        conn_error(c, M6_ERR_ARGUMENT, "\"hello\" wants \"protocol\": {\"min\", \"max\"} and may have \"client\", a name", 1);
        return;
    }
    if (min > M6_PROTO_VERSION || max < M6_PROTO_VERSION) {
        conn_error(c, M6_ERR_UNSUPPORTED, "this host speaks protocol 1 alone; install host and client from one build", 1);
        return;
    }
    snprintf(c->name, sizeof c->name, "%s", name ? name : "");
    c->greeted = 1;
    conn_send(c, NULL, report_hello(c->server), -1, 0, 0);
}

static void on_cancel(struct conn *c, struct m6_message *m)
{
    int64_t id;
    if (m6_message_int64(m->json, "job", 0, 1, INT64_MAX, &id) || !id) {
        conn_error(c, M6_ERR_ARGUMENT, "\"job\" must be a decimal string from 1 to 9223372036854775807", 0);
        return;
    }
    struct work *w = work_find(c, id);
    if (w)
        work_cancel(w);
}

static void on_ping(struct conn *c, struct m6_message *m)
{
    conn_send(c, NULL, m6_message_new("pong"), -1, 0, 0);
}

static void on_pong(struct conn *c, struct m6_message *m)
{
}

static void on_status(struct conn *c, struct m6_message *m)
{
    conn_send(c, NULL, report_status(c->server), -1, 0, 0);
}

static void on_stop(struct conn *c, struct m6_message *m)
{
    conn_send(c, NULL, m6_message_new("stopping"), -1, 0, 0);
    server_log(c->server, 6, "client %s (%d) says stop", c->name, c->pid);
    m6_server_stop(c->server, cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(m->json, "now")));
}

void message_dispatch(struct conn *c, struct m6_message *m)
{
    static const struct {
        const char *type;
        void (*call)(struct conn *, struct m6_message *);
    } known[] = {
        {"hello", on_hello}, {"submit", work_submit}, {"cancel", on_cancel}, {"ping", on_ping},
        {"pong", on_pong},   {"status", on_status},   {"stop", on_stop},
    };
    if (!c->greeted && strcmp(m->type, "hello") != 0) {
        conn_error(c, M6_ERR_ARGUMENT, "the first message must be \"hello\"", 1);
        return;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!strcmp(m->type, known[i].type)) {
            known[i].call(c, m);
            return;
        }
    }
    char text[128];
    snprintf(text, sizeof text, "this host knows no message \"%.40s\"", m->type);
    conn_error(c, M6_ERR_UNSUPPORTED, text, 0);
}
