#include "cpu/ceilings.h"

#include <stdlib.h>
#include <time.h>

#include "cpu/cpu.h"
#include "cpu/gemm_kernels.h"

enum { REPEATS = 5, READ_FLOATS = 64 << 20, READ_TASKS = 256 };

typedef double (*burn_fn)(long rounds, float *sink);

struct job {
    struct m6_cpu *cpu;
    burn_fn burn;
    long rounds;
    double operations; /* of one task */
    const float *memory;
    float sink[READ_TASKS];
};

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void burn_task(void *arg, int task, int thread)
{
    struct job *const j = arg;
    const double operations = j->burn(j->rounds, &j->sink[task % READ_TASKS]);
    if (task == 0)
        j->operations = operations;
}

static void read_task(void *arg, int task, int thread)
{
    struct job *const j = arg;
    const int64_t n = READ_FLOATS / READ_TASKS;
    j->sink[task] = j->cpu->rows->most(j->memory + task * n, (int)n);
}

/* The best of a few, since what others do on the machine can only take away; without a pool in CPU
 * time, for the same reason. */
static double best_seconds(struct job *j, struct m6_pool *pool, int tasks, m6_task_fn fn)
{
    const clockid_t clock = pool ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
    double best = 1e30;
    for (int i = 0; i < REPEATS; i++) {
        const double start = now(clock);
        m6_pool_run(pool, tasks, fn, j);
        const double seconds = now(clock) - start;
        best = seconds < best ? seconds : best;
    }
    return best;
}

static void measure_burn(struct job *j, burn_fn burn, double *one, double *all)
{
    *one = *all = 0;
    if (!burn)
        return;
    j->burn = burn;
    j->rounds = 1000 * 1000;
    const double alone = best_seconds(j, NULL, 1, burn_task);
    *one = j->operations / alone * 1e-9;
    const double together =
        j->cpu->threads > 1 ? best_seconds(j, j->cpu->pool, j->cpu->threads, burn_task) : alone;
    *all = j->cpu->threads * j->operations / together * 1e-9;
}

void m6_ceilings_measure(struct m6_backend *b, struct m6_ceilings *c)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    struct job *const j = calloc(1, sizeof *j);
    *c = (struct m6_ceilings){0};
    if (!j)
        return;
    j->cpu = cpu;
    measure_burn(j, cpu->gemm->burn_f32, &c->f32_one, &c->f32_all);
    measure_burn(j, cpu->gemm->burn_bf16, &c->bf16_one, &c->bf16_all);

    const size_t bytes = (size_t)READ_FLOATS * sizeof(float);
    float *const memory = aligned_alloc(64, bytes);
    if (memory) {
        for (size_t i = 0; i < READ_FLOATS; i++)
            memory[i] = (float)(i & 0xff);
        j->memory = memory;
        c->read_one = (double)bytes / best_seconds(j, NULL, READ_TASKS, read_task) * 1e-9;
        c->read_all = (double)bytes / best_seconds(j, cpu->pool, READ_TASKS, read_task) * 1e-9;
        free(memory);
    }
    free(j);
}
