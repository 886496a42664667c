#include "core/schema.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

/* "parameter "keep[2]"", built on the way down. */
struct place {
    char path[128];
    struct m6_error *err;
};

static const cJSON *get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* A value as a person reads it, cut short. */
static const char *shown(const cJSON *value, char *out, size_t size)
{
    char *text = cJSON_PrintUnformatted(value);
    snprintf(out, size, "%s", text ? text : "?");
    if (text && strlen(text) >= size) {
        m6_utf8_cut(out, size - 5);
        strcat(out, "…");
    }
    cJSON_free(text);
    return out;
}

__attribute__((format(printf, 2, 3))) static enum m6_status refuse(struct place *at, const char *format, ...)
{
    char rest[400];
    va_list args;
    va_start(args, format);
    vsnprintf(rest, sizeof rest, format, args);
    va_end(args);
    m6_utf8_cut(rest, sizeof rest - 2);
    return m6_fail(at->err, M6_ERR_ARGUMENT, "%s%s%s %s", at->path[0] ? "parameter \"" : "the parameters", at->path,
                   at->path[0] ? "\"" : "", rest);
}

int m6_schema_integer(const char *text, long long *out)
{
    const char *digits = text + (*text == '-');
    size_t n = strspn(digits, "0123456789");
    if (!n || digits[n])
        return -1;
    errno = 0;
    if (*text == '-')
        *out = strtoll(text, NULL, 10);
    else
        *out = (long long)strtoull(text, NULL, 10);
    return errno ? -1 : 0;
}

/* The number that a value stands for where a number is wanted, or NaN. */
static double number(const cJSON *value, int integer)
{
    long long i;
    if (cJSON_IsNumber(value)) {
        double d = value->valuedouble;
        return !isfinite(d) || (integer && (d != floor(d) || fabs(d) > 9007199254740992.0)) ? NAN : d;
    }
    if (integer && cJSON_IsString(value) && !m6_schema_integer(value->valuestring, &i))
        return value->valuestring[0] == '-' ? (double)i : (double)(unsigned long long)i;
    return NAN;
}

static int is_type(const cJSON *value, const char *type)
{
    switch (type[0]) {
    case 'o':
        return cJSON_IsObject(value);
    case 'a':
        return cJSON_IsArray(value);
    case 's':
        return cJSON_IsString(value);
    case 'b':
        return cJSON_IsBool(value);
    case 'i':
        return !isnan(number(value, 1));
    }
    return !strcmp(type, "null") ? cJSON_IsNull(value) : !isnan(number(value, 0));
}

static enum m6_status apply_type(const cJSON *type, const cJSON *value, struct place *at)
{
    static const char *const words[][2] = {
        {"object", "an object"}, {"array", "a list"},   {"string", "a text"}, {"number", "a number"},
        {"integer", "a whole number"}, {"boolean", "true or false"}, {"null", "null"},
    };
    char wanted[160] = "", given[80];
    const cJSON *each = cJSON_IsArray(type) ? type->child : type;
    while (each) {
        if (is_type(value, each->valuestring))
            return M6_OK;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (!strcmp(words[i][0], each->valuestring)) {
                size_t used = strlen(wanted);
                snprintf(wanted + used, sizeof wanted - used, "%s%s", used ? " or " : "", words[i][1]);
            }
        each = cJSON_IsArray(type) ? each->next : NULL;
    }
    return refuse(at, "must be %s, not %s", wanted, shown(value, given, sizeof given));
}

static enum m6_status apply_enum(const cJSON *list, const cJSON *value, struct place *at)
{
    char allowed[256] = "", given[80], one[64];
    const cJSON *each;
    cJSON_ArrayForEach(each, list)
    {
        if (cJSON_Compare(each, value, 1))
            return M6_OK;
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, "%s%s", used ? ", " : "", shown(each, one, sizeof one));
    }
    m6_utf8_cut(allowed, sizeof allowed - 2);
    return refuse(at, "is %s; allowed: %s", shown(value, given, sizeof given), allowed);
}

static enum m6_status apply_limits(const cJSON *schema, const cJSON *value, struct place *at)
{
    static const struct {
        const char *keyword, *words;
    } limits[] = {{"minimum", "at least"}, {"maximum", "at most"}, {"exclusiveMinimum", "more than"}, {"exclusiveMaximum", "less than"}};
    double n = number(value, cJSON_IsString(value));
    char given[80];
    for (int i = 0; i < 4 && !isnan(n); i++) {
        const cJSON *limit = get(schema, limits[i].keyword);
        if (!limit)
            continue;
        double l = limit->valuedouble;
        if (i == 0 ? n < l : i == 1 ? n > l : i == 2 ? n <= l : n >= l)
            return refuse(at, "is %s; %s %.15g is allowed", shown(value, given, sizeof given), limits[i].words, l);
    }
    return M6_OK;
}

