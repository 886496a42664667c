/* Our matrix products beside oneDNN's and OpenBLAS's, in one run: medians of interleaved pairs, so
 * that what else the machine does falls on both alike. oneDNN is given BF16 inputs and weights in
 * the layout it likes best; ours reads FP32 and rounds on the way. Before each measurement everyone
 * rests, since the idle threads of a peer spin for a while and would take a core from the next.
 *
 *   OMP_NUM_THREADS=2 bench_gemm      both with two threads
 *   OMP_NUM_THREADS=1 bench_gemm 1    one thread each, in CPU time: fair on a busy machine too */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cblas.h>
#include <dnnl.h>

#include "core/bf16.h"
#include "cpu/ceilings.h"
#include "cpu/gemm.h"

enum { PAIRS = 9, REST_US = 40000 };

static clockid_t clock_used = CLOCK_MONOTONIC;

static double now(void)
{
    struct timespec t;
    clock_gettime(clock_used, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void require(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_gemm: %s failed\n", what);
        exit(1);
    }
}

struct peer {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t matmul;
    dnnl_memory_t x, w, y;
};

/* y (m × n, FP32) = x (m × k) · w (k × n), both BF16, w reordered ahead. */
static struct peer peer_create(int m, int n, int k, uint16_t *x, uint16_t *w, float *y)
{
    struct peer p;
    const dnnl_dims_t xd = {m, k}, wd = {k, n}, yd = {m, n};
    dnnl_memory_desc_t xm, wm, any, ym;
    dnnl_matmul_desc_t desc;
    dnnl_primitive_desc_t pd, rd;
    dnnl_memory_t plain;
    dnnl_primitive_t reorder;
    require(dnnl_engine_create(&p.engine, dnnl_cpu, 0) == dnnl_success, "dnnl_engine_create");
    require(dnnl_stream_create(&p.stream, p.engine, dnnl_stream_default_flags) == dnnl_success,
            "dnnl_stream_create");
    dnnl_memory_desc_init_by_tag(&xm, 2, xd, dnnl_bf16, dnnl_ab);
    dnnl_memory_desc_init_by_tag(&wm, 2, wd, dnnl_bf16, dnnl_ab);
    dnnl_memory_desc_init_by_tag(&any, 2, wd, dnnl_bf16, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&ym, 2, yd, dnnl_f32, dnnl_ab);
    require(dnnl_matmul_desc_init(&desc, &xm, &any, NULL, &ym) == dnnl_success,
            "dnnl_matmul_desc_init");
    require(dnnl_primitive_desc_create(&pd, &desc, NULL, p.engine, NULL) == dnnl_success,
            "oneDNN's BF16 matmul");
    require(dnnl_primitive_create(&p.matmul, pd) == dnnl_success, "dnnl_primitive_create");
    dnnl_memory_create(&p.x, &xm, p.engine, x);
    dnnl_memory_create(&p.y, &ym, p.engine, y);
    dnnl_memory_create(&plain, &wm, p.engine, w);
    const dnnl_memory_desc_t *best = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    dnnl_memory_create(&p.w, best, p.engine, DNNL_MEMORY_ALLOCATE);
    require(dnnl_reorder_primitive_desc_create(&rd, &wm, p.engine, best, p.engine, NULL) ==
                dnnl_success,
            "reorder");
    require(dnnl_primitive_create(&reorder, rd) == dnnl_success, "reorder");
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, plain}, {DNNL_ARG_TO, p.w}};
    dnnl_primitive_execute(reorder, p.stream, 2, args);
    dnnl_stream_wait(p.stream);
    dnnl_primitive_destroy(reorder);
    dnnl_primitive_desc_destroy(rd);
    dnnl_primitive_desc_destroy(pd);
    dnnl_memory_destroy(plain);
    return p;
}

static void peer_run(const struct peer *p)
{
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, p->x}, {DNNL_ARG_WEIGHTS, p->w}, {DNNL_ARG_DST, p->y}};
    dnnl_primitive_execute(p->matmul, p->stream, 3, args);
    dnnl_stream_wait(p->stream);
}

static void peer_destroy(struct peer *p)
{
    dnnl_memory_destroy(p->x);
    dnnl_memory_destroy(p->w);
    dnnl_memory_destroy(p->y);
    dnnl_primitive_destroy(p->matmul);
    dnnl_stream_destroy(p->stream);
    dnnl_engine_destroy(p->engine);
}

static double median(double *sample)
{
    qsort(sample, PAIRS, sizeof *sample, ascending);
    return sample[PAIRS / 2];
}

/* One product, done by one of those compared. */
struct contest {
    struct m6_pool *pool;
    const struct m6_gemm_kernels *kernels;
    struct m6_gemm_scratch *scratch;
    struct peer peer;
    struct m6_gemm plain, packed, f32;
};

enum who { ONEDNN, PLAIN, PACKED, OPENBLAS, F32, CONTESTANTS };

