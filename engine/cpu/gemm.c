/* Cutting a product into tasks.
 *
 * C is worked in super-blocks that fit the scratch, k in chunks for the same reason; between chunks
 * the sums wait in FP32, so chunks do not change a bit. Within a chunk B is packed first, by all
 * threads (or was packed ahead); then tasks run over blocks of rows and groups of panels. With many
 * rows each task packs its own rows of A and runs over all panels; with few, A is packed once for
 * all and tasks split the panels.
 */
#include "cpu/gemm.h"

#include <assert.h>
#include <stdint.h>

#include "core/cpuinfo.h"
#include "cpu/gemm_pack.h"
#include "cpu/gemm_scratch.h"

enum {
    L1_UNITS = 512,           /* units of k that a panel is walked at a time */
    PACK_UNITS = 64,          /* units of k in one task that packs along k */
    UNPACKED_COLUMNS = 1024,  /* widest super-block of a B that is packed on the way */
    ALONE_FLOPS = 600 * 1000, /* smaller products are not worth waking anyone */
    ALONE_BYTES = 192 * 1024,
};

struct job {
    const struct m6_gemm_kernels *kernels;
    const struct m6_gemm *g;
    enum m6_type type;
    m6_tile_fn tile;
    int step, units; /* elements a unit; units of the whole k */
    struct m6_gemm_buffers *shared, *local;

    int row, rows, col, cols; /* the super-block */
    int unit, chunk;          /* the chunk of k */
    int block_rows, blocks, panels, parts;
    int a_shared, a_by_columns, chunked;
    size_t a_stride;
    const char *b; /* panels of this chunk */
    size_t b_stride;
};

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int divided(int a, int b)
{
    return (a + b - 1) / b;
}

static int rounded(int a, int to)
{
    return divided(a, to) * to;
}

/* 8-bit weights: how far activations are scaled so that an int32 holds every sum. */
static float input_range(int k)
{
    const int most = (int)(INT32_MAX / (128 * (int64_t)(k ? k : 1)));
    return (float)smaller(most, 32767);
}

static void pack_rows(const struct job *job, int row, int rows, uint32_t *to, float *scale)
{
    const struct m6_gemm *const g = job->g;
    float multiplier[M6_GEMM_BLOCK_ROWS];
    if (job->type == M6_I8) {
        const float range = input_range(g->k);
        for (int i = 0; i < rows; i++) {
            const float most = m6_row_largest(job->kernels, &g->a, row + i, g->k);
            multiplier[i] = most > 0 ? range / most : 0;
            scale[i] = most / range;
        }
    }
    const int k = job->unit * job->step, n = smaller(g->k - k, job->chunk * job->step);
    m6_pack_a(job->kernels, job->type, &g->a, row, rows, k, n, to, job->a_stride, multiplier);
}

/* A stored by columns is read along k, all rows at a time; else a block of rows. */
static void pack_a_task(void *arg, int task, int thread)
{
    const struct job *const job = arg;
    if (job->a_by_columns) {
        const int unit = task * PACK_UNITS, k = (job->unit + unit) * job->step;
        const int end =
            smaller(job->g->k, (job->unit + smaller(job->chunk, unit + PACK_UNITS)) * job->step);
        m6_pack_a(job->kernels, job->type, &job->g->a, job->row, job->rows, k, end - k,
                  job->shared->a + unit, job->a_stride, NULL);
        return;
    }
    const int at = task * job->block_rows, rows = smaller(job->block_rows, job->rows - at);
    pack_rows(job, job->row + at, rows, job->shared->a + (size_t)at * job->a_stride,
              job->shared->scale + at);
}

static void pack_b_task(void *arg, int task, int thread)
{
    const struct job *const job = arg;
    const int unit = task * PACK_UNITS, k = (job->unit + unit) * job->step;
    const int end =
        smaller(job->g->k, (job->unit + smaller(job->chunk, unit + PACK_UNITS)) * job->step);
    m6_pack_b(job->kernels, job->type, &job->g->b, k, end - k, job->col, job->cols, job->shared->b,
              job->b_stride / sizeof *job->shared->b, unit);
}

