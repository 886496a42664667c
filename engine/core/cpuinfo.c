#include "core/cpuinfo.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static const char *const names[M6_ISA_LEVELS] = {"c", "avx2", "avx512", "avx512bf16"};

const char *m6_isa_name(enum m6_isa isa)
{
    return names[isa];
}

int m6_isa_parse(const char *name)
{
    for (int i = 0; i < M6_ISA_LEVELS; i++) {
        if (strcmp(name, names[i]) == 0)
            return i;
    }
    return -1;
}

#if defined(__x86_64__)

/* XCR0 says which registers the operating system saves across a switch. */
static unsigned saved_registers(void)
{
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

enum m6_isa m6_isa_best(void)
{
    const unsigned fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
    const unsigned ymm = 0x06, zmm = 0xe6;
    const unsigned avx2 = 1u << 5, avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
    const unsigned vnni = 1u << 11, bf16 = 1u << 5;
    unsigned a, b, c, d;

    if (!__get_cpuid(1, &a, &b, &c, &d))
        return M6_ISA_C;
    const unsigned base = fma | osxsave | avx | f16c;
    if ((c & base) != base || (saved_registers() & ymm) != ymm)
        return M6_ISA_C;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & avx2))
        return M6_ISA_C;
    const unsigned features = b, more = c;
    if ((features & avx512) != avx512 || (saved_registers() & zmm) != zmm)
        return M6_ISA_AVX2;
    if (!(more & vnni) || !__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(a & bf16))
        return M6_ISA_AVX512;
    return M6_ISA_AVX512BF16;
}

#else

enum m6_isa m6_isa_best(void)
{
    return M6_ISA_C;
}

#endif

int m6_isa_choose(const char *mask)
{
    const int best = m6_isa_best();
    if (!mask)
        mask = getenv("M6_ISA");
    if (!mask || !*mask)
        return best;
    const int cap = m6_isa_parse(mask);
    return cap < best ? cap : best;
}
