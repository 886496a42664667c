/* Priorities, cancelling, and that nothing which is served beside a request shows in its answer. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

static struct pixels pixels;
static struct m6_picture picture;

enum { KINDS = 5 };

/* Five requests that differ in all that matters. */
static struct m6_request_params request(int kind)
{
    static const enum m6_task tasks[KINDS] = {M6_TASK_CAPTION, M6_TASK_MATCH, M6_TASK_DRAW, M6_TASK_DRAW, M6_TASK_SCRIPT};
    struct m6_request_params p;
    m6_request_params_init(&p, tasks[kind]);
    p.seed = (uint64_t)kind + 40;
    p.temperature = 1;
    p.priority = (enum m6_priority)(kind % 3);
    if (kind < 2) {
        p.pictures = &picture;
        p.picture_count = 1;
    }
    p.text = kind == 0 ? NULL : kind == 4 ? "2: a red bus" : "a red bus";
    p.mode = kind == 3 ? M6_DRAW_PROGRESSIVE : M6_DRAW_AR;
    return p;
}

static void assert_same(const struct outcome *a, const struct outcome *b)
{
    assert_int_equal(a->last, M6_EVENT_DONE);
    assert_int_equal(b->last, M6_EVENT_DONE);
    assert_string_equal(a->text, b->text);
    assert_true(a->score == b->score);
    assert_int_equal(a->picture_hash, b->picture_hash);
}

static void answers_alone(struct m6_engine *engine, struct outcome *o)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct m6_request_params p = request(kind);
        assert_ok(run_request(engine, &p, &o[kind], &said));
    }
}

static void forget(struct outcome *o)
{
    for (int i = 0; i < KINDS; i++)
        free(o[i].rgb);
}

static void repeats_on_any_number_of_threads(void **state)
{
    static const char *const computes[] = {"bf16", "f32"};
    for (int c = 0; c < 2; c++) {
        struct outcome first[KINDS] = {0};
        for (int threads = 1; threads <= 3; threads++) {
            struct m6_engine *engine = open_engine(tiny_model(), threads, computes[c]);
            for (int again = 0; again < 2; again++) {
                struct outcome o[KINDS] = {0};
                answers_alone(engine, threads == 1 && !again ? first : o);
                for (int kind = 0; kind < KINDS && !(threads == 1 && !again); kind++)
                    assert_same(&first[kind], &o[kind]);
                forget(o);
            }
            m6_engine_destroy(engine);
        }
        forget(first);
    }
}

/* ---- a request that holds the engine's thread in its first event until it is let go ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    int holding, open;
    struct outcome outcome;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};

static void hold(void *arg, struct m6_request *request, const struct m6_event *event)
{
    note_event(&gate.outcome, request, event);
    pthread_mutex_lock(&gate.lock);
    gate.holding = 1;
    pthread_cond_broadcast(&gate.change);
    while (!gate.open)
        pthread_cond_wait(&gate.change, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static struct m6_request *hold_engine(struct m6_engine *engine, int kind, enum m6_priority priority)
{
    struct m6_request *r;
    struct m6_request_params p = request(kind);
    free(gate.outcome.rgb);
    memset(&gate.outcome, 0, sizeof gate.outcome);
    gate.holding = gate.open = 0;
    p.priority = priority;
    p.event = hold;
    assert_ok(m6_engine_submit(engine, &p, &r, &said));
    pthread_mutex_lock(&gate.lock);
    while (!gate.holding)
        pthread_cond_wait(&gate.change, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    return r;
}

static void let_go(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.open = 1;
    pthread_cond_broadcast(&gate.change);
    pthread_mutex_unlock(&gate.lock);
}

/* ---- priorities ---- */

static int finished[16], finishes;

static void note_end(void *arg, struct m6_request *request, const struct m6_event *event)
{
    if (event->type >= M6_EVENT_DONE)
        finished[finishes++] = (int)(intptr_t)arg;
}

