/* The kernels with AVX-512 F, BW, VL and DQ. */
#define VEC_AVX512
#define KERNELS m6_grad_kernels_avx512
#include "train/grad_kernels_tmpl.h"
