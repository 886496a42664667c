/* What a loaded tokenizer holds: shared by its loader and by encode and decode. */
#ifndef M6_TEXT_TOKENIZER_IMPL_H
#define M6_TEXT_TOKENIZER_IMPL_H

#include "text/bpe.h"
#include "text/split.h"
#include "text/tokenizer.h"

struct m6_token {
    const char *bytes; /* in m6_tokenizer.arena; NULL where an id is unused */
    uint32_t size;
    unsigned char special;
};

struct m6_tokenizer {
    struct m6_token *token; /* [vocab] */
    int vocab;
    char *arena;
    struct m6_bytemap ids;   /* ordinary tokens by their bytes */
    struct m6_bytemap added; /* added tokens by their text */
    struct m6_merges merges;
    int32_t byte[256]; /* the token of each single byte */
    struct m6_split *split;
    int ignore_merges; /* a piece that is a token is taken whole */
};

#endif
