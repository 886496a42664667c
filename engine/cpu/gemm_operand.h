/* Walking along one row of a struct m6_operand, in runs that are contiguous in memory. Private to
 * engine/cpu. */
#ifndef M6_CPU_GEMM_OPERAND_H
#define M6_CPU_GEMM_OPERAND_H

#include "cpu/gemm.h"

struct m6_line {
    const struct m6_operand *op;
    const float *base; /* plain: the row's first element, NULL for a row of zeros */
    int64_t pixel;     /* window: elements between pixels */
    int y, x;
};

static inline int m6_operand_is_window(const struct m6_operand *op)
{
    return op->conv_c > 0;
}

/* Rows of the operand are contiguous, or come in contiguous runs. */
static inline int m6_operand_by_rows(const struct m6_operand *op)
{
    return m6_operand_is_window(op) || (op->col_stride == 1 && !op->col_index);
}

static inline int m6_operand_by_columns(const struct m6_operand *op)
{
    return !m6_operand_is_window(op) && op->row_stride == 1 && !op->row_index;
}

static inline struct m6_operand m6_operand_transposed(const struct m6_operand *op)
{
    return (struct m6_operand){.data = op->data,
                               .row_stride = op->col_stride,
                               .col_stride = op->row_stride,
                               .row_index = op->col_index,
                               .col_index = op->row_index};
}

struct m6_line m6_window_at(const struct m6_operand *op, int row);

static inline struct m6_line m6_line_at(const struct m6_operand *op, int row)
{
    if (m6_operand_is_window(op))
        return m6_window_at(op, row);
    const int index = op->row_index ? op->row_index[row] : row;
    return (struct m6_line){.op = op, .base = index < 0 ? NULL : op->data + index * op->row_stride};
}

/* The longest run from column c on, at most n. Its length goes to *length; NULL for zeros. The run
 * is contiguous, except that a plain operand without unit column stride must use m6_line_read. */
const float *m6_line_run(const struct m6_line *line, int c, int n, int *length);

const float *m6_line_gather(const struct m6_line *line, int c, int n, float *buffer);

/* Columns c … c+n-1, in place where they are contiguous, else gathered into buffer. */
static inline const float *m6_line_read(const struct m6_line *line, int c, int n, float *buffer)
{
    if (line->base && !m6_operand_is_window(line->op) && m6_operand_by_rows(line->op))
        return line->base + c;
    return m6_line_gather(line, c, n, buffer);
}

#endif
