/* Keeping parts of a picture, in both ways of drawing: kept places come out as they were, to the byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families/m6/answer.h"
#include "support.h"

static struct m6_engine *engine;
static struct m6_backend *backend;
static struct m6_transformer *transformer; /* the same model, to look inside */
static struct pixels pixels;
static struct m6_picture picture;

static int set_up(void **state)
{
    engine = open_engine(tiny_model(), 1, NULL);
    transformer = tiny_transformer(M6_BF16, &backend);
    picture = test_picture(&pixels, 64, 48, 3);
    return 0;
}

static int tear_down(void **state)
{
    m6_transformer_destroy(&transformer->base);
    m6_cpu_destroy(backend);
    m6_engine_destroy(engine);
    return 0;
}

static struct m6_request_params request(enum m6_draw_mode mode)
{
    struct m6_request_params p;
    m6_request_params_init(&p, M6_TASK_DRAW);
    p.text = "a red cat";
    p.mode = mode;
    p.image = &picture;
    p.seed = 11;
    return p;
}

static void keeps_all(void **state)
{
    static const struct m6_rect whole = {0, 0, 64, 48};
    for (int mode = 0; mode < 2; mode++) {
        struct outcome o = {0};
        struct m6_request_params p = request((enum m6_draw_mode)mode);
        p.keep = &whole;
        p.keep_count = 1;
        assert_ok(run_request(engine, &p, &o, &said));
        assert_int_equal(o.pictures, 1);
        assert_int_equal(o.progress, 0);
        assert_memory_equal(o.rgb, pixels.rgb, 64 * 48 * 3);
        free(o.rgb);
    }
}

static void keeps_pixels_exactly(void **state)
{
    static const struct m6_rect band = {0, 16, 64, 16};
    for (int mode = 0; mode < 2; mode++) {
        struct outcome o = {0};
        struct m6_request_params p = request((enum m6_draw_mode)mode);
        p.keep = &band;
        p.keep_count = 1;
        assert_ok(run_request(engine, &p, &o, &said));
        assert_memory_equal(o.rgb + 16 * 64 * 3, pixels.rgb + 16 * 64 * 3, 16 * 64 * 3);
        assert_true(memcmp(o.rgb, pixels.rgb, 16 * 64 * 3) != 0);
        assert_true(memcmp(o.rgb + 32 * 64 * 3, pixels.rgb + 32 * 64 * 3, 16 * 64 * 3) != 0);
        free(o.rgb);
    }
}

/* What is drawn depends on the codes that are kept, not on the rest of the picture. */
static void only_kept_parts_matter(void **state)
{
    static const struct m6_rect corner = {0, 0, 32, 32};
    static struct pixels others;
    struct m6_picture other = test_picture(&others, 64, 48, 99);
    int32_t a[48], b[48];
    /* far from the border of the corner the encoder sees the same pixels */
    for (int y = 0; y < 48; y++)
        for (int x = 0; x < 64; x++)
            if (x < 60 && y < 48)
                memcpy(others.rgb + (y * 64 + x) * 3, pixels.rgb + (y * 64 + x) * 3, 3);
    m6_codec_encode(&transformer->lane[0], pixels.rgb, a);
    m6_codec_encode(&transformer->lane[0], others.rgb, b);
    assert_memory_equal(a, b, 8 * sizeof *a);          /* places 0 and 1 of the first row */
    assert_true(memcmp(a, b, sizeof a) != 0);
    for (int mode = 0; mode < 2; mode++) {
        struct outcome one = {0}, two = {0}, none = {0};
        struct m6_request_params p = request((enum m6_draw_mode)mode);
        p.keep = &corner;
        p.keep_count = 1;
        assert_ok(run_request(engine, &p, &one, &said));
        p.image = &other;
        assert_ok(run_request(engine, &p, &two, &said));
        assert_memory_equal(one.rgb, two.rgb, 64 * 48 * 3);
        assert_int_equal(one.progress, 8); /* 4 of 12 places are kept, and there are no more steps than places */
        p.keep_count = 0;
        assert_ok(run_request(engine, &p, &none, &said));
        assert_true(memcmp(one.rgb, none.rgb, 64 * 48 * 3) != 0);
        free(one.rgb);
        free(two.rgb);
        free(none.rgb);
    }
}

static void ignore(void *arg, const struct m6_event *event)
{
}

/* Runs a request by hand and gives its codes. */
static void draw_codes(const struct m6_request_params *p, int32_t *code)
{
    const struct m6_family *family = transformer->base.family;
    const struct m6_sink sink = {ignore, NULL};
    const int slots = m6_prefix_room(&transformer->prefix);
    struct m6_sequence *sequence;
    int done = 0;
    assert_ok(family->open(&sequence, &transformer->base, p, &said));
    family->start(sequence, &sink);
    while (!done) {
        family->begin(&transformer->base, 0);
        assert_true(family->plan(sequence, 0, 1000) > 0);
        family->forward(&transformer->base, 0, NULL);
        assert_ok(family->take(sequence, 0, NULL, &sink, &done, &said));
    }
    memcpy(code, ((struct m6_answer *)sequence)->draw.code, 48 * sizeof *code);
    family->close(sequence);
    assert_int_equal(m6_prefix_room(&transformer->prefix), slots);
}

