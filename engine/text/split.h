/* Pre-tokenizers: they cut a text into the pieces that merges never cross.
 *
 * Read from a tokenizer.json's "pre_tokenizer": ByteLevel (with GPT-2's regular expression unless use_regex is false), Split,
 * Digits, and Sequences of them that end in ByteLevel. PCRE2 runs the expressions, with Unicode properties. */
#ifndef M6_TEXT_SPLIT_H
#define M6_TEXT_SPLIT_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "m6/status.h"

struct m6_split;

enum m6_status m6_split_create(struct m6_split **out, const cJSON *pre_tokenizer, const char *name,
                               struct m6_error *err);
void m6_split_destroy(struct m6_split *);

typedef enum m6_status (*m6_piece_fn)(void *arg, const char *piece, size_t size);
/* Gives every piece in order. A stretch that is no UTF-8 is a piece of its own. Stops at the first status that is not
 * M6_OK and returns it. */
enum m6_status m6_split_run(const struct m6_split *, const char *text, size_t size, m6_piece_fn fn, void *arg);

#endif
