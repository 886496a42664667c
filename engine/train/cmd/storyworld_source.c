/* Labels, for the judge: for each kind of subject the colour of the one in the picture and where it stands, so
 * that it does not matter which of two subjects is called the first; then place, time, weather and shot. */
#include "train/cmd/storyworld_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storyworld.h"
#include "train/data_random.h"

static const struct m6_label_group groups[] = {
    {"subject", SW_KINDS, SW_COLOURS + 1, SW_COLOURS},
    {"position", SW_KINDS, SW_POSITIONS + 1, SW_POSITIONS},
    {"place", 1, SW_PLACES, -1},
    {"time", 1, SW_TIMES, -1},
    {"weather", 1, SW_WEATHERS, -1},
    {"shot", 1, SW_SHOTS, -1},
};

/* Examples of the two splits come from streams of their own, and so do the words of an example. */
static uint64_t key(uint64_t seed, enum m6_split split, int clip, uint64_t index, int use)
{
    return m6_mix(m6_mix(seed * 8 + (uint64_t)split * 4 + (uint64_t)clip * 2) + index) + (uint64_t)use;
}

static void label(const struct sw_scene *s, int *out)
{
    for (int k = 0; k < SW_KINDS; k++) {
        out[k] = SW_COLOURS;
        out[SW_KINDS + k] = SW_POSITIONS;
    }
    for (int i = 0; i < s->subjects; i++) {
        out[s->subject[i].kind] = (int)s->subject[i].colour;
        out[SW_KINDS + s->subject[i].kind] = (int)s->subject[i].position;
    }
    int *rest = out + 2 * SW_KINDS;
    rest[0] = (int)s->place;
    rest[1] = (int)s->time;
    rest[2] = (int)s->weather;
    rest[3] = (int)s->shot;
}

/* One attribute of the scene becomes another value, so that its caption becomes false. */
static void change(struct sw_scene *s, int clip, struct m6_rng *r)
{
    struct sw_subject *who = &s->subject[m6_rng_below(r, s->subjects)];
#define OTHER(field, count) ((field) + 1 + (unsigned)m6_rng_below(r, (count) - 1)) % (count)
    switch (m6_rng_below(r, clip ? 10 : 8)) {
    case 0:
    case 1:
        who->kind = OTHER(who->kind, SW_KINDS);
        break;
    case 2:
        who->colour = OTHER(who->colour, SW_COLOURS);
        break;
    case 3:
        s->place = OTHER(s->place, SW_PLACES);
        break;
    case 4:
        s->time = OTHER(s->time, SW_TIMES);
        break;
    case 5:
        s->weather = OTHER(s->weather, SW_WEATHERS);
        break;
    case 6:
        s->shot = OTHER(s->shot, SW_SHOTS);
        break;
    case 7:
        who->position = OTHER(who->position, SW_POSITIONS);
        break;
    case 8:
        s->motion = OTHER(s->motion, SW_MOTIONS);
        break;
    default:
        s->camera = OTHER(s->camera, SW_CAMERAS);
    }
#undef OTHER
}

static void texts(const struct sw_scene *s, int clip, uint64_t words, struct m6_example *e)
{
    struct m6_rng r = m6_rng_make(words, 1, 0);
    for (int lang = 0; lang < M6_LANGS; lang++) {
        const enum sw_lang l = (enum sw_lang)lang;
        sw_caption(s, l, clip, e->caption[lang], sizeof e->caption[lang]);
        sw_prompt(s, l, m6_rng_below(&r, 2), m6_rng_next(&r), e->prompt[lang], sizeof e->prompt[lang]);
        /* A change may leave the words as they were (indoors has no weather): then try another. */
        for (int attempt = 0; attempt < 16; attempt++) {
            struct sw_scene other = *s;
            /* Half are off by one thing, and half by so much that a beginner can tell. */
            for (int changes = m6_rng_below(&r, 2) ? 1 : 6; changes > 0; changes--)
                change(&other, clip, &r);
            sw_caption(&other, l, clip, e->wrong[lang], sizeof e->wrong[lang]);
            if (strcmp(e->wrong[lang], e->caption[lang]) != 0)
                break;
            e->wrong[lang][0] = '\0';
        }
    }
    e->questions = 0;
    for (int attempt = 0; attempt < 64 && e->questions < M6_QUESTIONS_MAX; attempt++) {
        struct m6_question *q = &e->question[e->questions];
        /* In a clip every second question is about motion; in a still it is to be answered by yes or no. */
        const int type = !(attempt % 2) ? m6_rng_below(&r, SW_QUESTIONS)
                         : clip         ? SW_Q_MOTION + m6_rng_below(&r, SW_QUESTIONS - SW_Q_MOTION)
                                        : SW_Q_IS_COLOUR + m6_rng_below(&r, SW_Q_OTHER - SW_Q_IS_COLOUR);
        const enum sw_lang l = (enum sw_lang)m6_rng_below(&r, M6_LANGS);
        char answer[M6_CAPTION_BYTES];
        if (!sw_ask(s, (enum sw_question)type, l, clip, m6_rng_next(&r), q->question, answer, sizeof answer)) {
            snprintf(q->answer, sizeof q->answer, "%.*s", M6_ANSWER_BYTES - 1, answer);
            e->questions++;
        }
    }
}

