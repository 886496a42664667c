#define PCRE2_CODE_UNIT_WIDTH 8
#include "train/bpe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pcre2.h>

#include "families/m6/config.h"

static const char *const specials[] = {M6_SPECIAL_TOKENS};
enum { SPECIALS = sizeof specials / sizeof *specials, BYTES = 256 };

/* A distinct piece of text, how often it was seen, and what it is made of so far. */
struct word {
    int first, length; /* in bpe.symbol */
    int64_t count;
};

struct token {
    char *text;
    int size, pair[2];
};

struct m6_bpe {
    pcre2_code *pattern;
    pcre2_match_data *match;
    char **lexicon;
    int lexicon_count, longest;
    struct word *word;
    int words, words_room;
    int32_t *symbol;
    int symbols, symbols_room;
    int32_t *slot; /* hash of words: index + 1 */
    int slots;
    struct token *token;
    int tokens, tokens_room;
};

int m6_bpe_specials(void)
{
    return SPECIALS;
}

int m6_bpe_vocab(const struct m6_bpe *b)
{
    return b->tokens;
}

const char *m6_bpe_token(const struct m6_bpe *b, int id, int *size)
{
    *size = b->token[id].size;
    return b->token[id].text;
}

int m6_bpe_merge(const struct m6_bpe *b, int id, int pair[2])
{
    memcpy(pair, b->token[id].pair, sizeof b->token[id].pair);
    return id >= SPECIALS + BYTES;
}

static enum m6_status no_memory(struct m6_error *err)
{
    return m6_fail(err, M6_ERR_MEMORY, "no memory to learn a vocabulary");
}

static int grow(void **array, int *room, int need, size_t size)
{
    if (need <= *room)
        return 1;
    const int more = need + need / 2 + 64;
    void *p = realloc(*array, (size_t)more * size);
    if (!p)
        return 0;
    *array = p;
    *room = more;
    return 1;
}

