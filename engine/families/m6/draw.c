/* Drawing: what both ways share, and left to right. A place's row is fed the codes of the place before it; kept places
 * are not chosen but fed, as many at once as lie between two that are. Encoding what to keep and decoding the picture are
 * steps of their own, so that a cancelled drawing does not pay for them. */
#include <string.h>

#include "families/m6/answer.h"

int m6_draw_pages(const struct m6_answer *a, int longest)
{
    const int places = m6_config_places(&m6_answer_transformer(a)->config);
    const int rows = longest || a->draw.mode == M6_DRAW_PROGRESSIVE ? places : a->draw.decided + 1;
    return a->branches * m6_cache_pages(rows < places ? rows : places);
}

static int encoding(const struct m6_answer *a)
{
    return a->draw.kept && !a->draw.encoded;
}

static int decoding(const struct m6_answer *a)
{
    return a->draw.decided == a->draw.wanted;
}

int m6_draw_cost(struct m6_answer *a)
{
    const struct m6_transformer *t = m6_answer_transformer(a);
    if (encoding(a))
        return t->cost.encode;
    if (decoding(a))
        return t->cost.decode;
    m6_parts_find(a);
    if (!m6_prompt_done(a))
        return m6_prompt_cost(a);
    return a->branches * (a->draw.mode == M6_DRAW_AR ? 1 : m6_config_places(&t->config));
}

static int next_unknown(const struct m6_answer *a, int from, int places)
{
    while (from < places && a->draw.known[from])
        from++;
    return from;
}

/* Rows from..last, the last of which predicts a place that is to be chosen, if all are fed that lie before it. */
static void plan_places(struct m6_answer *a, struct m6_lane *lane, int branch, int from, int last)
{
    const struct m6_config *c = &lane->model->config;
    struct m6_rows *rows = &lane->rows;
    const int first = m6_rows_segment(rows, &a->branch[branch], last - from + 1, 1);
    for (int p = from; p <= last; p++) {
        const int row = first + p - from;
        rows->position[row] = m6_position_code(c, p);
        if (!p)
            rows->token[row] = lane->model->special.boi;
        for (int s = 0; p && s < c->slots; s++)
            rows->code[s][row] = a->draw.code[(p - 1) * c->slots + s];
        rows->coded |= p > 0;
    }
    a->draw.row[branch][0] = first + last - from;
}

static void plan_choice(struct m6_answer *a, struct m6_lane *lane, int place)
{
    const int slots = lane->model->config.slots;
    a->draw.position[0] = (uint64_t)place * (uint64_t)slots;
    lane->depth[lane->depths++] = (struct m6_depth){
        .count = 1,
        .cond = a->draw.row[0],
        .uncond = a->branches > 1 ? a->draw.row[1] : NULL,
        .position = a->draw.position,
        .guidance = a->draw.guidance,
        .how = a->how,
        .code = a->draw.code + place * slots,
    };
}

static int plan_causal(struct m6_answer *a, struct m6_lane *lane, int room)
{
    const int next = next_unknown(a, a->draw.fed, m6_config_places(&lane->model->config));
    int fresh = next - a->draw.fed + 1;
    if (fresh > room / a->branches)
        fresh = room >= a->branches ? room / a->branches : 1;
    if (!m6_rows_fit(&lane->rows, a->branches * fresh, a->branches, 0))
        return 0;
    for (int b = 0; b < a->branches; b++)
        if (!m6_branch_grow(lane->model, &a->branch[b], fresh))
            return M6_PLAN_NO_CACHE;
    for (int b = 0; b < a->branches; b++)
        plan_places(a, lane, b, a->draw.fed, a->draw.fed + fresh - 1);
    a->draw.fed += fresh;
    a->draw.choosing = a->draw.fed == next + 1;
    if (a->draw.choosing)
        plan_choice(a, lane, next);
    return a->branches * fresh;
}

int m6_draw_plan(struct m6_answer *a, struct m6_lane *lane, int room)
{
    a->draw.choosing = 0;
    if (encoding(a) || decoding(a))
        return m6_draw_cost(a);
    const int spent = m6_prompt_plan(a, lane, room);
    if (spent < 0 || !m6_prompt_done(a))
        return spent;
    const int ahead = a->draw.mode == M6_DRAW_AR ? a->branches : a->branches * m6_config_places(&lane->model->config);
    if (spent && spent + ahead > room)
        return spent;
    const int more = a->draw.mode == M6_DRAW_AR ? plan_causal(a, lane, room - spent) : m6_progressive_plan(a, lane, room);
    return more > 0 ? spent + more : spent ? spent : more;
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

static void tell_picture(struct m6_answer *a, struct m6_lane *lane, const struct m6_sink *sink)
{
    const struct m6_config *c = &lane->model->config;
    m6_codec_decode(lane, a->draw.code, a->draw.result);
    draw_over(c, a->draw.keep, a->draw.result, a->draw.image);
    sink->emit(sink->arg, &(struct m6_event){.type = M6_EVENT_PICTURE,
                                             .picture = {c->width, c->height, (size_t)c->width * 3, a->draw.image}});
}

void m6_draw_take(struct m6_answer *a, struct m6_lane *lane, const struct m6_sink *sink, int *done)
{
    const int before = a->draw.decided;
    if (encoding(a)) {
        m6_codec_encode(lane, a->draw.image, a->draw.code);
        a->draw.encoded = 1;
        return;
    }
    if (decoding(a)) {
        tell_picture(a, lane, sink);
        *done = 1;
        return;
    }
    if (!a->draw.choosing)
        return;
    if (a->draw.mode == M6_DRAW_AR) {
        a->draw.known[a->draw.fed - 1] = 1;
        a->draw.decided++;
    } else {
        m6_progressive_take(a);
    }
    lane->model->places += (uint64_t)(a->draw.decided - before);
    tell_progress(a, sink);
}
