/* What one line of a Fountain script is. */
#ifndef M6_CMD_FOUNTAIN_LINES_H
#define M6_CMD_FOUNTAIN_LINES_H

#include <stddef.h>

enum line_kind { LINE_HEADING, LINE_FORCED_HEADING, LINE_ACTION, LINE_CHARACTER, LINE_PASSED_OVER };

/* A copy without byte order mark, carriage returns, notes and boneyard; caller frees, NULL when out
 * of memory. */
char *line_clean(const char *text, size_t length);
int line_is_blank(const char *line); /* up to its end */
int line_starts_title_page(const char *line);
/* How long the "INT. ", "EXT. ", "I/E " is that line begins with, or 0. */
size_t heading_prefix(const char *line, size_t n);
/* `skip`: characters before the text itself. */
enum line_kind line_kind(const char *line, size_t n, int blank_before, int in_dialogue,
                         int blank_after, size_t *skip);

#endif
