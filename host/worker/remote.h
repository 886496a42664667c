/* The worker's side: the table of services that a plugin gets, each a message to the host. */
#ifndef M6_HOST_WORKER_REMOTE_H
#define M6_HOST_WORKER_REMOTE_H

#include <pthread.h>

#include "m6/plugin.h"
#include "proto/wire.h"

struct remote_info {
    struct remote_info *next;
    char *value;
    char key[];
};

struct m6_host {
    struct m6_wire wire;
    pthread_mutex_t lock; /* recursive: progress functions call services */
};

struct m6_job {
    struct m6_host *host;
    cJSON *params;
    const cJSON *inputs;
    struct remote_info *infos;
    char error[512];
};

extern const struct m6_host_services remote_services;
extern struct m6_host remote_host;

/* Takes json and fd (-1: none) over. Ends the process when the host is gone. Returns -1 when it could not be made. */
int remote_send(cJSON *json, int fd);
/* Waits for a message, which the caller finishes. Ends the process when there will be none. */
void remote_hear(struct m6_message *);

#endif
