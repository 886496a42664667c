#include <stdio.h>
#include <stdlib.h>

#include "train/image.h"
#include "train/m6.h"

#define NAME(...) (snprintf(name, sizeof name, __VA_ARGS__), name)

/* Rows of `table` laid out by id; ids are made on the way. */
static m6_var pick(struct m6_tape *t, const struct m6_params *p, const char *table, const int32_t *id, int rows)
{
    return m6_tape_gather(t, m6_weight_var(t, p, "%s", table), id, rows);
}

/* Patches of 2×3 positions at 1/16: their rows side by side. */
static m6_var patches(struct m6_tape *t, const struct m6_config *c, m6_var x, int n, int32_t *id)
{
    const int w = c->width / 16, h = c->height / 16, across = m6_config_patch_w(c);
    int k = 0;
    for (int i = 0; i < n; i++)
        for (int patch = 0; patch < m6_config_patches(c); patch++)
            for (int in = 0; in < 6; in++)
                id[k++] = (i * h + patch / across * 3 + in / 2) * w + patch % across * 2 + in % 2;
    return m6_tape_reshape(t, m6_tape_gather(t, x, id, k), k / 6, 6 * c->stem[2]);
}

static m6_var stem(struct m6_tape *t, const struct m6_params *p, const struct m6_config *c, m6_var x, int n,
                   int32_t *id)
{
    int h = c->height / 4, w = c->width / 4;
    char name[64];
    for (int i = 0; i < M6_STAGES; i++) {
        if (i) {
            x = m6_tape_space_to_depth(t, x, n, h, w, 2);
            h /= 2, w /= 2;
        }
        snprintf(name, sizeof name, "stem.%d.in", i);
        x = m6_linear(t, p, name, x);
        snprintf(name, sizeof name, "stem.%d.block", i);
        x = m6_block(t, p, name, x, n, h, w);
    }
    return m6_linear(t, p, "stem.out", m6_norm(t, p, "stem.ln", patches(t, c, x, n, id)));
}

static m6_var picture_rows(struct m6_tape *t, const struct m6_params *p, const struct m6_config *c,
                           const struct m6_batch *b, m6_var pixels, int32_t *id)
{
    const int each = m6_config_patches(c), across = m6_config_patch_w(c), rows = b->pictures * each;
    m6_var x = stem(t, p, c, pixels, b->pictures, id);
    for (int r = 0; r < rows; r++)
        id[r] = r % each / across;
    x = m6_tape_add(t, x, pick(t, p, "pos.row", id, rows));
    for (int r = 0; r < rows; r++)
        id[r] = r % across;
    x = m6_tape_add(t, x, pick(t, p, "pos.col", id, rows));
    for (int r = 0; r < rows; r++)
        id[r] = b->frame[r / each];
    return m6_tape_add(t, x, pick(t, p, "pos.frame", id, rows));
}

static m6_var text_rows(struct m6_tape *t, const struct m6_params *p, const struct m6_batch *b)
{
    const m6_var x = pick(t, p, "embed.weight", b->text.token, b->text.rows);
    return m6_tape_add(t, x, pick(t, p, "pos.text", b->text.position, b->text.rows));
}

static m6_var code_rows(struct m6_tape *t, const struct m6_params *p, const struct m6_config *c,
                        const struct m6_batch *b, int32_t *id)
{
    const struct m6_code_rows *rows = &b->code;
    m6_var x = pick(t, p, "embed.weight", rows->special, rows->rows);
    for (int s = 0; s < c->slots; s++) {
        char name[32];
        snprintf(name, sizeof name, "code.embed.%d", s);
        x = m6_tape_add(t, x, pick(t, p, name, rows->content + (size_t)s * rows->room, rows->rows));
    }
    for (int r = 0; r < rows->rows; r++)
        id[r] = rows->place[r] / c->code_w;
    x = m6_tape_add(t, x, pick(t, p, "pos.code_row", id, rows->rows));
    for (int r = 0; r < rows->rows; r++)
        id[r] = rows->place[r] % c->code_w;
    return m6_tape_add(t, x, pick(t, p, "pos.code_col", id, rows->rows));
}

