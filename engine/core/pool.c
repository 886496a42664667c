#include "core/pool.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* The tasks of a run are shared out in advance: each thread begins with a stretch of its own, the same one in
 * every run of that many tasks, so that what it wrote in one run it finds in its own cache in the next; who is
 * done takes from the ends of the others' stretches.
 *
 * A stretch is published in one 64-bit word: the run's number in the upper half, then the next task and the
 * one that ends it. Tasks are taken by compare-and-swap on that word, so a worker that wakes late can never
 * take a task of one run with the function of another; and nobody waits for a worker that took nothing.
 * Between runs all stretches are empty. More tasks than a word can number go in groups. */
#define MOST_UNITS 0xffffu
#define SPIN_NS 40000

struct worker {
    struct m6_pool *pool;
    pthread_t thread;
    int index;
};

struct stretch {
    _Alignas(64) _Atomic uint64_t state;
};

struct m6_pool {
    _Alignas(64) _Atomic uint32_t run;
    _Atomic(m6_task_fn) fn;
    _Atomic(void *) arg;
    _Atomic uint32_t tasks, units;
    _Alignas(64) _Atomic uint32_t done;
    _Alignas(64) _Atomic int sleepers;
    _Atomic int stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int threads, started;
    struct worker *workers;
    struct stretch *stretch; /* [threads] */
};

/* The pool whose task this thread is running, so that a nested call knows itself. */
static _Thread_local struct {
    const struct m6_pool *pool;
    int index;
} current;

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Takes a unit of one stretch, the first of them if it is the thread's own, else the last, and runs its tasks.
 * 0: there is none. */
static int work_unit(struct m6_pool *pool, struct stretch *stretch, int own, int index)
{
    uint64_t state = atomic_load_explicit(&stretch->state, memory_order_acquire);
    for (;;) {
        const uint32_t next = (uint32_t)state >> 16, end = (uint32_t)state & MOST_UNITS;
        const m6_task_fn fn = atomic_load_explicit(&pool->fn, memory_order_acquire);
        void *const arg = atomic_load_explicit(&pool->arg, memory_order_acquire);
        const uint64_t tasks = atomic_load_explicit(&pool->tasks, memory_order_acquire);
        const uint64_t units = atomic_load_explicit(&pool->units, memory_order_acquire);
        if (next >= end)
            return 0;
        if (!atomic_compare_exchange_weak_explicit(&stretch->state, &state, own ? state + (1 << 16) : state - 1,
                                                   memory_order_acq_rel, memory_order_acquire))
            continue;
        const uint64_t unit = own ? next : end - 1;
        for (uint64_t task = tasks * unit / units; task < tasks * (unit + 1) / units; task++)
            fn(arg, (int)task, index);
        atomic_fetch_add_explicit(&pool->done, 1, memory_order_release);
        return 1;
    }
}

/* Works until no task of the run that is open is left. */
static void work(struct m6_pool *pool, int index)
{
    for (int i = 0; i < pool->threads; i++) {
        struct stretch *const of = &pool->stretch[(index + i) % pool->threads];
        while (work_unit(pool, of, i == 0, index))
            ;
    }
}

static uint32_t run_number(struct m6_pool *pool)
{
    return atomic_load(&pool->run);
}

/* Returns when a run other than `seen` has been published, or the pool stops. */
static void await_run(struct m6_pool *pool, uint32_t seen)
{
    const int64_t until = now_ns() + SPIN_NS;
    do {
        for (int i = 0; i < 64; i++) {
            if (run_number(pool) != seen || atomic_load_explicit(&pool->stop, memory_order_relaxed))
                return;
            relax();
        }
    } while (now_ns() < until);

    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleepers, 1);
    while (run_number(pool) == seen && !atomic_load(&pool->stop))
        pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *arg)
{
    struct worker *const self = arg;
    struct m6_pool *const pool = self->pool;
    uint32_t seen = 0;
    fesetenv(FE_DFL_ENV); /* not the creator's rounding or flush to zero */
    current.pool = pool;
    current.index = self->index;
    for (;;) {
        await_run(pool, seen);
        if (atomic_load(&pool->stop))
            return NULL;
        seen = run_number(pool);
        work(pool, self->index);
    }
}

