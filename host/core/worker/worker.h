/* Plugins of others, each job in a process of its own.
 *
 * The program libexec/m6/m6-plugin loads the plugin's file and offers it the same table of services; each service is a message to
 * the host over a socket pair, answered on the job's own thread by the host's own table. So a plugin that hangs, crashes or
 * sends nonsense costs its job and nothing else. One process a job: one that were kept would hand on what the last job broke, and
 * starting one takes milliseconds beside the model's tenths of a second.
 *
 * Messages are those of proto/wire.h. To the worker: "start", "reply", "progress". From it: "plugin" (what it is) or "refused",
 * then a service's name each; "go" answers "progress"; "end" is the last. A worker and its host belong to one build: nothing
 * here is promised to anyone else.
 *
 * M6_PLUGIN_SILENCE   seconds without a call of a service before a job is given up; 0: never; default 60
 * M6_PLUGIN_MEMORY    MiB of address space of a worker; 0: no limit; default 4096
 */
#ifndef M6_HOST_CORE_WORKER_WORKER_H
#define M6_HOST_CORE_WORKER_WORKER_H

#include "core/host.h"

struct m6_worker; /* one plugin */

/* Starts asking a file what it is, and returns at once; NULL without memory. What a file said is remembered while the process
 * lives and the file stays as it is. */
struct m6_worker *m6_worker_create(const char *path, struct m6_host *);
/* Waits for the answer. The descriptor is made here, of what the worker said, and its kinds run in workers. NULL: why. */
const struct m6_plugin *m6_worker_describe(struct m6_worker *, char *why, size_t size);
/* No job of it runs any more. NULL is fine. */
void m6_worker_destroy(struct m6_worker *);
/* Jobs lost through its fault, and the sentence about the last. Any thread. */
int m6_worker_faults(struct m6_worker *, char *last, size_t size);

#endif
