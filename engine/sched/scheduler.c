#include "sched/scheduler.h"

#include <fenv.h>
#include <stdlib.h>

#include "sched/request.h"

struct queue {
    struct m6_request *first, **last;
    int count;
};

struct m6_scheduler {
    struct m6_model *model;
    pthread_t thread;
    pthread_mutex_t lock; /* of queue and stop */
    pthread_cond_t wake;
    struct queue queue[M6_PRIORITIES];
    int stop;
    struct m6_request *active[M6_PRIORITIES]; /* the thread's own */
};

static void push(struct queue *q, struct m6_request *r)
{
    r->next = NULL;
    *q->last = r;
    q->last = &r->next;
    q->count++;
}

/* Takes out the first of the queue, or with `cancelled` the first that has been; NULL if there is none. */
static struct m6_request *pop(struct queue *q, int cancelled)
{
    struct m6_request **at = &q->first;
    while (cancelled && *at && !atomic_load(&(*at)->cancelled))
        at = &(*at)->next;
    struct m6_request *r = *at;
    if (!r)
        return NULL;
    *at = r->next;
    if (!r->next)
        q->last = at;
    q->count--;
    return r;
}

/* ---- steps ---- */

static void emit(void *arg, const struct m6_event *event)
{
    m6_request_tell(arg, event);
}

static void end(struct m6_scheduler *s, struct m6_request *r, enum m6_event_type type, enum m6_status status,
                const char *text)
{
    if (s->active[r->priority] == r)
        s->active[r->priority] = NULL;
    m6_request_end(r, &(struct m6_event){.type = type, .status = status, .text = text});
}

static int start(struct m6_scheduler *s, struct m6_request *r)
{
    const struct m6_sink sink = {emit, r};
    struct m6_error err = {""};
    const enum m6_status status = s->model->family->start(r->sequence, &sink, &err);
    r->started = 1;
    if (status)
        end(s, r, M6_EVENT_FAILED, status, err.text);
    return !status;
}

static void take(struct m6_scheduler *s, struct m6_request *r)
{
    const struct m6_sink sink = {emit, r};
    struct m6_error err = {""};
    int done = 0;
    const enum m6_status status = s->model->family->take(r->sequence, &sink, &done, &err);
    if (status)
        end(s, r, M6_EVENT_FAILED, status, err.text);
    else if (done)
        end(s, r, M6_EVENT_DONE, M6_OK, NULL);
}

/* One step of the requests that share it. Those that find no room wait for the next. */
static void step(struct m6_scheduler *s, struct m6_request **batch, int count)
{
    const struct m6_family *family = s->model->family;
    struct m6_request *planned[M6_PRIORITIES];
    int plans = 0;
    family->begin(s->model);
    for (int i = 0; i < count; i++) {
        struct m6_request *r = batch[i];
        if (atomic_load(&r->cancelled))
            end(s, r, M6_EVENT_CANCELLED, M6_ERR_CANCELLED, NULL);
        else if ((r->started || start(s, r)) && family->plan(r->sequence))
            planned[plans++] = r;
    }
    if (!plans)
        return;
    family->forward(s->model);
    for (int i = 0; i < plans; i++)
        take(s, planned[i]);
}

/* ---- the thread ---- */

/* With the lock held: the most urgent request, made active; NULL if there is nothing to do. */
static struct m6_request *most_urgent(struct m6_scheduler *s)
{
    for (int p = 0; p < M6_PRIORITIES; p++) {
        if (!s->active[p])
            s->active[p] = pop(&s->queue[p], 0);
        if (s->active[p])
            return s->active[p];
    }
    return NULL;
}

/* Cancelled requests do not wait for their turn; when the scheduler stops, all are. */
static struct m6_request *pop_cancelled(struct m6_scheduler *s)
{
    struct m6_request *r = NULL;
    for (int p = 0; p < M6_PRIORITIES && !r; p++) {
        r = pop(&s->queue[p], 1);
        if (!r && s->active[p] && (s->stop || atomic_load(&s->active[p]->cancelled)))
            r = s->active[p];
    }
    return r;
}

static void *thread_main(void *arg)
{
    struct m6_scheduler *s = arg;
    fesetenv(FE_DFL_ENV); /* answers must not depend on who created the engine */
    pthread_mutex_lock(&s->lock);
    for (;;) {
        struct m6_request *cancelled = pop_cancelled(s), *r = cancelled ? NULL : most_urgent(s);
        if (!cancelled && !r) {
            if (s->stop)
                break;
            pthread_cond_wait(&s->wake, &s->lock);
            continue;
        }
        pthread_mutex_unlock(&s->lock);
        if (cancelled)
            end(s, cancelled, M6_EVENT_CANCELLED, M6_ERR_CANCELLED, NULL);
        else
            step(s, &r, 1);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

enum m6_status m6_scheduler_create(struct m6_scheduler **out, struct m6_model *model, struct m6_error *err)
{
    struct m6_scheduler *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the scheduler");
    s->model = model;
    for (int p = 0; p < M6_PRIORITIES; p++)
        s->queue[p].last = &s->queue[p].first;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    if (pthread_create(&s->thread, NULL, thread_main, s) != 0) {
        pthread_mutex_destroy(&s->lock);
        pthread_cond_destroy(&s->wake);
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
    for (int p = 0; p < M6_PRIORITIES; p++)
        for (struct m6_request *r = s->queue[p].first; r; r = r->next)
            atomic_store(&r->cancelled, 1);
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->wake);
    free(s);
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
    struct queue *q = &s->queue[r->priority];
    if (s->stop)
        status = m6_fail(err, M6_ERR_CANCELLED, "the engine is being destroyed");
    else if (q->count >= M6_QUEUE_MAX)
        status = m6_fail(err, M6_ERR_LIMIT, "%d requests of this priority are waiting, which is the limit", q->count);
    if (!status) {
        *request = r; /* before the first event can come */
        push(q, r);
        pthread_cond_signal(&s->wake);
    }
    pthread_mutex_unlock(&s->lock);
    if (status) {
        s->model->family->close(sequence);
        m6_request_release(r);
        m6_request_release(r);
    }
    return status;
}
