/* The model's files may be replaced while a host has them loaded. The engine reads nothing of them after loading, so it goes on
 * as it was; the new ones are loaded beside it, and then jobs that begin get the new model, those that run end on the old one. No
 * job sees both.
 *
 * Files that cannot be loaded change nothing but what the status says, and jobs that begin are warned. Where memory would not hold
 * both models, the old one is unloaded when nothing runs, and the new one loaded then. The loop's, all of it. */
#ifndef M6_HOST_SERVER_REPLACED_H
#define M6_HOST_SERVER_REPLACED_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/host.h"

struct m6_server;

struct replaced {
    int changed;      /* the files are not those that were loaded */
    char what[600];   /* a sentence about it */
    int failed;       /* they could not be loaded: jobs are warned */
    int64_t reloads;
    struct m6_host *fresh, *old; /* being loaded; the one before, while jobs run on it */

    int64_t looked_ms, settled_ms;
    uint64_t seen, refused; /* what the files looked like; and what they did when they could not be loaded */
    pthread_t thread;
    int runs;
    atomic_int ended;
    struct m6_error error;
};

void replaced_tick(struct m6_server *, int64_t now_ms);
void replaced_forget(struct m6_server *); /* the model was unloaded */
void replaced_finish(struct m6_server *);

#endif
