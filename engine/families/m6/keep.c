#include "families/m6/keep.h"

#include "image/resize.h"

/* Whether [from, to) in a picture's pixels covers [first, first + size) in the frame's, one axis at a time. The picture's
 * `length` pixels become `scaled` of the frame's, from `offset` on. Exact, in 64-bit integers. */
static int covers(int64_t from, int64_t to, int64_t length, int64_t scaled, int64_t offset, int64_t first, int64_t size)
{
    return from * scaled <= (first - offset) * length && (first + size - offset) * length <= to * scaled;
}

static int64_t within(int64_t x, int64_t most)
{
    return x < 0 ? 0 : x > most ? most : x;
}

int m6_keep_places(uint8_t *known, const struct m6_config *c, const struct m6_picture *p, const struct m6_rect *keep,
                   int count)
{
    const struct m6_rect at = m6_letterbox_place(p->width, p->height, c->width, c->height);
    const int w = c->width / c->code_w, h = c->height / c->code_h;
    int kept = 0;
    for (int place = 0; place < m6_config_places(c); place++) {
        const int x = place % c->code_w * w, y = place / c->code_w * h;
        known[place] = 0;
        for (int i = 0; i < count && !known[place]; i++) {
            const int64_t right = within((int64_t)keep[i].x + keep[i].w, p->width);
            const int64_t bottom = within((int64_t)keep[i].y + keep[i].h, p->height);
            known[place] = covers(within(keep[i].x, p->width), right, p->width, at.w, at.x, x, w) &&
                           covers(within(keep[i].y, p->height), bottom, p->height, at.h, at.y, y, h);
        }
        kept += known[place];
    }
    return kept;
}
