/* The smallest editor: asks a resident M6 model about a clip and for a picture, shows how it goes, changes its mind about a third
 * job, and places what came on a timeline that other editors open.
 *
 *     cc editor.c $(pkg-config --cflags --libs m6) -o editor
 *     ./editor clip.mp4 "a red dog on the beach" cut.otio
 *
 * Writes cut.otio (OpenTimelineIO: the clip with its captions as markers, then the picture) and cut.ppm. It knows libm6 and nothing else. */
#define _POSIX_C_SOURCE 200809L
#include <m6/m6.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPTIONS_MAX = 10000, PICTURE_SECONDS = 3 };

struct caption {
    double start, end; /* seconds */
    char *text;
};

struct editor {
    struct m6_client *m6;
    uint64_t captions_job, picture_job, unwanted_job;
    int running, failed;
    struct caption captions[CAPTIONS_MAX];
    int caption_count;
    char picture[4096]; /* file; "" while there is none */
};

/* ---- the timeline ---- */

static void put_text(FILE *f, const char *text)
{
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(f, "\\%c", *text);
        else if ((unsigned char)*text < 32)
            fprintf(f, "\\u%04x", *text);
        else
            fputc(*text, f);
    }
    fputc('"', f);
}

/* In milliseconds, so that no frame rate has to be known. */
static void put_range(FILE *f, const char *name, double start, double end)
{
    fprintf(f,
            "\"%s\": {\"OTIO_SCHEMA\": \"TimeRange.1\", "
            "\"start_time\": {\"OTIO_SCHEMA\": \"RationalTime.1\", \"rate\": 1000, \"value\": %.0f}, "
            "\"duration\": {\"OTIO_SCHEMA\": \"RationalTime.1\", \"rate\": 1000, \"value\": %.0f}}",
            name, start * 1000, end * 1000 - start * 1000);
}

static void put_clip(FILE *f, const char *name, const char *file, double seconds)
{
    fputs("{\"OTIO_SCHEMA\": \"Clip.2\", \"name\": ", f);
    put_text(f, name);
    fputs(", \"media_references\": {\"DEFAULT_MEDIA\": {\"OTIO_SCHEMA\": \"ExternalReference.1\", \"target_url\": ", f);
    put_text(f, file);
    fputs("}}, \"active_media_reference_key\": \"DEFAULT_MEDIA\", ", f);
    put_range(f, "source_range", 0, seconds);
}

static int write_timeline(const struct editor *e, const char *clip, const char *prompt, const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return -1;
    const double length = e->caption_count ? e->captions[e->caption_count - 1].end : 0;
    fputs("{\"OTIO_SCHEMA\": \"Timeline.1\", \"name\": \"cut\", \"tracks\": {\"OTIO_SCHEMA\": \"Stack.1\", \"children\": [\n"
          "{\"OTIO_SCHEMA\": \"Track.1\", \"name\": \"video\", \"kind\": \"Video\", \"children\": [\n",
          f);
    put_clip(f, clip, clip, length);
    fputs(", \"markers\": [", f);
    for (int i = 0; i < e->caption_count; i++) {
        fprintf(f, "%s\n  {\"OTIO_SCHEMA\": \"Marker.2\", \"color\": \"GREEN\", \"name\": ", i ? "," : "");
        put_text(f, e->captions[i].text);
        fputs(", ", f);
        put_range(f, "marked_range", e->captions[i].start, e->captions[i].end);
        fputs(", \"metadata\": {\"m6\": {\"kind\": \"caption\"}}}", f);
    }
    fputs("]}", f);
    if (e->picture[0]) {
        fputs(",\n", f);
        put_clip(f, prompt, e->picture, PICTURE_SECONDS);
        fputs("}", f);
    }
    fputs("]}]}}\n", f);
    return fclose(f);
}

/* ---- what comes from the model ---- */

static int write_picture(const char *path, const struct m6_client_picture *p)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return -1;
    fprintf(f, "P6\n%d %d\n255\n", p->width, p->height);
    for (int y = 0; y < p->height; y++)
        fwrite(p->rgb + (size_t)y * p->stride, 3, (size_t)p->width, f);
    return fclose(f);
}

