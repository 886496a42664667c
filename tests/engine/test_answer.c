/* What an answer in words may hold: tokens of text, and <eos> as its end; never another special token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families/m6/answer.h"
#include "support.h"

static struct m6_backend *backend;
static struct m6_transformer *transformer;

static int set_up(void **state)
{
    transformer = tiny_transformer(M6_F32, &backend);
    return 0;
}

static int tear_down(void **state)
{
    m6_transformer_destroy(&transformer->base);
    m6_cpu_destroy(backend);
    return 0;
}

static void ignore(void *arg, const struct m6_event *event)
{
}

/* At a temperature where every token that is allowed is as likely as any other. */
static void holds_text_alone(void **state)
{
    static const struct {
        int top_k;
        float top_p;
    } ways[] = {{0, 1}, {0, 0.9f}, {100000, 1}, {300, 0.5f}};
    static const struct m6_sink sink = {ignore, NULL};
    int ended = 0, told = 0;
    for (unsigned seed = 0; seed < 40; seed++) {
        struct m6_request_params p;
        struct m6_sequence *sequence;
        m6_request_params_init(&p, M6_TASK_SCRIPT);
        p.text = "3: a cat";
        p.temperature = 1e6f;
        p.top_k = ways[seed % 4].top_k;
        p.top_p = ways[seed % 4].top_p;
        p.seed = seed;
        assert_ok(m6_answer_open(&sequence, &transformer->base, &p, &said));
        m6_family_m6.start(sequence, &sink);
        struct m6_answer *a = (struct m6_answer *)sequence;
        for (int done = 0; !done;) {
            m6_family_m6.begin(&transformer->base, 0);
            assert_true(m6_family_m6.plan(sequence, 0, 1000) > 0);
            m6_family_m6.forward(&transformer->base, 0, NULL);
            assert_ok(m6_family_m6.take(sequence, 0, NULL, &sink, &done, &said));
        }
        for (int i = a->text.given; i < a->text.count; i++, told++) {
            int size;
            m6_tokenizer_token(transformer->tokenizer, a->text.token[i], &size);
            if (!size || m6_tokenizer_is_special(transformer->tokenizer, a->text.token[i]))
                fail_msg("seed %u: token %d of the answer is %d", seed, i, a->text.token[i]);
        }
        ended += a->text.count < a->text.max;
        m6_answer_close(sequence);
    }
    assert_true(told > 500);  /* of some 300 tokens, 15 are special: many would have come */
    assert_true(ended > 0);   /* and <eos> did */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(holds_text_alone)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
