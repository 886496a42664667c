/* A pool of worker threads for one engine.
 *
 * Work is cut into independent tasks; which thread runs which task is not defined, so a task must own
 * its outputs. Each thread begins with the same stretch of tasks every time, so tasks go in the order of the memory
 * that they touch: then a thread mostly finds in its own cache what it wrote. Nothing here changes an order of
 * summation: that is the reproducibility rule of the engine.
 */
#ifndef M6_CORE_POOL_H
#define M6_CORE_POOL_H

struct m6_pool;

typedef void (*m6_task_fn)(void *arg, int task, int thread);

/* threads counts the calling thread; 0 means one for each CPU in the process's affinity mask. NULL when
 * threads cannot be made. */
struct m6_pool *m6_pool_create(int threads);
void m6_pool_destroy(struct m6_pool *pool);
int m6_pool_threads(const struct m6_pool *pool);

/* Runs fn(arg, task, thread) for task 0 … tasks-1 and returns when all are done; thread is 0 …
 * threads-1 and indexes per-thread scratch. A NULL pool runs everything on the caller (thread 0). One
 * run at a time a pool; a nested call runs on the caller. Workers spin for some microseconds before they
 * sleep, since a decode step issues hundreds of short runs. */
void m6_pool_run(struct m6_pool *pool, int tasks, m6_task_fn fn, void *arg);

#endif