static int add_token(struct m6_bpe *b, const char *text, int size, int left, int right)
{
    if (!grow((void **)&b->token, &b->tokens_room, b->tokens + 1, sizeof *b->token))
        return 0;
    struct token *t = &b->token[b->tokens];
    *t = (struct token){malloc((size_t)size + 1), size, {left, right}};
    if (!t->text)
        return 0;
    memcpy(t->text, text, (size_t)size);
    t->text[size] = '\0';
    b->tokens++;
    return 1;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum m6_status m6_bpe_create(struct m6_bpe **out, const char *const *lexicon, struct m6_error *err)
{
    struct m6_bpe *b = calloc(1, sizeof *b);
    *out = NULL;
    if (!b)
        return no_memory(err);
    int code, good = 1;
    size_t at;
    b->pattern = pcre2_compile((PCRE2_SPTR)M6_BPE_PATTERN, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &code, &at,
                               NULL);
    b->match = b->pattern ? pcre2_match_data_create_from_pattern(b->pattern, NULL) : NULL;
    good = b->match != NULL;
    if (good)
        pcre2_jit_compile(b->pattern, PCRE2_JIT_COMPLETE);
    int room = 0;
    for (int i = 0; good && lexicon && lexicon[i]; i++) {
        const int size = (int)strlen(lexicon[i]);
        if (!(good = grow((void **)&b->lexicon, &room, b->lexicon_count + 1, sizeof *b->lexicon)))
            break;
        good = (b->lexicon[b->lexicon_count] = strdup(lexicon[i])) != NULL;
        b->lexicon_count += good;
        b->longest = size > b->longest ? size : b->longest;
    }
    if (good && b->lexicon_count)
        qsort(b->lexicon, (size_t)b->lexicon_count, sizeof *b->lexicon, compare);
    for (int i = 0; good && i < SPECIALS; i++)
        good = add_token(b, specials[i], (int)strlen(specials[i]), -1, -1);
    for (int i = 0; good && i < BYTES; i++)
        good = add_token(b, &(char){(char)i}, 1, -1, -1);
    if (!good) {
        m6_bpe_destroy(b);
        return no_memory(err);
    }
    *out = b;
    return M6_OK;
}

void m6_bpe_destroy(struct m6_bpe *b)
{
    if (!b)
        return;
    for (int i = 0; i < b->lexicon_count; i++)
        free(b->lexicon[i]);
    for (int i = 0; i < b->tokens; i++)
        free(b->token[i].text);
    pcre2_match_data_free(b->match);
    pcre2_code_free(b->pattern);
    free(b->lexicon);
    free(b->word);
    free(b->symbol);
    free(b->slot);
    free(b->token);
    free(b);
}

static uint32_t hash(const char *s, int n)
{
    uint32_t h = 2166136261u;
    for (int i = 0; i < n; i++)
        h = (h ^ (uint8_t)s[i]) * 16777619u;
    return h;
}

static int same(const struct m6_bpe *b, const struct word *w, const char *s, int n)
{
    if (w->length != n)
        return 0;
    for (int i = 0; i < n; i++)
        if (b->symbol[w->first + i] != SPECIALS + (uint8_t)s[i])
            return 0;
    return 1;
}

/* Makes the hash of words twice as large. */
static int rehash(struct m6_bpe *b)
{
    const int slots = b->slots ? 2 * b->slots : 4096;
    int32_t *slot = calloc((size_t)slots, sizeof *slot);
    if (!slot)
        return 0;
    for (int i = 0; i < b->words; i++) {
        char text[1024];
        for (int k = 0; k < b->word[i].length; k++)
            text[k] = (char)(b->symbol[b->word[i].first + k] - SPECIALS);
        uint32_t at = hash(text, b->word[i].length) & (uint32_t)(slots - 1);
        while (slot[at])
            at = (at + 1) & (uint32_t)(slots - 1);
        slot[at] = i + 1;
    }
    free(b->slot);
    b->slot = slot;
    b->slots = slots;
    return 1;
}

static int count_word(struct m6_bpe *b, const char *s, int n)
{
    if (n > 1024)
        n = 1024;
    if (2 * b->words >= b->slots && !rehash(b))
        return 0;
    uint32_t at = hash(s, n) & (uint32_t)(b->slots - 1);
    for (; b->slot[at]; at = (at + 1) & (uint32_t)(b->slots - 1))
        if (same(b, &b->word[b->slot[at] - 1], s, n)) {
            b->word[b->slot[at] - 1].count++;
            return 1;
        }
    if (!grow((void **)&b->word, &b->words_room, b->words + 1, sizeof *b->word) ||
        !grow((void **)&b->symbol, &b->symbols_room, b->symbols + n, sizeof *b->symbol))
        return 0;
    b->word[b->words] = (struct word){b->symbols, n, 1};
    for (int i = 0; i < n; i++)
        b->symbol[b->symbols++] = SPECIALS + (uint8_t)s[i];
    b->slot[at] = ++b->words;
    return 1;
}

static int in_lexicon(const struct m6_bpe *b, const char *s, int n)
{
    int low = 0, high = b->lexicon_count;
    while (low < high) {
        const int mid = (low + high) / 2;
        int order = strncmp(b->lexicon[mid], s, (size_t)n);
        if (!order)
            order = b->lexicon[mid][n] != '\0';
        if (!order)
            return 1;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return 0;
}

static int character(const char *s)
{
    const uint8_t c = (uint8_t)*s;
    return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* CJK ideographs are three bytes from U+3400 to U+9FFF; rarer planes stay whole runs. */
static int is_han(const char *s, int n)
{
    if (n < 3)
        return 0;
    const uint8_t *u = (const uint8_t *)s;
    const int code = (u[0] & 15) << 12 | (u[1] & 63) << 6 | (u[2] & 63);
    return u[0] >= 0xe3 && u[0] <= 0xe9 && code >= 0x3400 && code <= 0x9fff;
}

static int count_piece(struct m6_bpe *b, const char *s, int n)
{
    if (!b->lexicon_count || !is_han(s, n))
        return count_word(b, s, n);
    while (n > 0) {
        int take = n < b->longest ? n : b->longest;
        while (take > 0 && !in_lexicon(b, s, take))
            take--;
        if (!take)
            take = character(s) < n ? character(s) : n;
        if (!count_word(b, s, take))
            return 0;
        s += take;
        n -= take;
    }
    return 1;
}

enum m6_status m6_bpe_add(struct m6_bpe *b, const char *text, size_t size, struct m6_error *err)
{
    size_t at = 0;
    while (at < size) {
        if (pcre2_match(b->pattern, (PCRE2_SPTR)text, size, at, 0, b->match, NULL) <= 0)
            return m6_fail(err, M6_ERR_FORMAT, "a text is not UTF-8 (after byte %zu)", at);
        const size_t *span = pcre2_get_ovector_pointer(b->match);
        if (!count_piece(b, text + span[0], (int)(span[1] - span[0])))
            return no_memory(err);
        at = span[1];
    }
    return M6_OK;
}

/* ---- merging ---- */

struct pair_count {
    int32_t left, right;
    int64_t count;
};
/* Open addressing; an empty place has left == -1. */
struct pairs {
    struct pair_count *at;
    uint32_t room, used;
};

static struct pair_count *find_pair(struct pairs *p, int left, int right)
{
    uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9e3779b97f4a7c15u;
    uint32_t i = (uint32_t)(h >> 32) & (p->room - 1);
    while (p->at[i].left >= 0 && (p->at[i].left != left || p->at[i].right != right))
        i = (i + 1) & (p->room - 1);
    return &p->at[i];
}

static int pairs_grow(struct pairs *p)
{
    struct pairs more = {NULL, p->room ? 2 * p->room : 1u << 14, p->used};
    if (!(more.at = malloc(more.room * sizeof *more.at)))
        return 0;
    for (uint32_t i = 0; i < more.room; i++)
        more.at[i] = (struct pair_count){-1, -1, 0};
    for (uint32_t i = 0; i < p->room; i++)
        if (p->at[i].left >= 0)
            *find_pair(&more, p->at[i].left, p->at[i].right) = p->at[i];
    free(p->at);
    *p = more;
    return 1;
}

static int tally_pair(struct pairs *p, int left, int right, int64_t count)
{
    if (2 * p->used >= p->room && !pairs_grow(p))
        return 0;
    struct pair_count *c = find_pair(p, left, right);
    if (c->left < 0) {
        *c = (struct pair_count){left, right, 0};
        p->used++;
    }
    c->count += count;
    return 1;
}

static int tally_word(struct pairs *p, const struct m6_bpe *b, const struct word *w, int64_t sign)
{
    for (int i = 0; i + 1 < w->length; i++)
        if (!tally_pair(p, b->symbol[w->first + i], b->symbol[w->first + i + 1], sign * w->count))
            return 0;
    return 1;
}

/* Joins left and right wherever they meet, and keeps the counts. */
static int join(struct m6_bpe *b, struct pairs *p, int left, int right, int merged)
{
    for (int i = 0; i < b->words; i++) {
        struct word *w = &b->word[i];
        int32_t *s = b->symbol + w->first;
        int found = 0;
        for (int k = 0; k + 1 < w->length && !found; k++)
            found = s[k] == left && s[k + 1] == right;
        if (!found)
            continue;
        if (!tally_word(p, b, w, -1))
            return 0;
        int to = 0;
        for (int from = 0; from < w->length; to++)
            if (from + 1 < w->length && s[from] == left && s[from + 1] == right) {
                s[to] = merged;
                from += 2;
            } else {
                s[to] = s[from++];
            }
        w->length = to;
        if (!tally_word(p, b, w, 1))
            return 0;
    }
    return 1;
}

enum m6_status m6_bpe_learn(struct m6_bpe *b, int vocab, struct m6_error *err)
{
    struct pairs p = {0};
    int good = 1;
    for (int i = 0; good && i < b->words; i++)
        good = tally_word(&p, b, &b->word[i], 1);
    while (good && b->tokens < vocab) {
        struct pair_count best = {-1, -1, 1};
        for (uint32_t i = 0; i < p.room; i++) {
            const struct pair_count *c = &p.at[i];
            if (c->left >= 0 && (c->count > best.count ||
                                 (c->count == best.count && best.left >= 0 &&
                                  (c->left < best.left || (c->left == best.left && c->right < best.right)))))
                best = *c;
        }
        if (best.left < 0)
            break;
        const struct token *l = &b->token[best.left], *r = &b->token[best.right];
        char text[2048];
        const int size = l->size + r->size;
        memcpy(text, l->text, (size_t)l->size);
        memcpy(text + l->size, r->text, (size_t)r->size);
        good = add_token(b, text, size, best.left, best.right) && join(b, &p, best.left, best.right, b->tokens - 1);
    }
    free(p.at);
    return good ? M6_OK : no_memory(err);
}
