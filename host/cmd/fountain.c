#include "fountain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <cjson/cJSON.h>

#include "fountain_lines.h"
#include "text.h"
#include "core/utf8.h"

struct reader {
    struct fountain *script;
    int blank_before; /* the line before was blank, or there was none */
    int in_dialogue;
};

static char *trimmed(const char *text, size_t n)
{
    while (n && (*text == ' ' || *text == '\t')) {
        text++;
        n--;
    }
    while (n && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    return strndup(text, n);
}

/* Emphasis marks say how to set text, not what it says. */
static char *without_emphasis(const char *text, size_t n)
{
    char *plain = trimmed(text, n), *to = plain;
    if (!plain)
        return NULL;
    for (const char *p = plain; *p; p++) {
        if (*p == '\\' && p[1] && strchr("*_\\", p[1]))
            p++;
        else if (*p == '*' || *p == '_')
            continue;
        *to++ = *p;
    }
    *to = '\0';
    return plain;
}

/* The last " - " (or a dash of another kind) parts place and time. */
static size_t time_separator(const char *s, size_t n, size_t *width)
{
    static const char *const dashes[] = {" - ", " – ", " — ", " -- "};
    size_t at = n;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof dashes / sizeof *dashes; k++) {
            const size_t w = strlen(dashes[k]);
            if (i + w <= n && memcmp(s + i, dashes[k], w) == 0) {
                at = i;
                *width = w;
            }
        }
    }
    return at;
}

/* Splits "EXT. BEACH - DUSK #2#" into its parts. `skip` is how long the INT/EXT part is, 0 in
 * forced headings. */
static int split_heading(struct fountain_scene *s, const char *line, size_t n, size_t skip,
                         int number)
{
    const char *last = n > 2 && line[n - 1] == '#' ? memrchr(line, '#', n - 1) : NULL;
    s->number = number;
    if (last) {
        char *end;
        const long given = strtol(last + 1, &end, 10);
        if (end == line + n - 1 && given > 0 && given < 1000000)
            s->number = (int)given;
        n = (size_t)(last - line);
    }
    size_t width = 0;
    const size_t at = time_separator(line, n, &width);
    s->heading = trimmed(line, n);
    s->place = trimmed(line + skip, at > skip ? at - skip : 0);
    s->time = at < n ? trimmed(line + at + width, n - at - width) : strdup("");
    s->action = strdup("");
    return s->heading && s->place && s->time && s->action ? 0 : -1;
}

static int add_scene(struct fountain *f, const char *line, size_t n, size_t skip)
{
    if (f->count % 16 == 0) {
        struct fountain_scene *more = realloc(f->scene, (size_t)(f->count + 16) * sizeof *more);
        if (!more)
            return -1;
        f->scene = more;
    }
    struct fountain_scene *s = &f->scene[f->count++];
    memset(s, 0, sizeof *s);
    return split_heading(s, line, n, skip, f->count);
}

static int add_action(struct fountain *f, const char *line, size_t n)
{
    if (!f->count) /* before the first scene: a motto, a cast list */
        return 0;
    struct fountain_scene *s = &f->scene[f->count - 1];
    char *more = without_emphasis(line, n), *joined = NULL;
    if (more)
        text_squeeze(more); /* a note taken out leaves two blanks */
    if (more && asprintf(&joined, "%s%s%s", s->action, *s->action && *more ? " " : "", more) < 0)
        joined = NULL;
    free(more);
    if (!joined)
        return -1;
    free(s->action);
    s->action = joined;
    return 0;
}

/* Title page: "Key: value" lines up to the first blank one, values also on indented lines below.
 * Returns where it ends. */
static const char *read_title_page(struct fountain *f, const char *p)
{
    int in_title = 0;
    if (!line_starts_title_page(p))
        return p;
    while (*p && !line_is_blank(p)) {
        const size_t n = strcspn(p, "\n");
        const char *value = p;
        if (*p != ' ' && *p != '\t') {
            const char *colon = memchr(p, ':', n);
            if (!colon)
                break;
            in_title = colon - p == 5 && strncasecmp(p, "title", 5) == 0;
            value = colon + 1;
        }
        char *text =
            in_title && !*f->title ? without_emphasis(value, (size_t)(p + n - value)) : NULL;
        if (text) {
            free(f->title);
            f->title = text;
        }
        p += n + (p[n] == '\n');
    }
    return p;
}

