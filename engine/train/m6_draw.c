/* Progressive drawing on the tape, for evaluation while training: all places hidden at first; each step draws the
 * hidden ones and keeps the surest, as many as the cosine says (mask-predict, M6-UFC). Slow beside the engine's, but
 * it needs no second program. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/data_random.h"
#include "train/m6_job.h"
#include "train/image.h"

enum { CODES_MAX = 4096 };

struct drawing {
    struct m6_trainer *t;
    int n, places, slots;
    int32_t *code;      /* [n][places][slots] */
    uint8_t *hidden;    /* [n][places] */
    float *sure;        /* [n][places]: log probability of what was drawn, and noise */
    int32_t *id[2];     /* rows of hidden places, with and without prompt */
    int32_t *place, *drawn;
    struct m6_rng rng;
};

/* Puts all drawings through the stack: those with their prompts, then those without. */
static enum m6_status forward(struct drawing *d, const char *const *prompt, m6_var *h, struct m6_error *err)
{
    struct m6_job_state *j = d->t->self;
    struct m6_batch *b = &j->batch;
    float weight[4096] = {0};
    m6_batch_clear(b, &d->t->recipe.config);
    for (int i = 0; i < 2 * d->n; i++) {
        int32_t token[512] = {j->tasks.token.draw};
        int count = 1;
        if (i < d->n) {
            const int got = m6_tokenizer_encode(j->tokenizer, prompt[i], strlen(prompt[i]), token + 1, 510);
            count += got < 0 ? 0 : got < 510 ? got : 510;
        }
        token[count++] = j->tasks.token.eos;
        const int segment = m6_batch_source(b, -1, token, count), k = i % d->n;
        m6_batch_drawing(b, segment, d->code + (size_t)k * d->places * d->slots, d->hidden + (size_t)k * d->places,
                         j->tasks.token.mask, weight);
    }
    if (!m6_batch_finish(b))
        return m6_fail(err, M6_ERR_MEMORY, "no memory to draw");
    struct m6_stack_report report;
    *h = m6_job_forward(d->t, 0, &report);
    return M6_OK;
}

/* Draws one row from the guided logits; returns the code and adds its log probability. */
static int32_t sample(const float *with, const float *without, int n, float guidance, struct m6_rng *r, float *sure)
{
    float x[CODES_MAX], top = -1e30f;
    double sum = 0;
    for (int c = 0; c < n; c++) {
        x[c] = without[c] + guidance * (with[c] - without[c]);
        top = fmaxf(top, x[c]);
    }
    for (int c = 0; c < n; c++)
        sum += x[c] = expf(x[c] - top);
    double left = m6_rng_unit(r) * sum;
    int c = 0;
    while (c + 1 < n && (left -= x[c]) >= 0)
        c++;
    *sure += logf(x[c] / (float)sum + 1e-20f);
    return c;
}

/* Draws the slots of `rows` hidden places, each slot told the ones before. */
static void draw_slots(struct drawing *d, m6_var h, int rows, float guidance)
{
    struct m6_tape *t = d->t->tape;
    const struct m6_params *p = d->t->params;
    const int codes = d->t->recipe.config.codes;
    m6_var x[2], told[2] = {M6_NONE, M6_NONE}, logits[2];
    for (int side = 0; side < 2; side++)
        x[side] = m6_tape_gather(t, h, d->id[side], rows);
    for (int s = 0; s < d->slots; s++) {
        for (int side = 0; side < 2; side++)
            logits[side] = m6_depth_logits(t, p, x[side], told[side], s);
        const float *with = m6_tape_data(t, logits[0]), *without = m6_tape_data(t, logits[1]);
        for (int r = 0; with && without && r < rows; r++) {
            d->drawn[r] = sample(with + (size_t)r * codes, without + (size_t)r * codes, codes, guidance, &d->rng,
                                 &d->sure[d->place[r]]);
            d->code[d->place[r] * d->slots + s] = d->drawn[r];
        }
        const m6_var next = m6_tape_gather(t, m6_weight_var(t, p, "code.embed.%d", s), d->drawn, rows);
        for (int side = 0; side < 2; side++)
            told[side] = told[side] == M6_NONE ? next : m6_tape_add(t, told[side], next);
    }
}

/* Hides all but the surest of each drawing again. */
static void hide(struct drawing *d, int keep_hidden)
{
    for (int i = 0; i < d->n; i++) {
        float *sure = d->sure + (size_t)i * d->places;
        uint8_t *hidden = d->hidden + (size_t)i * d->places;
        uint8_t next[4096] = {0};
        for (int k = 0; k < keep_hidden; k++) {
            int least = -1;
            for (int q = 0; q < d->places; q++)
                if (hidden[q] && !next[q] && (least < 0 || sure[q] < sure[least]))
                    least = q;
            if (least >= 0)
                next[least] = 1;
        }
        memcpy(hidden, next, (size_t)d->places);
    }
}

static int hidden_rows(struct drawing *d)
{
    const int before = ((struct m6_job_state *)d->t->self)->batch.text.rows;
    int rows = 0;
    for (int k = 0; k < d->n * d->places; k++)
        if (d->hidden[k]) {
            d->id[0][rows] = before + k;
            d->id[1][rows] = before + d->n * d->places + k;
            d->place[rows++] = k;
        }
    return rows;
}

enum m6_status m6_draw(struct m6_trainer *t, const char *const *prompt, int n, int steps, float guidance, uint64_t seed,
                       int32_t *code, struct m6_error *err)
{
    const int places = m6_config_places(&t->recipe.config);
    const size_t all = (size_t)n * (size_t)places;
    struct drawing d = {.t = t, .n = n, .places = places, .slots = t->recipe.config.slots, .code = code};
    enum m6_status status = M6_OK;
    if (t->recipe.config.codes > CODES_MAX)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "drawing while training knows at most %d codes", CODES_MAX);
    d.rng = m6_rng_make(seed, 41, 0);
    d.hidden = malloc(all);
    d.sure = malloc(all * sizeof *d.sure);
    d.id[0] = malloc(all * sizeof *d.id[0]);
    d.id[1] = malloc(all * sizeof *d.id[1]);
    d.place = malloc(all * sizeof *d.place);
    d.drawn = malloc(all * sizeof *d.drawn);
    if (!d.hidden || !d.sure || !d.id[0] || !d.id[1] || !d.place || !d.drawn)
        status = m6_fail(err, M6_ERR_MEMORY, "no memory to draw");
    else
        memset(d.hidden, 1, all);
    for (int step = 1; step <= steps && !status; step++) {
        m6_var h;
        if ((status = forward(&d, prompt, &h, err)))
            break;
        const int rows = hidden_rows(&d);
        const float noise = 3.0f * (1 - (float)step / (float)steps);
        for (int r = 0; r < rows; r++)
            d.sure[d.place[r]] = noise * (float)-log(-log(m6_rng_unit(&d.rng) + 1e-12));
        draw_slots(&d, h, rows, guidance);
        if (m6_tape_status(t->tape))
            status = m6_fail(err, M6_ERR_MEMORY, "no memory to draw %d pictures", n);
        hide(&d, (int)(places * cos(1.5707963267948966 * step / steps)));
    }
    free(d.hidden);
    free(d.sure);
    free(d.id[0]);
    free(d.id[1]);
    free(d.place);
    free(d.drawn);
    return status;
}
