/* The vocabulary's recipe: its merges are learned from the texts of the first examples of the training split. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/bpe.h"
#include "train/trainer.h"

static enum m6_status add_text(struct m6_bpe *b, const char *text, enum m6_status status, struct m6_error *err)
{
    return status ? status : m6_bpe_add(b, text, strlen(text), err);
}

static enum m6_status add_example(struct m6_bpe *b, const struct m6_example *e, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    for (int l = 0; l < M6_LANGS; l++) {
        status = add_text(b, e->caption[l], status, err);
        status = add_text(b, e->prompt[l], status, err);
    }
    for (int q = 0; q < e->questions; q++) {
        status = add_text(b, e->question[q].question, status, err);
        status = add_text(b, e->question[q].answer, status, err);
    }
    return status;
}

/* What one step of training would read: example i of each kind that there is. */
static enum m6_status add_all(struct m6_bpe *b, const struct m6_source *s, uint64_t i, struct m6_example *e,
                              struct m6_script_example *script, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    for (int clip = 0; clip < 2 && !status; clip++)
        if ((clip ? s->clips : s->stills) && !(status = s->example(s->self, M6_SPLIT_TRAIN, clip, i, e, err)))
            status = add_example(b, e, err);
    if (!status && s->scripts && !(status = s->script(s->self, M6_SPLIT_TRAIN, i, script, err)))
        status = add_text(b, script->script, add_text(b, script->idea, M6_OK, err), err);
    return status;
}

static const char **chinese_words(const struct m6_source *s)
{
    int n = 0;
    while (s->word && s->word(s->self, n, M6_LANG_ZH))
        n++;
    const char **word = calloc((size_t)n + 1, sizeof *word);
    for (int i = 0; word && i < n; i++)
        word[i] = s->word(s->self, i, M6_LANG_ZH);
    return word;
}

enum m6_status m6_bpe_run(const struct m6_recipe *r, const struct m6_source *s, struct m6_error *err)
{
    const char **word = chinese_words(s);
    struct m6_example *e = calloc(1, sizeof *e);
    struct m6_script_example *script = calloc(1, sizeof *script);
    struct m6_bpe *b = NULL;
    char path[M6_PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/tokenizer.json", r->folder);
    enum m6_status status = word && e && script ? m6_bpe_create(&b, word, err)
                                                : m6_fail(err, M6_ERR_MEMORY, "no memory for a vocabulary");
    for (int i = 0; i < r->texts && !status; i++)
        status = add_all(b, s, (uint64_t)i, e, script, err);
    if (!status)
        status = m6_bpe_learn(b, r->vocab, err);
    if (!status)
        status = m6_make_folders(r->folder, err);
    if (!status)
        status = m6_bpe_write(b, path, err);
    if (!status)
        fprintf(stderr, "%s: %d tokens in %s\n", r->path, m6_bpe_vocab(b), path);
    m6_bpe_destroy(b);
    free(word);
    free(e);
    free(script);
    return status;
}
