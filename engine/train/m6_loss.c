#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/image.h"
#include "train/m6.h"

/* Rows of one objective, gathered from the batch. */
struct chosen {
    int rows;
    int32_t *id, *target, *back; /* id: among all rows; back: among the part's rows */
    float *weight;
    double total;
};

static float weight_of(const struct m6_objectives *o, int objective)
{
    switch ((enum m6_objective)objective) {
    case M6_CAPTION_EN:
    case M6_CAPTION_ZH:
    case M6_CLIP:
        return o->caption;
    case M6_QUESTION:
        return o->question;
    case M6_MATCH:
        return o->match;
    case M6_SCRIPT:
        return o->script;
    case M6_DENOISE:
        return o->denoise;
    case M6_REWRITE:
        return o->rewrite;
    case M6_DRAW_CAUSAL:
        return o->draw_causal;
    case M6_DRAW_MASKED:
        return o->draw_masked;
    case M6_OBJECTIVES_ALL:
        break;
    }
    return 0;
}

static void note_likeliest(struct m6_tape *t, m6_var logits, const struct chosen *c, int32_t *likeliest)
{
    const int n = m6_tape_cols(t, logits);
    const float *x = m6_tape_data(t, logits);
    for (int r = 0; x && r < c->rows; r++, x += n) {
        int best = 0;
        for (int k = 1; k < n; k++)
            if (x[k] > x[best])
                best = k;
        likeliest[c->back[r]] = best;
    }
}

static m6_var text_loss(struct m6_tape *t, const struct m6_params *p, m6_var h, const struct chosen *c, float smoothing,
                        struct m6_losses *l, int objective)
{
    double correct;
    const m6_var x = m6_tape_gather(t, h, c->id, c->rows);
    const m6_var logits = m6_tape_linear(t, x, m6_weight_var(t, p, "head.weight"), M6_NONE);
    if (l->likeliest)
        note_likeliest(t, logits, c, l->likeliest);
    const m6_var loss = m6_tape_cross_entropy(t, logits, c->target, NULL, smoothing, &correct);
    l->accuracy[objective] = correct / c->rows;
    return loss;
}

m6_var m6_depth_logits(struct m6_tape *t, const struct m6_params *p, m6_var h, m6_var told, int slot)
{
    char name[64];
    snprintf(name, sizeof name, "depth.proj.%d", slot);
    const m6_var u = told == M6_NONE ? m6_linear(t, p, name, h) : m6_linear_add(t, p, name, h, told);
    m6_var v = m6_tape_gelu(t, m6_linear(t, p, "depth.up", m6_norm(t, p, "depth.ln1", u)));
    v = m6_norm(t, p, "depth.ln2", m6_linear_add(t, p, "depth.down", v, u));
    snprintf(name, sizeof name, "depth.out.%d", slot);
    return m6_linear(t, p, name, v);
}

/* Slot by slot: each is told the ones before it. Mean over slots. */
static m6_var code_loss(struct m6_tape *t, const struct m6_params *p, const struct m6_config *c,
                        const struct m6_code_rows *code, m6_var h, const struct chosen *rows, float smoothing,
                        struct m6_losses *l, int objective)
{
    const m6_var x = m6_tape_gather(t, h, rows->id, rows->rows);
    m6_var loss = M6_NONE, told = M6_NONE;
    for (int s = 0; s < c->slots; s++) {
        const m6_var logits = m6_depth_logits(t, p, x, told, s);
        for (int r = 0; r < rows->rows; r++)
            rows->target[r] = code->target[(size_t)s * code->room + rows->back[r]];
        double correct;
        const m6_var one = m6_tape_cross_entropy(t, logits, rows->target, rows->weight, smoothing, &correct);
        l->accuracy[objective] += correct / rows->total / c->slots;
        loss = loss == M6_NONE ? one : m6_tape_add(t, loss, one);
        if (s + 1 == c->slots)
            break;
        const m6_var next = m6_tape_gather(t, m6_weight_var(t, p, "code.embed.%d", s), rows->target, rows->rows);
        told = told == M6_NONE ? next : m6_tape_add(t, told, next);
    }
    return m6_tape_scale(t, loss, 1 / (float)c->slots);
}

static void choose(const struct m6_batch *b, int objective, struct chosen *c)
{
    const int before = b->pictures * m6_config_patches(b->config);
    const int drawing = objective >= M6_TEXT_OBJECTIVES;
    c->rows = 0;
    c->total = 0;
    for (int r = 0; !drawing && r < b->text.rows; r++)
        if (b->text.objective[r] == objective && b->text.target[r] >= 0) {
            c->id[c->rows] = before + r;
            c->back[c->rows] = r;
            c->target[c->rows] = b->text.target[r];
            c->weight[c->rows++] = 1;
        }
    for (int r = 0; drawing && r < b->code.rows; r++)
        if (b->code.objective[r] == objective && b->code.weight[r] > 0) {
            c->id[c->rows] = before + b->text.rows + r;
            c->back[c->rows] = r;
            c->weight[c->rows++] = b->code.weight[r];
        }
    for (int r = 0; r < c->rows; r++)
        c->total += c->weight[r];
}

m6_var m6_batch_loss(struct m6_tape *t, const struct m6_params *p, const struct m6_config *config,
                     const struct m6_batch *b, m6_var h, const struct m6_objectives *weights, struct m6_losses *l,
                     struct m6_error *err)
{
    const size_t most = (size_t)(b->text.rows > b->code.rows ? b->text.rows : b->code.rows) + 1;
    struct chosen c = {0, malloc(most * 4), malloc(most * 4), malloc(most * 4), malloc(most * 4), 0};
    m6_var loss = M6_NONE;
    const int good = c.id && c.target && c.back && c.weight;
    memset(l->loss, 0, sizeof l->loss);
    memset(l->accuracy, 0, sizeof l->accuracy);
    memset(l->rows, 0, sizeof l->rows);
    for (int r = 0; l->likeliest && r < b->text.rows; r++)
        l->likeliest[r] = -1;
    for (int o = 0; good && o < M6_OBJECTIVES_ALL; o++) {
        choose(b, o, &c);
        if (!(l->rows[o] = c.rows))
            continue;
        const float smoothing = o == M6_MATCH ? 0 : weights->smoothing;
        m6_var one = o < M6_TEXT_OBJECTIVES ? text_loss(t, p, h, &c, smoothing, l, o)
                                            : code_loss(t, p, config, &b->code, h, &c, smoothing, l, o);
        l->loss[o] = m6_tape_scalar(t, one);
        one = m6_tape_scale(t, one, weight_of(weights, o));
        loss = loss == M6_NONE ? one : m6_tape_add(t, loss, one);
    }
    if (good && loss == M6_NONE && h != M6_NONE && !m6_tape_status(t))
        m6_fail(err, M6_ERR_ARGUMENT, "a batch has nothing to predict: give an objective a weight and its data");
    else if (loss == M6_NONE)
        m6_fail(err, M6_ERR_MEMORY, "no memory for a batch; make it smaller");
    free(c.id);
    free(c.target);
    free(c.back);
    free(c.weight);
    return loss;
}
