/* m6-plugin: one plugin, one job, in a process that may fail. Started by the host only (core/worker/process.c), with a socket as
 * descriptor 3 and its output going to the host's log. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/plugin_open.h"
#include "worker/remote.h"

enum { HOST_FD = 3, FILES_MAX = 256 };

/* With its host, and when memory runs out before its host. */
static void be_expendable(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* It may have died before that: then its end of the line is closed already. */
    struct pollfd line = {HOST_FD, POLLRDHUP, 0};
    if (poll(&line, 1, 0) > 0)
        _exit(1);
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, "500", 3) < 0)
            fputs("m6-plugin: cannot ask to be the first to go\n", stderr);
        close(fd);
    }
}

static void set_limits(int memory_mib)
{
    const struct rlimit files = {FILES_MAX, FILES_MAX};
    setrlimit(RLIMIT_NOFILE, &files);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* which reserve terabytes */
    const struct rlimit memory = {(rlim_t)memory_mib << 20, (rlim_t)memory_mib << 20};
    if (memory_mib)
        setrlimit(RLIMIT_AS, &memory);
#endif
}

static cJSON *description(const struct m6_plugin *p)
{
    cJSON *json = m6_message_new("plugin");
    cJSON_AddStringToObject(json, "name", p->name);
    cJSON_AddStringToObject(json, "version", p->version ? p->version : "");
    cJSON_AddStringToObject(json, "description", p->description ? p->description : "");
    cJSON *kinds = cJSON_AddArrayToObject(json, "kinds");
    for (uint32_t i = 0; i < p->kind_count; i++) {
        const struct m6_plugin_kind *k = m6_plugin_kind_at(p, i);
        cJSON *kind = cJSON_CreateObject();
        cJSON_AddStringToObject(kind, "name", k->name);
        cJSON_AddStringToObject(kind, "description", k->description ? k->description : "");
        cJSON_AddStringToObject(kind, "schema", k->schema ? k->schema : "");
        cJSON_AddItemToArray(kinds, kind);
    }
    return json;
}

/* What it is, or why it is of no use. */
static cJSON *refusal(const char *type, const char *why)
{
    cJSON *json = m6_message_new(type);
    cJSON_AddStringToObject(json, "why", why);
    return json;
}

static cJSON *run_job(const struct m6_plugin *p, const char *kind, struct m6_job *job)
{
    uint32_t i = 0;
    while (i < p->kind_count && strcmp(m6_plugin_kind_at(p, i)->name, kind) != 0)
        i++;
    if (i == p->kind_count)
        return refusal("end", "its file has changed and no longer has this kind; restart the host with `m6 stop`");
    const int result = m6_plugin_kind_at(p, i)->run(&remote_services, &remote_host, job);
    cJSON *json = m6_message_new("end");
    cJSON_AddNumberToObject(json, "result", result < 0 ? -1 : 0);
    return json;
}

static void work(struct m6_message *start)
{
    const char *path, *kind;
    char why[512] = "";
    void *handle;
    int memory;
    if (m6_message_text(start->json, "path", &path) || !path || m6_message_text(start->json, "kind", &kind) ||
        m6_message_int(start->json, "memory", 0, 0, INT32_MAX, &memory))
        return;
    set_limits(memory);
    struct m6_job job = {
        .host = &remote_host,
        .params = cJSON_GetObjectItemCaseSensitive(start->json, "params"),
        .inputs = cJSON_GetObjectItemCaseSensitive(start->json, "inputs"),
    };
    const struct m6_plugin *p = m6_plugin_open(path, &handle, why, sizeof why);
    if (!p || m6_plugin_init(p, &remote_services, &remote_host, why, sizeof why)) {
        remote_send(refusal(kind ? "end" : "refused", why), -1);
        return;
    }
    if (remote_send(kind ? run_job(p, kind, &job) : description(p), -1))
        remote_send(refusal(kind ? "end" : "refused", "its description is too long to be sent"), -1);
    if (p->finish)
        p->finish(&remote_host);
}

int main(void)
{
    pthread_mutexattr_t recursive;
    struct m6_message start;
    int type;
    socklen_t size = sizeof type;
    if (getsockopt(HOST_FD, SOL_SOCKET, SO_TYPE, &type, &size)) {
        fputs("m6-plugin: the host starts this program for plugins of others; there is nothing to be done with it by hand\n", stderr);
        return 2;
    }
    fcntl(HOST_FD, F_SETFD, FD_CLOEXEC);
    be_expendable();
    setvbuf(stdout, NULL, _IOLBF, 4096);
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&remote_host.lock, &recursive);
    m6_wire_init(&remote_host.wire, HOST_FD);
    remote_hear(&start);
    work(&start);
    fflush(NULL);
    _exit(0); /* what a plugin left for later is not waited for */
}
