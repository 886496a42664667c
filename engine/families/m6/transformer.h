/* One M6 model at work: weights, cache, and lanes, each with the rows of a step that is being made up and scratch.
 *
 * Lanes are allocated when the model is loaded; a step allocates nothing but entries of what is kept for later. */
#ifndef M6_FAMILIES_M6_TRANSFORMER_H
#define M6_FAMILIES_M6_TRANSFORMER_H

#include "families/family.h"
#include "families/features.h"
#include "families/m6/weights.h"
#include "families/prefix.h"
#include "text/lexicon.h"
#include "text/tokenizer.h"

/* Pictures that go through the stem at once: threads share whole pictures better than rows of one. */
enum { M6_STEM_TOGETHER = 4 };

struct m6_specials {
    int32_t bos, eos, mask, boi, yes, no, caption_en, caption_zh, ask, match, draw, script_en, script_zh;
};

/* A line of segments that each see the ones before: where one row of guidance lives in the cache. */
struct m6_branch {
    int32_t *slot;  /* in the order of use */
    int used, room; /* slots that have rows; slots that may */
    int32_t *page;  /* of what comes behind the source */
    int pages;
};

/* The rows of a step. Content comes from one table (token), or several (code), or from a picture's stem. */
struct m6_rows {
    int count, max;
    int32_t *token;                /* -1: none */
    int32_t *position;             /* of m6_weights.position */
    int32_t *code[M6_SLOTS_MAX];   /* -1: none */
    int32_t *slot;                 /* of the cache */
    int coded;                     /* whether any row has codes */
    struct m6_span *span;
    int spans, spans_max;
    struct {
        int row;
        const uint8_t *rgb;
        struct m6_key content;
    } picture[4 * M6_FRAMES_MAX];
    int pictures, pictures_max;
};

/* The choice of one token, or the weighing of two. */
struct m6_choice {
    int row; /* of the step */
    struct m6_sample how;
    int weigh; /* <yes> against <no> */
    int32_t id;
    float yes, no;
};

/* The choice of the codes of `count` places, slot by slot. cond, uncond: rows of the step; uncond NULL: no guidance.
 * position[i] + slot is the key of a draw. log_prob, if not NULL, receives the sum over slots of the chosen codes'. */
struct m6_depth {
    int count;
    const int32_t *cond, *uncond;
    const uint64_t *position;
    float guidance;
    struct m6_sample how; /* temperature, top_k, top_p, seed */
    int32_t *code;        /* [count][slots] */
    double *log_prob;
};

struct m6_scratch {
    /* [rows.max] each */
    float *x, *h, *qkv, *attended, *hidden, *router, *gate;
    int32_t *index;
    /* heads: [M6_STEP_SEQUENCES] each */
    float *last, *logits;
    int32_t *head_row, *head_id;
    struct m6_sample *head_how;
    /* pictures: three planes that any stage's activations of M6_STEM_TOGETHER fit in, and one picture in ordinary memory */
    float *plane[3], *host;
    int32_t *patch_order; /* [M6_STEM_TOGETHER · patches · 6] */
    /* depth head: [2 · places] each */
    struct {
        float *h, *told, *u, *norm, *hidden, *logits, *host;
        int32_t *row, *code;
        struct m6_sample *how;
    } depth;
};

struct m6_transformer;

/* One step under way. */
struct m6_lane {
    struct m6_transformer *model;
    const struct m6_pause *pause; /* during forward and take */
    struct m6_rows rows;
    struct m6_choice choice[M6_STEP_SEQUENCES];
    struct m6_depth depth[M6_STEP_SEQUENCES];
    int choices, depths;
    struct m6_scratch scratch;
    float *arena; /* of rows' and scratch's backend memory */
};

