/* What a plugin is, as its own process says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/plugin_open.h"
#include "core/worker/internal.h"

enum { START_MS = 10000, LOG_LINES = 1000 };

/* ---- what files said before: a host that unloads its model comes again, and must not wait for a plugin that hangs ---- */

struct memory {
    struct memory *next;
    struct stat st;
    cJSON *said;
    char path[];
};
static struct memory *memories;
static pthread_mutex_t memories_lock = PTHREAD_MUTEX_INITIALIZER;

static struct memory *find_memory(const char *path)
{
    struct memory *m = memories;
    while (m && strcmp(m->path, path) != 0)
        m = m->next;
    return m;
}

static cJSON *recall(const char *path)
{
    struct stat st;
    cJSON *said = NULL;
    if (stat(path, &st))
        return NULL;
    pthread_mutex_lock(&memories_lock);
    const struct memory *m = find_memory(path);
    if (m && m->st.st_ino == st.st_ino && m->st.st_dev == st.st_dev && m->st.st_size == st.st_size &&
        !memcmp(&m->st.st_mtim, &st.st_mtim, sizeof st.st_mtim))
        said = cJSON_Duplicate(m->said, 1);
    pthread_mutex_unlock(&memories_lock);
    return said;
}

static void remember(const char *path, const cJSON *said)
{
    struct stat st;
    if (stat(path, &st))
        return;
    pthread_mutex_lock(&memories_lock);
    struct memory *m = find_memory(path);
    if (!m && (m = calloc(1, sizeof *m + strlen(path) + 1))) {
        strcpy(m->path, path);
        m->next = memories;
        memories = m;
    }
    if (m) {
        cJSON_Delete(m->said);
        m->said = cJSON_Duplicate(said, 1);
        m->st = st;
    }
    pthread_mutex_unlock(&memories_lock);
}

/* ---- */

static int setting(const char *name, int otherwise, int max)
{
    const char *text = getenv(name);
    char *end;
    const long value = text ? strtol(text, &end, 10) : 0;
    return !text || end == text || *end || value < 0 || value > max ? otherwise : (int)value;
}

static cJSON *refusal(const char *why)
{
    cJSON *said = m6_message_new("refused");
    cJSON_AddStringToObject(said, "why", why);
    return said;
}

struct m6_worker *m6_worker_create(const char *path, struct m6_host *host)
{
    struct m6_worker *w = calloc(1, sizeof *w);
    const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
    struct m6_error err = {""};
    if (!w || !(w->path = strdup(path))) {
        free(w);
        return NULL;
    }
    pthread_mutex_init(&w->lock, NULL);
    w->host = host;
    w->silence_ms = 1000 * setting("M6_PLUGIN_SILENCE", 60, 1000000);
    w->memory_mib = setting("M6_PLUGIN_MEMORY", 4096, 1 << 30);
    snprintf(w->name, sizeof w->name, "%.*s", (int)(strlen(file) > 3 ? strlen(file) - 3 : strlen(file)), file);
    w->said = recall(path);
    if (w->said)
        return w;
    w->process = (struct worker_process){.name = w->name, .starting = 1, .log = host->log, .log_arg = host->log_arg};
    if (worker_process_start(&w->process, &err))
        w->said = refusal(err.text);
    else if (worker_process_send(&w->process, worker_start_message(w, NULL), -1))
        w->said = refusal("there is no memory to start it");
    return w;
}

static void hear(struct m6_worker *w)
{
    struct m6_message m = {0};
    struct m6_error err = {""};
    const int64_t until = m6_proto_now_ms() + (w->silence_ms && w->silence_ms < START_MS ? w->silence_ms : START_MS);
    int got, lines = 0;
    /* An init may write to the log, but not for ever. */
    do {
        const int64_t left = until - m6_proto_now_ms();
        m6_message_finish(&m);
        got = worker_process_next(&w->process, &m, left > 1 ? (int)left : 1, NULL, &err);
    } while (got > 0 && !strcmp(m.type, "log") && !worker_log(w, m.json) && ++lines < LOG_LINES);
    if (got < 0) {
        w->said = refusal(err.text);
    } else if (!strcmp(m.type, "plugin") || !strcmp(m.type, "refused")) {
        w->said = m.json;
        m.json = NULL;
    } else {
        w->said = refusal("it sent nonsense instead of saying what it is; update it, or remove its file");
    }
    m6_message_finish(&m);
    worker_process_finish(&w->process, 1000);
    remember(w->path, w->said);
}

static const char *text_of(const cJSON *o, const char *key)
{
    const char *text;
    return m6_message_text(o, key, &text) ? NULL : text;
}

const struct m6_plugin *m6_worker_describe(struct m6_worker *w, char *why, size_t size)
{
    if (!w->said)
        hear(w);
    const char *refused = text_of(w->said, "why");
    const cJSON *kinds = cJSON_GetObjectItemCaseSensitive(w->said, "kinds"), *each;
    const int count = cJSON_IsArray(kinds) ? cJSON_GetArraySize(kinds) : 0;
    if (refused || !w->said) {
        snprintf(why, size, "%s",
                 !refused     ? "there is no memory to describe it"
                 : refused[0] ? refused
                              : "it refuses to begin and does not say why; ask whoever made it");
        return NULL;
    }
    w->kinds = calloc(count > 0 ? (size_t)count : 1, sizeof *w->kinds);
    w->plugin = (struct m6_plugin){
        .abi = M6_PLUGIN_ABI,
        .size = sizeof w->plugin,
        .name = text_of(w->said, "name"),
        .version = text_of(w->said, "version"),
        .description = text_of(w->said, "description"),
        .kind_count = count <= 64 ? (uint32_t)count : 65,
        .kind_size = sizeof *w->kinds,
        .kinds = w->kinds ? &w->kinds->kind : NULL,
    };
    struct worker_kind *k = w->kinds;
    cJSON_ArrayForEach(each, (count <= 64 && k ? kinds : NULL))
    {
        k->kind = (struct m6_plugin_kind){text_of(each, "name"), text_of(each, "description"), text_of(each, "schema"), worker_run};
        k->worker = w;
        k++;
    }
    if (!w->kinds || m6_plugin_check(&w->plugin, why, size)) {
        if (!w->kinds)
            snprintf(why, size, "there is no memory for it");
        return NULL;
    }
    snprintf(w->name, sizeof w->name, "%s", w->plugin.name);
    return &w->plugin;
}

void m6_worker_destroy(struct m6_worker *w)
{
    if (!w)
        return;
    worker_process_finish(&w->process, 0);
    cJSON_Delete(w->said);
    free(w->kinds);
    free(w->path);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

int m6_worker_faults(struct m6_worker *w, char *last, size_t size)
{
    pthread_mutex_lock(&w->lock);
    const int faults = w->faults;
    snprintf(last, size, "%s", w->last);
    pthread_mutex_unlock(&w->lock);
    return faults;
}
