/* Loading models: every kind of weight, and what is said when a folder is not whole. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "families/m6/weights.h"
#include "support.h"

static char folder[512];

static void make(enum m6_type matrices)
{
    struct m6_config c;
    m6_config_tiny(&c);
    snprintf(folder, sizeof folder, "%s/model-%d", temporary_folder(), (int)matrices);
    assert_ok(m6_model_random(folder, &c, matrices, 3, &said));
}

static const char *in_folder(const char *name)
{
    static char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Reads the weights, lets `change` alter the list, and writes them back. */
static void rewrite(int (*change)(struct m6_stensor *tensor, int count))
{
    struct m6_safetensors *s;
    assert_ok(m6_safetensors_open(&s, folder, &said));
    int count = m6_safetensors_count(s);
    struct m6_stensor *list = calloc((size_t)count + 1, sizeof *list);
    for (int i = 0; i < count; i++)
        list[i] = *m6_safetensors_at(s, i);
    count = change(list, count);
    assert_ok(m6_safetensors_write(in_folder("model.safetensors"), list, count, NULL, &said));
    free(list);
    m6_safetensors_close(s);
}

static void refused(enum m6_status status, const char *says)
{
    struct m6_engine *engine;
    struct m6_error err = {""};
    const struct m6_engine_params params = {.size = sizeof params, .model = folder, .threads = 1};
    const enum m6_status got = m6_engine_create(&engine, &params, &err);
    if (got != status || !strstr(err.text, says))
        fail_msg("gave %s: %s; not \"%s\"", m6_status_name(got), err.text, says);
    assert_null(engine);
}

static void loads_every_type(void **state)
{
    static const enum m6_type types[] = {M6_I8, M6_BF16, M6_F32};
    for (int i = 0; i < 3; i++) {
        make(types[i]);
        m6_engine_destroy(open_engine(folder, 1, "bf16"));
        struct m6_engine *engine = open_engine(folder, 1, "f32");
        struct m6_model_info info;
        m6_engine_info(engine, &info);
        assert_string_equal(info.name, "m6-tiny");
        assert_string_equal(info.family, "m6");
        assert_string_equal(info.backend, "cpu");
        assert_string_equal(info.compute, "f32");
        assert_true(info.parameters > info.active_parameters && info.active_parameters > 0);
        assert_true(info.weight_bytes > 4 * (size_t)info.parameters);
        assert_int_equal(info.frames_max, 8);
        assert_int_equal(info.picture_width, 64);
        assert_int_equal(info.experts, 4);
        assert_true(info.draws);
        m6_engine_destroy(engine);
    }
}

static int drop_two(struct m6_stensor *t, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (strcmp(t[i].name, "norm.gain") != 0 && strcmp(t[i].name, "depth.up.bias") != 0)
            t[kept++] = t[i];
    return kept;
}

static int spoil_number(struct m6_stensor *t, int count)
{
    static float spoilt[4096];
    for (int i = 0; i < count; i++)
        if (strcmp(t[i].name, "norm.gain") == 0 && t[i].bytes <= sizeof spoilt) {
            memcpy(spoilt, t[i].data, t[i].bytes);
            spoilt[1] = NAN;
            t[i].data = spoilt;
        }
    return count;
}

static int drop_scale(struct m6_stensor *t, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (strcmp(t[i].name, "layer.0.qkv.weight.scale") != 0)
            t[kept++] = t[i];
    return kept;
}

static int flip_shape(struct m6_stensor *t, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(t[i].name, "layer.0.up.weight") == 0) {
            t[i].dim[0] = 32;
            t[i].dim[1] = 48;
        }
    return count;
}

static int wrong_type(struct m6_stensor *t, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(t[i].name, "norm.gain") == 0)
            t[i].type = M6_I32;
    return count;
}

/* A byte in front leaves everything behind it unaligned. */
static int shift(struct m6_stensor *t, int count)
{
    static const uint8_t byte[1];
    memmove(t + 1, t, (size_t)count * sizeof *t);
    t[0] = (struct m6_stensor){"a spare byte", M6_I8, 1, {1}, byte, 1};
    return count + 1;
}

static void names_what_is_wrong(void **state)
{
    make(M6_I8);
    rewrite(drop_two);
    refused(M6_ERR_MODEL, "lacks 2 of the weights");
    refused(M6_ERR_MODEL, "norm.gain");
    make(M6_I8);
    rewrite(spoil_number);
    refused(M6_ERR_MODEL, "norm.gain holds values that are no numbers");
    make(M6_I8);
    rewrite(drop_scale);
    refused(M6_ERR_MODEL, "layer.0.qkv.weight is I8 and needs layer.0.qkv.weight.scale");
    make(M6_I8);
    rewrite(flip_shape);
    refused(M6_ERR_MODEL, "layer.0.up.weight is 32 x 48 where config.json makes it 48 x 32");
    make(M6_I8);
    rewrite(wrong_type);
    refused(M6_ERR_UNSUPPORTED, "norm.gain has the type I32");
}

