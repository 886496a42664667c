/* The list of weights: config.h's names, in data flow's order. */
#include <stdarg.h>
#include <stdio.h>

#include "families/m6/weights.h"

struct walk {
    const struct m6_config *c;
    struct m6_weights *w; /* a stand-in when the caller has none, so that members have addresses */
    int given;            /* the caller's own */
    m6_weight_fn fn;
    void *arg;
    enum m6_status status;
    enum m6_weight_use use;
    int routes;
};

__attribute__((format(printf, 6, 7))) static void give(struct walk *k, enum m6_weight_form form, int rows, int cols,
                                                       void *to, const char *format, ...)
{
    char name[96];
    va_list args;
    if (k->status)
        return;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    const struct m6_weight_spec spec = {.name = name, .rows = rows, .cols = cols, .form = form, .use = k->use,
                                        .routes = k->routes, .to = k->given ? to : NULL};
    k->status = k->fn(k->arg, &spec);
}

static void affine(struct walk *k, const char *name, int out, int in, struct m6_affine *to)
{
    give(k, M6_FORM_MATRIX, out, in, &to->w, "%s.weight", name);
    give(k, M6_FORM_VECTOR, 1, out, &to->b, "%s.bias", name);
}

static void gains(struct walk *k, const char *name, int width, struct m6_gains *to)
{
    give(k, M6_FORM_VECTOR, 1, width, &to->gain, "%s.gain", name);
    give(k, M6_FORM_VECTOR, 1, width, &to->bias, "%s.bias", name);
}

#define NAME(...) (snprintf(name, sizeof name, __VA_ARGS__), name)

static void block(struct walk *k, const char *prefix, int channels, struct m6_conv_block *to)
{
    char name[80];
    gains(k, NAME("%s.ln", prefix), channels, &to->ln);
    affine(k, NAME("%s.a", prefix), channels, 9 * channels, &to->a);
    affine(k, NAME("%s.b", prefix), channels, 9 * channels, &to->b);
}

static void blocks(struct walk *k, const char *prefix, int count, int channels, struct m6_conv_block *to)
{
    static struct m6_conv_block none;
    char name[64];
    for (int i = 0; i < count; i++)
        block(k, NAME("%s.block.%d", prefix, i), channels, k->given ? &to[i] : &none);
}

static void tables(struct walk *k)
{
    const struct m6_config *c = k->c;
    const int d = c->d_model;
    k->use = M6_USE_ROW;
    give(k, M6_FORM_TABLE, c->vocab, d, &k->w->embed, "embed.weight");
    give(k, M6_FORM_HOST, c->text_max, d, &k->w->host.text, "pos.text");
    give(k, M6_FORM_HOST, M6_KINDS, d, &k->w->host.kind, "kind.weight");
    k->use = M6_USE_ELSEWHERE;
    give(k, M6_FORM_HOST, m6_config_patch_h(c), d, &k->w->host.row, "pos.row");
    give(k, M6_FORM_HOST, m6_config_patch_w(c), d, &k->w->host.col, "pos.col");
    give(k, M6_FORM_HOST, M6_FRAMES_MAX, d, &k->w->host.frame, "pos.frame");
    give(k, M6_FORM_HOST, c->code_h, d, &k->w->host.code_row, "pos.code_row");
    give(k, M6_FORM_HOST, c->code_w, d, &k->w->host.code_col, "pos.code_col");
    for (int s = 0; s < c->slots; s++)
        give(k, M6_FORM_TABLE, c->codes, d, &k->w->code_embed[s], "code.embed.%d", s);
    k->use = M6_USE_EVERY;
    give(k, M6_FORM_MATRIX, c->vocab, d, &k->w->head, "head.weight");
}

static void layer(struct walk *k, int i)
{
    static struct m6_layer none;
    const struct m6_config *c = k->c;
    struct m6_layer *l = k->given ? &k->w->layer[i] : &none;
    struct m6_affine spare;
    const int d = c->d_model;
    char name[80];
    gains(k, NAME("layer.%d.ln1", i), d, &l->ln1);
    affine(k, NAME("layer.%d.qkv", i), 3 * d, d, &l->qkv);
    affine(k, NAME("layer.%d.out", i), d, d, &l->out);
    gains(k, NAME("layer.%d.ln2", i), d, &l->ln2);
    if (!m6_config_sparse(c, i)) {
        affine(k, NAME("layer.%d.up", i), c->ffn, d, &l->up);
        affine(k, NAME("layer.%d.down", i), d, c->ffn, &l->down);
        return;
    }
    k->routes = 1;
    give(k, M6_FORM_MATRIX, c->experts, d, &l->router, "layer.%d.router.weight", i);
    k->routes = 0;
    k->use = M6_USE_EXPERT;
    for (int e = 0; e < c->experts; e++) {
        affine(k, NAME("layer.%d.expert.%d.up", i, e), c->expert_ffn, d, k->given ? &l->expert[e] : &spare);
        affine(k, NAME("layer.%d.expert.%d.down", i, e), d, c->expert_ffn, k->given ? &l->expert[c->experts + e] : &spare);
    }
    k->use = M6_USE_EVERY;
}

