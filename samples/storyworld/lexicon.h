/* What single words and phrases mean. Reading a text turns it into marks; parse.c makes a scene of
 * them. */
#ifndef SW_LEXICON_H
#define SW_LEXICON_H

#include <stddef.h>

#include "storyworld.h"

enum sw_class {
    SW_T_WORD, /* anything else */
    SW_T_KIND,
    SW_T_COLOUR,
    SW_T_PLACE,
    SW_T_TIME,
    SW_T_WEATHER,
    SW_T_SHOT,
    SW_T_SIDE,    /* left, centre, right */
    SW_T_TOWARDS, /* 向左: a side one moves to */
    SW_T_RELATION,
    SW_T_MOTION,
    SW_T_CAMERA, /* a complete camera move */
    SW_T_MOVE,   /* a verb of motion whose direction follows */
    SW_T_PAN,    /* a camera verb whose direction follows */
    SW_T_AT,     /* on, at, in: a side after it is a position */
    SW_T_IS,
    SW_T_FROM,
    SW_T_IT,   /* it, him, her: stands for the subject before */
    SW_T_NOUN, /* sky, grass, …: a colour before it is not a subject's */
    SW_T_COMMA,
    SW_T_STOP
};

struct sw_entry {
    const char *phrase;
    unsigned char class, value;
};

struct sw_mark {
    enum sw_class class;
    int value;
};

/* NULL-phrase terminated. */
extern const struct sw_entry sw_lexicon_en[], sw_lexicon_zh[];

/* Reads at most `most` marks; returns how many. The longest phrase wins at every place. */
int sw_read_marks(const char *text, enum sw_lang lang, struct sw_mark *marks, int most);

#endif
