/* From a text to marks: the longest phrase that the lexicon knows, place by place. */
#include "lexicon.h"

#include <ctype.h>
#include <string.h>

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Length of `phrase` at the start of text, or 0. A space matches any run of spaces and hyphens; the
 * last word may carry a plural's s or es. */
static size_t match_en(const char *text, const char *phrase)
{
    const char *p = text;

    for (; *phrase; phrase++) {
        if (*phrase == ' ') {
            const char *from = p;
            while (*p == ' ' || *p == '-' || *p == '\n' || *p == '\t')
                p++;
            if (p == from)
                return 0;
        } else {
            if (tolower((unsigned char)*p) != *phrase)
                return 0;
            p++;
        }
    }
    for (int i = 0; i < 3; i++) {
        static const char *const endings[] = {"", "s", "es"};
        size_t n = strlen(endings[i]);
        if (!strncasecmp(p, endings[i], n) && !is_letter(p[n]))
            return (size_t)(p - text) + n;
    }
    return 0;
}

static size_t match_zh(const char *text, const char *phrase)
{
    size_t n = strlen(phrase);

    return strncmp(text, phrase, n) ? 0 : n;
}

static size_t skip_word(const char *text, enum sw_lang lang)
{
    size_t n = 1;

    if (lang == SW_EN && is_letter(*text)) {
        while (is_letter(text[n]))
            n++;
        return n;
    }
    if ((unsigned char)*text >= 0xc0)
        while (((unsigned char)text[n] & 0xc0) == 0x80)
            n++;
    return n;
}

static int is_mark(const char *text, const char *const *marks)
{
    for (; *marks; marks++)
        if (!strncmp(text, *marks, strlen(*marks)))
            return 1;
    return 0;
}

static int has_preposition(const char *phrase)
{
    static const char *const starts[] = {"at ",    "on ",      "in",      "by ",
                                         "among ", "between ", "beside ", NULL};

    return is_mark(phrase, starts);
}

int sw_read_marks(const char *text, enum sw_lang lang, struct sw_mark *marks, int most)
{
    static const char *const stops[] = {".", "!", "?", "\n\n", "。", "！", "？", NULL};
    static const char *const commas[] = {",", ";", ":", "，", "；", "：", "、", NULL};
    const struct sw_entry *lexicon = lang == SW_ZH ? sw_lexicon_zh : sw_lexicon_en;
    int n = 0;

    while (*text && n < most) {
        const struct sw_entry *best = NULL;
        size_t longest = 0;

        if (is_mark(text, stops)) {
            marks[n++] = (struct sw_mark){SW_T_STOP, 0};
            text += skip_word(text, lang);
            continue;
        }
        if (is_mark(text, commas)) {
            marks[n++] = (struct sw_mark){SW_T_COMMA, 0};
            text += skip_word(text, lang);
            continue;
        }
        for (const struct sw_entry *e = lexicon; e->phrase; e++) {
            size_t length = lang == SW_ZH ? match_zh(text, e->phrase) : match_en(text, e->phrase);
            if (length > longest) {
                longest = length;
                best = e;
            }
        }
        if (best) {
            /* "red at sea" is not "red sea". */
            if (lang == SW_EN && best->class == SW_T_PLACE && has_preposition(best->phrase) &&
                n + 1 < most)
                marks[n++] = (struct sw_mark){SW_T_WORD, 0};
            marks[n++] = (struct sw_mark){(enum sw_class)best->class, best->value};
            text += longest;
            continue;
        }
        if (is_letter(*text) || (unsigned char)*text >= 0x80)
            marks[n++] = (struct sw_mark){SW_T_WORD, 0};
        text += skip_word(text, lang);
    }
    return n;
}
