/* Matrix products for processors with AVX-512 F, BW, VL and DQ. */
#include "cpu/kernels/gemm_avx512_tmpl.h"
#include "cpu/kernels/pack_avx512.h"

const struct m6_gemm_kernels m6_gemm_avx512 = {
    .isa = "avx512",
    .tile_f32 = tile_f32,
    .tile_bf16 = tile_bf16,
    .tile_i8 = tile_i8,
    .finish = finish,
    .burn_f32 = burn_f32,
    .burn_bf16 = burn_bf16,
    .to_bf16 = to_bf16,
    .to_i16 = to_i16,
    .largest = largest,
    .units_bf16 = units_bf16,
    .units_f32 = units_f32,
    .transpose = transpose,
};
