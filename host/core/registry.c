#include "core/registry.h"

#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/plugin_open.h"
#include "core/schema.h"
#include "core/utf8.h"
#include "core/worker/worker.h"

__attribute__((format(printf, 2, 3))) static int refuse(struct m6_registry_entry *entry, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(entry->report.why, sizeof entry->report.why, format, args);
    va_end(args);
    return -1;
}

static const struct m6_registry_entry *owner_of(const struct m6_registry *r, const char *kind)
{
    for (int i = 0; i < r->count; i++)
        for (uint32_t k = 0; r->entries[i]->plugin && k < r->entries[i]->plugin->kind_count; k++)
            if (!strcmp(r->entries[i]->kinds[k].kind->name, kind))
                return r->entries[i];
    return NULL;
}

static int check_clashes(const struct m6_registry *r, struct m6_registry_entry *entry, const struct m6_plugin *p)
{
    for (int i = 0; i < r->count; i++)
        if (r->entries[i]->plugin && !strcmp(r->entries[i]->plugin->name, p->name))
            return refuse(entry, "another plugin of that name comes first: %.300s", r->entries[i]->report.path);
    for (uint32_t k = 0; k < p->kind_count; k++) {
        const char *name = m6_plugin_kind_at(p, k)->name;
        const struct m6_registry_entry *owner = owner_of(r, name);
        if (owner)
            return refuse(entry, "its kind \"%s\" is taken by %.300s", name, owner->report.path);
        for (uint32_t before = 0; before < k; before++)
            if (!strcmp(m6_plugin_kind_at(p, before)->name, name))
                return refuse(entry, "it has the kind \"%s\" twice", name);
    }
    return 0;
}

static int read_schemas(struct m6_registry_entry *entry, const struct m6_plugin *p)
{
    entry->kinds = calloc(p->kind_count, sizeof *entry->kinds);
    if (!entry->kinds)
        return refuse(entry, "there is no memory for it");
    for (uint32_t k = 0; k < p->kind_count; k++) {
        const struct m6_plugin_kind *kind = m6_plugin_kind_at(p, k);
        struct m6_error err = {""};
        entry->kinds[k].kind = kind;
        entry->kinds[k].schema = cJSON_Parse(kind->schema ? kind->schema : "");
        if (!entry->kinds[k].schema)
            return refuse(entry, "the schema of its kind \"%s\" is no JSON", kind->name);
        if (m6_schema_check(entry->kinds[k].schema, &err))
            return refuse(entry, "its kind \"%s\": %.400s", kind->name, err.text);
    }
    return 0;
}

static void forget(struct m6_registry_entry *entry, const struct m6_plugin *p)
{
    for (uint32_t k = 0; entry->kinds && k < p->kind_count; k++)
        cJSON_Delete(entry->kinds[k].schema);
    free(entry->kinds);
    entry->kinds = NULL;
    entry->plugin = NULL;
    m6_worker_destroy(entry->worker);
    entry->worker = NULL;
    if (entry->handle)
        dlclose(entry->handle);
    entry->handle = NULL;
}

/* What files say of themselves ends up on terminals and in JSON. */
static void copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
    for (char *c = to; *c; c++)
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
    m6_utf8_mend(to);
}

/* Only now does the entry get its plugin, by which others know that it is usable. */
static void open_plugin(const struct m6_registry *r, struct m6_registry_entry *entry, const struct m6_host_services *services,
                        struct m6_host *host)
{
    struct m6_plugin_report *report = &entry->report;
    const struct m6_plugin *p = entry->worker ? m6_worker_describe(entry->worker, report->why, sizeof report->why)
                                : report->why[0] ? NULL
                                                 : m6_plugin_open(report->path, &entry->handle, report->why, sizeof report->why);
    if (p) {
        copy_text(report->name, sizeof report->name, p->name);
        copy_text(report->version, sizeof report->version, p->version);
        copy_text(report->description, sizeof report->description, p->description);
    }
    if (!p || check_clashes(r, entry, p) || read_schemas(entry, p) ||
        m6_plugin_init(p, services, host, report->why, sizeof report->why)) {
        char why[sizeof report->why];
        copy_text(why, sizeof why, report->why);
        memcpy(report->why, why, sizeof why);
        forget(entry, p);
        return;
    }
    entry->plugin = p;
    report->usable = 1;
}

static void add(struct m6_registry *r, const char *folder, const char *file, int own, struct m6_host *host)
{
    struct m6_registry_entry *entry = calloc(1, sizeof *entry);
    struct m6_registry_entry **more = realloc(r->entries, (size_t)(r->count + 1) * sizeof *more);
    if (more)
        r->entries = more;
    if (!entry || !more) {
        free(entry);
        return;
    }
    struct m6_plugin_report *report = &entry->report;
    snprintf(report->path, sizeof report->path, "%s/%s", folder, file);
    /* Until it says its own. */
    snprintf(report->name, sizeof report->name, "%.*s", (int)strlen(file) - 3, file);
    report->apart = !own;
    struct stat st;
    if (!stat(report->path, &st) && !S_ISREG(st.st_mode)) /* opening a pipe would wait for who writes to it */
        refuse(entry, "it is no regular file");
    else if (!own && !(entry->worker = m6_worker_create(report->path, host)))
        refuse(entry, "there is no memory for it");
    r->entries[r->count++] = entry;
}

static int is_plugin_file(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 3 && entry->d_name[0] != '.' && !strcmp(entry->d_name + n - 3, ".so");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Plugins that came with this program are trusted as it is, and run inside it. M6_PLUGINS_IN_PROCESS=1 is for debuggers. */
static int is_own(const char *folder)
{
    char own[PATH_MAX], real[PATH_MAX], own_real[PATH_MAX];
    const char *all = getenv("M6_PLUGINS_IN_PROCESS");
    if (all && !strcmp(all, "1"))
        return 1;
    return !m6_find_own_plugins(own, sizeof own) && realpath(own, own_real) && realpath(folder, real) && !strcmp(real, own_real);
}

void m6_registry_load(struct m6_registry *r, const char *path, const struct m6_host_services *services, struct m6_host *host)
{
    while (*path) {
        size_t length = strcspn(path, ":");
        char *folder = strndup(path, length);
        struct dirent **files = NULL;
        int n = folder && length ? scandir(folder, &files, is_plugin_file, by_name) : 0;
        for (int i = 0; i < n; i++) {
            add(r, folder, files[i]->d_name, is_own(folder), host);
            free(files[i]);
        }
        free(files);
        free(folder);
        path += length + (path[length] == ':');
    }
    /* All workers have been started by now, so that they get ready side by side. */
    for (int i = 0; i < r->count; i++)
        open_plugin(r, r->entries[i], services, host);
}

void m6_registry_unload(struct m6_registry *r, struct m6_host *host)
{
    while (r->count > 0) {
        struct m6_registry_entry *entry = r->entries[--r->count];
        if (entry->plugin && entry->plugin->finish)
            entry->plugin->finish(host);
        forget(entry, entry->plugin);
        free(entry);
    }
    free(r->entries);
    r->entries = NULL;
}

const struct m6_registry_kind *m6_registry_find(const struct m6_registry *r, const char *kind)
{
    const struct m6_registry_entry *owner = owner_of(r, kind);
    for (uint32_t k = 0; owner && k < owner->plugin->kind_count; k++)
        if (!strcmp(owner->kinds[k].kind->name, kind))
            return &owner->kinds[k];
    return NULL;
}
