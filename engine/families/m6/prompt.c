#include "families/m6/answer.h"

int m6_prompt_rows(const struct m6_answer *a)
{
    const struct m6_config *c = &m6_answer_transformer(a)->config;
    if (a->prefilled)
        return 0;
    return a->picture_count * m6_config_patches(c) + a->source_count + (a->branches > 1 ? 2 : 0);
}

static void plan_picture(struct m6_answer *a, int frame)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    const struct m6_config *c = &t->config;
    struct m6_rows *rows = &t->rows;
    const int patches = m6_config_patches(c), first = m6_rows_segment(rows, &a->branch[0], patches, 0);
    for (int p = 0; p < patches; p++)
        rows->position[first + p] = m6_position_patch(c, frame, p);
    rows->picture[rows->pictures].row = first;
    rows->picture[rows->pictures++].rgb = a->pictures + (size_t)frame * (size_t)c->width * (size_t)c->height * 3;
}

static void plan_source(struct m6_answer *a, struct m6_branch *branch, const int32_t *token, int count)
{
    struct m6_transformer *t = m6_answer_transformer(a);
    const int first = m6_rows_segment(&t->rows, branch, count, 0);
    for (int i = 0; i < count; i++) {
        t->rows.token[first + i] = token[i];
        t->rows.position[first + i] = m6_position_text(&t->config, i);
    }
}

void m6_prompt_plan(struct m6_answer *a)
{
    if (a->prefilled)
        return;
    for (int i = 0; i < a->picture_count; i++)
        plan_picture(a, i);
    plan_source(a, &a->branch[0], a->source, a->source_count);
    if (a->branches > 1)
        plan_source(a, &a->branch[1], a->bare, 2);
    for (int b = 0; b < a->branches; b++)
        a->draw.prompt[b] = a->branch[b].used;
    a->prefilled = 1;
}
