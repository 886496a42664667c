#include "train/judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/image.h"
#include "train/quant.h"

enum { STAGES = 3, WIDEN = 3, STRIPS = 4 };
static const int stage_blocks[STAGES] = {1, 2, 3};

int m6_judge_outputs(const struct m6_judge_shape *s)
{
    int sum = 0;
    for (int g = 0; g < s->groups; g++)
        sum += s->group[g].count * s->group[g].classes;
    return sum;
}

void m6_judge_shape_of(struct m6_judge_shape *s, const struct m6_recipe *r, const struct m6_source *source)
{
    *s = (struct m6_judge_shape){.width = r->config.width, .height = r->config.height, .groups = source->groups};
    memcpy(s->channels, r->judge_channels, sizeof s->channels);
    memcpy(s->group, source->group, (size_t)source->groups * sizeof *s->group);
}

enum m6_status m6_judge_params(struct m6_params *p, const struct m6_judge_shape *s, uint64_t seed, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    char name[64];
    for (int i = 0; i < STAGES && !status; i++) {
        snprintf(name, sizeof name, "judge.%d.in", i);
        status = m6_linear_params(p, name, s->channels[i], i ? 4 * s->channels[i - 1] : 48, 1, seed, err);
        for (int b = 0; b < stage_blocks[i] && !status; b++) {
            snprintf(name, sizeof name, "judge.%d.block.%d", i, b);
            status = m6_block_params(p, name, s->channels[i], seed, err);
        }
    }
    const int c = s->channels[STAGES - 1];
    if (!status && (!m6_params_add(p, "judge.row", s->height / 16, c, 0, 0.3f, seed) ||
                    !m6_params_add(p, "judge.col", s->width / 16, c, 0, 0.3f, seed)))
        status = m6_fail(err, M6_ERR_MEMORY, "no memory for the judge");
    if (status || (status = m6_norm_params(p, "judge.ln", c, err)) ||
        (status = m6_linear_params(p, "judge.wide", WIDEN * c, c, sqrtf(2), seed, err)) ||
        (status = m6_norm_params(p, "judge.pool", WIDEN * c, err)))
        return status;
    if ((status = m6_linear_params(p, "judge.out", m6_judge_outputs(s), WIDEN * c, 0.3f, seed, err)) ||
        (status = m6_linear_params(p, "judge.narrow", c, c, sqrtf(2), seed, err)) ||
        (status = m6_norm_params(p, "judge.strip", STRIPS * c, err)))
        return status;
    return m6_linear_params(p, "judge.side", m6_judge_outputs(s), STRIPS * c, 0.3f, seed, err);
}

/* Row (or column) embeddings laid out over all positions of n pictures. */
static m6_var spread(struct m6_tape *t, m6_var table, int n, int h, int w, int rows)
{
    int32_t *id = malloc((size_t)n * h * w * sizeof *id);
    for (int i = 0; id && i < n * h * w; i++)
        id[i] = rows ? i / w % h : i % w;
    const m6_var x = m6_tape_gather(t, table, id, n * h * w);
    free(id);
    return x;
}

/* Means over upright strips of the picture, side by side: what stands where from left to right. */
static m6_var strips(struct m6_tape *t, m6_var x, int n, int h, int w)
{
    const int across = w / STRIPS, cols = m6_tape_cols(t, x);
    int32_t *id = malloc((size_t)n * h * w * sizeof *id);
    int k = 0;
    for (int i = 0; id && i < n; i++)
        for (int strip = 0; strip < STRIPS; strip++)
            for (int in = 0; in < h * across; in++)
                id[k++] = (i * h + in / across) * w + strip * across + in % across;
    x = m6_tape_mean_rows(t, m6_tape_gather(t, x, id, k), h * across);
    free(id);
    return m6_tape_reshape(t, x, n, STRIPS * cols);
}

