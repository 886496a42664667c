#include "sched/request.h"

#include <stdlib.h>

static atomic_uint cancellations;

unsigned m6_request_cancellations(void)
{
    return atomic_load(&cancellations);
}

struct m6_request *m6_request_create(struct m6_sequence *sequence, const struct m6_request_params *params)
{
    struct m6_request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->sequence = sequence;
    r->priority = params->priority;
    r->client_id = params->client;
    r->deadline = params->deadline_ns ? params->deadline_ns : INT64_MAX;
    r->event = params->event;
    r->arg = params->arg;
    atomic_init(&r->cancelled, 0);
    atomic_init(&r->holders, 2);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->change, NULL);
    return r;
}

void m6_request_release(struct m6_request *r)
{
    if (!r || atomic_fetch_sub(&r->holders, 1) != 1)
        return;
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->change);
    free(r);
}

void m6_request_cancel(struct m6_request *r)
{
    if (!r)
        return;
    atomic_store(&r->cancelled, 1);
    atomic_fetch_add(&cancellations, 1);
}

void m6_request_wait(struct m6_request *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    while (!r->ended)
        pthread_cond_wait(&r->change, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

void m6_request_tell(struct m6_request *r, const struct m6_event *event)
{
    if (r->event)
        r->event(r->arg, r, event);
}

void m6_request_close(struct m6_request *r)
{
    if (r->sequence)
        r->sequence->model->family->close(r->sequence);
    r->sequence = NULL;
}

void m6_request_end(struct m6_request *r, const struct m6_event *last)
{
    m6_request_close(r);
    m6_request_tell(r, last);
    pthread_mutex_lock(&r->lock);
    r->ended = 1;
    pthread_cond_broadcast(&r->change);
    pthread_mutex_unlock(&r->lock);
    m6_request_release(r);
}