/* Every fourth still is of a scene in motion: it shows no more of it than which way the subject faces, but its prompt may
 * tell of it, as the shots of scripts do. */
static void scene_of(uint64_t seed, enum m6_split split, int clip, uint64_t index, struct sw_scene *s)
{
    sw_scene_random(s, split == M6_SPLIT_HELDOUT ? SW_HELDOUT : SW_TRAIN, clip || index % 4 == 3,
                    key(seed, split, clip, index, 0));
}

static enum m6_status example(void *self, enum m6_split split, int clip, uint64_t index, struct m6_example *e,
                              struct m6_error *err)
{
    const uint64_t seed = *(const uint64_t *)self;
    struct sw_scene s;
    scene_of(seed, split, clip, index, &s);
    if (e->composed)
        sw_compose(&s);
    struct sw_scene still = s;
    still.motion = SW_STILL;
    still.camera = SW_STATIC;
    e->frames = clip ? M6_CLIP_FRAMES : 1;
    const size_t area = (size_t)e->width * (size_t)e->height;
    for (int i = 0; e->rgb && i < e->frames; i++) {
        uint8_t *rgb = e->rgb + (size_t)i * area * 3, *mask = e->mask ? e->mask + (size_t)i * area : NULL;
        if (clip ? sw_draw_at(&s, (double)i / (M6_CLIP_FRAMES - 1), e->width, e->height, rgb, mask)
                 : sw_draw(&still, e->width, e->height, rgb, mask))
            return m6_fail(err, M6_ERR_MEMORY, "no memory to draw a storyworld frame");
    }
    if (!e->wordless)
        texts(&s, clip, key(seed, split, clip, index, 1), e);
    label(&s, e->label);
    return M6_OK;
}

static enum m6_status script(void *self, enum m6_split split, uint64_t index, struct m6_script_example *e,
                             struct m6_error *err)
{
    const uint64_t k = key(*(const uint64_t *)self, split, 0, index, 2);
    struct sw_script *s = malloc(sizeof *s);
    if (!s)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a script");
    e->lang = index % 2 ? M6_LANG_ZH : M6_LANG_EN;
    sw_script_random(s, split == M6_SPLIT_HELDOUT ? SW_HELDOUT : SW_TRAIN, (enum sw_lang)e->lang, k);
    e->shots = s->shots;
    snprintf(e->idea, sizeof e->idea, "%s", s->idea);
    snprintf(e->script, sizeof e->script, "%s", s->fountain);
    free(s);
    return M6_OK;
}

static const char *word(void *self, int i, enum m6_lang lang)
{
    return sw_word(i, (enum sw_lang)lang);
}

static const char *const attributes[] = {"subject", "colour", "place",    "time",     "weather",
                                         "shot",    "motion", "relation", "position", "camera"};

static void score(void *self, enum m6_split split, int clip, uint64_t index, enum m6_lang lang, const char *text,
                  int *out)
{
    struct sw_scene s;
    struct sw_score got;
    scene_of(*(const uint64_t *)self, split, clip, index, &s);
    sw_score_text(&s, text, (enum sw_lang)lang, &got);
    const int all[] = {got.subject, got.colour, got.place,    got.time,     got.weather,
                       got.shot,    got.motion, got.relation, got.position, got.camera};
    memcpy(out, all, sizeof all);
}

enum m6_status m6_source_storyworld(struct m6_source *out, uint64_t seed, struct m6_error *err)
{
    uint64_t *self = malloc(sizeof *self);
    if (!self)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for storyworld");
    *self = seed;
    *out = (struct m6_source){.self = self,
                              .stills = 1,
                              .clips = 1,
                              .scripts = 1,
                              .group = groups,
                              .groups = sizeof groups / sizeof *groups,
                              .example = example,
                              .script = script,
                              .word = word,
                              .score = score,
                              .attribute = attributes,
                              .attributes = sizeof attributes / sizeof *attributes,
                              .destroy = free};
    return M6_OK;
}
