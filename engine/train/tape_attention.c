/* Attention over a forest of segments: what each segment sees, worked out once for the way there and back. */
#include "train/tape_internal.h"

#include <string.h>

/* The segments from the root down to s, as stretches of rows; returns how many, neighbours merged. */
static int stretches(const struct m6_segment *segment, int s, struct m6_grad_range *range)
{
    int depth = 0, count = 0, context = 0;
    for (int a = s; a >= 0; a = segment[a].parent)
        depth++;
    for (int level = depth - 1; level >= 0; level--) {
        int a = s;
        for (int up = 0; up < level; up++)
            a = segment[a].parent;
        struct m6_grad_range *last = count ? &range[count - 1] : NULL;
        if (last && last->first + last->rows == segment[a].first)
            last->rows += segment[a].rows;
        else
            range[count++] = (struct m6_grad_range){
                .first = segment[a].first, .rows = segment[a].rows, .context = context};
        context += segment[a].rows;
    }
    return count;
}

static int depth_of(const struct m6_segment *segment, int s)
{
    int depth = 0;
    for (; s >= 0; s = segment[s].parent)
        depth++;
    return depth;
}

static int root_of(const struct m6_segment *segment, int s)
{
    while (segment[s].parent >= 0)
        s = segment[s].parent;
    return s;
}

/* Sorts segments by tree, keeping their order within each: parents stay ahead of children. */
static int group_by_tree(const struct m6_segment *segment, int segments, int *order, int *tree)
{
    int trees = 0, placed = 0;
    for (int root = 0; root < segments; root++) {
        if (segment[root].parent >= 0)
            continue;
        tree[trees++] = placed;
        for (int s = root; s < segments; s++) {
            if (root_of(segment, s) == root)
                order[placed++] = s;
        }
    }
    tree[trees] = placed;
    return trees;
}

static struct m6_grad_attention *plan(struct m6_tape *t, int rows, int d, int heads,
                                      const struct m6_segment *segment, int segments)
{
    size_t depths = 0;
    for (int s = 0; s < segments; s++)
        depths += (size_t)depth_of(segment, s);
    struct m6_grad_attention *p = m6_tape_host(t, sizeof *p);
    struct m6_grad_segment *list = m6_tape_host(t, (size_t)segments * sizeof *list);
    struct m6_grad_range *range = m6_tape_host(t, depths * sizeof *range);
    int *order = m6_tape_host(t, (size_t)segments * sizeof *order);
    int *tree = m6_tape_host(t, ((size_t)segments + 1) * sizeof *tree);
    if (t->failed)
        return NULL;
    const int trees = group_by_tree(segment, segments, order, tree);
    int64_t prob = 0;
    for (int i = 0; i < segments; i++) {
        const struct m6_segment *from = &segment[order[i]];
        struct m6_grad_segment *s = &list[i];
        *s = (struct m6_grad_segment){.first = from->first,
                                      .rows = from->rows,
                                      .causal = from->causal,
                                      .ranges = stretches(segment, order[i], range),
                                      .range = range,
                                      .prob = prob};
        s->context = range[s->ranges - 1].context + range[s->ranges - 1].rows;
        prob += (int64_t)heads * s->rows * s->context;
        range += s->ranges;
    }
    *p = (struct m6_grad_attention){.rows = rows,
                                    .heads = heads,
                                    .head_dim = d / heads,
                                    .segments = segments,
                                    .trees = trees,
                                    .segment = list,
                                    .tree = tree};
    return p;
}

struct attention {
    struct m6_grad_attention *plan;
    void *prob;
    double flops; /* of one of its products */
};

static void attention_back(struct m6_tape *t, const struct m6_node *n)
{
    const struct attention *how = n->how;
    const struct m6_grad_dst dqkv = m6_tape_dst(t, n->in[0]);
    if (!dqkv.data)
        return;
    t->ops->attention_back(t->backend, dqkv, n->grad, how->prob, m6_tape_value(t, n->in[0]), how->plan);
    t->flops += 4 * how->flops;
}

m6_var m6_tape_attention(struct m6_tape *t, m6_var qkv, int heads, const struct m6_segment *segment, int segments)
{
    if (!m6_tape_holds(t, qkv))
        return M6_NONE;
    const int rows = t->node[qkv].rows, d = t->node[qkv].cols / 3;
    struct attention *how = m6_tape_host(t, sizeof *how);
    struct m6_grad_attention *p = plan(t, rows, d, heads, segment, segments);
    if (!p || !how)
        return M6_NONE;
    double pairs = 0;
    for (int s = 0; s < segments; s++)
        pairs += (double)p->segment[s].rows * p->segment[s].context;
    *how = (struct attention){.plan = p, .flops = 2.0 * pairs * d};
    how->prob = m6_tape_values(t, (size_t)pairs * (size_t)heads);
    struct m6_node *n = m6_tape_new(t, rows, d, attention_back);
    if (!n || !how->prob)
        return M6_NONE;
    n->how = how;
    t->ops->attention(t->backend, n->value, how->prob, m6_tape_value(t, qkv), p);
    t->flops += 2 * how->flops;
    return m6_tape_finish(t, n, qkv, M6_NONE, M6_NONE, M6_NONE);
}
