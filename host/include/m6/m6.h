/* libm6: what an editor, a filter or a script links to put a resident M6 model to work.
 *
 *     struct m6_client *m6;
 *     m6_open(&m6, NULL, &err);                                  finds the host, or starts one
 *     m6_submit(m6, &job, &number, &err);                        returns at once
 *     while (m6_next(m6, -1, &event) > 0) ...                    what happens, job by job, until ..._DONE
 *     m6_close(m6);
 *
 * Events reach the caller in one of three ways: m6_next waits for one; m6_fd is a descriptor to poll in a main loop, then m6_next with
 * no wait; or a callback, given to m6_open, is called on the library's own thread.
 *
 * Threads: every function may be called from any thread, unless it says otherwise. A client has one thread of its own, which
 * does all waiting on the host; no function here waits for the host but m6_open, m6_close and m6_next. After fork, a child must not
 * use a client of its parent.
 *
 * Compatibility: a caller sets `size` in each struct to its sizeof, and the rest of what it does not use to 0. Structs and enums grow at
 * their ends only. Strings are UTF-8. The library never prints, exits, changes signal handlers, or raises SIGPIPE.
 */
#ifndef M6_M6_H
#define M6_M6_H

#include <stddef.h>
#include <stdint.h>

#include "m6/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define M6_API __attribute__((visibility("default")))
#else
#define M6_API
#endif

#define M6_API_VERSION 1
/* The version of the library in use, which may be newer than this header. */
M6_API int m6_api_version(void);
/* "argument", "io" … for a status; never NULL. */
M6_API const char *m6_status_text(enum m6_status status);

struct m6_client; /* a connection to a host */
struct m6_buffer; /* memory shared with the host */

/* ---- events ---- */

enum m6_client_event_type {
    M6_CLIENT_NONE,
    M6_CLIENT_ACCEPTED,     /* the host has the job; `ahead` others wait before it */
    M6_CLIENT_TAKEN,        /* the host has its own copy of the frames: their buffers may be written again */
    M6_CLIENT_PROGRESS,     /* done of total, and `text`: what is being done; total 0: not known */
    M6_CLIENT_TEXT,         /* a piece of text; pieces add up */
    M6_CLIENT_CAPTION,      /* text that holds from start to end, in time_base */
    M6_CLIENT_PICTURE,      /* a finished picture */
    M6_CLIENT_WARNING,      /* one sentence; the job goes on */
    M6_CLIENT_DONE,         /* the last event of a job is this … */
    M6_CLIENT_FAILED,       /* … or this, with status and one sentence … */
    M6_CLIENT_CANCELLED,    /* … or this */
    M6_CLIENT_DISCONNECTED, /* the host is gone, and jobs under way have failed (job 0) */
    M6_CLIENT_CONNECTED,    /* there is a host again (job 0) */
    M6_CLIENT_STATUS,       /* `text`: the host's status as JSON (job 0) */
};

/* Packed RGB, 8 bits a sample, sRGB. */
struct m6_client_picture {
    int width, height;
    size_t stride;       /* bytes from row to row */
    const uint8_t *rgb;  /* read-only */
    int fd;              /* the sealed memfd that holds it; dup it to keep it */
    const char *const *metadata; /* pairs of key and value, ended by NULL */
};

/* What pointers here lead to stays until the next m6_next on the client, m6_close, or the callback's return. */
struct m6_client_event {
    size_t size; /* sizeof(struct m6_client_event), set by the caller of m6_next */
    enum m6_client_event_type type;
    uint64_t job;
    enum m6_status status;
    const char *text;
    double done, total;
    int ahead;
    int64_t start, end;   /* half-open */
    int32_t time_base[2]; /* seconds = value × [0] / [1] */
    struct m6_client_picture picture;
    const char *hash; /* TAKEN: of the first input's frames, 32 hex digits; "" if none */
    int refused;      /* FAILED: it never began, since what was asked cannot be done */
};

/* ---- opening ---- */

struct m6_open_params {
    size_t size;
    const char *host; /* the socket; NULL: M6_HOST, else the user's own */
    const char *name; /* of this program, for `m6 status`; NULL: none */
    /* Whether to start a host where none is: 0: unless M6_AUTOSTART is 0; 1: yes; -1: no */
    int autostart;
    int timeout_ms; /* for a host that was started to be ready; 0: 20000 */
    int reconnect;  /* 0: connect again when the host goes away; -1: do not */
    /* Called with each event on the library's thread; then m6_next gives none. It must not block for long, and may call anything but
     * m6_close. NULL: events are queued. */
    void (*event)(void *arg, const struct m6_client_event *event);
    void *arg;
    /* 1: m6_open waits for nothing. The library's thread looks for a host, and starts one, as it does when one went away: CONNECTED
     * comes when there is one, DISCONNECTED with the reason after a first search in vain. For those who must not wait, as filters. */
    int background;
};

