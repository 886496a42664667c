/* The plugin ABI: what a shared object must export to add kinds of jobs to an M6 host, and all that it may call.
 *
 * A plugin includes this header alone. Everything it needs (the model, frames, parameters, progress, output) comes through
 * the table of host services that it is given, so that the same file works inside the host and in a worker process.
 *
 * Life: the host loads the file, finds the symbol `m6_plugin` (M6_PLUGIN_SYMBOL), checks abi and sizes, calls init once, then
 * run for each job, from several threads at once if jobs overlap, and finish before unloading.
 *
 * Compatibility: M6_PLUGIN_ABI changes when an existing field or meaning does. Tables grow at their ends only; `size` tells how
 * much of one is there. Strings are UTF-8; the receiver copies what it keeps.
 */
#ifndef M6_PLUGIN_H
#define M6_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define M6_PLUGIN_ABI 1
#define M6_PLUGIN_SYMBOL "m6_plugin"
#if defined(__GNUC__)
#define M6_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define M6_PLUGIN_EXPORT
#endif

struct m6_host;      /* the host, one a process */
struct m6_job;       /* one job; valid during run() */
struct m6_frames;    /* a source of frames */
struct m6_answer;    /* a running model request */

/* Packed RGB, 8 bits a sample, sRGB, rows `stride` bytes apart. */
struct m6_plugin_picture {
    int width, height;
    size_t stride;
    const uint8_t *rgb;
};

/* Times are what a player shows: 0 is where the file starts, whatever its first time stamp is. */
struct m6_plugin_frame {
    size_t size;                      /* sizeof(struct m6_plugin_frame), set by the caller */
    struct m6_plugin_picture picture; /* valid until the next call on the same source */
    int64_t start_ns, end_ns;         /* what this frame stands for, half-open: [start, end); a still: 0, 0 */
    int scene;                        /* index of the scene it belongs to, from 0 (M6_FRAMES_ON_SCENE), else of the frame */
    /* With `count` above 1: that many pictures (or as many as there are) of what it stands for, in time order, the first
     * and the last frame among them, so that motion can be told; `picture` is the middle one. Else `picture` alone.
     * M6_FRAMES_SPREAD: all that come, with each of them. */
    const struct m6_plugin_picture *pictures;
    int picture_count;
};

enum { M6_FRAMES_COUNT_MAX = 64 };
enum m6_frames_mode {
    M6_FRAMES_EVERY,    /* one each interval_ns, standing for [t, t + interval) cut at the end; 0: all frames */
    M6_FRAMES_ON_SCENE, /* one a scene (its middle), standing for the whole scene */
    M6_FRAMES_SPREAD,   /* `count` frames spread evenly over the medium, its first and last among them */
};
struct m6_frames_params {
    size_t size;
    enum m6_frames_mode mode;
    int64_t interval_ns;
    double scene_threshold;   /* 0: the default; higher finds fewer scenes; up to 1 */
    int count;                /* M6_FRAMES_SPREAD: how many; else how many pictures a frame comes with; 0: 1 */
    int64_t start_ns, end_ns; /* the stretch looked at; end 0: to the end */
    /* Frames of a video are scaled down to fit in this, keeping their shape; 0: the model's own picture size. Stills come as
     * they are, or smaller but at least twice this. Nothing is ever scaled up. */
    int max_width, max_height;
};
struct m6_frames_info {
    size_t size;
    int still;           /* a picture, not a video */
    int width, height;   /* as displayed, after rotation, before scaling down */
    int64_t duration_ns; /* 0 if not known */
};

/* A request to the model; the fields mean what engine.h says of theirs. */
enum m6_plugin_task {
    M6_PLUGIN_CAPTION,
    M6_PLUGIN_ASK,
    M6_PLUGIN_MATCH,
    M6_PLUGIN_DRAW,
    M6_PLUGIN_SCRIPT,
    M6_PLUGIN_REWRITE,
};
struct m6_plugin_rect {
    int x, y, w, h;
};
struct m6_plugin_request {
    size_t size;
    enum m6_plugin_task task;
    const struct m6_plugin_picture *pictures;
    int picture_count;
    const char *text, *lang, *prefix, *stop;
    int max_tokens;
    uint64_t seed;
    float temperature;
    int top_k;
    float top_p, guidance;
    int progressive, steps;
    const struct m6_plugin_picture *image;
    const struct m6_plugin_rect *keep;
    int keep_count;
    /* Called as text arrives (text != NULL) or work advances (done of total); may be NULL. Non-zero: enough; the request ends,
     * and its result is what there is. */
    int (*progress)(void *arg, const char *text, int done, int total);
    void *arg;
};
struct m6_plugin_result {
    size_t size;
    const char *text;                 /* "" if none */
    struct m6_plugin_picture picture; /* rgb NULL if none */
    double score;                     /* matching; else 0 */
};

