/* One sentence into an m6_error, for sources that link nothing of the engine's. */
#ifndef M6_FILTERS_FAIL_H
#define M6_FILTERS_FAIL_H

#include <stdarg.h>
#include <stdio.h>

#include <m6/status.h>

__attribute__((format(printf, 3, 4))) static inline enum m6_status fail(struct m6_error *err, enum m6_status status, const char *format, ...)
{
    va_list args;
    if (!err)
        return status;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return status;
}

#endif
