#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FAIL(err, ...) (snprintf((err)->text, sizeof(err)->text, __VA_ARGS__), -1)

static int is_choice(const char *choices, const char *value)
{
    const size_t n = strlen(value);
    for (const char *p = choices; n > 0; p++) {
        const size_t length = strcspn(p, "|");
        if (length == n && memcmp(p, value, n) == 0)
            return 1;
        p += length;
        if (!*p)
            break;
    }
    return 0;
}

static int set_integer(const struct option_spec *spec, int64_t *out, const char *value,
                       struct option_error *err)
{
    char *end;
    errno = 0;
    const long long v = strtoll(value, &end, 10);
    if (end == value || *end || errno || isspace((unsigned char)value[0]) || v < spec->min ||
        v > spec->max)
        return FAIL(err, "--%s wants a whole number from %.0f to %.0f, not '%.64s'", spec->name,
                    spec->min, spec->max, value);
    *out = v;
    return 0;
}

static int set_number(const struct option_spec *spec, double *out, const char *value,
                      struct option_error *err)
{
    char *end;
    const double v = strtod(value, &end);
    if (end == value || *end || isspace((unsigned char)value[0]) ||
        !(v >= spec->min && v <= spec->max))
        return FAIL(err, "--%s wants a number from %g to %g, not '%.64s'", spec->name, spec->min,
                    spec->max, value);
    *out = v;
    return 0;
}

static int set_seed(const struct option_spec *spec, struct option_seed *out, const char *value,
                    struct option_error *err)
{
    char *end;
    errno = 0;
    const unsigned long long v = strtoull(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end || errno)
        return FAIL(err, "--%s wants a whole number from 0 to 18446744073709551615, not '%.64s'",
                    spec->name, value);
    out->given = 1;
    out->value = v;
    return 0;
}

static int set_size(const struct option_spec *spec, struct option_size *out, const char *value,
                    struct option_error *err)
{
    char *x, *end;
    const long w = strtol(value, &x, 10);
    const long h = *x == 'x' || *x == 'X' ? strtol(x + 1, &end, 10) : (end = x, 0L);
    if (!isdigit((unsigned char)value[0]) || !h || *end || !isdigit((unsigned char)x[1]))
        return FAIL(err, "--%s wants WIDTHxHEIGHT such as 1280x720, not '%.64s'", spec->name,
                    value);
    if (w < spec->min || w > spec->max || h < spec->min || h > spec->max)
        return FAIL(err, "--%s wants sides from %.0f to %.0f pixels, not '%.64s'", spec->name,
                    spec->min, spec->max, value);
    out->width = (int)w;
    out->height = (int)h;
    return 0;
}

/* 23.976, 29.97, 59.94 and 119.88 mean the broadcast rates over 1001. */
static int set_rate(const struct option_spec *spec, struct option_rate *out, const char *value,
                    struct option_error *err)
{
    char *end;
    long num, den = 1;
    const double v = strtod(value, &end);
    if (isdigit((unsigned char)value[0]) && *end == '/') {
        num = strtol(value, NULL, 10);
        den = isdigit((unsigned char)end[1]) ? strtol(end + 1, &end, 10) : 0;
    } else {
        const double ntsc = v * 1001.0 / 1000.0;
        if (fabs(v - round(v)) > 1e-9 && fabs(ntsc - round(ntsc)) < 2e-3) {
            num = lround(ntsc) * 1000;
            den = 1001;
        } else {
            num = lround(v * 1000);
            for (den = 1000; den > 1 && num % 10 == 0; den /= 10)
                num /= 10;
        }
    }
    if (!isdigit((unsigned char)value[0]) || *end || den < 1 || den > 100000 || num > 100000000 ||
        (double)num / (double)den < spec->min || (double)num / (double)den > spec->max)
        return FAIL(
            err, "--%s wants frames a second from %g to %g, such as 24 or 30000/1001, not '%.64s'",
            spec->name, spec->min, spec->max, value);
    out->num = (int)num;
    out->den = (int)den;
    return 0;
}

