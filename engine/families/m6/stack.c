/* The stack: all rows of a step through all layers. */
#include "families/m6/transformer.h"

#include <math.h>

static struct m6_mat columns(struct m6_mat m, int first, int count)
{
    return (struct m6_mat){m.data + first, m.rows, count, m.stride};
}

/* Tables first, since the stem adds to what is there. */
static void fill_rows(struct m6_lane *lane, struct m6_mat x)
{
    struct m6_transformer *t = lane->model;
    const struct m6_rows *rows = &lane->rows;
    t->ops->embed(t->backend, x, t->weights.embed, rows->token, 0);
    t->ops->embed(t->backend, x, t->weights.position, rows->position, 1);
    for (int s = 0; rows->coded && s < t->config.slots; s++)
        t->ops->embed(t->backend, x, t->weights.code_embed[s], rows->code[s], 1);
    m6_stem_run(lane);
}

static void attend(struct m6_lane *lane, int layer, struct m6_mat x, struct m6_mat h)
{
    struct m6_transformer *t = lane->model;
    const struct m6_layer *l = &t->weights.layer[layer];
    const struct m6_rows *rows = &lane->rows;
    const int d = x.cols, heads = t->config.heads;
    const struct m6_mat qkv = m6_mat_of(lane->scratch.qkv, x.rows, 3 * d), y = m6_mat_of(lane->scratch.attended, x.rows, d);
    m6_gains_run(t, h, x, &l->ln1);
    m6_affine_run(t, qkv, h, &l->qkv, M6_ACT_NONE, NULL);
    t->ops->kv_write(t->backend, &t->cache.layer[layer], columns(qkv, d, d), columns(qkv, 2 * d, d), rows->slot);
    t->ops->attention(t->backend, y, columns(qkv, 0, d), &t->cache.layer[layer], heads, 1 / sqrtf((float)(d / heads)),
                      rows->span, rows->spans);
    m6_affine_run(t, x, y, &l->out, M6_ACT_NONE, x.data);
}

static void think(struct m6_lane *lane, int layer, struct m6_mat x, struct m6_mat h)
{
    struct m6_transformer *t = lane->model;
    const struct m6_config *c = &t->config;
    const struct m6_layer *l = &t->weights.layer[layer];
    m6_gains_run(t, h, x, &l->ln2);
    if (m6_config_sparse(c, layer)) {
        static const struct m6_epilogue plain = {.act = M6_ACT_NONE};
        const struct m6_mat logits = m6_mat_of(lane->scratch.router, x.rows, c->experts);
        t->ops->matmul(t->backend, logits, h, &l->router, &plain);
        t->ops->route_prototypes(t->backend, logits, c->prototypes, lane->scratch.index, lane->scratch.gate);
        t->ops->experts(t->backend, x, h, &l->experts, lane->scratch.index, lane->scratch.gate, c->prototypes);
        return;
    }
    const struct m6_mat hidden = m6_mat_of(lane->scratch.hidden, x.rows, c->ffn);
    m6_affine_run(t, hidden, h, &l->up, M6_ACT_GELU, NULL);
    m6_affine_run(t, x, hidden, &l->down, M6_ACT_NONE, x.data);
}

void m6_stack_run(struct m6_lane *lane)
{
    struct m6_transformer *t = lane->model;
    if (!lane->rows.count)
        return;
    const struct m6_mat x = m6_mat_of(lane->scratch.x, lane->rows.count, t->config.d_model);
    const struct m6_mat h = m6_mat_of(lane->scratch.h, x.rows, x.cols);
    fill_rows(lane, x);
    for (int i = 0; i < t->config.layers; i++) {
        attend(lane, i, x, h);
        think(lane, i, x, h);
        m6_lane_pause(lane);
    }
    m6_gains_run(t, h, x, &t->weights.norm);
    t->rows += (uint64_t)x.rows;
}
