/* What the host says of itself. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/core.h"
#include "server/internal.h"

static cJSON *limits(void)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "message", M6_PROTO_MESSAGE_MAX);
    cJSON_AddNumberToObject(o, "fds", M6_PROTO_FDS_MAX);
    cJSON_AddNumberToObject(o, "inputs", M6_PROTO_INPUTS_MAX);
    cJSON_AddNumberToObject(o, "frames", M6_PROTO_FRAMES_MAX);
    cJSON_AddNumberToObject(o, "jobs", M6_PROTO_JOBS_MAX);
    return o;
}

static void add_kinds(cJSON *list, const struct m6_host *host)
{
    for (int i = 0; i < host->registry.count; i++) {
        const struct m6_registry_entry *e = host->registry.entries[i];
        for (uint32_t k = 0; e->report.usable && k < e->plugin->kind_count; k++)
            cJSON_AddItemToArray(list, cJSON_CreateString(e->kinds[k].kind->name));
    }
}

cJSON *report_hello(struct m6_server *s)
{
    cJSON *json = m6_message_new("hello");
    cJSON_AddNumberToObject(json, "protocol", M6_PROTO_VERSION);
    cJSON_AddStringToObject(json, "version", M6_VERSION);
    cJSON_AddNumberToObject(json, "pid", getpid());
    add_kinds(cJSON_AddArrayToObject(json, "kinds"), s->host);
    cJSON *formats = cJSON_AddArrayToObject(json, "formats");
    const struct m6_proto_format *f;
    for (int i = 0; (f = m6_proto_format_at(i)); i++)
        cJSON_AddItemToArray(formats, cJSON_CreateString(f->name));
    cJSON_AddNumberToObject(json, "heartbeat_ms", s->params.heartbeat_ms);
    cJSON_AddItemToObject(json, "limits", limits());
    return json;
}

static cJSON *model(struct m6_server *s)
{
    cJSON *o = cJSON_CreateObject();
    struct m6_engine *engine = m6_host_engine(s->host);
    struct m6_model_info info;
    char path[4096];
    if (engine) {
        m6_engine_info(engine, &info);
        cJSON_AddStringToObject(o, "name", info.name);
        cJSON_AddStringToObject(o, "backend", info.backend);
        cJSON_AddStringToObject(o, "isa", info.isa);
        m6_message_add_int64(o, "bytes", (int64_t)info.weight_bytes);
    } else if (s->load_failed) {
        cJSON_AddStringToObject(o, "why", s->load_error.text);
    }
    if (!m6_find_model(s->params.host.model, path, sizeof path))
        cJSON_AddStringToObject(o, "path", path);
    cJSON_AddBoolToObject(o, "loaded", engine != NULL);
    cJSON_AddBoolToObject(o, "changed", s->replaced.changed);
    cJSON_AddStringToObject(o, "change", s->replaced.what);
    m6_message_add_int64(o, "reloads", s->replaced.reloads);
    return o;
}

static cJSON *clients(const struct m6_server *s)
{
    cJSON *list = cJSON_CreateArray();
    for (const struct conn *c = s->conns; c; c = c->next) {
        if (c->gone || !c->greeted)
            continue;
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "name", c->name);
        cJSON_AddNumberToObject(o, "pid", c->pid);
        cJSON_AddNumberToObject(o, "jobs", c->jobs);
        cJSON_AddNumberToObject(o, "waiting", figures_waiting(c));
        m6_message_add_int64(o, "done", c->done);
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

static cJSON *plugins(const struct m6_host *host)
{
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < m6_host_plugins(host); i++) {
        const struct m6_plugin_report *r = m6_host_plugin(host, i);
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "name", r->name);
        cJSON_AddStringToObject(o, "version", r->version);
        cJSON_AddBoolToObject(o, "usable", r->usable);
        cJSON_AddStringToObject(o, "why", r->usable ? "" : r->why);
        cJSON_AddItemToArray(list, o);
    }
    return list;
}

static cJSON *jobs(const struct m6_server *s)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "running", s->running);
    cJSON_AddNumberToObject(o, "waiting", s->waiting);
    m6_message_add_int64(o, "done", s->done);
    m6_message_add_int64(o, "failed", s->failed);
    m6_message_add_int64(o, "cancelled", s->cancelled);
    return o;
}

static cJSON *queue(const struct m6_server *s)
{
    struct runner_counts counts;
    cJSON *o = cJSON_CreateObject();
    runner_count(s->runner, &counts);
    cJSON_AddStringToObject(o, "folder", counts.folder);
    cJSON_AddNumberToObject(o, "running", counts.running);
    cJSON_AddNumberToObject(o, "waiting", counts.queued);
    if (*counts.why)
        cJSON_AddStringToObject(o, "why", counts.why);
    return o;
}

cJSON *report_status(struct m6_server *s)
{
    cJSON *json = m6_message_new("status");
    cJSON_AddNumberToObject(json, "pid", getpid());
    cJSON_AddStringToObject(json, "version", M6_VERSION);
    cJSON_AddStringToObject(json, "socket", s->socket);
    m6_message_add_int64(json, "uptime_ms", m6_proto_now_ms() - s->started_ms);
    cJSON_AddStringToObject(json, "state",
                            s->state == SERVER_DRAINING        ? "draining"
                            : s->loading                       ? "loading"
                            : m6_host_engine(s->host) != NULL ? "ready"
                                                               : "idle");
    cJSON_AddItemToObject(json, "model", model(s));
    cJSON_AddItemToObject(json, "clients", clients(s));
    cJSON_AddItemToObject(json, "jobs", jobs(s));
    if (s->runner)
        cJSON_AddItemToObject(json, "queue", queue(s));
    cJSON_AddStringToObject(json, "plugin_path", s->host->plugin_path);
    cJSON_AddItemToObject(json, "plugins", plugins(s->host));
    figures_add(json, s);
    return json;
}
