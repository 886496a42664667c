#include "queue_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"

enum { WHAT_WIDTH = 40 };

/* ---- for programs ---- */

static void add_time(cJSON *o, const char *key, int64_t ms)
{
    const time_t t = (time_t)(ms / 1000);
    struct tm day;
    char text[40];
    if (!ms)
        return;
    gmtime_r(&t, &day);
    const size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &day);
    snprintf(text + n, sizeof text - n, ".%03dZ", (int)(ms % 1000));
    cJSON_AddStringToObject(o, key, text);
}

static cJSON *files(const struct queue_file *list, int count)
{
    cJSON *array = cJSON_CreateArray();
    for (int i = 0; i < count; i++) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "path", list[i].path);
        if (*list[i].digest)
            cJSON_AddStringToObject(o, "sha256", list[i].digest);
        if (list[i].spooled)
            cJSON_AddTrueToObject(o, "spooled");
        cJSON_AddItemToArray(array, o);
    }
    return array;
}

cJSON *queue_list_json(const struct queue_module *m, const struct queue_job *job)
{
    cJSON *o = cJSON_CreateObject();
    int words = 0;
    while (job->words[words])
        words++;
    cJSON_AddNumberToObject(o, "job", (double)job->id);
    cJSON_AddStringToObject(o, "state", m->state_name(job->state));
    cJSON_AddStringToObject(o, "command", job->words[0]);
    cJSON_AddItemToObject(o, "arguments",
                          cJSON_CreateStringArray((const char *const *)job->words + 1, words - 1));
    cJSON_AddItemToObject(o, "inputs", files(job->inputs, job->input_count));
    cJSON_AddItemToObject(o, "outputs", files(job->outputs, job->output_count));
    cJSON_AddNumberToObject(o, "attempts", job->attempts);
    add_time(o, "queued_at", job->created_ms);
    add_time(o, "began_at", job->started_ms);
    add_time(o, "ended_at", job->ended_ms);
    if (m->state_ended(job->state)) {
        cJSON_AddNumberToObject(o, "exit", job->exit);
        cJSON_AddStringToObject(o, "text", job->text);
    }
    if (job->error)
        cJSON_AddStringToObject(o, "error", job->error);
    if (job->log && *job->log)
        cJSON_AddStringToObject(o, "warnings", job->log);
    return o;
}

/* ---- for people ---- */

/* What the command is given: the first of its arguments, on one line. */
static void describe(const struct queue_job *job, char *out, size_t size)
{
    char **word = job->words;
    while (*word && strcmp(*word, "--"))
        word++;
    snprintf(out, size, "%s",
             *word && word[1]   ? word[1]
             : job->input_count ? job->inputs[0].path
                                : "");
    text_squeeze(out);
    size_t at = 0;
    int width = 0, n;
    uint32_t c;
    while ((n = text_next(out + at, &c)) > 0 && width < WHAT_WIDTH) {
        at += (size_t)n;
        width += 1 + (c >= 0x1100);
    }
    if (out[at] && at + 4 < size)
        strcpy(out + at, "…");
}

void queue_list_line(const struct queue_module *m, const struct queue_job *job, int first)
{
    char what[1024];
    describe(job, what, sizeof what);
    if (first)
        puts("   JOB  STATE      WHAT");
    printf("%6lld  %-9s  %s \"%s\"%s%s%s\n", (long long)job->id, m->state_name(job->state),
           job->words[0], what, job->output_count ? " -> " : "",
           job->output_count ? job->outputs[0].path : "", job->output_count > 1 ? " …" : "");
    if (job->error)
        printf("        %s\n", job->error);
}

static void print_time(const char *what, int64_t ms)
{
    const time_t t = (time_t)(ms / 1000);
    struct tm day;
    char text[40];
    if (!ms)
        return;
    localtime_r(&t, &day);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &day);
    printf("%-9s %s\n", what, text);
}

/* As a shell reads it. */
static void print_word(const char *word)
{
    if (*word &&
        !word[strspn(word,
                     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./,:+@%")]) {
        printf(" %s", word);
        return;
    }
    fputs(" '", stdout);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*word);
    }
    putchar('\'');
}

static void print_files(const char *what, const struct queue_file *list, int count)
{
    for (int i = 0; i < count; i++)
        printf("%-9s %s%s%.12s%s\n", what, list[i].path, *list[i].digest ? ", sha256 " : "",
               list[i].digest, *list[i].digest ? "…" : "");
}

void queue_list_show(const struct queue_module *m, const struct queue_job *job)
{
    printf("%-9s %lld, %s", "job", (long long)job->id, m->state_name(job->state));
    if (job->attempts > 1)
        printf(", begun %d times", job->attempts);
    if (job->state == QUEUE_FAILED)
        printf(", exit status %d", job->exit);
    printf("\n%-9s m6", "command");
    for (char **word = job->words; *word; word++)
        print_word(*word);
    putchar('\n');
    print_files("input", job->inputs, job->input_count);
    print_files("output", job->outputs, job->output_count);
    print_time("queued", job->created_ms);
    print_time("began", job->started_ms);
    print_time("ended", job->ended_ms);
    if (job->error)
        printf("%-9s %s\n", "error", job->error);
    if (job->log && *job->log)
        printf("%-9s %s\n", "warning", job->log);
    if (job->text_size) {
        putchar('\n');
        fwrite(job->text, 1, job->text_size, stdout);
    }
}
