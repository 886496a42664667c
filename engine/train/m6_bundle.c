/* What examples become: the tasks of the M6 family over one picture, drawings, scripts, denoising. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/data_random.h"
#include "train/m6.h"

enum { TOKENS_MAX = 4096, PLACES_MAX = 4096 };

enum m6_status m6_tasks_init(struct m6_tasks *t, const struct m6_config *config, const struct m6_objectives *objective,
                             const struct m6_tokenizer *tokenizer, struct m6_error *err)
{
    struct m6_tokens *k = &t->token;
    const struct {
        const char *text;
        int32_t *id;
    } special[] = {{"<pad>", &k->pad},
                   {"<bos>", &k->bos},
                   {"<eos>", &k->eos},
                   {"<mask>", &k->mask},
                   {"<boi>", &k->boi},
                   {"<yes>", &k->yes},
                   {"<no>", &k->no},
                   {"<caption_en>", &k->caption[M6_LANG_EN]},
                   {"<caption_zh>", &k->caption[M6_LANG_ZH]},
                   {"<ask>", &k->ask},
                   {"<match>", &k->match},
                   {"<draw>", &k->draw},
                   {"<script_en>", &k->script[M6_LANG_EN]},
                   {"<script_zh>", &k->script[M6_LANG_ZH]},
                   {"<denoise>", &k->denoise}};
    t->config = config;
    t->objective = objective;
    t->tokenizer = tokenizer;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if ((*special[i].id = m6_tokenizer_special(tokenizer, special[i].text)) < 0)
            return m6_fail(err, M6_ERR_MODEL, "the tokenizer has no token %s: train it with the bpe recipe",
                           special[i].text);
    if (m6_tokenizer_vocab(tokenizer) > config->vocab)
        return m6_fail(err, M6_ERR_MODEL, "the tokenizer has %d tokens, the model's config only %d",
                       m6_tokenizer_vocab(tokenizer), config->vocab);
    if (m6_config_places(config) > PLACES_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "the config has more than %d places", PLACES_MAX);
    return M6_OK;
}

/* task, text, <eos>; returns how many. */
static int source(const struct m6_tasks *t, int32_t task, const char *text, int32_t *out)
{
    int n = 0;
    out[n++] = task;
    const int got = m6_tokenizer_encode(t->tokenizer, text, strlen(text), out + n, TOKENS_MAX - 2);
    n += got < 0 ? 0 : got < TOKENS_MAX - 2 ? got : TOKENS_MAX - 2;
    out[n++] = t->token.eos;
    return n;
}

static void ask(const struct m6_tasks *t, struct m6_batch *b, int parent, int32_t task, const char *text,
                const char *answer, enum m6_objective objective)
{
    int32_t token[TOKENS_MAX];
    int n = source(t, task, text, token);
    const int segment = m6_batch_source(b, parent, token, n);
    n = source(t, 0, answer, token);
    m6_batch_target(b, segment, t->token.bos, token + 1, n - 1, objective);
}

static void match(const struct m6_tasks *t, struct m6_batch *b, int parent, const char *text, int truth)
{
    int32_t token[TOKENS_MAX];
    if (!text[0])
        return;
    const int segment = m6_batch_source(b, parent, token, source(t, t->token.match, text, token));
    m6_batch_target(b, segment, t->token.bos, truth ? &t->token.yes : &t->token.no, 1, M6_MATCH);
}

/* A prompt as typed, in the words of captions. Returns the prompt's segment, or -1. */
static int rewrite(const struct m6_tasks *t, struct m6_batch *b, const char *prompt, const char *caption)
{
    int32_t token[TOKENS_MAX];
    if (t->objective->rewrite <= 0 || !prompt[0] || !caption[0])
        return -1;
    const int segment = m6_batch_source(b, -1, token, source(t, t->token.draw, prompt, token));
    const int n = source(t, 0, caption, token);
    m6_batch_target(b, segment, t->token.bos, token + 1, n - 1, M6_REWRITE);
    return segment;
}

/* Nine in ten drawings have a prompt, in either language. Where prompts are rewritten it is mostly the caption, else
 * mostly what was typed. */
