/* Training M6: every step mixes all objectives over pictures, clips, scripts and texts of its own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/data_random.h"
#include "train/image.h"
#include "train/m6_job.h"

/* Experts take this many times their even share in training; in evaluation all that come. */
static const float train_capacity = 2;

static void destroy(struct m6_trainer *t)
{
    struct m6_job_state *j = t->self;
    if (!j)
        return;
    m6_tokenizer_destroy(j->tokenizer);
    m6_judge_destroy(j->judge);
    m6_params_destroy(j->image);
    m6_batch_free(&j->batch);
    free(j->still);
    free(j->clip);
    free(j->script);
    free(j->rgb);
    free(j->mask);
    free(j->pixel);
    free(j->share);
    free(j->grid);
    free(j->code);
    free(j);
    t->self = NULL;
}

static int draws(const struct m6_recipe *r)
{
    return r->objective.draw_causal > 0 || r->objective.draw_masked > 0;
}

static enum m6_status buffers(struct m6_trainer *t, struct m6_job_state *j, struct m6_error *err)
{
    const struct m6_recipe *r = &t->recipe;
    const struct m6_config *c = &r->config;
    const size_t stills = (size_t)m6_recipe_stills(r), clips = (size_t)r->clips, frames = stills + clips * M6_CLIP_FRAMES;
    const size_t area = (size_t)c->width * (size_t)c->height, places = (size_t)m6_config_places(c);
    j->still = calloc(stills + 1, sizeof *j->still);
    j->clip = calloc(clips + 1, sizeof *j->clip);
    j->script = calloc(1, sizeof *j->script);
    j->rgb = malloc(frames * area * 3 + 1);
    j->mask = malloc(frames * area + 1);
    j->pixel = malloc((frames * area * 3 + 1) * sizeof *j->pixel);
    j->share = malloc((stills * places + 1) * sizeof *j->share);
    j->grid = malloc((stills * area / 64 + 1) * sizeof *j->grid);
    j->code = malloc((stills * places * (size_t)c->slots + 1) * sizeof *j->code);
    if (!j->still || !j->clip || !j->script || !j->rgb || !j->mask || !j->pixel || !j->share || !j->grid || !j->code)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a batch of %zu pictures and %zu clips", stills, clips);
    for (int i = 0; i < r->drawings; i++)
        j->still[i].composed = 1;
    return M6_OK;
}

static enum m6_status create(struct m6_trainer *t, struct m6_error *err)
{
    const struct m6_recipe *r = &t->recipe;
    struct m6_job_state *j = t->self = calloc(1, sizeof *j);
    if (!j)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for M6's training");
    enum m6_status status = m6_tokenizer_load(&j->tokenizer, r->tokenizer, err);
    if (!status)
        status = m6_tasks_init(&j->tasks, &t->recipe.config, &t->recipe.objective, j->tokenizer, err);
    if (!status)
        status = buffers(t, j, err);
    if (!status && draws(r)) {
        j->image = m6_params_create();
        status = j->image ? m6_image_params(j->image, &r->config, 0, err) : M6_ERR_MEMORY;
        if (!status)
            status = m6_trainer_load_average(j->image, r->image_tokenizer, err);
    }
    if (!status && r->judge[0] && r->eval_drawings)
        status = m6_judge_load_for(&j->judge, r, t->source, err);
    return status ? status : m6_stack_params(t->params, &r->config, r->seed, err);
}

/* While layers share, the ones that follow the first are kept out of the optimizer's hands. */
static void link_layers(struct m6_trainer *t, int linked)
{
    const struct m6_recipe *r = &t->recipe;
    const int period = r->config.sparse_every > 0 ? r->config.sparse_every : 1;
    ((struct m6_job_state *)t->self)->linked = linked;
    for (int i = 0; i < m6_params_count(t->params); i++) {
        struct m6_param *p = m6_params_at(t->params, i);
        int layer;
        if (sscanf(p->name, "layer.%d.", &layer) == 1 && layer >= period && !m6_recipe_freezes(r, p->name))
            p->lr_scale = linked ? 0 : 1;
    }
}

static enum m6_status start(struct m6_trainer *t, int64_t step, struct m6_error *err)
{
    if (step == 0)
        m6_stack_init_codes(t->params, &t->recipe.config, t->recipe.seed);
    link_layers(t, step < t->recipe.pseudo_to_real);
    return M6_OK;
}

/* Codes of the batch's stills from the frozen image tokenizer, place by place: the 2×2 block of its grid. */
static void encode(struct m6_trainer *t)
{
    const struct m6_config *c = &t->recipe.config;
    struct m6_job_state *j = t->self;
    const int n = m6_recipe_drawn(&t->recipe), w = c->width / 8, h = c->height / 8, places = m6_config_places(c);
    m6_tape_reset(t->tape);
    const m6_var x = m6_tape_input(t->tape, n * c->width * c->height / 16, 48, j->pixel);
    m6_image_encode(t->tape, j->image, c, x, n, j->grid);
    const int side_x = w / c->code_w, side_y = h / c->code_h;
    for (int i = 0; i < n * places; i++) {
        const int y = i % places / c->code_w * side_y, left = i % c->code_w * side_x;
        for (int s = 0; s < c->slots; s++)
            j->code[i * c->slots + s] = j->grid[(i / places * h + y + s / side_x) * w + left + s % side_x];
    }
}

