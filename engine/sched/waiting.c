#include "sched/waiting.h"

#include <stdlib.h>

void m6_waiting_init(struct m6_waiting *w)
{
    *w = (struct m6_waiting){.deadline = INT64_MAX};
}

int m6_waiting_enter(struct m6_waiting *w, struct m6_request *r)
{
    struct m6_client *c = w->clients;
    while (c && c->id != r->client_id)
        c = c->next;
    if (!c) {
        if (!(c = calloc(1, sizeof *c)))
            return 0;
        c->id = r->client_id;
        c->next = w->clients;
        w->clients = c;
    }
    if (!c->level[r->priority].requests++ && c->level[r->priority].served < w->served[r->priority])
        c->level[r->priority].served = w->served[r->priority];
    c->requests++;
    r->client = c;
    return 1;
}

void m6_waiting_leave(struct m6_waiting *w, struct m6_request *r)
{
    struct m6_client *c = r->client, **at = &w->clients;
    c->level[r->priority].requests--;
    if (--c->requests)
        return;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    free(c);
}

void m6_waiting_add(struct m6_waiting *w, struct m6_request *r)
{
    struct m6_request **at = &r->client->level[r->priority].first;
    while (*at && (*at)->order < r->order)
        at = &(*at)->next;
    r->next = *at;
    *at = r;
    w->count[r->priority]++;
    if (r->deadline < w->deadline)
        w->deadline = r->deadline;
}

/* Whether the turn of a at priority p comes before that of b. */
static int before(const struct m6_client *a, const struct m6_client *b, int p)
{
    if (a->level[p].active != b->level[p].active)
        return a->level[p].active < b->level[p].active;
    if (a->level[p].served < b->level[p].served || a->level[p].served > b->level[p].served)
        return a->level[p].served < b->level[p].served;
    return a->level[p].first->order < b->level[p].first->order;
}

struct m6_request *m6_waiting_best(const struct m6_waiting *w, int limit)
{
    for (int p = 0; p < limit; p++) {
        const struct m6_client *best = NULL;
        for (const struct m6_client *c = w->count[p] ? w->clients : NULL; c; c = c->next)
            if (c->level[p].first && (!best || before(c, best, p)))
                best = c;
        if (best)
            return best->level[p].first;
    }
    return NULL;
}

void m6_waiting_remove(struct m6_waiting *w, struct m6_request *r)
{
    struct m6_request **at = &r->client->level[r->priority].first;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    w->count[r->priority]--;
}

void m6_waiting_charge(struct m6_waiting *w, struct m6_request *r, int cost)
{
    w->served[r->priority] = r->client->level[r->priority].served;
    r->client->level[r->priority].served += cost;
}

struct m6_request *m6_waiting_drop(struct m6_waiting *w, int64_t now, int all)
{
    const unsigned cancellations = m6_request_cancellations();
    struct m6_request *dropped = NULL;
    if (!all && cancellations == w->cancellations && now < w->deadline)
        return NULL;
    w->cancellations = cancellations;
    w->deadline = INT64_MAX;
    for (struct m6_client *c = w->clients; c; c = c->next)
        for (int p = 0; p < M6_PRIORITIES; p++)
            for (struct m6_request **at = &c->level[p].first, *r; (r = *at);) {
                if (all || r->deadline <= now || atomic_load(&r->cancelled)) {
                    *at = r->next;
                    w->count[p]--;
                    r->next = dropped;
                    dropped = r;
                    continue;
                }
                if (r->deadline < w->deadline)
                    w->deadline = r->deadline;
                at = &r->next;
            }
    return dropped;
}
