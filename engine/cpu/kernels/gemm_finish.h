/* The end of a product: from sums to what is stored. Included by each instruction set's gemm_*.c.
 */
#include "cpu/gemm_kernels.h"
#include "cpu/kernels/vec.h"

static void finish(float *c, const float *sums, int n, const struct m6_finish *f)
{
    for (int i = 0; i < n; i += 16) {
        const int lanes = n - i < 16 ? n - i : 16;
        vf v;
        if (f->weight_scale) {
            v = v_mul(v_from_i32((const int32_t *)(const void *)(sums + i)),
                      v_set1(f->input_scale));
            v = v_mul(v, v_loadn(f->weight_scale + i, lanes));
        } else {
            v = v_load(sums + i);
        }
        if (f->bias)
            v = v_add(v, v_loadn(f->bias + i, lanes));
        v = v_activated(v, f->act);
        if (f->residual)
            v = v_add(v, v_loadn(f->residual + i, lanes));
        if (f->accumulate)
            v = v_fma(v_set1(f->row_scale), v, v_loadn(c + i, lanes));
        if (lanes == 16)
            v_store(c + i, v);
        else
            v_storen(c + i, v, lanes);
    }
}
