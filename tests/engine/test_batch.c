/* What a row sees: a segment knows nothing of what comes behind it, and sequences that share a step nothing of each other.
 * Both bit by bit: the first is what lets a picture's state serve another question, the second continuous batching. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families/m6/answer.h"
#include "support.h"

static struct m6_backend *backend;
static struct m6_transformer *model;
static const struct m6_family *family;
static struct pixels pixels[3];
static struct m6_picture pictures[3];

enum { KINDS = 5 };

static int set_up(void **state)
{
    model = tiny_transformer(M6_BF16, &backend);
    family = model->base.family;
    for (int i = 0; i < 3; i++)
        pictures[i] = test_picture(&pixels[i], 70, 50, 30 + (unsigned)i);
    return 0;
}

static int tear_down(void **state)
{
    m6_transformer_destroy(&model->base);
    m6_cpu_destroy(backend);
    return 0;
}

static void note(void *arg, const struct m6_event *event)
{
    note_event(arg, NULL, event);
}

static struct m6_sequence *open_request(const struct m6_request_params *p, struct outcome *o)
{
    const struct m6_sink sink = {note, o};
    struct m6_sequence *sequence;
    assert_ok(family->open(&sequence, &model->base, p, &said));
    family->start(sequence, &sink);
    return sequence;
}

/* The first `rows` rows of a question's first step. */
static void rows_of(const struct m6_picture *picture, int count, const char *question, float *out, int rows)
{
    struct outcome o = {0};
    struct m6_request_params p;
    m6_request_params_init(&p, M6_TASK_ASK);
    p.pictures = picture;
    p.picture_count = count;
    p.text = question;
    struct m6_sequence *sequence = open_request(&p, &o);
    family->begin(&model->base, 0);
    assert_true(family->plan(sequence, 0, 1000) > 0);
    family->forward(&model->base, 0, NULL);
    memcpy(out, model->lane[0].scratch.h, (size_t)rows * (size_t)model->config.d_model * sizeof *out);
    family->close(sequence);
}

static void segments_ignore_what_follows(void **state)
{
    static float a[4096], b[4096];
    const int patches = m6_config_patches(&model->config), d = model->config.d_model;
    const size_t one = (size_t)patches * (size_t)d * sizeof *a;
    rows_of(pictures, 1, "what?", a, patches);
    rows_of(pictures, 1, "a much longer question than that", b, patches);
    assert_memory_equal(a, b, one);
    rows_of(pictures, 3, "what?", b, 2 * patches);
    assert_memory_equal(a, b, one);
    rows_of(pictures, 2, "why?", a, 2 * patches);
    assert_memory_equal(a, b, 2 * one);
    rows_of(pictures + 1, 1, "what?", a, patches); /* first now, and alone: it must differ */
    assert_memory_not_equal(a, b + patches * d, one);
}

static struct m6_request_params request(int kind)
{
    static const enum m6_task tasks[KINDS] = {M6_TASK_CAPTION, M6_TASK_DRAW, M6_TASK_SCRIPT, M6_TASK_DRAW, M6_TASK_MATCH};
    struct m6_request_params p;
    m6_request_params_init(&p, tasks[kind]);
    p.temperature = 1;
    p.seed = 70 + (uint64_t)kind;
    if (kind == 0 || kind == 4) {
        p.pictures = pictures;
        p.picture_count = kind == 0 ? 2 : 1;
    }
    p.text = kind == 0 ? NULL : kind == 2 ? "5: the dog" : "a blue cat";
    p.mode = kind == 3 ? M6_DRAW_PROGRESSIVE : M6_DRAW_AR;
    return p;
}

/* Steps all sequences together until the last is done; those that find no room wait. Returns the most in one step. */
static int run_together(struct m6_sequence **sequence, struct outcome *o, int count)
{
    int left = count, most = 0;
    while (left) {
        int planned[KINDS], together = 0;
        family->begin(&model->base, 0);
        for (int i = 0; i < count; i++) {
            planned[i] = sequence[i] && family->plan(sequence[i], 0, 1000) > 0;
            together += planned[i];
        }
        assert_true(together > 0);
        most = together > most ? together : most;
        family->forward(&model->base, 0, NULL);
        for (int i = 0; i < count; i++) {
            const struct m6_sink sink = {note, &o[i]};
            int done = 0;
            if (!planned[i])
                continue;
            assert_ok(family->take(sequence[i], 0, NULL, &sink, &done, &said));
            if (done) {
                family->close(sequence[i]);
                sequence[i] = NULL;
                left--;
            }
        }
    }
    return most;
}

static void sequences_share_a_step(void **state)
{
    static struct outcome alone[KINDS], together[KINDS];
    struct m6_sequence *sequence[KINDS];
    const int slots = m6_prefix_room(&model->prefix);
    for (int kind = 0; kind < KINDS; kind++) {
        const struct m6_request_params p = request(kind);
        sequence[kind] = open_request(&p, &alone[kind]);
        assert_int_equal(run_together(&sequence[kind], &alone[kind], 1), 1);
    }
    for (int kind = 0; kind < KINDS; kind++) {
        const struct m6_request_params p = request(kind);
        sequence[kind] = open_request(&p, &together[kind]);
    }
    assert_true(run_together(sequence, together, KINDS) > 1);
    for (int kind = 0; kind < KINDS; kind++) {
        assert_string_equal(alone[kind].text, together[kind].text);
        assert_int_equal(alone[kind].picture_hash, together[kind].picture_hash);
        assert_true(alone[kind].score == together[kind].score);
        assert_int_equal(alone[kind].events, together[kind].events);
        free(alone[kind].rgb);
        free(together[kind].rgb);
    }
    assert_int_equal(m6_prefix_room(&model->prefix), slots);
}

