#include "train/image.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct m6_param *add(struct m6_params *p, const char *name, const char *leaf, int rows, int cols, float mean,
                            float deviation, uint64_t seed)
{
    char full[96];
    snprintf(full, sizeof full, "%s.%s", name, leaf);
    struct m6_param *param = m6_params_add(p, full, rows, cols, mean, deviation, seed);
    if (param)
        param->decay = rows > 1 && deviation > 0;
    return param;
}

static enum m6_status no_memory(struct m6_error *err, const char *name)
{
    return m6_fail(err, M6_ERR_MEMORY, "no memory for the weights of %s, or the name is used twice", name);
}

enum m6_status m6_linear_params(struct m6_params *p, const char *name, int out, int in, float gain, uint64_t seed,
                                struct m6_error *err)
{
    struct m6_param *w = add(p, name, "weight", out, in, 0, gain / sqrtf((float)in), seed);
    if (!w || !add(p, name, "bias", 1, out, 0, 0, seed))
        return no_memory(err, name);
    w->decay = 1;
    return M6_OK;
}

enum m6_status m6_norm_params(struct m6_params *p, const char *name, int width, struct m6_error *err)
{
    if (!add(p, name, "gain", 1, width, 1, 0, 0) || !add(p, name, "bias", 1, width, 0, 0, 0))
        return no_memory(err, name);
    return M6_OK;
}

enum m6_status m6_block_params(struct m6_params *p, const char *name, int channels, uint64_t seed,
                               struct m6_error *err)
{
    char part[80];
    enum m6_status status;
    snprintf(part, sizeof part, "%s.ln", name);
    if ((status = m6_norm_params(p, part, channels, err)))
        return status;
    snprintf(part, sizeof part, "%s.a", name);
    if ((status = m6_linear_params(p, part, channels, 9 * channels, sqrtf(2), seed, err)))
        return status;
    snprintf(part, sizeof part, "%s.b", name);
    return m6_linear_params(p, part, channels, 9 * channels, 0, seed, err);
}

m6_var m6_weight_var(struct m6_tape *t, const struct m6_params *p, const char *format, ...)
{
    char name[96];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    struct m6_param *param = m6_params_find(p, name);
    assert(param);
    return m6_tape_param(t, param);
}

m6_var m6_linear(struct m6_tape *t, const struct m6_params *p, const char *name, m6_var x)
{
    const m6_var w = m6_weight_var(t, p, "%s.weight", name), b = m6_weight_var(t, p, "%s.bias", name);
    return m6_tape_linear(t, x, w, b);
}

m6_var m6_linear_add(struct m6_tape *t, const struct m6_params *p, const char *name, m6_var x, m6_var residual)
{
    const m6_var w = m6_weight_var(t, p, "%s.weight", name), b = m6_weight_var(t, p, "%s.bias", name);
    return m6_tape_linear_add(t, x, w, b, residual);
}

m6_var m6_norm(struct m6_tape *t, const struct m6_params *p, const char *name, m6_var x)
{
    const m6_var gain = m6_weight_var(t, p, "%s.gain", name), bias = m6_weight_var(t, p, "%s.bias", name);
    return m6_tape_layer_norm(t, x, gain, bias, 1e-5f);
}

static m6_var conv(struct m6_tape *t, const struct m6_params *p, const char *name, m6_var x, int n, int h, int w)
{
    const m6_var weight = m6_weight_var(t, p, "%s.weight", name), bias = m6_weight_var(t, p, "%s.bias", name);
    return m6_tape_conv3x3(t, x, weight, bias, n, h, w);
}

m6_var m6_block(struct m6_tape *t, const struct m6_params *p, const char *name, m6_var x, int n, int h, int w)
{
    char part[80];
    snprintf(part, sizeof part, "%s.ln", name);
    m6_var y = m6_norm(t, p, part, x);
    snprintf(part, sizeof part, "%s.a", name);
    y = m6_tape_gelu(t, conv(t, p, part, y, n, h, w));
    const m6_var weight = m6_weight_var(t, p, "%s.b.weight", name), bias = m6_weight_var(t, p, "%s.b.bias", name);
    return m6_tape_conv3x3_add(t, y, weight, bias, x, n, h, w);
}

static enum m6_status blocks_params(struct m6_params *p, const char *prefix, int count, int channels, uint64_t seed,
                                    struct m6_error *err)
{
    for (int b = 0; b < count; b++) {
        char name[64];
        snprintf(name, sizeof name, "%s.block.%d", prefix, b);
        const enum m6_status status = m6_block_params(p, name, channels, seed, err);
        if (status)
            return status;
    }
    return M6_OK;
}

static m6_var blocks(struct m6_tape *t, const struct m6_params *p, const char *prefix, int count, m6_var x, int n,
                     int h, int w)
{
    for (int b = 0; b < count; b++) {
        char name[64];
        snprintf(name, sizeof name, "%s.block.%d", prefix, b);
        x = m6_block(t, p, name, x, n, h, w);
    }
    return x;
}

