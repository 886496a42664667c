/* Small things about text: walking over UTF-8, reading time, times as a person reads them. */
#ifndef M6_CMD_TEXT_H
#define M6_CMD_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Decodes one character of valid UTF-8; returns its bytes, 0 at the end. */
int text_next(const char *text, uint32_t *codepoint);
/* Width in columns of a terminal, which is also how long reading takes: a CJK character counts
 * twice. */
int text_width(const char *text);
/* "zh" if there is a Chinese character in it, else "en". */
const char *text_language(const char *text);
/* "00:01:02.345" into out. */
void text_time(int64_t ns, char out[24]);
/* Collapses runs of white space to one space, and trims; in place. */
void text_squeeze(char *text);

#endif
