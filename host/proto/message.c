#include "proto/message.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The length of a well-formed character (RFC 3629), or 0. */
static size_t character(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char mask, lead;
        size_t length;
        unsigned least;
    } kinds[] = {{0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};
    for (size_t k = 0; k < 4; k++) {
        if ((p[0] & kinds[k].mask) != kinds[k].lead)
            continue;
        unsigned code = p[0] & (unsigned char)~kinds[k].mask;
        if (kinds[k].length > left)
            return 0;
        for (size_t i = 1; i < kinds[k].length; i++) {
            if ((p[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (p[i] & 0x3f);
        }
        return code >= kinds[k].least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? kinds[k].length : 0;
    }
    return 0;
}

void m6_message_clean(char *text, size_t size)
{
    for (size_t i = 0, n; i < size; i += n) {
        n = character((const unsigned char *)text + i, size - i);
        if (!n) {
            text[i] = '?';
            n = 1;
        }
    }
}

/* What must hold before a recursive parser sees the text. */
static enum m6_status check(const char *text, size_t size, struct m6_error *err)
{
    int depth = 0, quoted = 0;
    for (size_t i = 0; i < size;) {
        const size_t n = character((const unsigned char *)text + i, size - i);
        if (!n || !text[i])
            return m6_fail(err, M6_ERR_FORMAT, "the message is not UTF-8 text: look at byte %zu", i);
        if (quoted) {
            if (text[i] == '\\') {
                i += i + 1 < size; /* whatever is escaped; the parser checks it */
                if (character((const unsigned char *)text + i, size - i) != 1)
                    return m6_fail(err, M6_ERR_FORMAT, "the message is no JSON: look at byte %zu", i);
            } else if (text[i] == '"') {
                quoted = 0;
            }
        } else if (text[i] == '"') {
            quoted = 1;
        } else if (text[i] == '{' || text[i] == '[') {
            if (++depth > M6_PROTO_DEPTH_MAX)
                return m6_fail(err, M6_ERR_FORMAT, "the message is nested deeper than %d at byte %zu", M6_PROTO_DEPTH_MAX, i);
        } else if (text[i] == '}' || text[i] == ']') {
            depth--;
        }
        i += n;
    }
    return M6_OK;
}

enum m6_status m6_message_parse(struct m6_message *m, const char *text, size_t size, struct m6_error *err)
{
    memset(m, 0, sizeof *m);
    enum m6_status status = check(text, size, err);
    if (status)
        return status;
    /* cJSON wants a terminator to be sure that nothing follows. */
    char *copy = malloc(size + 1);
    if (!copy)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a message");
    memcpy(copy, text, size);
    copy[size] = '\0';
    const char *end = copy;
    m->json = cJSON_ParseWithLengthOpts(copy, size + 1, &end, 1);
    const ptrdiff_t at = end ? end - copy : 0;
    free(copy);
    if (!m->json)
        return m6_fail(err, M6_ERR_FORMAT, "the message is no JSON: look at byte %td", at);
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(m->json, "type");
    if (!cJSON_IsObject(m->json) || !cJSON_IsString(type))
        return m6_fail(err, M6_ERR_FORMAT, "a message is a JSON object with a \"type\"");
    m->type = type->valuestring;
    return M6_OK;
}

void m6_message_finish(struct m6_message *m)
{
    for (int i = 0; i < m->fd_count; i++)
        if (m->fds[i] >= 0)
            close(m->fds[i]);
    cJSON_Delete(m->json);
    memset(m, 0, sizeof *m);
}

int m6_message_int64(const cJSON *object, const char *key, int64_t otherwise, int64_t min, int64_t max, int64_t *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    *out = otherwise;
    if (!item)
        return 0;
    if (!cJSON_IsString(item))
        return -1;
    const char *text = item->valuestring, *digits = text + (*text == '-');
    const size_t n = strspn(digits, "0123456789");
    if (!n || digits[n])
        return -1;
    errno = 0;
    const long long value = strtoll(text, NULL, 10);
    if (errno || value < min || value > max)
        return -1;
    *out = value;
    return 0;
}

int m6_message_int(const cJSON *object, const char *key, int otherwise, int min, int max, int *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    *out = otherwise;
    if (!item)
        return 0;
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= min && item->valuedouble <= max) ||
        item->valuedouble != floor(item->valuedouble))
        return -1;
    *out = (int)item->valuedouble;
    return 0;
}

int m6_message_text(const cJSON *object, const char *key, const char **out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    *out = cJSON_IsString(item) ? item->valuestring : NULL;
    return item && !*out ? -1 : 0;
}

cJSON *m6_message_new(const char *type)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "type", type);
    return json;
}

void m6_message_add_double(cJSON *object, const char *key, double value)
{
    char digits[40];
    snprintf(digits, sizeof digits, "%.17g", value);
    if (isfinite(value))
        cJSON_AddRawToObject(object, key, digits);
    else
        cJSON_AddNullToObject(object, key);
}

void m6_message_add_int64(cJSON *object, const char *key, int64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    cJSON_AddStringToObject(object, key, digits);
}
