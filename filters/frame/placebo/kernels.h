/* The two filters of swscale that convert.c uses, as libplacebo takes filters: the two ways must show a model the same. */
#ifndef PLACEBO_KERNELS_H
#define PLACEBO_KERNELS_H

#include <libplacebo/filters.h>

struct kernel {
    struct pl_filter_function function;
    struct pl_filter_config config; /* points at `function` */
};

/* The area that a smaller picture's pixel covers; `ratio` ≥ 1: source pixels a pixel, per side. With 2 it also takes chroma
 * to luma's size, by the area that a luma sample has among those of chroma. */
void kernel_area(struct kernel *, double ratio);
/* Cubic, B = 0 and C = 0.6. */
void kernel_cubic(struct kernel *);

#endif
