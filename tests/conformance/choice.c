/* Routing and sampling. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/philox.h"
#include "ops/ref.h"

static void philox_known_answers(void **unused)
{
    /* from the authors' Random123 distribution, philox4x32 10 rounds */
    const struct m6_philox zero = m6_philox(0, 0, 0);
    const uint32_t zeros[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    assert_memory_equal(zero.x, zeros, sizeof zeros);
    const struct m6_philox ones = m6_philox(UINT64_MAX, UINT64_MAX, UINT64_MAX);
    const uint32_t all[4] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
    assert_memory_equal(ones.x, all, sizeof all);
    const struct m6_philox pi =
        m6_philox(0x299f31d0a4093822, 0x85a308d3243f6a88, 0x0370734413198a2e);
    const uint32_t digits[4] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
    assert_memory_equal(pi.x, digits, sizeof digits);
}

static void compare_routes(int count, const int32_t *index, const float *gate, int32_t *want_index,
                           double *want_gate)
{
    int32_t *const got_index = malloc((size_t)(count + 1) * 4);
    float *const got_gate = malloc((size_t)(count + 1) * 4);
    assert_non_null(got_index);
    assert_non_null(got_gate);
    backend->ops->download(backend, got_index, index, (size_t)count * 4);
    backend->ops->download(backend, got_gate, gate, (size_t)count * 4);
    for (int i = 0; i < count; i++) {
        assert_int_equal(got_index[i], want_index[i]);
        assert_true(fabs((double)got_gate[i] - want_gate[i]) < 1e-6);
    }
    free(got_index);
    free(got_gate);
}

static void routes(void **unused)
{
    static const int shapes[][3] = {{1, 4, 1}, {5, 16, 4}, {300, 32, 2}, {9, 128, 8}, {0, 8, 2}};
    seed(11);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const int rows = shapes[i][0], experts = shapes[i][1], active = shapes[i][2],
                  count = rows * active;
        struct tensor x = input(rows, experts, experts + 1, 4);
        for (int r = 0; r < rows; r++) /* equal logits: the lower index wins */
            x.host.data[r * x.host.stride + experts - 1] =
                x.host.data[r * x.host.stride + r % experts];
        backend->ops->upload(backend, x.device.data, x.host.data,
                             (size_t)rows * (size_t)x.host.stride * 4);
        int32_t *const index = backend->ops->alloc(backend, (size_t)(count + 1) * 4);
        float *const gate = backend->ops->alloc(backend, (size_t)(count + 1) * 4);
        int32_t *const want_index = malloc((size_t)(count + 1) * 4);
        double *const want_gate = malloc((size_t)(count + 1) * 8);
        backend->ops->route_prototypes(backend, x.device, active, index, gate);
        m6_ref_route_prototypes(x.host, active, want_index, want_gate);
        compare_routes(count, index, gate, want_index, want_gate);
        for (int renormalise = 0; renormalise < 2; renormalise++) {
            backend->ops->route_top_k(backend, x.device, active, renormalise, index, gate);
            m6_ref_route_top_k(x.host, active, renormalise, want_index, want_gate);
            compare_routes(count, index, gate, want_index, want_gate);
        }
        device_free(index);
        device_free(gate);
        free(want_index);
        free(want_gate);
        release(&x);
    }
}

/* Draws a row `draws` times, at as many positions. */
static void draw(const struct tensor *x, struct m6_sample how, int draws, int32_t *to)
{
    struct m6_sample *const each = malloc((size_t)draws * sizeof *each);
    struct m6_mat many = x->device;
    int32_t *const id = backend->ops->alloc(backend, (size_t)draws * 4);
    assert_non_null(each);
    for (int i = 0; i < draws; i++) {
        each[i] = how;
        each[i].position += (uint64_t)i;
    }
    many.rows = draws;
    many.stride = 0; /* the same row again and again */
    backend->ops->sample(backend, many, each, id);
    backend->ops->download(backend, to, id, (size_t)draws * 4);
    device_free(id);
    free(each);
}

/* Every draw is an id that has a share, and frequencies are within five standard deviations of it.
 */
static void samples(void **unused)
{
    enum { COLS = 300, DRAWS = 4000 };
    static const struct m6_sample ways[] = {
        {.temperature = 0, .top_p = 1, .last = COLS},
        {.temperature = 1e-39f, .top_p = 1, .last = COLS}, /* its inverse is infinite */
        {.temperature = 1, .top_p = 1, .last = COLS},
        {.temperature = 0.5f, .top_p = 1, .last = COLS},
        {.temperature = 1, .top_k = 7, .top_p = 1, .last = COLS},
        {.temperature = 1, .top_p = 0.6f, .last = COLS},
        {.temperature = 2, .top_k = 40, .top_p = 0.5f, .last = COLS},
        {.temperature = 1, .top_k = 1, .top_p = 1, .last = COLS},
        {.temperature = 1, .top_p = 0, .last = COLS},
        {.temperature = 1, .top_p = 0.999f, .first = 100, .last = 131},
        {.temperature = 1, .top_k = 1000, .top_p = 1, .first = 299, .last = 400},
    };
    seed(12);
    for (int flat = 0; flat < 2; flat++) {
        struct tensor x = input(1, COLS, COLS, flat ? 0.1f : 6);
        for (int i = 0; i < COLS / 2; i++) /* plenty of equal logits */
            x.host.data[2 * i] = x.host.data[2 * i + 1];
        backend->ops->upload(backend, x.device.data, x.host.data, COLS * 4);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            double share[COLS];
            int seen[COLS] = {0};
            int32_t id[DRAWS];
            struct m6_sample how = ways[i];
            how.seed = 0x123456789abcull + i;
            draw(&x, how, DRAWS, id);
            m6_ref_sample_shares(share, x.host.data, COLS, &how);
            for (int d = 0; d < DRAWS; d++) {
                assert_in_range(id[d], 0, COLS - 1);
                assert_true(share[id[d]] > 0);
                seen[id[d]]++;
            }
            for (int c = 0; c < COLS; c++) {
                const double p = share[c], spread = sqrt(DRAWS * p * (1 - p));
                if (!(fabs(seen[c] - DRAWS * p) <= 5 * spread + 1.5))
                    fail_msg("way %zu: id %d came %d times of %d, expected %.1f", i, c, seen[c],
                             DRAWS, DRAWS * p);
            }
        }
        release(&x);
    }
}

static void sampling_is_keyed(void **unused)
{
    enum { COLS = 5000, DRAWS = 64 };
    seed(13);
    struct tensor x = input(1, COLS, COLS, 3);
    int32_t a[DRAWS], b[DRAWS], shifted[DRAWS];
    struct m6_sample how = {
        .temperature = 1, .top_p = 0.9f, .last = COLS, .seed = 5, .position = 10};
    draw(&x, how, DRAWS, a);
    draw(&x, how, DRAWS, b);
    assert_memory_equal(a, b, sizeof a);
    how.position++;
    draw(&x, how, DRAWS, shifted);
    assert_memory_equal(a + 1, shifted, sizeof a - sizeof *a);
    how.seed++;
    draw(&x, how, DRAWS, b);
    assert_memory_not_equal(shifted, b, sizeof b);
    release(&x);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(philox_known_answers),
    cmocka_unit_test(routes),
    cmocka_unit_test(samples),
    cmocka_unit_test(sampling_is_keyed),
};
const struct suite choice_suite = {tests, sizeof tests / sizeof *tests};
