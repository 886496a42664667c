#include "server/histogram.h"

#include <math.h>

static const double lowest = 0x1p-10;

double m6_histogram_bound(int i)
{
    return lowest * exp2((double)i / M6_HISTOGRAM_RATIO);
}

/* The first bucket whose bound is not below it. */
static int bucket_of(double seconds)
{
    if (!(seconds > lowest))
        return 0;
    const double at = ceil(M6_HISTOGRAM_RATIO * log2(seconds / lowest));
    return at < M6_HISTOGRAM_BOUNDS ? (int)at : M6_HISTOGRAM_BOUNDS;
}

void m6_histogram_add(struct m6_histogram *h, double seconds)
{
    h->count++;
    h->sum += seconds;
    h->most = seconds > h->most ? seconds : h->most;
    h->bucket[bucket_of(seconds)]++;
}

void m6_histogram_merge(struct m6_histogram *h, const struct m6_histogram *other)
{
    h->count += other->count;
    h->sum += other->sum;
    h->most = other->most > h->most ? other->most : h->most;
    for (int i = 0; i <= M6_HISTOGRAM_BOUNDS; i++)
        h->bucket[i] += other->bucket[i];
}

/* The middle of the bucket, in ratio, that holds the one wanted; never more than the most there was. */
double m6_histogram_quantile(const struct m6_histogram *h, double q)
{
    const double wanted = ceil(q * (double)h->count);
    uint64_t seen = 0;
    for (int i = 0; i < M6_HISTOGRAM_BOUNDS && h->count; i++) {
        seen += h->bucket[i];
        if ((double)seen >= wanted && seen)
            return fmin(h->most, i ? m6_histogram_bound(i) * exp2(-0.5 / M6_HISTOGRAM_RATIO) : lowest);
    }
    return h->most;
}
