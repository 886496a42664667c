/* Training the image tokenizer: reconstruct frames through the quantised bottleneck. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "train/image.h"
#include "train/judge.h"
#include "train/trainer.h"

/* Room for one batch. */
struct image_job {
    uint8_t *rgb, *mask;
    float *pixel, *share; /* blocks of 4×4 */
    int32_t *code;
    struct m6_example *example;
    struct m6_judge *judge; /* of reconstructions; or NULL */
};

static void destroy(struct m6_trainer *t)
{
    struct image_job *j = t->self;
    if (!j)
        return;
    free(j->rgb);
    free(j->mask);
    free(j->pixel);
    free(j->share);
    free(j->code);
    free(j->example);
    m6_judge_destroy(j->judge);
    free(j);
    t->self = NULL;
}

static enum m6_status create(struct m6_trainer *t, struct m6_error *err)
{
    const struct m6_config *c = &t->recipe.config;
    const size_t n = (size_t)t->recipe.pictures, area = (size_t)c->width * (size_t)c->height;
    struct image_job *j = t->self = calloc(1, sizeof *j);
    if (!j)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the image tokenizer's training");
    j->rgb = malloc(n * area * 3);
    j->mask = malloc(n * area);
    j->pixel = malloc(n * area * 3 * sizeof *j->pixel);
    j->share = malloc(n * area / 16 * sizeof *j->share);
    j->code = malloc(n * area / 64 * sizeof *j->code);
    j->example = calloc(n, sizeof *j->example);
    if (!j->rgb || !j->mask || !j->pixel || !j->share || !j->code || !j->example)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a batch of %zu pictures", n);
    for (size_t i = 0; i < n; i++)
        j->example[i].wordless = 1;
    if (t->recipe.judge[0]) {
        const enum m6_status status = m6_judge_load_for(&j->judge, &t->recipe, t->source, err);
        if (status)
            return status;
    }
    return m6_image_params(t->params, c, t->recipe.seed, err);
}

static enum m6_status start(struct m6_trainer *t, int64_t step, struct m6_error *err)
{
    return M6_OK;
}

/* Fetches a batch and puts it on the tape. */
static enum m6_status batch(struct m6_trainer *t, enum m6_split split, uint64_t first, m6_var *pixels,
                            struct m6_error *err)
{
    const struct m6_config *c = &t->recipe.config;
    struct image_job *j = t->self;
    const int n = t->recipe.pictures;
    const enum m6_status status = m6_trainer_fetch(t, split, 0, first, n, j->example, j->rgb, j->mask, err);
    if (status)
        return status;
    m6_picture_blocks(j->rgb, n, c->width, c->height, 4, j->pixel);
    m6_mask_blocks(j->mask, n, c->width, c->height, 4, j->share);
    m6_tape_reset(t->tape);
    *pixels = m6_tape_input(t->tape, n * c->width * c->height / 16, 48, j->pixel);
    return M6_OK;
}

static enum m6_status step(struct m6_trainer *t, int64_t number, struct m6_metrics *m, struct m6_error *err)
{
    const struct m6_recipe *r = &t->recipe;
    struct image_job *j = t->self;
    const int n = r->pictures, rows = n * r->config.width * r->config.height / 16;
    m6_var x;
    const enum m6_status status = batch(t, M6_SPLIT_TRAIN, (uint64_t)(number - 1) * (uint64_t)n, &x, err);
    if (status)
        return status;
    x = m6_image_encode(t->tape, t->params, &r->config, x, n, NULL);
    x = m6_image_decode(t->tape, t->params, &r->config, x, n);
    for (int i = 0; i < rows; i++)
        j->share[i] = 1 + r->subject_weight * j->share[i];
    m6_var loss = m6_tape_squared_error(t->tape, x, j->pixel, j->share);
    m6_metrics_set(m, "squared", m6_tape_scalar(t->tape, loss));
    if (r->absolute > 0) {
        const m6_var absolute = m6_tape_absolute_error(t->tape, x, j->pixel, j->share);
        m6_metrics_set(m, "absolute", m6_tape_scalar(t->tape, absolute));
        loss = m6_tape_add(t->tape, loss, m6_tape_scale(t->tape, absolute, r->absolute));
    }
    m6_metrics_set(m, "loss", m6_tape_scalar(t->tape, loss));
    m6_tape_backward(t->tape, loss);
    return M6_OK;
}

