/* Copying operands into the layout that tiles read (gemm_kernels.h). Private to engine/cpu. */
#ifndef M6_CPU_GEMM_PACK_H
#define M6_CPU_GEMM_PACK_H

#include "cpu/gemm_kernels.h"
#include "cpu/gemm_operand.h"

/* Elements of k in one unit. */
static inline int m6_unit_elements(enum m6_type type)
{
    return type == M6_F32 ? 1 : 2;
}

static inline int m6_units(enum m6_type type, int k)
{
    return (k + m6_unit_elements(type) - 1) / m6_unit_elements(type);
}

/* Room for a row or a panel: transposing works on sixteen units at a time. */
static inline int m6_units_room(int units)
{
    return (units + 15) & ~15;
}

static inline size_t m6_panel_unit_bytes(enum m6_type type)
{
    return type == M6_I8 ? 2 * M6_PANEL : 4 * M6_PANEL;
}

/* Elements k … k+n-1 of rows row … row+rows-1 of A. Rows of `to` are stride units apart, with
 * stride at least m6_units_room, and there must be room for rows rounded up to 16. For I8, scale[i]
 * is what row i is multiplied by. */
void m6_pack_a(const struct m6_gemm_kernels *kernels, enum m6_type type, const struct m6_operand *a,
               int row, int rows, int k, int n, uint32_t *to, size_t stride, const float *scale);

/* Elements k … k+n-1 of columns col … col+cols-1 of B (F32 or BF16) into panels panel_stride units
 * apart; col is the first of a panel. `to` is at the first panel's unit 0, unit says which unit k
 * is (a multiple of 16). */
void m6_pack_b(const struct m6_gemm_kernels *kernels, enum m6_type type, const struct m6_operand *b,
               int k, int n, int col, int cols, uint32_t *to, size_t panel_stride, int unit);

/* The largest |x| in a row of k elements. */
float m6_row_largest(const struct m6_gemm_kernels *kernels, const struct m6_operand *a, int row,
                     int k);

#endif
