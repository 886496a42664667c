/* The M6 family's shape, read from a model folder's config.json, and the names of its weights.
 *
 * One pre-norm transformer stack serves pictures and text, source and target (M6, arXiv 2103.00823; experts as
 * in M6-T, arXiv 2105.15082; progressive drawing as in M6-UFC, arXiv 2105.14211). The input is a tree of segments:
 *
 *     picture(s) ── text (instruction, bidirectional) ── target (text: causal; codes: causal, or masked: bidirectional)
 *
 * A row of segment S sees all rows of S's ancestors, and of S itself all rows (bidirectional) or those up to
 * its own (causal). Trained forward (engine/train/m6) and inference (this folder) are two programs for one function,
 * held together by a test.
 *
 * Rows. x = content + position + kind, where
 *   picture patch  content = stem output;               position = pos.row[py] + pos.col[px] + pos.frame[i]
 *                  (py, px: place in the patch grid; i: index of the picture among the request's, from 0)
 *   text           content = embed[token];              position = pos.text[index in its segment]
 *   code target    content = Σ_s code.embed.s[code s];  position = pos.code_row[y] + pos.code_col[x] of the place
 *                  that this row predicts; left to right, content is that of the place before, and `embed[<boi>]` for the
 *                  first; masked, content is the place's own codes, or `embed[<mask>]` where they are hidden
 *   kind           kind[m6_kind]
 *
 * Layer i:  x += Wo·attention(Wqkv·LN1(x));  x += FFN(LN2(x)).  FFN = down(gelu(up(·))), gelu in its tanh form;
 * in sparse layers (i % sparse_every == sparse_every-1) it is Σ over prototypes of gate·expert (top-1 in each).
 * Then h = LN(x). Text logits = head·h. Codes come from a depth head, slot by slot:
 *   u_s = depth.proj.s·h + Σ_{i<s} code.embed.i[code i];  v = u_s + depth.down(gelu(depth.up(LN(u_s))));
 *   logits_s = depth.out.s · LN(v)
 *
 * Layer norms have eps 1e-5. A place of the code grid (code_w × code_h, row-major) holds `slots` codes: the 2×2 block
 * (dy, dx order) of the image tokenizer's grid.
 *
 * Stem (a picture of width × height, RGB scaled to [-1, 1]):  space_to_depth 4 → linear → block; space_to_depth 2 →
 * linear → block; space_to_depth 2 → linear → block; then patches of 2×3 places (w × h) side by side (row-major in the
 * patch, channel fastest) → LN → linear → d_model. block: x + conv_b(gelu(conv_a(LN(x)))), 3×3.
 *
 * Image tokenizer (encoder): space_to_depth 4 → linear → blocks; space_to_depth 2 → linear → blocks → LN → linear →
 * FSQ. Decoder: linear + place.1 → conv3x3 → blocks; LN → linear to 4·ch0, + place.0, depth_to_space 2 → blocks; LN → linear to 4·4·3,
 * depth_to_space 4 → RGB in [-1, 1].
 */
#ifndef M6_FAMILIES_M6_CONFIG_H
#define M6_FAMILIES_M6_CONFIG_H

#include "m6/status.h"

enum m6_kind { M6_KIND_PICTURE, M6_KIND_TEXT, M6_KIND_TARGET, M6_KIND_CODES, M6_KIND_MASKED, M6_KINDS };

enum { M6_STAGES = 3, M6_SLOTS_MAX = 8, M6_LEVELS_MAX = 8, M6_FRAMES_MAX = 8 };

/* In config.json each field goes by its own name, but for `level`, which is the list "levels"; lists are written as such,
 * "model_type" is "m6", and "lexicon", {"en": [...], "zh": [...]}, may follow. */
struct m6_config {
    char name[64];
    int d_model, layers, heads, ffn;
    int experts, prototypes, expert_ffn, sparse_every; /* sparse_every 0: all dense */
    int vocab, text_max;                               /* rows of pos.text: the longest text segment */
    int width, height;                                 /* pictures in and out, pixels */
    int stem[M6_STAGES];                               /* channels at 1/4, 1/8 and 1/16 */
    int code_w, code_h, slots, codes;                  /* grid of places, codes a place, size of the book */
    int depth_ffn;                                     /* hidden width of the depth head */
    int levels, level[M6_LEVELS_MAX];                  /* FSQ; their product is `codes` */
    int tok_channels[2];                               /* image tokenizer: at 1/4 and 1/8 */
    int tok_encoder_blocks[2], tok_decoder_blocks[2];
    int rewrites; /* it was trained to answer <draw> with a caption too */
};

