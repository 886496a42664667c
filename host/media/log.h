/* What libav* logs: kept rather than printed, since its last complaint is often the reason for a failure. */
#ifndef M6_HOST_MEDIA_LOG_H
#define M6_HOST_MEDIA_LOG_H

/* Before the first call to libav*; any number of times. */
void media_log_start(void);
void media_log_clear(void);
/* This thread's last complaint since media_log_clear, else what the error code means. One line without a full stop. */
const char *media_log_why(int error);

#endif