static int read_line(struct reader *r, const char *line, size_t n, const char *next)
{
    size_t skip = 0;
    switch (line_kind(line, n, r->blank_before, r->in_dialogue, line_is_blank(next), &skip)) {
    case LINE_HEADING:
        r->in_dialogue = 0;
        return add_scene(r->script, line, n, skip);
    case LINE_FORCED_HEADING:
        r->in_dialogue = 0;
        return add_scene(r->script, line + 1, n - 1, heading_prefix(line + 1, n - 1));
    case LINE_ACTION:
        return add_action(r->script, line + skip, n - skip);
    case LINE_CHARACTER:
        r->in_dialogue = 1;
        return 0;
    case LINE_PASSED_OVER:
        break;
    }
    return 0;
}

enum m6_status fountain_parse(const char *text, struct fountain **script, struct m6_error *err)
{
    *script = NULL;
    const long bad = m6_utf8_bad(text, NULL);
    if (bad >= 0)
        return m6_fail(err, M6_ERR_FORMAT, "the script is not UTF-8 (byte %ld); save it as UTF-8",
                       bad);
    struct fountain *f = calloc(1, sizeof *f);
    char *clean = line_clean(text, strlen(text));
    int rc = f && clean && (f->title = strdup("")) ? 0 : -1;
    if (rc == 0) {
        struct reader r = {.script = f, .blank_before = 1};
        for (const char *p = read_title_page(f, clean);
             *p && rc == 0 && f->count <= FOUNTAIN_SCENES_MAX;) {
            const size_t n = strcspn(p, "\n");
            const char *next = p + n + (p[n] == '\n');
            if (line_is_blank(p))
                r.in_dialogue = 0;
            else
                rc = read_line(&r, p, n, next);
            r.blank_before = line_is_blank(p);
            p = next;
        }
    }
    free(clean);
    enum m6_status status = M6_OK;
    if (rc)
        status = m6_fail(err, M6_ERR_MEMORY, "out of memory");
    else if (!f->count)
        status =
            m6_fail(err, M6_ERR_FORMAT,
                    "the script has no scene; a scene begins with a line such as EXT. BEACH - DAY");
    else if (f->count > FOUNTAIN_SCENES_MAX)
        status = m6_fail(err, M6_ERR_LIMIT, "the script has more than %d scenes; split it",
                         FOUNTAIN_SCENES_MAX);
    if (status)
        fountain_destroy(f);
    else
        *script = f;
    return status;
}

enum m6_status fountain_read(const char *path, struct fountain **script, char **text,
                             struct m6_error *err)
{
    struct stat st;
    FILE *in = fopen(path, "rbe");
    *text = NULL;
    if (!in)
        return m6_fail(err, M6_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    if (fstat(fileno(in), &st) == 0 && S_ISDIR(st.st_mode)) {
        fclose(in);
        return m6_fail(err, M6_ERR_IO, "cannot read %s: it is a folder; name a .fountain file",
                       path);
    }
    char *data = malloc(FOUNTAIN_BYTES_MAX + 1);
    const size_t n = data ? fread(data, 1, FOUNTAIN_BYTES_MAX + 1, in) : 0;
    const int failed = ferror(in);
    fclose(in);
    enum m6_status status = M6_OK;
    if (!data)
        status = m6_fail(err, M6_ERR_MEMORY, "out of memory");
    else if (failed)
        status = m6_fail(err, M6_ERR_IO, "cannot read %s", path);
    else if (n > FOUNTAIN_BYTES_MAX)
        status = m6_fail(err, M6_ERR_LIMIT, "%s is larger than 1 MiB, which no script is", path);
    else if (memchr(data, 0, n))
        status = m6_fail(err, M6_ERR_FORMAT, "%s is no text; save the script as plain UTF-8", path);
    if (status == M6_OK) {
        data[n] = 0;
        status = fountain_parse(data, script, err);
    }
    if (status == M6_OK) {
        *text = data;
    } else {
        free(data);
    }
    return status;
}

void fountain_destroy(struct fountain *f)
{
    if (!f)
        return;
    for (int i = 0; i < f->count; i++) {
        free(f->scene[i].heading);
        free(f->scene[i].place);
        free(f->scene[i].time);
        free(f->scene[i].action);
    }
    free(f->scene);
    free(f->title);
    free(f);
}

struct cJSON *fountain_to_json(const struct fountain *f)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "title", f->title);
    cJSON *shots = cJSON_AddArrayToObject(o, "shots");
    for (int i = 0; i < f->count; i++) {
        cJSON *shot = cJSON_CreateObject();
        cJSON_AddNumberToObject(shot, "number", f->scene[i].number);
        cJSON_AddStringToObject(shot, "heading", f->scene[i].heading);
        cJSON_AddStringToObject(shot, "place", f->scene[i].place);
        cJSON_AddStringToObject(shot, "time", f->scene[i].time);
        cJSON_AddStringToObject(shot, "action", f->scene[i].action);
        cJSON_AddItemToArray(shots, shot);
    }
    return o;
}
