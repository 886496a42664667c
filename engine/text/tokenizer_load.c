#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "io/json.h"
#include "text/tokenizer_impl.h"
#include "text/utf8.h"

enum { VOCAB_MAX = 1 << 21, FILE_MAX = 256 << 20 };

struct loader {
    struct m6_tokenizer *t;
    const cJSON *vocab, *merges, *added;
    const char *name;
    struct m6_error *err;
    size_t used;      /* of the arena */
    int16_t byte_of[512]; /* GPT-2's alphabet: code point → byte, or -1 */
};

/* Printable Latin-1 stands for itself; the other bytes, in order, take the code points from 256 on. */
static void fill_alphabet(int16_t byte_of[512])
{
    for (int i = 0; i < 512; i++)
        byte_of[i] = -1;
    int next = 256;
    for (int b = 0; b < 256; b++) {
        const int itself = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
        byte_of[itself ? b : next++] = (int16_t)b;
    }
}

/* A token's spelling to its bytes; they are never more. -1 if a character is outside the alphabet. */
static int to_bytes(const struct loader *l, const char *text, size_t size, char *out)
{
    int n = 0;
    for (size_t at = 0; at < size;) {
        uint32_t cp;
        const int length = m6_utf8_char(text + at, size - at, &cp);
        if (!length || cp >= 512 || l->byte_of[cp] < 0)
            return -1;
        out[n++] = (char)l->byte_of[cp];
        at += (size_t)length;
    }
    return n;
}

static enum m6_status find_parts(struct loader *l, const cJSON *root)
{
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(root, "model");
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(model, "type"));
    if (!cJSON_IsObject(root) || !cJSON_IsObject(model))
        return m6_fail(l->err, M6_ERR_FORMAT, "%s has no \"model\"; it is no tokenizer.json", l->name);
    if (type && strcmp(type, "BPE") != 0)
        return m6_fail(l->err, M6_ERR_UNSUPPORTED, "%s: a tokenizer of type \"%.40s\" is not supported, only BPE",
                       l->name, type);
    l->vocab = cJSON_GetObjectItemCaseSensitive(model, "vocab");
    l->merges = cJSON_GetObjectItemCaseSensitive(model, "merges");
    l->added = cJSON_GetObjectItemCaseSensitive(root, "added_tokens");
    if (!cJSON_IsObject(l->vocab) || !cJSON_IsArray(l->merges))
        return m6_fail(l->err, M6_ERR_FORMAT, "%s: the model lacks a \"vocab\" object or a \"merges\" list", l->name);
    if (l->added && !cJSON_IsNull(l->added) && !cJSON_IsArray(l->added))
        return m6_fail(l->err, M6_ERR_FORMAT, "%s: \"added_tokens\" is no list", l->name);
    l->t->ignore_merges = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(model, "ignore_merges"));

    static const char *const affix[] = {"continuing_subword_prefix", "end_of_word_suffix"};
    for (int i = 0; i < 2; i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(model, affix[i]));
        if (text && *text)
            return m6_fail(l->err, M6_ERR_UNSUPPORTED, "%s: \"%s\" is not supported", l->name, affix[i]);
    }
    const cJSON *dropout = cJSON_GetObjectItemCaseSensitive(model, "dropout");
    if (cJSON_IsNumber(dropout) && dropout->valuedouble != 0)
        return m6_fail(l->err, M6_ERR_UNSUPPORTED, "%s: \"dropout\" is not supported", l->name);

    const cJSON *normalizer = cJSON_GetObjectItemCaseSensitive(root, "normalizer");
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(normalizer, "type"));
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(normalizer, "normalizers");
    const int none = !normalizer || cJSON_IsNull(normalizer) ||
                     (kind && !strcmp(kind, "Sequence") && cJSON_IsArray(list) && !list->child);
    if (!none)
        return m6_fail(l->err, M6_ERR_UNSUPPORTED,
                       "%s: the normalizer \"%.40s\" is not supported; if all texts are normalized already, set it to null",
                       l->name, kind ? kind : "");
    return M6_OK;
}

/* ---- tokens ---- */

static enum m6_status id_of(struct loader *l, const cJSON *number, const char *token, int *id)
{
    if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0) || !(number->valuedouble < VOCAB_MAX) ||
        number->valuedouble != (int)number->valuedouble)
        return m6_fail(l->err, M6_ERR_FORMAT, "%s: the id of token \"%.60s\" is no whole number below %d", l->name,
                       token, VOCAB_MAX);
    *id = (int)number->valuedouble;
    return M6_OK;
}

