#include "core/registry.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/schema.h"

__attribute__((format(printf, 2, 3))) static int refuse(struct m6_registry_entry *entry, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(entry->report.why, sizeof entry->report.why, format, args);
    va_end(args);
    return -1;
}

/* Lower-case letters, digits, '-' and '_', 1 to 31 of them. */
static int is_name(const char *name)
{
    size_t n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") : 0;
    return n > 0 && n < 32 && !name[n];
}

static const struct m6_plugin_kind *kind_at(const struct m6_plugin *plugin, uint32_t i)
{
    return (const struct m6_plugin_kind *)(const void *)((const char *)plugin->kinds + (size_t)i * plugin->kind_size);
}

static int check_descriptor(struct m6_registry_entry *entry, const struct m6_plugin *p)
{
    if (p->abi != M6_PLUGIN_ABI)
        return refuse(entry, "it was built for plugin ABI %u and this host has %d; %s", p->abi, M6_PLUGIN_ABI,
                      p->abi > M6_PLUGIN_ABI ? "update M6" : "rebuild it with the current plugin.h");
    if (p->size < sizeof *p || p->kind_size < sizeof(struct m6_plugin_kind) || p->kind_size % _Alignof(struct m6_plugin_kind))
        return refuse(entry, "its descriptor gives the sizes %u and %u, which ABI %d cannot have; set size and kind_size as plugin.h says",
                      p->size, p->kind_size, M6_PLUGIN_ABI);
    if (!is_name(p->name))
        return refuse(entry, "its name is not one of 1 to 31 lower-case letters, digits, '-' and '_'");
    snprintf(entry->report.name, sizeof entry->report.name, "%s", p->name);
    snprintf(entry->report.version, sizeof entry->report.version, "%s", p->version ? p->version : "");
    snprintf(entry->report.description, sizeof entry->report.description, "%s", p->description ? p->description : "");
    if (!p->kinds || p->kind_count < 1 || p->kind_count > 64)
        return refuse(entry, "it has %u kinds of job; 1 to 64 are possible", p->kinds ? p->kind_count : 0);
    return 0;
}

static const struct m6_registry_entry *owner_of(const struct m6_registry *r, const char *kind)
{
    for (int i = 0; i < r->count; i++)
        for (uint32_t k = 0; r->entries[i]->handle && k < r->entries[i]->plugin->kind_count; k++)
            if (!strcmp(r->entries[i]->kinds[k].kind->name, kind))
                return r->entries[i];
    return NULL;
}

static int check_clashes(const struct m6_registry *r, struct m6_registry_entry *entry, const struct m6_plugin *p)
{
    for (int i = 0; i < r->count; i++)
        if (r->entries[i]->handle && !strcmp(r->entries[i]->plugin->name, p->name))
            return refuse(entry, "another plugin of that name comes first: %.300s", r->entries[i]->report.path);
    for (uint32_t k = 0; k < p->kind_count; k++) {
        const char *name = kind_at(p, k)->name;
        if (!is_name(name) || !kind_at(p, k)->run)
            return refuse(entry, "its kind %u has no usable name, or nothing to run", k);
        const struct m6_registry_entry *owner = owner_of(r, name);
        if (owner)
            return refuse(entry, "its kind \"%s\" is taken by %.300s", name, owner->report.path);
        for (uint32_t before = 0; before < k; before++)
            if (!strcmp(kind_at(p, before)->name, name))
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
        const struct m6_plugin_kind *kind = kind_at(p, k);
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

static void forget(struct m6_registry_entry *entry)
{
    for (uint32_t k = 0; entry->kinds && k < entry->plugin->kind_count; k++)
        cJSON_Delete(entry->kinds[k].schema);
    free(entry->kinds);
    entry->kinds = NULL;
    if (entry->handle)
        dlclose(entry->handle);
    entry->handle = NULL;
    entry->plugin = NULL;
}

static int open_plugin(const struct m6_registry *r, struct m6_registry_entry *entry, const struct m6_host_services *services,
                       struct m6_host *host)
{
    entry->handle = dlopen(entry->report.path, RTLD_NOW | RTLD_LOCAL);
    if (!entry->handle) {
        const char *why = dlerror();
        size_t n = strlen(entry->report.path);
        /* dlerror starts with the path, which the report has already. */
        if (why && !strncmp(why, entry->report.path, n) && !strncmp(why + n, ": ", 2))
            why += n + 2;
        return refuse(entry, "it cannot be loaded: %.400s", why ? why : "unknown reason");
    }
    const struct m6_plugin *p = dlsym(entry->handle, M6_PLUGIN_SYMBOL);
    if (!p)
        return refuse(entry, "it has no symbol \"%s\", so it is no M6 plugin", M6_PLUGIN_SYMBOL);
    if (check_descriptor(entry, p))
        return -1;
    entry->plugin = p;
    if (check_clashes(r, entry, p) || read_schemas(entry, p))
        return -1;
    char why[384] = "";
    if (p->init && p->init(services, host, why, sizeof why) < 0) {
        why[sizeof why - 1] = '\0';
        return refuse(entry, "it failed to start: %s", why[0] ? why : "it does not say why");
    }
    entry->report.usable = 1;
    return 0;
}

static void add(struct m6_registry *r, const char *folder, const char *file, const struct m6_host_services *services, struct m6_host *host)
{
    struct m6_registry_entry *entry = calloc(1, sizeof *entry);
    struct m6_registry_entry **more = realloc(r->entries, (size_t)(r->count + 1) * sizeof *more);
    if (more)
        r->entries = more;
    if (!entry || !more) {
        free(entry);
        return;
    }
    snprintf(entry->report.path, sizeof entry->report.path, "%s/%s", folder, file);
    /* Until it says its own. */
    snprintf(entry->report.name, sizeof entry->report.name, "%.*s", (int)strlen(file) - 3, file);
    if (open_plugin(r, entry, services, host))
        forget(entry);
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

void m6_registry_load(struct m6_registry *r, const char *path, const struct m6_host_services *services, struct m6_host *host)
{
    while (*path) {
        size_t length = strcspn(path, ":");
        char *folder = strndup(path, length);
        struct dirent **files = NULL;
        int n = folder && length ? scandir(folder, &files, is_plugin_file, by_name) : 0;
        for (int i = 0; i < n; i++) {
            add(r, folder, files[i]->d_name, services, host);
            free(files[i]);
        }
        free(files);
        free(folder);
        path += length + (path[length] == ':');
    }
}

void m6_registry_unload(struct m6_registry *r, struct m6_host *host)
{
    while (r->count > 0) {
        struct m6_registry_entry *entry = r->entries[--r->count];
        if (entry->handle && entry->plugin->finish)
            entry->plugin->finish(host);
        forget(entry);
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
