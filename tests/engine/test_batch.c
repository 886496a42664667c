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
    struct m6_config c;
    m6_config_tiny(&c);
    char *config = m6_config_print(&c, NULL, NULL);
    backend = m6_cpu_create(2, NULL, &said);
    const struct m6_load load = {backend, M6_BF16, tiny_model(), config, KINDS};
    assert_ok(m6_transformer_load((struct m6_model **)&model, &load, &said));
    free(config);
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
    assert_ok(family->start(sequence, &sink, &said));
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
    family->begin(&model->base);
    assert_true(family->plan(sequence));
    family->forward(&model->base);
    memcpy(out, model->scratch.h, (size_t)rows * (size_t)model->config.d_model * sizeof *out);
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
        family->begin(&model->base);
        for (int i = 0; i < count; i++) {
            planned[i] = sequence[i] && family->plan(sequence[i]);
            together += planned[i];
        }
        assert_true(together > 0);
        most = together > most ? together : most;
        family->forward(&model->base);
        for (int i = 0; i < count; i++) {
            const struct m6_sink sink = {note, &o[i]};
            int done = 0;
            if (!planned[i])
                continue;
            assert_ok(family->take(sequence[i], &sink, &done, &said));
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
    const int slots = model->cache.free_count;
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
    assert_int_equal(model->cache.free_count, slots);
}

static void a_full_cache_is_told(void **state)
{
    struct m6_sequence *sequence[64];
    static struct outcome o;
    struct m6_request_params p = request(1);
    struct m6_error err = {""};
    const struct m6_sink sink = {note, &o};
    int count = 0;
    enum m6_status status = M6_OK;
    while (!status && count < 64) {
        assert_ok(family->open(&sequence[count], &model->base, &p, &said));
        status = family->start(sequence[count++], &sink, &err);
    }
    assert_int_equal(status, M6_ERR_LIMIT);
    assert_non_null(strstr(err.text, "free places"));
    while (count)
        family->close(sequence[--count]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_ignore_what_follows),
        cmocka_unit_test(sequences_share_a_step),
        cmocka_unit_test(a_full_cache_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