static void depth(struct walk *k)
{
    const struct m6_config *c = k->c;
    const int d = c->d_model;
    char name[64];
    for (int s = 0; s < c->slots; s++)
        affine(k, NAME("depth.proj.%d", s), d, d, &k->w->depth.proj[s]);
    gains(k, "depth.ln1", d, &k->w->depth.ln1);
    affine(k, "depth.up", c->depth_ffn, d, &k->w->depth.up);
    affine(k, "depth.down", d, c->depth_ffn, &k->w->depth.down);
    gains(k, "depth.ln2", d, &k->w->depth.ln2);
    for (int s = 0; s < c->slots; s++)
        affine(k, NAME("depth.out.%d", s), c->codes, d, &k->w->depth.out[s]);
}

static void stem(struct walk *k)
{
    const struct m6_config *c = k->c;
    char name[64];
    for (int t = 0; t < M6_STAGES; t++) {
        affine(k, NAME("stem.%d.in", t), c->stem[t], t ? 4 * c->stem[t - 1] : 48, &k->w->stem.in[t]);
        block(k, NAME("stem.%d.block", t), c->stem[t], &k->w->stem.block[t]);
    }
    gains(k, "stem.ln", 6 * c->stem[2], &k->w->stem.ln);
    affine(k, "stem.out", c->d_model, 6 * c->stem[2], &k->w->stem.out);
}

static void codec(struct walk *k)
{
    const struct m6_config *c = k->c;
    const int c0 = c->tok_channels[0], c1 = c->tok_channels[1];
    const int eighth = c->width / 8 * (c->height / 8);
    struct m6_weights *w = k->w;
    affine(k, "tok.enc.0.in", c0, 48, &w->encoder.in[0]);
    blocks(k, "tok.enc.0", c->tok_encoder_blocks[0], c0, w->encoder.block[0]);
    affine(k, "tok.enc.1.in", c1, 4 * c0, &w->encoder.in[1]);
    blocks(k, "tok.enc.1", c->tok_encoder_blocks[1], c1, w->encoder.block[1]);
    gains(k, "tok.enc.ln", c1, &w->encoder.ln);
    affine(k, "tok.enc.out", c->levels, c1, &w->encoder.out);
    affine(k, "tok.dec.in", c1, c->levels, &w->decoder.in);
    give(k, M6_FORM_TABLE, eighth, c1, &w->decoder.place[1], "tok.dec.place.1");
    affine(k, "tok.dec.conv", c1, 9 * c1, &w->decoder.conv);
    blocks(k, "tok.dec.1", c->tok_decoder_blocks[1], c1, w->decoder.block[1]);
    gains(k, "tok.dec.up.ln", c1, &w->decoder.up_ln);
    affine(k, "tok.dec.up", 4 * c0, c1, &w->decoder.up);
    give(k, M6_FORM_TABLE, eighth, 4 * c0, &w->decoder.place[0], "tok.dec.place.0");
    blocks(k, "tok.dec.0", c->tok_decoder_blocks[0], c0, w->decoder.block[0]);
    gains(k, "tok.dec.out.ln", c0, &w->decoder.out_ln);
    affine(k, "tok.dec.out", 48, c0, &w->decoder.out);
}

enum m6_status m6_weights_each(const struct m6_config *c, struct m6_weights *weights, m6_weight_fn fn, void *arg)
{
    static struct m6_weights none;
    struct walk k = {.c = c, .w = weights ? weights : &none, .given = weights != NULL, .fn = fn, .arg = arg};
    tables(&k);
    k.use = M6_USE_EVERY;
    for (int i = 0; i < c->layers; i++)
        layer(&k, i);
    gains(&k, "norm", c->d_model, &k.w->norm);
    k.use = M6_USE_ELSEWHERE;
    depth(&k);
    stem(&k);
    codec(&k);
    return k.status;
}
