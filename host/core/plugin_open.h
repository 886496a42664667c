/* Opening a plugin's file, and what must hold of its descriptor: the same in the host and in a worker process. */
#ifndef M6_HOST_CORE_PLUGIN_OPEN_H
#define M6_HOST_CORE_PLUGIN_OPEN_H

#include <stddef.h>

#include "m6/plugin.h"

/* Opens a file and checks its descriptor. On failure `why` says the reason, and nothing stays open. */
const struct m6_plugin *m6_plugin_open(const char *path, void **handle, char *why, size_t size);
/* Returns 0, or -1 and why. */
int m6_plugin_check(const struct m6_plugin *, char *why, size_t size);
/* Calls init, if there is one. Returns 0, or -1 and why. */
int m6_plugin_init(const struct m6_plugin *, const struct m6_host_services *, struct m6_host *, char *why, size_t size);
/* Newer plugins may have larger kinds. */
const struct m6_plugin_kind *m6_plugin_kind_at(const struct m6_plugin *, uint32_t i);

#endif
