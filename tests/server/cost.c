/* cost: what a client of a running host costs: milliseconds to open (best and median of 100), and KiB of private memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <m6/m6.h>

enum { TIMES = 100 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static long private_kib(void)
{
    FILE *f = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    long total = 0, value;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "Private_Clean: %ld", &value) == 1 || sscanf(line, "Private_Dirty: %ld", &value) == 1)
            total += value;
    if (f)
        fclose(f);
    return total;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    struct m6_client *m6;
    struct m6_error err = {""};
    const struct m6_open_params params = {.size = sizeof params, .autostart = -1};
    double took[TIMES];
    for (int i = 0; i < TIMES; i++) {
        const double from = now_ms();
        if (m6_open(&m6, &params, &err)) {
            fprintf(stderr, "cost: %s\n", err.text);
            return 1;
        }
        took[i] = now_ms() - from;
        if (i < TIMES - 1)
            m6_close(m6);
    }
    struct m6_client_event e = {.size = sizeof e};
    const struct m6_client_job job = {.size = sizeof job, .kind = "draw", .params = "{\"prompt\": \"red cat\", \"seed\": 1}"};
    if (m6_submit(m6, &job, NULL, &err))
        return 1;
    while (m6_next(m6, 60000, &e) > 0 && e.type != M6_CLIENT_PICTURE && e.type != M6_CLIENT_FAILED)
        ;
    const long memory = private_kib(); /* with a picture in hand */
    m6_close(m6);
    qsort(took, TIMES, sizeof *took, by_value);
    printf("open_ms_best %.3f\nopen_ms_median %.3f\nprivate_kib %ld\n", took[0], took[TIMES / 2], memory);
    /* The process around the library has its share of the memory too. Sanitizers need more of both. */
    const char *sanitized = getenv("SANITIZED");
    if (sanitized && *sanitized)
        return e.type != M6_CLIENT_PICTURE;
    return e.type == M6_CLIENT_PICTURE && took[0] <= 1.0 && memory <= 6 << 10 ? 0 : 1;
}