static m6_var input(struct m6_tape *t, const struct m6_params *p, const struct m6_config *c, const struct m6_batch *b,
                    m6_var pixels)
{
    const int patch_rows = b->pictures * m6_config_patches(c), all = patch_rows + b->text.rows + b->code.rows;
    const int sixths = b->pictures * c->width * c->height / 256;
    int32_t *id = malloc((size_t)(all > sixths ? all : sixths) * sizeof *id);
    if (!id)
        return M6_NONE;
    m6_var part[3];
    int parts = 0;
    if (b->pictures)
        part[parts++] = picture_rows(t, p, c, b, pixels, id);
    if (b->text.rows)
        part[parts++] = text_rows(t, p, b);
    if (b->code.rows)
        part[parts++] = code_rows(t, p, c, b, id);
    for (int r = 0; r < all; r++)
        id[r] = r < patch_rows                  ? M6_KIND_PICTURE
                : r < patch_rows + b->text.rows ? b->text.kind[r - patch_rows]
                                                : b->code.kind[r - patch_rows - b->text.rows];
    m6_var x = parts == 1 ? part[0] : m6_tape_concat(t, part, parts);
    x = m6_tape_add(t, x, pick(t, p, "kind.weight", id, all));
    free(id);
    return x;
}

static m6_var experts(struct m6_tape *t, const struct m6_params *p, const struct m6_config *c, int layer, m6_var x,
                      float capacity, struct m6_expert_report *report)
{
    m6_var up[M6_EXPERTS_MAX], up_bias[M6_EXPERTS_MAX], down[M6_EXPERTS_MAX], down_bias[M6_EXPERTS_MAX];
    for (int e = 0; e < c->experts; e++) {
        up[e] = m6_weight_var(t, p, "layer.%d.expert.%d.up.weight", layer, e);
        up_bias[e] = m6_weight_var(t, p, "layer.%d.expert.%d.up.bias", layer, e);
        down[e] = m6_weight_var(t, p, "layer.%d.expert.%d.down.weight", layer, e);
        down_bias[e] = m6_weight_var(t, p, "layer.%d.expert.%d.down.bias", layer, e);
    }
    return m6_tape_experts(t, x, m6_weight_var(t, p, "layer.%d.router.weight", layer), up, up_bias, down, down_bias,
                           c->experts, c->prototypes, capacity, report);
}

m6_var m6_stack_forward(struct m6_tape *t, const struct m6_params *p, const struct m6_config *c,
                        const struct m6_batch *b, m6_var pixels, int share, float capacity,
                        struct m6_stack_report *report)
{
    const int period = c->sparse_every > 0 ? c->sparse_every : 1;
    int64_t routed = 0, dropped = 0;
    int sparse = 0;
    char name[64];
    *report = (struct m6_stack_report){0};
    m6_var x = input(t, p, c, b, pixels);
    for (int i = 0; i < c->layers; i++) {
        const int layer = share ? i % period : i;
        m6_var y = m6_norm(t, p, NAME("layer.%d.ln1", layer), x);
        y = m6_tape_attention(t, m6_linear(t, p, NAME("layer.%d.qkv", layer), y), c->heads, b->ordered, b->segments);
        x = m6_linear_add(t, p, NAME("layer.%d.out", layer), y, x);
        y = m6_norm(t, p, NAME("layer.%d.ln2", layer), x);
        if (m6_config_sparse(c, i)) {
            struct m6_expert_report r = {0};
            x = m6_tape_add(t, x, experts(t, p, c, layer, y, capacity, &r));
            routed += r.routed;
            dropped += r.dropped;
            report->variation += r.variation;
            sparse++;
        } else {
            y = m6_tape_gelu(t, m6_linear(t, p, NAME("layer.%d.up", layer), y));
            x = m6_linear_add(t, p, NAME("layer.%d.down", layer), y, x);
        }
    }
    if (sparse) {
        report->variation /= sparse;
        report->dropped = routed + dropped ? (double)dropped / (double)(routed + dropped) : 0;
    }
    return m6_norm(t, p, "norm", x);
}
