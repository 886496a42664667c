#include "text/lexicon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

enum { WORD_MAX = 64 }; /* bytes of an English word that is looked up; longer ones are unknown */

/* Words that say nothing of what is to be seen. A prompt of these alone asks for nothing. */
static const char *const plain_en[] = {
    "a",    "about", "all",   "among", "an",    "and",  "are",  "as",    "at",    "be",    "by",    "can",   "do",
    "does", "draw",  "drawing", "for", "from",  "has",  "have", "how",   "i",     "image", "in",    "is",    "it",
    "like", "make",  "makes", "many",  "me",    "my",   "no",   "not",   "of",    "on",    "one",   "or",    "paint",
    "picture", "please", "see", "show", "that", "the",  "there", "this", "to",    "two",   "want",  "what",  "when",
    "where", "which", "while", "who",  "with",  "would", "yes", "you",   "your",
};
static const char *const plain_zh[] = {
    "一", "一个", "一匹", "一只", "一幅", "一座", "一张", "一棵", "一艘", "一辆", "一部", "上", "下", "不", "不是", "与",
    "两", "两个", "个", "中", "么", "之", "了", "于", "什", "什么", "何", "几", "几个", "匹", "只", "向", "吗", "和",
    "哪", "哪个", "哪里", "图", "图片", "图里", "在", "多少", "如何", "对", "对吗", "幅", "座", "张", "往", "怎", "怎么",
    "怎么样", "我", "我想", "是", "是不是", "是吗", "有", "有什么", "有没有", "棵", "正在", "没", "画", "画面", "的",
    "着", "种", "给", "给我", "艘", "请", "请画", "辆", "还", "还是", "这", "部", "里",
};

static int is_plain(const char *const *plain, size_t count, const char *word, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(plain[i], word, size) == 0 && !plain[i][size])
            return 1;
    return 0;
}
static int is_plain_english(const char *word, size_t size)
{
    return is_plain(plain_en, sizeof plain_en / sizeof *plain_en, word, size);
}
static int is_plain_chinese(const char *word, size_t size)
{
    return is_plain(plain_zh, sizeof plain_zh / sizeof *plain_zh, word, size);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void free_words(char **word, int count)
{
    for (int i = 0; i < count; i++)
        free(word[i]);
    free(word);
}

static enum m6_status read_words(const cJSON *object, const char *key, char ***words, int *count, const char *name,
                                 struct m6_error *err)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!list)
        return M6_OK;
    if (!cJSON_IsArray(list))
        return m6_fail(err, M6_ERR_FORMAT, "%s: \"lexicon\" has \"%s\" that is no list", name, key);
    *words = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof **words);
    if (!*words)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the lexicon of %s", name);
    for (const cJSON *item = list->child; item; item = item->next) {
        const char *text = cJSON_GetStringValue(item);
        if (!text || !*text || m6_utf8_valid(text, strlen(text)) != strlen(text))
            return m6_fail(err, M6_ERR_FORMAT, "%s: \"lexicon\" has an entry under \"%s\" that is no word", name, key);
        char *word = strdup(text);
        if (!word)
            return m6_fail(err, M6_ERR_MEMORY, "no memory for the lexicon of %s", name);
        for (char *p = word; *p; p++)
            *p = lower(*p);
        (*words)[(*count)++] = word;
    }
    return M6_OK;
}

static void hint_at(struct m6_lexicon *lexicon, char *const *word, int count, int most,
                    int (*plain)(const char *word, size_t size))
{
    size_t used = strlen(lexicon->hint);
    for (int i = 0, said = 0; i < count && said < most; i++) {
        if (plain(word[i], strlen(word[i])) || (*word[i] >= '0' && *word[i] <= '9'))
            continue;
        said++;
        const size_t need = strlen(word[i]) + (used ? 2 : 0);
        if (used + need >= sizeof lexicon->hint)
            break;
        used += (size_t)snprintf(lexicon->hint + used, sizeof lexicon->hint - used, "%s%s", used ? ", " : "", word[i]);
    }
}

