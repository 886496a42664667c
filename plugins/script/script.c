/* The model writes freely; each line is checked as it comes. At the first that does not belong where it stands, the request
 * ends, and another one goes on from the last good line with another seed: seed + attempt · 0x9e3779b97f4a7c15. */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "form.h"

enum { ATTEMPTS = 24, SCRIPT_MAX = 32768 };

struct writing {
    const struct m6_host_services *host;
    struct m6_job *job;
    struct form form;
    char text[SCRIPT_MAX]; /* what is put down */
    size_t length;
    char line[FORM_LINE_MAX]; /* what comes after it */
    size_t line_length;
    int bad; /* the line does not belong here */
};

/* Puts the line down, or finds it bad. */
static void end_line(struct writing *w)
{
    char out[FORM_LINE_MAX + 64];
    w->line[w->line_length] = '\0';
    size_t blank = strspn(w->line, " \t\r");
    if (w->form.next == FORM_END || blank == w->line_length) {
        w->line_length = 0;
        return;
    }
    if (form_take(&w->form, w->line, out, sizeof out)) {
        w->bad = 1;
        return;
    }
    size_t n = strlen(out);
    if (w->length + n >= sizeof w->text) {
        w->bad = 1;
        return;
    }
    memcpy(w->text + w->length, out, n + 1);
    w->length += n;
    w->line_length = 0;
    w->host->emit_text(w->job, out);
    double parts = 1 + 2 * w->form.shots;
    double done = w->form.next == FORM_END ? parts : w->form.next == FORM_TITLE ? 0 : 2 * w->form.shot - (w->form.next == FORM_HEADING);
    w->host->progress(w->job, done, parts, "writing");
}

static int on_text(void *arg, const char *text, int done, int total)
{
    struct writing *w = arg;
    for (; text && *text && !w->bad && w->form.next != FORM_END; text++) {
        if (*text == '\n')
            end_line(w);
        else if (w->line_length + 1 < sizeof w->line)
            w->line[w->line_length++] = *text;
        else
            w->bad = 1;
    }
    return w->bad || w->form.next == FORM_END;
}

/* One request, going on from what is put down. */
static int write_on(struct writing *w, const char *idea, int attempt, const char *lead)
{
    const struct m6_host_services *host = w->host;
    struct m6_answer *answer;
    struct m6_plugin_result result = {.size = sizeof result};
    char prefix[SCRIPT_MAX + 64];
    /* With the blank line that comes before every part but the first: a model's tokens may reach over both line breaks. */
    snprintf(prefix, sizeof prefix, "%s%s%s", w->text, w->length ? "\n" : "", lead);
    w->line_length = strlen(lead);
    memcpy(w->line, lead, w->line_length);
    w->bad = 0;
    const struct m6_plugin_request request = {
        .size = sizeof request,
        .task = M6_PLUGIN_SCRIPT,
        .text = idea,
        .lang = host->param_string(w->job, "lang", "en"),
        .prefix = prefix[0] ? prefix : NULL,
        .seed = (uint64_t)host->param_integer(w->job, "seed", 0) + (uint64_t)attempt * 0x9e3779b97f4a7c15u,
        .temperature = (float)host->param_number(w->job, "temperature", 0.5),
        .top_p = (float)host->param_number(w->job, "top_p", 0.9),
        .progress = on_text,
        .arg = w,
    };
    if (host->model_start(w->job, &request, &answer))
        return -1;
    int failed = host->model_wait(answer, &result);
    host->model_release(answer);
    /* The last line may end with the text. */
    if (!failed && !w->bad && w->line_length > strlen(lead))
        end_line(w);
    return failed;
}

static int write_all(struct writing *w, const char *idea)
{
    char part[64], sentence[256];
    /* A line that fails twice gets its beginning given. */
    size_t last = 0;
    int stuck = 0;
    for (int attempt = 0; attempt < ATTEMPTS && w->form.next != FORM_END; attempt++) {
        if (w->host->cancelled(w->job) || write_on(w, idea, attempt, stuck ? form_lead(&w->form) : ""))
            return -1;
        stuck = w->length == last;
        last = w->length;
    }
    if (w->form.next == FORM_END)
        return 0;
    snprintf(sentence, sizeof sentence,
             "the model did not find a form for %s in %d attempts; try another seed, a lower temperature or another idea",
             form_name(&w->form, part, sizeof part), ATTEMPTS);
    return w->host->fail(w->job, "model", sentence);
}

int script_run(const struct m6_host_services *host, struct m6_host *m6, struct m6_job *job)
{
    const char *idea = host->param_string(job, "idea", "");
    int shots = (int)host->param_integer(job, "shots", 4);
    size_t size = strlen(idea) + 16;
    char *text = malloc(size);
    struct writing *w = calloc(1, sizeof *w);
    int failed = -1;
    if (w && text) {
        *w = (struct writing){.host = host, .job = job};
        form_start(&w->form, shots);
        snprintf(text, size, "%d: %s", shots, idea);
        for (char *p = text; *p; p++)
            *p = *p == '\n' || *p == '\r' ? ' ' : *p;
        failed = write_all(w, text);
    } else {
        host->fail(job, "failed", "there is no memory to write a script");
    }
    free(text);
    free(w);
    return failed;
}
