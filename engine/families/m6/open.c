/* From a request to an answer that can start: the family's own checks, tokens, pictures at the model's size. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families/m6/answer.h"
#include "families/m6/keep.h"
#include "image/resize.h"

enum { STEPS_DEFAULT = 10 };

/* ---- tokens ---- */

/* Encodes text behind a first token and leaves room for one more. what names the text in errors. */
static enum m6_status encode(const struct m6_transformer *t, int32_t first, const char *text, int most, const char *what,
                             int32_t **token, int *count, struct m6_error *err)
{
    const size_t size = text ? strlen(text) : 0;
    *token = malloc((size + 2) * sizeof **token);
    if (!*token)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for %s of %zu bytes", what, size);
    (*token)[0] = first;
    const int n = size ? m6_tokenizer_encode(t->tokenizer, text, size, *token + 1, (int)size) : 0;
    if (n < 0)
        return m6_fail(err, (enum m6_status)n, "%s cannot be turned into tokens: %s", what,
                       m6_status_name((enum m6_status)n));
    if (n > most)
        return m6_fail(err, M6_ERR_LIMIT, "%s has %d tokens; this model takes at most %d", what, n, most);
    *count = n + 1;
    return M6_OK;
}

static int32_t task_token(const struct m6_transformer *t, const struct m6_request_params *p)
{
    const int chinese = p->lang && strcmp(p->lang, "zh") == 0;
    switch (p->task) {
    case M6_TASK_CAPTION:
        return chinese ? t->special.caption_zh : t->special.caption_en;
    case M6_TASK_ASK:
        return t->special.ask;
    case M6_TASK_MATCH:
        return t->special.match;
    case M6_TASK_DRAW:
    case M6_TASK_REWRITE:
        return t->special.draw;
    case M6_TASK_SCRIPT:
        break;
    }
    return chinese ? t->special.script_zh : t->special.script_en;
}

static const char *text_name(enum m6_task task)
{
    static const char *const names[] = {"the caption's text", "the question", "the caption", "the prompt", "the idea",
                                        "the prompt"};
    return names[task];
}

static enum m6_status open_source(struct m6_answer *a, const struct m6_request_params *p, struct m6_error *err)
{
    const struct m6_transformer *t = m6_answer_transformer(a);
    const char *text = p->task == M6_TASK_CAPTION ? NULL : p->text;
    const enum m6_status status = encode(t, task_token(t, p), text, t->config.text_max - 2, text_name(p->task),
                                         &a->source, &a->source_count, err);
    if (status)
        return status;
    a->source[a->source_count++] = t->special.eos;
    a->bare[0] = a->source[0];
    a->bare[1] = t->special.eos;
    return M6_OK;
}

/* ---- words ---- */

static enum m6_status warn(struct m6_answer *a, const char *text, const char *more, struct m6_error *err)
{
    char *warning = NULL;
    if (asprintf(&warning, "%s%s%s%s", a->warning ? a->warning : "", a->warning ? "; " : "", text, more) < 0)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a warning");
    free(a->warning);
    a->warning = warning;
    return M6_OK;
}

/* Some unknown words: a warning. Nothing known at all: no picture and no script worth waiting for. */
static enum m6_status check_words(struct m6_answer *a, const char *text, struct m6_error *err)
{
    const struct m6_lexicon *lexicon = &m6_answer_transformer(a)->lexicon;
    char words[200];
    int known;
    const int unknown = m6_lexicon_unknown(lexicon, text, words, sizeof words, &known);
    if (!known && a->task != M6_TASK_ASK && (lexicon->en_count || lexicon->zh_count))
        return unknown ? m6_fail(err, M6_ERR_ARGUMENT,
                                 "this model was never shown any of these words: %s; it knows words such as %s", words,
                                 lexicon->hint)
                       : m6_fail(err, M6_ERR_ARGUMENT, "there is no word in it that says what to show; try words such as %s",
                                 lexicon->hint);
    if (!unknown)
        return M6_OK;
    return warn(a, "this model was never shown: ", words, err);
}

/* "N: idea" */
static enum m6_status check_idea(const char *text, struct m6_error *err)
{
    int shots = 0, at = 0;
    for (; text[at] >= '0' && text[at] <= '9' && shots < 1000; at++)
        shots = 10 * shots + text[at] - '0';
    if (!at || text[at] != ':' || shots < 1 || shots > 99 || !text[at + 1 + (int)strspn(text + at + 1, " \t\r\n")])
        return m6_fail(err, M6_ERR_ARGUMENT,
                       "a script is asked for as \"N: idea\", with 1 to 99 shots, such as \"4: a cat at night\"");
    return M6_OK;
}

