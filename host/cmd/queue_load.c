#include "queue_load.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <m6/m6.h>

#include "core/host.h"
#include "proto/address.h"

enum { STATUS_MS = 5000 };

static enum m6_status load(const struct queue_module **module, struct m6_error *err)
{
    static const struct queue_module *loaded;
    char path[PATH_MAX];
    if (!loaded) {
        if (m6_find_module("m6queue.so", path, sizeof path))
            return m6_fail(
                err, M6_ERR_MODEL,
                "queued jobs need lib/m6/m6queue.so beside the program; install M6 whole");
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (!handle)
            return m6_fail(err, M6_ERR_MODEL,
                           "jobs cannot be queued (%.300s); install libsqlite3-0", dlerror());
        const struct queue_module *found = dlsym(handle, QUEUE_MODULE_SYMBOL);
        if (!found || found->abi != QUEUE_MODULE_ABI || found->size < sizeof *found)
            return m6_fail(err, M6_ERR_MODEL,
                           "%s belongs to another version of m6; install them together", path);
        loaded = found;
    }
    *module = loaded;
    return M6_OK;
}

int queue_load(struct cmd_context *ctx, const struct queue_module **module, struct queue **queue)
{
    char socket[M6_ADDRESS_MAX];
    struct m6_error err = {""};
    enum m6_status status = m6_address_find(NULL, socket, sizeof socket, &err);
    if (status == M6_ERR_UNSUPPORTED)
        return cmd_fail(ctx, CMD_USAGE,
                        "queued jobs need a host, and M6_HOST is none; unset it, or name a socket");
    if (!status)
        status = load(module, &err);
    if (!status)
        status = (*module)->open(queue, socket, 0, &err);
    if (status)
        return cmd_fail(ctx, status == M6_ERR_MODEL ? CMD_MODEL : CMD_FAILED, "%s", err.text);
    if (*(*module)->note(*queue))
        cmd_warn(ctx, "%s", (*module)->note(*queue));
    return 0;
}

/* Where the host keeps its queue is the host's affair: XDG_STATE_HOME may differ between two
 * programs of one user. */
static int is_its_queue(struct m6_client *m6, const char *path, struct m6_error *err)
{
    struct m6_client_event e = {.size = sizeof e};
    if (m6_ask_status(m6, err))
        return 0;
    while (m6_next(m6, STATUS_MS, &e) > 0 && e.type != M6_CLIENT_STATUS)
        ;
    cJSON *json = e.type == M6_CLIENT_STATUS ? cJSON_Parse(e.text) : NULL;
    const cJSON *queue = cJSON_GetObjectItemCaseSensitive(json, "queue");
    const cJSON *folder = cJSON_GetObjectItemCaseSensitive(queue, "folder"),
                *why = cJSON_GetObjectItemCaseSensitive(queue, "why");
    const int same = cJSON_IsString(folder) && !strcmp(folder->valuestring, path);
    if (!json)
        m6_fail(err, M6_ERR_IO, "the host does not answer; 'm6 stop' ends it");
    else if (!queue)
        m6_fail(err, M6_ERR_IO,
                "the host runs no queued jobs; end it with 'm6 stop' and start one of this build");
    else if (!same)
        m6_fail(err, M6_ERR_IO,
                "the host's queue is in %.200s, not in %.200s; give both the same XDG_STATE_HOME",
                cJSON_IsString(folder) ? folder->valuestring : "", path);
    else if (cJSON_IsString(why))
        m6_fail(err, M6_ERR_IO, "the host runs no queued jobs: %.400s", why->valuestring);
    const int good = same && !cJSON_IsString(why);
    cJSON_Delete(json);
    return good;
}

int queue_host(const char *queue_path, struct m6_error *err)
{
    const struct m6_open_params params = {
        .size = sizeof params, .name = "m6 jobs", .reconnect = -1};
    struct m6_client *m6;
    if (m6_open(&m6, &params, err))
        return -1;
    const int good = is_its_queue(m6, queue_path, err);
    m6_close(m6);
    return good ? 0 : -1;
}
