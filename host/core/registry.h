/* The plugins of a host: loaded from the search path, or reported with the reason why not. None of them can stop the host. */
#ifndef M6_HOST_CORE_REGISTRY_H
#define M6_HOST_CORE_REGISTRY_H

#include <cjson/cJSON.h>

#include "core/host.h"

struct m6_registry_kind {
    const struct m6_plugin_kind *kind;
    cJSON *schema;
};

struct m6_registry_entry {
    struct m6_plugin_report report;
    void *handle;                   /* of its file, when it is in this process */
    struct m6_worker *worker;       /* when it is not; NULL when not usable */
    const struct m6_plugin *plugin; /* NULL when not usable */
    struct m6_registry_kind *kinds; /* plugin->kind_count of them */
};

struct m6_registry {
    struct m6_registry_entry **entries;
    int count;
};

/* Those in the folder that came with this program are loaded into this process; all others run in workers (core/worker/worker.h), and
 * not a byte of theirs is executed here.
 * path: ':' separated folders, earlier ones first; "" for none. Within a folder plugins load in the order of their names. */
void m6_registry_load(struct m6_registry *, const char *path, const struct m6_host_services *, struct m6_host *);
void m6_registry_unload(struct m6_registry *, struct m6_host *);
/* NULL if no usable plugin has the kind. */
const struct m6_registry_kind *m6_registry_find(const struct m6_registry *, const char *kind);

#endif
