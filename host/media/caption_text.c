#include "caption_text.h"

#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

struct out {
    char *text;
    size_t length;
};

static void add(struct out *o, const char *piece)
{
    size_t n = strlen(piece);
    memcpy(o->text + o->length, piece, n);
    o->length += n;
}

/* What a format wants instead of a character, or NULL. */
static const char *escape(const char *p, enum media_caption_kind kind)
{
    static const char joiner[] = "\\\xe2\x81\xa0"; /* a backslash that a word joiner keeps from escaping anything */
    switch (kind) {
    case MEDIA_CAPTION_VTT:
        return *p == '&' ? "&amp;" : *p == '<' ? "&lt;" : *p == '>' ? "&gt;" : NULL;
    case MEDIA_CAPTION_ASS:
        return *p == '{' ? "\\{" : *p == '}' ? "\\}" : *p == '\\' ? joiner : *p == '\n' ? "\\N" : NULL;
    default:
        return NULL;
    }
}

/* Plain text with single line breaks between trimmed, non-empty lines. */
static char *tidy(const char *text)
{
    struct out o = {malloc(3 * strlen(text) + 1), 0};
    if (!o.text)
        return NULL;
    int space = 0, line = 0; /* owed before the next character */
    for (const char *p = text; *p;) {
        int n = m6_utf8_character(p);
        if (*p == '\n') {
            line = o.length > 0;
        } else if (*p == ' ' || *p == '\t') {
            space = 1;
        } else if (n != 1 || ((unsigned char)*p >= 0x20 && *p != 0x7f)) {
            if (line)
                add(&o, "\n");
            else if (space && o.length)
                add(&o, " ");
            space = line = 0;
            if (n)
                memcpy(o.text + o.length, p, (size_t)n);
            else
                memcpy(o.text + o.length, "\xef\xbf\xbd", 3);
            o.length += n ? (size_t)n : 3;
        }
        p += n ? n : 1;
    }
    o.text[o.length] = '\0';
    return o.text;
}

char *media_caption_text(const char *text, enum media_caption_kind kind)
{
    char *plain = tidy(text);
    struct out o = {plain ? malloc(5 * strlen(plain) + 1) : NULL, 0};
    if (!o.text) {
        free(plain);
        return NULL;
    }
    for (const char *p = plain; *p; p++) {
        const char *instead = escape(p, kind);
        /* An arrow is what SRT tells a line of times by. */
        if (kind == MEDIA_CAPTION_SRT && !strncmp(p, "-->", 3))
            continue;
        if (instead)
            add(&o, instead);
        else
            o.text[o.length++] = *p;
    }
    o.text[o.length] = '\0';
    free(plain);
    return o.text;
}