/* What the judge says of reconstructions; and the first batch's sheet. */
static enum m6_status look(struct m6_trainer *t, const float *drawn, int batch_number, struct m6_judge_tally *tally,
                           struct m6_error *err)
{
    const struct image_job *j = t->self;
    const int w = t->recipe.config.width, h = t->recipe.config.height, n = t->recipe.pictures;
    char path[M6_PATH_BYTES + 16];
    uint8_t *rgb = malloc((size_t)n * w * h * 3);
    if (!rgb)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a sheet");
    m6_blocks_picture(drawn, n, w, h, 4, rgb);
    snprintf(path, sizeof path, "%s/sheet.png", t->recipe.folder);
    enum m6_status status = batch_number ? M6_OK : m6_image_sheet(path, j->rgb, rgb, n, w, h, err);
    if (!status && j->judge)
        status = m6_judge_frames(j->judge, j->example, rgb, n, tally, err);
    free(rgb);
    return status;
}

struct score {
    double squared, subject, subject_weight, area;
};

static void score(struct score *s, const struct image_job *j, const float *drawn, int rows)
{
    for (int r = 0; r < rows; r++) {
        double sum = 0;
        for (int c = 0; c < 48; c++) {
            const float d = fminf(fmaxf(drawn[r * 48 + c], -1), 1) - j->pixel[r * 48 + c];
            sum += d * d;
        }
        s->squared += sum;
        s->subject += sum * j->share[r];
        s->subject_weight += 48 * j->share[r];
    }
    s->area += 48.0 * rows;
}

static enum m6_status evaluate(struct m6_trainer *t, struct m6_metrics *m, struct m6_error *err)
{
    const struct m6_recipe *r = &t->recipe;
    const struct m6_config *c = &r->config;
    struct image_job *j = t->self;
    const int n = r->pictures, rows = n * c->width * c->height / 16;
    int64_t *used = calloc((size_t)c->codes, sizeof *used), total = 0;
    float *drawn = malloc((size_t)rows * 48 * sizeof *drawn);
    struct score s = {0};
    struct m6_judge_tally tally[M6_JUDGE_GROUPS_MAX] = {0};
    enum m6_status status = used && drawn ? M6_OK : m6_fail(err, M6_ERR_MEMORY, "no memory for an evaluation");
    for (int b = 0; !status && b < r->eval_batches; b++) {
        m6_var x;
        if ((status = batch(t, M6_SPLIT_HELDOUT, (uint64_t)b * (uint64_t)n, &x, err)))
            break;
        x = m6_image_encode(t->tape, t->params, c, x, n, j->code);
        x = m6_image_decode(t->tape, t->params, c, x, n);
        m6_tape_read(t->tape, x, drawn);
        score(&s, j, drawn, rows);
        for (int i = 0; i < rows / 4; i++, total++)
            used[j->code[i]]++;
        if (b == 0 || j->judge)
            status = look(t, drawn, b, tally, err);
    }
    if (!status) {
        int hit = 0;
        double entropy = 0;
        for (int i = 0; i < c->codes; i++)
            if (used[i]) {
                const double share = (double)used[i] / (double)total;
                entropy -= share * log(share);
                hit++;
            }
        m6_metrics_set(m, "psnr", 10 * log10(4 * s.area / s.squared));
        m6_metrics_set(m, "subject_psnr", s.subject > 0 ? 10 * log10(4 * s.subject_weight / s.subject) : NAN);
        m6_metrics_set(m, "codes_used", (double)hit / c->codes);
        m6_metrics_set(m, "perplexity", exp(entropy));
        if (j->judge)
            m6_judge_report(tally, m6_judge_shape(j->judge), "judged.", m);
    }
    free(used);
    free(drawn);
    return status;
}

const struct m6_job m6_job_image = {create, start, step, evaluate, destroy};