static enum m6_status apply_text(const cJSON *schema, const cJSON *value, struct place *at)
{
    size_t characters;
    long bad = m6_utf8_bad(value->valuestring, &characters);
    if (bad >= 0)
        return refuse(at, "is not UTF-8 text at byte %ld; give it as UTF-8", bad);
    const cJSON *least = get(schema, "minLength"), *most = get(schema, "maxLength");
    if (least && (double)characters < least->valuedouble)
        return characters ? refuse(at, "has %zu characters; at least %.0f are needed", characters, least->valuedouble)
                          : refuse(at, "is empty; give it at least %.0f character%s", least->valuedouble,
                                   least->valuedouble == 1 ? "" : "s");
    if (most && (double)characters > most->valuedouble)
        return refuse(at, "is %zu characters long; at most %.0f are allowed", characters, most->valuedouble);
    return M6_OK;
}

static enum m6_status apply(const cJSON *schema, cJSON *value, struct place *at);

static enum m6_status apply_list(const cJSON *schema, const cJSON *value, struct place *at)
{
    const cJSON *least = get(schema, "minItems"), *most = get(schema, "maxItems"), *items = get(schema, "items");
    int n = cJSON_GetArraySize(value);
    if (least && n < least->valuedouble)
        return refuse(at, "has %d items; at least %.0f are needed", n, least->valuedouble);
    if (most && n > most->valuedouble)
        return refuse(at, "has %d items; at most %.0f are allowed", n, most->valuedouble);
    int i = 0;
    cJSON *each;
    cJSON_ArrayForEach(each, value)
    {
        struct place below = {.err = at->err};
        snprintf(below.path, sizeof below.path, "%.100s[%d]", at->path, i++);
        enum m6_status status = items ? apply(items, each, &below) : M6_OK;
        if (status)
            return status;
    }
    return M6_OK;
}

/* How many letters two names differ by, roughly: enough to catch a slip of the finger. */
static int unlike(const char *a, const char *b)
{
    size_t from = 0, na = strlen(a), nb = strlen(b);
    while (a[from] && a[from] == b[from])
        from++;
    while (na > from && nb > from && a[na - 1] == b[nb - 1])
        na--, nb--;
    return (int)(na > nb ? na - from : nb - from);
}

static enum m6_status unknown(const cJSON *properties, const char *name, struct place *at)
{
    char known[300] = "";
    const cJSON *each, *close = NULL;
    cJSON_ArrayForEach(each, properties)
    {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", each->string);
        if (unlike(each->string, name) <= 2 && (!close || unlike(each->string, name) < unlike(close->string, name)))
            close = each;
    }
    char shown_name[72];
    snprintf(shown_name, sizeof shown_name, "%s", name);
    m6_utf8_cut(shown_name, 64);
    if (close)
        return m6_fail(at->err, M6_ERR_ARGUMENT, "unknown parameter \"%s\"; did you mean \"%s\"?", shown_name, close->string);
    m6_utf8_cut(known, sizeof known - 2);
    return m6_fail(at->err, M6_ERR_ARGUMENT, "unknown parameter \"%s\"; there %s%s", shown_name, known[0] ? "are: " : "is none", known);
}

static enum m6_status apply_object(const cJSON *schema, cJSON *value, struct place *at)
{
    const cJSON *properties = get(schema, "properties"), *required = get(schema, "required"), *each;
    for (cJSON *member = value->child; member; member = member->next) {
        const cJSON *property = get(properties, member->string);
        if (m6_utf8_bad(member->string, NULL) >= 0)
            return refuse(at, "have a name that is not UTF-8");
        if (get(value, member->string) != member)
            return m6_fail(at->err, M6_ERR_ARGUMENT, "parameter \"%.64s\" is given twice; give it once", member->string);
        if (!property && cJSON_IsFalse(get(schema, "additionalProperties")))
            return unknown(properties, member->string, at);
        struct place below = {.err = at->err};
        snprintf(below.path, sizeof below.path, "%.60s%s%.60s", at->path, at->path[0] ? "." : "", member->string);
        enum m6_status status = property ? apply(property, member, &below) : M6_OK;
        if (status)
            return status;
    }
    cJSON_ArrayForEach(each, required)
    {
        if (!get(value, each->valuestring))
            return m6_fail(at->err, M6_ERR_ARGUMENT, "parameter \"%s\" is missing; this job needs it", each->valuestring);
    }
    cJSON_ArrayForEach(each, properties)
    {
        const cJSON *otherwise = get(each, "default");
        if (!otherwise || get(value, each->string))
            continue;
        cJSON *copy = cJSON_Duplicate(otherwise, 1);
        if (!copy || !cJSON_AddItemToObject(value, each->string, copy)) {
            cJSON_Delete(copy);
            return m6_fail(at->err, M6_ERR_MEMORY, "no memory for the parameters");
        }
    }
    return M6_OK;
}

static enum m6_status apply(const cJSON *schema, cJSON *value, struct place *at)
{
    const cJSON *type = get(schema, "type"), *list = get(schema, "enum");
    enum m6_status status = type ? apply_type(type, value, at) : M6_OK;
    if (!status && list)
        status = apply_enum(list, value, at);
    if (!status)
        status = apply_limits(schema, value, at);
    if (!status && cJSON_IsString(value))
        status = apply_text(schema, value, at);
    if (!status && cJSON_IsArray(value))
        status = apply_list(schema, value, at);
    if (!status && cJSON_IsObject(value))
        status = apply_object(schema, value, at);
    return status;
}

enum m6_status m6_schema_apply(const cJSON *schema, cJSON *value, struct m6_error *err)
{
    struct place at = {.err = err};
    return apply(schema, value, &at);
}
