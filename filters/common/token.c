#include "token.h"

#include <stdlib.h>
#include <string.h>

static const char spaces[] = " \n\t\r";

char *m6_token_value(const char **at, const char *ends)
{
    const char *p = *at + strspn(*at, spaces);
    char *token = malloc(strlen(p) + 1);
    size_t n = 0, kept = 0; /* kept: what is escaped or quoted is not trimmed */
    if (!token)
        return NULL;
    while (*p && !strchr(ends, *p)) {
        const char c = *p++;
        if (c == '\\' && *p) {
            token[n++] = *p++;
            kept = n;
        } else if (c == '\'') {
            while (*p && *p != '\'')
                token[n++] = *p++;
            if (*p) {
                p++;
                kept = n;
            }
        } else {
            token[n++] = c;
        }
    }
    while (n > kept && strchr(spaces, token[n - 1]))
        n--;
    token[n] = '\0';
    *at = p;
    return token;
}

static int is_key(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-_/.", c));
}

int m6_token_key(const char **at, char **key)
{
    const char *from = *at + strspn(*at, spaces), *p = from;
    while (is_key(*p))
        p++;
    const size_t length = (size_t)(p - from);
    p += strspn(p, spaces);
    if (*p != '=')
        return 0;
    *key = malloc(length + 1);
    if (*key) {
        memcpy(*key, from, length);
        (*key)[length] = '\0';
    }
    *at = p + 1;
    return 1;
}

enum m6_status m6_token_options(const char *text, const char *first, enum m6_status (*set)(void *arg, const char *name, const char *value, struct m6_error *),
                                void *arg, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    while (*text && !status) {
        char *key = NULL;
        const int has_key = m6_token_key(&text, &key);
        if (!has_key && !first)
            return m6_fail(err, M6_ERR_ARGUMENT, "'%.40s' is no name=value; a ':' in a value is written \\:", text);
        char *value = m6_token_value(&text, ":");
        status = value && (key || !has_key) ? set(arg, has_key ? key : first, value, err) : m6_fail(err, M6_ERR_MEMORY, "no memory for the options");
        first = NULL;
        free(key);
        free(value);
        text += *text == ':';
    }
    return status;
}
