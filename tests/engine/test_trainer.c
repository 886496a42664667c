/* Training and inference are two programs for one function: on the same random weights they must give the same rows, in
 * FP32 and with BF16 products on both sides. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families/m6/answer.h"
#include "support.h"
#include "train/image.h"
#include "train/m6.h"

static char folder[512];
static struct m6_backend *backend;
static struct m6_transformer *engine;
static struct m6_params *params;
static struct m6_pool *pool;
static struct m6_tape *tape;
static struct pixels pixels[2];
static struct m6_picture pictures[2];
static struct m6_batch batch;
static int bf16;

static int set_up(void)
{
    struct m6_config c;
    struct m6_safetensors *tensors;
    static char config[8192];
    m6_config_tiny(&c);
    snprintf(folder, sizeof folder, "%s/float", temporary_folder());
    assert_ok(m6_model_random(folder, &c, M6_F32, 21, &said));
    params = m6_params_create();
    assert_ok(m6_stack_params(params, &c, 1, &said));
    assert_ok(m6_image_params(params, &c, 1, &said));
    assert_ok(m6_safetensors_open(&tensors, folder, &said));
    for (int i = 0; i < m6_params_count(params); i++) {
        struct m6_param *to = m6_params_at(params, i);
        const struct m6_stensor *from = m6_safetensors_find(tensors, to->name);
        assert_non_null(from);
        assert_int_equal(from->bytes, (size_t)to->rows * (size_t)to->cols * sizeof *to->value);
        memcpy(to->value, from->data, from->bytes);
    }
    assert_int_equal(m6_params_count(params), m6_safetensors_count(tensors));
    m6_safetensors_close(tensors);
    pool = m6_pool_create(1);
    tape = m6_tape_create(bf16 ? M6_TAPE_BF16 : M6_TAPE_F32, pool, NULL, &said);
    assert_non_null(tape);
    char *text = m6_config_print(&c, NULL, NULL);
    snprintf(config, sizeof config, "%s", text);
    free(text);
    backend = m6_cpu_create(1, NULL, &said);
    const struct m6_load load = {.backend = backend, .compute = bf16 ? M6_BF16 : M6_F32, .folder = folder, .config = config};
    assert_ok(m6_transformer_load((struct m6_model **)&engine, &load, &said));
    for (int i = 0; i < 2; i++)
        pictures[i] = test_picture(&pixels[i], c.width, c.height, 5 + (unsigned)i);
    return 0;
}

static int set_up_f32(void **state)
{
    bf16 = 0;
    return set_up();
}

static int set_up_bf16(void **state)
{
    bf16 = 1;
    return set_up();
}

static int tear_down(void **state)
{
    m6_batch_free(&batch);
    m6_transformer_destroy(&engine->base);
    m6_cpu_destroy(backend);
    m6_tape_destroy(tape);
    m6_pool_destroy(pool);
    m6_params_destroy(params);
    return 0;
}

/* Row by row in the Euclidean norm. In BF16 rounding may send a row to another expert where two are as good as each other:
 * that row is another one then, and few may be. */
static void assert_close(const float *a, const float *b, int count)
{
    const int d = engine->config.d_model, rows = count / d;
    int turned = 0;
    for (int r = 0; r < rows; r++) {
        double off = 0, size = 0;
        for (int c = 0; c < d; c++, a++, b++) {
            off += ((double)*a - (double)*b) * ((double)*a - (double)*b);
            size += (double)*b * (double)*b;
        }
        off = sqrt(off / size);
        turned += bf16 && !(off <= 2e-2);
        if (!bf16 && !(off <= 1e-4))
            fail_msg("row %d of %d differs by %g of its size", r, rows, off);
    }
    if (turned > 1 + rows / 20)
        fail_msg("%d of %d rows differ by more than 0.02 of their size", turned, rows);
}

/* The trainer's rows of the batch, and how many there are. */
static const float *trained(m6_var pixel_rows, int *rows, m6_var *h)
{
    struct m6_stack_report report;
    assert_true(m6_batch_finish(&batch));
    *h = m6_stack_forward(tape, params, &engine->config, &batch, pixel_rows, 0, 0, &report);
    *rows = m6_tape_rows(tape, *h);
    return m6_tape_data(tape, *h);
}

static m6_var picture_rows(int count)
{
    const struct m6_config *c = &engine->config;
    const int rows = c->width * c->height / 16;
    float *row = malloc((size_t)count * (size_t)rows * 48 * sizeof *row);
    for (int i = 0; i < count; i++)
        m6_picture_blocks(pixels[i].rgb, 1, c->width, c->height, 4, row + (size_t)i * (size_t)rows * 48);
    const m6_var x = m6_tape_input(tape, count * rows, 48, row);
    free(row);
    return x;
}