static int usable_cpus(void)
{
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
#endif
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

struct m6_pool *m6_pool_create(int threads)
{
    if (threads <= 0)
        threads = usable_cpus();
    struct m6_pool *pool = aligned_alloc(64, (sizeof *pool + 63) & ~(size_t)63);
    if (!pool)
        return NULL;
    *pool = (struct m6_pool){.threads = threads};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->stretch = aligned_alloc(64, (size_t)threads * sizeof *pool->stretch);
    if (!pool->stretch)
        goto fail;
    for (int i = 0; i < threads; i++)
        atomic_init(&pool->stretch[i].state, 0);
    if (threads > 1) {
        pool->workers = calloc((size_t)threads - 1, sizeof *pool->workers);
        if (!pool->workers)
            goto fail;
    }
    for (int i = 0; i < threads - 1; i++) {
        pool->workers[i] = (struct worker){.pool = pool, .index = i + 1};
        if (pthread_create(&pool->workers[i].thread, NULL, worker_main, &pool->workers[i]) != 0)
            goto fail;
        pool->started++;
    }
    return pool;
fail:
    m6_pool_destroy(pool);
    return NULL;
}

void m6_pool_destroy(struct m6_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stop, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool->stretch);
    free(pool);
}

int m6_pool_threads(const struct m6_pool *pool)
{
    return pool ? pool->threads : 1;
}

static void wake_workers(struct m6_pool *pool, int wanted)
{
    int asleep = atomic_load(&pool->sleepers);
    if (!asleep)
        return;
    pthread_mutex_lock(&pool->lock);
    for (int i = 0; i < asleep && i < wanted; i++)
        pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

static void run_here(int tasks, m6_task_fn fn, void *arg, int index)
{
    for (int i = 0; i < tasks; i++)
        fn(arg, i, index);
}

/* Publishes the run, takes part in it, and waits for the tasks that workers took. The stores are
 * releases so that whoever sees one of them also sees that the run before is closed. */
static void run_shared(struct m6_pool *pool, int tasks, m6_task_fn fn, void *arg)
{
    const uint32_t units = tasks < (int)MOST_UNITS ? (uint32_t)tasks : MOST_UNITS, threads = (uint32_t)pool->threads;
    const uint32_t run = run_number(pool) + 1;
    atomic_store_explicit(&pool->fn, fn, memory_order_release);
    atomic_store_explicit(&pool->arg, arg, memory_order_release);
    atomic_store_explicit(&pool->tasks, (uint32_t)tasks, memory_order_release);
    atomic_store_explicit(&pool->units, units, memory_order_release);
    atomic_store_explicit(&pool->done, 0, memory_order_release);
    for (uint32_t i = 0; i < threads; i++) {
        const uint32_t first = (uint32_t)((uint64_t)units * i / threads), end = (uint32_t)((uint64_t)units * (i + 1) / threads);
        atomic_store_explicit(&pool->stretch[i].state, (uint64_t)run << 32 | first << 16 | end, memory_order_release);
    }
    atomic_store(&pool->run, run);
    wake_workers(pool, tasks - 1);

    work(pool, 0);
    for (int spins = 0; atomic_load_explicit(&pool->done, memory_order_acquire) != units; spins++) {
        if (spins < 4096)
            relax();
        else
            sched_yield();
    }
}

void m6_pool_run(struct m6_pool *pool, int tasks, m6_task_fn fn, void *arg)
{
    if (!pool) {
        run_here(tasks, fn, arg, 0);
        return;
    }
    if (current.pool == pool) {
        run_here(tasks, fn, arg, current.index);
        return;
    }
    const struct m6_pool *const outer = current.pool;
    const int outer_index = current.index;
    current.pool = pool;
    current.index = 0;
    if (pool->threads == 1 || tasks <= 1)
        run_here(tasks, fn, arg, 0);
    else
        run_shared(pool, tasks, fn, arg);
    current.pool = outer;
    current.index = outer_index;
}
