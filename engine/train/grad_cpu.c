#include "train/grad_cpu.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/cpuinfo.h"

enum { ALIGN = 64 };
static const size_t huge = 2u << 20;

/* Activations are gigabytes that are walked once: in pages of 2 MiB they cost 500 times fewer page faults. */
static void *alloc(struct m6_grad_backend *b, size_t bytes)
{
    if (bytes < huge)
        return aligned_alloc(ALIGN, bytes);
    const size_t whole = (bytes + huge - 1) & ~(huge - 1);
    void *p = aligned_alloc(huge, whole);
    if (p)
        madvise(p, whole, MADV_HUGEPAGE);
    return p;
}

static void release(struct m6_grad_backend *b, void *p, size_t bytes)
{
    free(p);
}

static void *grown(struct m6_grad_cpu *c, struct m6_grad_buffer *buffer, size_t bytes)
{
    if (bytes <= buffer->bytes)
        return buffer->data;
    free(buffer->data);
    bytes = (bytes + bytes / 4 + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    buffer->data = aligned_alloc(ALIGN, bytes);
    buffer->bytes = buffer->data ? bytes : 0;
    if (!buffer->data)
        c->base.failed = 1;
    return buffer->data;
}

void *m6_grad_cpu_scratch(struct m6_grad_cpu *c, size_t bytes)
{
    return grown(c, &c->scratch, bytes);
}

void *m6_grad_cpu_local(struct m6_grad_cpu *c, int thread, size_t bytes)
{
    return grown(c, &c->local[thread], bytes);
}

static void destroy(struct m6_grad_backend *b)
{
    struct m6_grad_cpu *c = m6_grad_cpu_of(b);
    for (int i = 0; i < c->threads; i++) {
        if (c->own && c->own[i])
            m6_gemm_scratch_destroy(c->own[i]);
        if (c->local)
            free(c->local[i].data);
    }
    if (c->shared)
        m6_gemm_scratch_destroy(c->shared);
    free(c->own);
    free(c->local);
    free(c->scratch.data);
    free(c);
}

static void upload(struct m6_grad_backend *b, void *to, const float *from, size_t n)
{
    memcpy(to, from, n * sizeof *from);
}

static void download(struct m6_grad_backend *b, float *to, const void *from, size_t n)
{
    memcpy(to, from, n * sizeof *to);
}

struct zero {
    char *to;
    size_t bytes;
};

static void zero_task(void *arg, int task, int thread)
{
    const struct zero *z = arg;
    const size_t at = (size_t)task * huge;
    memset(z->to + at, 0, z->bytes - at < huge ? z->bytes - at : huge);
}

static void zero(struct m6_grad_backend *b, void *to, size_t n)
{
    struct zero z = {.to = to, .bytes = n * sizeof(float)};
    m6_pool_run(m6_grad_cpu_of(b)->pool, m6_grad_chunks((int64_t)z.bytes, (int64_t)huge), zero_task, &z);
}

static void fill(struct m6_grad_backend *b, void *to, double value)
{
    *(float *)to = (float)value;
}

static const struct m6_grad_ops ops = {
    .element = sizeof(float),
    .alloc = alloc,
    .free = release,
    .destroy = destroy,
    .upload = upload,
    .download = download,
    .zero = zero,
    .fill = fill,
    .copy = m6_grad_cpu_copy,
    .linear = m6_grad_cpu_linear,
    .linear_dx = m6_grad_cpu_linear_dx,
    .linear_dw = m6_grad_cpu_linear_dw,
    .conv = m6_grad_cpu_conv,
    .conv_dx = m6_grad_cpu_conv_dx,
    .conv_dw = m6_grad_cpu_conv_dw,
    .column_sums = m6_grad_cpu_column_sums,
    .add = m6_grad_cpu_add,
    .gelu = m6_grad_cpu_gelu,
    .gelu_back = m6_grad_cpu_gelu_back,
    .layer_norm = m6_grad_cpu_layer_norm,
    .layer_norm_back = m6_grad_cpu_layer_norm_back,
    .gather = m6_grad_cpu_gather,
    .scatter_add = m6_grad_cpu_scatter_add,
    .to_blocks = m6_grad_cpu_to_blocks,
    .from_blocks = m6_grad_cpu_from_blocks,
    .mean_rows = m6_grad_cpu_mean_rows,
    .mean_rows_back = m6_grad_cpu_mean_rows_back,
    .attention = m6_grad_cpu_attention,
    .attention_back = m6_grad_cpu_attention_back,
    .route = m6_grad_cpu_route,
    .route_back = m6_grad_cpu_route_back,
    .combine = m6_grad_cpu_combine,
    .combine_back = m6_grad_cpu_combine_back,
    .fsq = m6_grad_cpu_fsq,
    .fsq_back = m6_grad_cpu_fsq_back,
    .cross_entropy = m6_grad_cpu_cross_entropy,
    .cross_entropy_back = m6_grad_cpu_cross_entropy_back,
    .error = m6_grad_cpu_error,
    .error_back = m6_grad_cpu_error_back,
};

static int memory(struct m6_grad_cpu *c)
{
    c->shared = m6_gemm_scratch_create(c->threads);
    c->own = calloc((size_t)c->threads, sizeof(struct m6_gemm_scratch *));
    c->local = calloc((size_t)c->threads, sizeof *c->local);
    if (!c->shared || !c->own || !c->local)
        return 0;
    for (int i = 0; i < c->threads; i++) {
        c->own[i] = m6_gemm_scratch_create(1);
        if (!c->own[i])
            return 0;
    }
    return 1;
}

struct m6_grad_backend *m6_grad_cpu_create(int bf16, struct m6_pool *pool, const char *isa, struct m6_error *err)
{
    const int level = m6_isa_choose(NULL);
    if (!isa && level < 0) {
        m6_fail(err, M6_ERR_ARGUMENT, "M6_ISA names no instruction set: use c, avx2, avx512 or avx512bf16");
        return NULL;
    }
    if (!isa)
        isa = m6_isa_name((enum m6_isa)level);
    const struct m6_gemm_kernels *gemm = m6_gemm_kernels_for(isa);
    const struct m6_grad_kernels *kernels = m6_grad_kernels_for(isa);
    if (!gemm || !kernels) {
        m6_fail(err, M6_ERR_UNSUPPORTED, "this processor lacks the instruction set \"%s\": choose a lower one", isa);
        return NULL;
    }
    struct m6_grad_cpu *c = calloc(1, sizeof *c);
    if (!c) {
        m6_fail(err, M6_ERR_MEMORY, "no memory for the trainer's CPU backend");
        return NULL;
    }
    c->base.ops = &ops;
    c->pool = pool;
    c->threads = m6_pool_threads(pool);
    c->compute = bf16 ? M6_BF16 : M6_F32;
    c->gemm = gemm;
    c->k = kernels;
    if (!memory(c)) {
        destroy(&c->base);
        m6_fail(err, M6_ERR_MEMORY, "no memory for the trainer's CPU backend");
        return NULL;
    }
    return &c->base;
}
