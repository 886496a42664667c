/* The thread pool: every task once, on a thread of its own number, nested calls on the caller. */
#include "harness.h"

#include <stdatomic.h>
#include <unistd.h>

#include "core/pool.h"

enum { TASKS = 1000 };

struct work {
    struct m6_pool *pool;
    _Atomic int done[TASKS];
    _Atomic int nested, wrong;
    _Atomic int busy[8];
};

static void nested_task(void *arg, int task, int thread)
{
    struct work *const w = arg;
    atomic_fetch_add(&w->nested, 1);
}

static void one_task(void *arg, int task, int thread)
{
    struct work *const w = arg;
    if (thread < 0 || thread >= 4 || atomic_fetch_add(&w->busy[thread], 1) != 0)
        atomic_fetch_add(&w->wrong, 1);
    atomic_fetch_add(&w->done[task], 1);
    if (task % 100 == 0)
        m6_pool_run(w->pool, 3, nested_task, w);
    atomic_fetch_sub(&w->busy[thread], 1);
}

static void runs_every_task_once(void **unused)
{
    static struct work w;
    struct m6_pool *const pools[] = {m6_pool_create(4), m6_pool_create(1), NULL};
    for (int p = 0; p < 3; p++) {
        for (int round = 0; round < 50; round++) {
            const int tasks = round % 5 == 0 ? round % 2 : TASKS;
            w.pool = pools[p];
            w.nested = 0;
            for (int i = 0; i < TASKS; i++)
                w.done[i] = 0;
            m6_pool_run(pools[p], tasks, one_task, &w);
            for (int i = 0; i < TASKS; i++)
                assert_int_equal(w.done[i], i < tasks);
            assert_int_equal(w.nested, (tasks + 99) / 100 * 3);
            if (round % 10 == 9)
                usleep(300); /* let the workers fall asleep */
        }
        m6_pool_destroy(pools[p]);
    }
    assert_int_equal(w.wrong, 0);
}

enum { VERY_MANY = 200001 }; /* more than a stretch can number */

static void count_task(void *arg, int task, int thread)
{
    _Atomic unsigned char *const done = arg;
    atomic_fetch_add(&done[task], 1);
}

static void runs_very_many_tasks(void **unused)
{
    static _Atomic unsigned char done[VERY_MANY];
    struct m6_pool *const pool = m6_pool_create(3);
    const int counts[] = {65534, 65535, 65536, VERY_MANY};
    assert_non_null(pool);
    for (int c = 0; c < 4; c++) {
        for (int i = 0; i < VERY_MANY; i++)
            done[i] = 0;
        m6_pool_run(pool, counts[c], count_task, done);
        for (int i = 0; i < VERY_MANY; i++)
            if (done[i] != (i < counts[c]))
                fail_msg("task %d of %d ran %d times", i, counts[c], done[i]);
    }
    m6_pool_destroy(pool);
}

static void counts_threads(void **unused)
{
    assert_int_equal(m6_pool_threads(NULL), 1);
    struct m6_pool *const pool = m6_pool_create(0);
    assert_non_null(pool);
    assert_true(m6_pool_threads(pool) >= 1);
    m6_pool_destroy(pool);
    m6_pool_destroy(NULL);
}

int run_pool_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_every_task_once),
        cmocka_unit_test(runs_very_many_tasks),
        cmocka_unit_test(counts_threads),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
