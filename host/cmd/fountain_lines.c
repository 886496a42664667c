#include "fountain_lines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Removes from `open` to `close`; what is never closed is text. Line ends inside stay, so that
 * lines keep apart. */
static void cut(char *text, const char *open, const char *close)
{
    char *to = text;
    for (const char *p = text; *p;) {
        const char *end = strncmp(p, open, 2) == 0 ? strstr(p + 2, close) : NULL;
        if (!end) {
            *to++ = *p++;
            continue;
        }
        p = end + 2;
    }
    *to = '\0';
}

char *line_clean(const char *text, size_t length)
{
    char *clean = malloc(length + 1), *to = clean;
    if (!clean)
        return NULL;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        length -= 3;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\r') {
            if (i + 1 == length || text[i + 1] != '\n')
                *to++ = '\n';
            continue;
        }
        *to++ = text[i];
    }
    *to = '\0';
    cut(clean, "/*", "*/");
    cut(clean, "[[", "]]");
    return clean;
}

int line_is_blank(const char *line)
{
    line += strspn(line, " \t");
    return *line == '\n' || *line == '\0';
}

int line_starts_title_page(const char *line)
{
    static const char *const keys[] = {"title",     "credit",     "author",  "authors",
                                       "source",    "draft date", "date",    "contact",
                                       "copyright", "notes",      "language"};
    const size_t n = strcspn(line, ":\n");
    for (size_t i = 0; line[n] == ':' && i < sizeof keys / sizeof *keys; i++) {
        if (strlen(keys[i]) == n && strncasecmp(line, keys[i], n) == 0)
            return 1;
    }
    return 0;
}

size_t heading_prefix(const char *line, size_t n)
{
    static const char *const prefixes[] = {"int./ext", "int/ext", "ext./int", "ext/int",
                                           "i/e",      "int",     "ext",      "est"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t k = strlen(prefixes[i]);
        if (n > k && strncasecmp(line, prefixes[i], k) == 0 && (line[k] == '.' || line[k] == ' ')) {
            while (k < n && (line[k] == '.' || line[k] == ' '))
                k++;
            return k < n ? k : 0;
        }
    }
    return 0;
}

/* All capitals, and at least one: a character's name or a transition. */
static int is_upper(const char *line, size_t n)
{
    int letters = 0;
    for (size_t i = 0; i < n && line[i] != '('; i++) {
        const unsigned char c = (unsigned char)line[i];
        if (islower(c) || c >= 0x80)
            return 0;
        letters |= isupper(c);
    }
    return letters;
}

enum line_kind line_kind(const char *line, size_t n, int blank_before, int in_dialogue,
                         int blank_after, size_t *skip)
{
    while (n && (line[n - 1] == ' ' || line[n - 1] == '\t'))
        n--;
    *skip = 0;
    if (line[0] == '.' && n > 1 && line[1] != '.')
        return LINE_FORCED_HEADING;
    if (line[0] == '!') {
        *skip = 1;
        return LINE_ACTION;
    }
    if (in_dialogue)
        return LINE_PASSED_OVER;
    if (line[0] == '@')
        return LINE_CHARACTER;
    if (line[0] == '#' || line[0] == '=' || line[0] == '~' || line[0] == '>')
        return LINE_PASSED_OVER;
    /* The syntax wants a blank line before a heading; people forget it, and "INT." at a line's
     * start is never prose. */
    *skip = heading_prefix(line, n);
    if (*skip && (blank_before || line[3] == '.' || line[3] == '/'))
        return LINE_HEADING;
    *skip = 0;
    if (blank_before && is_upper(line, n)) {
        if (n > 3 && memcmp(line + n - 3, "TO:", 3) == 0)
            return LINE_PASSED_OVER;
        if (!blank_after)
            return LINE_CHARACTER;
        if (n > 1 && line[n - 1] == ':') /* "FADE IN:" */
            return LINE_PASSED_OVER;
    }
    return LINE_ACTION;
}
