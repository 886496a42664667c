#include "cpu/gemm_operand.h"

#include <string.h>

struct m6_line m6_window_at(const struct m6_operand *op, int row)
{
    const int position = row % (op->conv_h * op->conv_w);
    struct m6_line line = {.op = op, .pixel = op->row_stride ? op->row_stride : op->conv_c};
    line.base = op->data + row * line.pixel;
    line.y = position / op->conv_w;
    line.x = position % op->conv_w;
    return line;
}

/* Window columns are nine taps of conv_c channels. Where pixels lie without gaps, the taps of one
 * ky are one run. */
static const float *window_run(const struct m6_line *line, int c, int n, int *length)
{
    const struct m6_operand *const op = line->op;
    const int channels = op->conv_c, tap = c / channels, at = c - tap * channels;
    const int dy = tap / 3 - 1, dx = tap % 3 - 1;
    int run = channels - at;
    const int y = line->y + dy, x = line->x + dx;
    const int inside = y >= 0 && y < op->conv_h && x >= 0 && x < op->conv_w;
    if (inside && line->pixel == channels) {
        const int right = line->x + 1 < op->conv_w;
        run += (right - dx) * channels;
    }
    *length = run < n ? run : n;
    return inside ? line->base + ((int64_t)dy * op->conv_w + dx) * line->pixel + at : NULL;
}

const float *m6_line_run(const struct m6_line *line, int c, int n, int *length)
{
    if (m6_operand_is_window(line->op))
        return window_run(line, c, n, length);
    *length = n;
    return line->base ? line->base + c : NULL;
}

static void gather(const struct m6_line *line, int c, int n, float *buffer)
{
    const struct m6_operand *const op = line->op;
    for (int i = 0; i < n; i++) {
        const int col = op->col_index ? op->col_index[c + i] : c + i;
        buffer[i] = col < 0 ? 0.0f : line->base[col * op->col_stride];
    }
}

const float *m6_line_gather(const struct m6_line *line, int c, int n, float *buffer)
{
    if (m6_operand_by_rows(line->op)) {
        int length;
        const float *run = m6_line_run(line, c, n, &length);
        if (run && length == n)
            return run;
        for (int done = 0; done < n;) {
            run = m6_line_run(line, c + done, n - done, &length);
            if (run)
                memcpy(buffer + done, run, (size_t)length * sizeof *buffer);
            else
                memset(buffer + done, 0, (size_t)length * sizeof *buffer);
            done += length;
        }
        return buffer;
    }
    if (line->base)
        gather(line, c, n, buffer);
    else
        memset(buffer, 0, (size_t)n * sizeof *buffer);
    return buffer;
}
