#include "cpu/gemm_pack.h"

#include <string.h>

enum { PIECE = 512, GROUP = 16, BLOCK = 64 };

/* One run of a row of A: `from` NULL for zeros. at: element within the packed row. */
static void pack_run(const struct m6_gemm_kernels *kernels, enum m6_type type, uint32_t *row,
                     int at, const float *from, int n, float scale)
{
    if (type == M6_F32) {
        float *const to = (float *)(void *)row + at;
        if (from)
            memcpy(to, from, (size_t)n * sizeof *to);
        else
            memset(to, 0, (size_t)n * sizeof *to);
        return;
    }
    uint16_t *const to = (uint16_t *)(void *)row + at;
    if (!from)
        memset(to, 0, (size_t)n * sizeof *to);
    else if (type == M6_BF16)
        kernels->to_bf16(to, from, n);
    else
        kernels->to_i16((int16_t *)to, from, n, scale);
}

static void pack_a_rows(const struct m6_gemm_kernels *kernels, enum m6_type type,
                        const struct m6_operand *a, int row, int rows, int k, int n, uint32_t *to,
                        size_t stride, const float *scale)
{
    const int in_runs = m6_operand_by_rows(a);
    float buffer[PIECE];
    for (int i = 0; i < rows; i++, to += stride) {
        const struct m6_line line = m6_line_at(a, row + i);
        for (int done = 0, length; done < n; done += length) {
            const float *run;
            if (in_runs) {
                run = m6_line_run(&line, k + done, n - done, &length);
            } else {
                length = n - done < PIECE ? n - done : PIECE;
                run = m6_line_read(&line, k + done, length, buffer);
            }
            pack_run(kernels, type, to, done, run, length, scale ? scale[i] : 0);
        }
        if (type != M6_F32 && (n & 1))
            ((uint16_t *)(void *)to)[n] = 0;
    }
}

/* Units of up to 64 lanes from an operand whose rows run along the lanes: rows k … last, as many as
 * `units` (at most GROUP) takes. A pair that ends past `last` gets zeros. */
static void pack_units(const struct m6_gemm_kernels *kernels, enum m6_type type,
                       const struct m6_operand *op, int k, int last, int units, int lane, int lanes,
                       uint32_t *to)
{
    static const float zeros[BLOCK];
    float buffer[2 * GROUP][BLOCK];
    const float *row[2 * GROUP];
    const int rows = units * m6_unit_elements(type);
    for (int i = 0; i < rows; i++) {
        if (k + i > last) {
            row[i] = zeros;
        } else {
            const struct m6_line line = m6_line_at(op, k + i);
            row[i] = m6_line_read(&line, lane, lanes, buffer[i]);
        }
    }
    if (type == M6_F32)
        kernels->units_f32(to, row, units, lanes);
    else
        kernels->units_bf16(to, row, units, lanes);
}

/* A stored by columns: gather sixteen units of 64 rows, then turn them. */
static void pack_a_columns(const struct m6_gemm_kernels *kernels, enum m6_type type,
                           const struct m6_operand *a, int row, int rows, int k, int n,
                           uint32_t *to, size_t stride)
{
    const struct m6_operand by_k = m6_operand_transposed(a);
    const int step = m6_unit_elements(type), units = m6_units(type, n);
    uint32_t block[GROUP * BLOCK];
    memset(block, 0, sizeof block);
    for (int unit = 0; unit < units; unit += GROUP) {
        const int count = units - unit < GROUP ? units - unit : GROUP;
        for (int lane = 0; lane < rows; lane += BLOCK) {
            const int lanes = rows - lane < BLOCK ? rows - lane : BLOCK;
            pack_units(kernels, type, &by_k, k + unit * step, k + n - 1, count, row + lane, lanes,
                       block);
            for (int l = 0; l < lanes; l += GROUP)
                kernels->transpose(to + (size_t)(lane + l) * stride + unit, stride, block + l,
                                   BLOCK);
        }
    }
}

