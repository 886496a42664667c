/* What feeds share of one host: a connection, the drawings under way, and the pictures drawn. For pictures.c alone.
 *
 * Order of locks: the hub's, then libm6's. libm6 calls back with none of its own held.
 */
#ifndef M6_FILTERS_HUB_H
#define M6_FILTERS_HUB_H

#include <pthread.h>

#include <m6/m6.h>

#include "clock.h"
#include "pictures.h"

struct hub_key {
    const char *model, *prompt; /* model: "" for any */
    uint64_t seed;
    int width, height;
    struct m6_picture_input *input; /* or NULL */
};

enum drawing_state {
    DRAWING_WANTED,    /* to be submitted */
    DRAWING_SUBMITTED,
    DRAWING_READY,
    DRAWING_FAILED,
};

/* One picture, from being wanted on. Guarded by the hub's lock. */
struct drawing {
    struct drawing *next;
    struct hub_key key; /* with strings and a reference of its own */
    enum drawing_state state;
    uint64_t number; /* no other's, ever */
    int users;     /* feeds that hold it */
    int abandoned; /* cancelled: it goes when the host says so */
    int live;
    uint64_t job;
    int64_t asked;      /* monotonic time, ns */
    int64_t failed_at;
    int retries;        /* the failure may pass: it is tried again when somebody asks a while later */
    int tries;
    unsigned steps;     /* how often done and total have changed */
    double done, total;
    char what[64];
    char *warning;      /* or NULL */
    struct m6_error error;
    struct m6_picture *picture;
    uint64_t last_used;
};

struct hub {
    struct hub *next;
    char *host; /* NULL: the default */
    int feeds;
    struct m6_client *client; /* NULL: there can be none */
    pthread_mutex_t lock;     /* guards what follows */
    pthread_cond_t changed;   /* for feeds that wait */
    int met;   /* there has been a host */
    int found; /* there is one: jobs can be sent */
    int lost;  /* there is known to be none, and why; neither: it is being looked for */
    int64_t lost_at;
    struct m6_error why;
    struct drawing *drawings;
    uint64_t uses;
    size_t bytes; /* of pictures that are ready */
    char model[128]; /* of the last picture */
};

struct hub *hub_get(const char *host, const char *name); /* NULL: out of memory */
void hub_put(struct hub *);

/* ---- with the lock held ---- */
/* The drawing of that key, wanted from now on if it was not yet there, with one user more; NULL: out of memory. */
struct drawing *hub_hold(struct hub *, const struct hub_key *, int live);
struct drawing *hub_find(struct hub *, const struct hub_key *); /* only if it is there; no user more */
void hub_release(struct hub *, struct drawing *); /* NULL is fine */
int hub_key_is(const struct hub_key *, const struct hub_key *);

/* ---- pictures ---- */
struct m6_picture *picture_of_event(const struct m6_client_event *, const struct hub_key *, int64_t latency); /* NULL: out of memory */
size_t picture_bytes(const struct m6_picture *);
struct m6_client_frame input_frame(const struct m6_picture_input *);
int input_is(const struct m6_picture_input *, const struct m6_picture_input *);
/* ", \"keep\": [...]", for JSON. */
void input_print_keep(const struct m6_picture_input *, char *to, size_t size);

#endif
