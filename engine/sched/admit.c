/* Who is being answered. A request is let in when the cache has room for its prompt, and grows page by page; when pages
 * run out, the least urgent and youngest is suspended: it gives its pages back and waits again, at its old place. */
#include "sched/internal.h"

/* How many may be active when one of a priority is let in: the more urgent always find a place, and the first of a client
 * does when others fill the rest. */
static const int most_active[M6_PRIORITIES] = {M6_STEP_SEQUENCES - 8, M6_STEP_SEQUENCES - 24, M6_STEP_SEQUENCES - 40};
enum { FIRST_OF_CLIENT = 8 };

static int has_place(const struct m6_scheduler *s, const struct m6_request *r)
{
    return s->actives < most_active[r->priority] + (r->client->level[r->priority].active ? 0 : FIRST_OF_CLIENT);
}

static void forget_active(struct m6_scheduler *s, struct m6_request *r)
{
    for (int i = 0; i < s->actives; i++)
        if (s->active[i] == r) {
            s->active[i] = s->active[--s->actives];
            s->meter.now.active[r->priority]--;
            r->client->level[r->priority].active--;
            return;
        }
}

void m6_scheduler_end(struct m6_scheduler *s, struct m6_request *r, enum m6_event_type type, enum m6_status status,
                      const char *text)
{
    struct m6_engine_stats *n = &s->meter.now;
    forget_active(s, r);
    m6_waiting_leave(&s->waiting, r);
    *(type == M6_EVENT_DONE        ? &n->done
      : type == M6_EVENT_CANCELLED ? &n->cancelled
      : status == M6_ERR_LATE      ? &n->late
                                   : &n->failed) += 1;
    m6_request_close(r);
    m6_meter_publish(&s->meter, s->model, m6_clock()); /* whoever hears of the end finds it in the figures */
    m6_request_end(r, &(struct m6_event){.type = type, .status = status, .text = text});
}

static void drop_one(struct m6_scheduler *s, struct m6_request *r, int all)
{
    if (all || atomic_load(&r->cancelled))
        m6_scheduler_end(s, r, M6_EVENT_CANCELLED, M6_ERR_CANCELLED, NULL);
    else
        m6_scheduler_end(s, r, M6_EVENT_FAILED, M6_ERR_LATE,
                         r->started ? "the deadline passed before the answer was complete"
                                    : "the deadline passed before the request's turn came");
}

void m6_scheduler_drop(struct m6_scheduler *s, int64_t now, int all)
{
    struct m6_request *list = m6_waiting_drop(&s->waiting, now, all);
    while (list) {
        struct m6_request *r = list;
        list = r->next;
        atomic_fetch_sub(&s->queued[r->priority], 1);
        drop_one(s, r, all);
    }
    for (int i = 0; i < s->actives;) {
        struct m6_request *r = s->active[i];
        if (!r->in_step && (all || r->deadline <= now || atomic_load(&r->cancelled)))
            drop_one(s, r, all);
        else
            i++;
    }
}

/* The one that would be missed least, if it is less urgent than r, or (with `younger`) as urgent and younger. */
static struct m6_request *victim_for(const struct m6_scheduler *s, const struct m6_request *r, int younger)
{
    struct m6_request *worst = NULL;
    for (int i = 0; i < s->actives; i++) {
        struct m6_request *a = s->active[i];
        const int fits = a->priority > r->priority || (younger && a->priority == r->priority && a->order > r->order);
        if (fits && !a->in_step &&
            (!worst || a->priority > worst->priority || (a->priority == worst->priority && a->order > worst->order)))
            worst = a;
    }
    return worst;
}

static void suspend(struct m6_scheduler *s, struct m6_request *r)
{
    s->model->family->suspend(r->sequence);
    s->meter.now.suspended++;
    forget_active(s, r);
    m6_waiting_add(&s->waiting, r);
    atomic_fetch_add(&s->queued[r->priority], 1);
}

int m6_scheduler_make_room(struct m6_scheduler *s, struct m6_request *r)
{
    struct m6_request *victim = victim_for(s, r, 1);
    if (!victim && s->actives == 1 && s->lane <= 0) {
        m6_scheduler_end(s, r, M6_EVENT_FAILED, M6_ERR_INTERNAL, "the cache is too small for a request that was let in");
        return 0;
    }
    suspend(s, victim ? victim : r);
    return victim != NULL;
}

/* Prompt and first rows, and a page to grow for each that is active. */
static int has_room(const struct m6_scheduler *s, const struct m6_request *r)
{
    return s->model->family->room(s->model) >= s->model->family->need(r->sequence) + s->actives;
}

static void let_in(struct m6_scheduler *s, struct m6_request *r)
{
    m6_waiting_remove(&s->waiting, r);
    atomic_fetch_sub(&s->queued[r->priority], 1);
    s->active[s->actives++] = r;
    s->meter.now.active[r->priority]++;
    r->client->level[r->priority].active++;
}

void m6_scheduler_admit(struct m6_scheduler *s, int limit)
{
    struct m6_request *r;
    while ((r = m6_waiting_best(&s->waiting, limit)) && has_place(s, r)) {
        while (s->actives && !has_room(s, r)) {
            struct m6_request *victim = victim_for(s, r, 0);
            if (!victim)
                return;
            suspend(s, victim);
        }
        let_in(s, r);
    }
}
