/* Many requests at once: the same bytes as alone, whatever else is served; fairness, deadlines, memory; and a storm. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

static struct pixels pixels[4];
static struct m6_picture pictures[4];

enum { KINDS = 17 };

/* Requests that differ in all that matters: tasks, lengths, modes, guidance, what is kept, sampling, priority. */
static struct m6_request_params request(int kind)
{
    static const enum m6_task tasks[6] = {M6_TASK_CAPTION, M6_TASK_ASK, M6_TASK_MATCH, M6_TASK_DRAW, M6_TASK_DRAW, M6_TASK_SCRIPT};
    static const struct m6_rect keep = {0, 0, 64, 16};
    struct m6_request_params p;
    m6_request_params_init(&p, tasks[kind % 6]);
    p.seed = 100 + (uint64_t)kind;
    p.temperature = kind % 5 ? 1 : 0;
    p.priority = (enum m6_priority)(kind % 3);
    p.client = (uint64_t)kind % 4;
    if (kind % 6 < 3) {
        p.pictures = pictures + kind % 3;
        p.picture_count = 1 + kind % 2;
    }
    p.text = kind % 6 == 0 ? NULL : kind % 6 == 5 ? "2: a red bus" : kind % 2 ? "a red bus" : "the cat in the rain";
    p.prefix = kind % 6 == 1 ? "it is a cat" : NULL;
    p.mode = kind % 6 == 4 ? M6_DRAW_PROGRESSIVE : M6_DRAW_AR;
    p.guidance = kind % 6 == 3 && kind > 8 ? 1 : p.guidance;
    if (kind % 6 == 3 || kind == 4) {
        p.image = kind > 3 ? &pictures[3] : NULL;
        p.keep = &keep;
        p.keep_count = kind > 3;
    }
    return p;
}

static struct outcome alone[KINDS];

static void assert_like_alone(int kind, const struct outcome *o)
{
    if (o->last != M6_EVENT_DONE)
        fail_msg("request %d ended with event %d: %s", kind, (int)o->last, o->failure);
    assert_string_equal(o->text, alone[kind].text);
    assert_true(o->score == alone[kind].score);
    assert_int_equal(o->picture_hash, alone[kind].picture_hash);
    assert_int_equal(o->progress, alone[kind].progress);
}

static int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- identity ---- */

static void run_all(struct m6_engine *engine, struct outcome *o)
{
    struct m6_request *r[KINDS];
    for (int kind = 0; kind < KINDS; kind++) {
        struct m6_request_params p = request(kind);
        free(o[kind].rgb);
        memset(&o[kind], 0, sizeof o[kind]);
        p.event = note_event;
        p.arg = &o[kind];
        assert_ok(m6_engine_submit(engine, &p, &r[kind], &said));
    }
    for (int kind = 0; kind < KINDS; kind++) {
        m6_request_wait(r[kind]);
        m6_request_release(r[kind]);
    }
}

static void the_same_among_sixteen_others(void **state)
{
    static struct outcome o[KINDS];
    static const struct m6_engine_params cases[] = {
        {.threads = 1},
        {.threads = 2},
        {.threads = 2, .step_rows = 3},
        {.threads = 1, .step_rows = 40, .encoder_bytes = 1},
        {.threads = 2, .cache_bytes = 1}, /* the least that the longest request needs, filled in below */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct m6_engine_params params = cases[i];
        if (params.cache_bytes)
            params.cache_bytes = 16 * tiny_page();
        struct m6_engine *engine = open_engine_with(params);
        for (int again = 0; again < 3; again++) { /* cold, then warm */
            run_all(engine, o);
            for (int kind = 0; kind < KINDS; kind++)
                assert_like_alone(kind, &o[kind]);
        }
        const struct m6_engine_stats s = stats_of(engine);
        assert_int_equal(s.done, 3 * KINDS);
        assert_int_equal(s.cache_used, 0);
        assert_true(s.rows > s.steps);
        if (params.cache_bytes)
            assert_true(s.suspended > 0);
        m6_engine_destroy(engine);
    }
    for (int kind = 0; kind < KINDS; kind++)
        free(o[kind].rgb);
}

