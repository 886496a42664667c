/* What the tests of the host share: cmocka in its right order, and a folder that goes away. */
#ifndef M6_TESTS_HOST_SUPPORT_H
#define M6_TESTS_HOST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "m6/status.h"

#define assert_says(text, part) \
    do { \
        if (!strstr(text, part)) \
            fail_msg("'%s' does not say '%s'", text, part); \
    } while (0)

static char folder[64];

/* A group set-up: makes `folder` the working directory. */
static inline int enter_folder(void **state)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.40s/m6-host-XXXXXX", base ? base : "/tmp");
    return mkdtemp(folder) && !chdir(folder) ? 0 : -1;
}

static inline int leave_folder(void **state)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir("/") || system(command);
}

static inline void put_file(const char *path, const void *data, size_t size)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(data, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

/* The whole file, ended by a zero; freed by the caller. */
static inline uint8_t *get_file(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    uint8_t *data = malloc(1 << 20);
    assert_non_null(data);
    *size = fread(data, 1, (1 << 20) - 1, in);
    data[*size] = 0;
    fclose(in);
    return data;
}

#endif
