/* How often a judge is right, or what it says of drawings. */
#include <stdio.h>
#include <stdlib.h>

#include "train/judge.h"
#include "train/trainer.h"

/* The rank of attribute `which` by how likely it is present. */
static int rank_of(const float *p, const struct m6_label_group *g, int which)
{
    int rank = 0;
    for (int i = 0; i < g->count; i++)
        rank += p[i * g->classes + g->absent] < p[which * g->classes + g->absent];
    return rank;
}

static void count_group(struct m6_judge_tally *t, const struct m6_label_group *g, const int *label, const float *p)
{
    int present = 0;
    for (int i = 0; i < g->count; i++)
        present += label[i] >= 0 && label[i] != g->absent;
    for (int i = 0; i < g->count; i++) {
        if (label[i] < 0 || label[i] == g->absent)
            continue;
        const float *q = p + i * g->classes;
        int best = g->absent == 0;
        for (int c = 0; c < g->classes; c++)
            if (c != g->absent && q[c] > q[best])
                best = c;
        t->right += best == label[i];
        t->found += g->absent >= 0 && rank_of(p, g, i) < present;
        t->all++;
    }
}

void m6_judge_count(struct m6_judge_tally *t, const struct m6_judge_shape *s, const int *label, const float *p)
{
    for (int g = 0; g < s->groups; g++) {
        count_group(&t[g], &s->group[g], label, p);
        label += s->group[g].count;
        p += s->group[g].count * s->group[g].classes;
    }
}

void m6_judge_report(const struct m6_judge_tally *t, const struct m6_judge_shape *s, const char *prefix,
                     struct m6_metrics *m)
{
    char name[64];
    double mean = 0;
    int means = 0, found = 0;
    for (int g = 0; g < s->groups; g++) {
        if (!t[g].all)
            continue;
        if (s->group[g].absent >= 0 && !found++) {
            snprintf(name, sizeof name, "%sfound", prefix);
            m6_metrics_set(m, name, (double)t[g].found / t[g].all);
            mean += (double)t[g].found / t[g].all;
            means++;
        }
        snprintf(name, sizeof name, "%s%s", prefix, s->group[g].name);
        m6_metrics_set(m, name, (double)t[g].right / t[g].all);
        mean += (double)t[g].right / t[g].all;
        means++;
    }
    snprintf(name, sizeof name, "%smean", prefix);
    if (means)
        m6_metrics_set(m, name, mean / means);
}

enum m6_status m6_judge_frames(struct m6_judge *judge, const struct m6_example *truth, const uint8_t *rgb, int n,
                               struct m6_judge_tally *tally, struct m6_error *err)
{
    struct m6_verdict *v = calloc((size_t)n, sizeof *v);
    const enum m6_status status = v ? m6_judge_score(judge, rgb, n, v, err)
                                    : m6_fail(err, M6_ERR_MEMORY, "no memory to judge %d frames", n);
    for (int i = 0; i < n && !status; i++)
        m6_judge_count(tally, m6_judge_shape(judge), truth[i].label, v[i].probability);
    free(v);
    return status;
}
