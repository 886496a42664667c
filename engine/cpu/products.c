/* Products against packed weights: dense, convolution, experts. */
#include <assert.h>

#include "cpu/cpu.h"

enum m6_status m6_cpu_weight_create(struct m6_backend *b, struct m6_weight *w, enum m6_type compute,
                                    int out, int in, const void *data, enum m6_type type,
                                    const float *scale)
{
    return m6_gemm_pack(m6_cpu_of(b)->gemm, w, compute, out, in, data, type, scale);
}

void m6_cpu_weight_destroy(struct m6_backend *b, struct m6_weight *w)
{
    m6_gemm_unpack(w);
}

static void product(struct m6_cpu *cpu, struct m6_gemm *g, const struct m6_weight *w)
{
    g->packed = w;
    g->n = w->out;
    g->k = w->in;
    m6_gemm_run(cpu->gemm, cpu->pool, cpu->scratch, g);
}

void m6_cpu_matmul(struct m6_backend *b, struct m6_mat y, struct m6_mat x,
                   const struct m6_weight *w, const struct m6_epilogue *e)
{
    struct m6_gemm g = {.m = x.rows, .c = y.data, .c_stride = y.stride};
    assert(x.cols == w->in && y.cols == w->out && y.rows == x.rows);
    g.a = (struct m6_operand){.data = x.data, .row_stride = x.stride, .col_stride = 1};
    if (e)
        g.epilogue = *e;
    product(m6_cpu_of(b), &g, w);
}

void m6_cpu_conv3x3(struct m6_backend *b, struct m6_mat y, struct m6_mat x,
                    const struct m6_weight *w, int n, int h, int width, const struct m6_epilogue *e)
{
    struct m6_gemm g = {.m = x.rows, .c = y.data, .c_stride = y.stride};
    assert(9 * x.cols == w->in && y.cols == w->out && x.rows == n * h * width && y.rows == x.rows);
    g.a = (struct m6_operand){
        .data = x.data, .row_stride = x.stride, .conv_h = h, .conv_w = width, .conv_c = x.cols};
    if (e)
        g.epilogue = *e;
    product(m6_cpu_of(b), &g, w);
}

/* One expert on some of its rows: up into hidden, through the gate if there is one, and down,
 * scattered and weighted, into y. */
static void expert(struct m6_cpu *cpu, struct m6_mat y, struct m6_mat x, const struct m6_experts *e,
                   int which, const int32_t *row, const float *gate, int rows)
{
    const int inner = e->up[which]->out;
    struct m6_mat hidden = {.data = cpu->hidden, .rows = rows, .cols = inner, .stride = inner};
    struct m6_gemm g = {.m = rows, .c = hidden.data, .c_stride = inner};
    g.a = (struct m6_operand){
        .data = x.data, .row_stride = x.stride, .col_stride = 1, .row_index = row};
    g.epilogue.bias = e->up_bias ? e->up_bias[which] : NULL;
    g.epilogue.act = e->gate ? M6_ACT_NONE : e->act;
    product(cpu, &g, e->up[which]);
    if (e->gate) {
        struct m6_mat gated = hidden;
        gated.data += (int64_t)rows * inner;
        g.c = gated.data;
        g.epilogue = (struct m6_epilogue){.act = M6_ACT_NONE};
        product(cpu, &g, e->gate[which]);
        m6_cpu_gated(&cpu->base, hidden, gated, hidden, e->act);
    }
    g = (struct m6_gemm){.m = rows,
                         .c = y.data,
                         .c_stride = y.stride,
                         .c_row_index = row,
                         .c_row_scale = gate,
                         .accumulate = 1};
    g.a = (struct m6_operand){.data = hidden.data, .row_stride = inner, .col_stride = 1};
    g.epilogue.bias = e->down_bias ? e->down_bias[which] : NULL;
    product(cpu, &g, e->down[which]);
}

/* Rows are gathered by expert, so that each weight is read once; a row's experts are added in the
 * order of their numbers. */
void m6_cpu_experts(struct m6_backend *b, struct m6_mat y, struct m6_mat x,
                    const struct m6_experts *e, const int32_t *index, const float *gate, int active)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    const int batch = M6_CPU_ASSIGNMENTS / (active ? active : 1);
    for (int first = 0; first < x.rows; first += batch) {
        const int end = x.rows - first < batch ? x.rows : first + batch;
        for (int which = 0; which < e->experts; which++) {
            int count = 0;
            for (int i = first * active; i < end * active; i++) {
                if (index[i] == which) {
                    cpu->row_list[count] = i / active;
                    cpu->gate_list[count++] = gate[i];
                }
            }
            const int most = M6_CPU_HIDDEN / ((e->gate ? 2 : 1) * e->up[which]->out);
            for (int done = 0; done < count; done += most) {
                const int rows = count - done < most ? count - done : most;
                expert(cpu, y, x, e, which, cpu->row_list + done, cpu->gate_list + done, rows);
            }
        }
    }
}