/* Reads and checks config.json (NUL-terminated text). Every field but "rewrites" (then 0) is required and bounded; an unknown model_type is
 * M6_ERR_UNSUPPORTED, a missing or absurd field M6_ERR_FORMAT with its name. */
enum m6_status m6_config_parse(struct m6_config *, const char *json, const char *path, struct m6_error *err);
/* The text of a config.json. Caller frees; NULL when out of memory. lexicon_en and lexicon_zh: NULL-terminated lists of the
 * words that the model has been shown (text/lexicon.h reads them back); NULL for none. */
char *m6_config_print(const struct m6_config *, const char *const *lexicon_en, const char *const *lexicon_zh);

static inline int m6_config_patch_w(const struct m6_config *c)
{
    return c->width / 32;
}
static inline int m6_config_patch_h(const struct m6_config *c)
{
    return c->height / 48;
}
static inline int m6_config_patches(const struct m6_config *c)
{
    return m6_config_patch_w(c) * m6_config_patch_h(c);
}
static inline int m6_config_places(const struct m6_config *c)
{
    return c->code_w * c->code_h;
}
static inline int m6_config_sparse(const struct m6_config *c, int layer)
{
    return c->sparse_every > 0 && layer % c->sparse_every == c->sparse_every - 1;
}

/* Special tokens (added_tokens of tokenizer.json). A text segment is: task token, tokens, <eos>. A text target is fed
 * <bos>, tokens and predicts tokens, <eos>.
 *   <caption_en> <caption_zh>   no text behind the task token: segment is [task, <eos>]
 *   <ask>      question                                            target: answer, in the question's language
 *   <match>    caption                                             target: the single token <yes> or <no>
 *   <draw>     prompt (empty for the unconditional row)            target: codes; or text, the prompt as a caption
 *   <script_en> <script_zh>   "N: idea"                            target: the script
 *   <denoise>  text with spans replaced by <mask>                  target: the text
 */
#define M6_SPECIAL_TOKENS                                                                                              \
    "<pad>", "<bos>", "<eos>", "<mask>", "<boi>", "<yes>", "<no>", "<caption_en>", "<caption_zh>", "<ask>", "<match>", \
        "<draw>", "<script_en>", "<script_zh>", "<denoise>"

/* Weight names. Matrices are out × in, row-major; norms and biases are vectors.
 *
 *   embed.weight [vocab, d]   head.weight [vocab, d]   pos.text [text_max, d]   pos.row [patch_h, d]   pos.col [patch_w, d]
 *   pos.frame [M6_FRAMES_MAX, d]   pos.code_row [code_h, d]   pos.code_col [code_w, d]   kind.weight [M6_KINDS, d]
 *   code.embed.S [codes, d] for S in 0 … slots-1
 *   layer.I.ln1.{gain,bias}  layer.I.qkv.{weight [3d, d],bias}  layer.I.out.{weight [d, d],bias}  layer.I.ln2.{gain,bias}
 *   layer.I.up.{weight [ffn, d],bias}  layer.I.down.{weight [d, ffn],bias}                       (dense layers)
 *   layer.I.router.weight [experts, d]   layer.I.expert.E.up.{weight,bias}  layer.I.expert.E.down.{weight,bias}
 *   norm.{gain,bias}
 *   depth.proj.S.{weight [d, d],bias}  depth.ln1.{gain,bias}  depth.up.{weight [depth_ffn, d],bias}
 *   depth.down.{weight [d, depth_ffn],bias}  depth.ln2.{gain,bias}  depth.out.S.{weight [codes, d],bias}
 *   stem.T.in.{weight,bias}  stem.T.block.{ln.{gain,bias},a.{weight,bias},b.{weight,bias}}  for T in 0 … 2
 *   stem.ln.{gain,bias}  stem.out.{weight [d, 6·stem[2]],bias}
 *   tok.enc.T.in.{weight,bias}  tok.enc.T.block.B.{ln,a,b}…  for T in 0, 1;  tok.enc.ln.{gain,bias}
 *   tok.enc.out.{weight [levels, ch1],bias}
 *   tok.dec.in.{weight [ch1, levels],bias}  tok.dec.place.1 [places of the grid at 1/8, ch1]  tok.dec.conv.{weight,bias}  tok.dec.1.block.B…  (at 1/8)
 *   tok.dec.up.ln.{gain,bias}  tok.dec.up.{weight [4·ch0, ch1],bias}  tok.dec.place.0 [the same places, 4·ch0]  tok.dec.0.block.B…  (at 1/4)
 *   tok.dec.out.ln.{gain,bias}  tok.dec.out.{weight [48, ch0],bias}
 *
 * In the shipped file a matrix may be I8 with a companion NAME.scale, F32 [out]: value = I8 · scale of its row; or BF16
 * or F32. Vectors are F32. */

#endif
