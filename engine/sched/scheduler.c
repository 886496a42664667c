/* The scheduler's thread, and the door that requests come in by. */
#include "sched/internal.h"

#include <fenv.h>
#include <stdlib.h>

enum { STEP_ROWS = 384 };

void m6_scheduler_receive(struct m6_scheduler *s)
{
    if (!atomic_load(&s->arrived))
        return;
    pthread_mutex_lock(&s->lock);
    struct m6_request *list = s->inbox;
    s->inbox = NULL;
    s->inbox_last = &s->inbox;
    atomic_store(&s->arrived, 0);
    pthread_mutex_unlock(&s->lock);
    while (list) {
        struct m6_request *r = list;
        list = r->next;
        r->order = s->order++;
        if (m6_waiting_enter(&s->waiting, r)) {
            m6_waiting_add(&s->waiting, r);
            continue;
        }
        atomic_fetch_sub(&s->queued[r->priority], 1);
        m6_request_end(r, &(struct m6_event){.type = M6_EVENT_FAILED, .status = M6_ERR_MEMORY,
                                             .text = "no memory to queue the request"});
    }
}

/* Waits until there is something to do; 0 when the thread is to stop. */
static int wait_for_work(struct m6_scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->stop && !s->inbox)
        pthread_cond_wait(&s->wake, &s->lock);
    const int go_on = !s->stop;
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

int m6_scheduler_stopping(struct m6_scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    const int stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    return stop;
}

static int idle(const struct m6_scheduler *s)
{
    return !s->actives && !m6_waiting_best(&s->waiting, M6_PRIORITIES);
}

static void *thread_main(void *arg)
{
    struct m6_scheduler *s = arg;
    fesetenv(FE_DFL_ENV); /* answers must not depend on who created the engine */
    while (!m6_scheduler_stopping(s)) {
        if (m6_scheduler_step(s, M6_PRIORITIES) || !idle(s))
            continue;
        m6_meter_publish(&s->meter, s->model, m6_clock());
        if (!wait_for_work(s))
            break;
    }
    m6_scheduler_receive(s);
    m6_scheduler_drop(s, 0, 1);
    return NULL;
}

enum m6_status m6_scheduler_create(struct m6_scheduler **out, struct m6_model *model, int step_rows, struct m6_error *err)
{
    struct m6_scheduler *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the scheduler");
    s->model = model;
    s->step_rows = step_rows ? step_rows : STEP_ROWS;
    s->lane = -1;
    s->inbox_last = &s->inbox;
    m6_waiting_init(&s->waiting);
    m6_meter_init(&s->meter);
    m6_meter_publish(&s->meter, model, m6_clock());
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    if (pthread_create(&s->thread, NULL, thread_main, s) != 0) {
        pthread_mutex_destroy(&s->lock);
        pthread_cond_destroy(&s->wake);
        m6_meter_finish(&s->meter);
        free(s);
        return m6_fail(err, M6_ERR_MEMORY, "cannot start the engine's thread");
    }
    *out = s;
    return M6_OK;
}

void m6_scheduler_destroy(struct m6_scheduler *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = 1;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->wake);
    m6_meter_finish(&s->meter);
    free(s);
}

/* With the lock held. */
static enum m6_status enqueue(struct m6_scheduler *s, struct m6_request *r, struct m6_error *err)
{
    const int queued = atomic_load(&s->queued[r->priority]);
    if (s->stop)
        return m6_fail(err, M6_ERR_CANCELLED, "the engine is being destroyed");
    if (queued >= M6_QUEUE_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "%d requests of this priority are waiting, which is the limit", queued);
    r->next = NULL;
    *s->inbox_last = r;
    s->inbox_last = &r->next;
    atomic_fetch_add(&s->queued[r->priority], 1);
    atomic_fetch_or(&s->arrived, 1u << r->priority);
    pthread_cond_signal(&s->wake);
    return M6_OK;
}

enum m6_status m6_scheduler_submit(struct m6_scheduler *s, const struct m6_request_params *params,
                                   struct m6_request **request, struct m6_error *err)
{
    struct m6_sequence *sequence;
    enum m6_status status = s->model->family->open(&sequence, s->model, params, err);
    if (status)
        return status;
    struct m6_request *r = m6_request_create(sequence, params);
    if (!r) {
        s->model->family->close(sequence);
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a request");
    }
    pthread_mutex_lock(&s->lock);
    *request = r; /* before the first event can come */
    status = enqueue(s, r, err);
    if (status)
        *request = NULL;
    pthread_mutex_unlock(&s->lock);
    if (status) {
        s->model->family->close(sequence);
        m6_request_release(r);
        m6_request_release(r);
    }
    return status;
}

void m6_scheduler_stats(struct m6_scheduler *s, struct m6_engine_stats *stats)
{
    m6_meter_read(&s->meter, stats);
    for (int p = 0; p < M6_PRIORITIES; p++)
        stats->queued[p] = atomic_load(&s->queued[p]);
}
