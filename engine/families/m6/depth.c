/* The depth head: a place's codes, slot by slot, each told the ones before it. Guidance acts on every slot's logits; the
 * two rows of a place are then told the same code. Places of several drawings go together, as far as there is room. */
#include "families/m6/transformer.h"

#include <math.h>

/* Jobs that go together. Rows: all conditional ones, then all unconditional ones. */
struct group {
    const struct m6_depth *job;
    int jobs, cond, rows;
};

static int rows_of(const struct m6_depth *job)
{
    return job->uncond ? 2 * job->count : job->count;
}

static struct group next_group(const struct m6_lane *lane, int first)
{
    const int most = 2 * m6_config_places(&lane->model->config);
    struct group g = {.job = &lane->depth[first]};
    for (; first + g.jobs < lane->depths && g.rows + rows_of(&g.job[g.jobs]) <= most; g.jobs++) {
        g.rows += rows_of(&g.job[g.jobs]);
        g.cond += g.job[g.jobs].count;
    }
    return g;
}

static void gather(struct m6_lane *lane, const struct group *g)
{
    struct m6_transformer *t = lane->model;
    int32_t *row = lane->scratch.depth.row, *second = row + g->cond;
    for (int j = 0; j < g->jobs; j++)
        for (int i = 0; i < g->job[j].count; i++) {
            *row++ = g->job[j].cond[i];
            if (g->job[j].uncond)
                *second++ = g->job[j].uncond[i];
        }
    t->ops->embed(t->backend, m6_mat_of(lane->scratch.depth.h, g->rows, t->config.d_model), lane->scratch.h,
                  lane->scratch.depth.row, 0);
}

static void logits_of(struct m6_lane *lane, int slot, struct m6_mat logits)
{
    struct m6_transformer *t = lane->model;
    const struct m6_weights *w = &t->weights;
    const struct m6_scratch *s = &lane->scratch;
    const int rows = logits.rows, d = t->config.d_model;
    const struct m6_mat h = m6_mat_of(s->depth.h, rows, d), u = m6_mat_of(s->depth.u, rows, d);
    const struct m6_mat n = m6_mat_of(s->depth.norm, rows, d);
    const struct m6_mat hidden = m6_mat_of(s->depth.hidden, rows, t->config.depth_ffn);
    m6_affine_run(t, u, h, &w->depth.proj[slot], M6_ACT_NONE, slot ? s->depth.told : NULL);
    m6_gains_run(t, n, u, &w->depth.ln1);
    m6_affine_run(t, hidden, n, &w->depth.up, M6_ACT_GELU, NULL);
    m6_affine_run(t, u, hidden, &w->depth.down, M6_ACT_NONE, u.data);
    m6_gains_run(t, n, u, &w->depth.ln2);
    m6_affine_run(t, logits, n, &w->depth.out[slot], M6_ACT_NONE, NULL);
}

static struct m6_mat some_rows(struct m6_mat m, int first, int count)
{
    return (struct m6_mat){m.data + (size_t)first * (size_t)m.stride, count, m.cols, m.stride};
}

static void guide(struct m6_lane *lane, const struct group *g, struct m6_mat logits)
{
    struct m6_transformer *t = lane->model;
    for (int j = 0, at = 0, second = g->cond; j < g->jobs; at += g->job[j++].count) {
        const struct m6_depth *job = &g->job[j];
        const struct m6_mat cond = some_rows(logits, at, job->count);
        if (!job->uncond)
            continue;
        t->ops->mix(t->backend, cond, job->guidance, cond, 1 - job->guidance, some_rows(logits, second, job->count));
        second += job->count;
    }
}

static void choose(struct m6_lane *lane, const struct group *g, int slot, struct m6_mat logits)
{
    struct m6_transformer *t = lane->model;
    const struct m6_config *c = &t->config;
    struct m6_sample *how = lane->scratch.depth.how;
    int32_t *code = lane->scratch.depth.code, *second = code + g->cond;
    for (int j = 0; j < g->jobs; j++)
        for (int i = 0; i < g->job[j].count; i++, how++) {
            *how = g->job[j].how;
            how->first = 0;
            how->last = c->codes;
            how->position = g->job[j].position[i] + (uint64_t)slot;
        }
    t->ops->sample(t->backend, some_rows(logits, 0, g->cond), lane->scratch.depth.how, code);
    for (int j = 0; j < g->jobs; j++)
        for (int i = 0; i < g->job[j].count; i++, code++) {
            g->job[j].code[i * c->slots + slot] = *code;
            if (g->job[j].uncond)
                *second++ = *code;
        }
}

static void add_log_probs(struct m6_lane *lane, const struct group *g, struct m6_mat logits)
{
    struct m6_transformer *t = lane->model;
    const size_t codes = (size_t)t->config.codes;
    float *p = lane->scratch.depth.host;
    const int32_t *code = lane->scratch.depth.code;
    for (int j = 0, at = 0; j < g->jobs; at += g->job[j++].count) {
        const struct m6_depth *job = &g->job[j];
        const struct m6_mat mine = some_rows(logits, at, job->count);
        if (!job->log_prob)
            continue;
        t->ops->softmax(t->backend, mine, mine);
        t->ops->download(t->backend, p, mine.data, (size_t)job->count * codes * sizeof *p);
        for (int i = 0; i < job->count; i++)
            job->log_prob[i] += log(fmax((double)p[(size_t)i * codes + (size_t)code[at + i]], 1e-30));
    }
}

static void run(struct m6_lane *lane, const struct group *g)
{
    struct m6_transformer *t = lane->model;
    const struct m6_config *c = &t->config;
    const struct m6_mat logits = m6_mat_of(lane->scratch.depth.logits, g->rows, c->codes);
    gather(lane, g);
    for (int j = 0; j < g->jobs; j++)
        for (int i = 0; i < g->job[j].count && g->job[j].log_prob; i++)
            g->job[j].log_prob[i] = 0;
    for (int slot = 0; slot < c->slots; slot++) {
        logits_of(lane, slot, logits);
        guide(lane, g, logits);
        choose(lane, g, slot, logits);
        add_log_probs(lane, g, logits);
        if (slot + 1 < c->slots)
            t->ops->embed(t->backend, m6_mat_of(lane->scratch.depth.told, g->rows, c->d_model),
                          t->weights.code_embed[slot], lane->scratch.depth.code, slot > 0);
        m6_lane_pause(lane);
    }
}

void m6_depth_run(struct m6_lane *lane)
{
    for (int first = 0; first < lane->depths;) {
        const struct group g = next_group(lane, first);
        run(lane, &g);
        first += g.jobs;
    }
}
