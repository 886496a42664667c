/* One worker process, seen from the host: started, heard with a deadline, and ended whatever it does.
 *
 * Threads: everything on the thread that started it; the kernel ends the worker with that thread. */
#ifndef M6_HOST_CORE_WORKER_PROCESS_H
#define M6_HOST_CORE_WORKER_PROCESS_H

#include <stdatomic.h>
#include <sys/types.h>

#include "proto/wire.h"

struct worker_process {
    pid_t pid;    /* 0: none */
    int pidfd;    /* tells of its end, also when its children hold the socket */
    int err;      /* what it writes to stdout and stderr */
    struct m6_wire wire;

    const char *name; /* in sentences and in the log */
    int starting;     /* it is only asked what it is */
    void (*log)(void *arg, int level, const char *message);
    void *log_arg;
    char line[256], last[160]; /* of what it writes: the one being read, the newest */
    size_t length;
    int lines;
    int64_t cancel_ms; /* when its job was found to be cancelled; 0: it is not */
};

enum m6_status worker_process_start(struct worker_process *, struct m6_error *);
/* Takes json and fd (-1: none) over. Returns -1 when the message could not be made. */
int worker_process_send(struct worker_process *, cJSON *json, int fd);
/* Waits for a message. Returns 1, or -1 with a sentence: it ended, crashed, broke the protocol, said nothing for so long (0: for
 * ever), or went on for 2 seconds after it was cancelled (may be NULL). */
int worker_process_next(struct worker_process *, struct m6_message *, int silence_ms, const atomic_int *cancelled, struct m6_error *);
int worker_process_is_over(const struct worker_process *);
/* Gives it so long to end by itself, then ends it with all that it started. A zeroed one is fine. */
void worker_process_finish(struct worker_process *, int grace_ms);

#endif
