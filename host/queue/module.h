/* The queue as a module of the m6 command, so that a command that queues nothing starts without SQLite. */
#ifndef M6_HOST_QUEUE_MODULE_H
#define M6_HOST_QUEUE_MODULE_H

#include "queue/queue.h"

#define QUEUE_MODULE_SYMBOL "m6_queue"
enum { QUEUE_MODULE_ABI = 1 };

/* Each as the function of its name in queue.h. */
struct queue_module {
    uint32_t abi, size;
    enum m6_status (*open)(struct queue **, const char *socket, int check, struct m6_error *);
    void (*close)(struct queue *);
    const char *(*path)(const struct queue *);
    const char *(*note)(const struct queue *);
    int64_t (*version)(struct queue *);
    enum m6_status (*add)(struct queue *, struct queue_job *, struct m6_error *);
    enum m6_status (*get)(struct queue *, int64_t id, struct queue_job *, struct m6_error *);
    enum m6_status (*list)(struct queue *, unsigned states, int64_t **ids, int *count, struct m6_error *);
    void (*job_free)(struct queue_job *);
    enum m6_status (*change)(struct queue *, int64_t id, enum queue_verb, enum queue_state *, struct m6_error *);
    enum m6_status (*move)(struct queue *, int64_t id, enum queue_where, int64_t other, struct m6_error *);
    enum m6_status (*digest)(const char *path, struct queue_file *, struct m6_error *);
    const char *(*state_name)(enum queue_state);
    int (*state_ended)(enum queue_state);
};

#endif
