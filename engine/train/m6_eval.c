/* Held-out figures of M6. Targets are fed as they should be, so a sequence counts as exact when greedy decoding
 * would give it word for word; captions are read back and scored attribute by attribute. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/m6_job.h"

enum { ATTRIBUTES_MAX = 32 };

struct tally {
    double loss[M6_OBJECTIVES_ALL], accuracy[M6_OBJECTIVES_ALL];
    int rows[M6_OBJECTIVES_ALL], sequences[M6_TEXT_OBJECTIVES], exact[M6_TEXT_OBJECTIVES];
    int right[ATTRIBUTES_MAX], stated[ATTRIBUTES_MAX];
};

/* Scores what was predicted for a caption of still `index`. */
static void score_caption(struct m6_trainer *t, struct tally *y, const int32_t *token, int count, enum m6_lang lang,
                          uint64_t index)
{
    const struct m6_job_state *j = t->self;
    int score[ATTRIBUTES_MAX];
    char text[M6_CAPTION_BYTES];
    m6_tokenizer_decode(j->tokenizer, token, count, text, sizeof text);
    t->source->score(t->source->self, M6_SPLIT_HELDOUT, 0, index, lang, text, score);
    for (int a = 0; a < t->source->attributes && a < ATTRIBUTES_MAX; a++) {
        y->stated[a] += score[a] >= 0;
        y->right[a] += score[a] > 0;
    }
}

static void sequences(struct m6_trainer *t, struct tally *y, const int32_t *likeliest, uint64_t first)
{
    const struct m6_text_rows *r = &((struct m6_job_state *)t->self)->batch.text;
    uint64_t caption[M6_LANGS] = {first, first};
    for (int from = 0; from < r->rows;) {
        int to = from + 1, right = r->target[from] < 0 || likeliest[from] == r->target[from];
        if (r->target[from] < 0) {
            from++;
            continue;
        }
        for (; to < r->rows && r->sequence[to] == r->sequence[from] && r->target[to] >= 0; to++)
            right &= likeliest[to] == r->target[to];
        const int o = r->objective[from];
        y->sequences[o]++;
        y->exact[o] += right;
        if (t->source->score && (o == M6_CAPTION_EN || o == M6_CAPTION_ZH)) {
            const enum m6_lang lang = o == M6_CAPTION_EN ? M6_LANG_EN : M6_LANG_ZH;
            score_caption(t, y, likeliest + from, to - from, lang, caption[lang]++);
        }
        from = to;
    }
}

static void report(const struct m6_trainer *t, const struct tally *y, struct m6_metrics *m)
{
    char name[64];
    for (int o = 0; o < M6_OBJECTIVES_ALL; o++) {
        if (!y->rows[o])
            continue;
        m6_metrics_set(m, m6_objective_name((enum m6_objective)o), y->loss[o] / y->rows[o]);
        snprintf(name, sizeof name, "%s.token", m6_objective_name((enum m6_objective)o));
        m6_metrics_set(m, name, y->accuracy[o] / y->rows[o]);
        if (o >= M6_TEXT_OBJECTIVES || !y->sequences[o])
            continue;
        snprintf(name, sizeof name, "%s.exact", m6_objective_name((enum m6_objective)o));
        m6_metrics_set(m, name, (double)y->exact[o] / y->sequences[o]);
    }
    for (int a = 0; t->source->score && a < t->source->attributes && a < ATTRIBUTES_MAX; a++)
        if (y->stated[a]) {
            snprintf(name, sizeof name, "says.%s", t->source->attribute[a]);
            m6_metrics_set(m, name, (double)y->right[a] / y->stated[a]);
        }
}

enum m6_status m6_job_evaluate(struct m6_trainer *t, struct m6_metrics *m, struct m6_error *err)
{
    struct m6_job_state *j = t->self;
    struct tally y = {0};
    enum m6_status status = M6_OK;
    for (int b = 0; b < t->recipe.eval_batches && !status; b++) {
        struct m6_stack_report experts;
        if ((status = m6_job_batch(t, M6_SPLIT_HELDOUT, b, err)))
            break;
        struct m6_losses l = {0};
        if (!(l.likeliest = malloc((size_t)(j->batch.text.rows + 1) * sizeof *l.likeliest)))
            return m6_fail(err, M6_ERR_MEMORY, "no memory for an evaluation");
        const m6_var h = m6_job_forward(t, 0, &experts);
        if (m6_batch_loss(t->tape, t->params, &t->recipe.config, &j->batch, h, &t->recipe.objective, &l, err) ==
            M6_NONE)
            status = m6_tape_status(t->tape) ? M6_ERR_MEMORY : M6_ERR_ARGUMENT;
        for (int o = 0; o < M6_OBJECTIVES_ALL && !status; o++) {
            y.loss[o] += l.loss[o] * l.rows[o];
            y.accuracy[o] += l.accuracy[o] * l.rows[o];
            y.rows[o] += l.rows[o];
        }
        if (!status)
            sequences(t, &y, l.likeliest, (uint64_t)(b * m6_recipe_stills(&t->recipe) + t->recipe.drawings));
        free(l.likeliest);
    }
    if (!status)
        report(t, &y, m);
    if (!status && t->recipe.eval_drawings && j->image)
        status = m6_draw_evaluate(t, m, err);
    return status;
}
