/* Row operations: c. */
#include "cpu/kernels/rows_tmpl.h"
#include "cpu/kernels/attention_tmpl.h"

const struct m6_row_kernels m6_rows_c = {
    .layer_norm = layer_norm,
    .rms_norm = rms_norm,
    .activate = activate,
    .gated = gated,
    .add = add,
    .mix = mix,
    .softmax = softmax,
    .exponents = exponents,
    .most = most,
    .scale_shift = scale_shift,
    .column_sums = column_sums,
    .turns = turns,
    .rotate = rotate,
    .attend = attend,
};
