#include "core/utf8.h"

#include <string.h>

int m6_utf8_character(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80)
        return 1;
    int more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    for (int i = 1; i <= more; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    /* Overlong forms, surrogates, and beyond U+10FFFF. */
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return more + 1;
}

long m6_utf8_bad(const char *text, size_t *characters)
{
    const char *p = text;
    size_t count = 0;
    long bad = -1;
    while (*p) {
        int n = m6_utf8_character(p);
        if (!n) {
            bad = (long)(p - text);
            break;
        }
        p += n;
        count++;
    }
    if (characters)
        *characters = count;
    return bad;
}

void m6_utf8_cut(char *text, size_t bytes)
{
    if (strlen(text) <= bytes)
        return;
    while (bytes > 0 && ((unsigned char)text[bytes] & 0xc0) == 0x80)
        bytes--;
    text[bytes] = '\0';
}

void m6_utf8_mend(char *text)
{
    while (*text) {
        int n = m6_utf8_character(text);
        if (!n)
            *text = '?';
        text += n ? n : 1;
    }
}
