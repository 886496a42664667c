#include "text.h"

#include <stdio.h>
#include <string.h>

int text_next(const char *text, uint32_t *codepoint)
{
    const unsigned char *p = (const unsigned char *)text;
    const int n = p[0] < 0x80 ? p[0] != 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t c = n < 2 ? p[0] : p[0] & (0x7fu >> n);
    for (int i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *codepoint = 0xfffd;
            return i;
        }
        c = c << 6 | (p[i] & 0x3f);
    }
    *codepoint = c;
    return n;
}

static int is_wide(uint32_t c)
{
    return (c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) ||
           (c >= 0xac00 && c < 0xd7a4) || (c >= 0xf900 && c < 0xfb00) ||
           (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) ||
           (c >= 0xffe0 && c < 0xffe7) || (c >= 0x20000 && c < 0x40000);
}

int text_width(const char *text)
{
    int width = 0;
    uint32_t c;
    for (int n; (n = text_next(text, &c)) > 0; text += n)
        width += 1 + is_wide(c);
    return width;
}

const char *text_language(const char *text)
{
    uint32_t c;
    for (int n; (n = text_next(text, &c)) > 0; text += n) {
        if ((c >= 0x3400 && c < 0xa000) || (c >= 0x20000 && c < 0x40000))
            return "zh";
    }
    return "en";
}

void text_time(int64_t ns, char out[24])
{
    const int64_t ms = (ns + 500000) / 1000000;
    snprintf(out, 24, "%02d:%02d:%02d.%03d", (int)(ms / 3600000 % 1000), (int)(ms / 60000 % 60),
             (int)(ms / 1000 % 60), (int)(ms % 1000));
}

void text_squeeze(char *text)
{
    char *to = text;
    for (const char *p = text; *p; p++) {
        if (!strchr(" \t\r\n", *p))
            *to++ = *p;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    }
    if (to > text && to[-1] == ' ')
        to--;
    *to = '\0';
}