static void loads_unaligned_weights(void **state)
{
    struct outcome a = {0}, b = {0};
    struct m6_request_params p;
    m6_request_params_init(&p, M6_TASK_SCRIPT);
    p.text = "2: a cat";
    p.max_tokens = 8;
    make(M6_F32);
    struct m6_engine *engine = open_engine(folder, 1, NULL);
    assert_ok(run_request(engine, &p, &a, &said));
    m6_engine_destroy(engine);
    rewrite(shift);
    engine = open_engine(folder, 1, NULL);
    assert_ok(run_request(engine, &p, &b, &said));
    m6_engine_destroy(engine);
    assert_string_equal(a.text, b.text);
}

static void misses_files(void **state)
{
    make(M6_I8);
    assert_int_equal(unlink(in_folder("model.safetensors")), 0);
    refused(M6_ERR_MODEL, "holds neither model.safetensors");
    assert_int_equal(unlink(in_folder("tokenizer.json")), 0);
    refused(M6_ERR_IO, "tokenizer.json");
    write_file(in_folder("config.json"), "{\"model_type\":\"gpt\"}", 20);
    refused(M6_ERR_UNSUPPORTED, "\"gpt\"");
    write_file(in_folder("config.json"), "{}", 2);
    refused(M6_ERR_UNSUPPORTED, "type \"\"");
    write_file(in_folder("config.json"), "a\0b", 3);
    refused(M6_ERR_FORMAT, "no text");
    write_file(in_folder("config.json"), "", 0);
    refused(M6_ERR_FORMAT, "not valid JSON");
    assert_int_equal(unlink(in_folder("config.json")), 0);
    refused(M6_ERR_IO, "config.json");
}

static void wants_the_special_tokens(void **state)
{
    make(M6_I8);
    static char text[1 << 16];
    FILE *f = fopen(in_folder("tokenizer.json"), "rb");
    const size_t size = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    char *draw = strstr(text, "<draw>");
    assert_non_null(draw);
    draw[1] = 'D';
    write_file(in_folder("tokenizer.json"), text, size);
    refused(M6_ERR_MODEL, "lacks the added token <draw>");
}

struct told {
    size_t first, done, total;
    int calls, backwards;
};

static void note(void *arg, size_t done, size_t total)
{
    struct told *t = arg;
    if (!t->calls++) {
        t->first = done;
        t->total = total;
    }
    t->backwards += done < t->done || done > total || total != t->total;
    t->done = done;
}

/* From nothing to all bytes of the file's tensors, in steps that somebody can watch. */
static void tells_how_far_it_is(void **state)
{
    static const enum m6_type types[] = {M6_I8, M6_BF16, M6_F32};
    for (int i = 0; i < 3; i++) {
        struct told t = {.first = 1};
        struct m6_safetensors *s;
        size_t bytes = 0;
        make(types[i]);
        assert_ok(m6_safetensors_open(&s, folder, &said));
        for (int at = 0; at < m6_safetensors_count(s); at++)
            bytes += m6_safetensors_at(s, at)->bytes;
        m6_safetensors_close(s);
        m6_engine_destroy(open_engine_with((struct m6_engine_params){.model = folder, .threads = 1, .loading = note, .loading_arg = &t}));
        assert_int_equal(t.first, 0);
        assert_int_equal(t.total, bytes);
        assert_int_equal(t.done, bytes);
        assert_int_equal(t.backwards, 0);
        assert_in_range(t.calls, 10, 101);
    }
}

static void checks_parameters(void **state)
{
    struct m6_engine *engine;
    struct m6_error err;
    struct m6_engine_params p = {.size = sizeof p, .model = tiny_model(), .threads = 1};
    p.size = 4;
    assert_int_equal(m6_engine_create(&engine, &p, &err), M6_ERR_ARGUMENT);
    p.size = sizeof p + 8;
    assert_int_equal(m6_engine_create(&engine, &p, &err), M6_ERR_ARGUMENT);
    p.size = sizeof p;
    p.compute = "int4";
    assert_int_equal(m6_engine_create(&engine, &p, &err), M6_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "int4"));
    p.compute = NULL;
    p.isa = "mmx";
    assert_int_equal(m6_engine_create(&engine, &p, &err), M6_ERR_ARGUMENT);
    p.isa = NULL;
    p.threads = -1;
    assert_int_equal(m6_engine_create(&engine, &p, &err), M6_ERR_ARGUMENT);
    p.threads = 0;
    p.model = NULL;
    assert_int_equal(m6_engine_create(&engine, &p, &err), M6_ERR_ARGUMENT);
    m6_engine_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_every_type),        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(loads_unaligned_weights), cmocka_unit_test(misses_files),
        cmocka_unit_test(wants_the_special_tokens), cmocka_unit_test(checks_parameters),
        cmocka_unit_test(tells_how_far_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
