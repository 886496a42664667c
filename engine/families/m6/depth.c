/* The depth head: a place's codes, slot by slot, each told the ones before it. Guidance acts on every slot's logits; the
 * two rows of a place are then told the same code. */
#include "families/m6/transformer.h"

#include <math.h>

/* The rows of a run: all conditional ones, then all unconditional ones. */
static int gather(struct m6_transformer *t, const struct m6_depth *job)
{
    int32_t *row = t->scratch.depth.row;
    const int rows = job->uncond ? 2 * job->count : job->count;
    for (int i = 0; i < job->count; i++) {
        row[i] = job->cond[i];
        if (job->uncond)
            row[job->count + i] = job->uncond[i];
    }
    t->ops->embed(t->backend, m6_mat_of(t->scratch.depth.h, rows, t->config.d_model), t->scratch.h, row, 0);
    return rows;
}

static void logits_of(struct m6_transformer *t, int slot, struct m6_mat logits)
{
    const struct m6_weights *w = &t->weights;
    const struct m6_scratch *s = &t->scratch;
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

static void add_log_prob(struct m6_transformer *t, const struct m6_depth *job, struct m6_mat logits)
{
    const int codes = t->config.codes;
    float *p = t->scratch.depth.host;
    t->ops->softmax(t->backend, logits, logits);
    t->ops->download(t->backend, p, logits.data, (size_t)job->count * (size_t)codes * sizeof *p);
    for (int i = 0; i < job->count; i++)
        job->log_prob[i] += log(fmax((double)p[(size_t)i * (size_t)codes + (size_t)t->scratch.depth.code[i]], 1e-30));
}

void m6_depth_run(struct m6_transformer *t, const struct m6_depth *job)
{
    const struct m6_config *c = &t->config;
    const struct m6_scratch *s = &t->scratch;
    const int rows = gather(t, job), count = job->count;
    const struct m6_mat logits = m6_mat_of(s->depth.logits, rows, c->codes);
    const struct m6_mat cond = m6_mat_of(logits.data, count, c->codes);
    const struct m6_mat uncond = m6_mat_of(logits.data + (size_t)count * (size_t)c->codes, count, c->codes);
    for (int i = 0; i < count && job->log_prob; i++)
        job->log_prob[i] = 0;
    for (int slot = 0; slot < c->slots; slot++) {
        logits_of(t, slot, logits);
        if (job->uncond)
            t->ops->mix(t->backend, cond, job->guidance, cond, 1 - job->guidance, uncond);
        for (int i = 0; i < count; i++) {
            s->depth.how[i] = job->how;
            s->depth.how[i].first = 0;
            s->depth.how[i].last = c->codes;
            s->depth.how[i].position = job->position[i] + (uint64_t)slot;
        }
        t->ops->sample(t->backend, cond, s->depth.how, s->depth.code);
        for (int i = 0; i < count; i++) {
            job->code[i * c->slots + slot] = s->depth.code[i];
            if (job->uncond)
                s->depth.code[count + i] = s->depth.code[i];
        }
        if (job->log_prob)
            add_log_prob(t, job, cond);
        if (slot + 1 < c->slots)
            t->ops->embed(t->backend, m6_mat_of(s->depth.told, rows, c->d_model), t->weights.code_embed[slot],
                          s->depth.code, slot > 0);
    }
}