/* ---- parts ---- */

static enum m6_status open_pictures(struct m6_answer *a, const struct m6_request_params *p, struct m6_error *err)
{
    const struct m6_config *c = &m6_answer_transformer(a)->config;
    const size_t each = (size_t)c->width * (size_t)c->height * 3;
    const int wanted = p->task == M6_TASK_CAPTION || p->task == M6_TASK_ASK || p->task == M6_TASK_MATCH;
    if (!wanted && p->picture_count)
        return m6_fail(err, M6_ERR_ARGUMENT, "%s takes no pictures",
                       p->task == M6_TASK_DRAW     ? "drawing (but for the one to keep parts of)"
                       : p->task == M6_TASK_SCRIPT ? "a script"
                                                   : "rewriting");
    if (wanted && !p->picture_count)
        return m6_fail(err, M6_ERR_ARGUMENT, "there is no picture to look at");
    if (p->picture_count > M6_FRAMES_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "the request has %d pictures; this model takes at most %d", p->picture_count,
                       M6_FRAMES_MAX);
    if (!wanted)
        return M6_OK;
    a->pictures = malloc((size_t)p->picture_count * each);
    if (!a->pictures)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for %d pictures", p->picture_count);
    enum m6_status status = M6_OK;
    for (; a->picture_count < p->picture_count && !status; a->picture_count++)
        status = m6_letterbox(a->pictures + (size_t)a->picture_count * each, c->width, c->height,
                              &p->pictures[a->picture_count], err);
    return status;
}

static enum m6_status open_text(struct m6_answer *a, const struct m6_request_params *p, struct m6_error *err)
{
    const struct m6_transformer *t = m6_answer_transformer(a);
    const int most = t->config.text_max;
    int32_t *prefix = NULL;
    int given = 1;
    enum m6_status status = encode(t, t->special.bos, p->prefix, most - 2, "the answer's prefix", &prefix, &given, err);
    if (!status && !(a->text.token = malloc(((size_t)most + 1) * sizeof *a->text.token)))
        status = m6_fail(err, M6_ERR_MEMORY, "no memory for an answer of %d tokens", most);
    if (!status) {
        memcpy(a->text.token, prefix, (size_t)given * sizeof *prefix);
        a->text.count = a->text.given = given;
        a->text.max = most + 1; /* the last token is not fed any more, and so needs no place */
        if (p->max_tokens && p->max_tokens < a->text.max - given)
            a->text.max = given + p->max_tokens;
        if (m6_stream_init(&a->text.stream, p->stop))
            status = m6_fail(err, M6_ERR_MEMORY, "no memory for the stop string");
    }
    free(prefix);
    return status;
}

static int alloc_drawing(struct m6_answer *a, const struct m6_config *c)
{
    const size_t places = (size_t)m6_config_places(c), slots = (size_t)c->slots;
    a->draw.code = calloc(places * slots, sizeof *a->draw.code);
    a->draw.drawn = calloc(places * slots, sizeof *a->draw.drawn);
    a->draw.known = calloc(places, 1);
    a->draw.keep = calloc(places, 1);
    a->draw.image = calloc((size_t)c->width * (size_t)c->height, 3);
    a->draw.result = calloc((size_t)c->width * (size_t)c->height, 3);
    a->draw.row[0] = calloc(places, sizeof *a->draw.row[0]);
    a->draw.row[1] = calloc(places, sizeof *a->draw.row[1]);
    a->draw.place = calloc(places, sizeof *a->draw.place);
    a->draw.position = calloc(places, sizeof *a->draw.position);
    a->draw.sure = calloc(places, sizeof *a->draw.sure);
    return a->draw.code && a->draw.drawn && a->draw.known && a->draw.keep && a->draw.image && a->draw.result && a->draw.row[0] && a->draw.row[1] &&
           a->draw.place && a->draw.position && a->draw.sure;
}