/* Connects, in less than a millisecond when a host runs. params may be NULL. M6_ERR_IO: there is none, or it is not this user's;
 * M6_ERR_UNSUPPORTED: host and library speak different protocols, or M6_HOST is "none". */
M6_API enum m6_status m6_open(struct m6_client **client, const struct m6_open_params *params, struct m6_error *err);
/* Cancels what is under way, and frees everything but buffers. No callback comes after it. NULL is fine. Not from a callback. */
M6_API void m6_close(struct m6_client *client);

/* ---- frames ---- */

/* Memory of `bytes` bytes that the host can read, zeroed. It outlives the client. M6_ERR_MEMORY; M6_ERR_ARGUMENT for 0 bytes. */
M6_API enum m6_status m6_buffer_create(struct m6_buffer **buffer, size_t bytes, struct m6_error *err);
/* Wraps a memfd that the caller has already (duplicated; sealed with F_SEAL_SHRINK by this, if it is not). m6_buffer_data is then NULL. */
M6_API enum m6_status m6_buffer_wrap(struct m6_buffer **buffer, int fd, struct m6_error *err);
M6_API void *m6_buffer_data(struct m6_buffer *buffer);
/* How many jobs the host may still read it for: write to it when this is 0. */
M6_API int m6_buffer_users(struct m6_buffer *buffer);
/* Gives it up; it goes when no job needs it. NULL is fine. */
M6_API void m6_buffer_release(struct m6_buffer *buffer);

struct m6_client_frame {
    size_t size;
    const char *format; /* "rgb24" (NULL), "bgr24", "rgba", "bgra", "rgb0", "bgr0", "gray8" */
    int width, height;
    size_t stride; /* 0: packed */
    int64_t pts, duration; /* in the input's time base */
    /* Where the samples are: in shared memory, `offset` bytes into it; or at `data`, which is copied. */
    struct m6_buffer *buffer;
    size_t offset;
    const void *data;
};

/* A file, or frames that belong together: a stretch of footage that one answer is about. */
struct m6_client_input {
    size_t size;
    const char *path; /* made absolute; or a URL; NULL: frames */
    const struct m6_client_frame *frames; /* in time order, at most 64 */
    int frame_count;
    int32_t time_base[2]; /* 0, 0: nanoseconds */
};

/* ---- jobs ---- */

enum m6_client_priority { M6_CLIENT_INTERACTIVE, M6_CLIENT_LIVE, M6_CLIENT_BATCH };

struct m6_client_job {
    size_t size;
    const char *kind;   /* "caption", "ask", "draw", "script" … */
    const char *params; /* a JSON object; NULL: {} */
    const struct m6_client_input *inputs;
    int input_count; /* at most 64 */
    enum m6_client_priority priority;
    int deadline_ms; /* drop it if it has not begun by then; 0: never */
};

/* Sends a job and returns; everything given is copied but buffers. *job receives its number, never 0. The host's objections come as an event.
 * M6_ERR_ARGUMENT: what can be seen to be wrong from here; M6_ERR_LIMIT: as many jobs as the host allows (64) have not ended: take
 * events, then try again; M6_ERR_IO: there is no host just now. */
M6_API enum m6_status m6_submit(struct m6_client *client, const struct m6_client_job *params, uint64_t *job, struct m6_error *err);
/* Cancels soon; its last event still comes. A job that has ended is fine. */
M6_API void m6_cancel(struct m6_client *client, uint64_t job);
/* Asks the host how it is; the answer is an event. */
M6_API enum m6_status m6_ask_status(struct m6_client *client, struct m6_error *err);
/* Asks the host to end: after what runs, or (now) at once. */
M6_API enum m6_status m6_ask_stop(struct m6_client *client, int now, struct m6_error *err);

/* The next event: 1; none within timeout_ms (negative: any time; 0: no wait): 0; negative: a status, since none can come any more (no host, and
 * reconnect -1). By one thread at a time. */
M6_API int m6_next(struct m6_client *client, int timeout_ms, struct m6_client_event *event);
/* Readable while events wait. It stays the client's. */
M6_API int m6_fd(struct m6_client *client);

#ifdef __cplusplus
}
#endif
#endif
