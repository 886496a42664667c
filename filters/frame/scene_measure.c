#include "scene_measure.h"

#include <math.h>
#include <stdlib.h>

enum { SHIFT_X = 3, SHIFT_Y = 2, BINS = 32, LEVELS = 256 / BINS };

static long absolute(const uint8_t *a, const uint8_t *b, int dx, int dy)
{
    long sum = 0;
    for (int y = SHIFT_Y; y < M6_SCENE_HEIGHT - SHIFT_Y; y++) {
        const uint8_t *p = a + y * M6_SCENE_WIDTH, *q = b + (y + dy) * M6_SCENE_WIDTH + dx;
        int row = 0;
        for (int x = SHIFT_X; x < M6_SCENE_WIDTH - SHIFT_X; x++)
            row += abs(p[x] - q[x]);
        sum += row;
    }
    return sum;
}

/* Mean absolute difference at the best small shift, 0 … 1. */
static double shifted(const uint8_t *a, const uint8_t *b)
{
    long least = absolute(a, b, 0, 0);
    for (int dy = -SHIFT_Y; dy <= SHIFT_Y && least; dy++)
        for (int dx = -SHIFT_X; dx <= SHIFT_X; dx++) {
            long sum = absolute(a, b, dx, dy);
            least = sum < least ? sum : least;
        }
    return (double)least / (255.0 * (M6_SCENE_WIDTH - 2 * SHIFT_X) * (M6_SCENE_HEIGHT - 2 * SHIFT_Y));
}

/* Each pixel counts for the two bins nearest to it, so that a level's step across a border is small. */
static void histogram(const uint8_t *a, int *bin)
{
    for (int i = 0; i <= BINS; i++)
        bin[i] = 0;
    for (int i = 0; i < SCENE_PIXELS; i++) {
        int low = a[i] / LEVELS, part = a[i] % LEVELS;
        bin[low] += LEVELS - part;
        bin[low + 1] += part;
    }
}

/* Half the L1 distance of the softened histograms, 0 … 1. */
static double histograms_differ(const uint8_t *a, const uint8_t *b)
{
    int p[BINS + 1], q[BINS + 1];
    long sum = 0;
    histogram(a, p);
    histogram(b, q);
    for (int i = 0; i <= BINS; i++)
        sum += abs(p[i] - q[i]);
    return (double)sum / (2.0 * SCENE_PIXELS * LEVELS);
}

double scene_deviation(const uint8_t *a)
{
    long sum = 0, squares = 0;
    for (int i = 0; i < SCENE_PIXELS; i++) {
        sum += a[i];
        squares += a[i] * a[i];
    }
    double mean = (double)sum / SCENE_PIXELS;
    double variance = (double)squares / SCENE_PIXELS - mean * mean;
    return variance > 0 ? sqrt(variance) : 0;
}

struct scene_mixture scene_mixture(const uint8_t *a, const uint8_t *b, const uint8_t *x)
{
    long dd = 0, dx = 0, xx = 0;
    for (int i = 0; i < SCENE_PIXELS; i++) {
        int d = b[i] - a[i], e = x[i] - a[i];
        dd += d * d;
        dx += d * e;
        xx += e * e;
    }
    if (!dd)
        return (struct scene_mixture){0, 1};
    double alpha = (double)dx / (double)dd;
    return (struct scene_mixture){alpha, ((double)xx - alpha * (double)dx) / (double)dd};
}

double m6_scene_difference(const uint8_t *a, const uint8_t *b)
{
    double histograms = histograms_differ(a, b);
    return histograms > 0 ? sqrt(shifted(a, b) * histograms) : 0;
}
