#include "text/utf8.h"

static int length_of(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* The second byte alone tells overlong forms, surrogates and what lies past U+10FFFF. */
static int second_fits(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second < 0xc0;
    case 0xed:
        return second >= 0x80 && second < 0xa0;
    case 0xf0:
        return second >= 0x90 && second < 0xc0;
    case 0xf4:
        return second >= 0x80 && second < 0x90;
    default:
        return second >= 0x80 && second < 0xc0;
    }
}

int m6_utf8_char(const char *text, size_t size, uint32_t *cp)
{
    const unsigned char *s = (const unsigned char *)text;
    const int length = size ? length_of(s[0]) : 0;
    if (!length || (size_t)length > size || (length > 1 && !second_fits(s[0], s[1])))
        return 0;
    uint32_t value = length == 1 ? s[0] : s[0] & (0x7fu >> length);
    for (int i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (s[i] & 0x3f);
    }
    if (cp)
        *cp = value;
    return length;
}

size_t m6_utf8_valid(const char *s, size_t size)
{
    size_t at = 0;
    while (at < size) {
        const int n = m6_utf8_char(s + at, size - at, NULL);
        if (!n)
            break;
        at += (size_t)n;
    }
    return at;
}

size_t m6_utf8_incomplete(const char *text, size_t size)
{
    const unsigned char *s = (const unsigned char *)text;
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        const unsigned char c = s[size - back];
        if ((c & 0xc0) == 0x80)
            continue;
        return (size_t)length_of(c) > back && (back == 1 || second_fits(c, s[size - back + 1])) ? back : 0;
    }
    return 0;
}

int m6_utf8_write(uint32_t cp, char *out)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    const int length = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (int i = length - 1; i > 0; i--, cp >>= 6)
        out[i] = (char)(0x80 | (cp & 0x3f));
    out[0] = (char)((0xf00u >> length & 0xf0u) | cp);
    return length;
}
