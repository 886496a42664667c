/* What is kept for later: names by content, what gives way, and that an answer never shows where its parts came from. */
#include <stdlib.h>
#include <string.h>

#include "families/features.h"
#include "families/prefix.h"
#include "support.h"

/* ---- names ---- */

static void hashes_as_published(void **state)
{
    static const uint8_t none[16] = {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6,
                                     0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93};
    static const uint8_t one[16] = {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44,
                                    0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc, 0x45};
    const struct m6_key secret = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    struct m6_key k = m6_hash(secret, "", 0);
    assert_memory_equal(&k, none, 16);
    k = m6_hash(secret, "\0", 1);
    assert_memory_equal(&k, one, 16);
}

/* ---- what gives way ---- */

static struct m6_key key(unsigned n)
{
    return (struct m6_key){n, n % 3};
}

static void the_oldest_idle_goes(void **state)
{
    static struct m6_keyed k;
    static struct m6_keyed_item item[2000];
    for (unsigned i = 0; i < 2000; i++) {
        item[i] = (struct m6_keyed_item){.key = key(i), .weight = i};
        m6_keyed_add(&k, &item[i]);
    }
    assert_null(m6_keyed_evict(&k)); /* all are held */
    for (unsigned i = 0; i < 2000; i += 2)
        m6_keyed_release(&k, &item[i]);
    m6_keyed_hold(&k, &item[4]);
    m6_keyed_hold(&k, &item[0]);
    m6_keyed_release(&k, &item[0]); /* the youngest now */
    assert_ptr_equal(m6_keyed_evict(&k), &item[2]);
    assert_ptr_equal(m6_keyed_evict(&k), &item[6]);
    assert_null(m6_keyed_find(&k, key(6)));
    assert_ptr_equal(m6_keyed_find(&k, key(4)), &item[4]);
    for (unsigned i = 8; i < 2000; i += 2)
        assert_ptr_equal(m6_keyed_evict(&k), &item[i]);
    assert_ptr_equal(m6_keyed_evict(&k), &item[0]);
    assert_null(m6_keyed_evict(&k));
    assert_int_equal(k.count, 1001);
    assert_int_equal(k.idle_weight, 0);
}

static void segments_make_room(void **state)
{
    struct m6_backend *backend = m6_cpu_create(1, NULL, &said);
    struct m6_cache cache;
    struct m6_prefix p;
    int32_t page[8];
    assert_ok(m6_cache_init(&cache, backend, 1, 8, 1, 8, &said));
    m6_prefix_init(&p, &cache);
    struct m6_prefix_segment *s[4];
    for (unsigned i = 0; i < 4; i++) {
        assert_true(m6_prefix_take(&p, page, 2));
        assert_non_null(s[i] = m6_prefix_publish(&p, key(i), page, 2));
        assert_null(m6_prefix_publish(&p, key(i), page, 2)); /* someone was faster */
    }
    assert_int_equal(m6_prefix_room(&p), 0);
    assert_false(m6_prefix_take(&p, page, 1));
    m6_prefix_release(&p, s[2]);
    m6_prefix_release(&p, s[1]);
    assert_int_equal(m6_prefix_room(&p), 4);
    assert_int_equal(m6_prefix_pages(&p, key(0), 2), 0);
    assert_int_equal(m6_prefix_pages(&p, key(1), 2), 2);
    assert_false(m6_prefix_take(&p, page, 5));
    assert_true(m6_prefix_take(&p, page, 1));
    assert_null(m6_prefix_find(&p, key(2)));
    assert_ptr_equal(m6_prefix_find(&p, key(1)), s[1]);
    assert_int_equal(m6_prefix_room(&p), 1);
    m6_cache_give(&cache, page, 1);
    for (int i = 0; i < 4; i++)
        if (i != 2)
            m6_prefix_release(&p, s[i]);
    assert_int_equal(m6_prefix_room(&p), 8);
    assert_int_equal(p.evictions, 1);
    m6_prefix_finish(&p);
    assert_int_equal(cache.free_count, 8);
    m6_cache_finish(&cache);
    m6_cpu_destroy(backend);
}

static void features_keep_to_their_budget(void **state)
{
    struct m6_backend *backend = m6_cpu_create(1, NULL, &said);
    struct m6_features f;
    m6_features_init(&f, backend, 3 * 40);
    for (unsigned i = 0; i < 5; i++) {
        float *made = m6_features_make(&f, key(i), 10);
        assert_non_null(made);
        made[0] = (float)i;
        assert_non_null(m6_features_find(&f, key(0))); /* is never the oldest */
        assert_true(f.known.weight <= f.budget);
    }
    assert_true(m6_features_find(&f, key(4))[0] == 4);
    assert_false(m6_features_has(&f, key(2)));
    assert_null(m6_features_make(&f, key(9), 31));
    assert_int_equal(f.evictions, 2);
    m6_features_finish(&f);
    m6_cpu_destroy(backend);
}

/* ---- answers ---- */

static struct pixels pixels[6];
static struct m6_picture pictures[6];