/* Sequences that find no page are told so, and nothing of them has changed: one that gives way and comes back later
 * answers as if it had been alone. */
static void a_full_cache_is_told(void **state)
{
    struct m6_config c;
    m6_config_tiny(&c);
    char *config = m6_config_print(&c, NULL, NULL);
    const size_t page = m6_cache_page_bytes(c.layers, c.heads, c.d_model / c.heads);
    const struct m6_load load = {.backend = backend, .compute = M6_BF16, .folder = tiny_model(), .config = config, .cache_bytes = 8 * page};
    struct m6_model *small;
    static struct outcome alone, o[2];
    struct m6_sequence *sequence[2];
    const struct m6_request_params p = request(1); /* six pages, two of which both can share */
    assert_ok(m6_transformer_load(&small, &load, &said));
    free(config);
    sequence[0] = open_request(&p, &alone);
    run_together(sequence, &alone, 1);
    for (int i = 0; i < 2; i++)
        assert_ok(family->open(&sequence[i], small, &p, &said));
    int told = 0;
    for (int first = 1, done = 0; sequence[0] || sequence[1];) {
        family->begin(small, 0);
        const int i = sequence[first] ? first : !first, planned = family->plan(sequence[i], 0, 1000);
        const struct m6_sink sink = {note, &o[i]};
        if (planned == M6_PLAN_NO_CACHE) {
            told++;
            family->suspend(sequence[!i]);
            continue;
        }
        assert_true(planned > 0);
        family->forward(small, 0, NULL);
        assert_ok(family->take(sequence[i], 0, NULL, &sink, &done, &said));
        if (done) {
            family->close(sequence[i]);
            sequence[i] = NULL;
        }
        first = !first;
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(o[i].picture_hash, alone.picture_hash);
        assert_int_equal(o[i].events, alone.events);
        free(o[i].rgb);
    }
    free(alone.rgb);
    assert_true(told > 0);
    assert_int_equal(family->room(small), 8);
    family->destroy(small);
}

/* ---- steps inside the pauses of others ---- */

struct nested {
    struct m6_sequence *inner[3]; /* one after another */
    struct outcome *o;
    int at, pauses;
};

/* A whole step of another sequence, in another lane. */
static void step_inside(void *arg)
{
    struct nested *n = arg;
    const struct m6_sink sink = {note, &n->o[n->at]};
    int done = 0;
    n->pauses++;
    if (n->at == 3)
        return;
    family->begin(&model->base, 1);
    assert_true(family->plan(n->inner[n->at], 1, 1) > 0);
    family->forward(&model->base, 1, NULL);
    assert_ok(family->take(n->inner[n->at], 1, NULL, &sink, &done, &said));
    if (done)
        family->close(n->inner[n->at++]);
}

static void steps_give_way_anywhere(void **state)
{
    static const int outer[2] = {0, 3}; /* a caption, and a drawing by masks with something to keep */
    static const struct m6_rect keep = {0, 0, 40, 40};
    for (int i = 0; i < 2; i++) {
        static struct outcome alone[4], together[4];
        const int kinds[4] = {outer[i], 2, 1, 3};
        struct m6_sequence *first = NULL, *one;
        struct nested n = {.o = together + 1};
        memset(alone, 0, sizeof alone);
        memset(together, 0, sizeof together);
        for (int k = 0; k < 4; k++) {
            struct m6_request_params p = request(kinds[k]);
            p.image = k ? NULL : pictures;
            p.keep = &keep;
            p.keep_count = !k;
            one = open_request(&p, &alone[k]);
            run_together(&one, &alone[k], 1);
            struct m6_sequence **again = k ? &n.inner[k - 1] : &first;
            *again = open_request(&p, &together[k]);
        }
        const struct m6_sink sink = {note, &together[0]};
        const struct m6_pause pause = {step_inside, &n};
        for (int done = 0; !done;) {
            family->begin(&model->base, 0);
            assert_true(family->plan(first, 0, 1) > 0);
            family->forward(&model->base, 0, &pause);
            assert_ok(family->take(first, 0, &pause, &sink, &done, &said));
        }
        family->close(first);
        while (n.at < 3)
            step_inside(&n);
        assert_true(n.pauses > 20);
        for (int k = 0; k < 4; k++) {
            assert_string_equal(alone[k].text, together[k].text);
            assert_int_equal(alone[k].picture_hash, together[k].picture_hash);
            assert_int_equal(alone[k].events, together[k].events);
            free(alone[k].rgb);
            free(together[k].rgb);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_ignore_what_follows),
        cmocka_unit_test(sequences_share_a_step),
        cmocka_unit_test(a_full_cache_is_told),
        cmocka_unit_test(steps_give_way_anywhere),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
