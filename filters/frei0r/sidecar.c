#include "sidecar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_time(FILE *to, int64_t ns, char point)
{
    const int64_t ms = ns > 0 ? (ns + 500000) / 1000000 : 0;
    fprintf(to, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 "%c%03" PRId64, ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, point, ms % 1000);
}

/* An empty line would end the caption; WebVTT takes <, > and & for marks. */
static void put_text(FILE *to, const char *text, int marks)
{
    char last = '\n';
    for (; *text; text++) {
        if (*text == '\r' || (*text == '\n' && last == '\n'))
            continue;
        last = *text;
        if (marks && *text == '&')
            fputs("&amp;", to);
        else if (marks && *text == '<')
            fputs("&lt;", to);
        else if (marks && *text == '>')
            fputs("&gt;", to);
        else
            fputc(*text, to);
    }
    if (last != '\n')
        fputc('\n', to);
}

static void put_json(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(to, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            fprintf(to, "\\u%04x", (unsigned int)(unsigned char)*text);
        else
            fputc(*text, to);
    }
    fputc('"', to);
}

static void put_line(FILE *to, enum caption_format format, const struct sidecar_about *about, const struct sidecar_line *l, int number)
{
    if (format == CAPTION_JSON) {
        fprintf(to, "{\"start\": %.3f, \"end\": %.3f, \"text\": ", (double)l->start / 1e9, (double)l->end / 1e9);
        put_json(to, l->text);
        fputs(", \"language\": ", to);
        put_json(to, about->language);
        fputs(", \"prompt\": ", to);
        put_json(to, about->prompt);
        fputs(", \"model\": ", to);
        put_json(to, about->model);
        fprintf(to, ", \"seed\": %" PRId64 "}\n", about->seed);
        return;
    }
    if (format == CAPTION_SRT)
        fprintf(to, "%d\n", number);
    put_time(to, l->start, format == CAPTION_SRT ? ',' : '.');
    fputs(" --> ", to);
    put_time(to, l->end, format == CAPTION_SRT ? ',' : '.');
    fputc('\n', to);
    put_text(to, l->text, format == CAPTION_VTT);
    fputc('\n', to);
}

enum m6_status sidecar_write(const char *path, enum caption_format format, const struct sidecar_about *about, const struct sidecar_line *lines, int count,
                             struct m6_error *err)
{
    char *hidden = NULL;
    const char *slash = strrchr(path, '/');
    const int folder = slash ? (int)(slash - path) + 1 : 0;
    if (asprintf(&hidden, "%.*s.%s.part-%ld", folder, path, path + folder, (long)getpid()) < 0)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a file's name");
    FILE *to = fopen(hidden, "we");
    int failed = !to;
    if (to) {
        if (format == CAPTION_VTT)
            fputs("WEBVTT\n\n", to);
        for (int i = 0; i < count; i++)
            put_line(to, format, about, &lines[i], i + 1);
        failed = ferror(to);
        failed |= fclose(to) != 0;
    }
    if (!failed)
        failed = rename(hidden, path) != 0;
    const int reason = errno;
    if (failed && to)
        unlink(hidden);
    free(hidden);
    return failed ? m6_fail(err, M6_ERR_IO, "cannot write destination %.200s: %s", path, strerror(reason)) : M6_OK;
}
