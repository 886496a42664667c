#include <assert.h>

#include "families/m6/transformer.h"

void m6_lane_begin(struct m6_lane *lane)
{
    struct m6_rows *rows = &lane->rows;
    rows->count = rows->spans = rows->pictures = rows->coded = 0;
    lane->choices = lane->depths = 0;
}

int m6_rows_fit(const struct m6_rows *rows, int count, int spans, int pictures)
{
    return rows->count + count <= rows->max && rows->spans + spans <= rows->spans_max &&
           rows->pictures + pictures <= rows->pictures_max;
}

int m6_rows_segment(struct m6_rows *rows, struct m6_branch *branch, int n, int causal)
{
    const int first = rows->count;
    assert(m6_rows_fit(rows, n, 1, 0));
    for (int i = 0; i < n; i++) {
        rows->token[first + i] = -1;
        rows->slot[first + i] = branch->slot[branch->used + i];
        for (int s = 0; s < M6_SLOTS_MAX && rows->code[s]; s++)
            rows->code[s][first + i] = -1;
    }
    branch->used += n;
    rows->count += n;
    rows->span[rows->spans++] =
        (struct m6_span){.first_row = first, .rows = n, .context = branch->used, .slot = branch->slot, .causal = causal};
    return first;
}