m6_var m6_judge_graph(struct m6_tape *t, const struct m6_params *p, const struct m6_judge_shape *s, m6_var x, int n)
{
    int h = s->height / 4, w = s->width / 4;
    char name[64];
    for (int i = 0; i < STAGES; i++) {
        if (i) {
            x = m6_tape_space_to_depth(t, x, n, h, w, 2);
            h /= 2, w /= 2;
        }
        snprintf(name, sizeof name, "judge.%d.in", i);
        x = m6_linear(t, p, name, x);
        if (i == STAGES - 1) {
            x = m6_tape_add(t, x, spread(t, m6_weight_var(t, p, "judge.row"), n, h, w, 1));
            x = m6_tape_add(t, x, spread(t, m6_weight_var(t, p, "judge.col"), n, h, w, 0));
        }
        for (int b = 0; b < stage_blocks[i]; b++) {
            snprintf(name, sizeof name, "judge.%d.block.%d", i, b);
            x = m6_block(t, p, name, x, n, h, w);
        }
    }
    x = m6_norm(t, p, "judge.ln", x);
    m6_var side = m6_tape_gelu(t, m6_linear(t, p, "judge.narrow", x));
    side = m6_norm(t, p, "judge.strip", strips(t, side, n, h, w));
    x = m6_tape_gelu(t, m6_linear(t, p, "judge.wide", x));
    x = m6_norm(t, p, "judge.pool", m6_tape_mean_rows(t, x, h * w));
    return m6_linear_add(t, p, "judge.side", side, m6_linear(t, p, "judge.out", x));
}

void m6_judge_softmax(const struct m6_judge_shape *s, float *x)
{
    for (int g = 0; g < s->groups; g++)
        for (int i = 0; i < s->group[g].count; i++, x += s->group[g].classes) {
            const int n = s->group[g].classes;
            float top = x[0], sum = 0;
            for (int k = 1; k < n; k++)
                top = fmaxf(top, x[k]);
            for (int k = 0; k < n; k++)
                sum += x[k] = expf(x[k] - top);
            for (int k = 0; k < n; k++)
                x[k] /= sum;
        }
}

/* ---- use ---- */

struct m6_judge {
    struct m6_judge_shape shape;
    struct m6_pool *pool;
    struct m6_tape *tape;
    struct m6_params *params;
};

enum m6_status m6_judge_write(const struct m6_params *p, const struct m6_judge_shape *s, const char *path,
                              struct m6_error *err)
{
    char size[128], groups[1024] = "";
    snprintf(size, sizeof size, "%d %d %d %d %d", s->width, s->height, s->channels[0], s->channels[1], s->channels[2]);
    for (int g = 0; g < s->groups; g++)
        snprintf(groups + strlen(groups), sizeof groups - strlen(groups), "%s %d %d %d ", s->group[g].name,
                 s->group[g].count, s->group[g].classes, s->group[g].absent);
    const char *const metadata[] = {"size", size, "groups", groups, NULL};
    return m6_quant_write(p, M6_QUANT_FLOAT, path, metadata, err);
}

static int read_shape(struct m6_judge_shape *s, const char *size, const char *groups)
{
    if (!size || !groups || sscanf(size, "%d %d %d %d %d", &s->width, &s->height, &s->channels[0], &s->channels[1],
                                   &s->channels[2]) != 5)
        return 0;
    if (s->width < 16 || s->width > 8192 || s->width % 64 || s->height < 16 || s->height > 8192 || s->height % 16)
        return 0;
    for (int i = 0; i < 3; i++)
        if (s->channels[i] < 1 || s->channels[i] > 4096)
            return 0;
    int labels = 0;
    for (int used; s->groups < M6_JUDGE_GROUPS_MAX; groups += used) {
        struct m6_label_group *g = &s->group[s->groups];
        if (sscanf(groups, "%31s %d %d %d %n", s->name[s->groups], &g->count, &g->classes, &g->absent, &used) != 4)
            break;
        if (g->count < 1 || g->count > M6_LABELS_MAX || g->classes < 2 || g->classes > M6_JUDGE_OUTPUTS_MAX ||
            g->absent >= g->classes)
            return 0;
        labels += g->count;
        g->name = s->name[s->groups++];
    }
    return s->groups > 0 && labels <= M6_LABELS_MAX && m6_judge_outputs(s) <= M6_JUDGE_OUTPUTS_MAX;
}

