#include "destination.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavformat/avio.h>
#include <libavutil/bprint.h>
#include <libavutil/dict.h>
#include <libavutil/error.h>

static const int64_t slack = 1000000; /* of rounding */

/* One for each destination of the process, for as long as it lives. */
struct m6_destination {
    struct m6_destination *next;
    char *where;
    int format, users;
    AVIOContext *io; /* NULL: closed */
    int is_file;
    int has_begun;   /* something of this process's is there */
    int is_active;   /* a user has begun */
    int64_t count, last_end;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all of them */
static struct m6_destination *all;

static int open_io(struct m6_destination *d, int truncate)
{
    AVDictionary *options = NULL;
    av_dict_set(&options, "truncate", truncate ? "1" : "0", 0);
    const int ret = avio_open2(&d->io, strcmp(d->where, "-") ? d->where : "pipe:1", AVIO_FLAG_WRITE, NULL, &options);
    av_dict_free(&options);
    if (ret < 0)
        return ret;
    d->is_file = (d->io->seekable & AVIO_SEEKABLE_NORMAL) != 0;
    if (d->is_file && !truncate) {
        const int64_t size = avio_size(d->io);
        if (size > 0)
            avio_seek(d->io, size, SEEK_SET);
    }
    return 0;
}

static struct m6_destination *find(const char *where)
{
    struct m6_destination *d = all;
    while (d && strcmp(d->where, where) != 0)
        d = d->next;
    return d;
}

static struct m6_destination *add(const char *where)
{
    struct m6_destination *d = calloc(1, sizeof *d);
    if (d && !(d->where = strdup(where))) {
        free(d);
        d = NULL;
    }
    if (d) {
        d->next = all;
        all = d;
    }
    return d;
}

enum m6_status m6_destination_open(struct m6_destination **out, const char *where, int format, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    char why[128];
    *out = NULL;
    pthread_mutex_lock(&lock);
    struct m6_destination *d = find(where);
    if (!d)
        d = add(where);
    const int ret = !d ? 0 : d->io ? 0 : open_io(d, 0);
    if (!d) {
        status = m6_fail(err, M6_ERR_MEMORY, "no memory for a destination");
    } else if (ret < 0) {
        av_strerror(ret, why, sizeof why);
        status = m6_fail(err, M6_ERR_IO, "captions cannot be written to %.300s: %s", where, why);
    } else {
        d->format = format;
        d->users++;
        *out = d;
    }
    pthread_mutex_unlock(&lock);
    return status;
}

/* ---- with the lock held ---- */

static void begin(struct m6_destination *d, int64_t time_ns)
{
    const int goes_on = d->has_begun && (d->is_active || time_ns >= d->last_end - slack);
    d->is_active = 1;
    if (goes_on)
        return;
    if (d->is_file) {
        avio_closep(&d->io);
        open_io(d, 1);
    }
    d->has_begun = 1;
    d->count = 0;
    d->last_end = INT64_MIN + slack;
    if (d->io && d->format == M6_DESTINATION_VTT)
        avio_printf(d->io, "WEBVTT\n\n");
    if (d->io)
        avio_flush(d->io);
}

static void print_time(AVBPrint *to, int64_t ns, char point)
{
    const int64_t ms = ns > 0 ? (ns + 500000) / 1000000 : 0;
    av_bprintf(to, "%02d:%02d:%02d%c%03d", (int)(ms / 3600000), (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), point, (int)(ms % 1000));
}

/* A cue ends with an empty line, so it has none; WebVTT's has no < or & either. */
static void print_cue(AVBPrint *to, const char *text, int is_vtt)
{
    int at_line_start = 1;
    for (; *text; text++) {
        if (*text == '\r' || (*text == '\n' && at_line_start))
            continue;
        at_line_start = *text == '\n';
        if (is_vtt && *text == '&')
            av_bprintf(to, "&amp;");
        else if (is_vtt && *text == '<')
            av_bprintf(to, "&lt;");
        else if (is_vtt && *text == '>')
            av_bprintf(to, "&gt;");
        else
            av_bprint_chars(to, *text, 1);
    }
    av_bprintf(to, at_line_start ? "\n" : "\n\n");
}

static void print_string(AVBPrint *to, const char *text)
{
    av_bprint_chars(to, '"', 1);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            av_bprintf(to, "\\%c", *text);
        else if (*text == '\n')
            av_bprintf(to, "\\n");
        else if ((unsigned char)*text < 0x20)
            av_bprintf(to, "\\u%04x", (unsigned)*text);
        else
            av_bprint_chars(to, *text, 1);
    }
    av_bprint_chars(to, '"', 1);
}

static void print(struct m6_destination *d, const struct m6_destination_caption *c, AVBPrint *to)
{
    const int is_vtt = d->format == M6_DESTINATION_VTT;
    if (d->format == M6_DESTINATION_JSON) {
        av_bprintf(to, "{\"start\": %lld, \"end\": %lld, \"text\": ", (long long)(c->start_ns / 1000000), (long long)(c->end_ns / 1000000));
        print_string(to, c->text);
        av_bprintf(to, ", \"language\": ");
        print_string(to, c->language ? c->language : "");
        av_bprintf(to, ", \"model\": ");
        print_string(to, c->model ? c->model : "");
        av_bprintf(to, "}\n");
        return;
    }
    if (!is_vtt)
        av_bprintf(to, "%lld\n", (long long)d->count);
    print_time(to, c->start_ns, is_vtt ? '.' : ',');
    av_bprintf(to, " --> ");
    print_time(to, c->end_ns, is_vtt ? '.' : ',');
    av_bprint_chars(to, '\n', 1);
    print_cue(to, c->text, is_vtt);
}

/* ---- the rest of the door ---- */

void m6_destination_begin(struct m6_destination *d, int64_t time_ns)
{
    pthread_mutex_lock(&lock);
    begin(d, time_ns);
    pthread_mutex_unlock(&lock);
}

enum m6_status m6_destination_write(struct m6_destination *d, const struct m6_destination_caption *c, struct m6_error *err)
{
    AVBPrint text;
    enum m6_status status = M6_OK;
    char why[128];
    av_bprint_init(&text, 0, AV_BPRINT_SIZE_UNLIMITED);
    pthread_mutex_lock(&lock);
    d->count++;
    print(d, c, &text);
    if (d->io && av_bprint_is_complete(&text)) {
        avio_write(d->io, (const unsigned char *)text.str, (int)text.len);
        avio_flush(d->io);
    }
    if (!d->io || d->io->error || !av_bprint_is_complete(&text)) {
        av_strerror(d->io && d->io->error ? d->io->error : AVERROR(EIO), why, sizeof why);
        status = m6_fail(err, M6_ERR_IO, "captions cannot be written to %.300s: %s", d->where, why);
    }
    if (c->end_ns > d->last_end)
        d->last_end = c->end_ns;
    pthread_mutex_unlock(&lock);
    av_bprint_finalize(&text, NULL);
    return status;
}

void m6_destination_close(struct m6_destination *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&lock);
    if (!d->has_begun) /* no frame came: then there are no captions */
        begin(d, 0);
    if (!--d->users) {
        d->is_active = 0;
        if (d->is_file)
            avio_closep(&d->io);
    }
    pthread_mutex_unlock(&lock);
}
