/* m6 top: what a host does, as it does it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <m6/m6.h>

#include "cmd.h"
#include "core/utf8.h"
#include "top_screen.h"
#include "top_view.h"

enum { ANSWER_MS = 10000 };

struct top_options {
    const char *socket;
    double interval;
    int once;
};

#define AT(field) offsetof(struct top_options, field)
static const struct option_spec options[] = {
    {"socket", 0, OPTION_TEXT, 0, 0, AT(socket), "PATH", "the host's socket (default: M6_HOST, else the user's own)"},
    {"interval", 'i', OPTION_NUMBER, 0.1, 3600, AT(interval), "S", "seconds between two looks (default: 1)"},
    {"once", '1', OPTION_FLAG, 0, 0, AT(once), NULL, "look once, and go; so it is when stdout is no terminal, without --json"},
    {0},
};
#undef AT

struct top {
    struct cmd_context *ctx;
    struct m6_client *m6;
    struct top_view view;
    cJSON *status; /* the newest */
    double interval;
    int screen, once;
    int asked, sig;
};

static double now_s(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int says_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return 0;
}

/* ---- showing ---- */

static int show(struct top *t)
{
    if (t->screen)
        top_screen_size(&t->view.width, &t->view.height);
    char *text = top_view_text(&t->view);
    if (!text)
        top_screen_leave();
    if (!text)
        return cmd_fail(t->ctx, CMD_FAILED, "out of memory");
    if (t->screen)
        top_screen_draw(text);
    else
        fputs(text, stdout);
    free(text);
    return CMD_DONE;
}

static int print_object(struct top *t)
{
    cJSON_AddNumberToObject(t->status, "time", now_s(CLOCK_REALTIME));
    char *text = cJSON_PrintUnformatted(t->status);
    if (!text)
        return cmd_fail(t->ctx, CMD_FAILED, "out of memory");
    m6_utf8_mend(text);
    puts(text);
    cJSON_free(text);
    return fflush(stdout) ? cmd_fail(t->ctx, CMD_FAILED, "cannot write to stdout: %s", strerror(errno)) : CMD_DONE;
}

static int take(struct top *t, const char *json)
{
    cJSON *fresh = cJSON_Parse(json);
    if (!fresh)
        top_screen_leave();
    if (!fresh)
        return cmd_fail(t->ctx, CMD_MODEL, "the host's status is no JSON; install host and command from one build");
    cJSON_DeleteItemFromObject(fresh, "type");
    cJSON_Delete(t->status);
    t->status = fresh;
    t->asked = 0;
    top_view_take(&t->view, fresh, now_s(CLOCK_MONOTONIC));
    return t->ctx->json ? print_object(t) : show(t);
}

/* ---- the loop ---- */

static int ask(struct top *t)
{
    struct m6_error err = {""};
    if (!t->asked && !m6_ask_status(t->m6, &err))
        t->asked = 1;
    return t->asked;
}

/* What has come. Returns an exit code, or -1 to go on. */
static int hear(struct top *t, int *got)
{
    struct m6_client_event e = {.size = sizeof e};
    int code = CMD_DONE;
    *got = 0;
    while (!code && m6_next(t->m6, 0, &e) > 0) {
        if (e.type == M6_CLIENT_STATUS) {
            code = take(t, e.text);
            *got = 1;
        } else if (e.type == M6_CLIENT_DISCONNECTED) {
            t->asked = 0;
            t->view.note = "the host has gone; waiting for the next one (q ends)";
            if (t->screen)
                code = show(t);
        } else if (e.type == M6_CLIENT_CONNECTED) {
            ask(t);
        }
    }
    return code ? code : -1;
}

static int watch(struct top *t)
{
    double due = now_s(CLOCK_MONOTONIC);
    for (int code = -1, got, came;;) {
        const double now = now_s(CLOCK_MONOTONIC);
        if (now >= due) {
            ask(t);
            due += t->interval;
            if (due < now)
                due = now + t->interval;
        }
        const enum top_wish wish = top_screen_wait(m6_fd(t->m6), 1 + (int)((due - now) * 1000), &came, &t->sig);
        if (wish == TOP_QUIT)
            return CMD_DONE;
        if (came && (code = hear(t, &got)) >= 0)
            return code;
        if (wish == TOP_REDRAW && t->screen)
            show(t);
    }
}

static int look_once(struct top *t)
{
    const double until = now_s(CLOCK_MONOTONIC) + ANSWER_MS / 1000;
    ask(t);
    for (int code, got, came; now_s(CLOCK_MONOTONIC) < until;) {
        if (top_screen_wait(m6_fd(t->m6), 100, &came, &t->sig) == TOP_QUIT)
            return CMD_DONE;
        if (!came)
            continue;
        if ((code = hear(t, &got)) >= 0)
            return code;
        if (got)
            return CMD_DONE;
    }
    return cmd_fail(t->ctx, CMD_MODEL, "the host does not answer; 'm6 stop' ends it");
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    struct top_options o = {.interval = 1};
    struct top t = {.ctx = ctx};
    struct m6_error err = {""};
    const char *plain = getenv("NO_COLOR");
    if (!cmd_parse(ctx, &o, argc, argv))
        return ctx->exit;
    t.screen = !ctx->json && !o.once && top_screen_possible();
    t.once = o.once || (!t.screen && !ctx->json);
    t.interval = o.interval;
    t.view.unicode = says_utf8();
    t.view.colour = t.screen && !(plain && *plain);
    top_signals_init();
    const struct m6_open_params params = {.size = sizeof params, .host = o.socket, .name = "m6 top", .autostart = -1, .reconnect = t.once ? -1 : 0};
    if (m6_open(&t.m6, &params, &err))
        return cmd_fail(ctx, CMD_MODEL, "%s", err.text);
    if (t.screen)
        top_screen_enter();
    const int code = t.once ? look_once(&t) : watch(&t);
    top_screen_leave();
    m6_close(t.m6);
    cJSON_Delete(t.status);
    /* ^C is how such a command ends; other signals are told on. */
    return t.sig && t.sig != SIGINT ? 128 + t.sig : code;
}

const struct cmd_command cmd_top = {
    .name = "top",
    .arguments = "[options]",
    .summary = "watch the running host: clients, jobs, speed, memory",
    .details = "Redraws each second until q is typed. With --json it prints one object a line, the host's status with the time, until it is "
               "interrupted. Times of jobs (WHOLE: to the end, FIRST: to the model's first token, WAIT: to the beginning) are of the last "
               "five to ten minutes, and right within 10 %.",
    .examples = "m6 top\nm6 top --once\nm6 top --json --interval 10 >log.jsonl",
    .options = options,
    .args_max = 0,
    .run = run,
};