/* Checks all ids, and finds out how many tokens and bytes there are. */
static enum m6_status measure(struct loader *l, size_t *bytes)
{
    enum m6_status status = M6_OK;
    int id = 0, last = -1;
    *bytes = 0;
    for (const cJSON *item = l->vocab->child; item && !status; item = item->next) {
        status = id_of(l, item, item->string, &id);
        last = id > last ? id : last;
        *bytes += strlen(item->string);
    }
    for (const cJSON *item = l->added ? l->added->child : NULL; item && !status; item = item->next) {
        const char *content = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "content"));
        if (!content || !*content)
            return m6_fail(l->err, M6_ERR_FORMAT, "%s has an added token without content", l->name);
        status = id_of(l, cJSON_GetObjectItemCaseSensitive(item, "id"), content, &id);
        last = id > last ? id : last;
        *bytes += strlen(content);
    }
    l->t->vocab = last + 1;
    return status;
}

static const char *keep_bytes(struct loader *l, const char *bytes, size_t size)
{
    char *at = l->t->arena + l->used;
    memcpy(at, bytes, size);
    l->used += size;
    return at;
}

static enum m6_status add_added(struct loader *l)
{
    for (const cJSON *item = l->added ? l->added->child : NULL; item; item = item->next) {
        const char *content = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "content"));
        const int id = (int)cJSON_GetObjectItemCaseSensitive(item, "id")->valuedouble;
        struct m6_token *token = &l->t->token[id];
        if (token->bytes)
            return m6_fail(l->err, M6_ERR_FORMAT, "%s: the added token \"%.60s\" has the id %d of another", l->name,
                           content, id);
        token->size = (uint32_t)strlen(content);
        token->bytes = keep_bytes(l, content, token->size);
        if (!m6_bytemap_add(&l->t->added, token->bytes, token->size, id))
            return m6_fail(l->err, M6_ERR_FORMAT, "%s has the added token \"%.60s\" twice", l->name, content);
        token->special = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(item, "special"));
    }
    return M6_OK;
}

static enum m6_status add_vocab(struct loader *l)
{
    for (const cJSON *item = l->vocab->child; item; item = item->next) {
        const size_t size = strlen(item->string);
        struct m6_token *token = &l->t->token[(int)item->valuedouble];
        const int32_t added = m6_bytemap_find(&l->t->added, item->string, size);
        if (added >= 0 && added == (int)item->valuedouble)
            continue;
        if (token->bytes || added >= 0)
            return m6_fail(l->err, M6_ERR_FORMAT, "%s: the id %d of token \"%.60s\" is taken already", l->name,
                           (int)item->valuedouble, item->string);
        char *at = l->t->arena + l->used;
        const int n = to_bytes(l, item->string, size, at);
        if (n <= 0)
            return m6_fail(l->err, M6_ERR_FORMAT, "%s: token \"%.60s\" is not spelt in the byte-level alphabet",
                           l->name, item->string);
        l->used += (size_t)n;
        token->bytes = at;
        token->size = (uint32_t)n;
        m6_bytemap_add(&l->t->ids, at, (size_t)n, (int32_t)item->valuedouble);
    }
    for (int b = 0; b < 256; b++) {
        const char byte = (char)b;
        l->t->byte[b] = m6_bytemap_find(&l->t->ids, &byte, 1);
        if (l->t->byte[b] < 0)
            return m6_fail(l->err, M6_ERR_FORMAT, "%s: the vocabulary has no token for the byte 0x%02x", l->name, b);
    }
    return M6_OK;
}

/* ---- merges ---- */

static int merge_halves(const cJSON *item, const char *half[2], size_t size[2])
{
    if (cJSON_IsArray(item) && cJSON_GetArraySize(item) == 2) {
        half[0] = cJSON_GetStringValue(item->child);
        half[1] = cJSON_GetStringValue(item->child->next);
        if (!half[0] || !half[1])
            return 0;
        size[0] = strlen(half[0]);
        size[1] = strlen(half[1]);
        return 1;
    }
    const char *text = cJSON_GetStringValue(item), *space = text ? strchr(text, ' ') : NULL;
    if (!space || strchr(space + 1, ' '))
        return 0;
    half[0] = text;
    half[1] = space + 1;
    size[0] = (size_t)(space - text);
    size[1] = strlen(space + 1);
    return 1;
}

