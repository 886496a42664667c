/* Parts of the source into rows, as many as a step has room for. */
#include "families/m6/answer.h"

int m6_prompt_done(const struct m6_answer *a)
{
    return a->prompted == a->parts;
}

int m6_prompt_cost(const struct m6_answer *a)
{
    const struct m6_transformer *t = m6_answer_transformer(a);
    const struct m6_part *p = &a->part[a->prompted];
    return p->rows + (p->rgb && !m6_features_has(&t->features, p->content) ? t->cost.stem : 0);
}

static void plan_picture(struct m6_lane *lane, const struct m6_part *p, int first)
{
    struct m6_rows *rows = &lane->rows;
    for (int i = 0; i < p->rows; i++)
        rows->position[first + i] = m6_position_patch(&lane->model->config, p->frame, i);
    rows->picture[rows->pictures].row = first;
    rows->picture[rows->pictures].content = p->content;
    rows->picture[rows->pictures++].rgb = p->rgb;
}

static void plan_text(struct m6_lane *lane, const struct m6_part *p, int first)
{
    for (int i = 0; i < p->rows; i++) {
        lane->rows.token[first + i] = p->token[i];
        lane->rows.position[first + i] = m6_position_text(&lane->model->config, i);
    }
}

int m6_prompt_plan(struct m6_answer *a, struct m6_lane *lane, int room)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    int spent = 0;
    m6_parts_settle(a);
    m6_parts_find(a);
    for (; a->prompted < a->parts; m6_parts_find(a)) {
        struct m6_part *p = &a->part[a->prompted];
        struct m6_branch *branch = &a->branch[p->branch];
        const int cost = m6_prompt_cost(a);
        if ((spent && spent + cost > room) || !m6_rows_fit(&lane->rows, p->rows, 1, p->rgb != NULL))
            return spent;
        if (!m6_prefix_take(&t->prefix, p->page, p->pages))
            return spent ? spent : M6_PLAN_NO_CACHE;
        m6_branch_segment(branch, p->page, p->rows);
        const int first = m6_rows_segment(&lane->rows, branch, p->rows, 0);
        if (p->rgb)
            plan_picture(lane, p, first);
        else
            plan_text(lane, p, first);
        p->state = M6_PART_PLANNED;
        a->prompted++;
        t->parts++;
        spent += cost;
    }
    return spent;
}
