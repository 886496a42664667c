/* Sparse experts. Rows are gathered by expert, so that each weight is read once; a row's experts are added in the order
 * of their numbers.
 *
 * With many rows one expert after the other is worked by all threads. With few, as when some requests decode, handing
 * each small product round would cost more than the product: then each thread takes whole experts, whose results wait
 * until all are there. Both ways make the same additions in the same order. */
#include <assert.h>

#include "cpu/cpu.h"
#include "cpu/gemm_kernels.h"
#include "cpu/gemm_scratch.h"

enum {
    MOST_APART = 256, /* experts that threads may share out */
    PAD = 16,         /* what `finish` may read past a row */
};

struct job {
    struct m6_cpu *cpu;
    struct m6_mat y, x;
    const struct m6_experts *e;
    int start[MOST_APART + 1]; /* of each expert's rows in the lists */
    int inner, first, active;
    float *hidden, *out; /* [assignments] rows of each */
};

/* Where products of one expert run: on all threads, or inside a task of one. */
struct place {
    struct m6_pool *pool;
    struct m6_gemm_scratch *scratch;
};

static void product(const struct m6_cpu *cpu, struct place at, struct m6_gemm *g, const struct m6_weight *w)
{
    g->packed = w;
    g->n = w->out;
    g->k = w->in;
    m6_gemm_run(cpu->gemm, at.pool, at.scratch, g);
}

/* One expert on some of its rows, through the gate if there is one, as far as hidden. The gate's own follow behind it. */
static void up(struct m6_cpu *cpu, struct place at, float *to, struct m6_mat x, const struct m6_experts *e, int which,
               const int32_t *row, int rows)
{
    const int inner = e->up[which]->out;
    struct m6_mat hidden = {.data = to, .rows = rows, .cols = inner, .stride = inner};
    struct m6_gemm g = {.m = rows, .c = hidden.data, .c_stride = inner};
    g.a = (struct m6_operand){.data = x.data, .row_stride = x.stride, .col_stride = 1, .row_index = row};
    g.epilogue.bias = e->up_bias ? e->up_bias[which] : NULL;
    g.epilogue.act = e->gate ? M6_ACT_NONE : e->act;
    product(cpu, at, &g, e->up[which]);
    if (e->gate) {
        struct m6_mat gated = hidden;
        gated.data += (int64_t)rows * inner;
        g.c = gated.data;
        g.epilogue = (struct m6_epilogue){.act = M6_ACT_NONE};
        product(cpu, at, &g, e->gate[which]);
        m6_cpu_gated(&cpu->base, hidden, gated, hidden, e->act);
    }
}

static void down(struct m6_cpu *cpu, struct place at, const float *hidden, const struct m6_experts *e, int which,
                 struct m6_gemm *g)
{
    const int inner = e->up[which]->out;
    g->a = (struct m6_operand){.data = hidden, .row_stride = inner, .col_stride = 1};
    g->epilogue.bias = e->down_bias ? e->down_bias[which] : NULL;
    product(cpu, at, g, e->down[which]);
}

/* Gathers the rows of one expert at the lists' place `at`; returns how many. */
static int gather(struct m6_cpu *cpu, const int32_t *index, const float *gate, int first, int end, int active, int which,
                  int at)
{
    int count = 0;
    for (int i = first * active; i < end * active; i++) {
        if (index[i] == which) {
            cpu->place_list[i - first * active] = at + count;
            cpu->row_list[at + count] = i / active;
            cpu->gate_list[at + count++] = gate[i];
        }
    }
    return count;
}

/* ---- one after the other ---- */

static void run_in_turn(struct m6_cpu *cpu, struct m6_mat y, struct m6_mat x, const struct m6_experts *e, int which,
                        const int32_t *row, const float *gate, int count)
{
    const struct place all = {cpu->pool, cpu->scratch};
    const int most = M6_CPU_HIDDEN / ((e->gate ? 2 : 1) * e->up[which]->out);
    for (int done = 0; done < count; done += most) {
        const int rows = count - done < most ? count - done : most;
        struct m6_gemm g = {.m = rows, .c = y.data, .c_stride = y.stride, .c_row_index = row + done,
                            .c_row_scale = gate + done, .accumulate = 1};
        up(cpu, all, cpu->hidden, x, e, which, row + done, rows);
        down(cpu, all, cpu->hidden, e, which, &g);
    }
}