struct m6_transformer {
    struct m6_model base;
    struct m6_backend *backend;
    const struct m6_ops *ops;
    struct m6_config config;
    enum m6_type compute;
    struct m6_specials special;
    struct m6_tokenizer *tokenizer;
    float *text_bias; /* [vocab], added to an answer's logits: 0 for <eos> and for texts, else -infinity */
    struct m6_lexicon lexicon;
    struct m6_weights weights;
    struct m6_cache cache;
    struct m6_prefix prefix;
    struct m6_features features;
    struct m6_key secret; /* that keys are made under */
    struct {
        int stem, encode, decode; /* of one picture, in rows */
    } cost;
    struct m6_lane lane[M6_LANES];
    uint64_t rows, parts, tokens, places; /* counted */
};

/* The backend is idle, and everything of this step lies in its lane. */
static inline void m6_lane_pause(const struct m6_lane *lane)
{
    if (lane->pause)
        lane->pause->fn(lane->pause->arg);
}

static inline struct m6_mat m6_mat_of(float *data, int rows, int cols)
{
    return (struct m6_mat){data, rows, cols, cols};
}

/* y = act(x·Wᵀ + b) + residual */
static inline void m6_affine_run(struct m6_transformer *t, struct m6_mat y, struct m6_mat x, const struct m6_affine *a,
                                 enum m6_act act, const float *residual)
{
    const struct m6_epilogue e = {.bias = a->b, .act = act, .residual = residual};
    t->ops->matmul(t->backend, y, x, &a->w, &e);
}

static inline void m6_gains_run(struct m6_transformer *t, struct m6_mat y, struct m6_mat x, const struct m6_gains *g)
{
    t->ops->layer_norm(t->backend, y, x, g->gain, g->bias, 1e-5f);
}

/* ---- scratch.c ---- */
enum m6_status m6_lane_init(struct m6_lane *, struct m6_transformer *, struct m6_error *err);
void m6_lane_finish(struct m6_lane *);

/* ---- rows.c ---- */
void m6_lane_begin(struct m6_lane *);
/* Whether so many rows, segments and pictures fit yet. */
int m6_rows_fit(const struct m6_rows *, int rows, int spans, int pictures);
/* Begins a segment of n rows behind all that the branch holds, and returns the first. The caller fills in what they are. */
int m6_rows_segment(struct m6_rows *, struct m6_branch *, int n, int causal);

/* ---- branch.c ---- */
/* Room for the rows of a segment of the source, which has pages to itself. */
void m6_branch_segment(struct m6_branch *, const int32_t *page, int rows);
/* Room for so many rows behind the ones that are used; 0 if there are no pages for them. */
int m6_branch_grow(struct m6_transformer *, struct m6_branch *, int rows);
/* Gives back what grew, and forgets all rows. */
void m6_branch_clear(struct m6_transformer *, struct m6_branch *);

/* ---- stem.c ---- */
/* x[row …] += the patches of each of the step's pictures, computed or known. */
void m6_stem_run(struct m6_lane *);
/* Shared with the codec: x of n·h·w positions in plane 0, which the result replaces. */
void m6_conv_block_run(struct m6_lane *, const struct m6_conv_block *, int n, int h, int w, int channels);
void m6_pictures_upload(struct m6_lane *, const uint8_t *const *rgb, int n); /* to plane 1, 4×4 blocks side by side */

/* ---- stack.c ---- */
/* Forwards all rows; their final LN(x) are in scratch.h afterwards. */
void m6_stack_run(struct m6_lane *);

/* ---- heads.c, depth.c ---- */
/* Makes all choices of the step, of scratch.h. */
void m6_heads_run(struct m6_lane *);
void m6_depth_run(struct m6_lane *);

/* ---- codec.c ---- */
/* code: [places][slots]. rgb: width × height pixels. */
void m6_codec_encode(struct m6_lane *, const uint8_t *rgb, int32_t *code);
void m6_codec_decode(struct m6_lane *, const int32_t *code, uint8_t *rgb);

/* ---- load.c ---- */
enum m6_status m6_transformer_load(struct m6_model **, const struct m6_load *, struct m6_error *);
void m6_transformer_destroy(struct m6_model *);
/* The longest request's rows in the cache, which is also the most rows in one step. */
int m6_transformer_slots(const struct m6_config *);

#endif
