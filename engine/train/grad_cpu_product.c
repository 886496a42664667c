/* Products forwards and backwards: y = x·Wᵀ + b, dx = dy·W, dW = dyᵀ·x, and the same over 3×3 windows. */
#include "train/grad_cpu.h"

static void run(struct m6_grad_cpu *c, const struct m6_gemm *g)
{
    m6_gemm_run(c->gemm, c->pool, c->shared, g);
}

static enum m6_type compute(const struct m6_grad_cpu *c, const struct m6_grad_linear *s)
{
    return s->exact ? M6_F32 : c->compute;
}

void m6_grad_cpu_linear(struct m6_grad_backend *b, void *y, const void *x, const void *w, const void *bias,
                        const void *residual, const struct m6_grad_linear *s)
{
    struct m6_grad_cpu *c = m6_grad_cpu_of(b);
    run(c, &(struct m6_gemm){
               .compute = compute(c, s),
               .m = s->rows,
               .n = s->out,
               .k = s->in,
               .a = {.data = x, .row_stride = s->in, .col_stride = 1, .row_index = s->row},
               .b = {.data = w, .row_stride = 1, .col_stride = s->in},
               .c = y,
               .c_stride = s->out,
               .epilogue = {.bias = bias, .residual = residual},
           });
}

void m6_grad_cpu_linear_dx(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dy, const void *w,
                           const struct m6_grad_linear *s)
{
    struct m6_grad_cpu *c = m6_grad_cpu_of(b);
    run(c, &(struct m6_gemm){
               .compute = compute(c, s),
               .m = s->rows,
               .n = s->in,
               .k = s->out,
               .a = {.data = dy, .row_stride = s->out, .col_stride = 1},
               .b = {.data = w, .row_stride = s->in, .col_stride = 1},
               .c = dx.data,
               .c_stride = s->in,
               .c_row_index = s->row,
               .accumulate = dx.add,
           });
}

void m6_grad_cpu_linear_dw(struct m6_grad_backend *b, struct m6_grad_dst dw, const void *dy, const void *x,
                           const struct m6_grad_linear *s)
{
    struct m6_grad_cpu *c = m6_grad_cpu_of(b);
    run(c, &(struct m6_gemm){
               .compute = compute(c, s),
               .m = s->out,
               .n = s->in,
               .k = s->rows,
               .a = {.data = dy, .row_stride = 1, .col_stride = s->out},
               .b = {.data = x, .row_stride = s->in, .col_stride = 1, .row_index = s->row},
               .c = dw.data,
               .c_stride = s->in,
               .accumulate = dw.add,
           });
}

static struct m6_operand window(const void *data, const struct m6_grad_conv *s, int channels)
{
    return (struct m6_operand){.data = data, .conv_h = s->h, .conv_w = s->w, .conv_c = channels};
}

void m6_grad_cpu_conv(struct m6_grad_backend *b, void *y, const void *x, const void *w, const void *bias,
                      const void *residual, const struct m6_grad_conv *s)
{
    struct m6_grad_cpu *c = m6_grad_cpu_of(b);
    run(c, &(struct m6_gemm){
               .compute = c->compute,
               .m = s->n * s->h * s->w,
               .n = s->out,
               .k = 9 * s->in,
               .a = window(x, s, s->in),
               .b = {.data = w, .row_stride = 1, .col_stride = 9 * (int64_t)s->in},
               .c = y,
               .c_stride = s->out,
               .epilogue = {.bias = bias, .residual = residual},
           });
}

/* The gradient is itself a convolution, over dy, with the kernel turned by half a turn: row (ky, kx, out) of the turned
 * kernel is W[out][2-ky][2-kx]. */
void m6_grad_cpu_conv_dx(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dy, const void *w,
                         const struct m6_grad_conv *s)
{
    struct m6_grad_cpu *c = m6_grad_cpu_of(b);
    const float *from = w;
    float *turned = m6_grad_cpu_scratch(c, 9 * (size_t)s->in * (size_t)s->out * sizeof *turned);
    if (!turned)
        return;
    for (int o = 0; o < s->out; o++) {
        for (int k = 0; k < 9; k++)
            m6_grad_cpu_of(b)->k->scaled(turned + ((size_t)k * (size_t)s->out + (size_t)o) * (size_t)s->in,
                                         from + ((size_t)o * 9 + (size_t)(8 - k)) * (size_t)s->in, 1.0f, 0,
                                         (size_t)s->in);
    }
    run(c, &(struct m6_gemm){
               .compute = c->compute,
               .m = s->n * s->h * s->w,
               .n = s->in,
               .k = 9 * s->out,
               .a = window(dy, s, s->out),
               .b = {.data = turned, .row_stride = s->in, .col_stride = 1},
               .c = dx.data,
               .c_stride = s->in,
               .accumulate = dx.add,
           });
}

void m6_grad_cpu_conv_dw(struct m6_grad_backend *b, struct m6_grad_dst dw, const void *dy, const void *x,
                         const struct m6_grad_conv *s)
{
    struct m6_grad_cpu *c = m6_grad_cpu_of(b);
    run(c, &(struct m6_gemm){
               .compute = c->compute,
               .m = s->out,
               .n = 9 * s->in,
               .k = s->n * s->h * s->w,
               .a = {.data = dy, .row_stride = 1, .col_stride = s->out},
               .b = window(x, s, s->in),
               .c = dw.data,
               .c_stride = 9 * (int64_t)s->in,
               .accumulate = dw.add,
           });
}

/* ---- the bias's gradient ---- */

struct sums {
    struct m6_grad_cpu *c;
    struct m6_grad_dst to;
    const float *x;
    float *part;
    int rows, cols, chunks;
};

static void sums_task(void *arg, int task, int thread)
{
    const struct sums *s = arg;
    const int first = task * M6_GRAD_CHUNK;
    const int rows = s->rows - first < M6_GRAD_CHUNK ? s->rows - first : M6_GRAD_CHUNK;
    s->c->k->column_sums(s->part + (size_t)task * (size_t)s->cols, s->x + (size_t)first * (size_t)s->cols, rows,
                         s->cols, (size_t)s->cols);
}

void m6_grad_cpu_column_sums(struct m6_grad_backend *b, struct m6_grad_dst to, const void *x, int rows, int cols)
{
    struct sums s = {.c = m6_grad_cpu_of(b),
                     .to = to,
                     .x = x,
                     .rows = rows,
                     .cols = cols,
                     .chunks = m6_grad_chunks(rows, M6_GRAD_CHUNK)};
    s.part = m6_grad_cpu_scratch(s.c, ((size_t)s.chunks + 1) * (size_t)cols * sizeof *s.part);
    if (!s.part)
        return;
    m6_pool_run(s.c->pool, s.chunks, sums_task, &s);
    float *total = s.part + (size_t)s.chunks * (size_t)cols;
    s.c->k->column_sums(total, s.part, s.chunks, cols, (size_t)cols);
    s.c->k->scaled(to.data, total, 1.0f, to.add, (size_t)cols);
}
