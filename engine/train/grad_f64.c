/* Memory and products in double precision. */
#include "train/grad_f64.h"

#include <stdlib.h>
#include <string.h>

static void *alloc(struct m6_grad_backend *b, size_t bytes)
{
    return aligned_alloc(64, bytes);
}

static void release(struct m6_grad_backend *b, void *p, size_t bytes)
{
    free(p);
}

static void destroy(struct m6_grad_backend *b)
{
    free(b);
}

static void upload(struct m6_grad_backend *b, void *to, const float *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((double *)to)[i] = from[i];
}

static void download(struct m6_grad_backend *b, float *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (float)((const double *)from)[i];
}

static void zero(struct m6_grad_backend *b, void *to, size_t n)
{
    memset(to, 0, n * sizeof(double));
}

static void fill(struct m6_grad_backend *b, void *to, double value)
{
    *(double *)to = value;
}

static void copy(struct m6_grad_backend *b, struct m6_grad_dst to, int64_t to_stride, const void *from,
                 int64_t from_stride, int rows, int cols, float factor)
{
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t c = 0; c < cols; c++)
            m6_grad_f64_put((double *)to.data + r * to_stride + c, to.add,
                            factor * ((const double *)from)[r * from_stride + c]);
    }
}

/* ---- products: C[m × n] (+)= Σ_k a(i, k) · b(k, j), one row of C a task ---- */

struct operand {
    const double *data;
    int64_t row, col;           /* strides */
    const int32_t *index;       /* of rows */
    const struct m6_grad_conv *window; /* data is its pictures: rows are positions, columns (ky, kx, channel) */
    int channels;
};

struct product {
    struct operand a, b;
    double *c;
    int64_t stride;
    const int32_t *index;
    const double *bias, *residual;
    int m, n, k, add;
};

static double window_at(const struct operand *o, int64_t row, int64_t col)
{
    const struct m6_grad_conv *s = o->window;
    const int64_t x = row % s->w + col / o->channels % 3 - 1, y = row / s->w % s->h + col / o->channels / 3 - 1;
    if (x < 0 || x >= s->w || y < 0 || y >= s->h)
        return 0;
    return o->data[((row / s->w / s->h * s->h + y) * s->w + x) * o->channels + col % o->channels];
}

static double element(const struct operand *o, int64_t row, int64_t col)
{
    if (o->window)
        return window_at(o, row, col);
    return o->data[(o->index ? o->index[row] : row) * o->row + col * o->col];
}

static void product_task(void *arg, int i, int thread)
{
    const struct product *p = arg;
    const int64_t row = (p->index ? p->index[i] : i) * p->stride;
    for (int j = 0; j < p->n; j++) {
        double sum = p->bias ? p->bias[j] : 0;
        for (int k = 0; k < p->k; k++)
            sum += element(&p->a, i, k) * element(&p->b, k, j);
        if (p->residual)
            sum += p->residual[row + j];
        m6_grad_f64_put(p->c + row + j, p->add, sum);
    }
}

static void run(struct m6_grad_backend *b, struct product p)
{
    m6_pool_run(((struct m6_grad_f64 *)b)->pool, p.m, product_task, &p);
}

static void linear(struct m6_grad_backend *b, void *y, const void *x, const void *w, const void *bias,
                   const void *residual, const struct m6_grad_linear *s)
{
    run(b, (struct product){.a = {.data = x, .row = s->in, .col = 1, .index = s->row},
                            .b = {.data = w, .row = 1, .col = s->in},
                            .c = y,
                            .stride = s->out,
                            .bias = bias,
                            .residual = residual,
                            .m = s->rows,
                            .n = s->out,
                            .k = s->in});
}

static void linear_dx(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dy, const void *w,
                      const struct m6_grad_linear *s)
{
    run(b, (struct product){.a = {.data = dy, .row = s->out, .col = 1},
                            .b = {.data = w, .row = s->in, .col = 1},
                            .c = dx.data,
                            .add = dx.add,
                            .stride = s->in,
                            .index = s->row,
                            .m = s->rows,
                            .n = s->in,
                            .k = s->out});
}

static void linear_dw(struct m6_grad_backend *b, struct m6_grad_dst dw, const void *dy, const void *x,
                      const struct m6_grad_linear *s)
{
    run(b, (struct product){.a = {.data = dy, .row = 1, .col = s->out},
                            .b = {.data = x, .row = s->in, .col = 1, .index = s->row},
                            .c = dw.data,
                            .add = dw.add,
                            .stride = s->in,
                            .m = s->out,
                            .n = s->in,
                            .k = s->rows});
}

