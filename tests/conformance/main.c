/* Runs the suite over the CPU backend at every instruction set that this processor has. With an
 * argument, over that set alone. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#include "core/cpuinfo.h"

static int run_suite(const char *isa, const char *name, const struct suite *s)
{
    char title[64];
    snprintf(title, sizeof title, "cpu/%s %s", isa, name);
    return _cmocka_run_group_tests(title, s->tests, s->count, NULL, NULL);
}

static int run_level(const char *isa)
{
    struct m6_error err = {{0}};
    int failed = 0;
    backend = m6_cpu_create(3, isa, &err);
    other = m6_cpu_create(1, isa, &err);
    if (!backend || !other) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (strcmp(backend->isa, isa) != 0) {
        fprintf(stderr, "asked for %s and got %s\n", isa, backend->isa);
        failed++;
    }
    failed += run_gemm_tests(isa);
    failed += run_suite(isa, "products", &products_suite);
    failed += run_suite(isa, "rows", &rows_suite);
    failed += run_suite(isa, "pictures", &pictures_suite);
    failed += run_suite(isa, "attention", &attention_suite);
    failed += run_suite(isa, "choice", &choice_suite);
    failed += run_suite(isa, "invariance", &invariance_suite);
    m6_cpu_destroy(backend);
    m6_cpu_destroy(other);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = run_pool_tests();
    for (int isa = 0; isa < M6_ISA_LEVELS; isa++) {
        const char *const name = m6_isa_name((enum m6_isa)isa);
        if (argc > 1 && strcmp(argv[1], name) != 0)
            continue;
        if (isa > (int)m6_isa_best())
            printf("skipped: this processor has no %s\n", name);
        else
            failed += run_level(name);
    }
    return failed ? 1 : 0;
}