static struct m6_request_params question(int picture, int count, const char *text)
{
    struct m6_request_params p;
    m6_request_params_init(&p, text ? M6_TASK_ASK : M6_TASK_CAPTION);
    p.pictures = pictures + picture;
    p.picture_count = count;
    p.text = text;
    p.temperature = 1;
    p.max_tokens = 8;
    p.seed = 5;
    return p;
}

static void finds_what_is_alike(void **state)
{
    struct m6_engine *engine = open_engine(tiny_model(), 1, NULL);
    struct outcome cold = {0}, o = {0};
    struct m6_request_params p = question(0, 2, NULL);
    assert_ok(run_request(engine, &p, &cold, &said));
    struct m6_engine_stats s = stats_of(engine);
    assert_int_equal(s.prefix_hits, 0);
    assert_int_equal(s.prefix_misses, 3); /* two pictures and a text */
    assert_int_equal(s.encoder_misses, 2);
    assert_true(s.cache_idle > 0 && s.cache_used == 0);

    assert_ok(run_request(engine, &p, &o, &said)); /* all of it */
    assert_string_equal(o.text, cold.text);
    s = stats_of(engine);
    assert_int_equal(s.prefix_hits, 3);
    assert_int_equal(s.prefix_misses, 3);

    p = question(0, 2, "what?"); /* the pictures, under another question */
    assert_ok(run_request(engine, &p, &o, &said));
    s = stats_of(engine);
    assert_int_equal(s.prefix_hits, 5);
    assert_int_equal(s.prefix_misses, 4);
    assert_int_equal(s.encoder_misses, 2);

    p = question(1, 2, NULL); /* the second picture as the first: only its encoding is the same */
    assert_ok(run_request(engine, &p, &o, &said));
    s = stats_of(engine);
    assert_int_equal(s.prefix_hits, 5);
    assert_int_equal(s.encoder_hits, 1);
    assert_int_equal(s.encoder_misses, 3);

    pixels[0].rgb[700] ^= 1; /* one bit of a picture of the model's own size: nothing of the first */
    p = question(0, 2, NULL);
    assert_ok(run_request(engine, &p, &o, &said));
    pixels[0].rgb[700] ^= 1;
    s = stats_of(engine);
    assert_int_equal(s.prefix_hits, 5);
    assert_int_equal(s.encoder_misses, 4);
    m6_engine_destroy(engine);
}

/* Guidance's bare prompt is the same for every drawing. */
static void drawings_share_what_they_are_guided_by(void **state)
{
    struct m6_engine *engine = open_engine(tiny_model(), 1, NULL);
    static const char *const prompts[2] = {"a red cat", "a blue bus"};
    for (int i = 0; i < 2; i++) {
        struct outcome o = {0};
        struct m6_request_params p;
        m6_request_params_init(&p, M6_TASK_DRAW);
        p.text = prompts[i];
        assert_ok(run_request(engine, &p, &o, &said));
        assert_int_equal(o.pictures, 1);
        free(o.rgb);
    }
    const struct m6_engine_stats s = stats_of(engine);
    assert_int_equal(s.prefix_misses, 3);
    assert_int_equal(s.prefix_hits, 1);
    assert_int_equal(s.places, 24);
    m6_engine_destroy(engine);
}

/* Both caches much too small: everything gives way all the time, and no answer shows it. */
static void eviction_does_not_show(void **state)
{
    struct m6_engine *roomy = open_engine(tiny_model(), 1, NULL);
    struct m6_engine *tight =
        open_engine_with((struct m6_engine_params){.threads = 2, .cache_bytes = 14 * tiny_page(), .encoder_bytes = 600});
    unsigned seed = 3;
    for (int i = 0; i < 60; i++) {
        static const char *const texts[4] = {NULL, "what?", "why is it so?", "who?"};
        struct outcome a = {0}, b = {0};
        seed = seed * 1664525u + 1013904223u;
        struct m6_request_params p = question((int)(seed >> 28) % 5, 1 + (int)(seed >> 20) % 2, texts[(seed >> 24) % 4]);
        assert_ok(run_request(roomy, &p, &a, &said));
        assert_ok(run_request(tight, &p, &b, &said));
        assert_int_equal(b.last, M6_EVENT_DONE);
        assert_string_equal(a.text, b.text);
    }
    const struct m6_engine_stats s = stats_of(tight), r = stats_of(roomy);
    assert_true(s.evictions > 10 && r.evictions == 0);
    assert_true(s.prefix_misses > r.prefix_misses);
    assert_true(s.cache_bytes <= 14 * tiny_page() && s.encoder_used <= 600);
    m6_engine_destroy(roomy);
    m6_engine_destroy(tight);
}

static int set_up(void **state)
{
    for (int i = 0; i < 6; i++)
        pictures[i] = test_picture(&pixels[i], 64, 48, 90 + (unsigned)i);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_as_published),
        cmocka_unit_test(the_oldest_idle_goes),
        cmocka_unit_test(segments_make_room),
        cmocka_unit_test(features_keep_to_their_budget),
        cmocka_unit_test(finds_what_is_alike),
        cmocka_unit_test(drawings_share_what_they_are_guided_by),
        cmocka_unit_test(eviction_does_not_show),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
