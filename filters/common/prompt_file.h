/* A prompt in a file, which may be changed while it is used.
 *
 * Threads: one at a time.
 */
#ifndef M6_FILTERS_PROMPT_FILE_H
#define M6_FILTERS_PROMPT_FILE_H

#include <stdint.h>

#include <m6/status.h>

/* Zeroed: nothing read yet. */
struct m6_prompt_file {
    char *text; /* as last read, without the line ends at its end; NULL: nothing yet */
    int64_t seen[4]; /* device, number, size and time of the file then */
};

/* Reads the file if it is not as it was; costs a stat when it is. *changed (may be NULL): whether text is another. When it cannot be read, text stays. M6_ERR_IO, M6_ERR_LIMIT (it is
 * longer than M6_GEN_PROMPT_MAX), M6_ERR_FORMAT (it is empty, or no UTF-8), M6_ERR_MEMORY. */
enum m6_status m6_prompt_file_read(struct m6_prompt_file *, const char *path, int *changed, struct m6_error *);
void m6_prompt_file_finish(struct m6_prompt_file *);
/* Whether it is UTF-8 as the host takes it. */
int m6_prompt_is_text(const char *);

#endif