static void add_caption(struct editor *e, const struct m6_client_event *event)
{
    const double unit = (double)event->time_base[0] / event->time_base[1];
    if (e->caption_count == CAPTIONS_MAX)
        return;
    struct caption *c = &e->captions[e->caption_count++];
    *c = (struct caption){(double)event->start * unit, (double)event->end * unit, strdup(event->text)};
    printf("%8.3f to %8.3f  %s\n", c->start, c->end, c->text);
}

static const char *name_of(const struct editor *e, uint64_t job)
{
    return job == e->captions_job ? "captions" : job == e->picture_job ? "picture" : job == e->unwanted_job ? "script" : "host";
}

static void on_event(struct editor *e, const struct m6_client_event *event)
{
    switch (event->type) {
    case M6_CLIENT_PROGRESS:
        if (event->total > 0)
            fprintf(stderr, "%s: %s, %.0f %%\n", name_of(e, event->job), event->text ? event->text : "working", 100 * event->done / event->total);
        break;
    case M6_CLIENT_CAPTION:
        add_caption(e, event);
        break;
    case M6_CLIENT_PICTURE:
        if (write_picture(e->picture, &event->picture))
            e->failed = 1;
        break;
    case M6_CLIENT_WARNING:
    case M6_CLIENT_DISCONNECTED:
        fprintf(stderr, "%s: %s\n", name_of(e, event->job), event->text);
        break;
    case M6_CLIENT_FAILED:
        fprintf(stderr, "%s failed: %s\n", name_of(e, event->job), event->text);
        e->failed = 1;
        e->running--;
        break;
    case M6_CLIENT_CANCELLED:
    case M6_CLIENT_DONE:
        fprintf(stderr, "%s: %s\n", name_of(e, event->job), event->type == M6_CLIENT_DONE ? "done" : "cancelled");
        e->running--;
        break;
    default:
        break;
    }
}

static void ask(struct editor *e, const char *kind, const char *params, const char *clip, uint64_t *id)
{
    struct m6_error err;
    struct m6_client_input input = {.size = sizeof input, .path = clip};
    struct m6_client_job job = {.size = sizeof job, .kind = kind, .params = params, .inputs = clip ? &input : NULL, .input_count = clip != NULL};
    if (m6_submit(e->m6, &job, id, &err)) {
        fprintf(stderr, "%s: %s\n", kind, err.text);
        e->failed = 1;
    } else {
        e->running++;
    }
}

int main(int argc, char **argv)
{
    static struct editor e;
    struct m6_error err;
    struct m6_open_params open = {.size = sizeof open, .name = "editor"};
    struct m6_client_event event = {.size = sizeof event};
    char params[4096];
    if (argc != 4 || strpbrk(argv[2], "\"\\")) {
        fputs("usage: editor CLIP PROMPT OUT.otio\n", stderr);
        return 2;
    }
    if (m6_open(&e.m6, &open, &err)) {
        fprintf(stderr, "editor: %s\n", err.text);
        return 4;
    }
    const char *end = strrchr(argv[3], '.') ? strrchr(argv[3], '.') : argv[3] + strlen(argv[3]);
    snprintf(e.picture, sizeof e.picture, "%.*s.ppm", (int)(end - argv[3]), argv[3]);
    snprintf(params, sizeof params, "{\"prompt\": \"%s\", \"seed\": 1}", argv[2]);
    ask(&e, "caption", "{\"every\": 1}", argv[1], &e.captions_job);
    ask(&e, "draw", params, NULL, &e.picture_job);
    ask(&e, "script", "{\"idea\": \"a red dog\"}", NULL, &e.unwanted_job);
    m6_cancel(e.m6, e.unwanted_job); /* the user has thought better of it */
    while (e.running > 0 && m6_next(e.m6, -1, &event) > 0)
        on_event(&e, &event);
    m6_close(e.m6);
    if (write_timeline(&e, argv[1], argv[2], argv[3])) {
        perror(argv[3]);
        e.failed = 1;
    }
    for (int i = 0; i < e.caption_count; i++)
        free(e.captions[i].text);
    return e.failed;
}
