/* Training the M6 stack: its graph on the tape, and the batches that go through it (families/m6/config.h has the
 * function and the names).
 *
 * A batch's rows are, in this order, patches of pictures, tokens of texts, places of drawings; so that each kind of content
 * is made in one go. Segments make trees over them: several pictures of one request are a chain, each seeing the earlier
 * ones; a picture's captions, questions and matches are children of its last picture; a drawing hangs below its prompt.
 */
#ifndef M6_TRAIN_M6_H
#define M6_TRAIN_M6_H

#include "families/m6/config.h"
#include "text/tokenizer.h"
#include "train/data.h"
#include "train/param.h"
#include "train/recipe.h"
#include "train/tape.h"

/* ---- weights ---- */
enum { M6_EXPERTS_MAX = 256 }; /* a layer, in training */
enum m6_status m6_stack_params(struct m6_params *, const struct m6_config *, uint64_t seed, struct m6_error *err);
/* Code embeddings and outputs start from the structure of the book: codes that share levels start alike. */
void m6_stack_init_codes(struct m6_params *, const struct m6_config *, uint64_t seed);
/* Pseudo-to-Real: gives every layer the values of the layer that it shared so far. */
void m6_stack_delink(struct m6_params *, const struct m6_config *);

/* ---- batches ---- */
enum m6_objective {
    M6_CAPTION_EN, M6_CAPTION_ZH, M6_CLIP, M6_QUESTION, M6_MATCH, M6_SCRIPT, M6_DENOISE, M6_REWRITE, /* texts */
    M6_DRAW_CAUSAL, M6_DRAW_MASKED,
    M6_OBJECTIVES_ALL,
    M6_TEXT_OBJECTIVES = M6_DRAW_CAUSAL
};
const char *m6_objective_name(enum m6_objective);

struct m6_text_rows {
    int rows, room;
    int32_t *token, *position, *kind, *target; /* target -1: predicts nothing */
    int32_t *objective, *sequence;             /* of the target that a row belongs to */
};

struct m6_code_rows {
    int rows, room;
    int32_t *place, *kind, *special; /* special: token whose embedding is the content, or -1 */
    int32_t *content, *target;       /* [slots][room]; content -1: none */
    float *weight;                   /* 0: predicts nothing */
    int32_t *objective;
};

struct m6_batch {
    const struct m6_config *config;
    int pictures, pictures_room;
    int32_t *frame; /* a picture's index in its request */
    struct m6_text_rows text;
    struct m6_code_rows code;
    int sequences;
    struct m6_segment *segment, *ordered; /* as made, with rows counted within their part; and as the tape wants them */
    int32_t *part, *order;
    int segments, segments_room;
    int truncated;
    int failed; /* out of memory */
};
void m6_batch_clear(struct m6_batch *, const struct m6_config *);
void m6_batch_free(struct m6_batch *);
/* Each adds a segment and returns its handle; parent is a handle or -1. */
int m6_batch_picture(struct m6_batch *, int parent, int frame);
int m6_batch_source(struct m6_batch *, int parent, const int32_t *token, int count); /* bidirectional */
/* Fed first, token[0 … count-2]; predicts token[0 … count-1]. */
int m6_batch_target(struct m6_batch *, int parent, int32_t first, const int32_t *token, int count,
                    enum m6_objective);
/* code: [places][slots]. hidden NULL: left to right, boi fed first; else masked, `mask` fed where hidden[place]. */
int m6_batch_drawing(struct m6_batch *, int parent, const int32_t *code, const uint8_t *hidden, int32_t special,
                     const float *weight);
/* Orders the segments; 0 when memory ran out on the way. */
int m6_batch_finish(struct m6_batch *);

/* ---- graph ---- */
struct m6_stack_report {
    double dropped, variation; /* share of row-expert pairs; mean c_v */
};
/* pixels: 4×4 blocks of the batch's pictures, or M6_NONE if it has none. share != 0: layers share weights (see delink).
 * Returns the rows' final LN(x). */
m6_var m6_stack_forward(struct m6_tape *, const struct m6_params *, const struct m6_config *, const struct m6_batch *,
                        m6_var pixels, int share, float capacity, struct m6_stack_report *);

/* Logits of a slot's codes. told: the sum of the embeddings of the slots before it, M6_NONE for the first. */
m6_var m6_depth_logits(struct m6_tape *, const struct m6_params *, m6_var h, m6_var told, int slot);

/* The loss of a batch, weighted; the mean loss, accuracy and weight of each objective that it has. */
struct m6_losses {
    double loss[M6_OBJECTIVES_ALL], accuracy[M6_OBJECTIVES_ALL];
    int rows[M6_OBJECTIVES_ALL];
    /* For evaluation, if wanted: the likeliest token of each text row, [text.rows]; -1 where none is predicted. */
    int32_t *likeliest;
};
m6_var m6_batch_loss(struct m6_tape *, const struct m6_params *, const struct m6_config *, const struct m6_batch *,
                     m6_var h, const struct m6_objectives *, struct m6_losses *, struct m6_error *err);

/* ---- tasks: what examples become ---- */
struct m6_tokens {
    int32_t pad, bos, eos, mask, boi, yes, no, caption[M6_LANGS], ask, match, draw, script[M6_LANGS], denoise;
};
struct m6_tasks {
    const struct m6_config *config;
    const struct m6_objectives *objective;
    const struct m6_tokenizer *tokenizer;
    struct m6_tokens token;
};
enum m6_status m6_tasks_init(struct m6_tasks *, const struct m6_config *, const struct m6_objectives *,
                             const struct m6_tokenizer *, struct m6_error *err);
/* key decides all that is random. seen: the picture is also looked at (captions, questions, matching). code:
 * [places][slots], share: a place's part that subjects cover; both NULL without drawing. `subject` in the objectives weighs
 * by share. */
void m6_tasks_example(const struct m6_tasks *, struct m6_batch *, const struct m6_example *, int seen, const int32_t *code,
                      const float *share, uint64_t key);
void m6_tasks_script(const struct m6_tasks *, struct m6_batch *, const struct m6_script_example *);
void m6_tasks_denoise(const struct m6_tasks *, struct m6_batch *, const char *text, uint64_t key);

/* ---- release ---- */
struct m6_trainer;
/* Writes model.safetensors, config.json and tokenizer.json into a folder, from the averages of the newest checkpoints. */
enum m6_status m6_export(struct m6_trainer *, const char *folder, struct m6_error *err);

#endif