/* What the decoder adds at each place of the grid, whatever the code there. */
static enum m6_status places_params(struct m6_params *p, const char *name, int places, int channels, struct m6_error *err)
{
    struct m6_param *param = m6_params_add(p, name, places, channels, 0, 0, 0);
    return param ? M6_OK : no_memory(err, name);
}

static m6_var places(struct m6_tape *t, const struct m6_params *p, const char *name, int n)
{
    const m6_var map = m6_weight_var(t, p, "%s", name);
    const int each = m6_tape_rows(t, map);
    int32_t *id = malloc((size_t)n * (size_t)each * sizeof *id);
    for (int i = 0; id && i < n * each; i++)
        id[i] = i % each;
    const m6_var x = m6_tape_gather(t, map, id, n * each);
    free(id);
    return x;
}

enum m6_status m6_image_params(struct m6_params *p, const struct m6_config *c, uint64_t seed, struct m6_error *err)
{
    const int c0 = c->tok_channels[0], c1 = c->tok_channels[1];
    enum m6_status s;
    if ((s = m6_linear_params(p, "tok.enc.0.in", c0, 48, 1, seed, err)) ||
        (s = blocks_params(p, "tok.enc.0", c->tok_encoder_blocks[0], c0, seed, err)) ||
        (s = m6_linear_params(p, "tok.enc.1.in", c1, 4 * c0, 1, seed, err)) ||
        (s = blocks_params(p, "tok.enc.1", c->tok_encoder_blocks[1], c1, seed, err)) ||
        (s = m6_norm_params(p, "tok.enc.ln", c1, err)) ||
        (s = m6_linear_params(p, "tok.enc.out", c->levels, c1, 1, seed, err)) ||
        (s = m6_linear_params(p, "tok.dec.in", c1, c->levels, 1, seed, err)) ||
        (s = places_params(p, "tok.dec.place.1", c->width / 8 * (c->height / 8), c1, err)) ||
        (s = m6_linear_params(p, "tok.dec.conv", c1, 9 * c1, 1, seed, err)) ||
        (s = blocks_params(p, "tok.dec.1", c->tok_decoder_blocks[1], c1, seed, err)) ||
        (s = m6_norm_params(p, "tok.dec.up.ln", c1, err)) ||
        (s = m6_linear_params(p, "tok.dec.up", 4 * c0, c1, 1, seed, err)) ||
        (s = places_params(p, "tok.dec.place.0", c->width / 8 * (c->height / 8), 4 * c0, err)) ||
        (s = blocks_params(p, "tok.dec.0", c->tok_decoder_blocks[0], c0, seed, err)) ||
        (s = m6_norm_params(p, "tok.dec.out.ln", c0, err)) ||
        (s = m6_linear_params(p, "tok.dec.out", 48, c0, 0.5f, seed, err)))
        return s;
    return M6_OK;
}

m6_var m6_image_encode(struct m6_tape *t, const struct m6_params *p, const struct m6_config *c, m6_var pixels, int n,
                       int32_t *code)
{
    const int h = c->height / 4, w = c->width / 4;
    m6_var x = m6_linear(t, p, "tok.enc.0.in", pixels);
    x = blocks(t, p, "tok.enc.0", c->tok_encoder_blocks[0], x, n, h, w);
    x = m6_linear(t, p, "tok.enc.1.in", m6_tape_space_to_depth(t, x, n, h, w, 2));
    x = blocks(t, p, "tok.enc.1", c->tok_encoder_blocks[1], x, n, h / 2, w / 2);
    x = m6_linear(t, p, "tok.enc.out", m6_norm(t, p, "tok.enc.ln", x));
    return m6_tape_fsq(t, x, c->level, code);
}

m6_var m6_image_decode(struct m6_tape *t, const struct m6_params *p, const struct m6_config *c, m6_var levels, int n)
{
    const int h = c->height / 8, w = c->width / 8;
    m6_var x = m6_linear_add(t, p, "tok.dec.in", levels, places(t, p, "tok.dec.place.1", n));
    x = conv(t, p, "tok.dec.conv", x, n, h, w);
    x = blocks(t, p, "tok.dec.1", c->tok_decoder_blocks[1], x, n, h, w);
    x = m6_linear_add(t, p, "tok.dec.up", m6_norm(t, p, "tok.dec.up.ln", x), places(t, p, "tok.dec.place.0", n));
    x = m6_tape_depth_to_space(t, x, n, h, w, 2);
    x = blocks(t, p, "tok.dec.0", c->tok_decoder_blocks[0], x, n, 2 * h, 2 * w);
    return m6_linear(t, p, "tok.dec.out", m6_norm(t, p, "tok.dec.out.ln", x));
}

void m6_image_levels(const struct m6_config *c, const int32_t *code, int n, float *level)
{
    for (int i = 0; i < n; i++)
        for (int l = 0, rest = code[i]; l < c->levels; rest /= c->level[l++])
            level[i * c->levels + l] = (float)(rest % c->level[l] - c->level[l] / 2) / (float)(c->level[l] / 2);
}