/* 0 is success; a failure is negative and its sentence is in m6_host_services.error(job). A job's services are called from
 * the thread that run() is called on, and progress() of a request comes on it too, from within model_wait. */
struct m6_host_services {
    size_t size;

    void (*log)(struct m6_host *, int level, const char *message); /* level as in syslog(3) */

    /* ---- parameters of the job, already checked against the plugin's schema ---- */
    const char *(*param_string)(struct m6_job *, const char *name, const char *otherwise);
    double (*param_number)(struct m6_job *, const char *name, double otherwise);
    /* Also decimal strings (a seed up to 2^64 - 1 comes as the int64_t of the same bits), and booleans as 0 and 1. */
    int64_t (*param_integer)(struct m6_job *, const char *name, int64_t otherwise);
    int (*param_list)(struct m6_job *, const char *name, double *value, int max); /* numbers; returns how many there are */
    int (*inputs)(struct m6_job *);                                               /* how many media the job was given */
    const char *(*input_name)(struct m6_job *, int input);

    /* ---- frames ---- */
    int (*frames_open)(struct m6_job *, int input, const struct m6_frames_params *, struct m6_frames **);
    void (*frames_info)(struct m6_frames *, struct m6_frames_info *);
    /* 1 a frame, 0 the end, negative an error; a source that breaks off in mid-file ends, with a warning on the job. */
    int (*frames_next)(struct m6_frames *, struct m6_plugin_frame *);
    void (*frames_close)(struct m6_frames *);

    /* ---- the model ---- */
    int (*model_start)(struct m6_job *, const struct m6_plugin_request *, struct m6_answer **);
    int (*model_wait)(struct m6_answer *, struct m6_plugin_result *); /* the result stays valid until release */
    void (*model_release)(struct m6_answer *);                       /* cancels it if it still runs */
    /* "name", "family", "picture_width", "picture_height", "frames_max", "draws", "rewrites", "text_max" …; NULL if unknown */
    const char *(*model_info)(struct m6_job *, const char *key);

    /* ---- output: what a job yields, in order ---- */
    void (*emit_text)(struct m6_job *, const char *text); /* a piece; pieces add up */
    void (*emit_caption)(struct m6_job *, int64_t start_ns, int64_t end_ns, const char *text);
    /* metadata: pairs of key, value, ended by NULL; or NULL */
    void (*emit_picture)(struct m6_job *, const struct m6_plugin_picture *, const char *const *metadata);

    void (*progress)(struct m6_job *, double done, double total, const char *what);
    void (*warn)(struct m6_job *, const char *sentence);
    int (*cancelled)(struct m6_job *); /* non-zero: return soon, with any value */

    /* A failing plugin says why: one sentence that names the thing and the remedy; kind: "argument", "input", "model", "failed".
     * Returns a negative value to return. A failed service has said why already. */
    int (*fail)(struct m6_job *, const char *kind, const char *sentence);
    const char *(*error)(struct m6_job *);
};

/* One kind of job. */
struct m6_plugin_kind {
    const char *name;        /* "caption" */
    const char *description; /* one sentence */
    const char *schema;      /* JSON Schema (2020-12, the subset in docs/plugins.md) of its parameters */
    int (*run)(const struct m6_host_services *, struct m6_host *, struct m6_job *);
};

struct m6_plugin {
    uint32_t abi; /* M6_PLUGIN_ABI */
    uint32_t size; /* sizeof(struct m6_plugin) */
    const char *name, *version, *description;
    const struct m6_plugin_kind *kinds; /* kind_count of them */
    uint32_t kind_count, kind_size;     /* kind_size: sizeof(struct m6_plugin_kind) */
    int (*init)(const struct m6_host_services *, struct m6_host *, char *why, size_t why_size); /* may be NULL; negative: not usable */
    void (*finish)(struct m6_host *);                                                           /* may be NULL */
};

#ifdef __cplusplus
}
#endif
#endif
