#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <errno.h>

#include <libavutil/error.h>
#include <libavutil/log.h>

#include "core/write_error.h"

static _Thread_local char last[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void on_log(void *context, int level, const char *format, va_list args)
{
    if (level > AV_LOG_ERROR)
        return;
    char line[sizeof last];
    vsnprintf(line, sizeof line, format, args);
    size_t n = strcspn(line, "\r\n");
    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '.'))
        n--;
    line[n] = '\0';
    if (n)
        memcpy(last, line, n + 1);
}

static void start(void)
{
    av_log_set_callback(on_log);
}

void media_log_start(void)
{
    pthread_once(&once, start);
}

void media_log_clear(void)
{
    last[0] = '\0';
}

const char *media_log_why(int error)
{
    if (error == AVERROR(ENOSPC) || error == AVERROR(EDQUOT))
        return m6_write_error(AVUNERROR(error));
    if (!last[0])
        av_strerror(error, last, sizeof last);
    return last;
}