static void run(const struct contest *c, enum who who)
{
    const struct m6_gemm *const g = &c->plain;
    switch (who) {
    case ONEDNN:
        peer_run(&c->peer);
        break;
    case OPENBLAS:
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, g->m, g->n, g->k, 1, g->a.data, g->k,
                    g->b.data, g->n, 0, g->c, g->n);
        break;
    case PLAIN:
        m6_gemm_run(c->kernels, c->pool, c->scratch, g);
        break;
    case PACKED:
        m6_gemm_run(c->kernels, c->pool, c->scratch, &c->packed);
        break;
    default:
        m6_gemm_run(c->kernels, c->pool, c->scratch, &c->f32);
    }
}

/* Seconds a run, over some milliseconds. */
static double timed(const struct contest *c, enum who who)
{
    usleep(REST_US);
    run(c, who);
    const double start = now();
    int runs = 0;
    do {
        run(c, who);
        runs++;
    } while (now() - start < 4e-3);
    return (now() - start) / runs;
}

static void report(const char *what, const struct m6_gemm *g, double ours, double theirs,
                   const char *peer, double ceiling)
{
    const double flops = 2e-9 * g->m * g->n * g->k;
    printf("%-12s %4d × %4d × %4d  ours %6.1f GFLOP/s, %.2f of the ceiling; %s %6.1f; ratio %.2f\n",
           what, g->m, g->n, g->k, flops / ours, ceiling > 0 ? flops / ours / ceiling : 0, peer,
           flops / theirs, theirs / ours);
}

int main(int argc, char **argv)
{
    static const int shapes[][3] = {{1024, 1024, 1024}, {4096, 256, 256}, {4096, 1024, 256},
                                    {4096, 256, 1024},  {256, 256, 4096}, {64, 1024, 256},
                                    {1, 2048, 2048},    {1, 4096, 4096}};
    const size_t most = (size_t)4096 * 4096;
    const int threads = argc > 1 ? atoi(argv[1]) : 0;
    struct m6_error err;
    struct m6_backend *const cpu = m6_cpu_create(threads, NULL, &err);
    require(cpu != NULL, "m6_cpu_create");
    struct contest c = {.pool = m6_cpu_pool(cpu), .kernels = m6_gemm_kernels_for(cpu->isa)};
    c.scratch = m6_gemm_scratch_create(m6_pool_threads(c.pool));
    float *const x = aligned_alloc(64, most * 4), *const w = aligned_alloc(64, most * 4);
    float *const y = aligned_alloc(64, most * 4);
    uint16_t *const x16 = aligned_alloc(64, most * 2), *const w16 = aligned_alloc(64, most * 2);
    struct m6_ceilings limit;
    if (threads == 1)
        clock_used = CLOCK_PROCESS_CPUTIME_ID;
    openblas_set_num_threads(m6_pool_threads(c.pool));
    require(c.scratch && x && w && y && x16 && w16, "allocation");
    for (size_t i = 0; i < most; i++) {
        x[i] = (float)((i * 2654435761u) >> 8 & 0xffff) * 0x1p-16f;
        w[i] = (float)((i * 2246822519u) >> 8 & 0xffff) * 0x1p-16f;
        x16[i] = m6_bf16_from_float(x[i]);
        w16[i] = m6_bf16_from_float(w[i]);
        y[i] = 0;
    }
    m6_ceilings_measure(cpu, &limit);
    printf("%s, %d threads: BF16 %.0f, FP32 %.0f GFLOP/s in registers, %.1f GB/s read\n", cpu->isa,
           m6_pool_threads(c.pool), limit.bf16_all, limit.f32_all, limit.read_all);

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const int m = shapes[i][0], n = shapes[i][1], k = shapes[i][2];
        double sample[CONTESTANTS][PAIRS], seconds[CONTESTANTS];
        struct m6_weight weight;
        c.peer = peer_create(m, n, k, x16, w16, y);
        require(m6_gemm_pack(c.kernels, &weight, M6_BF16, n, k, w, M6_F32, NULL) == M6_OK,
                "m6_gemm_pack");
        c.plain =
            (struct m6_gemm){.compute = M6_BF16, .m = m, .n = n, .k = k, .c = y, .c_stride = n};
        c.plain.a = (struct m6_operand){.data = x, .row_stride = k, .col_stride = 1};
        c.plain.b = (struct m6_operand){.data = w, .row_stride = n, .col_stride = 1};
        c.packed = c.f32 = c.plain;
        c.packed.packed = &weight;
        c.f32.compute = M6_F32;
        for (int r = 0; r < PAIRS; r++) {
            for (int who = 0; who < CONTESTANTS; who++)
                sample[who][r] = timed(&c, (enum who)who);
        }
        for (int who = 0; who < CONTESTANTS; who++)
            seconds[who] = median(sample[who]);
        report("BF16", &c.plain, seconds[PLAIN], seconds[ONEDNN], "oneDNN", limit.bf16_all);
        report("BF16, packed", &c.plain, seconds[PACKED], seconds[ONEDNN], "oneDNN",
               limit.bf16_all);
        report("FP32", &c.plain, seconds[F32], seconds[OPENBLAS], "OpenBLAS", limit.f32_all);
        m6_gemm_unpack(&weight);
        peer_destroy(&c.peer);
    }
    free(x);
    free(w);
    free(y);
    free(x16);
    free(w16);
    m6_gemm_scratch_destroy(c.scratch);
    m6_cpu_destroy(cpu);
    return 0;
}
