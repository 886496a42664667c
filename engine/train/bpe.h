/* Trains a byte-level BPE vocabulary and writes it as a tokenizer.json that the `tokenizers` library and
 * text/tokenizer.c read alike.
 *
 * Ids: M6_SPECIAL_TOKENS, then the 256 bytes, then merges, the most frequent pair first (ties: the older tokens). Text is cut
 * before merging: words with the blank in front of them, single digits, punctuation, line ends. Chinese has no
 * blanks: a run of Han characters is cut into the words of the lexicon given, longest first, so that no token joins two
 * words ("red" and "dog" stay two tokens, and any colour meets any subject).
 */
#ifndef M6_TRAIN_BPE_H
#define M6_TRAIN_BPE_H

#include <stddef.h>

#include "m6/status.h"

/* What cuts text before merging; PCRE2 and Oniguruma read it alike. */
#define M6_BPE_PATTERN                                                                                                 \
    "[㐀-鿿]+|[^\\r\\n\\p{L}\\p{N}]?(?:(?![㐀-鿿])\\p{L})+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

struct m6_bpe;

/* lexicon: words ended by NULL, or NULL. */
enum m6_status m6_bpe_create(struct m6_bpe **out, const char *const *lexicon, struct m6_error *err);
void m6_bpe_destroy(struct m6_bpe *);
/* Counts a text (UTF-8). */
enum m6_status m6_bpe_add(struct m6_bpe *, const char *text, size_t size, struct m6_error *err);
/* Learns merges until there are `vocab` tokens or no pair is seen twice. */
enum m6_status m6_bpe_learn(struct m6_bpe *, int vocab, struct m6_error *err);
int m6_bpe_vocab(const struct m6_bpe *);
/* Bytes of a token; special tokens give their text. */
const char *m6_bpe_token(const struct m6_bpe *, int id, int *size);
/* The two tokens that merge `id` joins; 0 if it is no merge. */
int m6_bpe_merge(const struct m6_bpe *, int id, int pair[2]);
int m6_bpe_specials(void);

enum m6_status m6_bpe_write(const struct m6_bpe *, const char *path, struct m6_error *err);

/* All of it by a recipe of kind "bpe": tokenizer.json in its folder. */
struct m6_recipe;
struct m6_source;
enum m6_status m6_bpe_run(const struct m6_recipe *, const struct m6_source *, struct m6_error *err);

#endif
