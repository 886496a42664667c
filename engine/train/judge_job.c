/* Training the judge on degraded frames; evaluated on clean, held-out ones. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/image.h"
#include "train/judge.h"
#include "train/trainer.h"

/* An attribute that is there is rarer than one that is absent, and counts for more. */
static const float present_weight = 3;

struct judge_job {
    struct m6_judge_shape shape;
    struct m6_example *example;
    uint8_t *rgb;
    float *pixel;
    int32_t *target; /* one group's, for a batch */
    float *weight;
};

static void destroy(struct m6_trainer *t)
{
    struct judge_job *j = t->self;
    if (!j)
        return;
    free(j->example);
    free(j->rgb);
    free(j->pixel);
    free(j->target);
    free(j->weight);
    free(j);
    t->self = NULL;
}

static enum m6_status create(struct m6_trainer *t, struct m6_error *err)
{
    const struct m6_recipe *r = &t->recipe;
    const size_t n = (size_t)r->pictures, area = (size_t)r->config.width * (size_t)r->config.height;
    if (!t->source->groups)
        return m6_fail(err, M6_ERR_ARGUMENT, "%s: a judge needs labels, and this data has none", r->path);
    struct judge_job *j = t->self = calloc(1, sizeof *j);
    if (!j)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the judge's training");
    m6_judge_shape_of(&j->shape, r, t->source);
    j->example = calloc(n, sizeof *j->example);
    j->rgb = malloc(n * area * 3);
    j->pixel = malloc(n * area * 3 * sizeof *j->pixel);
    j->target = malloc(n * M6_LABELS_MAX * sizeof *j->target);
    j->weight = malloc(n * M6_LABELS_MAX * sizeof *j->weight);
    if (!j->example || !j->rgb || !j->pixel || !j->target || !j->weight)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a batch of %zu pictures", n);
    for (size_t i = 0; i < n; i++)
        j->example[i].wordless = 1;
    return m6_judge_params(t->params, &j->shape, r->seed, err);
}

static enum m6_status start(struct m6_trainer *t, int64_t step, struct m6_error *err)
{
    return M6_OK;
}

static void augment(void *arg, int task, int thread)
{
    struct m6_trainer *t = ((void **)arg)[0];
    const struct judge_job *j = t->self;
    const uint64_t first = *(const uint64_t *)((void **)arg)[1];
    const int w = j->shape.width, h = j->shape.height;
    m6_judge_augment(j->rgb + (size_t)task * w * h * 3, w, h, first + (uint64_t)task);
}

static enum m6_status batch(struct m6_trainer *t, enum m6_split split, uint64_t first, m6_var *logits,
                            struct m6_error *err)
{
    struct judge_job *j = t->self;
    const int n = t->recipe.pictures, w = j->shape.width, h = j->shape.height;
    const enum m6_status status = m6_trainer_fetch(t, split, 0, first, n, j->example, j->rgb, NULL, err);
    if (status)
        return status;
    if (split == M6_SPLIT_TRAIN) {
        void *arg[] = {t, &first};
        m6_pool_run(t->pool, n, augment, arg);
    }
    m6_picture_blocks(j->rgb, n, w, h, 4, j->pixel);
    m6_tape_reset(t->tape);
    const m6_var x = m6_tape_input(t->tape, n * w * h / 16, 48, j->pixel);
    *logits = m6_judge_graph(t->tape, t->params, &j->shape, x, n);
    return *logits == M6_NONE ? m6_fail(err, M6_ERR_MEMORY, "no memory for %d pictures", n) : M6_OK;
}

static enum m6_status step(struct m6_trainer *t, int64_t number, struct m6_metrics *m, struct m6_error *err)
{
    struct judge_job *j = t->self;
    const int n = t->recipe.pictures;
    m6_var logits, loss = M6_NONE;
    const enum m6_status status = batch(t, M6_SPLIT_TRAIN, (uint64_t)(number - 1) * (uint64_t)n, &logits, err);
    if (status)
        return status;
    for (int g = 0, column = 0, first = 0; g < j->shape.groups; g++) {
        const struct m6_label_group *group = &j->shape.group[g];
        const int outputs = group->count * group->classes;
        for (int i = 0; i < n * group->count; i++) {
            j->target[i] = j->example[i / group->count].label[first + i % group->count];
            j->weight[i] = group->absent < 0 || j->target[i] == group->absent ? 1 : present_weight;
        }
        m6_var x = m6_tape_columns(t->tape, logits, column, outputs);
        x = m6_tape_reshape(t->tape, x, n * group->count, group->classes);
        x = m6_tape_cross_entropy(t->tape, x, j->target, j->weight, 0, NULL);
        m6_metrics_set(m, group->name, m6_tape_scalar(t->tape, x));
        x = m6_tape_scale(t->tape, x, group->count > 1 ? 5.0f : 1.0f);
        loss = loss == M6_NONE ? x : m6_tape_add(t->tape, loss, x);
        column += outputs;
        first += group->count;
    }
    m6_metrics_set(m, "loss", m6_tape_scalar(t->tape, loss));
    m6_tape_backward(t->tape, loss);
    return M6_OK;
}

static enum m6_status evaluate(struct m6_trainer *t, struct m6_metrics *m, struct m6_error *err)
{
    struct judge_job *j = t->self;
    const int n = t->recipe.pictures, outputs = m6_judge_outputs(&j->shape);
    struct m6_judge_tally tally[M6_JUDGE_GROUPS_MAX] = {0};
    float p[M6_JUDGE_OUTPUTS_MAX];
    for (int b = 0; b < t->recipe.eval_batches; b++) {
        m6_var logits;
        const enum m6_status status = batch(t, M6_SPLIT_HELDOUT, (uint64_t)b * (uint64_t)n, &logits, err);
        if (status)
            return status;
        for (int i = 0; i < n; i++) {
            memcpy(p, m6_tape_data(t->tape, logits) + (size_t)i * outputs, (size_t)outputs * sizeof *p);
            m6_judge_softmax(&j->shape, p);
            m6_judge_count(tally, &j->shape, j->example[i].label, p);
        }
    }
    m6_judge_report(tally, &j->shape, "", m);
    return M6_OK;
}

const struct m6_job m6_job_judge = {create, start, step, evaluate, destroy};
