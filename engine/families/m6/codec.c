/* The image tokenizer: pictures to codes and back. Its grid has twice the places of the stack's each way; a place holds
 * the 2×2 block of it as its slots, in the order (dy, dx). */
#include "families/m6/transformer.h"
#include "image/fsq.h"
#include "image/resize.h"

static int grid_index(const struct m6_config *c, int place, int slot)
{
    const int y = place / c->code_w * 2 + slot / 2, x = place % c->code_w * 2 + slot % 2;
    return y * 2 * c->code_w + x;
}

void m6_codec_encode(struct m6_lane *lane, const uint8_t *rgb, int32_t *code)
{
    struct m6_transformer *t = lane->model;
    const struct m6_config *c = &t->config;
    const struct m6_weights *w = &t->weights;
    float *const *plane = lane->scratch.plane;
    struct m6_mat x = {0};
    m6_pictures_upload(lane, &rgb, 1);
    for (int i = 0; i < 2; i++) {
        const int height = c->height >> (2 + i), width = c->width >> (2 + i);
        const struct m6_mat deep = m6_mat_of(plane[1], height * width, i ? 4 * x.cols : 48);
        if (i)
            t->ops->space_to_depth(t->backend, deep, x, 1, 2 * height, 2 * width, 2);
        x = m6_mat_of(plane[0], height * width, c->tok_channels[i]);
        m6_affine_run(t, x, deep, &w->encoder.in[i], M6_ACT_NONE, NULL);
        for (int b = 0; b < c->tok_encoder_blocks[i]; b++)
            m6_conv_block_run(lane, &w->encoder.block[i][b], 1, height, width, c->tok_channels[i]);
    }
    const struct m6_mat norm = m6_mat_of(plane[1], x.rows, x.cols), levels = m6_mat_of(plane[2], x.rows, c->levels);
    m6_gains_run(t, norm, x, &w->encoder.ln);
    m6_affine_run(t, levels, norm, &w->encoder.out, M6_ACT_NONE, NULL);
    t->ops->download(t->backend, lane->scratch.host, levels.data, (size_t)levels.rows * (size_t)levels.cols * sizeof(float));
    for (int p = 0; p < m6_config_places(c); p++)
        for (int s = 0; s < c->slots; s++)
            m6_fsq_encode(&code[p * c->slots + s], lane->scratch.host + grid_index(c, p, s) * c->levels, 1, c->level, c->levels);
}

void m6_codec_decode(struct m6_lane *lane, const int32_t *code, uint8_t *rgb)
{
    struct m6_transformer *t = lane->model;
    const struct m6_config *c = &t->config;
    const struct m6_weights *w = &t->weights;
    float *const *plane = lane->scratch.plane, *host = lane->scratch.host;
    const int height = c->height / 8, width = c->width / 8, eighth = height * width, c0 = c->tok_channels[0];
    for (int p = 0; p < m6_config_places(c); p++)
        for (int s = 0; s < c->slots; s++)
            m6_fsq_decode(host + grid_index(c, p, s) * c->levels, &code[p * c->slots + s], 1, c->level, c->levels);
    const struct m6_mat levels = m6_mat_of(plane[2], eighth, c->levels);
    const struct m6_mat in = m6_mat_of(plane[1], eighth, c->tok_channels[1]);
    struct m6_mat x = m6_mat_of(plane[0], eighth, c->tok_channels[1]);
    t->ops->upload(t->backend, levels.data, host, (size_t)eighth * (size_t)c->levels * sizeof(float));
    m6_affine_run(t, in, levels, &w->decoder.in, M6_ACT_NONE, w->decoder.place[1]);
    const struct m6_epilogue plain = {.bias = w->decoder.conv.b, .act = M6_ACT_NONE};
    t->ops->conv3x3(t->backend, x, in, &w->decoder.conv.w, 1, height, width, &plain);
    for (int b = 0; b < c->tok_decoder_blocks[1]; b++)
        m6_conv_block_run(lane, &w->decoder.block[1][b], 1, height, width, x.cols);

    const struct m6_mat norm = m6_mat_of(plane[1], eighth, x.cols), deep = m6_mat_of(plane[2], eighth, 4 * c0);
    m6_gains_run(t, norm, x, &w->decoder.up_ln);
    m6_affine_run(t, deep, norm, &w->decoder.up, M6_ACT_NONE, w->decoder.place[0]);
    x = m6_mat_of(plane[0], 4 * eighth, c0);
    t->ops->depth_to_space(t->backend, x, deep, 1, height, width, 2);
    for (int b = 0; b < c->tok_decoder_blocks[0]; b++)
        m6_conv_block_run(lane, &w->decoder.block[0][b], 1, 2 * height, 2 * width, c0);

    const struct m6_mat out_norm = m6_mat_of(plane[1], x.rows, c0), out = m6_mat_of(plane[2], x.rows, 48);
    const int values = c->width * c->height * 3;
    m6_gains_run(t, out_norm, x, &w->decoder.out_ln);
    m6_affine_run(t, out, out_norm, &w->decoder.out, M6_ACT_NONE, NULL);
    t->ops->depth_to_space(t->backend, m6_mat_of(plane[0], values / 3, 3), out, 1, 2 * height, 2 * width, 4);
    t->ops->download(t->backend, host, plane[0], (size_t)values * sizeof(float));
    m6_values_to_bytes(rgb, host, values);
}
