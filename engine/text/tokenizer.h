/* Byte-level BPE from a tokenizer.json, as the `tokenizers` library writes it (model.type BPE, ByteLevel
 * alphabet of GPT-2, added_tokens, pre_tokenizer Split with a regular expression that PCRE2 runs, or ByteLevel).
 *
 * Every byte must have a token, so every text has an encoding. Texts are taken byte by byte as they are: a file that names
 * a normalizer (NFC and the like) is refused.
 *
 * Threads: a tokenizer is immutable once loaded; encode and decode may run on many threads at once.
 */
#ifndef M6_TEXT_TOKENIZER_H
#define M6_TEXT_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

#include "m6/status.h"

struct m6_tokenizer;

enum m6_status m6_tokenizer_load(struct m6_tokenizer **out, const char *path, struct m6_error *err);
enum m6_status m6_tokenizer_parse(struct m6_tokenizer **out, const char *json, size_t size, const char *name,
                                  struct m6_error *err);
void m6_tokenizer_destroy(struct m6_tokenizer *);

int m6_tokenizer_vocab(const struct m6_tokenizer *); /* ids are 0 … vocab-1 */
/* The id of an added (special) token such as "<eos>", or -1. */
int32_t m6_tokenizer_special(const struct m6_tokenizer *, const char *text);

/* Encodes UTF-8 text; special tokens in the text are taken literally, never as specials. Writes at most max ids
 * and returns how many there are in all (call again with more room), or a negative m6_status. */
int m6_tokenizer_encode(const struct m6_tokenizer *, const char *text, size_t size, int32_t *id, int max);
/* Decodes to bytes, skipping special tokens; returns the length in all (out is terminated if size > 0). A character cut
 * between tokens stays cut: a streaming caller holds incomplete UTF-8 back. */
int m6_tokenizer_decode(const struct m6_tokenizer *, const int32_t *id, int count, char *out, size_t size);
/* Whether decoding skips it. */
int m6_tokenizer_is_special(const struct m6_tokenizer *, int32_t id);
/* The bytes of one token (not terminated), and how many. */
const char *m6_tokenizer_token(const struct m6_tokenizer *, int32_t id, int *size);

#endif