/* Stores `rows` rows of sums, 64 apart, whose first element is (row, col) of C. */
static void finish_rows(const struct job *job, const float *sums, int row, int rows, int col,
                        int cols, const float *scale)
{
    const struct m6_gemm *const g = job->g;
    const struct m6_epilogue *const e = &g->epilogue;
    for (int i = 0; i < rows; i++, sums += M6_PANEL) {
        const int64_t r = g->c_row_index ? g->c_row_index[row + i] : row + i;
        const int64_t at = r * g->c_stride + col;
        const struct m6_finish f = {
            .bias = e->bias ? e->bias + col : NULL,
            .residual = e->residual ? e->residual + at : NULL,
            .weight_scale = job->type == M6_I8 ? (const float *)g->packed->packed + col : NULL,
            .input_scale = scale ? scale[i] : 0,
            .row_scale = g->c_row_scale ? g->c_row_scale[row + i] : 1.0f,
            .accumulate = g->accumulate,
            .act = e->act,
        };
        job->kernels->finish(g->c + at, sums, cols, &f);
    }
}

static int finish_is_plain(const struct m6_gemm *g)
{
    return !g->accumulate && !g->c_row_index && !g->epilogue.bias && !g->epilogue.residual &&
           g->epilogue.act == M6_ACT_NONE;
}

/* One block of rows against one panel. */
static void compute_panel(const struct job *job, const uint32_t *a, int at, int rows, int panel,
                          const float *scale, float *local_sums)
{
    const int col = panel * M6_PANEL, cols = smaller(M6_PANEL, job->cols - col),
              vectors = divided(cols, 16);
    const size_t unit_bytes = m6_panel_unit_bytes(job->type);
    const char *const b = job->b + (size_t)panel * job->b_stride;
    const int last_chunk = job->unit + job->chunk == job->units;
    /* with few rows the panel is read once, so cutting it would only cost */
    const int walk = rows <= M6_TILE_ROWS ? job->chunk : L1_UNITS;
    const int in_place = !job->chunked && job->chunk <= walk && job->type != M6_I8 &&
                         cols % 16 == 0 && finish_is_plain(job->g);
    float *sums = local_sums;
    size_t sums_stride = M6_PANEL;
    if (in_place) {
        sums = job->g->c + (int64_t)(job->row + at) * job->g->c_stride + job->col + col;
        sums_stride = (size_t)job->g->c_stride;
    } else if (job->chunked) {
        sums = job->shared->sums + ((size_t)panel * (size_t)job->rows + (size_t)at) * M6_PANEL;
    }

    /* sums that nobody reads again share one tile */
    const size_t tile_stride = job->chunked || job->chunk > walk || in_place ? sums_stride : 0;

    int u = 0;
    do {
        const int units = smaller(walk, job->chunk - u),
                  last = last_chunk && u + units == job->chunk;
        for (int i = 0; i < rows; i += M6_TILE_ROWS) {
            const int tile_rows = smaller(M6_TILE_ROWS, rows - i);
            float *const out = sums + (size_t)i * tile_stride;
            job->tile(tile_rows, vectors, units, a + (size_t)i * job->a_stride + u, job->a_stride,
                      b + (size_t)u * unit_bytes, out, sums_stride, job->unit + u > 0);
            if (last && !in_place)
                finish_rows(job, out, job->row + at + i, tile_rows, job->col + col, cols,
                            scale ? scale + i : NULL);
        }
        u += units;
    } while (u < job->chunk);
}

static void compute_task(void *arg, int task, int thread)
{
    const struct job *const job = arg;
    const int block = task / job->parts, part = task % job->parts;
    const int at = block * job->block_rows, rows = smaller(job->block_rows, job->rows - at);
    const int first = (int)((int64_t)job->panels * part / job->parts);
    const int end = (int)((int64_t)job->panels * (part + 1) / job->parts);
    struct m6_gemm_buffers *const local = &job->local[thread];
    const uint32_t *a = job->shared->a + (size_t)at * job->a_stride;
    const float *scale = job->shared->scale + at;
    if (!job->a_shared) {
        pack_rows(job, job->row + at, rows, local->a, local->scale);
        a = local->a;
        scale = local->scale;
    }
    if (job->type != M6_I8)
        scale = NULL;
    for (int panel = first; panel < end; panel++)
        compute_panel(job, a, at, rows, panel, scale, local->sums);
}

static void run_chunk(struct job *job, struct m6_pool *pool)
{
    const struct m6_weight *const w = job->g->packed;
    job->a_stride = (size_t)m6_units_room(job->chunk) + 16;
    if (w) {
        const size_t unit_bytes = m6_panel_unit_bytes(job->type);
        job->b_stride = (size_t)m6_units_room(job->units) * unit_bytes;
        job->b = (const char *)m6_weight_panels(w) + (size_t)(job->col / M6_PANEL) * job->b_stride +
                 (size_t)job->unit * unit_bytes;
    } else {
        job->b_stride = (size_t)m6_units_room(job->chunk) * M6_PANEL * sizeof *job->shared->b;
        job->b = (const char *)job->shared->b;
        m6_pool_run(pool, divided(job->chunk, PACK_UNITS), pack_b_task, job);
    }
    if (job->a_shared)
        m6_pool_run(pool, job->a_by_columns ? divided(job->chunk, PACK_UNITS) : job->blocks,
                    pack_a_task, job);
    m6_pool_run(pool, job->blocks * job->parts, compute_task, job);
}

