/* Attention over a paged cache, and writing the cache. Tolerance 4e-6 absolute plus relative. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/ref.h"

enum { SLOTS = 700 };

struct cache {
    struct m6_kv device, host;
    int32_t list[SLOTS], *device_list; /* the slots in some order */
};

static struct cache cache(int kv_heads, int head_dim)
{
    struct cache c;
    const int width = kv_heads * head_dim;
    c.host = (struct m6_kv){floats(SLOTS * width, 2), floats(SLOTS * width, 1), SLOTS, kv_heads,
                            head_dim};
    c.device = c.host;
    for (int i = 0; i < SLOTS; i++)
        c.list[i] = (i * 221) % SLOTS;
    for (int i = SLOTS - 20; i < SLOTS; i++) { /* slots in no list must not matter */
        for (int j = 0; j < width; j++)
            c.host.k[c.list[i] * width + j] = c.host.v[c.list[i] * width + j] = NAN;
    }
    c.device.k = device_copy(c.host.k, (size_t)(SLOTS * width) * 4);
    c.device.v = device_copy(c.host.v, (size_t)(SLOTS * width) * 4);
    c.device_list = device_copy(c.list, sizeof c.list);
    return c;
}

static void cache_free(struct cache *c)
{
    device_free(c->device.k);
    device_free(c->device.v);
    device_free(c->device_list);
    free(c->host.k);
    free(c->host.v);
}

static void run(int heads, int kv_heads, int head_dim, const struct m6_span *spans, int count)
{
    struct cache c = cache(kv_heads, head_dim);
    struct m6_span device[8], host[8];
    const float scale = 1 / sqrtf((float)head_dim);
    int rows = 0;
    for (int i = 0; i < count; i++) {
        device[i] = host[i] = spans[i];
        host[i].first_row = device[i].first_row = rows;
        host[i].slot = c.list + 13 * i; /* a list may start anywhere */
        device[i].slot = c.device_list + 13 * i;
        rows += spans[i].rows;
    }
    const int width = heads * head_dim;
    struct tensor q = input(rows, width, width + 5, 2), y = output(rows, width, width + 3);
    double *const want = calloc((size_t)(rows * width + 1), sizeof *want);
    assert_non_null(want);
    backend->ops->attention(backend, y.device, q.device, &c.device, heads, scale, device, count);
    m6_ref_attention(want, q.host, &c.host, heads, (double)scale, host, count);
    check("attention", &y, want, NULL, 4e-6);
    free(want);
    release(&q);
    release(&y);
    cache_free(&c);
}

static void spans(void **unused)
{
    static const struct m6_span mixed[] = {
        {.rows = 1, .context = 1},
        {.rows = 1, .context = 65, .causal = 1},
        {.rows = 40, .context = 300},
        {.rows = 33, .context = 33, .causal = 1},
        {.rows = 70, .context = 130, .causal = 1},
        {.rows = 1, .context = 600},
    };
    static const int heads[][3] = {{1, 1, 8},  {4, 4, 64},  {6, 2, 64}, {8, 1, 32},
                                   {2, 2, 72}, {2, 1, 128}, {3, 3, 20}};
    seed(9);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        run(heads[i][0], heads[i][1], heads[i][2], mixed, 6);
        run(heads[i][0], heads[i][1], heads[i][2], mixed + 1, 1);
        run(heads[i][0], heads[i][1], heads[i][2], mixed, 0);
    }
}

static void kv_write(void **unused)
{
    enum { ROWS = 21, HEADS = 3, HEAD = 20, WIDTH = HEADS * HEAD };
    seed(10);
    struct cache c = cache(HEADS, HEAD);
    struct tensor k = input(ROWS, WIDTH, WIDTH + 3, 1), v = input(ROWS, WIDTH, WIDTH + 3, 1);
    backend->ops->kv_write(backend, &c.device, k.device, v.device, c.device_list + 7);
    for (int r = 0; r < ROWS; r++) {
        for (int i = 0; i < WIDTH; i++) {
            c.host.k[c.list[7 + r] * WIDTH + i] = get(&k, r, i);
            c.host.v[c.list[7 + r] * WIDTH + i] = get(&v, r, i);
        }
    }
    float *const got = malloc(SLOTS * WIDTH * sizeof *got);
    assert_non_null(got);
    backend->ops->download(backend, got, c.device.k, SLOTS * WIDTH * 4);
    assert_memory_equal(got, c.host.k, SLOTS * WIDTH * 4);
    backend->ops->download(backend, got, c.device.v, SLOTS * WIDTH * 4);
    assert_memory_equal(got, c.host.v, SLOTS * WIDTH * 4);
    free(got);
    release(&k);
    release(&v);
    cache_free(&c);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(spans), cmocka_unit_test(kv_write)};
const struct suite attention_suite = {tests, sizeof tests / sizeof *tests};
