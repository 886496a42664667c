/* A training recipe: one JSON file that says everything a run depends on. engine/models/m6-mini/recipe has four.
 *
 * Paths: `config` and `data.manifest` are relative to the recipe's folder; what runs write for each other (`folder`,
 * `tokenizer`, `image_tokenizer`, `eval.judge`, `init_from`) is relative to the work folder, which the command line gives.
 * Unknown fields are errors, so that a misspelt one cannot be ignored in silence.
 */
#ifndef M6_TRAIN_RECIPE_H
#define M6_TRAIN_RECIPE_H

#include "families/m6/config.h"
#include "train/param.h"
#include "train/progress.h"

enum m6_recipe_kind { M6_RECIPE_IMAGE, M6_RECIPE_JUDGE, M6_RECIPE_BPE, M6_RECIPE_M6, M6_RECIPE_KINDS };
enum { M6_PATH_BYTES = 1024, M6_FREEZE_MAX = 16 };

/* How much each objective counts; 0 leaves it out. */
struct m6_objectives {
    float caption, question, match, draw_causal, draw_masked, script, denoise, rewrite;
    float subject;   /* places that a subject covers count (1 + subject·share) in drawing */
    float smoothing; /* of labels, in text and drawing */
};

struct m6_recipe {
    enum m6_recipe_kind kind;
    char path[M6_PATH_BYTES]; /* of the recipe */
    struct m6_config config;  /* read from `config`; not for bpe */
    char source[64], manifest[M6_PATH_BYTES];
    char folder[M6_PATH_BYTES], init_from[M6_PATH_BYTES];
    char tokenizer[M6_PATH_BYTES], image_tokenizer[M6_PATH_BYTES], judge[M6_PATH_BYTES]; /* judge: scores drawings */
    int64_t steps, warmup, eval_every, pseudo_to_real;
    int eval_batches, eval_drawings, threads;
    double checkpoint_seconds;
    int pictures, drawings, clips, scripts, texts; /* examples a step; drawings: further pictures, only drawn, then `pictures` are only looked at */
    struct m6_optim optim;               /* lr is the peak */
    enum m6_schedule_shape schedule;     /* the fall of the learning rate after warm-up */
    float lr_floor, average;             /* floor: share of the peak that it ends at; average: EMA decay */
    enum m6_tape_precision precision;
    uint64_t seed;
    struct m6_objectives objective;
    char freeze[M6_FREEZE_MAX][96]; /* name patterns, `*` at the end matches any rest */
    int freezes;
    float subject_weight, absolute; /* image tokenizer: weight of subject pixels, share of the absolute error */
    int judge_channels[3];
    int vocab; /* bpe */
};

/* work: the folder for outputs. The config is read and checked too. */
enum m6_status m6_recipe_read(struct m6_recipe *, const char *path, const char *work, struct m6_error *err);
/* Pictures a step. */
static inline int m6_recipe_stills(const struct m6_recipe *r)
{
    return r->drawings + r->pictures;
}
/* How many of them are drawn: these come first. */
static inline int m6_recipe_drawn(const struct m6_recipe *r)
{
    return r->drawings ? r->drawings : r->pictures;
}
const char *m6_recipe_kind_name(enum m6_recipe_kind);
/* Whether a recipe freezes this matrix. */
int m6_recipe_freezes(const struct m6_recipe *, const char *name);
/* The learning rate of a step (from 1): linear warm-up, then the schedule down to the floor. */
float m6_recipe_lr(const struct m6_recipe *, int64_t step);
/* A file's bytes, terminated; caller frees. */
enum m6_status m6_file_read(const char *path, char **text, size_t *size, struct m6_error *err);

#endif
