/* Messages over a non-blocking Unix stream socket: lengths, JSON, descriptors, in both directions.
 *
 * Threads: reading and writing may be done by two threads at once; each alone needs the caller's lock. */
#ifndef M6_HOST_PROTO_WIRE_H
#define M6_HOST_PROTO_WIRE_H

#include "proto/message.h"

struct m6_wire_out; /* a message that is not all sent yet */

struct m6_wire {
    int fd; /* owned */

    /* in */
    char *in;
    size_t in_size, in_room, in_at;   /* bytes held, allocated, and already read as messages */
    int fds[4 * M6_PROTO_FDS_MAX];    /* came, but belong to a message not read yet */
    int fd_count;

    /* out */
    struct m6_wire_out *first, **last;
    int waiting;          /* messages */
    size_t waiting_bytes; /* of JSON, and of what the descriptors hold as told to m6_wire_send */
};

void m6_wire_init(struct m6_wire *, int fd);
/* Closes the socket and every descriptor held. */
void m6_wire_finish(struct m6_wire *);

/* Reads once, without waiting. 1: something came; 0: nothing there; -1: the end, or (status in *err) a fault. */
int m6_wire_read(struct m6_wire *, struct m6_error *);
/* 1: a message, which the caller finishes; 0: none is whole; -1: a fault that ends the connection (see err), and *status. */
int m6_wire_next(struct m6_wire *, struct m6_message *, enum m6_status *, struct m6_error *);

/* Queues a message and takes json and fd (-1: none; else the message gets "fds": 1) over, also on failure. `bytes` is what fd holds. With
 * `replaces` not 0, an unsent message queued with the same number is replaced. Returns 0, or -1 without memory. */
int m6_wire_send(struct m6_wire *, cJSON *json, int fd, size_t bytes, int64_t replaces);
/* The same with several descriptors; all are taken over. */
int m6_wire_send_fds(struct m6_wire *, cJSON *json, const int *fds, int count);
/* Writes without waiting. 1: all is sent; 0: the socket is full; -1: the other side is gone. *sent (may be NULL) receives bytes written. */
int m6_wire_flush(struct m6_wire *, size_t *sent);

#endif
