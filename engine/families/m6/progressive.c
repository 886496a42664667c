/* Drawing by mask and predict (M6-UFC, arXiv 2105.14211, with the cosine schedule of MaskGIT, arXiv 2202.04200): each
 * step chooses codes for all hidden places at once, keeps the surest, and hides the others again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/philox.h"
#include "families/m6/answer.h"

/* How much Gumbel noise a place's log-probability gets at first; it falls to none at the last step. The
 * same as where the trainer draws to judge its progress (train/m6_draw.c). */
static const double noise_at_first = 3.0;

static void plan_branch(struct m6_answer *a, struct m6_lane *lane, int branch, int places)
{
    const struct m6_config *c = &lane->model->config;
    struct m6_rows *rows = &lane->rows;
    const int first = m6_rows_segment(rows, &a->branch[branch], places, 0);
    for (int p = 0; p < places; p++) {
        rows->position[first + p] = m6_position_masked(c, p);
        if (!a->draw.known[p])
            rows->token[first + p] = lane->model->special.mask;
        for (int s = 0; a->draw.known[p] && s < c->slots; s++)
            rows->code[s][first + p] = a->draw.code[p * c->slots + s];
        rows->coded |= a->draw.known[p];
    }
    a->draw.first[branch] = first;
}

static int list_hidden(struct m6_answer *a, int places, int slots)
{
    int count = 0;
    for (int p = 0; p < places; p++) {
        if (a->draw.known[p])
            continue;
        a->draw.place[count] = p;
        a->draw.row[0][count] = a->draw.first[0] + p;
        a->draw.row[1][count] = a->draw.first[1] + p;
        a->draw.position[count++] =
            ((uint64_t)a->draw.step * (uint64_t)places + (uint64_t)p) * (uint64_t)slots;
    }
    return count;
}

static void plan_choices(struct m6_answer *a, struct m6_lane *lane, int places)
{
    a->draw.choosing = list_hidden(a, places, lane->model->config.slots);
    lane->depth[lane->depths++] = (struct m6_depth){
        .count = a->draw.choosing,
        .cond = a->draw.row[0],
        .uncond = a->branches > 1 ? a->draw.row[1] : NULL,
        .position = a->draw.position,
        .guidance = a->draw.guidance,
        .how = a->how,
        .code = a->draw.drawn,
        .log_prob = a->draw.sure,
    };
}

int m6_progressive_plan(struct m6_answer *a, struct m6_lane *lane, int room)
{
    const int places = m6_config_places(&lane->model->config);
    if (!m6_rows_fit(&lane->rows, a->branches * places, a->branches, 0))
        return 0;
    for (int b = 0; b < a->branches; b++) {
        a->branch[b].used = a->draw.prompt[b];
        if (!m6_branch_grow(lane->model, &a->branch[b], places))
            return M6_PLAN_NO_CACHE;
    }
    for (int b = 0; b < a->branches; b++)
        plan_branch(a, lane, b, places);
    plan_choices(a, lane, places);
    return a->branches * places;
}

/* How many places stay hidden after a step: ever fewer, none in the end, at least one decided a step. */
static int hidden_after(const struct m6_answer *a, int step)
{
    const int hidden = a->draw.wanted - a->draw.decided;
    const int wanted = (int)(a->draw.wanted * cos(1.5707963267948966 * step / a->draw.steps));
    if (step >= a->draw.steps)
        return 0;
    return wanted < hidden ? wanted : hidden - 1;
}

/* Stream 1 of the generator: what samples codes draws from stream 0. */
static void add_noise(struct m6_answer *a, int count, int step)
{
    const double scale = noise_at_first * (double)a->how.temperature * (1 - (double)step / a->draw.steps);
    for (int i = 0; scale > 0 && i < count; i++) {
        const double u = m6_philox_uniform(a->how.seed, a->draw.position[i], 1);
        a->draw.sure[i] += scale * -log(-log(u + 1e-12) + 1e-12);
    }
}

/* Whether hidden place i is surer than j; the earlier one among equals. */
static int surer(const double *sure, int i, int j)
{
    return sure[i] > sure[j] || (sure[i] == sure[j] && i < j);
}

/* Decides the `keep` surest of the hidden places. */
static void decide(struct m6_answer *a, int count, int keep, int slots)
{
    for (int i = 0; i < count; i++) {
        int better = 0;
        for (int j = 0; j < count && better < keep; j++)
            better += j != i && surer(a->draw.sure, j, i);
        if (better >= keep)
            continue;
        const int place = a->draw.place[i];
        memcpy(a->draw.code + place * slots, a->draw.drawn + i * slots, (size_t)slots * sizeof(int32_t));
        a->draw.known[place] = 1;
        a->draw.decided++;
    }
}

void m6_progressive_take(struct m6_answer *a)
{
    const int count = a->draw.choosing, step = a->draw.step + 1;
    add_noise(a, count, step);
    decide(a, count, count - hidden_after(a, step), m6_answer_transformer(a)->config.slots);
    a->draw.step = step;
}