static void keeps_codes_exactly(void **state)
{
    static const struct {
        struct m6_rect keep[2];
        const char *map;
    } cases[] = {
        {{{0, 0, 32, 32}}, "110011000000"},
        {{{0, 32, 64, 16}}, "000000001111"},
        {{{16, 16, 16, 16}, {48, 0, 16, 48}}, "000101010001"},
        {{{0, 0, 64, 32}, {16, 0, 48, 48}}, "111111110111"},
    };
    int32_t own[48], code[48], open[48];
    m6_codec_encode(&transformer->lane[0], pixels.rgb, own);
    for (int mode = 0; mode < 2; mode++) {
        struct m6_request_params p = request((enum m6_draw_mode)mode);
        draw_codes(&p, open);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            int same = 0;
            p.keep = cases[i].keep;
            p.keep_count = 2;
            draw_codes(&p, code);
            for (int place = 0; place < 12; place++) {
                const int equal = memcmp(code + 4 * place, own + 4 * place, 4 * sizeof *code) == 0;
                if (cases[i].map[place] == '1')
                    assert_true(equal);
                same += equal;
            }
            assert_true(same < 12);
            /* left to right, nothing before the first kept place can know of it */
            const size_t before = (size_t)(strchr(cases[i].map, '1') - cases[i].map);
            if (!mode)
                assert_memory_equal(code, open, before * 4 * sizeof *code);
        }
    }
}

static void tells_when_nothing_is_kept(void **state)
{
    static const struct m6_rect sliver = {3, 3, 16, 16};
    struct outcome o = {0}, free_hand = {0};
    struct m6_request_params p = request(M6_DRAW_PROGRESSIVE);
    p.keep = &sliver;
    p.keep_count = 1;
    assert_ok(run_request(engine, &p, &o, &said));
    assert_non_null(strstr(o.warning, "nothing is kept"));
    p.keep_count = 0;
    assert_ok(run_request(engine, &p, &free_hand, &said));
    assert_int_equal(o.picture_hash, free_hand.picture_hash);
    free(o.rgb);
    free(free_hand.rgb);
}

static void takes_as_many_steps_as_asked(void **state)
{
    static const int steps[][2] = {{0, 10}, {1, 1}, {2, 2}, {7, 7}, {12, 12}, {13, 12}, {1000, 12}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct outcome o = {0};
        struct m6_request_params p = request(M6_DRAW_PROGRESSIVE);
        p.steps = steps[i][0];
        assert_ok(run_request(engine, &p, &o, &said));
        assert_int_equal(o.progress, steps[i][1]);
        assert_int_equal(o.done, steps[i][1]);
        free(o.rgb);
    }
}

static void sampling_shows(void **state)
{
    for (int mode = 0; mode < 2; mode++) {
        struct outcome a = {0}, b = {0};
        struct m6_request_params p = request((enum m6_draw_mode)mode);
        assert_ok(run_request(engine, &p, &a, &said));
        p.seed++;
        assert_ok(run_request(engine, &p, &b, &said));
        assert_true(a.picture_hash != b.picture_hash);
        p.temperature = 0; /* then no seed matters */
        assert_ok(run_request(engine, &p, &a, &said));
        p.seed++;
        assert_ok(run_request(engine, &p, &b, &said));
        assert_int_equal(a.picture_hash, b.picture_hash);
        p.guidance = 0;
        assert_ok(run_request(engine, &p, &b, &said));
        p.guidance = 1;
        assert_ok(run_request(engine, &p, &a, &said));
        assert_int_equal(a.picture_hash, b.picture_hash);
        p.guidance = 2.5f;
        assert_ok(run_request(engine, &p, &b, &said));
        assert_true(a.picture_hash != b.picture_hash);
        p.guidance = 1;
        p.temperature = 1;
        p.top_k = mode == 0; /* the most likely code, as at temperature 0; progressive drawing also chooses places by lot */
        p.top_p = mode == 0 ? 1 : 1e-6f;
        assert_ok(run_request(engine, &p, &b, &said));
        assert_true((a.picture_hash == b.picture_hash) == (mode == 0));
        free(a.rgb);
        free(b.rgb);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_all),
        cmocka_unit_test(keeps_pixels_exactly),
        cmocka_unit_test(only_kept_parts_matter),
        cmocka_unit_test(keeps_codes_exactly),
        cmocka_unit_test(tells_when_nothing_is_kept),
        cmocka_unit_test(takes_as_many_steps_as_asked),
        cmocka_unit_test(sampling_shows),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
