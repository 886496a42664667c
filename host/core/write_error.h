/* Why something could not be written, for people. */
#ifndef M6_HOST_CORE_WRITE_ERROR_H
#define M6_HOST_CORE_WRITE_ERROR_H

/* What errno says, and the remedy if the disk is full. The text is the thread's own, until its next call. */
const char *m6_write_error(int error);

#endif