static void serves_the_urgent_first(void **state)
{
    static const enum m6_priority order[6] = {M6_BATCH, M6_LIVE, M6_INTERACTIVE, M6_BATCH, M6_INTERACTIVE, M6_LIVE};
    static const int expected[6] = {2, 4, 1, 5, 0, 3};
    struct m6_engine *engine = open_engine(tiny_model(), 1, NULL);
    struct outcome alone[KINDS] = {0};
    struct m6_request *r[6], *held;
    answers_alone(engine, alone);
    held = hold_engine(engine, 2, M6_BATCH);
    finishes = 0;
    for (int i = 0; i < 6; i++) {
        struct m6_request_params p = request(4);
        p.priority = order[i];
        p.event = note_end;
        p.arg = (void *)(intptr_t)i;
        assert_ok(m6_engine_submit(engine, &p, &r[i], &said));
    }
    let_go();
    for (int i = 0; i < 6; i++) {
        m6_request_wait(r[i]);
        m6_request_release(r[i]);
    }
    assert_memory_equal(finished, expected, sizeof expected);
    m6_request_wait(held);
    m6_request_release(held);
    assert_same(&alone[2], &gate.outcome); /* the drawing was pushed aside after its first step */
    m6_engine_destroy(engine);
    forget(alone);
}

/* ---- cancelling ---- */

struct cancelling {
    int after, seen, ended, late;
    enum m6_event_type last;
};

static void cancel_in_event(void *arg, struct m6_request *request, const struct m6_event *event)
{
    struct cancelling *c = arg;
    c->late += c->ended;
    c->ended |= event->type >= M6_EVENT_DONE;
    c->last = event->type;
    if (++c->seen == c->after)
        m6_request_cancel(request);
}

static void cancels_at_any_event(void **state)
{
    struct m6_engine *engine = open_engine(tiny_model(), 1, NULL);
    for (int kind = 0; kind < KINDS; kind++)
        for (int after = 1; after < 14; after++) {
            struct cancelling c = {.after = after};
            struct m6_request *r;
            struct m6_request_params p = request(kind);
            p.event = cancel_in_event;
            p.arg = &c;
            assert_ok(m6_engine_submit(engine, &p, &r, &said));
            m6_request_wait(r);
            m6_request_release(r);
            assert_true(c.ended && !c.late);
            assert_true(c.last == M6_EVENT_CANCELLED || c.last == M6_EVENT_DONE);
            if (kind == 2 && after < 12) /* a drawing of twelve places */
                assert_true(c.last == M6_EVENT_CANCELLED && c.seen == after + 1);
        }
    m6_engine_destroy(engine);
}

static void cancels_at_random_times(void **state)
{
    struct m6_engine *engine = open_engine(tiny_model(), 2, NULL);
    struct outcome before[KINDS] = {0}, after[KINDS] = {0};
    unsigned seed = 1;
    answers_alone(engine, before);
    for (int round = 0; round < 150; round++) {
        struct cancelling c[3] = {{0}};
        struct m6_request *r[3];
        for (int i = 0; i < 3; i++) {
            struct m6_request_params p = request((round + i) % KINDS);
            p.event = cancel_in_event;
            p.arg = &c[i];
            assert_ok(m6_engine_submit(engine, &p, &r[i], &said));
        }
        for (int i = 0; i < 3; i++) {
            seed = seed * 1664525u + 1013904223u;
            usleep((seed >> 20) % 400);
            m6_request_cancel(r[(i + round) % 3]);
        }
        for (int i = 0; i < 3; i++) {
            m6_request_wait(r[i]);
            m6_request_release(r[i]);
            assert_true(c[i].ended && !c[i].late);
        }
    }
    answers_alone(engine, after);
    for (int kind = 0; kind < KINDS; kind++)
        assert_same(&before[kind], &after[kind]);
    m6_engine_destroy(engine);
    forget(before);
    forget(after);
}

static void cancels_what_waits(void **state)
{
    struct m6_engine *engine = open_engine(tiny_model(), 1, NULL);
    struct m6_request *held = hold_engine(engine, 2, M6_INTERACTIVE), *waiting;
    struct cancelling c = {0};
    struct m6_request_params p = request(3);
    p.event = cancel_in_event;
    p.arg = &c;
    assert_ok(m6_engine_submit(engine, &p, &waiting, &said));
    m6_request_cancel(waiting);
    m6_request_cancel(waiting);
    let_go();
    m6_request_wait(waiting);
    assert_int_equal(c.last, M6_EVENT_CANCELLED);
    assert_int_equal(c.seen, 1);
    m6_request_release(waiting);
    m6_request_wait(held);
    m6_request_wait(held);
    m6_request_cancel(held); /* too late to matter */
    m6_request_release(held);
    m6_engine_destroy(engine);
}

