/* ^C, SIGTERM and SIGHUP: the first one cancels what runs, the second one ends the program at once.
 *
 * The signals are taken by a thread of their own, so that cancelling may use locks. Call
 * interrupt_init before any other thread exists: threads inherit the mask.
 */
#ifndef M6_CMD_INTERRUPT_H
#define M6_CMD_INTERRUPT_H

struct m6_job;

void interrupt_init(void);
/* The job to cancel; NULL: none. If an interrupt came already, the job is cancelled now. */
/* The same for what is no job of this process: called on the signals' thread. NULL: nothing. */
void interrupt_watch_call(void (*cancel)(void *), void *arg);
void interrupt_watch(struct m6_job *job);
/* 0, or the signal that came. */
int interrupt_signal(void);

#endif
