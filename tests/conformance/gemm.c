/* m6_gemm_run with every kind of operand: plain, transposed, strided both ways, gathered, windows,
 * packed; and the ways to store. The sums are compared with double sums of the operands as they
 * were rounded. */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bf16.h"
#include "cpu/gemm.h"

static const char *isa;
static struct m6_pool *pool;
static struct m6_gemm_scratch *scratch;
static float *source;

enum { SOURCE = 1 << 21 };

static double element(const struct m6_operand *o, int r, int c, int bf16)
{
    int64_t at;
    if (o->conv_c) {
        const int tap = c / o->conv_c, y = r / o->conv_w % o->conv_h + tap / 3 - 1,
                  x = r % o->conv_w + tap % 3 - 1;
        const int64_t pixel = o->row_stride ? o->row_stride : o->conv_c;
        if (y < 0 || y >= o->conv_h || x < 0 || x >= o->conv_w)
            return 0;
        at = ((int64_t)(r / (o->conv_h * o->conv_w)) * o->conv_h * o->conv_w + y * o->conv_w + x) *
                 pixel +
             c % o->conv_c;
    } else {
        const int64_t row = o->row_index ? o->row_index[r] : r,
                      col = o->col_index ? o->col_index[c] : c;
        if (row < 0 || col < 0)
            return 0;
        at = row * o->row_stride + col * o->col_stride;
    }
    return (double)(bf16 ? m6_bf16_to_float(m6_bf16_from_float(o->data[at])) : o->data[at]);
}

static void compare(const char *what, struct m6_gemm g)
{
    const struct m6_gemm_kernels *const kernels = m6_gemm_kernels_for(isa);
    const size_t count = (size_t)g.m * (size_t)g.n;
    float *const c = malloc((count + 1) * sizeof *c), *const alone =
                                                          malloc((count + 1) * sizeof *c);
    assert_non_null(kernels);
    assert_non_null(c);
    assert_non_null(alone);
    for (size_t i = 0; i < count; i++)
        c[i] = alone[i] = 0.25f;
    g.c_stride = g.n;
    g.c = c;
    m6_gemm_run(kernels, pool, scratch, &g);
    g.c = alone;
    m6_gemm_run(kernels, NULL, scratch, &g);
    if (memcmp(c, alone, count * sizeof *c) != 0)
        fail_msg("%s %d×%d×%d: one thread gives other bits than many", what, g.m, g.n, g.k);
    for (int r = 0; r < g.m; r++) {
        for (int n = 0; n < g.n; n++) {
            double sum = 0, size = 1;
            for (int k = 0; k < g.k; k++) {
                const double term = element(&g.a, r, k, g.compute == M6_BF16) *
                                    element(&g.b, k, n, g.compute == M6_BF16);
                sum += term;
                size += fabs(term);
            }
            if (g.c_row_scale)
                sum *= (double)g.c_row_scale[r];
            if (g.accumulate)
                sum += 0.25;
            const int row = g.c_row_index ? g.c_row_index[r] : r;
            const double got = (double)c[(size_t)row * (size_t)g.n + (size_t)n];
            if (!(fabs(got - sum) <= 2e-6 * size))
                fail_msg("%s %s %d×%d×%d at (%d, %d): %.9g, should be %.9g",
                         m6_type_name(g.compute), what, g.m, g.n, g.k, r, n, got, sum);
        }
    }
    free(c);
    free(alone);
}

static const enum m6_type computes[] = {M6_F32, M6_BF16};

static void plain_operands(void **unused)
{
    static const int shapes[][3] = {{1, 1, 1},      {7, 5, 3},    {1, 64, 64},    {13, 65, 31},
                                    {97, 130, 129}, {6, 16, 256}, {300, 70, 555}, {50, 64, 70},
                                    {1, 300, 1025}, {200, 1, 77}, {3, 1100, 40},  {33, 48, 17},
                                    {5, 3, 0},      {0, 4, 4}};
    for (int t = 0; t < 2; t++) {
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            const int m = shapes[i][0], n = shapes[i][1], k = shapes[i][2];
            for (int way = 0; way < 9; way++) {
                const int ta = way / 3, tb = way % 3;
                struct m6_gemm g = {
                    .compute = computes[t], .m = m, .n = n, .k = k, .accumulate = way & 1};
                g.a = (struct m6_operand){.data = source,
                                          .row_stride = ta == 1   ? 1
                                                        : ta == 2 ? 3 * k + 1
                                                                  : k + 3,
                                          .col_stride = ta == 1   ? m + 2
                                                        : ta == 2 ? 3
                                                                  : 1};
                g.b = (struct m6_operand){.data = source + 1000,
                                          .row_stride = tb == 1   ? 1
                                                        : tb == 2 ? 2 * n
                                                                  : n + 5,
                                          .col_stride = tb == 1   ? k + 1
                                                        : tb == 2 ? 2
                                                                  : 1};
                compare("plain", g);
            }
        }
    }
}

/* Sums that have to wait between chunks of k because the scratch is full. */
static void long_sums(void **unused)
{
    for (int t = 0; t < 2; t++) {
        struct m6_gemm g = {.compute = computes[t], .m = 20, .n = 70, .k = 20001};
        g.a = (struct m6_operand){.data = source, .row_stride = 1, .col_stride = 20};
        g.b = (struct m6_operand){.data = source + 3, .row_stride = 70, .col_stride = 1};
        compare("long", g);
        g.m = 230;
        g.k = 5001;
        g.a.col_stride = 230;
        compare("long", g);
    }
}

