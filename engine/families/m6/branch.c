/* Slots for the rows of a branch, as pages come and go. */
#include "families/m6/transformer.h"

static void append(struct m6_branch *b, int32_t page, int rows)
{
    for (int i = 0; i < rows; i++)
        b->slot[b->room++] = page * M6_PAGE + i;
}

void m6_branch_segment(struct m6_branch *b, const int32_t *page, int rows)
{
    for (int left = rows; left > 0; left -= M6_PAGE)
        append(b, *page++, left < M6_PAGE ? left : M6_PAGE);
}

int m6_branch_grow(struct m6_transformer *t, struct m6_branch *b, int rows)
{
    const int pages = m6_cache_pages(rows - (b->room - b->used));
    if (pages <= 0)
        return 1;
    if (!m6_prefix_take(&t->prefix, b->page + b->pages, pages))
        return 0;
    for (int i = 0; i < pages; i++)
        append(b, b->page[b->pages++], M6_PAGE);
    return 1;
}

void m6_branch_clear(struct m6_transformer *t, struct m6_branch *b)
{
    m6_cache_give(&t->cache, b->page, b->pages);
    b->used = b->room = b->pages = 0;
}
