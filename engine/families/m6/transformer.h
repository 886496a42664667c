/* One M6 model at work: weights, cache, the rows of the step that is being made up, and scratch.
 *
 * All memory is allocated when the model is loaded; a step allocates nothing. */
#ifndef M6_FAMILIES_M6_TRANSFORMER_H
#define M6_FAMILIES_M6_TRANSFORMER_H

#include "families/cache.h"
#include "families/family.h"
#include "families/m6/weights.h"
#include "text/lexicon.h"
#include "text/tokenizer.h"

struct m6_specials {
    int32_t bos, eos, mask, boi, yes, no, caption_en, caption_zh, ask, match, draw, script_en, script_zh;
};

/* A line of segments that each see the ones before: where the prompt of one row of guidance lives in the cache. */
struct m6_branch {
    int32_t *slot; /* all that were taken, in the order of use */
    int used;
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
    } picture[4 * M6_FRAMES_MAX];
    int pictures, pictures_max;
};

struct m6_scratch {
    /* [rows.max] each */
    float *x, *h, *qkv, *attended, *hidden, *router, *gate;
    int32_t *index;
    float *logits; /* [vocab] */
    /* pictures: three planes that any stage's activations fit in, and one of ordinary memory */
    float *plane[3], *host;
    int32_t *patch_order; /* [patches · 6] */
    /* depth head: [2 · places] each */
    struct {
        float *h, *told, *u, *norm, *hidden, *logits, *host;
        int32_t *row, *code;
        struct m6_sample *how;
    } depth;
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
    struct m6_rows rows;
    struct m6_scratch scratch;
    float *arena; /* of rows' and scratch's backend memory */
};

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
enum m6_status m6_scratch_init(struct m6_transformer *, struct m6_error *err);
void m6_scratch_finish(struct m6_transformer *);

/* ---- rows.c ---- */
void m6_rows_clear(struct m6_rows *);
/* Whether so many rows, segments and pictures fit yet. */
int m6_rows_fit(const struct m6_rows *, int rows, int spans, int pictures);
/* Begins a segment of n rows behind all that the branch holds, and returns the first. The caller fills in what they are. */
int m6_rows_segment(struct m6_rows *, struct m6_branch *, int n, int causal);

/* ---- stem.c ---- */
/* x[row …] += the picture's patches. rgb: width × height pixels. */
void m6_stem_run(struct m6_transformer *, const uint8_t *rgb, int row);
/* Shared with the codec: x of n·h·w positions in plane 0, which the result replaces. */
void m6_conv_block_run(struct m6_transformer *, const struct m6_conv_block *, int h, int w, int channels);
void m6_picture_upload(struct m6_transformer *, const uint8_t *rgb); /* to plane 1, 4×4 blocks side by side */

/* ---- stack.c ---- */
/* Forwards all rows; their final LN(x) are in scratch.h afterwards. */
void m6_stack_run(struct m6_transformer *);

/* ---- depth.c ---- */
/* Chooses the codes of `count` places, slot by slot. cond, uncond: rows of scratch.h; uncond NULL: no guidance. position[i]
 * + slot is the key of a draw. log_prob, if not NULL, receives the sum over slots of the chosen codes'. */
struct m6_depth {
    int count;
    const int32_t *cond, *uncond;
    const uint64_t *position;
    float guidance;
    struct m6_sample how; /* temperature, top_k, top_p, seed */
    int32_t *code;        /* [count][slots] */
    double *log_prob;
};
void m6_depth_run(struct m6_transformer *, const struct m6_depth *);

/* ---- codec.c ---- */
/* code: [places][slots]. rgb: width × height pixels. */
void m6_codec_encode(struct m6_transformer *, const uint8_t *rgb, int32_t *code);
void m6_codec_decode(struct m6_transformer *, const int32_t *code, uint8_t *rgb);

/* ---- load.c ---- */
enum m6_status m6_transformer_load(struct m6_model **, const struct m6_load *, struct m6_error *);
void m6_transformer_destroy(struct m6_model *);
/* The longest request's cache slots, and its rows in one step. */
int m6_transformer_slots(const struct m6_config *);
int m6_transformer_rows(const struct m6_config *);

#endif
