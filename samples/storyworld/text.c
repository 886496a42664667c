#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct sw_text sw_text_start(char *out, size_t size)
{
    if (size)
        out[0] = 0;
    return (struct sw_text){out, size, 0};
}

/* How many of the first n bytes can stay without cutting a UTF-8 character. */
static size_t whole(const char *s, size_t n)
{
    size_t start = n;

    while (start > 0 && ((unsigned char)s[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)s[start - 1] >= 0xc0) {
        unsigned char lead = (unsigned char)s[start - 1];
        size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (n - (start - 1) < want)
            return start - 1;
    }
    return n;
}

void sw_text_add(struct sw_text *text, const char *format, ...)
{
    va_list args;
    size_t room = text->size - text->length;
    int n;

    if (text->size == 0 || room <= 1)
        return;
    va_start(args, format);
    n = vsnprintf(text->out + text->length, room, format, args);
    va_end(args);
    if (n < 0)
        return;
    if ((size_t)n >= room) {
        text->length = whole(text->out, text->size - 1);
        text->out[text->length] = 0;
        text->size = text->length + 1;
        return;
    }
    text->length += (size_t)n;
}

void sw_text_capital(struct sw_text *text, size_t from)
{
    if (from < text->length && text->out[from] >= 'a' && text->out[from] <= 'z')
        text->out[from] = (char)(text->out[from] - 'a' + 'A');
}

int sw_text_end(struct sw_text *text)
{
    return (int)text->length;
}

const char *sw_article(const char *word)
{
    return *word && strchr("aeio", *word) ? "an" : "a";
}

void sw_add_subject(struct sw_text *text, const struct sw_subject *subject, enum sw_lang lang)
{
    const char *kind = sw_kind_name(subject->kind, lang),
               *colour = sw_colour_name(subject->colour, lang);

    if (lang == SW_ZH)
        sw_text_add(text, "一%s%s的%s", sw_measure(subject->kind), colour, kind);
    else
        sw_text_add(text, "%s %s %s", sw_article(colour), colour, kind);
}
