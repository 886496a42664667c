/* Operations on rows: each is cut into stretches of rows, and a row is worked by one kernel. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "cpu/cpu.h"

struct args {
    struct m6_cpu *cpu;
    const struct m6_row_kernels *kernels;
    struct m6_mat y, a, b;
    const float *gain, *bias, *table;
    const int32_t *id;
    float p, q;
    enum m6_act act;
    int accumulate, heads, head_dim;
};

/* Where rows lie without gaps, elementwise work is one long row per task. */
static int is_dense(struct m6_mat m)
{
    return m.stride == m.cols || m.rows <= 1;
}

static struct m6_mat as_one(struct m6_mat m, int first, int end)
{
    return (struct m6_mat){
        .data = m6_row(m, first), .rows = 1, .cols = (end - first) * m.cols, .stride = 0};
}

static struct m6_mat part(struct m6_mat m, int first, int end)
{
    return (struct m6_mat){
        .data = m6_row(m, first), .rows = end - first, .cols = m.cols, .stride = m.stride};
}

/* Narrows y, a and b to rows first … end-1, in one piece if they are dense and short enough to
 * count. */
static struct args narrowed(const struct args *from, int first, int end)
{
    struct args to = *from;
    const int one = is_dense(from->y) && is_dense(from->a) &&
                    (!from->b.data || is_dense(from->b)) &&
                    (int64_t)(end - first) * from->y.cols < 1 << 30;
    to.y = one ? as_one(from->y, first, end) : part(from->y, first, end);
    to.a = one ? as_one(from->a, first, end) : part(from->a, first, end);
    if (from->b.data)
        to.b = one ? as_one(from->b, first, end) : part(from->b, first, end);
    return to;
}

static void layer_norm(void *arg, int first, int end, int thread)
{
    const struct args *const s = arg;
    for (int r = first; r < end; r++)
        s->kernels->layer_norm(m6_row(s->y, r), m6_row(s->a, r), s->a.cols, s->gain, s->bias, s->p);
}

void m6_cpu_layer_norm(struct m6_backend *b, struct m6_mat y, struct m6_mat x, const float *gain,
                       const float *bias, float eps)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    struct args s = {.kernels = cpu->rows, .y = y, .a = x, .gain = gain, .bias = bias, .p = eps};
    m6_cpu_each(cpu, x.rows, x.cols, layer_norm, &s);
}

static void rms_norm(void *arg, int first, int end, int thread)
{
    const struct args *const s = arg;
    for (int r = first; r < end; r++)
        s->kernels->rms_norm(m6_row(s->y, r), m6_row(s->a, r), s->a.cols, s->gain, s->p);
}

void m6_cpu_rms_norm(struct m6_backend *b, struct m6_mat y, struct m6_mat x, const float *gain,
                     float eps)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    struct args s = {.kernels = cpu->rows, .y = y, .a = x, .gain = gain, .p = eps};
    m6_cpu_each(cpu, x.rows, x.cols, rms_norm, &s);
}

static void softmax(void *arg, int first, int end, int thread)
{
    const struct args *const s = arg;
    for (int r = first; r < end; r++)
        s->kernels->softmax(m6_row(s->y, r), m6_row(s->a, r), s->a.cols);
}

void m6_cpu_softmax(struct m6_backend *b, struct m6_mat y, struct m6_mat x)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    struct args s = {.kernels = cpu->rows, .y = y, .a = x};
    if (x.cols > 0)
        m6_cpu_each(cpu, x.rows, 2 * (int64_t)x.cols, softmax, &s);
}

static void activate(void *arg, int first, int end, int thread)
{
    const struct args s = narrowed(arg, first, end);
    for (int r = 0; r < s.y.rows; r++)
        s.kernels->activate(m6_row(s.y, r), m6_row(s.a, r), s.y.cols, s.act);
}

void m6_cpu_activate(struct m6_backend *b, struct m6_mat y, struct m6_mat x, enum m6_act act)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    struct args s = {.kernels = cpu->rows, .y = y, .a = x, .act = act};
    m6_cpu_each(cpu, x.rows, 2 * (int64_t)x.cols, activate, &s);
}

static void gated(void *arg, int first, int end, int thread)
{
    const struct args s = narrowed(arg, first, end);
    for (int r = 0; r < s.y.rows; r++)
        s.kernels->gated(m6_row(s.y, r), m6_row(s.a, r), m6_row(s.b, r), s.y.cols, s.act);
}

