#include "schedule.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLACK = 1000 };
static const int64_t second = 1000000000, longest = (int64_t)1000000000 * 3600 * 24 * 365;

/* Digits, then perhaps a point and more: in units of `unit` nanoseconds. Returns what follows, or NULL. */
static const char *read_decimal(const char *s, int64_t *value, int64_t *fraction)
{
    int64_t scale = second / 10;
    int digits = 0;
    *value = *fraction = 0; /* fraction: billionths */
    for (; isdigit((unsigned char)*s); s++, digits++)
        if ((*value = *value * 10 + (*s - '0')) > longest)
            return NULL;
    if (*s == '.')
        for (s++; isdigit((unsigned char)*s); s++, digits++, scale /= 10)
            *fraction += (*s - '0') * scale;
    return digits ? s : NULL;
}

enum m6_status m6_time_parse(int64_t *ns, const char *name, const char *text, struct m6_error *err)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"", 1000000000}, {"s", 1000000000}, {"ms", 1000000}, {"us", 1000}};
    int64_t value, fraction, whole = 0;
    const char *s = text;
    int fields = 1;
    *ns = 0;
    while ((s = read_decimal(s, &value, &fraction)) && *s == ':' && !fraction && fields < 3) {
        whole = (whole + value) * 60;
        fields++;
        s++;
    }
    for (size_t i = 0; s && i < (fields > 1 ? 1 : sizeof units / sizeof *units); i++) {
        if (strcmp(s, units[i].name) != 0)
            continue;
        const int64_t part = fraction / (second / units[i].ns);
        if (whole > longest / second || value > longest / second * (second / units[i].ns) || (fields > 1 && value > 59))
            break;
        *ns = whole * second + value * units[i].ns + part;
        if (*ns <= longest)
            return M6_OK;
    }
    *ns = 0;
    return m6_fail(err, M6_ERR_ARGUMENT, "%s=%.64s is no time; write seconds (2.5), 500ms, or 1:02.5, and at most a year", name, text);
}

static int rising(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

enum m6_status m6_schedule_parse_at(struct m6_schedule *schedule, const char *text, struct m6_error *err)
{
    static const char between[] = "|, \t\r\n";
    enum m6_status status = M6_OK;
    int64_t *at = NULL;
    int n = 0;
    for (const char *s = text + strspn(text, between); *s && !status; s += strspn(s, between)) {
        char one[64];
        const size_t length = strcspn(s, between);
        snprintf(one, sizeof one, "%.*s", (int)(length < sizeof one ? length : sizeof one), s);
        if (n == M6_SCHEDULE_AT_MAX)
            status = m6_fail(err, M6_ERR_LIMIT, "at takes at most %d times; split the footage", M6_SCHEDULE_AT_MAX);
        int64_t *more = status || n % 16 ? at : realloc(at, (size_t)(n + 16) * sizeof *at);
        if (!status && !more)
            status = m6_fail(err, M6_ERR_MEMORY, "no memory for the times of at");
        at = more ? more : at;
        if (!status)
            status = m6_time_parse(&at[n], "at", one, err);
        n += !status && at[n] > 0;
        s += length;
    }
    if (status) {
        free(at);
        return status;
    }
    int distinct = 0;
    if (n)
        qsort(at, (size_t)n, sizeof *at, rising);
    for (int i = 0; i < n; i++)
        if (!distinct || at[distinct - 1] != at[i])
            at[distinct++] = at[i];
    free(schedule->at);
    schedule->at = at;
    schedule->at_count = distinct;
    return M6_OK;
}

void m6_schedule_finish(struct m6_schedule *schedule)
{
    free(schedule->at);
    *schedule = (struct m6_schedule){0};
}

struct m6_stretch m6_schedule_at(const struct m6_schedule *schedule, int64_t t)
{
    struct m6_stretch stretch = {0, 0, M6_TIME_NEVER};
    t = t < 0 ? 0 : t > M6_TIME_NEVER - SLACK ? M6_TIME_NEVER - SLACK : t;
    if (schedule->every > 0) {
        const int64_t every = schedule->every;
        stretch.index = (t + (SLACK < every ? SLACK : 0)) / every;
        stretch.start = stretch.index * every;
        stretch.end = stretch.start > M6_TIME_NEVER - every ? M6_TIME_NEVER : stretch.start + every;
        return stretch;
    }
    int low = 0, high = schedule->at_count;
    while (low < high) { /* how many have come */
        const int middle = (low + high) / 2;
        if (schedule->at[middle] <= t + SLACK)
            low = middle + 1;
        else
            high = middle;
    }
    stretch.index = low;
    stretch.start = low ? schedule->at[low - 1] : 0;
    stretch.end = low < schedule->at_count ? schedule->at[low] : M6_TIME_NEVER;
    return stretch;
}