static void conv(struct m6_grad_backend *b, void *y, const void *x, const void *w, const void *bias,
                 const void *residual, const struct m6_grad_conv *s)
{
    run(b, (struct product){.a = {.data = x, .window = s, .channels = s->in},
                            .b = {.data = w, .row = 1, .col = 9 * (int64_t)s->in},
                            .c = y,
                            .stride = s->out,
                            .bias = bias,
                            .residual = residual,
                            .m = s->n * s->h * s->w,
                            .n = s->out,
                            .k = 9 * s->in});
}

/* By the definition: every output position gives to the nine inputs that it saw. */
static void conv_dx(struct m6_grad_backend *b, struct m6_grad_dst dx, const void *dy, const void *w,
                    const struct m6_grad_conv *s)
{
    double *to = dx.data;
    if (!dx.add)
        zero(b, to, (size_t)s->n * (size_t)s->h * (size_t)s->w * (size_t)s->in);
    for (int64_t p = 0; p < (int64_t)s->n * s->h * s->w; p++) {
        for (int k = 0; k < 9; k++) {
            const int64_t x = p % s->w + k % 3 - 1, y = p / s->w % s->h + k / 3 - 1;
            if (x < 0 || x >= s->w || y < 0 || y >= s->h)
                continue;
            double *in = to + (p + (k / 3 - 1) * s->w + k % 3 - 1) * s->in;
            for (int o = 0; o < s->out; o++) {
                const double g = ((const double *)dy)[p * s->out + o];
                const double *row = (const double *)w + ((int64_t)o * 9 + k) * s->in;
                for (int i = 0; i < s->in; i++)
                    in[i] += g * row[i];
            }
        }
    }
}

static void conv_dw(struct m6_grad_backend *b, struct m6_grad_dst dw, const void *dy, const void *x,
                    const struct m6_grad_conv *s)
{
    run(b, (struct product){.a = {.data = dy, .row = 1, .col = s->out},
                            .b = {.data = x, .window = s, .channels = s->in},
                            .c = dw.data,
                            .add = dw.add,
                            .stride = 9 * (int64_t)s->in,
                            .m = s->out,
                            .n = 9 * s->in,
                            .k = s->n * s->h * s->w});
}

static void column_sums(struct m6_grad_backend *b, struct m6_grad_dst sums, const void *x, int rows, int cols)
{
    for (int c = 0; c < cols; c++) {
        double sum = 0;
        for (int r = 0; r < rows; r++)
            sum += ((const double *)x)[(int64_t)r * cols + c];
        m6_grad_f64_put((double *)sums.data + c, sums.add, sum);
    }
}

static const struct m6_grad_ops ops = {
    .element = sizeof(double),
    .alloc = alloc,
    .free = release,
    .destroy = destroy,
    .upload = upload,
    .download = download,
    .zero = zero,
    .fill = fill,
    .copy = copy,
    .linear = linear,
    .linear_dx = linear_dx,
    .linear_dw = linear_dw,
    .conv = conv,
    .conv_dx = conv_dx,
    .conv_dw = conv_dw,
    .column_sums = column_sums,
    .add = m6_grad_f64_add,
    .gelu = m6_grad_f64_gelu,
    .gelu_back = m6_grad_f64_gelu_back,
    .layer_norm = m6_grad_f64_layer_norm,
    .layer_norm_back = m6_grad_f64_layer_norm_back,
    .gather = m6_grad_f64_gather,
    .scatter_add = m6_grad_f64_scatter_add,
    .to_blocks = m6_grad_f64_to_blocks,
    .from_blocks = m6_grad_f64_from_blocks,
    .mean_rows = m6_grad_f64_mean_rows,
    .mean_rows_back = m6_grad_f64_mean_rows_back,
    .attention = m6_grad_f64_attention,
    .attention_back = m6_grad_f64_attention_back,
    .route = m6_grad_f64_route,
    .route_back = m6_grad_f64_route_back,
    .combine = m6_grad_f64_combine,
    .combine_back = m6_grad_f64_combine_back,
    .fsq = m6_grad_f64_fsq,
    .fsq_back = m6_grad_f64_fsq_back,
    .cross_entropy = m6_grad_f64_cross_entropy,
    .cross_entropy_back = m6_grad_f64_cross_entropy_back,
    .error = m6_grad_f64_error,
    .error_back = m6_grad_f64_error_back,
};

struct m6_grad_backend *m6_grad_f64_create(struct m6_pool *pool)
{
    struct m6_grad_f64 *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->base.ops = &ops;
    f->pool = pool;
    return &f->base;
}
