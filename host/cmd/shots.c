#include "shots.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* People read about 17 columns a second, and want a moment for the picture too. */
#define COLUMNS_A_SECOND 17.0
#define SECONDS_LEAST 3.0
#define SECONDS_MOST 12.0
enum { CUE_COLUMNS = 84 }; /* two lines of 42 */

/* The end of the sentence that begins at text, with the space after it. */
static size_t sentence_length(const char *text)
{
    size_t n = 0;
    uint32_t c;
    for (int k; (k = text_next(text + n, &c)) > 0;) {
        n += (size_t)k;
        if (c == 0x3002 || c == 0xff01 || c == 0xff1f) /* 。！？ */
            break;
        if ((c == '.' || c == '!' || c == '?') && (text[n] == ' ' || text[n] == '\0'))
            break;
    }
    return n + strspn(text + n, " ");
}

static char *lower(char *text)
{
    for (char *p = text; p && *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
    return text;
}

static void drop_full_stop(char *text)
{
    const size_t n = strlen(text);
    if (n >= 1 && text[n - 1] == '.')
        text[n - 1] = '\0';
    else if (n >= 3 && !strcmp(text + n - 3, "。"))
        text[n - 3] = '\0';
}

/* A camera move is for the animatic to make: a still drawn from the words "the camera pans" would
 * show nothing of it. */
static char *make_prompt(const struct fountain_scene *s)
{
    char *prompt = NULL, *place = lower(strdup(s->place)), *time = lower(strdup(s->time)),
         *action = strdup(""), *all = NULL;
    for (const char *p = s->action; *p && action;) {
        const size_t n = sentence_length(p);
        char *sentence = strndup(p, n), *more = NULL;
        if (sentence && !move_is_named(sentence) &&
            asprintf(&more, "%s%s", action, sentence) >= 0) {
            free(action);
            action = more;
        }
        free(sentence);
        p += n;
    }
    lower(action);
    if (action) {
        text_squeeze(action);
        drop_full_stop(action);
    }
    const char *comma = strcmp(text_language(s->action), "zh") ? ", " : "，";
    /* What the action says already needs no second mention. */
    const int with_place = place && action && *place && !strstr(action, place);
    const int with_time = time && action && *time && !strstr(action, time);
    if (place && time && action &&
        asprintf(&all, "%s%s%s%s%s", action, *action && with_place ? comma : "",
                 with_place ? place : "", with_time && (*action || with_place) ? comma : "",
                 with_time ? time : "") >= 0)
        prompt = all;
    free(place);
    free(time);
    free(action);
    return prompt;
}

/* As many sentences as two lines hold; a longer sentence stands alone. */
static size_t cue_length(const char *text)
{
    size_t n = sentence_length(text);
    for (;;) {
        const size_t more = text[n] ? sentence_length(text + n) : 0;
        char *both = more ? strndup(text, n + more) : NULL;
        const int fits = both && text_width(both) <= CUE_COLUMNS;
        free(both);
        if (!fits)
            return n;
        n += more;
    }
}

static int add_cue(struct shots *s, int start, int end, const char *text, size_t n)
{
    struct shot_cue *more = realloc(s->cue, (size_t)(s->cue_count + 1) * sizeof *more);
    if (!more)
        return -1;
    s->cue = more;
    s->cue[s->cue_count] = (struct shot_cue){start, end, strndup(text, n)};
    if (!s->cue[s->cue_count].text)
        return -1;
    text_squeeze(s->cue[s->cue_count].text);
    s->cue_count++;
    return 0;
}

/* A shot's cues share its time by their width. */
static int add_cues(struct shots *s, const char *action, int start, int frames)
{
    const int whole = text_width(action);
    int before = 0, at = start;
    for (const char *p = action; *p;) {
        const size_t n = cue_length(p);
        char *piece = strndup(p, n);
        if (!piece)
            return -1;
        before += text_width(piece);
        free(piece);
        const int end =
            p[n] ? start + (int)lround((double)frames * before / whole) : start + frames;
        if (end > at && add_cue(s, at, end, p, n))
            return -1;
        at = end;
        p += n;
    }
    return 0;
}

int shots_plan(const struct fountain *f, double seconds, double rate, struct shots *s)
{
    memset(s, 0, sizeof *s);
    s->shot = calloc((size_t)f->count, sizeof *s->shot);
    if (!s->shot)
        return -1;
    double end = 0;
    for (int i = 0; i < f->count; i++) {
        const char *action = f->scene[i].action;
        struct shot *shot = &s->shot[s->count++];
        const double reading = 1 + text_width(action) / COLUMNS_A_SECOND;
        end += seconds > 0 ? seconds : fmin(fmax(reading, SECONDS_LEAST), SECONDS_MOST);
        /* Rounded on the whole line of time, so that rounding does not add up. */
        shot->frames = (int)lround(end * rate) - s->frames;
        shot->frames = shot->frames < 1 ? 1 : shot->frames;
        shot->move = move_of_text(action, i);
        shot->prompt = make_prompt(&f->scene[i]);
        if (!shot->prompt || add_cues(s, action, s->frames, shot->frames))
            return -1;
        s->frames += shot->frames;
    }
    return 0;
}

void shots_finish(struct shots *s)
{
    for (int i = 0; i < s->count; i++)
        free(s->shot[i].prompt);
    for (int i = 0; i < s->cue_count; i++)
        free(s->cue[i].text);
    free(s->shot);
    free(s->cue);
    memset(s, 0, sizeof *s);
}
