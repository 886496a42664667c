#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/data_random.h"
#include "train/image.h"
#include "train/m6.h"

#define NAME(...) (snprintf(name, sizeof name, __VA_ARGS__), name)

/* Embeddings, positions and kinds are added up, and must weigh alike from the first step: a position that starts
 * small beside its content is never learned. */
static const float embedding = 0.5f, code_embedding = 0.3f;
/* Logits start small, so that the loss starts at ln(classes). */
static const float head_gain = 0.2f;

static int table(struct m6_params *p, const char *name, int rows, int cols, float deviation, uint64_t seed)
{
    struct m6_param *param = m6_params_add(p, name, rows, cols, 0, deviation, seed);
    if (param)
        param->decay = 0;
    return param != NULL;
}

static enum m6_status layer_params(struct m6_params *p, const struct m6_config *c, int i, uint64_t seed,
                                   struct m6_error *err)
{
    const float residual = 1 / sqrtf(2 * (float)c->layers);
    const int d = c->d_model, sparse = m6_config_sparse(c, i);
    enum m6_status s;
    char name[64];
    if ((s = m6_norm_params(p, NAME("layer.%d.ln1", i), d, err)) ||
        (s = m6_linear_params(p, NAME("layer.%d.qkv", i), 3 * d, d, 1, seed, err)) ||
        (s = m6_linear_params(p, NAME("layer.%d.out", i), d, d, residual, seed, err)) ||
        (s = m6_norm_params(p, NAME("layer.%d.ln2", i), d, err)))
        return s;
    if (!sparse) {
        if ((s = m6_linear_params(p, NAME("layer.%d.up", i), c->ffn, d, 1, seed, err)))
            return s;
        return m6_linear_params(p, NAME("layer.%d.down", i), d, c->ffn, sqrtf(2) * residual, seed, err);
    }
    if (!table(p, NAME("layer.%d.router.weight", i), c->experts, d, 1 / sqrtf((float)d), seed))
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the weights of layer %d", i);
    for (int e = 0; e < c->experts; e++)
        if ((s = m6_linear_params(p, NAME("layer.%d.expert.%d.up", i, e), c->expert_ffn, d, 1, seed, err)) ||
            (s = m6_linear_params(p, NAME("layer.%d.expert.%d.down", i, e), d, c->expert_ffn, 2 * residual, seed, err)))
            return s;
    return M6_OK;
}

static enum m6_status stem_params(struct m6_params *p, const struct m6_config *c, uint64_t seed, struct m6_error *err)
{
    enum m6_status s;
    char name[64];
    for (int i = 0; i < M6_STAGES; i++)
        if ((s = m6_linear_params(p, NAME("stem.%d.in", i), c->stem[i], i ? 4 * c->stem[i - 1] : 48, 1, seed, err)) ||
            (s = m6_block_params(p, NAME("stem.%d.block", i), c->stem[i], seed, err)))
            return s;
    if ((s = m6_norm_params(p, "stem.ln", 6 * c->stem[2], err)))
        return s;
    return m6_linear_params(p, "stem.out", c->d_model, 6 * c->stem[2], 1, seed, err);
}

static enum m6_status depth_params(struct m6_params *p, const struct m6_config *c, uint64_t seed, struct m6_error *err)
{
    const int d = c->d_model;
    enum m6_status s;
    char name[64];
    for (int i = 0; i < c->slots; i++)
        if ((s = m6_linear_params(p, NAME("depth.proj.%d", i), d, d, 1, seed, err)) ||
            (s = m6_linear_params(p, NAME("depth.out.%d", i), c->codes, d, head_gain, seed, err)))
            return s;
    if ((s = m6_norm_params(p, "depth.ln1", d, err)) ||
        (s = m6_linear_params(p, "depth.up", c->depth_ffn, d, 1, seed, err)) ||
        (s = m6_linear_params(p, "depth.down", d, c->depth_ffn, 0.5f, seed, err)))
        return s;
    return m6_norm_params(p, "depth.ln2", d, err);
}

