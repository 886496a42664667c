/* The kernels in portable C, and the choice among all. */
#define KERNELS m6_grad_kernels_c
#include "train/grad_kernels_tmpl.h"

#include "core/cpuinfo.h"

const struct m6_grad_kernels *m6_grad_kernels_for(const char *isa)
{
    const int level = m6_isa_parse(isa);
    if (level < 0 || level > (int)m6_isa_best())
        return NULL;
#if defined(M6_TRAIN_X86)
    if (level >= M6_ISA_AVX512)
        return &m6_grad_kernels_avx512;
    if (level == M6_ISA_AVX2)
        return &m6_grad_kernels_avx2;
#endif
    return &m6_grad_kernels_c;
}
