/* What goes into a step, and steps inside the pauses of others.
 *
 * The most urgent go first, among equals the clients that were served least, and each adds rows while the budget lasts.
 * Those that are less urgent than the first get only a small part of it, enough to ride along with a step that reads all
 * weights anyway, not enough to make it longer. A single unit that is larger than the budget (a drawing's step, a picture's
 * decoding) goes alone; when something more urgent arrives meanwhile, it is answered in the unit's pauses. */
#include <string.h>

#include "sched/internal.h"

enum {
    RIDING = 16, /* rows of the less urgent in a step */
    PATIENCE = 8, /* steps that a unit too large for what is left lets others go first */
};

static void emit(void *arg, const struct m6_event *event)
{
    m6_request_tell(arg, event);
}

/* ---- order ---- */

static int before(const struct m6_request *a, const struct m6_request *b)
{
    const double p = a->client->level[a->priority].served, q = b->client->level[b->priority].served;
    const int tired = a->passed >= PATIENCE, other = b->passed >= PATIENCE;
    if (a->priority != b->priority)
        return a->priority < b->priority;
    if (tired != other)
        return tired;
    return p != q ? p < q : a->order < b->order;
}

/* Active requests that may take part, in the order of their turns. */
static int turns(const struct m6_scheduler *s, int limit, struct m6_request **turn)
{
    int count = 0;
    for (int i = 0; i < s->actives; i++) {
        struct m6_request *r = s->active[i];
        int at = count;
        if ((int)r->priority >= limit || r->in_step)
            continue;
        for (; at && before(r, turn[at - 1]); at--)
            turn[at] = turn[at - 1];
        turn[at] = r;
        count++;
    }
    return count;
}

/* ---- composition ---- */

struct step {
    struct m6_request *member[M6_STEP_SEQUENCES];
    int count, lane, spent, ridden;
    enum m6_priority level;
};

static int is_active(const struct m6_scheduler *s, const struct m6_request *r)
{
    for (int i = 0; i < s->actives; i++)
        if (s->active[i] == r)
            return 1;
    return 0;
}

/* What the request may cost: for the first, whatever its least is. */
static int room_for(const struct m6_scheduler *s, const struct step *step, const struct m6_request *r, int cost)
{
    const int left = s->step_rows - step->spent, riding = RIDING - step->ridden;
    if (!step->count)
        return cost > left ? cost : left;
    return r->priority == step->level || riding > left ? left : riding;
}

static void join(struct m6_scheduler *s, struct step *step, struct m6_request *r)
{
    const struct m6_family *family = s->model->family;
    const int cost = family->cost(r->sequence), room = room_for(s, step, r, cost);
    if (cost > room) {
        r->passed++;
        return;
    }
    int planned = family->plan(r->sequence, step->lane, room);
    while (planned == M6_PLAN_NO_CACHE && m6_scheduler_make_room(s, r))
        planned = family->plan(r->sequence, step->lane, room);
    if (planned <= 0)
        return;
    if (!step->count)
        step->level = r->priority;
    else if (r->priority != step->level)
        step->ridden += planned;
    step->spent += planned;
    step->member[step->count++] = r;
    r->in_step = 1;
    r->cost = planned;
    r->passed = 0;
}

static void start(struct m6_scheduler *s, struct m6_request *r)
{
    const struct m6_sink sink = {emit, r};
    r->started = 1;
    s->model->family->start(r->sequence, &sink);
}

static void compose(struct m6_scheduler *s, struct step *step, int limit)
{
    struct m6_request *turn[M6_STEP_SEQUENCES];
    const int count = turns(s, limit, turn);
    s->model->family->begin(s->model, step->lane);
    for (int i = 0; i < count; i++)
        if (is_active(s, turn[i])) /* those before it may have taken its memory */
            join(s, step, turn[i]);
}

/* ---- running ---- */

static void pause(void *arg)
{
    struct m6_scheduler *s = arg;
    const int lane = s->lane, level = s->level;
    if (lane + 1 == M6_LANES || !(atomic_load(&s->arrived) & ((1u << level) - 1)))
        return;
    s->meter.now.interrupted++;
    while (!m6_scheduler_stopping(s) && m6_scheduler_step(s, level))
        ;
    s->lane = lane;
    s->level = level;
}

static void take(struct m6_scheduler *s, struct m6_request *r, const struct m6_pause *pauses)
{
    const struct m6_sink sink = {emit, r};
    struct m6_error err = {""};
    int done = 0;
    const enum m6_status status =
        s->model->family->take(r->sequence, s->lane, pauses, &sink, &done, &err);
    m6_waiting_charge(&s->waiting, r, r->cost);
    r->in_step = 0;
    if (status)
        m6_scheduler_end(s, r, M6_EVENT_FAILED, status, err.text);
    else if (done)
        m6_scheduler_end(s, r, M6_EVENT_DONE, M6_OK, NULL);
}

static void run(struct m6_scheduler *s, struct step *step)
{
    const struct m6_pause pauses = {pause, s};
    s->lane = step->lane;
    s->level = (int)step->level;
    for (int i = 0; i < step->count; i++)
        if (!step->member[i]->started)
            start(s, step->member[i]);
    s->model->family->forward(s->model, step->lane, &pauses);
    for (int i = 0; i < step->count; i++)
        take(s, step->member[i], &pauses);
}

int m6_scheduler_step(struct m6_scheduler *s, int limit)
{
    const int64_t began = m6_clock();
    struct step step = {.lane = s->lane + 1};
    m6_scheduler_receive(s);
    m6_scheduler_drop(s, began, 0);
    m6_scheduler_admit(s, limit);
    compose(s, &step, limit);
    int64_t time = m6_clock();
    s->own += time - began;
    if (!step.count)
        return 0;
    run(s, &step);
    s->lane = step.lane - 1;
    const int64_t ended = m6_clock();
    struct m6_engine_stats *n = &s->meter.now;
    n->steps++;
    if (!step.lane)
        n->busy_ns += ended - began;
    n->own_ns = s->own;
    m6_meter_publish(&s->meter, s->model, ended);
    s->own += m6_clock() - ended;
    return 1;
}