enum m6_status m6_judge_load(struct m6_judge **out, const char *path, int threads, struct m6_error *err)
{
    struct m6_safetensors *file = NULL;
    struct m6_judge *j = calloc(1, sizeof *j);
    *out = NULL;
    enum m6_status status = j ? m6_safetensors_open(&file, path, err) : m6_fail(err, M6_ERR_MEMORY, "no memory");
    if (!status && !read_shape(&j->shape, m6_safetensors_metadata(file, "size"), m6_safetensors_metadata(file, "groups")))
        status = m6_fail(err, M6_ERR_MODEL, "%s: not a judge (its metadata has no shape)", path);
    if (!status) {
        j->pool = m6_pool_create(threads);
        j->params = m6_params_create();
        if (!j->pool || !j->params)
            status = m6_fail(err, M6_ERR_MEMORY, "no memory or threads for the judge");
    }
    if (!status && !(j->tape = m6_tape_create(M6_TAPE_F32, j->pool, NULL, err)))
        status = M6_ERR_MEMORY;
    if (!status && !(status = m6_judge_params(j->params, &j->shape, 0, err)))
        status = m6_quant_read(j->params, path, 0, err);
    m6_safetensors_close(file);
    if (status)
        m6_judge_destroy(j);
    else
        *out = j;
    return status;
}

static int same_groups(const struct m6_judge_shape *s, const struct m6_source *source)
{
    int same = s->groups == source->groups;
    for (int g = 0; g < s->groups && same; g++)
        same = !strcmp(s->group[g].name, source->group[g].name) && s->group[g].count == source->group[g].count &&
               s->group[g].classes == source->group[g].classes && s->group[g].absent == source->group[g].absent;
    return same;
}

enum m6_status m6_judge_load_for(struct m6_judge **out, const struct m6_recipe *r, const struct m6_source *source,
                                 struct m6_error *err)
{
    const enum m6_status status = m6_judge_load(out, r->judge, r->threads, err);
    if (status)
        return status;
    const struct m6_judge_shape *s = &(*out)->shape;
    const int sized = s->width == r->config.width && s->height == r->config.height;
    if (sized && same_groups(s, source))
        return M6_OK;
    const enum m6_status wrong =
        sized ? m6_fail(err, M6_ERR_MODEL, "%s judges other attributes than this data has: leave \"eval.judge\" out",
                        r->judge)
              : m6_fail(err, M6_ERR_MODEL, "%s judges pictures of %d × %d, and the config has %d × %d", r->judge, s->width,
                        s->height, r->config.width, r->config.height);
    m6_judge_destroy(*out);
    *out = NULL;
    return wrong;
}

void m6_judge_destroy(struct m6_judge *j)
{
    if (!j)
        return;
    m6_tape_destroy(j->tape);
    m6_params_destroy(j->params);
    m6_pool_destroy(j->pool);
    free(j);
}

const struct m6_judge_shape *m6_judge_shape(const struct m6_judge *j)
{
    return &j->shape;
}

enum m6_status m6_judge_score(struct m6_judge *j, const uint8_t *rgb, int n, struct m6_verdict *v, struct m6_error *err)
{
    enum { BATCH = 16 };
    const struct m6_judge_shape *s = &j->shape;
    const int area = s->width * s->height, outputs = m6_judge_outputs(s);
    float *pixel = malloc((size_t)BATCH * area * 3 * sizeof *pixel);
    if (!pixel)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to judge %d frames", n);
    for (int first = 0; first < n; first += BATCH) {
        const int count = n - first < BATCH ? n - first : BATCH;
        m6_picture_blocks(rgb + (size_t)first * area * 3, count, s->width, s->height, 4, pixel);
        m6_tape_reset(j->tape);
        const m6_var x = m6_tape_input(j->tape, count * area / 16, 48, pixel);
        const float *logits = m6_tape_data(j->tape, m6_judge_graph(j->tape, j->params, s, x, count));
        if (!logits) {
            free(pixel);
            return m6_fail(err, M6_ERR_MEMORY, "no memory to judge %d frames", n);
        }
        for (int i = 0; i < count; i++) {
            struct m6_verdict *to = &v[first + i];
            memset(to, 0, sizeof *to);
            memcpy(to->probability, logits + (size_t)i * outputs, (size_t)outputs * sizeof *logits);
            m6_judge_softmax(s, to->probability);
            const float *p = to->probability;
            for (int g = 0, a = 0; g < s->groups; g++)
                for (int k = 0; k < s->group[g].count; k++, a++, p += s->group[g].classes)
                    for (int c = 1; c < s->group[g].classes; c++)
                        if (p[c] > p[to->label[a]])
                            to->label[a] = c;
        }
    }
    free(pixel);
    return M6_OK;
}
