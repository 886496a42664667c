/* Reads Fountain (fountain.io/syntax) as far as shots need it: title page, scene headings with
 * numbers, action; notes, boneyard, sections, synopses, transitions and dialogue are skipped. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Blanks out everything between open and close. Returns the line where one is left open, else 0. */
static int blank_out(char *text, const char *open, const char *close)
{
    for (char *p = text; (p = strstr(p, open));) {
        char *end = strstr(p + strlen(open), close);
        if (!end) {
            int line = 1;
            for (char *q = text; q < p; q++)
                line += *q == '\n';
            return line;
        }
        for (end += strlen(close); p < end; p++)
            if (*p != '\n')
                *p = ' ';
    }
    return 0;
}

static char *trim(char *line)
{
    size_t n;

    while (*line == ' ' || *line == '\t')
        line++;
    n = strlen(line);
    while (n && isspace((unsigned char)line[n - 1]))
        line[--n] = 0;
    return line;
}

static int is_heading(const char *line)
{
    static const char *const starts[] = {"INT./EXT", "INT/EXT", "I/E", "INT", "EXT", "EST"};

    if (line[0] == '.')
        return line[1] && line[1] != '.';
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t n = strlen(starts[i]);
        if (!strncasecmp(line, starts[i], n) && (line[n] == '.' || line[n] == ' '))
            return 1;
    }
    return 0;
}

/* Cuts "#12#" off a heading's end. Returns the number; 0 if there is none, -1 if it is not a plain
 * one. */
static int take_number(char *heading)
{
    size_t n = strlen(heading);
    char *start, *end;
    long number;

    if (n < 3 || heading[n - 1] != '#')
        return 0;
    heading[n - 1] = 0;
    start = strrchr(heading, '#');
    if (!start) {
        heading[n - 1] = '#';
        return 0;
    }
    number = strtol(start + 1, &end, 10);
    number = *end || end == start + 1 || number < 1 || number > 1000000 ? -1 : number;
    *start = 0;
    return (int)number;
}

/* A character cue: capitals only, after a blank line, with speech right below. */
static int is_cue(const char *line, const char *next)
{
    int capitals = 0;

    if (line[0] == '@')
        return *next != 0;
    if (!*next || line[0] == '!')
        return 0;
    for (const char *p = line; *p && *p != '('; p++) {
        if (*p >= 'a' && *p <= 'z')
            return 0;
        if ((unsigned char)*p >= 0x80)
            return 0;
        capitals += *p >= 'A' && *p <= 'Z';
    }
    return capitals > 1;
}

static int is_other(const char *line)
{
    size_t n = strlen(line);

    if (*line == '#' || *line == '=' || *line == '~' || (*line == '>' && line[n - 1] != '<'))
        return 1;
    return n > 3 && !strcmp(line + n - 3, "TO:");
}

static void close_shot(const char *heading, const char *action, enum sw_lang lang,
                       struct sw_scene *shot)
{
    struct sw_scene place;

    sw_parse(action, lang, shot);
    sw_parse(heading, lang, &place);
    if ((int)place.place != -1)
        shot->place = place.place;
    if ((int)place.time != -1)
        shot->time = place.time;
    if ((int)shot->weather == -1)
        shot->weather = place.weather;
}

/* Where the body begins: after a title page ("Key: value" lines up to a blank line), if there is
 * one. */
static char *skip_title_page(char *text)
{
    char *p = text, *colon, *end;

    while (isspace((unsigned char)*p))
        p++;
    colon = strchr(p, ':');
    end = strchr(p, '\n');
    if (!colon || (end && colon > end) || is_heading(p))
        return text;
    for (char *q = p; q < colon; q++)
        if (!isalpha((unsigned char)*q) && *q != ' ')
            return text;
    /* "CUT TO:" opens a body, not a title page. */
    if (colon - p >= 2 && !strncmp(colon - 2, "TO", 2))
        return text;
    end = strstr(p, "\n\n");
    return end ? end + 1 : p + strlen(p);
}

struct body {
    char *heading, *action; /* of the shot being read */
    size_t filled;
    int count, most, *numbers;
    struct sw_scene *shots;
    enum sw_lang lang;
};

static void finish_shot(struct body *body)
{
    if (body->count && body->count <= body->most)
        close_shot(body->heading, body->action, body->lang, &body->shots[body->count - 1]);
}

static void begin_shot(struct body *body, char *line)
{
    int number;

    finish_shot(body);
    number = take_number(line);
    if (body->count < body->most)
        body->numbers[body->count] = number;
    body->count++;
    body->heading = line[0] == '.' ? line + 1 : line;
    body->filled = 0;
    body->action[0] = 0;
}

