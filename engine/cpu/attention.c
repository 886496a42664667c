/* Attention over a paged cache: cuts spans into blocks of queries that share a key/value head. */
#include <assert.h>
#include <string.h>

#include "cpu/cpu.h"

enum { ALONE_WORK = 48 * 1024 }; /* multiplications below which nobody is woken */

struct writing {
    const struct m6_kv *kv;
    struct m6_mat k, v;
    const int32_t *slot;
};

static void write_rows(void *arg, int first, int end, int thread)
{
    const struct writing *const s = arg;
    const int width = s->kv->kv_heads * s->kv->head_dim;
    for (int r = first; r < end; r++) {
        const int64_t at = (int64_t)s->slot[r] * width;
        if (s->slot[r] < 0)
            continue;
        memcpy(s->kv->k + at, m6_row(s->k, r), (size_t)width * sizeof(float));
        memcpy(s->kv->v + at, m6_row(s->v, r), (size_t)width * sizeof(float));
    }
}

void m6_cpu_kv_write(struct m6_backend *b, const struct m6_kv *kv, struct m6_mat k, struct m6_mat v,
                     const int32_t *slot)
{
    struct writing s = {.kv = kv, .k = k, .v = v, .slot = slot};
    m6_cpu_each(m6_cpu_of(b), k.rows, 2 * (int64_t)k.cols, write_rows, &s);
}

struct job {
    struct m6_cpu *cpu;
    struct m6_mat y, q;
    const struct m6_kv *kv;
    int group, block; /* query heads a key/value head; rows a block */
    float scale;
    const struct m6_span *span;
    int spans;
};

static int blocks_of(const struct job *j, int span)
{
    return (j->span[span].rows + j->block - 1) / j->block;
}

static void attend_task(void *arg, int task, int thread)
{
    const struct job *const j = arg;
    const struct m6_kv *const kv = j->kv;
    const int head = task % kv->kv_heads;
    int span = 0, block = task / kv->kv_heads;
    for (; block >= blocks_of(j, span); span++)
        block -= blocks_of(j, span);
    const struct m6_span *const s = &j->span[span];
    const int first = block * j->block,
              rows = s->rows - first < j->block ? s->rows - first : j->block;
    const int64_t column = (int64_t)head * j->group * kv->head_dim;
    const struct m6_attend a = {
        .q = m6_row(j->q, s->first_row + first) + column,
        .y = m6_row(j->y, s->first_row + first) + column,
        .q_stride = j->q.stride,
        .y_stride = j->y.stride,
        .rows = rows,
        .group = j->group,
        .head_dim = kv->head_dim,
        .k = kv->k + (int64_t)head * kv->head_dim,
        .v = kv->v + (int64_t)head * kv->head_dim,
        .slot_stride = (int64_t)kv->kv_heads * kv->head_dim,
        .ahead = head + 1 < kv->kv_heads ? kv->head_dim : 0,
        .slot = s->slot,
        .visible = s->causal ? s->context - s->rows + first + 1 : s->context,
        .step = s->causal ? 1 : 0,
        .scale = j->scale,
    };
    j->cpu->rows->attend(&a, j->cpu->local[thread].attend);
}

void m6_cpu_attention(struct m6_backend *b, struct m6_mat y, struct m6_mat q,
                      const struct m6_kv *kv, int heads, float scale, const struct m6_span *span,
                      int spans)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    struct job j = {.cpu = cpu,
                    .y = y,
                    .q = q,
                    .kv = kv,
                    .group = heads / kv->kv_heads,
                    .scale = scale,
                    .span = span,
                    .spans = spans};
    assert(kv->head_dim <= M6_ATTEND_HEAD && heads % kv->kv_heads == 0 &&
           j.group <= M6_ATTEND_QUERIES);
    j.block = M6_ATTEND_QUERIES / j.group;
    int64_t work = 0;
    int tasks = 0;
    for (int i = 0; i < spans; i++) {
        tasks += blocks_of(&j, i) * kv->kv_heads;
        work += (int64_t)span[i].rows * span[i].context * heads * kv->head_dim;
    }
    if (work < ALONE_WORK) {
        for (int i = 0; i < tasks; i++)
            attend_task(&j, i, 0);
    } else {
        m6_pool_run(cpu->pool, tasks, attend_task, &j);
    }
}
