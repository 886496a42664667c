/* Which instruction set this processor, and the operating system that saves its registers, can run.
 *
 * A level is a whole set that the kernels of that level are compiled for; a processor that lacks
 * one member of a set gets the level below. Nothing is decided when M6 is built.
 */
#ifndef M6_CORE_CPUINFO_H
#define M6_CORE_CPUINFO_H

enum m6_isa {
    M6_ISA_C,          /* portable C */
    M6_ISA_AVX2,       /* AVX2, FMA, F16C */
    M6_ISA_AVX512,     /* AVX-512 F, BW, VL, DQ */
    M6_ISA_AVX512BF16, /* those, BF16 and VNNI */
    M6_ISA_LEVELS
};

const char *m6_isa_name(enum m6_isa isa); /* "c", "avx2", "avx512", "avx512bf16" */
int m6_isa_parse(const char *name);       /* the level, or -1 for no such name */
enum m6_isa m6_isa_best(void);            /* the best that this machine runs */

/* The level to use: `mask` caps the best there is; with mask NULL the environment variable M6_ISA
 * does. A name that nobody knows gives -1. */
int m6_isa_choose(const char *mask);

#endif
