#include "core/plugin_open.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 4))) static int refuse(char *why, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, size, format, args);
    va_end(args);
    return -1;
}

/* Lower-case letters, digits, '-' and '_', 1 to 31 of them. */
static int is_name(const char *name)
{
    size_t n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") : 0;
    return n > 0 && n < 32 && !name[n];
}

const struct m6_plugin_kind *m6_plugin_kind_at(const struct m6_plugin *plugin, uint32_t i)
{
    return (const struct m6_plugin_kind *)(const void *)((const char *)plugin->kinds + (size_t)i * plugin->kind_size);
}

int m6_plugin_check(const struct m6_plugin *p, char *why, size_t size)
{
    if (p->abi != M6_PLUGIN_ABI)
        return refuse(why, size, "it was built for plugin ABI %u and this host has %d; %s", p->abi, M6_PLUGIN_ABI,
                      p->abi > M6_PLUGIN_ABI ? "update M6" : "rebuild it with the current plugin.h");
    if (p->size < sizeof *p || p->kind_size < sizeof(struct m6_plugin_kind) || p->kind_size % _Alignof(struct m6_plugin_kind))
        return refuse(why, size, "its descriptor gives the sizes %u and %u, which ABI %d cannot have; set size and kind_size as plugin.h says",
                      p->size, p->kind_size, M6_PLUGIN_ABI);
    if (!is_name(p->name))
        return refuse(why, size, "its name is not one of 1 to 31 lower-case letters, digits, '-' and '_'");
    if (!p->kinds || p->kind_count < 1 || p->kind_count > 64)
        return refuse(why, size, "it has %u kinds of job; 1 to 64 are possible", p->kinds ? p->kind_count : 0);
    for (uint32_t k = 0; k < p->kind_count; k++)
        if (!is_name(m6_plugin_kind_at(p, k)->name) || !m6_plugin_kind_at(p, k)->run)
            return refuse(why, size, "its kind %u has no usable name, or nothing to run", k);
    return 0;
}

const struct m6_plugin *m6_plugin_open(const char *path, void **handle, char *why, size_t size)
{
    *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!*handle) {
        const char *said = dlerror();
        size_t n = strlen(path);
        /* dlerror starts with the path, which the report has already. */
        if (said && !strncmp(said, path, n) && !strncmp(said + n, ": ", 2))
            said += n + 2;
        refuse(why, size, "it cannot be loaded: %.400s", said ? said : "unknown reason");
        return NULL;
    }
    const struct m6_plugin *p = dlsym(*handle, M6_PLUGIN_SYMBOL);
    if (p && !m6_plugin_check(p, why, size))
        return p;
    if (!p)
        refuse(why, size, "it has no symbol \"%s\", so it is no M6 plugin", M6_PLUGIN_SYMBOL);
    dlclose(*handle);
    *handle = NULL;
    return NULL;
}

int m6_plugin_init(const struct m6_plugin *p, const struct m6_host_services *services, struct m6_host *host, char *why, size_t size)
{
    char said[384] = "";
    if (!p->init || p->init(services, host, said, sizeof said) >= 0)
        return 0;
    said[sizeof said - 1] = '\0';
    return refuse(why, size, "it failed to start: %s", said[0] ? said : "it does not say why");
}
