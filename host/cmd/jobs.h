/* The jobs that plugins offer, as functions: which kind, which parameters. The only place that
 * knows their names. */
#ifndef M6_CMD_JOBS_H
#define M6_CMD_JOBS_H

#include "session.h"

/* Each returns 0, or an exit code after reporting; free the result with session_result_free always.
 */

/* result->text is a Fountain script. */
int jobs_write(struct session *, const char *idea, const char *lang, int shots,
               struct session_result *);

struct jobs_rect {
    int x, y, w, h;
};
struct jobs_drawing {
    const char *prompt;
    uint64_t seed;
    int best;                /* of this many, the one that matches best */
    const char *mode;        /* NULL: the plugin's default */
    int steps;               /* 0: the default */
    int verbatim;            /* the prompt as it is */
    double guidance;         /* negative: the default */
    struct option_size size; /* 0: the model's own */
    const char *image;       /* keep parts of this file; NULL: none */
    const struct jobs_rect *keep;
    int keep_count;
    int index, count; /* which of how many, for the progress line */
};
/* result->pictures has exactly one. */
int jobs_draw(struct session *, const struct jobs_drawing *, struct session_result *);

struct jobs_captioning {
    const char *path, *lang;
    double every; /* seconds; 0: each frame; negative: not asked for */
    int on_scene;
    void (*on_caption)(void *arg, int64_t start_ns, int64_t end_ns, const char *text);
    void *arg;
};
int jobs_caption(struct session *, const struct jobs_captioning *, struct session_result *);

int jobs_ask(struct session *, const char *path, const char *question, struct session_result *);

/* What a picture's metadata tell of `key`, or NULL. Its "seed" draws this very picture alone. */
const char *jobs_picture_told(const struct session_picture *, const char *key);
/* {"path", "width", "height", and the metadata}. */
cJSON *jobs_describe_picture(const char *path, const struct session_picture *);

#endif