static struct m6_answer *open_answer(const struct m6_request_params *p)
{
    static const struct m6_sink sink;
    struct m6_sequence *sequence;
    assert_ok(m6_answer_open(&sequence, &engine->base, p, &said));
    m6_family_m6.start(sequence, &sink);
    return (struct m6_answer *)sequence;
}

static void forward(struct m6_answer *a)
{
    m6_family_m6.begin(&engine->base, 0);
    assert_true(m6_family_m6.plan(&a->base, 0, 1000) > 0);
    m6_family_m6.forward(&engine->base, 0, NULL);
}

static void same_words(void **state)
{
    struct m6_request_params p;
    int rows;
    m6_var h;
    m6_request_params_init(&p, M6_TASK_ASK);
    p.pictures = pictures;
    p.picture_count = 2;
    p.text = "what is it?";
    p.prefix = "a red cat";
    struct m6_answer *a = open_answer(&p);
    forward(a);
    m6_tape_reset(tape);
    m6_batch_clear(&batch, &engine->config);
    int parent = m6_batch_picture(&batch, -1, 0);
    parent = m6_batch_picture(&batch, parent, 1);
    parent = m6_batch_source(&batch, parent, a->source, a->source_count);
    m6_batch_target(&batch, parent, a->text.token[0], a->text.token + 1, a->text.count, M6_QUESTION);
    const float *expected = trained(picture_rows(2), &rows, &h);
    assert_int_equal(rows, engine->lane[0].rows.count);
    assert_close(engine->lane[0].scratch.h, expected, rows * engine->config.d_model);
    m6_answer_close(&a->base);
}

/* Token by token with the cache gives what all at once gives. */
static void same_words_one_by_one(void **state)
{
    struct m6_request_params p;
    m6_request_params_init(&p, M6_TASK_SCRIPT);
    p.text = "3: a cat";
    p.temperature = 1;
    struct m6_answer *a = open_answer(&p);
    const int d = engine->config.d_model, wanted = 12;
    float *seen = malloc((size_t)wanted * (size_t)d * sizeof *seen);
    for (int i = 0; i < wanted; i++) {
        forward(a);
        memcpy(seen + (size_t)i * (size_t)d, engine->lane[0].scratch.h + (size_t)a->text.row * (size_t)d, (size_t)d * sizeof *seen);
        a->text.token[a->text.count++] = 20 + 7 * i;
    }
    int rows;
    m6_var h;
    m6_tape_reset(tape);
    m6_batch_clear(&batch, &engine->config);
    const int parent = m6_batch_source(&batch, -1, a->source, a->source_count);
    m6_batch_target(&batch, parent, a->text.token[0], a->text.token + 1, wanted, M6_SCRIPT);
    const float *expected = trained(M6_NONE, &rows, &h);
    assert_close(seen, expected + (size_t)(rows - wanted) * (size_t)d, wanted * d);
    free(seen);
    m6_answer_close(&a->base);
}

/* Each code that was chosen greedily must be the trainer's likeliest too, or as good as. */
static void assert_likeliest(m6_var h, int first, const int32_t *code, const int32_t *place, int count)
{
    const struct m6_config *c = &engine->config;
    int32_t row[64], chosen[64];
    m6_var told = M6_NONE;
    for (int i = 0; i < count; i++)
        row[i] = first + place[i];
    const m6_var x = m6_tape_gather(tape, h, row, count);
    for (int s = 0; s < c->slots; s++) {
        const float *logits = m6_tape_data(tape, m6_depth_logits(tape, params, x, told, s));
        for (int i = 0; i < count; i++, logits += c->codes) {
            chosen[i] = code[place[i] * c->slots + s];
            for (int k = 0; k < c->codes; k++)
                assert_true(logits[k] <= logits[chosen[i]] + 1e-3f);
        }
        const m6_var next = m6_tape_gather(tape, m6_weight_var(tape, params, "code.embed.%d", s), chosen, count);
        told = told == M6_NONE ? next : m6_tape_add(tape, told, next);
    }
}

static struct m6_answer *open_drawing(enum m6_draw_mode mode)
{
    struct m6_request_params p;
    m6_request_params_init(&p, M6_TASK_DRAW);
    p.text = "a red cat";
    p.mode = mode;
    p.guidance = 0;
    p.temperature = 0;
    return open_answer(&p);
}

static void ignore(void *arg, const struct m6_event *event)
{
}

static int every_place(int32_t *place, int count)
{
    for (int i = 0; i < count; i++)
        place[i] = i;
    return count;
}