static void draw(const struct m6_tasks *t, struct m6_batch *b, const struct m6_example *e, const int32_t *code,
                 const float *share, struct m6_rng *r)
{
    const int places = m6_config_places(t->config);
    int32_t token[TOKENS_MAX];
    float weight[PLACES_MAX];
    uint8_t hidden[PLACES_MAX];
    int lang = m6_rng_below(r, M6_LANGS);
    if (!e->caption[lang][0] && !e->prompt[lang][0])
        lang = !lang;
    const char *caption = e->caption[lang];
    const int typed = rewrite(t, b, e->prompt[lang], caption);
    const int as_typed = typed < 0 ? m6_rng_below(r, 4) > 0 : m6_rng_below(r, 5) == 0;
    const char *text = as_typed && e->prompt[lang][0] ? e->prompt[lang] : caption;
    if (m6_rng_below(r, 10) == 0)
        text = "";
    const int segment = typed >= 0 && text == e->prompt[lang]
                            ? typed
                            : m6_batch_source(b, -1, token, source(t, t->token.draw, text, token));
    for (int i = 0; i < places; i++)
        weight[i] = 1 + t->objective->subject * share[i];
    if (t->objective->draw_causal > 0)
        m6_batch_drawing(b, segment, code, NULL, t->token.boi, weight);
    if (t->objective->draw_masked <= 0)
        return;
    /* As many hidden as cos(πu/2) says: every stage of a progressive drawing is met. */
    const int count = 1 + (int)((places - 1) * cos(1.5707963267948966 * m6_rng_unit(r)));
    memset(hidden, 0, sizeof hidden);
    for (int i = 0, left = count; i < places; i++)
        if (m6_rng_below(r, places - i) < left) {
            hidden[i] = 1;
            left--;
        }
    m6_batch_drawing(b, segment, code, hidden, t->token.mask, weight);
}

/* What is said and asked of a picture, or of a clip's. */
static void see(const struct m6_tasks *t, struct m6_batch *b, const struct m6_example *e, struct m6_rng *r)
{
    const struct m6_objectives *o = t->objective;
    int picture = -1;
    for (int i = 0; i < e->frames; i++)
        picture = m6_batch_picture(b, picture, i);
    for (int lang = 0; lang < M6_LANGS && o->caption > 0; lang++)
        if (e->caption[lang][0]) {
            /* The task alone, then the caption. */
            const int32_t token[2] = {t->token.caption[lang], t->token.eos};
            int32_t target[TOKENS_MAX];
            const int segment = m6_batch_source(b, picture, token, 2);
            const int n = source(t, 0, e->caption[lang], target);
            const enum m6_objective which = e->frames > 1 ? M6_CLIP : lang == M6_LANG_EN ? M6_CAPTION_EN : M6_CAPTION_ZH;
            m6_batch_target(b, segment, t->token.bos, target + 1, n - 1, which);
        }
    for (int i = 0; i < e->questions && o->question > 0; i++)
        ask(t, b, picture, t->token.ask, e->question[i].question, e->question[i].answer, M6_QUESTION);
    if (o->match > 0) {
        match(t, b, picture, e->caption[m6_rng_below(r, M6_LANGS)], 1);
        match(t, b, picture, e->wrong[m6_rng_below(r, M6_LANGS)], 0);
    }
}

void m6_tasks_example(const struct m6_tasks *t, struct m6_batch *b, const struct m6_example *e, int seen,
                      const int32_t *code, const float *share, uint64_t key)
{
    struct m6_rng r = m6_rng_make(key, 31, 0);
    if (seen)
        see(t, b, e, &r);
    if (code)
        draw(t, b, e, code, share, &r);
}

void m6_tasks_script(const struct m6_tasks *t, struct m6_batch *b, const struct m6_script_example *e)
{
    char idea[M6_CAPTION_BYTES + 16];
    snprintf(idea, sizeof idea, "%d: %s", e->shots, e->idea);
    ask(t, b, -1, t->token.script[e->lang], idea, e->script, M6_SCRIPT);
}

void m6_tasks_denoise(const struct m6_tasks *t, struct m6_batch *b, const char *text, uint64_t key)
{
    struct m6_rng r = m6_rng_make(key, 37, 0);
    int32_t token[TOKENS_MAX], noisy[TOKENS_MAX];
    if (!text[0])
        return;
    const int n = source(t, 0, text, token);
    int count = 0;
    noisy[count++] = t->token.denoise;
    for (int i = 1; i < n - 1;) {
        /* Spans of one to five tokens; about a third of all is hidden. */
        if (m6_rng_below(&r, 7) == 0) {
            noisy[count++] = t->token.mask;
            i += 1 + m6_rng_below(&r, 5);
        } else {
            noisy[count++] = token[i++];
        }
    }
    noisy[count++] = t->token.eos;
    const int segment = m6_batch_source(b, -1, noisy, count);
    m6_batch_target(b, segment, t->token.bos, token + 1, n - 1, M6_DENOISE);
}
