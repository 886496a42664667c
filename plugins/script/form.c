#include "form.h"

#include <stdio.h>
#include <string.h>

void form_start(struct form *f, int shots)
{
    *f = (struct form){.next = FORM_TITLE, .shot = 1, .shots = shots};
}

/* Copies without the white space around. Returns the length, or -1 if it does not fit. */
static int trim(const char *from, size_t n, char *to, size_t size)
{
    while (n && (*from == ' ' || *from == '\t'))
        from++, n--;
    while (n && (from[n - 1] == ' ' || from[n - 1] == '\t' || from[n - 1] == '\r'))
        n--;
    if (n >= size)
        return -1;
    memcpy(to, from, n);
    to[n] = '\0';
    return (int)n;
}

/* The length of "EXT." and the like at the start of a line, or 0. */
static size_t opening(const char *line)
{
    static const char *const all[] = {"INT./EXT.", "INT/EXT.", "I/E.", "EXT.", "INT.", "EST."};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strncmp(line, all[i], strlen(all[i])) && line[strlen(all[i])] == ' ')
            return strlen(all[i]);
    return 0;
}

/* Bytes that no line of a script has. */
static int has_controls(const char *line)
{
    for (; *line; line++)
        if ((unsigned char)*line < 0x20 && *line != '\t')
            return 1;
    return 0;
}

static int take_title(const char *line, char *out, size_t size)
{
    char title[FORM_LINE_MAX];
    static const char key[] = "Title:";
    if (strncmp(line, key, sizeof key - 1) != 0)
        return -1;
    const char *rest = line + sizeof key - 1;
    if (trim(rest, strlen(rest), title, sizeof title) < 1 || strchr(title, '#'))
        return -1;
    return snprintf(out, size, "%s %s\n", key, title) < (int)size ? 0 : -1;
}

/* OPENING PLACE - TIME, whatever number follows. */
static int take_heading(struct form *f, const char *line, char *out, size_t size)
{
    char place[FORM_LINE_MAX], time[FORM_LINE_MAX];
    size_t n = opening(line);
    const char *dash = NULL, *end = strchr(line, '#');
    if (!n)
        return -1;
    if (!end)
        end = line + strlen(line);
    for (const char *p = strstr(line + n, " - "); p && p < end; p = strstr(p + 1, " - "))
        dash = p;
    if (!dash || trim(line + n, (size_t)(dash - line) - n, place, sizeof place) < 1 ||
        trim(dash + 3, (size_t)(end - dash) - 3, time, sizeof time) < 1)
        return -1;
    snprintf(f->opening, sizeof f->opening, "%.*s", (int)n, line);
    return snprintf(out, size, "\n%s %s - %s #%d#\n", f->opening, place, time, f->shot) < (int)size ? 0 : -1;
}

static int take_action(const char *line, char *out, size_t size)
{
    char action[FORM_LINE_MAX];
    if (trim(line, strlen(line), action, sizeof action) < 2 || opening(action) || strchr(action, '#') || !strncmp(action, "Title:", 6))
        return -1;
    /* Marks that would make it something else: a forced element, a transition, a note. */
    if (strchr("!@.>~=[", action[0]))
        return -1;
    return snprintf(out, size, "\n%s\n", action) < (int)size ? 0 : -1;
}

int form_take(struct form *f, const char *line, char *out, size_t size)
{
    int bad = has_controls(line) || strlen(line) >= FORM_LINE_MAX;
    if (!bad && f->next == FORM_TITLE)
        bad = take_title(line, out, size);
    else if (!bad && f->next == FORM_HEADING)
        bad = take_heading(f, line, out, size);
    else if (!bad && f->next == FORM_ACTION)
        bad = take_action(line, out, size);
    if (bad || f->next == FORM_END)
        return -1;
    if (f->next != FORM_ACTION)
        f->next++;
    else if (f->shot++ == f->shots)
        f->next = FORM_END;
    else
        f->next = FORM_HEADING;
    return 0;
}

const char *form_lead(const struct form *f)
{
    return f->next == FORM_TITLE ? "Title:" : f->next == FORM_HEADING ? f->opening : "";
}

const char *form_name(const struct form *f, char *out, size_t size)
{
    if (f->next == FORM_TITLE || f->next == FORM_END)
        snprintf(out, size, "the title");
    else
        snprintf(out, size, "the %s of shot %d", f->next == FORM_HEADING ? "heading" : "action", f->shot);
    return out;
}