static void same_drawing_left_to_right(void **state)
{
    static const struct m6_sink sink = {ignore, NULL};
    const int places = m6_config_places(&engine->config), d = engine->config.d_model;
    struct m6_answer *a = open_drawing(M6_DRAW_AR);
    float *seen = malloc((size_t)places * (size_t)d * sizeof *seen), weight[64] = {0};
    int done = 0, rows;
    for (int i = 0; i < places; i++) {
        forward(a);
        memcpy(seen + (size_t)i * (size_t)d, engine->lane[0].scratch.h + (size_t)a->draw.row[0][0] * (size_t)d,
               (size_t)d * sizeof *seen);
        assert_ok(m6_family_m6.take(&a->base, 0, NULL, &sink, &done, &said));
    }
    m6_var h;
    int32_t place[64];
    m6_tape_reset(tape);
    m6_batch_clear(&batch, &engine->config);
    const int parent = m6_batch_source(&batch, -1, a->source, a->source_count);
    m6_batch_drawing(&batch, parent, a->draw.code, NULL, engine->special.boi, weight);
    const float *expected = trained(M6_NONE, &rows, &h);
    assert_close(seen, expected + (size_t)(rows - places) * (size_t)d, places * d);
    if (!bf16) /* where rounding may turn a choice */
        assert_likeliest(h, rows - places, a->draw.code, place, every_place(place, places));
    free(seen);
    m6_answer_close(&a->base);
}

static void same_drawing_by_masks(void **state)
{
    static const struct m6_sink sink = {ignore, NULL};
    const struct m6_config *c = &engine->config;
    const int places = m6_config_places(c), d = c->d_model;
    struct m6_answer *a = open_drawing(M6_DRAW_PROGRESSIVE);
    float weight[64] = {0};
    for (int step = 0; step < 6; step++) {
        uint8_t hidden[64];
        int32_t place[64], before[256];
        int done = 0, rows, count = 0;
        m6_var h;
        forward(a);
        for (int p = 0; p < places; p++)
            hidden[p] = !a->draw.known[p];
        memcpy(before, a->draw.code, (size_t)places * 4 * sizeof *before);
        m6_tape_reset(tape);
        m6_batch_clear(&batch, c);
        const int parent = m6_batch_source(&batch, -1, a->source, a->source_count);
        m6_batch_drawing(&batch, parent, before, hidden, engine->special.mask, weight);
        const float *expected = trained(M6_NONE, &rows, &h);
        assert_close(engine->lane[0].scratch.h + (size_t)a->draw.first[0] * (size_t)d,
                     expected + (size_t)(rows - places) * (size_t)d, places * d);
        assert_ok(m6_family_m6.take(&a->base, 0, NULL, &sink, &done, &said));
        for (int p = 0; p < places; p++)
            if (hidden[p] && a->draw.known[p])
                place[count++] = p;
        assert_true(count > 0);
        if (!bf16)
            assert_likeliest(h, rows - places, a->draw.code, place, count);
    }
    m6_answer_close(&a->base);
}

static void same_codes_and_pixels(void **state)
{
    const struct m6_config *c = &engine->config;
    const int grid = c->width * c->height / 64, across = c->width / 8;
    int32_t trained_code[256], code[256];
    static uint8_t expected[64 * 48 * 3], got[64 * 48 * 3];
    int same = 0;
    m6_tape_reset(tape);
    const m6_var levels = m6_image_encode(tape, params, c, picture_rows(1), 1, trained_code);
    const m6_var out = m6_image_decode(tape, params, c, levels, 1);
    m6_blocks_picture(m6_tape_data(tape, out), 1, c->width, c->height, 4, expected);
    m6_codec_encode(&engine->lane[0], pixels[0].rgb, code);
    for (int g = 0; g < grid; g++) {
        const int y = g / across, x = g % across, place = y / 2 * c->code_w + x / 2, slot = y % 2 * 2 + x % 2;
        same += code[place * 4 + slot] == trained_code[g];
        code[place * 4 + slot] = trained_code[g]; /* a value between two levels may fall either way */
    }
    assert_true(same >= grid - 1);
    m6_codec_decode(&engine->lane[0], code, got);
    for (size_t i = 0; i < sizeof got; i++)
        assert_true(abs(got[i] - expected[i]) <= 1);
}

int main(void)
{
    const struct CMUnitTest rows[] = {
        cmocka_unit_test(same_words),
        cmocka_unit_test(same_words_one_by_one),
        cmocka_unit_test(same_drawing_left_to_right),
        cmocka_unit_test(same_drawing_by_masks),
    };
    const struct CMUnitTest codes[] = {cmocka_unit_test(same_codes_and_pixels)};
    return cmocka_run_group_tests_name("FP32", rows, set_up_f32, tear_down) +
           cmocka_run_group_tests_name("FP32 pixels", codes, set_up_f32, tear_down) +
           cmocka_run_group_tests_name("BF16", rows, set_up_bf16, tear_down);
}