/* ---- each by a thread ---- */

static void run_expert(void *arg, int which, int thread)
{
    const struct job *const j = arg;
    struct m6_cpu *const cpu = j->cpu;
    const int at = j->start[which], rows = j->start[which + 1] - at, width = j->y.cols;
    struct m6_gemm_scratch own = {.threads = 1, .shared = cpu->scratch->local[thread],
                                  .local = &cpu->scratch->local[thread]};
    const struct place here = {NULL, &own};
    float *const hidden = j->hidden + (int64_t)at * j->inner;
    struct m6_gemm g = {.m = rows, .c = j->out + (int64_t)at * width, .c_stride = width};
    if (!rows)
        return;
    up(cpu, here, hidden, j->x, j->e, which, cpu->row_list + at, rows);
    down(cpu, here, hidden, j->e, which, &g);
}

/* Adds up what a row's experts gave; their order in the lists is that of their numbers. */
static void add_rows(void *arg, int first, int end, int thread)
{
    const struct job *const j = arg;
    const struct m6_cpu *const cpu = j->cpu;
    for (int r = first; r < end; r++) {
        const int32_t *const place = cpu->place_list + (int64_t)r * j->active;
        for (int last = -1, next;; last = next) {
            next = INT32_MAX;
            for (int i = 0; i < j->active; i++)
                next = place[i] > last && place[i] < next ? place[i] : next;
            if (next == INT32_MAX)
                break;
            const struct m6_finish f = {.row_scale = cpu->gate_list[next], .accumulate = 1, .act = M6_ACT_NONE};
            cpu->gemm->finish(m6_row(j->y, j->first + r), j->out + (int64_t)next * j->y.cols, j->y.cols, &f);
        }
    }
}

/* Whether each thread gets about as much of them, and there is room for all at once. */
static int worth_apart(const struct job *j)
{
    const int experts = j->e->experts, all = j->start[experts], threads = j->cpu->threads;
    int busy = 0, most = 0;
    if (threads == 1 || (int64_t)all * (j->inner + j->y.cols) + PAD > M6_CPU_HIDDEN)
        return 0;
    for (int i = 0; i < experts; i++) {
        const int rows = j->start[i + 1] - j->start[i];
        busy += rows > 0;
        most = rows > most ? rows : most;
    }
    return busy >= threads && (int64_t)most * threads <= all;
}

static void run_apart(struct job *j, int rows)
{
    j->hidden = j->cpu->hidden;
    j->out = j->hidden + (int64_t)j->start[j->e->experts] * j->inner;
    m6_pool_run(j->cpu->pool, j->e->experts, run_expert, j);
    m6_cpu_each(j->cpu, rows, (int64_t)j->active * j->y.cols, add_rows, j);
}

void m6_cpu_experts(struct m6_backend *b, struct m6_mat y, struct m6_mat x, const struct m6_experts *e,
                    const int32_t *index, const float *gate, int active)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    struct job j = {.cpu = cpu, .y = y, .x = x, .e = e, .active = active};
    const int batch = M6_CPU_ASSIGNMENTS / (active ? active : 1), few = e->experts <= MOST_APART;
    for (int i = 0; i < e->experts; i++)
        j.inner = (e->gate ? 2 : 1) * e->up[i]->out > j.inner ? (e->gate ? 2 : 1) * e->up[i]->out : j.inner;
    for (int first = 0; first < x.rows; first += batch) {
        const int end = x.rows - first < batch ? x.rows : first + batch;
        for (int i = 0; few && i < (end - first) * active; i++)
            cpu->place_list[i] = -1;
        for (int which = 0, at = 0; few && which < e->experts; which++)
            j.start[which + 1] = at += gather(cpu, index, gate, first, end, active, which, at);
        j.first = first;
        if (few && worth_apart(&j)) {
            run_apart(&j, end - first);
            continue;
        }
        for (int which = 0; which < e->experts; which++) {
            const int at = few ? j.start[which] : 0;
            const int rows = few ? j.start[which + 1] - at : gather(cpu, index, gate, first, end, active, which, 0);
            run_in_turn(cpu, y, x, e, which, cpu->row_list + at, cpu->gate_list + at, rows);
        }
    }
}