enum m6_status m6_stack_params(struct m6_params *p, const struct m6_config *c, uint64_t seed, struct m6_error *err)
{
    const int d = c->d_model;
    char name[64];
    if (c->experts > M6_EXPERTS_MAX)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "\"experts\" is %d; a model that is trained here has at most %d",
                       c->experts, M6_EXPERTS_MAX);
    int good = table(p, "embed.weight", c->vocab, d, embedding, seed) &&
               table(p, "head.weight", c->vocab, d, head_gain / sqrtf((float)d), seed) &&
               table(p, "pos.text", c->text_max, d, embedding, seed) &&
               table(p, "pos.row", m6_config_patch_h(c), d, embedding, seed) &&
               table(p, "pos.col", m6_config_patch_w(c), d, embedding, seed) &&
               table(p, "pos.frame", M6_FRAMES_MAX, d, embedding, seed) &&
               table(p, "pos.code_row", c->code_h, d, embedding, seed) &&
               table(p, "pos.code_col", c->code_w, d, embedding, seed) &&
               table(p, "kind.weight", M6_KINDS, d, embedding, seed);
    for (int s = 0; s < c->slots && good; s++)
        good = table(p, NAME("code.embed.%d", s), c->codes, d, code_embedding, seed);
    enum m6_status status = good ? M6_OK : m6_fail(err, M6_ERR_MEMORY, "no memory for the weights of the model");
    for (int i = 0; i < c->layers && !status; i++)
        status = layer_params(p, c, i, seed, err);
    if (!status)
        status = m6_norm_params(p, "norm", d, err);
    if (!status)
        status = stem_params(p, c, seed, err);
    return status ? status : depth_params(p, c, seed, err);
}

/* Row c becomes the sum over levels of one random vector for each (level, value), and a little of its own. */
static void structure(struct m6_param *p, const struct m6_config *c, float deviation, uint64_t key)
{
    const float each = deviation * 0.95f / sqrtf((float)c->levels), own = deviation * 0.3f;
    for (int code = 0; code < p->rows; code++)
        for (int k = 0; k < p->cols; k++) {
            struct m6_rng r = m6_rng_make(key, (uint64_t)code + 1, (uint64_t)k);
            double sum = own * m6_rng_normal(&r);
            for (int l = 0, rest = code; l < c->levels; rest /= c->level[l++]) {
                struct m6_rng v = m6_rng_make(key + 1, (uint64_t)(l * 64 + rest % c->level[l]), (uint64_t)k);
                sum += each * m6_rng_normal(&v);
            }
            p->value[(size_t)code * p->cols + k] = (float)sum;
        }
}

void m6_stack_init_codes(struct m6_params *p, const struct m6_config *c, uint64_t seed)
{
    char name[64];
    for (int s = 0; s < c->slots; s++) {
        structure(m6_params_find(p, NAME("code.embed.%d", s)), c, code_embedding, m6_mix(seed + 2 * (uint64_t)s));
        structure(m6_params_find(p, NAME("depth.out.%d.weight", s)), c, head_gain / sqrtf((float)c->d_model),
                  m6_mix(seed + 2 * (uint64_t)s + 1));
    }
}

void m6_stack_delink(struct m6_params *p, const struct m6_config *c)
{
    const int period = c->sparse_every > 0 ? c->sparse_every : 1;
    for (int i = 0; i < m6_params_count(p); i++) {
        struct m6_param *to = m6_params_at(p, i);
        int layer, used;
        char name[128];
        if (sscanf(to->name, "layer.%d.%n", &layer, &used) != 1 || layer < period)
            continue;
        const struct m6_param *from = m6_params_find(p, NAME("layer.%d.%s", layer % period, to->name + used));
        memcpy(to->value, from->value, (size_t)to->rows * (size_t)to->cols * sizeof *to->value);
    }
}
