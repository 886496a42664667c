#include "cpu/bench_ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu/cpu.h"

enum { FLOATS = 40 << 20, SAMPLES = 11 };

struct bench {
    struct m6_backend *b;
    const struct m6_ceilings *ceilings;
    const char *filter;
    m6_bench_fn fn;
    void *arg;
    float *in, *more, *out; /* FLOATS each */
    int32_t *index;         /* 0, 1, 2 … */
};

/* One thing to time: run(bench, what) once. */
struct what {
    const char *name;
    int m, n, k, extra;
    enum m6_type type;
    struct m6_weight weight;
    struct m6_gemm gemm;
};

typedef void (*run_fn)(const struct bench *s, const struct what *w);

static double now(const struct bench *s)
{
    const int alone = m6_cpu_of(s->b)->threads == 1;
    struct timespec t;
    clock_gettime(alone ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of samples of at least a millisecond each. */
static double median_seconds(const struct bench *s, const struct what *w, run_fn run)
{
    double sample[SAMPLES];
    int repeats = 1;
    for (;;) {
        const double start = now(s);
        for (int i = 0; i < repeats; i++)
            run(s, w);
        if (now(s) - start > 1e-3 || repeats > 1 << 20)
            break;
        repeats *= 2;
    }
    for (int i = 0; i < SAMPLES; i++) {
        const double start = now(s);
        for (int r = 0; r < repeats; r++)
            run(s, w);
        sample[i] = (now(s) - start) / repeats;
    }
    qsort(sample, SAMPLES, sizeof *sample, ascending);
    return sample[SAMPLES / 2];
}

static void report(const struct bench *s, const struct what *w, run_fn run, double amount,
                   int is_flops)
{
    char shape[64];
    if (s->filter && !strstr(w->name, s->filter))
        return;
    if (w->k)
        snprintf(shape, sizeof shape, "%d×%d×%d", w->m, w->n, w->k);
    else
        snprintf(shape, sizeof shape, "%d×%d", w->m, w->n);
    struct m6_bench_result r = {
        .name = w->name, .shape = shape, .unit = is_flops ? "GFLOP/s" : "GB/s"};
    r.seconds = median_seconds(s, w, run);
    r.rate = amount / r.seconds * 1e-9;
    double ceiling = s->ceilings->read_all;
    if (is_flops)
        ceiling = w->type == M6_F32 ? s->ceilings->f32_all : s->ceilings->bf16_all;
    r.share = ceiling > 0 ? r.rate / ceiling : 0;
    s->fn(s->arg, &r);
}

static struct m6_mat mat(float *data, int rows, int cols)
{
    return (struct m6_mat){.data = data, .rows = rows, .cols = cols, .stride = cols};
}

/* ---- products as the trainer issues them ---- */

static void run_gemm(const struct bench *s, const struct what *w)
{
    struct m6_cpu *const cpu = m6_cpu_of(s->b);
    m6_gemm_run(cpu->gemm, cpu->pool, cpu->scratch, &w->gemm);
}

static void bench_gemm(const struct bench *s, struct what w, struct m6_operand a,
                       struct m6_operand b)
{
    a.data = s->in;
    b.data = s->more;
    w.gemm = (struct m6_gemm){.compute = w.type,
                              .m = w.m,
                              .n = w.n,
                              .k = w.k,
                              .a = a,
                              .b = b,
                              .c = s->out,
                              .c_stride = w.n};
    report(s, &w, run_gemm, 2.0 * w.m * w.n * w.k, 1);
}

static void bench_training(const struct bench *s)
{
    static const int dense[][3] = {{4096, 256, 256}, {4096, 1024, 256}, {4096, 256, 1024}};
    static const int pictures[][3] = {{36, 64, 64}, {18, 32, 128}};
    for (int t = 0; t < 2; t++) {
        struct what w = {.name = t ? "gemm BF16" : "gemm F32",
                         .m = 1024,
                         .n = 1024,
                         .k = 1024,
                         .type = t ? M6_BF16 : M6_F32};
        const struct m6_operand rows = {.row_stride = 1024, .col_stride = 1};
        bench_gemm(s, w, rows, rows);
    }
    for (int i = 0; i < 3; i++) {
        const int m = dense[i][0], n = dense[i][1], k = dense[i][2];
        bench_gemm(s, (struct what){.name = "gemm x·Wt", .m = m, .n = n, .k = k, .type = M6_BF16},
                   (struct m6_operand){.row_stride = k, .col_stride = 1},
                   (struct m6_operand){.row_stride = 1, .col_stride = k});
        bench_gemm(s, (struct what){.name = "gemm dyt·x", .m = n, .n = k, .k = m, .type = M6_BF16},
                   (struct m6_operand){.row_stride = 1, .col_stride = n},
                   (struct m6_operand){.row_stride = k, .col_stride = 1});
    }
    for (int i = 0; i < 2; i++) {
        const int h = pictures[i][0], width = pictures[i][1], c = pictures[i][2],
                  positions = 16 * h * width;
        const struct m6_operand window = {.conv_h = h, .conv_w = width, .conv_c = c};
        bench_gemm(s,
                   (struct what){
                       .name = "conv forward", .m = positions, .n = c, .k = 9 * c, .type = M6_BF16},
                   window, (struct m6_operand){.row_stride = 1, .col_stride = 9 * c});
        bench_gemm(
            s,
            (struct what){.name = "conv dx", .m = positions, .n = c, .k = 9 * c, .type = M6_BF16},
            window, (struct m6_operand){.row_stride = c, .col_stride = 1});
        bench_gemm(
            s,
            (struct what){.name = "conv dW", .m = c, .n = 9 * c, .k = positions, .type = M6_BF16},
            (struct m6_operand){.row_stride = 1, .col_stride = c}, window);
    }
}

/* ---- products with packed weights ---- */

static void run_matmul(const struct bench *s, const struct what *w)
{
    s->b->ops->matmul(s->b, mat(s->out, w->m, w->n), mat(s->in, w->m, w->k), &w->weight, NULL);
}

static enum m6_status bench_packed(const struct bench *s)
{
    static const int shapes[][3] = {{1, 256, 256},    {1, 1024, 256},  {8, 1024, 256},
                                    {144, 1024, 256}, {1, 4096, 4096}, {4, 4096, 4096},
                                    {576, 4096, 1024}};
    static const enum m6_type types[] = {M6_F32, M6_BF16, M6_I8};
    static const char *const names[] = {"matmul F32", "matmul BF16", "matmul I8"};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (int t = 0; t < 3; t++) {
            struct what w = {.name = names[t],
                             .m = shapes[i][0],
                             .n = shapes[i][1],
                             .k = shapes[i][2],
                             .type = types[t]};
            if (s->filter && !strstr(w.name, s->filter))
                continue;
            const enum m6_status status = s->b->ops->weight_create(s->b, &w.weight, types[t], w.n,
                                                                   w.k, s->more, M6_F32, NULL);
            if (status != M6_OK)
                return status;
            if (w.m <= 8) /* bound by the reading of weights */
                report(s, &w, run_matmul, (double)w.weight.bytes, 0);
            else
                report(s, &w, run_matmul, 2.0 * w.m * w.n * w.k, 1);
            s->b->ops->weight_destroy(s->b, &w.weight);
        }
    }
    return M6_OK;
}

/* ---- operations on rows ---- */

static void run_layer_norm(const struct bench *s, const struct what *w)
{
    s->b->ops->layer_norm(s->b, mat(s->out, w->m, w->n), mat(s->in, w->m, w->n), s->more, s->more,
                          1e-5f);
}

static void run_rms_norm(const struct bench *s, const struct what *w)
{
    s->b->ops->rms_norm(s->b, mat(s->out, w->m, w->n), mat(s->in, w->m, w->n), s->more, 1e-5f);
}

static void run_group_norm(const struct bench *s, const struct what *w)
{
    s->b->ops->group_norm(s->b, mat(s->out, w->m, w->n), mat(s->in, w->m, w->n), w->extra, 32,
                          s->more, s->more, 1e-5f);
}

static void run_gelu(const struct bench *s, const struct what *w)
{
    s->b->ops->activate(s->b, mat(s->out, w->m, w->n), mat(s->in, w->m, w->n), M6_ACT_GELU);
}

static void run_gelu_erf(const struct bench *s, const struct what *w)
{
    s->b->ops->activate(s->b, mat(s->out, w->m, w->n), mat(s->in, w->m, w->n), M6_ACT_GELU_ERF);
}

static void run_gated(const struct bench *s, const struct what *w)
{
    s->b->ops->gated(s->b, mat(s->out, w->m, w->n), mat(s->in, w->m, w->n),
                     mat(s->more, w->m, w->n), M6_ACT_SILU);
}

static void run_add(const struct bench *s, const struct what *w)
{
    s->b->ops->add(s->b, mat(s->out, w->m, w->n), mat(s->in, w->m, w->n), mat(s->more, w->m, w->n));
}

static void run_softmax(const struct bench *s, const struct what *w)
{
    s->b->ops->softmax(s->b, mat(s->out, w->m, w->n), mat(s->in, w->m, w->n));
}

static void run_embed(const struct bench *s, const struct what *w)
{
    s->b->ops->embed(s->b, mat(s->out, w->m, w->n), s->in, s->index, 0);
}

static void run_rope(const struct bench *s, const struct what *w)
{
    s->b->ops->rope(s->b, mat(s->out, w->m, w->n), s->index, w->n / 64, 64, 10000);
}

static void run_upsample(const struct bench *s, const struct what *w)
{
    s->b->ops->upsample2(s->b, mat(s->out, 4 * w->m, w->n), mat(s->in, w->m, w->n), 1, w->m / 64,
                         64);
}

static void run_sample(const struct bench *s, const struct what *w)
{
    const struct m6_sample how = {
        .temperature = 1, .top_p = w->extra ? 0.95f : 1, .last = w->n, .seed = 1};
    struct m6_sample each[16];
    int32_t id[16];
    for (int i = 0; i < w->m; i++)
        each[i] = how;
    s->b->ops->sample(s->b, mat(s->in, w->m, w->n), each, id);
}

static void bench_rows(const struct bench *s)
{
    static const struct {
        const char *name;
        run_fn run;
        int m, n, extra;
        double passes; /* arrays of m × n floats that are read or written */
    } rows[] = {
        {"layer_norm", run_layer_norm, 1, 256, 0, 2},
        {"layer_norm", run_layer_norm, 576, 256, 0, 2},
        {"rms_norm", run_rms_norm, 576, 256, 0, 2},
        {"group_norm", run_group_norm, 16 * 36 * 64, 64, 16, 4},
        {"gelu", run_gelu, 1, 1024, 0, 2},
        {"gelu", run_gelu, 576, 1024, 0, 2},
        {"gelu_erf", run_gelu_erf, 576, 1024, 0, 2},
        {"gated silu", run_gated, 576, 1024, 0, 3},
        {"add", run_add, 1, 256, 0, 3},
        {"add", run_add, 4096, 1024, 0, 3},
        {"softmax", run_softmax, 576, 576, 0, 2},
        {"embed", run_embed, 576, 256, 0, 2},
        {"rope", run_rope, 1, 256, 0, 2},
        {"rope", run_rope, 576, 256, 0, 2},
        {"upsample2", run_upsample, 64 * 36, 64, 0, 5},
        {"sample", run_sample, 1, 16384, 0, 1},
        {"sample top_p", run_sample, 1, 16384, 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct what w = {
            .name = rows[i].name, .m = rows[i].m, .n = rows[i].n, .extra = rows[i].extra};
        report(s, &w, rows[i].run, rows[i].passes * 4.0 * w.m * w.n, 0);
    }
}

/* ---- attention: m queries against n slots, 4 heads of 64 ---- */

static void run_attention(const struct bench *s, const struct what *w)
{
    const struct m6_kv kv = {s->more, s->more + FLOATS / 2, w->n, 4, 64};
    const struct m6_span span = {.rows = w->m, .context = w->n, .slot = s->index};
    s->b->ops->attention(s->b, mat(s->out, w->m, 256), mat(s->in, w->m, 256), &kv, 4, 0.125f, &span,
                         1);
}

static void bench_attention(const struct bench *s)
{
    static const int shapes[][2] = {{1, 100}, {1, 600}, {40, 600}, {144, 600}, {576, 600}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct what w = {
            .name = "attention", .m = shapes[i][0], .n = shapes[i][1], .type = M6_F32};
        report(s, &w, run_attention, 4.0 * 256 * w.m * w.n, 1);
    }
}

enum m6_status m6_bench_ops(struct m6_backend *cpu, const struct m6_ceilings *c, const char *filter,
                            m6_bench_fn fn, void *arg, struct m6_error *err)
{
    struct bench s = {.b = cpu, .ceilings = c, .filter = filter, .fn = fn, .arg = arg};
    enum m6_status status = M6_ERR_MEMORY;
    const size_t bytes = (size_t)FLOATS * sizeof(float);
    s.in = aligned_alloc(64, bytes);
    s.more = aligned_alloc(64, bytes);
    s.out = aligned_alloc(64, bytes);
    s.index = malloc(65536 * sizeof *s.index);
    if (s.in && s.more && s.out && s.index) {
        for (int i = 0; i < FLOATS; i++) {
            s.in[i] = (float)(i * 2654435761u >> 8) * 0x1p-23f - 1;
            s.more[i] = (float)(i * 2246822519u >> 8) * 0x1p-23f - 1;
            s.out[i] = 0;
        }
        for (int i = 0; i < 65536; i++)
            s.index[i] = i;
        bench_training(&s);
        status = bench_packed(&s);
        bench_rows(&s);
        bench_attention(&s);
    }
    if (status != M6_OK)
        status =
            m6_fail(err, status, "not enough memory for the benchmark: it takes about 700 MiB");
    free(s.in);
    free(s.more);
    free(s.out);
    free(s.index);
    return status;
}
