/* The terminal while m6 top has it: the alternate screen, keys without Enter, signals as a descriptor.
 *
 * It is put back on leaving, however that comes about: q, ^C, SIGTERM, SIGHUP; and for as long as ^Z stops the program. */
#ifndef M6_TOP_SCREEN_H
#define M6_TOP_SCREEN_H

enum top_wish { TOP_NOTHING, TOP_REDRAW, TOP_QUIT };

/* Whether stdout is a terminal that can be drawn on. */
int top_screen_possible(void);
/* Blocks the signals that top_screen_wait looks for: before other threads exist. */
void top_signals_init(void);
void top_screen_enter(void);
void top_screen_leave(void);
void top_screen_size(int *width, int *height);
/* Draws lines from the top; what was below is cleared. */
void top_screen_draw(const char *text);
/* Until a key, a signal, fd being readable (*came), or the time. *sig: the signal that ended it. Works without a screen too. */
enum top_wish top_screen_wait(int fd, int timeout_ms, int *came, int *sig);

#endif
