/* The durable queue: jobs that outlive their host, one database for each socket, under XDG_STATE_HOME.
 *
 *     m6 … --detach → queue_add → runner (in m6d): take → `m6 …` as a worker, which writes aside → intend → rename → end
 *
 * A job is a command line whose paths are absolute and whose seed is chosen, so that running it again gives the same bytes. Every
 * change of state is one transaction, on the disk when the call returns. Command and host each have a connection of their own.
 *
 * Threads: a queue belongs to one thread at a time.
 */
#ifndef M6_HOST_QUEUE_QUEUE_H
#define M6_HOST_QUEUE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "m6/status.h"

struct queue;

enum queue_state { QUEUE_QUEUED, QUEUE_RUNNING, QUEUE_PAUSED, QUEUE_DONE, QUEUE_FAILED, QUEUE_CANCELLED, QUEUE_STATES };
/* What somebody wants of a job that runs; its runner sees to it. */
enum queue_wish { QUEUE_NO_WISH, QUEUE_WISH_CANCEL, QUEUE_WISH_PAUSE };

enum { QUEUE_HEX = 65 };

struct queue_file {
    char *path;              /* absolute, or a URL (an input whose digest is "") */
    char digest[QUEUE_HEX];  /* as queue_digest has it; "": not known yet */
    int64_t size, mtime_ns;  /* of inputs */
    int spooled;             /* an input that the queue keeps a copy of */
    char *staged;            /* an output: where it is before it is renamed; NULL: only foreseen */
    int overwrite;
};

struct queue_job {
    int64_t id, place; /* place: its turn; the smallest is next */
    enum queue_state state;
    enum queue_wish wish;
    char **words;      /* the command line after "m6", ended by NULL */
    char **env;        /* "NAME=value", or "NAME" for one that was not set; ended by NULL */
    struct queue_file *inputs, *outputs;
    int input_count, output_count;
    int intent;        /* outputs are whole, and about to be renamed, or renamed already */
    int attempts;      /* how often it was begun */
    int strikes;       /* how often its worker, or the host by a fault of its own, died of it */
    int deaths;        /* how often the host was gone while it ran, for reasons unknown */
    int exit;          /* of the command, once it has ended */
    char *error;       /* one sentence, or NULL */
    char *text;        /* what it printed */
    size_t text_size;
    char *log;         /* its warnings */
    int64_t created_ms, started_ms, ended_ms; /* since the epoch; 0: not yet */
};

const char *queue_state_name(enum queue_state);
int queue_state_ended(enum queue_state);

/* ---- opening ---- */

/* Where the jobs of a host's socket are; the folder need not exist. */
enum m6_status queue_folder(const char *socket, char *path, size_t size, struct m6_error *);
/* Makes what is missing. M6_ERR_UNSUPPORTED: a newer M6 made it. A damaged database is set aside, and queue_note says where to.
 * check: look through all of it for damage. */
enum m6_status queue_open(struct queue **, const char *socket, int check, struct m6_error *);
void queue_close(struct queue *); /* NULL is fine */
const char *queue_path(const struct queue *);  /* the folder */
const char *queue_token(const struct queue *); /* names files of this queue alone */
const char *queue_note(const struct queue *);  /* a sentence for the user, or "" */
/* Another number after another connection has changed something. */
int64_t queue_version(struct queue *);

/* ---- for commands ---- */

/* Takes words, env, inputs and outputs from job, and numbers it. Refuses an output that another job is about to make. */
enum m6_status queue_add(struct queue *, struct queue_job *job, struct m6_error *);
/* M6_ERR_ARGUMENT: there is no such job. */
enum m6_status queue_get(struct queue *, int64_t id, struct queue_job *, struct m6_error *);
/* The numbers of all jobs in those states (a mask of 1 << state): by turn while they wait, else by number. Caller frees. */
enum m6_status queue_list(struct queue *, unsigned states, int64_t **ids, int *count, struct m6_error *);
void queue_job_free(struct queue_job *); /* what it points to */

enum queue_verb { QUEUE_CANCEL, QUEUE_RETRY, QUEUE_PAUSE, QUEUE_RESUME };
/* What runs is only asked: *state is then still QUEUE_RUNNING. M6_ERR_ARGUMENT: it is not in a state for that. */
enum m6_status queue_change(struct queue *, int64_t id, enum queue_verb, enum queue_state *state, struct m6_error *);
enum queue_where { QUEUE_FIRST, QUEUE_LAST, QUEUE_BEFORE };
enum m6_status queue_move(struct queue *, int64_t id, enum queue_where, int64_t other, struct m6_error *);

/* ---- for the runner ---- */

/* The next job, now running; job->id 0: there is none. */
enum m6_status queue_take(struct queue *, struct queue_job *, struct m6_error *);
/* Whether one that waits or runs may have been the death of a host or a worker. */
int queue_suspects(struct queue *);
/* Records what is about to be renamed. */
enum m6_status queue_intend(struct queue *, int64_t id, const struct queue_file *outputs, int count, struct m6_error *);
/* A running job's end. */
struct queue_end {
    enum queue_state state;
    int exit;
    const char *error, *log; /* may be NULL */
    const void *text;
    size_t text_size;
};
enum m6_status queue_finish(struct queue *, int64_t id, const struct queue_end *, struct m6_error *);
/* A running job goes back to state (queued or paused), without its intent. It keeps its turn, but after a few deaths it goes behind
 * all others, so that it cannot hold them up for ever. */
enum m6_status queue_back(struct queue *, int64_t id, enum queue_state state, int strikes, int deaths, struct m6_error *);
/* Forgets jobs that ended before then. */
enum m6_status queue_forget(struct queue *, int64_t before_ms, struct m6_error *);
/* Whether a job still needs that spooled file. */
int queue_uses(struct queue *, const char *path);

/* ---- files ---- */

/* SHA-256 in hexadecimal. Of files of more than 256 MiB: of 256 pieces of 1 MiB spread over it, the first and the last among them. */
enum m6_status queue_digest(const char *path, struct queue_file *into, struct m6_error *);

#endif
