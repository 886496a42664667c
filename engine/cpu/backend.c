#include <stdlib.h>
#include <string.h>

#include "core/cpuinfo.h"
#include "cpu/cpu.h"

static void *cpu_alloc(struct m6_backend *b, size_t bytes)
{
    return bytes > SIZE_MAX - 64 ? NULL : aligned_alloc(64, (bytes + 63 + !bytes) & ~(size_t)63);
}

static void cpu_free(struct m6_backend *b, void *p)
{
    free(p);
}

static void cpu_copy(struct m6_backend *b, void *to, const void *from, size_t bytes)
{
    if (bytes)
        memcpy(to, from, bytes);
}

static const struct m6_ops cpu_ops = {
    .alloc = cpu_alloc,
    .free = cpu_free,
    .upload = cpu_copy,
    .download = cpu_copy,
    .weight_create = m6_cpu_weight_create,
    .weight_destroy = m6_cpu_weight_destroy,
    .matmul = m6_cpu_matmul,
    .conv3x3 = m6_cpu_conv3x3,
    .experts = m6_cpu_experts,
    .layer_norm = m6_cpu_layer_norm,
    .rms_norm = m6_cpu_rms_norm,
    .group_norm = m6_cpu_group_norm,
    .activate = m6_cpu_activate,
    .gated = m6_cpu_gated,
    .add = m6_cpu_add,
    .mix = m6_cpu_mix,
    .embed = m6_cpu_embed,
    .rope = m6_cpu_rope,
    .softmax = m6_cpu_softmax,
    .space_to_depth = m6_cpu_space_to_depth,
    .depth_to_space = m6_cpu_depth_to_space,
    .upsample2 = m6_cpu_upsample2,
    .kv_write = m6_cpu_kv_write,
    .attention = m6_cpu_attention,
    .route_prototypes = m6_cpu_route_prototypes,
    .route_top_k = m6_cpu_route_top_k,
    .sample = m6_cpu_sample,
};

static const struct m6_row_kernels *row_kernels(int isa)
{
#if defined(__x86_64__)
    if (isa >= M6_ISA_AVX512)
        return &m6_rows_avx512;
    if (isa == M6_ISA_AVX2)
        return &m6_rows_avx2;
#endif
    return &m6_rows_c;
}

static void *cut(char **from, size_t count, size_t size)
{
    char *const at = *from;
    *from += (count * size + 63) & ~(size_t)63;
    return at;
}

static int allocate(struct m6_cpu *cpu)
{
    const size_t attend = M6_ATTEND_QUERIES * (2 * M6_ATTEND_HEAD + 2);
    const size_t local = attend * 4 + (size_t)M6_CPU_CANDIDATES * 8;
    const size_t shared =
        (size_t)M6_CPU_HIDDEN * 4 + (size_t)M6_CPU_ASSIGNMENTS * 12 + M6_CPU_GROUP_SUMS * 8;
    cpu->memory = aligned_alloc(64, shared + (size_t)cpu->threads * local);
    cpu->local = calloc((size_t)cpu->threads, sizeof *cpu->local);
    cpu->scratch = m6_gemm_scratch_create(cpu->threads);
    if (!cpu->memory || !cpu->local || !cpu->scratch)
        return 0;
    char *at = cpu->memory;
    cpu->hidden = cut(&at, M6_CPU_HIDDEN, sizeof *cpu->hidden);
    cpu->row_list = cut(&at, M6_CPU_ASSIGNMENTS, sizeof *cpu->row_list);
    cpu->place_list = cut(&at, M6_CPU_ASSIGNMENTS, sizeof *cpu->place_list);
    cpu->gate_list = cut(&at, M6_CPU_ASSIGNMENTS, sizeof *cpu->gate_list);
    cpu->group_sums = cut(&at, M6_CPU_GROUP_SUMS, sizeof *cpu->group_sums);
    for (int i = 0; i < cpu->threads; i++) {
        cpu->local[i].attend = cut(&at, attend, sizeof(float));
        cpu->local[i].weight = cut(&at, M6_CPU_CANDIDATES, sizeof(float));
        cpu->local[i].id = cut(&at, M6_CPU_CANDIDATES, sizeof(int32_t));
    }
    return 1;
}

struct m6_backend *m6_cpu_create(int threads, const char *isa_mask, struct m6_error *err)
{
    const int isa = m6_isa_choose(isa_mask);
    if (isa < 0) {
        m6_fail(err, M6_ERR_ARGUMENT,
                "no instruction set is called \"%s\": use c, avx2, avx512 or avx512bf16",
                isa_mask ? isa_mask : getenv("M6_ISA"));
        return NULL;
    }
    struct m6_cpu *cpu = calloc(1, sizeof *cpu);
    if (!cpu) {
        m6_fail(err, M6_ERR_MEMORY, "out of memory for the CPU backend");
        return NULL;
    }
    cpu->base = (struct m6_backend){
        .ops = &cpu_ops, .name = "cpu", .isa = m6_isa_name((enum m6_isa)isa), .head_max = M6_ATTEND_HEAD,
        .group_max = M6_ATTEND_QUERIES, .impl = cpu};
    cpu->gemm = m6_gemm_kernels_for(cpu->base.isa);
    cpu->rows = row_kernels(isa);
    cpu->pool = m6_pool_create(threads);
    cpu->threads = m6_pool_threads(cpu->pool);
    if (!cpu->pool || !allocate(cpu)) {
        m6_fail(err, M6_ERR_MEMORY, "cannot start %d threads with their scratch memory", threads);
        m6_cpu_destroy(&cpu->base);
        return NULL;
    }
    return &cpu->base;
}

void m6_cpu_destroy(struct m6_backend *b)
{
    if (!b)
        return;
    struct m6_cpu *const cpu = m6_cpu_of(b);
    m6_pool_destroy(cpu->pool);
    m6_gemm_scratch_destroy(cpu->scratch);
    free(cpu->local);
    free(cpu->memory);
    free(cpu);
}

struct m6_pool *m6_cpu_pool(struct m6_backend *b)
{
    return m6_cpu_of(b)->pool;
}

struct each {
    int rows, tasks;
    m6_rows_fn fn;
    void *arg;
};

static void each_task(void *arg, int task, int thread)
{
    const struct each *const e = arg;
    const int first = (int)((int64_t)e->rows * task / e->tasks),
              end = (int)((int64_t)e->rows * (task + 1) / e->tasks);
    e->fn(e->arg, first, end, thread);
}

void m6_cpu_each(struct m6_cpu *cpu, int rows, int64_t row_work, m6_rows_fn fn, void *arg)
{
    const int64_t worth = rows * row_work / (M6_CPU_ALONE / 2);
    struct each e = {.rows = rows, .tasks = 4 * cpu->threads, .fn = fn, .arg = arg};
    if (rows <= 0)
        return;
    if (e.tasks > rows)
        e.tasks = rows;
    if (e.tasks > worth)
        e.tasks = worth > 1 ? (int)worth : 1;
    m6_pool_run(cpu->pool, e.tasks, each_task, &e);
}