static enum m6_status open_drawing(struct m6_answer *a, const struct m6_request_params *p, struct m6_error *err)
{
    const struct m6_config *c = &m6_answer_transformer(a)->config;
    const int places = m6_config_places(c);
    if (!alloc_drawing(a, c))
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a drawing");
    a->draw.mode = p->mode;
    a->draw.guidance = p->guidance > 0 ? p->guidance : 1;
    a->branches = a->draw.guidance == 1 ? 1 : 2;
    if (p->image && p->keep_count) {
        enum m6_status status = m6_letterbox(a->draw.image, c->width, c->height, p->image, err);
        a->draw.kept = m6_keep_places(a->draw.keep, c, p->image, p->keep, p->keep_count);
        memcpy(a->draw.known, a->draw.keep, (size_t)places);
        if (!status && !a->draw.kept)
            status = warn(a, "nothing is kept: no place of the code grid lies wholly inside what was to be", "", err);
        if (status)
            return status;
    }
    const int steps = p->steps ? p->steps : STEPS_DEFAULT;
    a->draw.wanted = places - a->draw.kept;
    a->draw.steps = steps < a->draw.wanted ? steps : a->draw.wanted;
    return M6_OK;
}

/* A request that the whole cache cannot hold would wait for ever. */
static enum m6_status check_cache(const struct m6_answer *a, struct m6_error *err)
{
    const struct m6_cache *cache = &m6_answer_transformer(a)->cache;
    const struct m6_kv *kv = cache->layer;
    const int pages = m6_parts_pages(a) + (a->task == M6_TASK_DRAW ? m6_draw_pages(a, 1) : m6_text_pages(a, 1));
    const double page = (double)m6_cache_page_bytes(cache->layers, kv->kv_heads, kv->head_dim) / 1048576;
    if (pages <= cache->pages)
        return M6_OK;
    return m6_fail(err, M6_ERR_LIMIT, "the request needs %.2f MiB of cache, for up to %d rows; this engine has %.2f MiB",
                   pages * page, pages * M6_PAGE, cache->pages * page);
}

/* ---- the whole ---- */

static enum m6_status open_all(struct m6_answer *a, const struct m6_request_params *p, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    a->task = p->task;
    a->branches = 1;
    a->how = (struct m6_sample){.temperature = p->temperature, .top_k = p->top_k, .top_p = p->top_p > 0 ? p->top_p : 1,
                                .seed = p->seed};
    if (p->task == M6_TASK_SCRIPT)
        status = check_idea(p->text, err);
    if (p->task == M6_TASK_REWRITE && !m6_answer_transformer(a)->config.rewrites)
        status = m6_fail(err, M6_ERR_UNSUPPORTED, "this model was not trained to rewrite prompts; draw them as they are");
    if (!status && p->task != M6_TASK_CAPTION && p->task != M6_TASK_MATCH)
        status = check_words(a, p->text, err);
    if (!status)
        status = open_source(a, p, err);
    if (!status)
        status = open_pictures(a, p, err);
    if (!status)
        status = p->task == M6_TASK_DRAW ? open_drawing(a, p, err) : open_text(a, p, err);
    if (!status)
        status = m6_parts_init(a, err);
    return status ? status : check_cache(a, err);
}

enum m6_status m6_answer_open(struct m6_sequence **out, struct m6_model *model, const struct m6_request_params *p,
                              struct m6_error *err)
{
    struct m6_answer *a = calloc(1, sizeof *a);
    *out = NULL;
    if (!a)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a request");
    a->base.model = model;
    const enum m6_status status = open_all(a, p, err);
    if (status) {
        m6_answer_close(&a->base);
        return status;
    }
    *out = &a->base;
    return M6_OK;
}

void m6_answer_suspend(struct m6_answer *a)
{
    m6_parts_release(a);
    for (int b = 0; b < a->branches; b++)
        m6_branch_clear(m6_answer_transformer(a), &a->branch[b]);
    a->text.fed = a->draw.fed = 0;
}

void m6_answer_close(struct m6_sequence *sequence)
{
    struct m6_answer *a = (struct m6_answer *)sequence;
    if (!a)
        return;
    m6_answer_suspend(a);
    m6_stream_finish(&a->text.stream);
    void *const all[] = {a->warning,       a->pictures,     a->source,    a->memory,     a->text.token,  a->draw.code,
                         a->draw.drawn,    a->draw.known,   a->draw.keep, a->draw.image, a->draw.result, a->draw.row[0],
                         a->draw.row[1],  a->draw.place, a->draw.position, a->draw.sure};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(a);
}
