/* Times, counted in buckets of equal ratio: four to a doubling, from a thousandth of a second to more than an hour.
 *
 * So a quantile that is read back is within 10 % of the true one, and nothing grows with the number of times. */
#ifndef M6_HOST_SERVER_HISTOGRAM_H
#define M6_HOST_SERVER_HISTOGRAM_H

#include <stdint.h>

enum {
    M6_HISTOGRAM_RATIO = 4,      /* buckets to a doubling */
    M6_HISTOGRAM_DOUBLINGS = 22, /* from 2^-10 to 2^12 seconds */
    M6_HISTOGRAM_BOUNDS = M6_HISTOGRAM_RATIO * M6_HISTOGRAM_DOUBLINGS + 1,
};

struct m6_histogram {
    uint64_t count;
    double sum, most;                         /* seconds */
    uint64_t bucket[M6_HISTOGRAM_BOUNDS + 1]; /* the last: above every bound */
};

void m6_histogram_add(struct m6_histogram *, double seconds);
void m6_histogram_merge(struct m6_histogram *, const struct m6_histogram *);
/* q from 0 to 1; 0 when there is nothing. */
double m6_histogram_quantile(const struct m6_histogram *, double q);
/* The bound of bucket i in seconds. Those at multiples of M6_HISTOGRAM_RATIO are powers of two. */
double m6_histogram_bound(int i);

#endif
