/* Products against packed weights: dense and convolution. */
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
