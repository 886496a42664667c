/* The kernels with AVX2 and FMA. */
#define VEC_AVX2
#define KERNELS m6_grad_kernels_avx2
#include "train/grad_kernels_tmpl.h"
