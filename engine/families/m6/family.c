/* The m6 family's side of the scheduler's table. */
#include <string.h>

#include "families/m6/answer.h"

static struct m6_answer *answer(struct m6_sequence *sequence)
{
    return (struct m6_answer *)sequence;
}

static void info(const struct m6_model *model, struct m6_model_info *info)
{
    const struct m6_transformer *t = (const struct m6_transformer *)model;
    const struct m6_config *c = &t->config;
    memcpy(info->name, c->name, sizeof info->name);
    info->parameters = t->weights.parameters;
    info->active_parameters = t->weights.active_parameters;
    info->weight_bytes = t->weights.bytes;
    info->picture_width = c->width;
    info->picture_height = c->height;
    info->frames_max = M6_FRAMES_MAX;
    info->text_max = c->text_max;
    info->experts = c->sparse_every ? c->experts : 0;
    info->prototypes = c->sparse_every ? c->prototypes : 0;
    info->draws = 1;
}

static int unknown_words(const struct m6_model *model, const char *text, char *out, size_t size, int *known)
{
    return m6_lexicon_unknown(&((const struct m6_transformer *)model)->lexicon, text, out, size, known);
}

static enum m6_status start(struct m6_sequence *sequence, const struct m6_sink *sink, struct m6_error *err)
{
    struct m6_answer *a = answer(sequence);
    struct m6_transformer *t = m6_answer_transformer(a);
    if (!m6_cache_take(&t->cache, a->slots, a->slot_count))
        return m6_fail(err, M6_ERR_LIMIT, "the cache has %d free places; this request needs %d", t->cache.free_count,
                       a->slot_count);
    a->holds_slots = 1;
    if (a->warning)
        sink->emit(sink->arg, &(struct m6_event){.type = M6_EVENT_WARNING, .text = a->warning});
    return a->task == M6_TASK_DRAW ? m6_draw_start(a) : M6_OK;
}

static void begin(struct m6_model *model)
{
    m6_rows_clear(&((struct m6_transformer *)model)->rows);
}

static int plan(struct m6_sequence *sequence)
{
    struct m6_answer *a = answer(sequence);
    return a->task == M6_TASK_DRAW ? m6_draw_plan(a) : m6_text_plan(a);
}

static void forward(struct m6_model *model)
{
    m6_stack_run((struct m6_transformer *)model);
}

static enum m6_status take(struct m6_sequence *sequence, const struct m6_sink *sink, int *done, struct m6_error *err)
{
    struct m6_answer *a = answer(sequence);
    *done = 0;
    return a->task == M6_TASK_DRAW ? m6_draw_take(a, sink, done, err) : m6_text_take(a, sink, done, err);
}

const struct m6_family m6_family_m6 = {
    .name = "m6",
    .load = m6_transformer_load,
    .destroy = m6_transformer_destroy,
    .info = info,
    .unknown_words = unknown_words,
    .open = m6_answer_open,
    .close = m6_answer_close,
    .start = start,
    .begin = begin,
    .plan = plan,
    .forward = forward,
    .take = take,
};
