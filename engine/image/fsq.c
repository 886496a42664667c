#include "image/fsq.h"

#include <math.h>

/* Bounded by tanh to level values and rounded. An even number of levels has no middle one: half a step aside, and the
 * input is shifted so that 0 stays in the middle (appendix A.1; the 0.001 keeps tanh's ends inside the outermost levels). */
static int digit_of(float x, int level)
{
    const float half = (float)(level - 1) * (1 - 1e-3f) / 2, offset = level % 2 ? 0 : 0.5f;
    const float shift = tanf(offset / half);
    const float bounded = half * tanhf(x + shift) - offset;
    const int digit = (bounded == bounded ? (int)rintf(bounded) : 0) + level / 2;
    return digit < 0 ? 0 : digit >= level ? level - 1 : digit;
}

void m6_fsq_encode(int32_t *code, const float *x, int rows, const int *level, int levels)
{
    for (int r = 0; r < rows; r++, x += levels) {
        int32_t radix = 1;
        code[r] = 0;
        for (int i = 0; i < levels; i++, radix *= level[i - 1])
            code[r] += radix * digit_of(x[i], level[i]);
    }
}

void m6_fsq_decode(float *value, const int32_t *code, int rows, const int *level, int levels)
{
    for (int r = 0; r < rows; r++) {
        int32_t rest = code[r];
        for (int i = 0; i < levels; i++) {
            const int half = level[i] / 2;
            *value++ = (float)(rest % level[i] - half) / (float)half;
            rest /= level[i];
        }
    }
}