/* ---- a request that holds the engine's thread in its first event until it is let go ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    int holding, open;
    struct outcome outcome;
    struct m6_request *request;
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

static void hold_engine(struct m6_engine *engine)
{
    struct m6_request_params p = request(5);
    free(gate.outcome.rgb);
    memset(&gate.outcome, 0, sizeof gate.outcome);
    gate.holding = gate.open = 0;
    p.priority = M6_INTERACTIVE;
    p.client = 99;
    p.event = hold;
    assert_ok(m6_engine_submit(engine, &p, &gate.request, &said));
    pthread_mutex_lock(&gate.lock);
    while (!gate.holding)
        pthread_cond_wait(&gate.change, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static void let_go(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.open = 1;
    pthread_cond_broadcast(&gate.change);
    pthread_mutex_unlock(&gate.lock);
    m6_request_wait(gate.request);
    m6_request_release(gate.request);
}

/* ---- fairness ---- */

static int ended[64], ends;

static void note_end(void *arg, struct m6_request *request, const struct m6_event *event)
{
    if (event->type >= M6_EVENT_DONE)
        ended[ends++] = (int)(intptr_t)arg;
}

/* Client 1 asks for forty drawings, then client 2 for two: they come when each has had about as much. */
static void clients_are_served_alike(void **state)
{
    struct m6_engine *engine = open_engine_with((struct m6_engine_params){.threads = 1, .step_rows = 8});
    struct m6_request *r[42];
    int before = 0;
    hold_engine(engine);
    ends = 0;
    for (int i = 0; i < 42; i++) {
        struct m6_request_params p;
        m6_request_params_init(&p, M6_TASK_DRAW);
        p.text = "a red cat";
        p.seed = (uint64_t)i;
        p.priority = M6_BATCH;
        p.client = i < 40 ? 1 : 2;
        p.event = note_end;
        p.arg = (void *)(intptr_t)p.client;
        assert_ok(m6_engine_submit(engine, &p, &r[i], &said));
    }
    let_go();
    for (int i = 0; i < 42; i++) {
        m6_request_wait(r[i]);
        m6_request_release(r[i]);
    }
    for (int i = 0, left = 2; left; i++)
        if (ended[i] == 2)
            left--;
        else
            before++;
    assert_true(before <= 4);
    m6_engine_destroy(engine);
}

/* ---- deadlines ---- */

static void late_requests_cost_nothing(void **state)
{
    struct m6_engine *engine = open_engine(tiny_model(), 1, NULL);
    static struct outcome late, timely;
    struct m6_request *r[2];
    hold_engine(engine);
    struct m6_request_params p = request(0);
    p.priority = M6_LIVE;
    p.deadline_ns = clock_ns() + 2000000;
    p.event = note_event;
    p.arg = &late;
    assert_ok(m6_engine_submit(engine, &p, &r[0], &said));
    p.deadline_ns = clock_ns() + 60 * INT64_C(1000000000);
    p.pictures = &pictures[3];
    p.arg = &timely;
    assert_ok(m6_engine_submit(engine, &p, &r[1], &said));
    usleep(4000);
    let_go();
    for (int i = 0; i < 2; i++) {
        m6_request_wait(r[i]);
        m6_request_release(r[i]);
    }
    assert_int_equal(late.last, M6_EVENT_FAILED);
    assert_int_equal(late.status, M6_ERR_LATE);
    assert_int_equal(late.events, 1);
    assert_int_equal(timely.last, M6_EVENT_DONE);
    const struct m6_engine_stats s = stats_of(engine);
    assert_int_equal(s.late, 1);
    assert_int_equal(s.done, 2);
    assert_int_equal(s.encoder_misses, 1); /* the timely one's picture */
    m6_engine_destroy(engine);
}

static void slow_event(void *arg, struct m6_request *request, const struct m6_event *event)
{
    note_event(arg, request, event);
    usleep(3000);
}

