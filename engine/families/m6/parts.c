/* The source of a request as parts: pictures first, each a segment, then the text; and guidance's bare text. */
#include <stdlib.h>
#include <string.h>

#include "families/m6/answer.h"

/* Goes up when pictures are prepared in another way, so that keys tell what they were made of. */
enum { PREPROCESSING = 1 };

static struct m6_key key_of(const struct m6_transformer *t, struct m6_key before, int frame, struct m6_key content)
{
    const struct {
        struct m6_key before, content;
        int64_t frame;
    } all = {before, content, frame};
    return m6_hash(t->secret, &all, sizeof all);
}

static struct m6_key picture_content(const struct m6_transformer *t, const uint8_t *rgb)
{
    const struct m6_config *c = &t->config;
    const struct m6_key pixels = m6_hash(t->secret, rgb, (size_t)c->width * (size_t)c->height * 3);
    const struct m6_key how = {PREPROCESSING, (uint64_t)c->width << 32 | (uint64_t)c->height};
    return key_of(t, how, -2, pixels);
}

static struct m6_part *add(struct m6_answer *a, int branch, int rows)
{
    struct m6_part *p = &a->part[a->parts++];
    *p = (struct m6_part){.branch = branch, .rows = rows, .pages = m6_cache_pages(rows)};
    return p;
}

static void add_text(struct m6_answer *a, int branch, const int32_t *token, int count, struct m6_key before)
{
    const struct m6_transformer *t = m6_answer_transformer(a);
    struct m6_part *p = add(a, branch, count);
    p->token = token;
    p->key = key_of(t, before, -1, m6_hash(t->secret, token, (size_t)count * sizeof *token));
}

static void cut_source(struct m6_answer *a)
{
    const struct m6_transformer *t = m6_answer_transformer(a);
    const size_t pixels = (size_t)t->config.width * (size_t)t->config.height * 3;
    struct m6_key before = {0};
    for (int i = 0; i < a->picture_count; i++) {
        struct m6_part *p = add(a, 0, m6_config_patches(&t->config));
        p->frame = i;
        p->rgb = a->pictures + (size_t)i * pixels;
        p->content = picture_content(t, p->rgb);
        before = p->key = key_of(t, before, i, p->content);
    }
    add_text(a, 0, a->source, a->source_count, before);
    if (a->branches > 1)
        add_text(a, 1, a->bare, 2, (struct m6_key){0});
}

enum m6_status m6_parts_init(struct m6_answer *a, struct m6_error *err)
{
    cut_source(a);
    const int drawing = a->task == M6_TASK_DRAW;
    const int target = (drawing ? m6_draw_pages(a, 1) : m6_text_pages(a, 1)) / a->branches, pages = m6_parts_pages(a);
    int rows = 0;
    for (int i = 0; i < a->parts; rows += a->part[i++].rows)
        a->draw.prompt[a->part[i].branch] += a->part[i].rows;
    const size_t all = (size_t)rows + (size_t)pages + (size_t)a->branches * (size_t)target * (M6_PAGE + 1);
    int32_t *at = a->memory = malloc(all * sizeof *at);
    if (!at)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a request of %d rows", rows + target * M6_PAGE);
    for (int i = 0; i < a->parts; at += a->part[i++].pages)
        a->part[i].page = at;
    for (int b = 0; b < a->branches; b++) {
        a->branch[b].page = at;
        a->branch[b].slot = at += target;
        for (int i = 0; i < a->parts; i++)
            at += a->part[i].branch == b ? a->part[i].rows : 0;
        at += target * M6_PAGE;
    }
    return M6_OK;
}

int m6_parts_pages(const struct m6_answer *a)
{
    int pages = 0;
    for (int i = 0; i < a->parts; i++)
        pages += a->part[i].pages;
    return pages;
}

int m6_parts_need(const struct m6_answer *a)
{
    int pages = 0;
    for (int i = 0; i < a->parts; i++)
        pages += m6_prefix_pages(&m6_answer_transformer(a)->prefix, a->part[i].key, a->part[i].pages);
    return pages;
}

void m6_parts_find(struct m6_answer *a)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    for (; a->prompted < a->parts; a->prompted++) {
        struct m6_part *p = &a->part[a->prompted];
        if (!(p->shared = m6_prefix_find(&t->prefix, p->key)))
            return;
        p->state = M6_PART_DONE;
        m6_branch_segment(&a->branch[p->branch], p->shared->page, p->rows);
        a->branch[p->branch].used = a->branch[p->branch].room;
    }
}

void m6_parts_settle(struct m6_answer *a)
{
    for (int i = 0; i < a->prompted; i++) {
        struct m6_part *p = &a->part[i];
        if (p->state != M6_PART_PLANNED)
            continue;
        p->state = M6_PART_DONE;
        p->shared = m6_prefix_publish(&m6_answer_transformer(a)->prefix, p->key, p->page, p->pages);
    }
}

/* The last ones first, so that those before them, without which they are of no use, stay longer. */
void m6_parts_release(struct m6_answer *a)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    for (int i = a->prompted; i--;) {
        struct m6_part *p = &a->part[i];
        if (p->shared)
            m6_prefix_release(&t->prefix, p->shared);
        else
            m6_cache_give(&t->cache, p->page, p->pages);
        p->shared = NULL;
        p->state = M6_PART_TO_DO;
    }
    a->prompted = 0;
}
