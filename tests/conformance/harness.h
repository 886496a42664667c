/* The conformance suite: every operation of a backend against the double-precision reference.
 *
 * A test sees one backend, `backend`, and reaches its memory only by upload and download, so the
 * same tests serve any backend. Padding of inputs is NaN, so that reading it shows; padding of
 * outputs is a mark that must still stand. */
#ifndef M6_TESTS_CONFORMANCE_HARNESS_H
#define M6_TESTS_CONFORMANCE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ops/ops.h"

extern struct m6_backend *backend; /* under test */
extern struct m6_backend
    *other; /* the same with another number of threads; NULL if there is none */

/* A matrix in backend memory and its copy on the host; host.data is what was filled in, or
 * downloaded. */
struct tensor {
    struct m6_mat device, host;
};

/* Numbers: a generator that every test starts anew, values in (-1, 1). */
void seed(uint32_t s);
float uniform(void);
int below(int n);

struct tensor input(int rows, int cols, int stride, float scale); /* random */
struct tensor input_of(int rows, int cols, int stride, const float *dense);
struct tensor output(int rows, int cols, int stride); /* marked */
struct tensor output_of(int rows, int cols, int stride,
                        const struct tensor *from); /* a copy of from's values */
void fetch(struct tensor *t); /* downloads, and checks that the padding still stands */
void release(struct tensor *t);
float get(const struct tensor *t, int r, int c);

float *floats(int n, float scale); /* random host array; free() */
void *device_copy(const void *from, size_t bytes);
void device_free(void *p);

/* |got - want| <= tolerance·size, where size NULL stands for |want| + 1. Fetches t. */
void check(const char *what, struct tensor *t, const double *want, const double *size,
           double tolerance);
/* The two hold the same bits. Fetches both. */
void check_same(const char *what, struct tensor *a, struct tensor *b);

struct suite {
    const struct CMUnitTest *tests;
    size_t count;
};
extern const struct suite products_suite, rows_suite, pictures_suite, attention_suite, choice_suite,
    invariance_suite;
int run_gemm_tests(const char *isa); /* the product below the backend, with every kind of operand */
int run_pool_tests(void);

#endif
