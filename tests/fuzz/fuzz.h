/* One input, as libFuzzer calls it. Returns 0; what is wrong shows as a crash or a sanitizer's report. */
#ifndef M6_TESTS_FUZZ_FUZZ_H
#define M6_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was promised did not hold. */
#define fuzz_check(condition)                                                                                          \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            __builtin_trap();                                                                                          \
    } while (0)

#endif
