/* UTF-8: what is well formed (RFC 3629: no overlong forms, surrogates or values past U+10FFFF), and where it stops. */
#ifndef M6_TEXT_UTF8_H
#define M6_TEXT_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of the character at s (1 … 4), or 0 if none that is whole and well formed starts there. cp may be NULL. */
int m6_utf8_char(const char *s, size_t size, uint32_t *cp);
/* How many bytes from the start are well formed. */
size_t m6_utf8_valid(const char *s, size_t size);
/* How many bytes at the end are the beginning of a character that later bytes could complete (0 … 3). */
size_t m6_utf8_incomplete(const char *s, size_t size);
/* Writes a character to out[4] and returns its bytes. */
int m6_utf8_write(uint32_t cp, char *out);

#endif
