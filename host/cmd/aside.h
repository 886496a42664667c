/* The command as a worker of the durable queue: what it writes stays aside, for the runner to
 * rename. host/queue/publish.h has the whole way. Where the environment names no job (M6_JOB),
 * nothing here does anything.
 */
#ifndef M6_CMD_ASIDE_H
#define M6_CMD_ASIDE_H

/* First of all: a worker ends with the host that began it. */
void aside_init(void);
int aside_is_on(void);
/* A pattern for mkstemps in the job's hidden folder beside path, which is made; caller frees. NULL:
 * see errno. */
char *aside_pattern(const char *path, const char *extension);
/* Notes a file that is whole and synced. 0, or -1: see errno. */
int aside_note(const char *path, const char *staged, int overwrite);

#endif