static void answers_that_come_late_stop(void **state)
{
    struct m6_engine *engine = open_engine(tiny_model(), 1, NULL);
    static struct outcome o;
    struct m6_request *r;
    struct m6_request_params p = request(3);
    p.deadline_ns = clock_ns() + 15 * 1000000;
    p.event = slow_event;
    p.arg = &o;
    assert_ok(m6_engine_submit(engine, &p, &r, &said));
    m6_request_wait(r);
    m6_request_release(r);
    assert_int_equal(o.status, M6_ERR_LATE);
    assert_int_equal(o.pictures, 0);
    assert_int_equal(stats_of(engine).cache_used, 0);
    m6_engine_destroy(engine);
}

/* ---- memory ---- */

static void what_never_fits_is_refused(void **state)
{
    struct m6_engine *engine = open_engine_with((struct m6_engine_params){.threads = 1, .cache_bytes = 5 * tiny_page()});
    struct m6_error err = {""};
    struct outcome o = {0};
    struct m6_request_params p = request(3);
    assert_int_equal(run_request(engine, &p, &o, &err), M6_ERR_LIMIT);
    assert_non_null(strstr(err.text, "MiB of cache"));
    assert_non_null(strstr(err.text, "rows; this engine has 0.02 MiB"));
    p = request(5); /* a shorter one is served */
    p.max_tokens = 4;
    assert_ok(run_request(engine, &p, &o, &said));
    assert_int_equal(o.last, M6_EVENT_DONE);
    m6_engine_destroy(engine);
    struct m6_engine_params params = {.size = sizeof params, .model = tiny_model(), .cache_bytes = 10};
    assert_int_equal(m6_engine_create(&engine, &params, &err), M6_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "the cache is to have 10 bytes"));
}

/* Room for one drawing at a time: the others wait; the urgent takes the batch's place, and the batch goes on afterwards. */
static void what_must_wait_waits(void **state)
{
    struct m6_engine *engine = open_engine_with((struct m6_engine_params){.threads = 1, .cache_bytes = 8 * tiny_page()});
    static struct outcome o[5];
    struct m6_request *r[5];
    hold_engine(engine);
    for (int i = 0; i < 5; i++) {
        struct m6_request_params p = request(3);
        p.priority = i == 4 ? M6_INTERACTIVE : M6_BATCH;
        p.event = note_event;
        p.arg = &o[i];
        assert_ok(m6_engine_submit(engine, &p, &r[i], &said));
    }
    assert_int_equal(stats_of(engine).queued[M6_BATCH], 4);
    assert_int_equal(stats_of(engine).queued[M6_INTERACTIVE], 1);
    let_go();
    for (int i = 0; i < 5; i++) {
        m6_request_wait(r[i]);
        m6_request_release(r[i]);
        assert_like_alone(3, &o[i]);
        free(o[i].rgb);
    }
    m6_engine_destroy(engine);
}

/* ---- urgent work beside a drawing ---- */

static void steps_are_interrupted(void **state)
{
    struct m6_engine *engine = open_engine(tiny_model(), 2, NULL);
    static struct outcome big, small;
    for (int round = 0; round < 400 && !stats_of(engine).interrupted; round++) {
        struct m6_request *r;
        struct m6_request_params p = request(4), q = request(0);
        free(big.rgb);
        memset(&big, 0, sizeof big);
        p.priority = M6_BATCH;
        p.event = note_event;
        p.arg = &big;
        q.priority = M6_INTERACTIVE;
        assert_ok(m6_engine_submit(engine, &p, &r, &said));
        usleep((useconds_t)(round * 37 % 1500));
        assert_ok(run_request(engine, &q, &small, &said));
        m6_request_wait(r);
        m6_request_release(r);
        assert_like_alone(0, &small);
        assert_like_alone(4, &big);
    }
    assert_true(stats_of(engine).interrupted > 0);
    free(big.rgb);
    m6_engine_destroy(engine);
}

/* ---- a storm ---- */

struct stormer {
    pthread_t thread;
    struct m6_engine *engine;
    unsigned seed;
    int wrong, done;
};

static unsigned next(struct stormer *s)
{
    s->seed = s->seed * 1664525u + 1013904223u;
    return s->seed >> 8;
}

enum { FLYING = 4 };

