/* m6 status and m6 stop: what a host says of itself, and its end. */
#include <stdio.h>
#include <string.h>

#include <m6/m6.h>

#include "cmd.h"
#include "output.h"

enum { ANSWER_MS = 10000, END_MS = 45000 };

struct host_options {
    const char *socket;
    int now;
};

#define AT(field) offsetof(struct host_options, field)
#define SOCKET                                                                                     \
    {                                                                                              \
        "socket", 0, OPTION_TEXT, 0, 0, AT(socket), "PATH",                                        \
            "the host's socket (default: M6_HOST, else the user's own)"                            \
    }
static const struct option_spec status_options[] = {SOCKET, {0}};
static const struct option_spec stop_options[] = {
    SOCKET, {"now", 0, OPTION_FLAG, 0, 0, AT(now), NULL, "cancel what runs"}, {0}};
#undef AT

static enum m6_status open_host(const struct host_options *o, struct m6_client **m6,
                                struct m6_error *err)
{
    const struct m6_open_params params = {
        .size = sizeof params, .host = o->socket, .name = "m6", .autostart = -1, .reconnect = -1};
    return m6_open(m6, &params, err);
}

/* ---- status ---- */

static const char *text_of(const cJSON *o, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static int number_of(const cJSON *o, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);
    return cJSON_IsNumber(item) ? item->valueint : 0;
}

static void print_status(const cJSON *o)
{
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(o, "model"), *each;
    const cJSON *jobs = cJSON_GetObjectItemCaseSensitive(o, "jobs");
    const char *name = text_of(model, "name"), *path = text_of(model, "path");
    printf("host     %s, process %d, M6 %s, on %s\n", text_of(o, "state"), number_of(o, "pid"),
           text_of(o, "version"), text_of(o, "socket"));
    printf("model    %s%s\n", *name ? name : *path ? path : "none", *name ? "" : ", not loaded");
    if (*text_of(model, "why"))
        printf("         %s\n", text_of(model, "why"));
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(model, "changed")))
        printf("         %s\n", text_of(model, "change"));
    printf("jobs     %d running, %d waiting, %s done, %s failed, %s cancelled\n",
           number_of(jobs, "running"), number_of(jobs, "waiting"), text_of(jobs, "done"),
           text_of(jobs, "failed"), text_of(jobs, "cancelled"));
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(o, "clients"))
    {
        printf("client   %s (%d): %d jobs, %s done\n", text_of(each, "name"),
               number_of(each, "pid"), number_of(each, "jobs"), text_of(each, "done"));
    }
    if (*text_of(o, "metrics"))
        printf("metrics  at %s\n", text_of(o, "metrics"));
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(o, "plugins"))
    {
        if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(each, "usable")))
            printf("plugin   %s cannot be used: %s\n", text_of(each, "name"), text_of(each, "why"));
    }
}

static int show(struct cmd_context *ctx, struct m6_client *m6)
{
    struct m6_client_event e = {.size = sizeof e};
    struct m6_error err = {""};
    if (m6_ask_status(m6, &err))
        return cmd_fail(ctx, CMD_MODEL, "%s", err.text);
    while (m6_next(m6, ANSWER_MS, &e) > 0 && e.type != M6_CLIENT_STATUS)
        ;
    cJSON *json = e.type == M6_CLIENT_STATUS ? cJSON_Parse(e.text) : NULL;
    if (!json)
        return cmd_fail(ctx, CMD_MODEL, "the host does not answer; 'm6 stop' ends it");
    cJSON_DeleteItemFromObject(json, "type");
    if (ctx->json)
        return output_json(ctx, json, CMD_DONE);
    print_status(json);
    cJSON_Delete(json);
    return CMD_DONE;
}

static int run_status(struct cmd_context *ctx, int argc, char **argv)
{
    struct host_options o = {0};
    struct m6_client *m6;
    struct m6_error err = {""};
    if (!cmd_parse(ctx, &o, argc, argv))
        return ctx->exit;
    if (open_host(&o, &m6, &err))
        return cmd_fail(ctx, CMD_MODEL, "%s", err.text);
    const int code = show(ctx, m6);
    m6_close(m6);
    return code;
}

/* ---- stop ---- */

static int run_stop(struct cmd_context *ctx, int argc, char **argv)
{
    struct host_options o = {0};
    struct m6_client *m6;
    struct m6_client_event e = {.size = sizeof e};
    struct m6_error err = {""};
    if (!cmd_parse(ctx, &o, argc, argv))
        return ctx->exit;
    const enum m6_status status = open_host(&o, &m6, &err);
    if (status == M6_ERR_IO && strstr(err.text, "no host serves")) {
        cmd_say(ctx, "no host runs");
        return CMD_DONE;
    }
    if (status || m6_ask_stop(m6, o.now, &err)) {
        m6_close(m6);
        return cmd_fail(ctx, CMD_MODEL, "%s", err.text);
    }
    int got;
    while ((got = m6_next(m6, END_MS, &e)) > 0)
        ;
    m6_close(m6);
    if (!got)
        return cmd_fail(ctx, CMD_MODEL, "the host did not end; end its process by hand");
    cmd_say(ctx, "the host has ended");
    return CMD_DONE;
}

const struct cmd_command cmd_status = {
    .name = "status",
    .arguments = "[options]",
    .summary = "what the running host does",
    .examples = "m6 status\nm6 status --json",
    .options = status_options,
    .args_max = 0,
    .run = run_status,
};
const struct cmd_command cmd_stop = {
    .name = "stop",
    .arguments = "[options]",
    .summary = "end the running host",
    .details = "It takes no more jobs, finishes those that run, and goes.",
    .options = stop_options,
    .args_max = 0,
    .run = run_stop,
};