int option_set(const struct option_spec *spec, void *base, const char *value,
               struct option_error *err)
{
    void *at = (char *)base + spec->offset;
    switch (spec->type) {
    case OPTION_FLAG:
        *(int *)at = 1;
        return 0;
    case OPTION_TEXT:
        *(const char **)at = value;
        return 0;
    case OPTION_CHOICE:
        if (!is_choice(spec->value, value))
            return FAIL(err, "--%s wants one of %s, not '%.64s'", spec->name, spec->value, value);
        *(const char **)at = value;
        return 0;
    case OPTION_INTEGER:
        return set_integer(spec, at, value, err);
    case OPTION_NUMBER:
        return set_number(spec, at, value, err);
    case OPTION_SEED:
        return set_seed(spec, at, value, err);
    case OPTION_SIZE:
        return set_size(spec, at, value, err);
    case OPTION_RATE:
        return set_rate(spec, at, value, err);
    case OPTION_LIST: {
        struct option_list *list = at;
        if (list->count == OPTION_LIST_MAX)
            return FAIL(err, "--%s may be given at most %d times", spec->name, OPTION_LIST_MAX);
        list->value[list->count++] = value;
        return 0;
    }
    }
    return FAIL(err, "--%s cannot be set", spec->name);
}

static const struct option_spec *find(const struct option_group *groups, int count,
                                      const char *name, size_t length, char letter, void **base)
{
    for (int g = 0; g < count; g++) {
        for (const struct option_spec *s = groups[g].specs; s && s->name; s++) {
            if (letter ? s->letter == letter
                       : strlen(s->name) == length && memcmp(s->name, name, length) == 0) {
                *base = groups[g].base;
                return s;
            }
        }
    }
    return NULL;
}

static int unknown_long(const struct option_group *groups, int count, const char *name,
                        size_t length, struct option_error *err)
{
    char given[64];
    const char *best = NULL;
    int least = 0;
    snprintf(given, sizeof given, "%.*s", (int)(length < 63 ? length : 63), name);
    for (int g = 0; g < count; g++) {
        for (const struct option_spec *s = groups[g].specs; s && s->name; s++) {
            const int d = option_distance(given, s->name);
            if (option_is_similar(given, s->name) && (!best || d < least)) {
                best = s->name;
                least = d;
            }
        }
    }
    if (best)
        return FAIL(err, "unknown option --%s; did you mean --%s?", given, best);
    return FAIL(err, "unknown option --%s; --help lists the options", given);
}

static int parse_long(const struct option_group *groups, int count, const char *arg, int left,
                      char **rest, int *used, struct option_error *err)
{
    const size_t length = strcspn(arg, "=");
    const char *value = arg[length] ? arg + length + 1 : NULL;
    void *base;
    const struct option_spec *spec = find(groups, count, arg, length, 0, &base);
    if (!spec)
        return unknown_long(groups, count, arg, length, err);
    if (spec->type == OPTION_FLAG && value)
        return FAIL(err, "--%s takes no value", spec->name);
    if (spec->type != OPTION_FLAG && !value) {
        if (left < 1)
            return FAIL(err, "--%s wants a value (%s)", spec->name, spec->value);
        value = rest[0];
        *used = 1;
    }
    return option_set(spec, base, value, err);
}

static int parse_short(const struct option_group *groups, int count, const char *arg, int left,
                       char **rest, int *used, struct option_error *err)
{
    for (; *arg; arg++) {
        void *base;
        const struct option_spec *spec = find(groups, count, NULL, 0, *arg, &base);
        if (!spec)
            return FAIL(err,
                        "unknown option -%c; --help lists the options (after -- an argument may "
                        "begin with -)",
                        isprint((unsigned char)*arg) ? *arg : '?');
        if (spec->type == OPTION_FLAG) {
            option_set(spec, base, NULL, err);
            continue;
        }
        const char *value = arg[1] ? arg + 1 + (arg[1] == '=') : left > 0 ? rest[0] : NULL;
        if (!value)
            return FAIL(err, "-%c (--%s) wants a value (%s)", *arg, spec->name, spec->value);
        *used = !arg[1];
        return option_set(spec, base, value, err);
    }
    return 0;
}

int options_parse(const struct option_group *groups, int group_count, int argc, char **argv,
                  int stop_at_argument, int *next, struct option_error *err)
{
    int kept = 0;
    for (int i = 0; i < argc; i++) {
        char *arg = argv[i];
        int used = 0, rc;
        if (arg[0] != '-' || !arg[1]) {
            if (stop_at_argument) {
                *next = i;
                return 0;
            }
            argv[kept++] = arg;
            continue;
        }
        if (!strcmp(arg, "--")) {
            if (stop_at_argument) {
                *next = i + 1;
                return 0;
            }
            for (i++; i < argc; i++)
                argv[kept++] = argv[i];
            break;
        }
        if (arg[1] == '-')
            rc = parse_long(groups, group_count, arg + 2, argc - i - 1, argv + i + 1, &used, err);
        else
            rc = parse_short(groups, group_count, arg + 1, argc - i - 1, argv + i + 1, &used, err);
        if (rc)
            return -1;
        i += used;
    }
    if (stop_at_argument)
        *next = argc;
    return kept;
}