/* Chooses super-blocks, chunks and tasks, and runs them. */
void m6_gemm_run(const struct m6_gemm_kernels *kernels, struct m6_pool *pool,
                 struct m6_gemm_scratch *scratch, const struct m6_gemm *g)
{
    struct m6_gemm_buffers *const shared = &scratch->shared, *const local = scratch->local;
    struct job job = {.kernels = kernels, .g = g, .type = g->packed ? g->packed->type : g->compute};
    if (g->m <= 0 || g->n <= 0)
        return;
    assert(!g->packed || (g->packed->out == g->n && g->packed->in == g->k));
    job.tile = job.type == M6_F32  ? kernels->tile_f32
               : job.type == M6_I8 ? kernels->tile_i8
                                   : kernels->tile_bf16;
    job.step = m6_unit_elements(job.type);
    job.units = m6_units(job.type, g->k);
    job.shared = shared;
    job.local = local;

    const double outputs = (double)g->m * g->n, flops = 2 * outputs * g->k;
    if (flops < ALONE_FLOPS && (double)g->n * g->k * 2 < ALONE_BYTES)
        pool = NULL;
    const int threads = m6_pool_threads(pool);
    job.block_rows = M6_GEMM_BLOCK_ROWS;
    job.a_by_columns =
        job.type != M6_I8 && !m6_operand_by_rows(&g->a) && m6_operand_by_columns(&g->a);
    job.a_shared =
        job.a_by_columns || (threads > 1 && divided(g->m, M6_GEMM_BLOCK_ROWS) < 4 * threads);

    const int most_cols = g->packed ? g->n : smaller(g->n, UNPACKED_COLUMNS);
    const int most_rows = job.a_shared ? smaller(rounded(g->m, 16), M6_GEMM_SHARED_ROWS)
                                       : smaller(rounded(g->m, 16), M6_GEMM_BLOCK_ROWS);
    const size_t a_room = job.a_shared ? shared->units : local->units;
    size_t chunk = a_room / (size_t)most_rows - 32;
    if (!g->packed && chunk > shared->units / (size_t)rounded(most_cols, M6_PANEL) - 16)
        chunk = shared->units / (size_t)rounded(most_cols, M6_PANEL) - 16;
    chunk &= ~(size_t)15;
    const int chunk_units = (size_t)job.units <= chunk ? job.units : (int)chunk;
    job.chunked = chunk_units < job.units;

    int super_cols = most_cols, super_rows = job.a_shared ? most_rows : g->m;
    if (job.chunked) {
        super_cols =
            smaller(super_cols, (int)(shared->units / M6_GEMM_BLOCK_ROWS / M6_PANEL * M6_PANEL));
        const int room = (int)(shared->units / (size_t)rounded(super_cols, M6_PANEL));
        super_rows = smaller(super_rows, room / M6_GEMM_BLOCK_ROWS * M6_GEMM_BLOCK_ROWS);
    }
    for (job.col = 0; job.col < g->n; job.col += super_cols) {
        job.cols = smaller(super_cols, g->n - job.col);
        job.panels = divided(job.cols, M6_PANEL);
        for (job.row = 0; job.row < g->m; job.row += super_rows) {
            job.rows = smaller(super_rows, g->m - job.row);
            job.blocks = divided(job.rows, M6_GEMM_BLOCK_ROWS);
            job.parts = job.a_shared ? smaller(job.panels, divided(8 * threads, job.blocks)) : 1;
            job.unit = 0;
            do {
                job.chunk = smaller(chunk_units, job.units - job.unit);
                run_chunk(&job, pool);
                job.unit += job.chunk;
            } while (job.unit < job.units);
        }
    }
}

const struct m6_gemm_kernels *m6_gemm_kernels_for(const char *isa)
{
    const int level = m6_isa_parse(isa);
    if (level < 0 || level > (int)m6_isa_best())
        return NULL;
#if defined(__x86_64__)
    switch (level) {
    case M6_ISA_AVX2:
        return &m6_gemm_avx2;
    case M6_ISA_AVX512:
        return &m6_gemm_avx512;
    case M6_ISA_AVX512BF16:
        return &m6_gemm_avx512bf16;
    }
#endif
    return &m6_gemm_c;
}