void m6_cpu_gated(struct m6_backend *b, struct m6_mat y, struct m6_mat gate, struct m6_mat up,
                  enum m6_act act)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    struct args s = {.kernels = cpu->rows, .y = y, .a = gate, .b = up, .act = act};
    m6_cpu_each(cpu, y.rows, 2 * (int64_t)y.cols, gated, &s);
}

static void add(void *arg, int first, int end, int thread)
{
    const struct args s = narrowed(arg, first, end);
    for (int r = 0; r < s.y.rows; r++)
        s.kernels->add(m6_row(s.y, r), m6_row(s.a, r), m6_row(s.b, r), s.y.cols);
}

void m6_cpu_add(struct m6_backend *b, struct m6_mat y, struct m6_mat left, struct m6_mat right)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    struct args s = {.kernels = cpu->rows, .y = y, .a = left, .b = right};
    m6_cpu_each(cpu, y.rows, y.cols, add, &s);
}

static void mix(void *arg, int first, int end, int thread)
{
    const struct args s = narrowed(arg, first, end);
    for (int r = 0; r < s.y.rows; r++)
        s.kernels->mix(m6_row(s.y, r), s.p, m6_row(s.a, r), s.q, m6_row(s.b, r), s.y.cols);
}

void m6_cpu_mix(struct m6_backend *b, struct m6_mat y, float p, struct m6_mat left, float q,
                struct m6_mat right)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    struct args s = {.kernels = cpu->rows, .y = y, .a = left, .b = right, .p = p, .q = q};
    m6_cpu_each(cpu, y.rows, y.cols, mix, &s);
}

static void embed(void *arg, int first, int end, int thread)
{
    const struct args *const s = arg;
    for (int r = first; r < end; r++) {
        float *const y = m6_row(s->y, r);
        const float *const row = s->table + (int64_t)s->id[r] * s->y.cols;
        if (s->id[r] >= 0 && s->accumulate)
            s->kernels->add(y, y, row, s->y.cols);
        else if (s->id[r] >= 0)
            memcpy(y, row, (size_t)s->y.cols * sizeof *y);
        else if (!s->accumulate)
            memset(y, 0, (size_t)s->y.cols * sizeof *y);
    }
}

void m6_cpu_embed(struct m6_backend *b, struct m6_mat y, const float *table, const int32_t *id,
                  int accumulate)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    struct args s = {
        .kernels = cpu->rows, .y = y, .table = table, .id = id, .accumulate = accumulate};
    m6_cpu_each(cpu, y.rows, y.cols, embed, &s);
}

/* The angle is kept in turns and in double until only its fraction is left: exact enough at any
 * position. */
static void rope(void *arg, int first, int end, int thread)
{
    const struct args *const s = arg;
    const int half = s->head_dim / 2;
    float fraction[M6_ATTEND_HEAD / 2], cosine[M6_ATTEND_HEAD / 2], sine[M6_ATTEND_HEAD / 2];
    for (int r = first; r < end; r++) {
        for (int i = 0; i < half; i++) {
            const double turns = s->id[r] * s->cpu->rope.turns[i];
            fraction[i] = (float)(turns - nearbyint(turns));
        }
        s->kernels->turns(cosine, sine, fraction, half);
        for (int h = 0; h < s->heads; h++)
            s->kernels->rotate(m6_row(s->y, r) + h * s->head_dim, half, cosine, sine);
    }
}

void m6_cpu_rope(struct m6_backend *b, struct m6_mat x, const int32_t *position, int heads,
                 int head_dim, float theta)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    assert(head_dim <= M6_ATTEND_HEAD && heads * head_dim <= x.cols);
    if (cpu->rope.theta != theta || cpu->rope.head_dim != head_dim) {
        cpu->rope.theta = theta;
        cpu->rope.head_dim = head_dim;
        for (int i = 0; i < head_dim / 2; i++)
            cpu->rope.turns[i] = pow(theta, -2.0 * i / head_dim) / 6.283185307179586;
    }
    struct args s = {.cpu = cpu,
                     .kernels = cpu->rows,
                     .y = x,
                     .id = position,
                     .heads = heads,
                     .head_dim = head_dim};
    m6_cpu_each(cpu, x.rows, heads * head_dim + 4 * (int64_t)head_dim, rope, &s);
}
