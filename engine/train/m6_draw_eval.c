#include <stdio.h>
#include <stdlib.h>

#include "train/image.h"
#include "train/m6_job.h"

enum { STEPS = 10 };
static const float guidance = 2;

/* Pictures of [n][places][slots] codes, by the frozen image tokenizer. */
static enum m6_status decode(struct m6_trainer *t, const int32_t *code, int n, uint8_t *rgb, struct m6_error *err)
{
    const struct m6_config *c = &t->recipe.config;
    const struct m6_job_state *j = t->self;
    const int w = c->width / 8, h = c->height / 8, rows = n * w * h, side = w / c->code_w;
    int32_t *grid = malloc((size_t)rows * sizeof *grid);
    float *level = malloc((size_t)rows * (size_t)c->levels * sizeof *level);
    enum m6_status status = M6_OK;
    if (!grid || !level) {
        status = m6_fail(err, M6_ERR_MEMORY, "no memory to decode drawings");
    } else {
        for (int r = 0; r < rows; r++) {
            const int y = r / w % h, x = r % w, place = (r / (w * h) * c->code_h + y / side) * c->code_w + x / side;
            grid[r] = code[place * c->slots + y % side * side + x % side];
        }
        m6_image_levels(c, grid, rows, level);
        m6_tape_reset(t->tape);
        const m6_var x = m6_tape_input(t->tape, rows, c->levels, level);
        const float *row = m6_tape_data(t->tape, m6_image_decode(t->tape, j->image, c, x, n));
        if (row)
            m6_blocks_picture(row, n, c->width, c->height, 4, rgb);
        else
            status = m6_fail(err, M6_ERR_MEMORY, "no memory to decode drawings");
    }
    free(grid);
    free(level);
    return status;
}

enum m6_status m6_draw_evaluate(struct m6_trainer *t, struct m6_metrics *m, struct m6_error *err)
{
    const struct m6_config *c = &t->recipe.config;
    const struct m6_job_state *j = t->self;
    const int n = t->recipe.eval_drawings;
    const size_t area = (size_t)c->width * (size_t)c->height;
    struct m6_example *e = calloc((size_t)n, sizeof *e);
    const char **prompt = calloc((size_t)n, sizeof *prompt);
    uint8_t *truth = malloc((size_t)n * area * 3), *rgb = malloc((size_t)n * area * 3);
    int32_t *code = malloc((size_t)n * (size_t)m6_config_places(c) * (size_t)c->slots * sizeof *code);
    char path[M6_PATH_BYTES + 16];
    enum m6_status status = M6_OK;
    if (!e || !prompt || !truth || !rgb || !code)
        status = m6_fail(err, M6_ERR_MEMORY, "no memory to draw %d pictures", n);
    for (int i = 0; i < n && !status; i++)
        e[i].composed = 1;
    if (!status)
        status = m6_trainer_fetch(t, M6_SPLIT_HELDOUT, 0, 0, n, e, truth, NULL, err);
    for (int i = 0; i < n && !status; i++)
        prompt[i] = e[i].caption[i % 2 && e[i].caption[M6_LANG_ZH][0] ? M6_LANG_ZH : M6_LANG_EN];
    if (!status)
        status = m6_draw(t, prompt, n, STEPS, guidance, t->recipe.seed, code, err);
    if (!status)
        status = decode(t, code, n, rgb, err);
    snprintf(path, sizeof path, "%s/sheet.png", t->recipe.folder);
    if (!status)
        status = m6_image_sheet(path, truth, rgb, n, c->width, c->height, err);
    struct m6_judge_tally tally[M6_JUDGE_GROUPS_MAX] = {0};
    if (!status && j->judge && !(status = m6_judge_frames(j->judge, e, rgb, n, tally, err)))
        m6_judge_report(tally, m6_judge_shape(j->judge), "drawn.", m);
    free(e);
    free(prompt);
    free(truth);
    free(rgb);
    free(code);
    return status;
}
