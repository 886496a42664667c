#include <stdlib.h>
#include <string.h>

#include "train/m6.h"

enum part { PICTURES, TEXTS, CODES, PARTS };

const char *m6_objective_name(enum m6_objective o)
{
    static const char *const names[] = {"caption_en", "caption_zh", "clip",        "question",   "match",
                                        "script",     "denoise",    "rewrite",     "draw_causal", "draw_masked"};
    return names[o];
}

static int grow(struct m6_batch *b, void *array, int room, size_t size)
{
    void **p = array;
    void *more = realloc(*p, (size_t)room * size);
    if (!more)
        b->failed = 1;
    else
        *p = more;
    return more != NULL;
}

static int text_room(struct m6_batch *b, int rows)
{
    struct m6_text_rows *t = &b->text;
    if (rows <= t->room)
        return 1;
    const int room = rows * 2;
    if (!grow(b, &t->token, room, 4) || !grow(b, &t->position, room, 4) || !grow(b, &t->kind, room, 4) ||
        !grow(b, &t->target, room, 4) || !grow(b, &t->objective, room, 4) || !grow(b, &t->sequence, room, 4))
        return 0;
    t->room = room;
    return 1;
}

static int code_room(struct m6_batch *b, int rows)
{
    struct m6_code_rows *t = &b->code;
    if (rows <= t->room)
        return 1;
    /* [slots][room] arrays move when the room grows; so they do it whole. */
    const int room = rows * 2, slots = b->config->slots, was = t->room;
    if (!grow(b, &t->place, room, 4) || !grow(b, &t->kind, room, 4) || !grow(b, &t->special, room, 4) ||
        !grow(b, &t->weight, room, 4) || !grow(b, &t->objective, room, 4) || !grow(b, &t->content, room * slots, 4) ||
        !grow(b, &t->target, room * slots, 4))
        return 0;
    for (int s = slots - 1; s > 0; s--) {
        memmove(t->content + (size_t)s * room, t->content + (size_t)s * was, (size_t)t->rows * 4);
        memmove(t->target + (size_t)s * room, t->target + (size_t)s * was, (size_t)t->rows * 4);
    }
    t->room = room;
    return 1;
}

static int add_segment(struct m6_batch *b, enum part part, int first, int rows, int parent, int causal)
{
    if (b->segments == b->segments_room) {
        const int room = b->segments_room * 2 + 64;
        if (!grow(b, &b->segment, room, sizeof *b->segment) || !grow(b, &b->ordered, room, sizeof *b->ordered) ||
            !grow(b, &b->part, room, 4) || !grow(b, &b->order, room, 4))
            return -1;
        b->segments_room = room;
    }
    b->segment[b->segments] = (struct m6_segment){first, rows, parent, causal};
    b->part[b->segments] = part;
    return b->segments++;
}

void m6_batch_clear(struct m6_batch *b, const struct m6_config *config)
{
    b->config = config;
    b->pictures = b->text.rows = b->code.rows = b->segments = b->sequences = b->truncated = b->failed = 0;
}

void m6_batch_free(struct m6_batch *b)
{
    void *const all[] = {b->frame,          b->text.token,    b->text.position, b->text.kind,      b->text.target,
                         b->text.objective, b->text.sequence, b->code.place,    b->code.kind,      b->code.special,
                         b->code.content,   b->code.target,   b->code.weight,   b->code.objective, b->segment,
                         b->ordered,        b->part,          b->order};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    memset(b, 0, sizeof *b);
}

int m6_batch_picture(struct m6_batch *b, int parent, int frame)
{
    if (b->pictures == b->pictures_room) {
        const int room = b->pictures_room * 2 + 64;
        if (!grow(b, &b->frame, room, sizeof *b->frame))
            return -1;
        b->pictures_room = room;
    }
    const int patches = m6_config_patches(b->config);
    b->frame[b->pictures] = frame;
    return add_segment(b, PICTURES, b->pictures++ * patches, patches, parent, 0);
}

static void text_row(struct m6_batch *b, int32_t token, int position, enum m6_kind kind, int32_t target,
                     enum m6_objective objective)
{
    struct m6_text_rows *t = &b->text;
    const int r = t->rows++;
    t->token[r] = token;
    t->position[r] = position;
    t->kind[r] = (int32_t)kind;
    t->target[r] = target;
    t->objective[r] = (int32_t)objective;
    t->sequence[r] = b->sequences;
}

int m6_batch_source(struct m6_batch *b, int parent, const int32_t *token, int count)
{
    if (count > b->config->text_max) {
        count = b->config->text_max;
        b->truncated++;
    }
    if (!text_room(b, b->text.rows + count))
        return -1;
    const int first = b->text.rows;
    for (int i = 0; i < count; i++)
        text_row(b, token[i], i, M6_KIND_TEXT, -1, M6_TEXT_OBJECTIVES);
    return add_segment(b, TEXTS, first, count, parent, 0);
}

int m6_batch_target(struct m6_batch *b, int parent, int32_t head, const int32_t *token, int count,
                    enum m6_objective objective)
{
    if (count > b->config->text_max) {
        count = b->config->text_max;
        b->truncated++;
    }
    if (!text_room(b, b->text.rows + count))
        return -1;
    const int first = b->text.rows;
    for (int i = 0; i < count; i++)
        text_row(b, i ? token[i - 1] : head, i, M6_KIND_TARGET, token[i], objective);
    b->sequences++;
    return add_segment(b, TEXTS, first, count, parent, 1);
}

int m6_batch_drawing(struct m6_batch *b, int parent, const int32_t *code, const uint8_t *hidden, int32_t special,
                     const float *weight)
{
    const int places = m6_config_places(b->config), slots = b->config->slots;
    struct m6_code_rows *t = &b->code;
    if (!code_room(b, t->rows + places))
        return -1;
    const int first = t->rows;
    for (int i = 0; i < places; i++) {
        const int r = t->rows++;
        const int32_t *content = hidden ? (hidden[i] ? NULL : code + i * slots) : i ? code + (i - 1) * slots : NULL;
        t->place[r] = i;
        t->kind[r] = hidden ? M6_KIND_MASKED : M6_KIND_CODES;
        t->special[r] = content ? -1 : special;
        t->weight[r] = hidden && !hidden[i] ? 0 : weight[i];
        t->objective[r] = hidden ? M6_DRAW_MASKED : M6_DRAW_CAUSAL;
        for (int s = 0; s < slots; s++) {
            t->content[s * t->room + r] = content ? content[s] : -1;
            t->target[s * t->room + r] = code[i * slots + s];
        }
    }
    return add_segment(b, CODES, first, places, parent, !hidden);
}

int m6_batch_finish(struct m6_batch *b)
{
    if (b->failed)
        return 0;
    const int offset[PARTS] = {0, b->pictures * m6_config_patches(b->config),
                               b->pictures * m6_config_patches(b->config) + b->text.rows};
    int n = 0;
    for (int part = 0; part < PARTS; part++)
        for (int i = 0; i < b->segments; i++)
            if (b->part[i] == part) {
                const struct m6_segment *s = &b->segment[i];
                b->order[i] = n;
                b->ordered[n++] = (struct m6_segment){offset[part] + s->first, s->rows,
                                                      s->parent < 0 ? -1 : b->order[s->parent], s->causal};
            }
    return 1;
}
