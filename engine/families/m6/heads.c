/* The text head: all tokens of a step chosen at once. */
#include "families/m6/transformer.h"

void m6_heads_run(struct m6_lane *lane)
{
    struct m6_transformer *t = lane->model;
    const struct m6_scratch *s = &lane->scratch;
    const int count = lane->choices, d = t->config.d_model, vocab = t->config.vocab;
    const struct m6_epilogue of_text = {.bias = t->text_bias, .act = M6_ACT_NONE}, plain = {.act = M6_ACT_NONE};
    if (!count)
        return;
    for (int i = 0; i < count; i++) {
        s->head_row[i] = lane->choice[i].row;
        s->head_how[i] = lane->choice[i].how;
    }
    const struct m6_mat last = m6_mat_of(s->last, count, d), logits = m6_mat_of(s->logits, count, vocab);
    t->ops->embed(t->backend, last, s->h, s->head_row, 0);
    t->ops->matmul(t->backend, logits, last, &t->weights.head, &of_text);
    t->ops->sample(t->backend, logits, s->head_how, s->head_id);
    for (int i = 0; i < count; i++) {
        struct m6_choice *c = &lane->choice[i];
        float *row = logits.data + (size_t)i * (size_t)vocab;
        c->id = s->head_id[i];
        if (!c->weigh)
            continue;
        /* A match weighs two special tokens, which no text may hold. */
        t->ops->matmul(t->backend, m6_mat_of(row, 1, vocab), m6_mat_of(s->last + (size_t)i * (size_t)d, 1, d),
                       &t->weights.head, &plain);
        t->ops->download(t->backend, &c->yes, row + t->special.yes, sizeof c->yes);
        t->ops->download(t->backend, &c->no, row + t->special.no, sizeof c->no);
    }
    m6_lane_pause(lane);
}
