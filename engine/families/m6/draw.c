/* Drawing: what both ways share, and left to right. A place's row is fed the codes of the place before it; kept places
 * are not chosen but fed, as many at once as lie between two that are. */
#include <string.h>

#include "families/m6/answer.h"

enum m6_status m6_draw_start(struct m6_answer *a)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    const struct m6_config *c = &t->config;
    const int places = m6_config_places(c);
    if (a->draw.kept)
        m6_codec_encode(t, a->draw.image, a->draw.code);
    for (int p = 0; p < places; p++)
        a->draw.wanted += !a->draw.known[p];
    return M6_OK;
}

static int next_unknown(const struct m6_answer *a, int from, int places)
{
    while (from < places && a->draw.known[from])
        from++;
    return from;
}

/* Rows from..last, the last of which predicts a place that is to be chosen. */
static void plan_places(struct m6_answer *a, int branch, int from, int last)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    const struct m6_config *c = &t->config;
    struct m6_rows *rows = &t->rows;
    const int first = m6_rows_segment(rows, &a->branch[branch], last - from + 1, 1);
    for (int p = from; p <= last; p++) {
        const int row = first + p - from;
        rows->position[row] = m6_position_code(c, p);
        if (!p)
            rows->token[row] = t->special.boi;
        for (int s = 0; p && s < c->slots; s++)
            rows->code[s][row] = a->draw.code[(p - 1) * c->slots + s];
        rows->coded |= p > 0;
    }
    a->draw.row[branch][0] = first + last - from;
}

static int plan_causal(struct m6_answer *a)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    const int places = m6_config_places(&t->config), next = next_unknown(a, a->draw.fed, places);
    const int fresh = next - a->draw.fed + 1;
    if (next == places)
        return 1;
    if (!m6_rows_fit(&t->rows, m6_prompt_rows(a) + a->branches * fresh, 2 * a->branches, 0))
        return 0;
    m6_prompt_plan(a);
    for (int b = 0; b < a->branches; b++)
        plan_places(a, b, a->draw.fed, next);
    a->draw.fed = next + 1;
    return 1;
}

static void take_causal(struct m6_answer *a)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    const int slots = t->config.slots, place = a->draw.fed - 1;
    const uint64_t position = (uint64_t)place * (uint64_t)slots;
    const struct m6_depth job = {
        .count = 1,
        .cond = a->draw.row[0],
        .uncond = a->branches > 1 ? a->draw.row[1] : NULL,
        .position = &position,
        .guidance = a->draw.guidance,
        .how = a->how,
        .code = a->draw.code + place * slots,
    };
    m6_depth_run(t, &job);
    a->draw.known[place] = 1;
    a->draw.decided++;
}

int m6_draw_plan(struct m6_answer *a)
{
    return a->draw.mode == M6_DRAW_AR ? plan_causal(a) : m6_progressive_plan(a);
}

static void tell_progress(const struct m6_answer *a, const struct m6_sink *sink)
{
    const int causal = a->draw.mode == M6_DRAW_AR;
    sink->emit(sink->arg, &(struct m6_event){.type = M6_EVENT_PROGRESS,
                                             .done = causal ? a->draw.decided : a->draw.step,
                                             .total = causal ? a->draw.wanted : a->draw.steps});
}

/* Codes carry a place only as well as the image tokenizer can: what is to be kept stays as it was. */
static void draw_over(const struct m6_config *c, const uint8_t *keep, const uint8_t *drawn, uint8_t *image)
{
    const int w = c->width / c->code_w, h = c->height / c->code_h;
    for (int p = 0; p < m6_config_places(c); p++)
        for (int y = 0; !keep[p] && y < h; y++) {
            const size_t at = ((size_t)(p / c->code_w * h + y) * (size_t)c->width + (size_t)(p % c->code_w * w)) * 3;
            memcpy(image + at, drawn + at, (size_t)w * 3);
        }
}

static void tell_picture(struct m6_answer *a, const struct m6_sink *sink)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    const struct m6_config *c = &t->config;
    m6_codec_decode(t, a->draw.code, a->draw.result);
    draw_over(c, a->draw.keep, a->draw.result, a->draw.image);
    sink->emit(sink->arg, &(struct m6_event){.type = M6_EVENT_PICTURE,
                                             .picture = {c->width, c->height, (size_t)c->width * 3, a->draw.image}});
}

/* The picture takes a step of its own, so that a cancelled drawing does not pay for it. */
enum m6_status m6_draw_take(struct m6_answer *a, const struct m6_sink *sink, int *done, struct m6_error *err)
{
    if (a->draw.decided == a->draw.wanted) {
        tell_picture(a, sink);
        *done = 1;
        return M6_OK;
    }
    if (a->draw.mode == M6_DRAW_AR)
        take_causal(a);
    else
        m6_progressive_take(a);
    tell_progress(a, sink);
    return M6_OK;
}