static void gathers(void **unused)
{
    int32_t index[60], to[60];
    float scale[60];
    for (int i = 0; i < 60; i++) {
        index[i] = i % 7 == 3 ? -1 : (i * 37) % 60;
        to[i] = (i * 7) % 60;
        scale[i] = (float)i / 16;
    }
    for (int t = 0; t < 2; t++) {
        struct m6_gemm g = {.compute = computes[t],
                            .m = 60,
                            .n = 41,
                            .k = 60,
                            .accumulate = 1,
                            .c_row_index = to,
                            .c_row_scale = scale};
        g.a = (struct m6_operand){
            .data = source, .row_stride = 60, .col_stride = 1, .row_index = index};
        g.b = (struct m6_operand){
            .data = source + 77, .row_stride = 50, .col_stride = 1, .row_index = index};
        compare("gathered rows", g);
        g.a = (struct m6_operand){
            .data = source, .row_stride = 1, .col_stride = 64, .col_index = index};
        g.accumulate = 0;
        g.c_row_scale = NULL;
        compare("gathered columns", g);
    }
}

static void windows(void **unused)
{
    static const int shapes[][5] = {
        {2, 5, 7, 3, 10}, {1, 9, 8, 16, 64}, {3, 4, 4, 33, 20}, {1, 1, 1, 4, 4}, {1, 3, 1, 8, 5}};
    for (int t = 0; t < 2; t++) {
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            const int h = shapes[i][1], w = shapes[i][2], c = shapes[i][3], out = shapes[i][4];
            const int positions = shapes[i][0] * h * w;
            struct m6_gemm g = {.compute = computes[t], .m = positions, .n = out, .k = 9 * c};
            g.a = (struct m6_operand){.data = source, .conv_h = h, .conv_w = w, .conv_c = c};
            g.b = (struct m6_operand){.data = source + 5, .row_stride = 1, .col_stride = 9 * c};
            compare("window", g);
            g.a.row_stride = c + 5;
            compare("window with gaps", g);
            g = (struct m6_gemm){.compute = computes[t], .m = out, .n = 9 * c, .k = positions};
            g.a = (struct m6_operand){.data = source + 9, .row_stride = 1, .col_stride = out};
            g.b = (struct m6_operand){.data = source, .conv_h = h, .conv_w = w, .conv_c = c};
            compare("window as B", g);
        }
    }
}

/* What an earlier product left in the scratch must not be seen: here, NaN. */
static void stale_scratch(void **unused)
{
    enum { N = 130 };
    float *const nan = malloc(N * N * sizeof *nan), *const c = malloc(N * N * sizeof *c);
    assert_non_null(nan);
    assert_non_null(c);
    for (int i = 0; i < N * N; i++)
        nan[i] = NAN;
    for (int t = 0; t < 2; t++) {
        for (int way = 0; way < 4; way++) {
            const struct m6_operand all = {.data = nan, .row_stride = N, .col_stride = 1};
            struct m6_gemm g = {.compute = computes[t],
                                .m = N,
                                .n = N,
                                .k = N,
                                .a = all,
                                .b = all,
                                .c = c,
                                .c_stride = N};
            m6_gemm_run(m6_gemm_kernels_for(isa), pool, scratch, &g);
            m6_gemm_run(m6_gemm_kernels_for(isa), NULL, scratch, &g);
            const int m = 13, n = 67, k = 29;
            g = (struct m6_gemm){.compute = computes[t], .m = m, .n = n, .k = k};
            g.a = (struct m6_operand){
                .data = source, .row_stride = way & 1 ? 1 : k, .col_stride = way & 1 ? m : 1};
            g.b = (struct m6_operand){
                .data = source, .row_stride = way & 2 ? 1 : n, .col_stride = way & 2 ? k : 1};
            compare("after NaN", g);
        }
    }
    free(nan);
    free(c);
}

static void packed_equals_unpacked(void **unused)
{
    const struct m6_gemm_kernels *const kernels = m6_gemm_kernels_for(isa);
    float a[65 * 37], b[65 * 37];
    for (int t = 0; t < 2; t++) {
        struct m6_weight w;
        assert_int_equal(m6_gemm_pack(kernels, &w, computes[t], 65, 301, source + 11, M6_F32, NULL),
                         M6_OK);
        struct m6_gemm g = {
            .compute = computes[t], .m = 37, .n = 65, .k = 301, .c = a, .c_stride = 65};
        g.a = (struct m6_operand){.data = source, .row_stride = 301, .col_stride = 1};
        g.b = (struct m6_operand){.data = source + 11, .row_stride = 1, .col_stride = 301};
        m6_gemm_run(kernels, pool, scratch, &g);
        g.c = b;
        g.packed = &w;
        m6_gemm_run(kernels, pool, scratch, &g);
        assert_memory_equal(a, b, sizeof a);
        m6_gemm_unpack(&w);
    }
}

int run_gemm_tests(const char *level)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_operands), cmocka_unit_test(long_sums),
        cmocka_unit_test(gathers),        cmocka_unit_test(windows),
        cmocka_unit_test(stale_scratch),  cmocka_unit_test(packed_equals_unpacked),
    };
    char title[64];
    isa = level;
    pool = m6_pool_create(3);
    scratch = m6_gemm_scratch_create(3);
    source = malloc(SOURCE * sizeof *source);
    if (!pool || !scratch || !source)
        return 1;
    seed(7);
    for (int i = 0; i < SOURCE; i++)
        source[i] = uniform();
    snprintf(title, sizeof title, "cpu/%s gemm", level);
    const int failed = cmocka_run_group_tests_name(title, tests, NULL, NULL);
    free(source);
    m6_gemm_scratch_destroy(scratch);
    m6_pool_destroy(pool);
    return failed;
}
