#include "kernels.h"

#include <math.h>
#include <string.h>

/* What a weight function is told moved into a struct of its own in libplacebo 6; the parameters kept their name. */
#ifdef M6_PLACEBO_FILTER_CTX
typedef struct pl_filter_ctx weight_context;
#else
typedef struct pl_filter_function weight_context;
#endif

/* A box as wide as the pixel, convolved with the source's pixels, which are params[0] wide. */
static double area(const weight_context *k, double x)
{
    const double pixel = k->params[0];
    return fmin(fmax((0.5 * (1 + pixel) - fabs(x)) / pixel, 0), 1);
}

static double cubic(const weight_context *k, double x)
{
    const double c = 0.6;
    x = fabs(x);
    if (x < 1)
        return ((2 - c) * x - (3 - c)) * x * x + 1;
    return x < 2 ? ((-c * x + 5 * c) * x - 8 * c) * x + 4 * c : 0;
}

void kernel_area(struct kernel *k, double ratio)
{
    const float pixel = (float)(1 / fmax(ratio, 1));
    memset(k, 0, sizeof *k);
    k->function.weight = area;
    k->function.radius = 0.5f * (1 + pixel);
    k->function.tunable[0] = true;
    k->function.params[0] = pixel;
    k->config.kernel = &k->function;
#ifdef M6_PLACEBO_FILTER_CTX
    k->config.params[0] = pixel;
#endif
}

void kernel_cubic(struct kernel *k)
{
    memset(k, 0, sizeof *k);
    k->function.weight = cubic;
    k->function.radius = 2;
    k->config.kernel = &k->function;
}
