#include "top_view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/utf8.h"

enum { LINE = 1024, CELLS = 24 };
enum style { PLAIN, BOLD, HEAD, WARN };

struct page {
    const struct top_view *view;
    FILE *out;
    int left; /* lines that the window still has */
};

/* ---- a status's fields ---- */

static const cJSON *field(const cJSON *o, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(o, key);
}

static const char *text_of(const cJSON *o, const char *key)
{
    const cJSON *item = field(o, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

/* Numbers come as such, or (64 bits) as decimal strings. */
static double number_of(const cJSON *o, const char *key)
{
    const cJSON *item = field(o, key);
    return cJSON_IsNumber(item) ? item->valuedouble : cJSON_IsString(item) ? strtod(item->valuestring, NULL) : 0;
}

/* ---- rates ---- */

static void remember(struct top_view *v, double tokens)
{
    if (v->count == TOP_HISTORY)
        memmove(v->tokens, v->tokens + 1, sizeof v->tokens - sizeof *v->tokens);
    else
        v->count++;
    v->tokens[v->count - 1] = tokens;
}

void top_view_take(struct top_view *v, const cJSON *status, double now)
{
    static struct {
        double at, pid, tokens, rows, steps, busy;
    } last; /* of the one view that a process has */
    const cJSON *e = field(status, "engine");
    const double tokens = number_of(e, "tokens") + number_of(e, "places"), rows = number_of(e, "rows"), steps = number_of(e, "steps");
    const double busy = number_of(e, "busy_ns") / 1e9, pid = number_of(status, "pid");
    v->status = status;
    v->note = NULL;
    if (last.pid == pid && now > last.at && tokens >= last.tokens) {
        v->tokens_per_s = (tokens - last.tokens) / (now - last.at);
        v->rows_per_step = steps > last.steps ? (rows - last.rows) / (steps - last.steps) : 0;
        v->busy = (busy - last.busy) / (now - last.at);
        v->busy = v->busy > 1 ? 1 : v->busy;
        remember(v, v->tokens_per_s);
    } else {
        v->tokens_per_s = number_of(e, "tokens_per_s");
        v->rows_per_step = number_of(e, "rows_per_step");
        v->busy = -1;
    }
    last.at = now;
    last.pid = pid;
    last.tokens = tokens;
    last.rows = rows;
    last.steps = steps;
    last.busy = busy;
}

/* ---- lines ---- */

/* Columns of the character at p: none for what combines, two for what is wide. Ranges enough for names of programs. */
static int columns_of(const char *p, int bytes)
{
    const unsigned char *u = (const unsigned char *)p;
    const unsigned c = bytes == 1   ? u[0]
                       : bytes == 2 ? (u[0] & 31u) << 6 | (u[1] & 63u)
                       : bytes == 3 ? (u[0] & 15u) << 12 | (u[1] & 63u) << 6 | (u[2] & 63u)
                                    : (u[0] & 7u) << 18 | (u[1] & 63u) << 12 | (u[2] & 63u) << 6 | (u[3] & 63u);
    if ((c >= 0x300 && c < 0x370) || (c >= 0x200b && c < 0x2010) || c == 0xfe0f)
        return 0;
    return (c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) || (c >= 0xac00 && c < 0xd7a4) || (c >= 0xf900 && c < 0xfb00) ||
                   (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) || (c >= 0x1f300 && c < 0x1fb00) || c >= 0x20000
               ? 2
               : 1;
}

/* Cuts a text to so many columns, and mends what would move the cursor: names are what clients say they are. Returns its columns. */
static int fit(char *text, int most)
{
    int columns = 0;
    for (char *p = text; *p;) {
        const int bytes = m6_utf8_character(p);
        if (bytes < 1 || (unsigned char)*p < ' ' || *p == 0x7f || (bytes == 2 && (unsigned char)p[0] == 0xc2 && (unsigned char)p[1] < 0xa0)) {
            *p = '?';
            if (bytes > 1)
                memset(p, '?', (size_t)bytes);
            continue;
        }
        const int wide = columns_of(p, bytes);
        if (columns + wide > most) {
            *p = '\0';
            break;
        }
        columns += wide;
        p += bytes;
    }
    return columns;
}

__attribute__((format(printf, 3, 4))) static void line(struct page *page, enum style style, const char *format, ...)
{
    static const char *const on[] = {"", "\033[1m", "\033[7m", "\033[33m"};
    char text[LINE];
    va_list args;
    if (page->left < 1)
        return;
    page->left--;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const int width = page->view->width, columns = fit(text, width ? width : LINE);
    size_t n = strlen(text);
    while (n && text[n - 1] == ' ' && !(style == HEAD && page->view->colour))
        text[--n] = '\0';
    if (!page->view->colour || style == PLAIN)
        fprintf(page->out, "%s\n", text);
    else
        fprintf(page->out, "%s%s%*s\033[0m\n", on[style], text, style == HEAD && width > columns ? width - columns : 0, "");
}

/* A text of exactly so many columns, for a table: "%*s" counts bytes. */
static const char *cell(char *to, size_t size, const char *text, int columns)
{
    snprintf(to, size, "%.*s", (int)size - columns - 1, text);
    const int used = fit(to, columns);
    const size_t n = strlen(to);
    snprintf(to + n, size - n, "%*s", columns - used, "");
    return to;
}

static const char *bar(char *to, size_t size, const struct top_view *v, double share)
{
    const int full = share <= 0 ? 0 : share >= 1 ? CELLS : (int)(share * CELLS + 0.5);
    size_t at = 0;
    for (int i = 0; i < CELLS && at + 4 < size; i++)
        at += (size_t)snprintf(to + at, size - at, "%s", v->unicode ? i < full ? "█" : "░" : i < full ? "#" : "-");
    return to;
}

static const char *spark(char *to, size_t size, const struct top_view *v)
{
    static const char *const step[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, *const plain[] = {"_", ".", "-", "=", "+", "*", "#", "@"};
    const int first = v->count > CELLS ? v->count - CELLS : 0;
    double most = 1;
    size_t at = 0;
    to[0] = '\0';
    for (int i = first; i < v->count; i++)
        most = v->tokens[i] > most ? v->tokens[i] : most;
    for (int i = 0; i < CELLS && at + 4 < size; i++) {
        const int k = i - (CELLS - (v->count - first));
        const char *mark = k < 0 ? " " : (v->unicode ? step : plain)[(int)(7 * v->tokens[first + k] / most)];
        at += (size_t)snprintf(to + at, size - at, "%s", mark);
    }
    return to;
}

static const char *duration(char *to, size_t size, double ms)
{
    const double s = ms / 1000;
    if (s < 1)
        snprintf(to, size, "%.0f ms", ms);
    else if (s < 10)
        snprintf(to, size, "%.1f s", s);
    else if (s < 120)
        snprintf(to, size, "%.0f s", s);
    else if (s < 7200)
        snprintf(to, size, "%.0f min", s / 60);
    else if (s < 172800)
        snprintf(to, size, "%.0f h", s / 3600);
    else
        snprintf(to, size, "%.0f days", s / 86400);
    return to;
}

static const char *memory(char *to, size_t size, double bytes)
{
    const double mib = bytes / 1048576;
    if (mib < 1024)
        snprintf(to, size, "%.1f MiB", mib);
    else
        snprintf(to, size, "%.1f GiB", mib / 1024);
    return to;
}

/* ---- sections ---- */

static void print_host(struct page *p)
{
    const cJSON *o = p->view->status, *model = field(o, "model");
    char up[32], rss[32], weights[32], clock[16];
    const time_t t = time(NULL);
    struct tm now;
    localtime_r(&t, &now);
    strftime(clock, sizeof clock, "%H:%M:%S", &now);
    line(p, BOLD, "m6 top   %s   host %s, process %.0f, up %s, memory %s", clock, text_of(o, "state"), number_of(o, "pid"),
         duration(up, sizeof up, number_of(o, "uptime_ms")), memory(rss, sizeof rss, number_of(o, "memory")));
    if (*text_of(model, "name"))
        line(p, PLAIN, "model    %s on %s/%s, %s; M6 %s", text_of(model, "name"), text_of(model, "backend"), text_of(model, "isa"),
             memory(weights, sizeof weights, number_of(model, "bytes")), text_of(o, "version"));
    else
        line(p, PLAIN, "model    %s, not loaded", *text_of(model, "path") ? text_of(model, "path") : "none");
    if (*text_of(model, "why"))
        line(p, WARN, "         %s", text_of(model, "why"));
    if (cJSON_IsTrue(field(model, "changed")))
        line(p, WARN, "         %s", text_of(model, "change"));
}

static void print_engine(struct page *p)
{
    const struct top_view *v = p->view;
    const cJSON *o = v->status, *e = field(o, "engine"), *jobs = field(o, "jobs"), *each;
    const double size = number_of(e, "cache_bytes"), used = number_of(e, "cache_used"), idle = number_of(e, "cache_idle");
    char text[4 * CELLS + 8], total[32], busy[32] = "";
    double active = 0, queued = 0;
    cJSON_ArrayForEach(each, field(e, "active")) active += each->valuedouble;
    cJSON_ArrayForEach(each, field(e, "queued")) queued += each->valuedouble;
    if (v->busy >= 0)
        snprintf(busy, sizeof busy, ", busy %.0f %%", 100 * v->busy);
    line(p, PLAIN, "tokens   %s  %.1f/s, batch %.1f rows a step%s", spark(text, sizeof text, v), v->tokens_per_s, v->rows_per_step, busy);
    line(p, PLAIN, "KV       %s  %.0f %% of %s in use, %.0f %% kept for reuse", bar(text, sizeof text, v, size ? used / size : 0),
         size ? 100 * used / size : 0, memory(total, sizeof total, size), size ? 100 * idle / size : 0);
    line(p, PLAIN, "queue    %.0f jobs run, %.0f wait; the model answers %.0f requests, %.0f wait", number_of(jobs, "running"),
         number_of(jobs, "waiting"), active, queued);
    line(p, PLAIN, "so far   %.0f done, %.0f failed, %.0f cancelled", number_of(jobs, "done"), number_of(jobs, "failed"), number_of(jobs, "cancelled"));
}

static const char *quantiles(char *to, size_t size, const cJSON *o)
{
    char one[3][32];
    static const char *const keys[] = {"p50", "p95", "p99"};
    for (int i = 0; i < 3; i++)
        duration(one[i], sizeof one[i], number_of(o, keys[i]));
    if (number_of(o, "count") > 0)
        snprintf(to, size, "%10s%7s%7s", one[0], one[1], one[2]);
    else
        snprintf(to, size, "%10s%7s%7s", "-", "-", "-");
    return to;
}

static void print_kinds(struct page *p)
{
    const cJSON *each;
    char name[64], first[128], whole[128], wait[32];
    if (!cJSON_GetArraySize(field(p->view->status, "kinds")))
        return;
    line(p, PLAIN, "%s", "");
    line(p, HEAD, "KIND        DONE FAIL WHOLE p50    p95    p99 FIRST p50    p95    p99  WAIT p95");
    cJSON_ArrayForEach(each, field(p->view->status, "kinds"))
    {
        const cJSON *waited = field(each, "wait_ms");
        line(p, PLAIN, "%s %6.0f %4.0f%s%s%10s", cell(name, sizeof name, *text_of(each, "kind") ? text_of(each, "kind") : "other", 9),
             number_of(each, "done"), number_of(each, "failed"), quantiles(whole, sizeof whole, field(each, "whole_ms")),
             quantiles(first, sizeof first, field(each, "first_ms")),
             number_of(waited, "count") > 0 ? duration(wait, sizeof wait, number_of(waited, "p95")) : "-");
    }
}

/* So many of a list as there is room for, and what is left out. */
static void print_list(struct page *p, const cJSON *list, double total, int most, const char *what, void (*print)(struct page *, const cJSON *))
{
    int shown = 0;
    const cJSON *each;
    cJSON_ArrayForEach(each, list)
    {
        if (shown == most)
            break;
        print(p, each);
        shown++;
    }
    if (total > shown)
        line(p, PLAIN, "%s %.0f more %s", p->view->unicode ? "…" : "...", total - shown, what);
}

static void print_client(struct page *p, const cJSON *c)
{
    char name[96];
    line(p, PLAIN, "%s %8.0f %6.0f %7.0f %8.0f", cell(name, sizeof name, *text_of(c, "name") ? text_of(c, "name") : "-", 24), number_of(c, "pid"),
         number_of(c, "jobs"), number_of(c, "waiting"), number_of(c, "done"));
}

static void print_job(struct page *p, const cJSON *j)
{
    char name[96], kind[64], age[32], progress[16] = "-";
    if (!strcmp(text_of(j, "state"), "running"))
        snprintf(progress, sizeof progress, "%.0f %%", 100 * number_of(j, "progress"));
    line(p, PLAIN, "%s %8.0f %6s %s %-11s %-7s %8s %8s", cell(name, sizeof name, *text_of(j, "client") ? text_of(j, "client") : "-", 12),
         number_of(j, "pid"), text_of(j, "job"), cell(kind, sizeof kind, text_of(j, "kind"), 10), text_of(j, "priority"), text_of(j, "state"), progress,
         duration(age, sizeof age, number_of(j, "age_ms")));
}

static void print_lists(struct page *p)
{
    const cJSON *clients = field(p->view->status, "clients"), *counts = field(p->view->status, "jobs"), *jobs = field(counts, "list");
    const int bound = p->view->height > 0, count = cJSON_GetArraySize(clients);
    /* Two heads with a blank line each, and a line each for what is left out. */
    const int room = bound ? p->left - 6 : 1 << 20;
    const int for_clients = count < room / 3 || !bound ? count : room / 3;
    const int for_jobs = room - for_clients;
    line(p, PLAIN, "%s", "");
    line(p, HEAD, "CLIENT                        PID   JOBS WAITING     DONE");
    print_list(p, clients, count, for_clients > 0 ? for_clients : 0, "clients", print_client);
    const double total = number_of(counts, "running") + number_of(counts, "waiting");
    if (!total)
        return;
    line(p, PLAIN, "%s", "");
    line(p, HEAD, "CLIENT            PID    JOB KIND       PRIORITY    STATE   PROGRESS      AGE");
    print_list(p, jobs, total, for_jobs > 0 ? for_jobs : 0, "jobs", print_job);
}

char *top_view_text(const struct top_view *v)
{
    char *text = NULL;
    size_t size;
    struct page page = {v, open_memstream(&text, &size), v->height ? v->height : 1 << 20};
    if (!page.out)
        return NULL;
    if (v->note)
        line(&page, WARN, "m6 top   %s", v->note);
    if (v->status && !v->note) {
        print_host(&page);
        print_engine(&page);
        print_kinds(&page);
        print_lists(&page);
    }
    fclose(page.out);
    return text;
}
