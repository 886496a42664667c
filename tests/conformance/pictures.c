/* Moving pixels: exact. */
#include "harness.h"

#include <stdlib.h>

#include "ops/ref.h"

static void run(int n, int h, int w, int c, int block)
{
    const int fine = n * h * w, coarse = fine / (block * block), deep = c * block * block;
    struct tensor pixels = input(fine, c, c + 1, 1), blocks = input(coarse, deep, deep + 2, 1);
    struct tensor to_depth = output(coarse, deep, deep + 3), to_space = output(fine, c, c + 2);
    struct tensor large = output(4 * fine, c, c + 1);
    double *const want = calloc((size_t)(4 * fine * c), sizeof *want);
    assert_non_null(want);
    backend->ops->space_to_depth(backend, to_depth.device, pixels.device, n, h, w, block);
    m6_ref_space_to_depth(want, pixels.host, n, h, w, block);
    check("space_to_depth", &to_depth, want, NULL, 0);
    backend->ops->depth_to_space(backend, to_space.device, blocks.device, n, h / block, w / block,
                                 block);
    m6_ref_depth_to_space(want, blocks.host, n, h / block, w / block, block);
    check("depth_to_space", &to_space, want, NULL, 0);
    backend->ops->upsample2(backend, large.device, pixels.device, n, h, w);
    m6_ref_upsample2(want, pixels.host, n, h, w);
    check("upsample2", &large, want, NULL, 0);
    free(want);
    release(&pixels);
    release(&blocks);
    release(&to_depth);
    release(&to_space);
    release(&large);
}

static void moves(void **unused)
{
    seed(8);
    run(1, 2, 2, 1, 2);
    run(2, 4, 6, 5, 2);
    run(3, 8, 16, 3, 8);
    run(1, 36, 64, 16, 4);
    run(2, 3, 3, 7, 3);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(moves)};
const struct suite pictures_suite = {tests, sizeof tests / sizeof *tests};