enum m6_status m6_lexicon_init(struct m6_lexicon *lexicon, const cJSON *object, const char *name,
                               struct m6_error *err)
{
    *lexicon = (struct m6_lexicon){0};
    if (object && !cJSON_IsObject(object))
        return m6_fail(err, M6_ERR_FORMAT, "%s: \"lexicon\" is no object", name);
    enum m6_status status = read_words(object, "en", &lexicon->en, &lexicon->en_count, name, err);
    if (!status)
        status = read_words(object, "zh", &lexicon->zh, &lexicon->zh_count, name, err);
    if (status) {
        m6_lexicon_finish(lexicon);
        return status;
    }
    hint_at(lexicon, lexicon->en, lexicon->en_count, 8, is_plain_english);
    hint_at(lexicon, lexicon->zh, lexicon->zh_count, 6, is_plain_chinese);
    if (lexicon->en_count)
        qsort(lexicon->en, (size_t)lexicon->en_count, sizeof *lexicon->en, by_bytes);
    if (lexicon->zh_count)
        qsort(lexicon->zh, (size_t)lexicon->zh_count, sizeof *lexicon->zh, by_bytes);
    for (int i = 0; i < lexicon->zh_count; i++) {
        const size_t size = strlen(lexicon->zh[i]);
        lexicon->zh_longest = size > lexicon->zh_longest ? size : lexicon->zh_longest;
    }
    return M6_OK;
}

void m6_lexicon_finish(struct m6_lexicon *lexicon)
{
    free_words(lexicon->en, lexicon->en_count);
    free_words(lexicon->zh, lexicon->zh_count);
    *lexicon = (struct m6_lexicon){0};
}

