/* One line on stderr that says how far the work is. It exists only while stderr is a terminal, and
 * clears itself whenever something else is to be printed. Any thread may call.
 */
#ifndef M6_CMD_PROGRESS_H
#define M6_CMD_PROGRESS_H

/* Decides whether there is a line at all. */
void progress_init(int quiet);
/* `what` is copied; total 0: not known yet. */
void progress_show(const char *what, double done, double total);
void progress_clear(void);

#endif
