#include <stdlib.h>
#include <string.h>

#include "families/m6/transformer.h"

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* Two passes over one list: the first counts, the second hands out. */
struct cutter {
    float *base;
    size_t used;
};

static float *cut(struct cutter *c, size_t count)
{
    float *at = c->base ? c->base + c->used : NULL;
    c->used += (count + 15) & ~(size_t)15;
    return at;
}

static size_t plane_floats(const struct m6_config *c)
{
    const size_t quarter = (size_t)(c->width / 4) * (size_t)(c->height / 4);
    const int wide = larger(48, larger(c->stem[0], c->tok_channels[0]));
    const int eighth = larger(larger(4 * c->stem[0], c->stem[1]), larger(4 * c->tok_channels[0], c->tok_channels[1]));
    const int sixteenth = larger(4 * c->stem[1], c->stem[2]);
    const size_t a = quarter * (size_t)wide, b = quarter / 4 * (size_t)eighth, d = quarter / 16 * (size_t)sixteenth;
    return a > b ? (a > d ? a : d) : (b > d ? b : d);
}

static void cut_all(struct m6_lane *lane, struct cutter *k)
{
    const struct m6_config *c = &lane->model->config;
    struct m6_scratch *s = &lane->scratch;
    const size_t rows = (size_t)lane->rows.max, d = (size_t)c->d_model, both = 2 * (size_t)m6_config_places(c);
    s->x = cut(k, rows * d);
    s->h = cut(k, rows * d);
    s->qkv = cut(k, rows * 3 * d);
    s->attended = cut(k, rows * d);
    s->hidden = cut(k, rows * (size_t)c->ffn);
    s->router = cut(k, rows * (size_t)c->experts);
    s->gate = cut(k, rows * (size_t)c->prototypes);
    s->index = (int32_t *)cut(k, rows * (size_t)c->prototypes);
    s->last = cut(k, M6_STEP_SEQUENCES * d);
    s->logits = cut(k, M6_STEP_SEQUENCES * (size_t)c->vocab);
    for (int i = 0; i < 3; i++)
        s->plane[i] = cut(k, M6_STEM_TOGETHER * plane_floats(c));
    s->depth.h = cut(k, both * d);
    s->depth.told = cut(k, both * d);
    s->depth.u = cut(k, both * d);
    s->depth.norm = cut(k, both * d);
    s->depth.hidden = cut(k, both * (size_t)c->depth_ffn);
    s->depth.logits = cut(k, both * (size_t)c->codes);
}

static int alloc_rows(struct m6_rows *rows, int slots)
{
    const size_t n = (size_t)rows->max;
    rows->token = malloc(n * sizeof *rows->token);
    rows->position = malloc(n * sizeof *rows->position);
    rows->slot = malloc(n * sizeof *rows->slot);
    rows->span = malloc((size_t)rows->spans_max * sizeof *rows->span);
    int ok = rows->token && rows->position && rows->slot && rows->span;
    for (int s = 0; ok && s < slots; s++)
        ok = (rows->code[s] = malloc(n * sizeof *rows->code[s])) != NULL;
    return ok;
}

static int alloc_host(struct m6_lane *lane)
{
    const struct m6_config *c = &lane->model->config;
    struct m6_scratch *s = &lane->scratch;
    const size_t places = (size_t)m6_config_places(c), across = (size_t)m6_config_patch_w(c);
    const size_t patches = (size_t)m6_config_patches(c);
    s->host = malloc((size_t)c->width * (size_t)c->height * 3 * sizeof *s->host);
    s->patch_order = malloc(M6_STEM_TOGETHER * patches * 6 * sizeof *s->patch_order);
    s->depth.host = malloc(places * (size_t)c->codes * sizeof *s->depth.host);
    s->depth.row = malloc(2 * places * sizeof *s->depth.row);
    s->depth.code = malloc(2 * places * sizeof *s->depth.code);
    s->depth.how = malloc(2 * places * sizeof *s->depth.how);
    s->head_row = malloc(M6_STEP_SEQUENCES * sizeof *s->head_row);
    s->head_id = malloc(M6_STEP_SEQUENCES * sizeof *s->head_id);
    s->head_how = malloc(M6_STEP_SEQUENCES * sizeof *s->head_how);
    if (!s->head_row || !s->head_id || !s->head_how || !s->host || !s->patch_order || !s->depth.host || !s->depth.row || !s->depth.code || !s->depth.how)
        return 0;
    /* pictures one below the other are one tall picture */
    for (size_t p = 0; p < M6_STEM_TOGETHER * patches; p++)
        for (size_t i = 0; i < 6; i++)
            s->patch_order[p * 6 + i] =
                (int32_t)((p / across * 3 + i / 2) * (size_t)(c->width / 16) + p % across * 2 + i % 2);
    return 1;
}

enum m6_status m6_lane_init(struct m6_lane *lane, struct m6_transformer *t, struct m6_error *err)
{
    struct m6_rows *rows = &lane->rows;
    lane->model = t;
    rows->max = m6_transformer_slots(&t->config);
    rows->spans_max = M6_STEP_SEQUENCES * 4;
    rows->pictures_max = (int)(sizeof rows->picture / sizeof *rows->picture);
    struct cutter k = {0};
    cut_all(lane, &k);
    k.base = lane->arena = t->ops->alloc(t->backend, k.used * sizeof(float));
    k.used = 0;
    if (!lane->arena || !alloc_rows(rows, t->config.slots) || !alloc_host(lane))
        return m6_fail(err, M6_ERR_MEMORY, "no memory for steps of %d rows", rows->max);
    cut_all(lane, &k);
    return M6_OK;
}

void m6_lane_finish(struct m6_lane *lane)
{
    struct m6_rows *rows = &lane->rows;
    struct m6_scratch *s = &lane->scratch;
    void *const all[] = {rows->token, rows->position, rows->slot,   rows->span,   s->host,      s->patch_order, s->depth.host,
                         s->depth.row, s->depth.code, s->depth.how, s->head_row, s->head_id, s->head_how};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    for (int i = 0; i < M6_SLOTS_MAX; i++)
        free(rows->code[i]);
    if (lane->arena)
        lane->model->ops->free(lane->model->backend, lane->arena);
}
