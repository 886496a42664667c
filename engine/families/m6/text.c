/* Answers in words: captions, answers, scripts; and the one word of a match. */
#include <math.h>

#include "families/m6/answer.h"

int m6_text_pages(const struct m6_answer *a, int longest)
{
    return m6_cache_pages(longest ? a->text.max - 1 : a->text.count);
}

static void plan_choice(struct m6_answer *a, struct m6_lane *lane)
{
    struct m6_choice *c = &lane->choice[a->text.choice = lane->choices++];
    *c = (struct m6_choice){.row = a->text.row, .how = a->how, .weigh = a->task == M6_TASK_MATCH};
    c->how.first = 0;
    c->how.last = m6_tokenizer_vocab(lane->model->tokenizer);
    c->how.position = (uint64_t)(a->text.count - a->text.given);
}

static int plan_target(struct m6_answer *a, struct m6_lane *lane, int room)
{
    struct m6_rows *rows = &lane->rows;
    int fresh = a->text.count - a->text.fed;
    if (fresh > room)
        fresh = room > 1 ? room : 1;
    if (!m6_rows_fit(rows, fresh, 1, 0))
        return 0;
    if (!m6_branch_grow(lane->model, &a->branch[0], fresh))
        return M6_PLAN_NO_CACHE;
    const int first = m6_rows_segment(rows, &a->branch[0], fresh, 1);
    for (int i = 0; i < fresh; i++) {
        rows->token[first + i] = a->text.token[a->text.fed + i];
        rows->position[first + i] = m6_position_target(&lane->model->config, a->text.fed + i);
    }
    a->text.fed += fresh;
    a->text.row = first + fresh - 1;
    if (a->text.fed == a->text.count)
        plan_choice(a, lane);
    return fresh;
}

/* The last of the prompt brings the first token with it. */
int m6_text_plan(struct m6_answer *a, struct m6_lane *lane, int room)
{
    a->text.choice = -1;
    const int spent = m6_prompt_plan(a, lane, room);
    if (spent < 0 || !m6_prompt_done(a))
        return spent;
    const int more = plan_target(a, lane, room - spent);
    return more > 0 ? spent + more : spent ? spent : more;
}

static void tell(const struct m6_sink *sink, const char *text)
{
    if (*text)
        sink->emit(sink->arg, &(struct m6_event){.type = M6_EVENT_TEXT, .text = text});
}

static void score(const struct m6_choice *c, const struct m6_sink *sink)
{
    const double score = 1 / (1 + exp((double)c->no - (double)c->yes));
    sink->emit(sink->arg, &(struct m6_event){.type = M6_EVENT_SCORE, .score = score});
}

enum m6_status m6_text_take(struct m6_answer *a, struct m6_lane *lane, const struct m6_sink *sink, int *done,
                            struct m6_error *err)
{
    struct m6_transformer *t = lane->model;
    enum m6_status status = M6_OK;
    const char *text;
    if (a->text.choice < 0)
        return M6_OK;
    const struct m6_choice *choice = &lane->choice[a->text.choice];
    if (a->task == M6_TASK_MATCH) {
        score(choice, sink);
        *done = 1;
        return M6_OK;
    }
    const int32_t id = choice->id;
    int ended = id == t->special.eos;
    t->tokens++;
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