void m6_pack_a(const struct m6_gemm_kernels *kernels, enum m6_type type, const struct m6_operand *a,
               int row, int rows, int k, int n, uint32_t *to, size_t stride, const float *scale)
{
    if (type != M6_I8 && !m6_operand_by_rows(a) && m6_operand_by_columns(a))
        pack_a_columns(kernels, type, a, row, rows, k, n, to, stride);
    else
        pack_a_rows(kernels, type, a, row, rows, k, n, to, stride, scale);
}

static void pack_b_rows(const struct m6_gemm_kernels *kernels, enum m6_type type,
                        const struct m6_operand *b, int k, int n, int col, int cols, uint32_t *to,
                        size_t panel_stride, int unit)
{
    const int step = m6_unit_elements(type), units = m6_units(type, n);
    for (int u = 0; u < units; u += GROUP) {
        const int count = units - u < GROUP ? units - u : GROUP;
        uint32_t *out = to + (size_t)(unit + u) * M6_PANEL;
        for (int done = 0; done < cols; done += M6_PANEL, out += panel_stride) {
            const int lanes = cols - done < M6_PANEL ? cols - done : M6_PANEL;
            pack_units(kernels, type, b, k + u * step, k + n - 1, count, col + done, lanes, out);
        }
    }
}

/* B stored by columns: sixteen columns of 64 units, then turn them. */
static void pack_b_columns(const struct m6_gemm_kernels *kernels, enum m6_type type,
                           const struct m6_operand *b, int k, int n, int col, int cols,
                           uint32_t *to, size_t panel_stride, int unit)
{
    const struct m6_operand by_n = m6_operand_transposed(b);
    const int step = m6_unit_elements(type), units = m6_units(type, n);
    const int padded = (cols + M6_PANEL - 1) / M6_PANEL * M6_PANEL;
    uint32_t block[GROUP * BLOCK];
    for (int lane = 0; lane < padded; lane += GROUP) {
        uint32_t *const panel = to + (size_t)(lane / M6_PANEL) * panel_stride + lane % M6_PANEL;
        for (int u = 0; u < units; u += BLOCK) {
            const int first = k + u * step, left = k + n - first;
            const int elements = left < BLOCK * step ? left : BLOCK * step;
            const int filled = m6_units_room(m6_units(type, elements));
            for (int l = 0; l < GROUP; l++) {
                uint32_t *const row = block + l * BLOCK;
                memset(row + elements / step, 0, (size_t)(BLOCK - elements / step) * sizeof *row);
                if (lane + l < cols)
                    m6_pack_a(kernels, type, &by_n, col + lane + l, 1, first, elements, row, BLOCK,
                              NULL);
                else
                    memset(row, 0, BLOCK * sizeof *row);
            }
            for (int v = 0; v < filled; v += GROUP)
                kernels->transpose(panel + (size_t)(unit + u + v) * M6_PANEL, M6_PANEL, block + v,
                                   BLOCK);
        }
    }
}

void m6_pack_b(const struct m6_gemm_kernels *kernels, enum m6_type type, const struct m6_operand *b,
               int k, int n, int col, int cols, uint32_t *to, size_t panel_stride, int unit)
{
    if (!m6_operand_by_rows(b) && m6_operand_by_columns(b))
        pack_b_columns(kernels, type, b, k, n, col, cols, to, panel_stride, unit);
    else
        pack_b_rows(kernels, type, b, k, n, col, cols, to, panel_stride, unit);
}

float m6_row_largest(const struct m6_gemm_kernels *kernels, const struct m6_operand *a, int row,
                     int k)
{
    const struct m6_line line = m6_line_at(a, row);
    float buffer[PIECE], most = 0;
    for (int done = 0, length; done < k; done += length) {
        length = k - done < PIECE ? k - done : PIECE;
        const float x = kernels->largest(m6_line_read(&line, done, length, buffer), length);
        most = x > most ? x : most;
    }
    return most;
}
