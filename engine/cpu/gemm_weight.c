/* Packing weights ahead: W (out × in) becomes the B operand Wᵀ in panels of 64 outputs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/bf16.h"
#include "cpu/gemm_pack.h"

struct source {
    enum m6_type type;
    const void *data;
    const float *scale;
    int in;
};

/* Row r of the source as FP32. */
static void read_row(const struct source *s, int r, float *to)
{
    const size_t first = (size_t)r * (size_t)s->in;
    for (int i = 0; i < s->in; i++) {
        switch (s->type) {
        case M6_F32:
            to[i] = ((const float *)s->data)[first + (size_t)i];
            break;
        case M6_BF16:
            to[i] = m6_bf16_to_float(((const uint16_t *)s->data)[first + (size_t)i]);
            break;
        case M6_F16:
            to[i] = m6_f16_to_float(((const uint16_t *)s->data)[first + (size_t)i]);
            break;
        default:
            to[i] = (float)((const int8_t *)s->data)[first + (size_t)i] * s->scale[r];
        }
    }
}

/* Eight-bit weights: byte pair (2u, 2u+1) of output l lies at unit u, lane l of its panel. */
static void place_i8(int8_t *panel, int lane, const int8_t *row, int in)
{
    for (int k = 0; k < in; k++)
        panel[(size_t)(k / 2) * 2 * M6_PANEL + (size_t)lane * 2 + (size_t)(k & 1)] = row[k];
}

/* Symmetric, to ±127, one scale a row. */
static float quantise(int8_t *to, const float *row, int in)
{
    float most = 0;
    for (int i = 0; i < in; i++)
        most = fabsf(row[i]) > most ? fabsf(row[i]) : most;
    const float inverse = most > 0 ? 127.0f / most : 0;
    for (int i = 0; i < in; i++)
        to[i] = (int8_t)lrintf(row[i] * inverse);
    return most / 127.0f;
}

static void pack_i8(struct m6_weight *w, const struct source *s, float *row, int8_t *quantised)
{
    const size_t panel_bytes =
        (size_t)m6_units_room(m6_units(M6_I8, w->in)) * m6_panel_unit_bytes(M6_I8);
    float *const scale = w->packed;
    int8_t *const panels = (int8_t *)w->packed + m6_weight_scale_bytes(w);
    for (int r = 0; r < w->out; r++) {
        const int8_t *from = quantised;
        if (s->type == M6_I8) {
            from = (const int8_t *)s->data + (size_t)r * (size_t)w->in;
            scale[r] = s->scale[r];
        } else {
            read_row(s, r, row);
            scale[r] = quantise(quantised, row, w->in);
        }
        place_i8(panels + (size_t)(r / M6_PANEL) * panel_bytes, r % M6_PANEL, from, w->in);
    }
}

/* A panel's worth of rows is read as FP32 and packed like any other B. */
static void pack_float(const struct m6_gemm_kernels *kernels, struct m6_weight *w,
                       const struct source *s, float *rows)
{
    const size_t panel_units = (size_t)m6_units_room(m6_units(w->type, w->in)) * M6_PANEL;
    uint32_t *to = w->packed;
    for (int r = 0; r < w->out; r += M6_PANEL, to += panel_units) {
        const int count = w->out - r < M6_PANEL ? w->out - r : M6_PANEL;
        const float *data = rows;
        if (s->type == M6_F32) {
            data = (const float *)s->data + (size_t)r * (size_t)w->in;
        } else {
            for (int i = 0; i < count; i++)
                read_row(s, r + i, rows + (size_t)i * (size_t)w->in);
        }
        const struct m6_operand b = {.data = data, .row_stride = 1, .col_stride = w->in};
        m6_pack_b(kernels, w->type, &b, 0, w->in, 0, count, to, panel_units, 0);
    }
}

enum m6_status m6_gemm_pack(const struct m6_gemm_kernels *kernels, struct m6_weight *w,
                            enum m6_type compute, int out, int in, const void *data,
                            enum m6_type type, const float *scale)
{
    *w = (struct m6_weight){.type = compute, .out = out, .in = in};
    if (compute != M6_F32 && compute != M6_BF16 && compute != M6_I8)
        return M6_ERR_UNSUPPORTED;
    if (type != M6_F32 && type != M6_BF16 && type != M6_F16 && (type != M6_I8 || !scale))
        return M6_ERR_UNSUPPORTED;
    if (out <= 0 || in <= 0)
        return M6_ERR_ARGUMENT;

    const size_t panels = ((size_t)out + M6_PANEL - 1) / M6_PANEL;
    const size_t panel_bytes =
        (size_t)m6_units_room(m6_units(compute, in)) * m6_panel_unit_bytes(compute);
    const size_t work =
        (size_t)in * (compute == M6_I8 ? sizeof(float) + 1 : M6_PANEL * sizeof(float));
    w->bytes = m6_weight_scale_bytes(w) + panels * panel_bytes;
    float *const row = malloc(work);
    w->packed = row ? aligned_alloc(64, w->bytes) : NULL;
    if (!w->packed) {
        free(row);
        return M6_ERR_MEMORY;
    }
    const struct source source = {type, data, scale, in};
    memset(w->packed, 0, w->bytes);
    if (compute == M6_I8)
        pack_i8(w, &source, row, (int8_t *)(row + in));
    else
        pack_float(kernels, w, &source, row);
    free(row);
    return M6_OK;
}

void m6_gemm_unpack(struct m6_weight *w)
{
    free(w->packed);
    *w = (struct m6_weight){0};
}
