/* An M6 model's weights on a backend, and the one list of what they are called and how they are shaped. */
#ifndef M6_FAMILIES_M6_WEIGHTS_H
#define M6_FAMILIES_M6_WEIGHTS_H

#include "families/family.h"
#include "families/m6/config.h"
#include "io/safetensors.h"
#include "ops/ops.h"

struct m6_affine {
    struct m6_weight w;
    float *b;
};
struct m6_gains {
    float *gain, *bias;
};
struct m6_conv_block { /* x + b(gelu(a(LN(x)))) */
    struct m6_gains ln;
    struct m6_affine a, b;
};

struct m6_layer {
    struct m6_gains ln1, ln2;
    struct m6_affine qkv, out, up, down; /* up, down: dense layers */
    struct m6_weight router;             /* sparse layers, as the rest */
    struct m6_affine *expert;            /* [2·experts]: ups, then downs */
    struct m6_experts experts;           /* pointers into `expert` */
    void *pointers;
};

struct m6_weights {
    float *embed;            /* [vocab, d] */
    float *code_embed[M6_SLOTS_MAX]; /* [codes, d] */
    float *position;         /* [m6_position_count, d]: place and kind summed, for every sort of row */
    struct m6_weight head;
    struct m6_layer *layer; /* [layers] */
    struct m6_gains norm;

    struct {
        struct m6_affine proj[M6_SLOTS_MAX], out[M6_SLOTS_MAX], up, down;
        struct m6_gains ln1, ln2;
    } depth;
    struct {
        struct m6_affine in[M6_STAGES], out;
        struct m6_conv_block block[M6_STAGES];
        struct m6_gains ln;
    } stem;
    struct {
        struct m6_affine in[2], out;
        struct m6_conv_block *block[2];
        struct m6_gains ln;
    } encoder;
    struct {
        struct m6_affine in, conv, up, out;
        struct m6_conv_block *block[2];
        struct m6_gains up_ln, out_ln;
        float *place[2]; /* what belongs to a place whatever its code: [eighth of the picture, channels] */
    } decoder;

    struct { /* parts of `position`, only while loading */
        float *text, *row, *col, *frame, *code_row, *code_col, *kind;
    } host;
    struct m6_backend *backend;
    float *arena;
    size_t bytes; /* resident */
    int64_t parameters, active_parameters;
};

/* ---- the list ---- */

enum m6_weight_form {
    M6_FORM_MATRIX, /* to: struct m6_weight */
    M6_FORM_TABLE,  /* to: float *, F32 on the backend */
    M6_FORM_VECTOR, /* as TABLE, of one row */
    M6_FORM_HOST,   /* to: float *, F32 in ordinary memory */
};
enum m6_weight_use { M6_USE_EVERY, M6_USE_EXPERT, M6_USE_ROW, M6_USE_ELSEWHERE }; /* by one text token */

struct m6_weight_spec {
    const char *name;
    int rows, cols;
    enum m6_weight_form form;
    enum m6_weight_use use;
    int routes; /* a router: kept in F32, since it decides by small differences */
    void *to;   /* NULL when the list is walked without weights */
};
typedef enum m6_status (*m6_weight_fn)(void *arg, const struct m6_weight_spec *);

/* Calls fn for each weight, in one fixed order, until it returns something else than M6_OK. weights may be NULL. */
enum m6_status m6_weights_each(const struct m6_config *, struct m6_weights *weights, m6_weight_fn fn, void *arg);

/* ---- loading ---- */

/* Checks every name and shape first: what is missing is named, with how many more there are. `file` is what errors call it.
 * Gives nothing on failure. */
enum m6_status m6_weights_load(struct m6_weights *, const struct m6_config *, const struct m6_load *,
                               const struct m6_safetensors *, const char *file, struct m6_error *err);
void m6_weights_finish(struct m6_weights *, const struct m6_config *);

/* Rows of `position`. */
static inline int m6_position_patch(const struct m6_config *c, int frame, int patch)
{
    return frame * m6_config_patches(c) + patch;
}
static inline int m6_position_text(const struct m6_config *c, int index)
{
    return M6_FRAMES_MAX * m6_config_patches(c) + index;
}
static inline int m6_position_target(const struct m6_config *c, int index)
{
    return m6_position_text(c, c->text_max) + index;
}
static inline int m6_position_code(const struct m6_config *c, int place)
{
    return m6_position_target(c, c->text_max) + place;
}
static inline int m6_position_masked(const struct m6_config *c, int place)
{
    return m6_position_code(c, m6_config_places(c)) + place;
}
static inline int m6_position_count(const struct m6_config *c)
{
    return m6_position_masked(c, m6_config_places(c));
}

#endif