enum m6_status m6_job_batch(struct m6_trainer *t, enum m6_split split, int64_t number, struct m6_error *err)
{
    const struct m6_recipe *r = &t->recipe;
    const struct m6_config *c = &r->config;
    struct m6_job_state *j = t->self;
    const size_t area = (size_t)c->width * (size_t)c->height, stills = (size_t)m6_recipe_stills(r);
    const int places = m6_config_places(c), frames = (int)stills + r->clips * M6_CLIP_FRAMES, drawn = m6_recipe_drawn(r);
    const uint64_t k = (uint64_t)number;
    enum m6_status status = M6_OK;
    if (stills)
        status = m6_trainer_fetch(t, split, 0, k * stills, (int)stills, j->still, j->rgb, j->mask, err);
    if (!status && r->clips)
        status = m6_trainer_fetch(t, split, 1, k * (uint64_t)r->clips, r->clips, j->clip, j->rgb + stills * area * 3,
                                  NULL, err);
    if (status)
        return status;
    /* Those that are only drawn come first, so that what is looked at lies together with the clips. */
    m6_picture_blocks(j->rgb, frames, c->width, c->height, 4, j->pixel);
    if (draws(r) && stills) {
        m6_mask_blocks(j->mask, drawn, c->width, c->height, c->width / c->code_w, j->share);
        encode(t);
    }
    m6_batch_clear(&j->batch, c);
    for (int i = 0; i < (int)stills; i++)
        m6_tasks_example(&j->tasks, &j->batch, &j->still[i], i >= r->drawings,
                         draws(r) && i < drawn ? j->code + (size_t)i * places * c->slots : NULL,
                         j->share + (size_t)i * places, m6_mix(r->seed + split) + k * stills + (uint64_t)i);
    for (int i = 0; i < r->clips; i++)
        m6_tasks_example(&j->tasks, &j->batch, &j->clip[i], 1, NULL, NULL,
                         m6_mix(r->seed + split + 2) + k * (uint64_t)r->clips + (uint64_t)i);
    for (int i = 0; i < r->scripts && !status; i++) {
        status = t->source->script(t->source->self, split, k * (uint64_t)r->scripts + (uint64_t)i, j->script, err);
        if (!status && r->objective.script > 0)
            m6_tasks_script(&j->tasks, &j->batch, j->script);
    }
    /* Denoised texts are captions of this batch's pictures, and now and then the script. */
    for (int i = 0; i < r->texts && !status && r->objective.denoise > 0; i++) {
        struct m6_rng g = m6_rng_make(r->seed + split + 4, k, (uint64_t)i);
        const char *text = stills ? j->still[m6_rng_below(&g, (int)stills)].caption[m6_rng_below(&g, M6_LANGS)] : "";
        if (r->scripts && (!text[0] || m6_rng_below(&g, 4) == 0))
            text = j->script->idea;
        m6_tasks_denoise(&j->tasks, &j->batch, text, m6_rng_next(&g));
    }
    if (!status && !m6_batch_finish(&j->batch))
        status = m6_fail(err, M6_ERR_MEMORY, "no memory for a batch");
    return status;
}

m6_var m6_job_forward(struct m6_trainer *t, float capacity, struct m6_stack_report *report)
{
    const struct m6_config *c = &t->recipe.config;
    struct m6_job_state *j = t->self;
    m6_tape_reset(t->tape);
    m6_var pixels = M6_NONE;
    if (j->batch.pictures)
        pixels = m6_tape_input(t->tape, j->batch.pictures * c->width * c->height / 16, 48,
                               j->pixel + (size_t)t->recipe.drawings * (size_t)(c->width * c->height * 3));
    return m6_stack_forward(t->tape, t->params, c, &j->batch, pixels, j->linked, capacity, report);
}

static enum m6_status step(struct m6_trainer *t, int64_t number, struct m6_metrics *m, struct m6_error *err)
{
    const struct m6_recipe *r = &t->recipe;
    struct m6_job_state *j = t->self;
    if (number == r->pseudo_to_real + 1 && r->pseudo_to_real) {
        m6_stack_delink(t->params, &r->config);
        if (r->average > 0) {
            m6_params_swap_average(t->params);
            m6_stack_delink(t->params, &r->config);
            m6_params_swap_average(t->params);
        }
        link_layers(t, 0);
    }
    const enum m6_status status = m6_job_batch(t, M6_SPLIT_TRAIN, number - 1, err);
    if (status)
        return status;
    struct m6_stack_report report;
    struct m6_losses losses = {0};
    const m6_var h = m6_job_forward(t, train_capacity, &report);
    const m6_var loss = m6_batch_loss(t->tape, t->params, &r->config, &j->batch, h, &r->objective, &losses, err);
    if (loss == M6_NONE)
        return m6_tape_status(t->tape) ? M6_ERR_MEMORY : M6_ERR_ARGUMENT;
    m6_metrics_set(m, "loss", m6_tape_scalar(t->tape, loss));
    for (int o = 0; o < M6_OBJECTIVES_ALL; o++)
        if (losses.rows[o])
            m6_metrics_set(m, m6_objective_name((enum m6_objective)o), losses.loss[o]);
    m6_metrics_set(m, "dropped", report.dropped);
    m6_metrics_set(m, "c_v", report.variation);
    m6_metrics_set(m, "rows", m6_tape_rows(t->tape, h));
    m6_metrics_set(m, "truncated", j->batch.truncated);
    m6_tape_backward(t->tape, loss);
    return M6_OK;
}

const struct m6_job m6_job_m6 = {create, start, step, m6_job_evaluate, destroy};
