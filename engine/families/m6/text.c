/* Answers in words: captions, answers, scripts; and the one word of a match. */
#include <math.h>

#include "families/m6/answer.h"

int m6_text_plan(struct m6_answer *a)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    struct m6_rows *rows = &t->rows;
    const int fresh = a->text.count - a->text.fed;
    if (!m6_rows_fit(rows, m6_prompt_rows(a) + fresh, a->picture_count + 2, a->picture_count))
        return 0;
    m6_prompt_plan(a);
    const int first = m6_rows_segment(rows, &a->branch[0], fresh, 1);
    for (int i = 0; i < fresh; i++) {
        rows->token[first + i] = a->text.token[a->text.fed + i];
        rows->position[first + i] = m6_position_target(&t->config, a->text.fed + i);
    }
    a->text.fed = a->text.count;
    a->text.row = first + fresh - 1;
    return 1;
}

static struct m6_mat logits_of(struct m6_answer *a, const float *bias)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    const struct m6_epilogue plain = {.bias = bias, .act = M6_ACT_NONE};
    const int d = t->config.d_model;
    const struct m6_mat logits = m6_mat_of(t->scratch.logits, 1, t->config.vocab);
    t->ops->matmul(t->backend, logits, m6_mat_of(t->scratch.h + (size_t)a->text.row * (size_t)d, 1, d), &t->weights.head,
                   &plain);
    return logits;
}

static void score(struct m6_answer *a, const struct m6_sink *sink)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    const struct m6_mat logits = logits_of(a, NULL);
    float yes, no;
    t->ops->download(t->backend, &yes, logits.data + t->special.yes, sizeof yes);
    t->ops->download(t->backend, &no, logits.data + t->special.no, sizeof no);
    sink->emit(sink->arg, &(struct m6_event){.type = M6_EVENT_SCORE, .score = 1 / (1 + exp((double)no - (double)yes))});
}

static int32_t choose(struct m6_answer *a)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    const struct m6_mat logits = logits_of(a, t->text_bias);
    struct m6_sample how = a->how;
    int32_t id;
    how.first = 0;
    how.last = m6_tokenizer_vocab(t->tokenizer);
    how.position = (uint64_t)(a->text.count - a->text.given);
    t->ops->sample(t->backend, logits, &how, &id);
    return id;
}

static void tell(const struct m6_sink *sink, const char *text)
{
    if (*text)
        sink->emit(sink->arg, &(struct m6_event){.type = M6_EVENT_TEXT, .text = text});
}

enum m6_status m6_text_take(struct m6_answer *a, const struct m6_sink *sink, int *done, struct m6_error *err)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    enum m6_status status = M6_OK;
    const char *text;
    if (a->task == M6_TASK_MATCH) {
        score(a, sink);
        *done = 1;
        return M6_OK;
    }
    const int32_t id = choose(a);
    int ended = id == t->special.eos;
    if (!ended) {
        int size;
        const char *bytes = m6_tokenizer_token(t->tokenizer, id, &size);
        a->text.token[a->text.count++] = id;
        status = m6_stream_push(&a->text.stream, bytes, (size_t)size, &text, done);
        if (status)
            return m6_fail(err, status, "no memory for the text of an answer");
        tell(sink, text);
        ended = a->text.count == a->text.max;
    }
    if (ended && !*done) {
        status = m6_stream_flush(&a->text.stream, &text);
        if (status)
            return m6_fail(err, status, "no memory for the text of an answer");
        tell(sink, text);
        *done = 1;
    }
    sink->emit(sink->arg, &(struct m6_event){.type = M6_EVENT_PROGRESS, .done = a->text.count - a->text.given,
                                             .total = a->text.max - a->text.given});
    return M6_OK;
}