/* Whether the list has exactly these bytes. */
static int has(char *const *word, int count, const char *text, size_t size)
{
    int low = 0, high = count;
    while (low < high) {
        const int middle = (low + high) / 2;
        int order = strncmp(word[middle], text, size);
        if (!order)
            order = word[middle][size] ? 1 : 0;
        if (!order)
            return 1;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

struct report {
    char *out;
    size_t size, used;
    int unknown, known, full;
};

/* Whether the same unknown word was met earlier: prompts are short, so the text itself is the record. */
static int reported(const struct report *r, const char *word, size_t size)
{
    for (size_t at = 0; at < r->used;) {
        const char *end = strstr(r->out + at, ", ");
        const size_t length = end ? (size_t)(end - (r->out + at)) : r->used - at;
        if (length == size && memcmp(r->out + at, word, size) == 0)
            return 1;
        at += length + 2;
    }
    return 0;
}

static void report(struct report *r, const char *word, size_t size)
{
    if (reported(r, word, size))
        return;
    r->unknown++;
    const size_t need = size + (r->used ? 2 : 0);
    if (r->full || r->used + need >= r->size) {
        r->full = 1;
        return;
    }
    if (r->used)
        memcpy(r->out + r->used, ", ", 2);
    memcpy(r->out + r->used + (r->used ? 2 : 0), word, size);
    r->used += need;
    r->out[r->used] = '\0';
}

/* ---- English ---- */

static int is_letter(uint32_t cp)
{
    return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') || (cp >= 0xc0 && cp < 0x250 && cp != 0xd7 && cp != 0xf7);
}

static int known_english(const struct m6_lexicon *lexicon, const char *word, size_t size)
{
    const int count = lexicon->en_count;
    if (has(lexicon->en, count, word, size))
        return 1;
    if (size > 2 && word[size - 1] == 's' && has(lexicon->en, count, word, size - 1))
        return 1;
    return size > 3 && memcmp(word + size - 2, "es", 2) == 0 && has(lexicon->en, count, word, size - 2);
}

/* 's says nothing about the world; neither do the t and re of contractions. */
static size_t contraction(const char *text, size_t size)
{
    uint32_t cp = 0;
    size_t length = (size_t)m6_utf8_char(text, size, &cp);
    if (cp != '\'' && cp != 0x2019)
        return 0;
    for (int n; (n = m6_utf8_char(text + length, size - length, &cp)) && is_letter(cp);)
        length += (size_t)n;
    return length;
}

static size_t english_word(const struct m6_lexicon *lexicon, struct report *r, const char *text, size_t size)
{
    char word[WORD_MAX + 4];
    size_t length = 0, kept = 0;
    uint32_t cp;
    for (int n; length < size && (n = m6_utf8_char(text + length, size - length, &cp)) && is_letter(cp); length += (size_t)n)
        for (int i = 0; i < n && kept < WORD_MAX; i++)
            word[kept++] = lower(text[length + (size_t)i]);
    kept = m6_utf8_valid(word, kept);
    if (known_english(lexicon, word, kept))
        r->known += !is_plain_english(word, kept);
    else
        report(r, word, kept);
    return length + contraction(text + length, size - length);
}

/* ---- Chinese ---- */

static int is_han(uint32_t cp)
{
    return (cp >= 0x4e00 && cp <= 0x9fff) || (cp >= 0x3400 && cp <= 0x4dbf) || (cp >= 0x20000 && cp <= 0x3ffff) ||
           (cp >= 0xf900 && cp <= 0xfaff);
}

static size_t chinese_word(const struct m6_lexicon *lexicon, struct report *r, const char *text, size_t size)
{
    const size_t one = (size_t)m6_utf8_char(text, size, NULL);
    for (size_t length = size < lexicon->zh_longest ? size : lexicon->zh_longest; length >= one; length--)
        if (has(lexicon->zh, lexicon->zh_count, text, length)) {
            r->known += !is_plain_chinese(text, length);
            return length;
        }
    report(r, text, one);
    return one;
}

/* ---- whatever else can be read or seen ---- */

/* Letters of other scripts, signs of the full width, pictographs. Punctuation, digits and marks that join are not. */
static int is_other(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
    } range[] = {
        {0x250, 0x2af},   {0x370, 0x1fff},  {0x2600, 0x27bf}, {0x2c00, 0x2dff}, {0x3041, 0x31ff},   {0xa000, 0xd7ff},
        {0xfb00, 0xfdff}, {0xfe70, 0xfefe}, {0xff21, 0xff3a}, {0xff41, 0xff5a}, {0xff66, 0xffdc},   {0x10000, 0x1ffff},
    };
    for (size_t i = 0; i < sizeof range / sizeof *range; i++)
        if (cp >= range[i].first && cp <= range[i].last)
            return 1;
    return 0;
}

static size_t other_word(struct report *r, const char *text, size_t size)
{
    size_t length = 0;
    uint32_t cp;
    for (int n; length < WORD_MAX && (n = m6_utf8_char(text + length, size - length, &cp)) && is_other(cp);)
        length += (size_t)n;
    report(r, text, length);
    return length;
}

int m6_lexicon_unknown(const struct m6_lexicon *lexicon, const char *text, char *out, size_t size, int *known)
{
    struct report r = {.out = out, .size = size};
    if (size)
        out[0] = '\0';
    const size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        uint32_t cp;
        const int n = m6_utf8_char(text + at, length - at, &cp);
        if (n && is_letter(cp) && lexicon->en_count)
            at += english_word(lexicon, &r, text + at, length - at);
        else if (n && is_han(cp) && lexicon->zh_count)
            at += chinese_word(lexicon, &r, text + at, length - at);
        else if (n && is_other(cp) && (lexicon->en_count || lexicon->zh_count))
            at += other_word(&r, text + at, length - at);
        else
            at += n ? (size_t)n : 1;
    }
    if (known)
        *known = r.known;
    return r.unknown;
}