static void destroying_cancels_all(void **state)
{
    struct m6_engine *engine = open_engine(tiny_model(), 1, NULL);
    struct m6_request *held = hold_engine(engine, 2, M6_LIVE), *r[6];
    struct cancelling c[6] = {{0}};
    for (int i = 0; i < 6; i++) {
        struct m6_request_params p = request(i % KINDS);
        p.event = cancel_in_event;
        p.arg = &c[i];
        assert_ok(m6_engine_submit(engine, &p, i < 4 ? &r[i] : NULL, &said));
    }
    m6_request_release(r[3]); /* goes on without its holder */
    let_go();
    m6_engine_destroy(engine);
    for (int i = 0; i < 6; i++) {
        assert_true(c[i].ended && !c[i].late);
        if (i < 3) { /* handles outlive the engine */
            m6_request_wait(r[i]);
            m6_request_cancel(r[i]);
            m6_request_release(r[i]);
        }
    }
    m6_request_wait(held);
    m6_request_release(held);
    m6_request_release(NULL);
    m6_request_cancel(NULL);
    m6_request_wait(NULL);
}

static void bounds_the_queue(void **state)
{
    struct m6_engine *engine = open_engine(tiny_model(), 1, NULL);
    struct m6_request *held = hold_engine(engine, 2, M6_BATCH);
    struct m6_error err = {""};
    struct m6_request_params p = request(4);
    enum m6_status status = M6_OK;
    int queued = 0;
    p.priority = M6_BATCH;
    p.max_tokens = 1;
    for (; queued < 5000 && !status; queued++)
        status = m6_engine_submit(engine, &p, NULL, &err);
    assert_int_equal(status, M6_ERR_LIMIT);
    assert_int_equal(queued, 4097);
    assert_non_null(strstr(err.text, "4096 requests"));
    let_go();
    m6_request_release(held);
    m6_engine_destroy(engine);
}

/* ---- many at once ---- */

struct client {
    pthread_t thread;
    struct m6_engine *engine;
    const struct outcome *alone;
    int first, wrong;
};

static void *run_client(void *arg)
{
    struct client *c = arg;
    struct outcome *o = calloc(1, sizeof *o);
    for (int i = 0; i < 15; i++) {
        const int kind = (c->first + i) % KINDS;
        struct m6_request_params p = request(kind);
        struct m6_error err;
        p.priority = (enum m6_priority)((c->first + i / 2) % 3);
        c->wrong += run_request(c->engine, &p, o, &err) != M6_OK || o->last != M6_EVENT_DONE ||
                    strcmp(o->text, c->alone[kind].text) != 0 || o->picture_hash != c->alone[kind].picture_hash ||
                    o->score != c->alone[kind].score;
    }
    free(o->rgb);
    free(o);
    return NULL;
}

static void serves_many_clients_alike(void **state)
{
    struct m6_engine *engine = open_engine(tiny_model(), 2, NULL);
    struct outcome alone[KINDS] = {0};
    struct client client[4];
    answers_alone(engine, alone);
    for (int i = 0; i < 4; i++) {
        client[i] = (struct client){.engine = engine, .alone = alone, .first = i};
        assert_int_equal(pthread_create(&client[i].thread, NULL, run_client, &client[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(client[i].thread, NULL);
        assert_int_equal(client[i].wrong, 0);
    }
    m6_engine_destroy(engine);
    forget(alone);
}

static int set_up(void **state)
{
    picture = test_picture(&pixels, 90, 50, 4);
    return 0;
}

static int tear_down(void **state)
{
    free(gate.outcome.rgb);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats_on_any_number_of_threads), cmocka_unit_test(serves_the_urgent_first),
        cmocka_unit_test(cancels_at_any_event),             cmocka_unit_test(cancels_at_random_times),
        cmocka_unit_test(cancels_what_waits),               cmocka_unit_test(destroying_cancels_all),
        cmocka_unit_test(bounds_the_queue),                 cmocka_unit_test(serves_many_clients_alike),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