/* both: room for the longest merge. */
static enum m6_status add_merge(struct loader *l, const cJSON *item, int rank, char *both)
{
    const char *half[2];
    size_t size[2];
    if (!merge_halves(item, half, size))
        return m6_fail(l->err, M6_ERR_FORMAT, "%s: merge %d is neither \"a b\" nor [\"a\", \"b\"]", l->name, rank);
    const int a = to_bytes(l, half[0], size[0], both);
    const int b = a > 0 ? to_bytes(l, half[1], size[1], both + a) : -1;
    if (a <= 0 || b <= 0)
        return m6_fail(l->err, M6_ERR_FORMAT, "%s: merge %d is not spelt in the byte-level alphabet", l->name, rank);
    const int32_t left = m6_bytemap_find(&l->t->ids, both, (size_t)a);
    const int32_t right = m6_bytemap_find(&l->t->ids, both + a, (size_t)b);
    const int32_t id = m6_bytemap_find(&l->t->ids, both, (size_t)(a + b));
    if (left < 0 || right < 0 || id < 0)
        return m6_fail(l->err, M6_ERR_FORMAT, "%s: merge %d (\"%.30s\") needs a token that the vocabulary lacks",
                       l->name, rank, half[0]);
    if (!m6_merges_add(&l->t->merges, left, right, rank, id))
        return m6_fail(l->err, M6_ERR_FORMAT, "%s: merge %d occurs twice", l->name, rank);
    return M6_OK;
}

static enum m6_status add_merges(struct loader *l)
{
    size_t longest = 0;
    for (const cJSON *item = l->merges->child; item; item = item->next) {
        const char *half[2];
        size_t size[2];
        if (merge_halves(item, half, size) && size[0] + size[1] > longest)
            longest = size[0] + size[1];
    }
    char *both = malloc(longest + 1);
    if (!both)
        return m6_fail(l->err, M6_ERR_MEMORY, "no memory to load %s", l->name);
    enum m6_status status = M6_OK;
    int rank = 0;
    for (const cJSON *item = l->merges->child; item && !status; item = item->next)
        status = add_merge(l, item, rank++, both);
    free(both);
    return status;
}

/* ---- the whole ---- */

static enum m6_status load(struct loader *l, const cJSON *root)
{
    size_t bytes = 0;
    fill_alphabet(l->byte_of);
    enum m6_status status = find_parts(l, root);
    if (!status)
        status = measure(l, &bytes);
    if (status)
        return status;
    struct m6_tokenizer *t = l->t;
    t->token = calloc((size_t)t->vocab + 1, sizeof *t->token);
    t->arena = malloc(bytes + 1);
    if (!t->token || !t->arena || !m6_bytemap_init(&t->ids, (size_t)cJSON_GetArraySize(l->vocab)) ||
        !m6_bytemap_init(&t->added, l->added ? (size_t)cJSON_GetArraySize(l->added) : 0) ||
        !m6_merges_init(&t->merges, (size_t)cJSON_GetArraySize(l->merges)))
        return m6_fail(l->err, M6_ERR_MEMORY, "no memory to load %s", l->name);
    status = add_added(l);
    if (!status)
        status = add_vocab(l);
    if (!status)
        status = add_merges(l);
    if (!status)
        status = m6_split_create(&t->split, cJSON_GetObjectItemCaseSensitive(root, "pre_tokenizer"), l->name, l->err);
    return status;
}

enum m6_status m6_tokenizer_parse(struct m6_tokenizer **out, const char *json, size_t size, const char *name,
                                  struct m6_error *err)
{
    cJSON *root;
    *out = NULL;
    if (size > FILE_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "%s has %zu bytes; the limit is %d", name, size, FILE_MAX);
    enum m6_status status = m6_json_parse(&root, json, size, name, err);
    if (status)
        return status;
    struct m6_tokenizer *t = calloc(1, sizeof *t);
    struct loader l = {.t = t, .name = name, .err = err};
    status = t ? load(&l, root) : m6_fail(err, M6_ERR_MEMORY, "no memory to load %s", name);
    cJSON_Delete(root);
    if (status) {
        m6_tokenizer_destroy(t);
        return status;
    }
    *out = t;
    return M6_OK;
}

enum m6_status m6_tokenizer_load(struct m6_tokenizer **out, const char *path, struct m6_error *err)
{
    struct m6_file file;
    *out = NULL;
    enum m6_status status = m6_file_copy(&file, path, err);
    if (status)
        return status;
    status = m6_tokenizer_parse(out, file.data, file.size, path, err);
    m6_file_unmap(&file);
    return status;
}
