/* UTF-8, as it comes from outside. */
#ifndef M6_HOST_CORE_UTF8_H
#define M6_HOST_CORE_UTF8_H

#include <stddef.h>

/* The length of the well-formed character (RFC 3629) at p, or 0. Reads no further than a terminator. */
int m6_utf8_character(const char *p);
/* The offset of the first byte that is not well-formed UTF-8, or -1. *characters (may be NULL) receives how many
 * characters came before it. */
long m6_utf8_bad(const char *text, size_t *characters);
/* Cuts a text to at most `bytes` bytes without splitting a character. */
void m6_utf8_cut(char *text, size_t bytes);
/* Puts '?' in place of every byte that belongs to no well-formed character: names of files need not be UTF-8, JSON must. */
void m6_utf8_mend(char *text);

#endif