static void *storm(void *arg)
{
    struct stormer *s = arg;
    struct outcome *o = calloc(FLYING, sizeof *o);
    for (int round = 0; round < 12; round++) {
        struct m6_request *r[FLYING];
        int kind[FLYING];
        for (int i = 0; i < FLYING; i++) {
            struct m6_request_params p = request(kind[i] = (int)(next(s) % KINDS));
            free(o[i].rgb);
            memset(&o[i], 0, sizeof o[i]);
            p.priority = (enum m6_priority)(next(s) % 3);
            p.client = next(s) % 5;
            p.deadline_ns = next(s) % 6 ? 0 : clock_ns() + next(s) % 4000000;
            p.event = note_event;
            p.arg = &o[i];
            if (m6_engine_submit(s->engine, &p, &r[i], NULL))
                abort();
        }
        if (next(s) % 2)
            usleep(next(s) % 2000);
        for (int i = 0; i < FLYING; i++)
            if (next(s) % 4 == 0)
                m6_request_cancel(r[i]);
        for (int i = 0; i < FLYING; i++) {
            const struct outcome *a = &alone[kind[i]];
            m6_request_wait(r[i]);
            m6_request_release(r[i]);
            s->wrong += o[i].last < M6_EVENT_DONE || (o[i].last == M6_EVENT_FAILED && o[i].status != M6_ERR_LATE);
            if (o[i].last != M6_EVENT_DONE)
                continue;
            s->done++;
            s->wrong += strcmp(o[i].text, a->text) != 0 || o[i].picture_hash != a->picture_hash || o[i].score != a->score;
        }
    }
    for (int i = 0; i < FLYING; i++)
        free(o[i].rgb);
    free(o);
    return NULL;
}

static void weathers_a_storm(void **state)
{
    struct m6_engine *engine =
        open_engine_with((struct m6_engine_params){.threads = 2, .cache_bytes = 30 * tiny_page(), .encoder_bytes = 1000, .step_rows = 24});
    struct stormer s[5];
    int done = 0;
    for (int i = 0; i < 5; i++) {
        s[i] = (struct stormer){.engine = engine, .seed = 77u * (unsigned)i};
        assert_int_equal(pthread_create(&s[i].thread, NULL, storm, &s[i]), 0);
    }
    for (int i = 0; i < 5; i++) {
        pthread_join(s[i].thread, NULL);
        assert_int_equal(s[i].wrong, 0);
        done += s[i].done;
    }
    const struct m6_engine_stats all = stats_of(engine);
    assert_true(done > 60);
    assert_int_equal(all.done, done);
    assert_int_equal(all.done + all.cancelled + all.late, 5 * 12 * FLYING);
    assert_int_equal(all.failed, 0);
    assert_int_equal(all.cache_used, 0);
    for (int p = 0; p < M6_PRIORITIES; p++)
        assert_int_equal(all.queued[p] + all.active[p], 0);
    m6_engine_destroy(engine);
}

/* ---- */

static int set_up(void **state)
{
    for (int i = 0; i < 4; i++)
        pictures[i] = test_picture(&pixels[i], 64 + 20 * i, 48, 60 + (unsigned)i);
    for (int kind = 0; kind < KINDS; kind++) { /* an engine that has never seen anything else */
        struct m6_engine *engine = open_engine(tiny_model(), 1, NULL);
        struct m6_request_params p = request(kind);
        assert_ok(run_request(engine, &p, &alone[kind], &said));
        assert_int_equal(alone[kind].last, M6_EVENT_DONE);
        m6_engine_destroy(engine);
    }
    return 0;
}

static int tear_down(void **state)
{
    for (int kind = 0; kind < KINDS; kind++)
        free(alone[kind].rgb);
    free(gate.outcome.rgb);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_among_sixteen_others), cmocka_unit_test(clients_are_served_alike),
        cmocka_unit_test(late_requests_cost_nothing),    cmocka_unit_test(answers_that_come_late_stop),
        cmocka_unit_test(what_never_fits_is_refused),    cmocka_unit_test(what_must_wait_waits),
        cmocka_unit_test(steps_are_interrupted),         cmocka_unit_test(weathers_a_storm),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
