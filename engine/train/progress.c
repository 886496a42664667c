#include "train/progress.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

float m6_schedule_rate(const struct m6_schedule *s, int64_t step)
{
    if (step < s->warmup)
        return (float)((double)s->peak * (double)step / (double)s->warmup);
    if (s->shape == M6_SCHEDULE_CONSTANT)
        return s->peak;
    if (step >= s->total)
        return s->floor;
    const double done = (double)(step - s->warmup) / (double)(s->total - s->warmup);
    const double share = s->shape == M6_SCHEDULE_LINEAR ? 1 - done : 0.5 * (1 + cos(3.14159265358979324 * done));
    return (float)(s->floor + ((double)s->peak - s->floor) * share);
}

/* ---- the line ---- */

double m6_progress_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void m6_progress_begin(struct m6_progress *p, FILE *terminal, int force)
{
    const int visible = terminal && (force || isatty(fileno(terminal)));
    *p = (struct m6_progress){.terminal = visible ? terminal : NULL, .last = m6_progress_now()};
}

/* An average that is exact over the first `window` values, then forgets. */
static void blend(double *mean, double value, int64_t count, int window)
{
    const double share = 1.0 / (double)(count < window ? count : window);
    *mean += share * (value - *mean);
}

/* 1234567 as 1.23M */
static void short_number(double x, char *text, size_t size)
{
    static const char *const unit[] = {"", "k", "M", "G", "T", "P"};
    int u = 0;
    while (fabs(x) >= 999.5 && u < 5) {
        x /= 1000;
        u++;
    }
    snprintf(text, size, "%.3g%s", x, unit[u]);
}

static void duration(double seconds, char *text, size_t size)
{
    const long s = seconds > 0 && seconds < 1e9 ? (long)(seconds + 0.5) : 0;
    if (s >= 3600)
        snprintf(text, size, "%ldh%02ldm", s / 3600, s / 60 % 60);
    else
        snprintf(text, size, "%ldm%02lds", s / 60, s % 60);
}

int m6_progress_format(const struct m6_progress *p, const struct m6_progress_step *s, char *text, size_t size)
{
    enum { CELLS = 10 };
    char bar[CELLS + 1], rate[32], left[32];
    const double seconds = p->seconds > 0 ? p->seconds : 1e-9;
    for (int i = 0; i < CELLS; i++)
        bar[i] = (double)s->step * CELLS >= (double)s->total * (i + 1) ? '#' : '.';
    bar[CELLS] = '\0';
    short_number(p->items / seconds, rate, sizeof rate);
    duration((double)(s->total - s->step) * seconds, left, sizeof left);
    const int n = snprintf(text, size, "[%s] %lld/%lld  loss %.4f  %s %s/s  %.0f GFLOP/s  %s left", bar,
                           (long long)s->step, (long long)s->total, p->loss, rate, s->unit, p->flops / seconds * 1e-9,
                           left);
    return n < (int)size ? n : (int)size - 1;
}

/* A line that wraps could not be rewritten. */
static size_t columns(FILE *terminal)
{
    struct winsize w;
    return ioctl(fileno(terminal), TIOCGWINSZ, &w) || w.ws_col < 2 ? 256 : w.ws_col;
}

void m6_progress_step(struct m6_progress *p, const struct m6_progress_step *s)
{
    const double time = m6_progress_now();
    p->steps++;
    blend(&p->seconds, time - p->last, p->steps, 20);
    blend(&p->items, s->items, p->steps, 20);
    blend(&p->flops, s->flops, p->steps, 20);
    if (isfinite(s->loss))
        blend(&p->loss, s->loss, p->steps, 50);
    p->last = time;
    if (!p->terminal || (time - p->shown < 0.2 && s->step != s->total))
        return;
    char text[256];
    const size_t room = columns(p->terminal);
    const int n = m6_progress_format(p, s, text, room < sizeof text ? room : sizeof text);
    fprintf(p->terminal, "\r%s%*s", text, p->wide > n ? p->wide - n : 0, "");
    if (s->step == s->total)
        fputc('\n', p->terminal);
    fflush(p->terminal);
    p->wide = s->step == s->total ? 0 : n;
    p->shown = time;
}

void m6_progress_clear(struct m6_progress *p)
{
    if (!p->terminal || !p->wide)
        return;
    fprintf(p->terminal, "\r%*s\r", p->wide, "");
    fflush(p->terminal);
    p->wide = 0;
}

/* ---- the log ---- */

struct m6_jsonl {
    FILE *file;
    int fields;
    char path[512];
};

enum m6_status m6_jsonl_open(struct m6_jsonl **out, const char *path, struct m6_error *err)
{
    struct m6_jsonl *j = calloc(1, sizeof *j);
    *out = NULL;
    if (!j)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to open %s", path);
    j->file = fopen(path, "a");
    if (!j->file) {
        const enum m6_status status = m6_fail(err, M6_ERR_IO, "cannot open %s: %s", path, strerror(errno));
        free(j);
        return status;
    }
    snprintf(j->path, sizeof j->path, "%s", path);
    *out = j;
    return M6_OK;
}

void m6_jsonl_begin(struct m6_jsonl *j)
{
    fputc('{', j->file);
    j->fields = 0;
}

static void quoted(FILE *file, const char *text)
{
    fputc('"', file);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(file, "\\%c", *c);
        else if (*c < 0x20)
            fprintf(file, "\\u%04x", *c);
        else
            fputc(*c, file);
    }
    fputc('"', file);
}

static void key_of(struct m6_jsonl *j, const char *key)
{
    if (j->fields++)
        fputc(',', j->file);
    quoted(j->file, key);
    fputc(':', j->file);
}

void m6_jsonl_number(struct m6_jsonl *j, const char *key, double value)
{
    key_of(j, key);
    if (isfinite(value))
        fprintf(j->file, "%.9g", value);
    else
        fputs("null", j->file);
}

void m6_jsonl_integer(struct m6_jsonl *j, const char *key, int64_t value)
{
    key_of(j, key);
    fprintf(j->file, "%lld", (long long)value);
}

void m6_jsonl_string(struct m6_jsonl *j, const char *key, const char *value)
{
    key_of(j, key);
    quoted(j->file, value);
}

enum m6_status m6_jsonl_end(struct m6_jsonl *j, struct m6_error *err)
{
    fputs("}\n", j->file);
    if (fflush(j->file) != 0 || ferror(j->file))
        return m6_fail(err, M6_ERR_IO, "cannot write %s: %s", j->path, strerror(errno));
    return M6_OK;
}

enum m6_status m6_jsonl_close(struct m6_jsonl *j, struct m6_error *err)
{
    if (!j)
        return M6_OK;
    enum m6_status status = M6_OK;
    if (fclose(j->file) != 0)
        status = m6_fail(err, M6_ERR_IO, "cannot write %s: %s", j->path, strerror(errno));
    free(j);
    return status;
}
