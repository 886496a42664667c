/* The words that a model has been shown: so that a prompt with others gets a warning instead of a wrong picture.
 *
 * English is split at whatever is not a letter and compared in lower case; a plural's -s or -es and 's are let pass, and
 * numbers are ignored. Chinese is cut by the longest match; a Han character that no word covers is unknown. Words of other
 * scripts and pictographs are unknown. Articles, prepositions and the like, when in the lexicon, are neither.
 *
 * Threads: immutable once made. */
#ifndef M6_TEXT_LEXICON_H
#define M6_TEXT_LEXICON_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "m6/status.h"

struct m6_lexicon {
    char **en, **zh; /* sorted by bytes, English in lower case */
    int en_count, zh_count;
    size_t zh_longest; /* bytes */
    char hint[160];    /* a few words of each, as a list */
};

/* object: {"en": [...], "zh": [...]}, or NULL for an empty lexicon, which knows nothing and so judges nothing. */
enum m6_status m6_lexicon_init(struct m6_lexicon *, const cJSON *object, const char *name, struct m6_error *err);
void m6_lexicon_finish(struct m6_lexicon *);

/* Gives the unknown words, each once, as a list separated by ", " (cut at a whole word when out is full). Returns how many
 * there are (once out is full, repeats count again); *known receives how many words are known. An empty lexicon finds nothing known and nothing unknown. */
int m6_lexicon_unknown(const struct m6_lexicon *, const char *text, char *out, size_t size, int *known);

#endif
