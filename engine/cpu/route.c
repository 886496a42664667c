/* Choosing experts: the best in each group, or the best of all. Equal logits go to the lower index.
 */
#include <assert.h>

#include "cpu/cpu.h"

struct routing {
    struct m6_cpu *cpu;
    struct m6_mat logits;
    int groups, active, renormalise;
    int32_t *index;
    float *gate;
};

static int first_most(const float *x, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        best = x[i] > x[best] ? i : best;
    return best;
}

static void route_prototypes(void *arg, int first, int end, int thread)
{
    const struct routing *const s = arg;
    const int n = s->logits.cols / s->groups;
    float *const share = s->cpu->local[thread].weight;
    for (int r = first; r < end; r++) {
        for (int g = 0; g < s->groups; g++) {
            const float *const x = m6_row(s->logits, r) + g * n;
            const int best = first_most(x, n);
            s->cpu->rows->softmax(share, x, n);
            s->index[r * s->groups + g] = g * n + best;
            s->gate[r * s->groups + g] = share[best];
        }
    }
}

void m6_cpu_route_prototypes(struct m6_backend *b, struct m6_mat logits, int groups, int32_t *index,
                             float *gate)
{
    struct routing s = {
        .cpu = m6_cpu_of(b), .logits = logits, .groups = groups, .index = index, .gate = gate};
    assert(logits.cols % groups == 0 && logits.cols <= M6_CPU_CANDIDATES);
    m6_cpu_each(s.cpu, logits.rows, 4 * (int64_t)logits.cols, route_prototypes, &s);
}

static void route_top_k(void *arg, int first, int end, int thread)
{
    const struct routing *const s = arg;
    const int n = s->logits.cols;
    float *const share = s->cpu->local[thread].weight;
    for (int r = first; r < end; r++) {
        int32_t *const index = s->index + (int64_t)r * s->active;
        float *const gate = s->gate + (int64_t)r * s->active, sum = 0;
        s->cpu->rows->softmax(share, m6_row(s->logits, r), n);
        for (int i = 0; i < s->active; i++) {
            index[i] = first_most(share, n);
            gate[i] = share[index[i]];
            sum += gate[i];
            share[index[i]] = -1;
        }
        for (int i = 0; i < s->active && s->renormalise; i++)
            gate[i] /= sum;
    }
}

void m6_cpu_route_top_k(struct m6_backend *b, struct m6_mat logits, int active, int renormalise,
                        int32_t *index, float *gate)
{
    struct routing s = {.cpu = m6_cpu_of(b),
                        .logits = logits,
                        .active = active,
                        .renormalise = renormalise,
                        .index = index,
                        .gate = gate};
    assert(active <= logits.cols && logits.cols <= M6_CPU_CANDIDATES);
    m6_cpu_each(s.cpu, logits.rows, (4 + active) * (int64_t)logits.cols, route_top_k, &s);
}