static void add_action(struct body *body, const char *line)
{
    size_t n = strlen(line);

    memcpy(body->action + body->filled, line, n);
    body->filled += n;
    body->action[body->filled++] = ' ';
    body->action[body->filled] = 0;
}

static void read_body(struct body *body, char *text)
{
    int after_blank = 1, speaking = 0;

    while (text && *text) {
        char *next = strchr(text, '\n'), *line;
        if (next)
            *next++ = 0;
        line = trim(text);
        if (!*line) {
            after_blank = 1;
            speaking = 0;
        } else if (after_blank && is_heading(line)) {
            begin_shot(body, line);
            after_blank = 0;
        } else {
            char below[8] = "";
            if (next)
                snprintf(below, sizeof below, "%.*s", (int)strcspn(next, "\n"), next);
            if (after_blank && is_cue(line, trim(below)))
                speaking = 1;
            if (!speaking && !is_other(line) && body->count)
                add_action(body, *line == '!' ? line + 1 : line);
            after_blank = 0;
        }
        text = next;
    }
    finish_shot(body);
}

int sw_script_read(const char *fountain, enum sw_lang lang, struct sw_scene *shots, int *numbers,
                   int most, char *why, size_t size)
{
    struct sw_text reason = sw_text_start(why, size);
    size_t n = strlen(fountain), kept = 0;
    char *text = malloc(n + 1), *action = malloc(n + 2);
    struct body body = {NULL, action, 0, 0, most, numbers, shots, lang};
    int line;

    if (!text || !action) {
        sw_text_add(&reason, "There is not enough memory to read a script of %zu bytes.", n);
        free(text);
        free(action);
        return -1;
    }
    for (size_t i = 0; i < n; i++)
        if (fountain[i] != '\r')
            text[kept++] = fountain[i];
    text[kept] = 0;
    action[0] = 0;
    line = blank_out(text, "/*", "*/");
    if (!line)
        line = blank_out(text, "[[", "]]");
    if (line) {
        sw_text_add(&reason, "The note or boneyard opened on line %d is never closed.", line);
    } else {
        read_body(&body, skip_title_page(text));
    }
    free(text);
    free(action);
    return line ? -1 : body.count;
}

static int keeps_subject(const struct sw_scene *shot, const struct sw_subject *wanted)
{
    for (int i = 0; i < shot->subjects; i++)
        if (shot->subject[i].kind == wanted->kind)
            return (int)wanted->colour == -1 || shot->subject[i].colour == wanted->colour;
    return 0;
}

static int check_shot(struct sw_text *why, const struct sw_scene *shot, const struct sw_scene *idea,
                      int number, int numbered, enum sw_lang lang)
{
    if (numbered != number)
        sw_text_add(why, "Shot %d is not numbered #%d# in its scene heading.", number, number);
    else if (shot->subjects < 1)
        sw_text_add(why, "Shot %d names no subject that can be drawn.", number);
    else if (idea->subjects && !keeps_subject(shot, &idea->subject[0]))
        sw_text_add(why, "Shot %d does not keep the idea's subject (%s%s%s).", number,
                    (int)idea->subject[0].colour == -1
                        ? ""
                        : sw_colour_name((int)idea->subject[0].colour, lang),
                    (int)idea->subject[0].colour == -1 || lang == SW_ZH ? "" : " ",
                    sw_kind_name((int)idea->subject[0].kind, lang));
    else if ((int)idea->place != -1 && shot->place != idea->place)
        sw_text_add(why, "Shot %d does not keep the idea's place (%s).", number,
                    sw_place_name((int)idea->place, lang));
    else
        return 1;
    return 0;
}

int sw_script_valid(const char *fountain, const char *idea, int shots, enum sw_lang lang, char *why,
                    size_t size)
{
    struct sw_scene read[SW_SHOTS_MAX], stated;
    int numbers[SW_SHOTS_MAX],
        count = sw_script_read(fountain, lang, read, numbers, SW_SHOTS_MAX, why, size);
    struct sw_text reason;

    if (count < 0)
        return 0;
    reason = sw_text_start(why, size);
    if (count == 0) {
        sw_text_add(&reason, "The script has no scene heading such as \"EXT. BEACH - DUSK #1#\".");
        return 0;
    }
    if (count != shots || count > SW_SHOTS_MAX) {
        sw_text_add(&reason, "The script has %d shots, not the %d that were asked for.", count,
                    shots);
        return 0;
    }
    sw_parse(idea, lang, &stated);
    for (int i = 0; i < count; i++)
        if (!check_shot(&reason, &read[i], &stated, i + 1, numbers[i], lang))
            return 0;
    return 1;
}
