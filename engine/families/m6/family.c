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
    info->rewrites = c->rewrites;
}

static int unknown_words(const struct m6_model *model, const char *text, char *out, size_t size, int *known)
{
    return m6_lexicon_unknown(&((const struct m6_transformer *)model)->lexicon, text, out, size, known);
}

static void usage(const struct m6_model *model, struct m6_usage *u)
{
    const struct m6_transformer *t = (const struct m6_transformer *)model;
    const size_t page = m6_cache_page_bytes(t->cache.layers, t->config.heads, t->config.d_model / t->config.heads);
    *u = (struct m6_usage){
        .rows = t->rows,
        .tokens = t->tokens,
        .places = t->places,
        .prefix_hits = t->prefix.hits,
        .prefix_misses = t->parts,
        .encoder_hits = t->features.hits,
        .encoder_misses = t->features.misses,
        .evictions = t->prefix.evictions + t->features.evictions,
        .cache_bytes = (size_t)t->cache.pages * page,
        .cache_used = (size_t)(t->cache.pages - m6_prefix_room(&t->prefix)) * page,
        .cache_idle = t->prefix.known.idle_weight * page,
        .encoder_bytes = t->features.budget,
        .encoder_used = t->features.known.weight,
    };
}

static void start(struct m6_sequence *sequence, const struct m6_sink *sink)
{
    struct m6_answer *a = answer(sequence);
    if (a->warning)
        sink->emit(sink->arg, &(struct m6_event){.type = M6_EVENT_WARNING, .text = a->warning});
}

static int need(const struct m6_sequence *sequence)
{
    const struct m6_answer *a = (const struct m6_answer *)sequence;
    return m6_parts_need(a) + (a->task == M6_TASK_DRAW ? m6_draw_pages(a, 0) : m6_text_pages(a, 0));
}

static int room(const struct m6_model *model)
{
    return m6_prefix_room(&((const struct m6_transformer *)model)->prefix);
}

static void suspend(struct m6_sequence *sequence)
{
    m6_answer_suspend(answer(sequence));
}

static int cost(struct m6_sequence *sequence)
{
    struct m6_answer *a = answer(sequence);
    if (a->task == M6_TASK_DRAW)
        return m6_draw_cost(a);
    m6_parts_find(a);
    return m6_prompt_done(a) ? 1 : m6_prompt_cost(a);
}

static struct m6_lane *lane_of(struct m6_model *model, int lane)
{
    return &((struct m6_transformer *)model)->lane[lane];
}

static void begin(struct m6_model *model, int lane)
{
    m6_lane_begin(lane_of(model, lane));
}

static int plan(struct m6_sequence *sequence, int lane, int room)
{
    struct m6_answer *a = answer(sequence);
    struct m6_lane *in = lane_of(sequence->model, lane);
    return a->task == M6_TASK_DRAW ? m6_draw_plan(a, in, room) : m6_text_plan(a, in, room);
}

static void forward(struct m6_model *model, int lane, const struct m6_pause *pause)
{
    struct m6_lane *in = lane_of(model, lane);
    in->pause = pause;
    m6_stack_run(in);
    m6_heads_run(in);
    m6_depth_run(in);
    in->pause = NULL;
}

static enum m6_status take(struct m6_sequence *sequence, int lane, const struct m6_pause *pause,
                           const struct m6_sink *sink, int *done, struct m6_error *err)
{
    struct m6_answer *a = answer(sequence);
    struct m6_lane *in = lane_of(sequence->model, lane);
    enum m6_status status = M6_OK;
    *done = 0;
    in->pause = pause;
    m6_parts_settle(a);
    if (a->task == M6_TASK_DRAW)
        m6_draw_take(a, in, sink, done);
    else
        status = m6_text_take(a, in, sink, done, err);
    in->pause = NULL;
    return status;
}

const struct m6_family m6_family_m6 = {
    .name = "m6",
    .load = m6_transformer_load,
    .destroy = m6_transformer_destroy,
    .info = info,
    .usage = usage,
    .unknown_words = unknown_words,
    .open = m6_answer_open,
    .close = m6_answer_close,
    .start = start,
    .need = need,
    .room = room,
    .suspend = suspend,
    .cost = cost,
    .begin = begin,
    .plan = plan,
    .forward = forward,
    .take = take,
};
